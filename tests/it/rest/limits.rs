//! Discord's limits: buckets, the global one, invalid requests; and who goes first within them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::response::Response;
use futures_util::{FutureExt, future::join_all};
use patella::discord::rest::{Call, Rest, RestError, Timings};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::yield_now};

use super::server::{Server, quick, reply};

fn message(channel: usize) -> Call {
    Call::post(format!("/channels/{channel}/messages"), json!({"content": "x"}))
}

fn callback() -> Call {
    Call::post("/interactions/1/t/callback", json!({"type": 5}))
}

/// 429 with a wait in seconds.
fn limited(scope: &'static str, wait: f64) -> Response {
    let mut headers = vec![("x-ratelimit-scope", scope.to_owned()), ("retry-after", wait.ceil().to_string())];
    if scope == "global" {
        headers.push(("x-ratelimit-global", "true".to_owned()));
    }
    reply(429, &headers, json!({"message": "limited", "retry_after": wait, "global": scope == "global"}))
}

/// Waits until the sender has seen so many answers 429.
async fn until_limited(rest: &Rest, times: u64) {
    while rest.counts().limited < times {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_burst_provokes_no_429() {
    const WINDOW: Duration = Duration::from_millis(150);
    const LIMIT: usize = 5;
    let buckets: Arc<Mutex<HashMap<String, (Instant, usize)>>> = Arc::default();
    let server = Server::start(move |_, seen| {
        let buckets = buckets.clone();
        async move {
            let mut buckets = buckets.lock().unwrap();
            let bucket = buckets.entry(seen.path).or_insert((seen.at, 0));
            if bucket.0.elapsed() >= WINDOW {
                *bucket = (Instant::now(), 0);
            }
            bucket.1 += 1;
            let left = WINDOW.saturating_sub(bucket.0.elapsed()).as_secs_f64();
            if bucket.1 > LIMIT {
                return limited("user", left);
            }
            let headers = [
                ("x-ratelimit-bucket", "b1".to_owned()),
                ("x-ratelimit-limit", LIMIT.to_string()),
                ("x-ratelimit-remaining", (LIMIT - bucket.1).to_string()),
                ("x-ratelimit-reset-after", format!("{:.3}", left + 0.0005)),
            ];
            reply(200, &headers, json!({}))
        }
    })
    .await;
    let rest = server.rest(quick());
    let began = Instant::now();
    // One bucket name, two channels: limits of their own.
    let calls = (0..23).map(|_| message(1)).chain((0..7).map(|_| message(2).urgent()));
    let results = join_all(calls.map(|call| rest.send(call))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let counts = rest.counts();
    assert_eq!((counts.sent, counts.limited), (30, 0));
    assert!(began.elapsed() >= WINDOW * 4, "23 calls at 5 a window need 4 full windows");
}

#[tokio::test]
async fn a_429_is_waited_out_by_the_whole_bucket() {
    let server =
        Server::start(|n, _| async move { if n == 0 { limited("user", 0.25) } else { reply(200, &[], json!({"n": n})) } }).await;
    let rest = server.rest(quick());
    let (first, second) = tokio::join!(rest.send(message(1)), async {
        until_limited(&rest, 1).await;
        rest.send(message(1).urgent()).await
    });
    assert!(first.is_ok() && second.is_ok());
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen[1..].iter().all(|seen| seen.at - server.seen()[0].at >= Duration::from_millis(250)));
    let counts = rest.counts();
    assert_eq!((counts.limited, counts.retried, counts.invalid), (1, 1, 1));
}

#[tokio::test]
async fn the_wait_may_stand_in_the_header_alone() {
    let server = Server::start(|n, _| async move {
        let headers = [("retry-after", "0.3".to_owned()), ("x-ratelimit-scope", "user".to_owned())];
        if n == 0 { reply(429, &headers, Value::Null) } else { reply(204, &[], Value::Null) }
    })
    .await;
    // A path with a token has no bucket here, and waits all the same.
    assert!(server.rest(quick()).send(callback()).await.is_ok());
    let seen = server.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_global_limit_pauses_all_but_interactions() {
    let server =
        Server::start(|n, _| async move { if n == 0 { limited("global", 1.0) } else { reply(200, &[], json!({})) } }).await;
    let rest = server.rest(quick());
    let (first, other, response) = tokio::join!(
        rest.send(message(1)),
        async {
            until_limited(&rest, 1).await;
            rest.send(message(2).urgent()).await
        },
        async {
            until_limited(&rest, 1).await;
            rest.send(callback()).await
        }
    );
    assert!(first.is_ok() && other.is_ok() && response.is_ok());
    let seen = server.seen();
    assert_eq!(server.paths()[1], "/interactions/1/t/callback");
    assert_eq!(seen.len(), 4);
    assert!(seen[2..].iter().all(|later| later.at - seen[0].at >= Duration::from_secs(1)));
}

#[tokio::test]
async fn a_shared_limit_is_not_an_invalid_request() {
    for (scope, invalid) in [("shared", 0), ("user", 1)] {
        let server =
            Server::start(move |n, _| async move { if n == 0 { limited(scope, 0.01) } else { reply(200, &[], json!({})) } })
                .await;
        let rest = server.rest(quick());
        assert!(rest.send(message(1)).await.is_ok());
        let counts = rest.counts();
        assert_eq!((counts.limited, counts.invalid), (1, invalid), "{scope}");
    }
}

#[tokio::test]
async fn a_call_is_not_repeated_after_429_for_ever() {
    let server = Server::start(|_, _| async { limited("user", 0.001) }).await;
    let rest = server.rest(quick());
    assert_eq!(rest.send(message(1)).await, Err(RestError::Refused { status: 429, code: 0 }));
    assert_eq!(server.seen().len(), 11);
}

#[tokio::test]
async fn too_many_invalid_requests_stop_all_but_first_responses() {
    let server = Server::start(|_, seen| async move {
        if seen.path.contains("interactions") { reply(204, &[], Value::Null) } else { reply(403, &[], json!({"code": 50013})) }
    })
    .await;
    let rest = server.rest(Timings { invalid_limit: 4, ..quick() });
    for channel in 0..4 {
        assert_eq!(rest.send(message(channel)).await, Err(RestError::Refused { status: 403, code: 50013 }));
    }
    assert_eq!(rest.send(message(9).urgent()).await, Err(RestError::Stopped));
    assert_eq!(rest.send(Call::post("/webhooks/1/t", json!({}))).await, Err(RestError::Stopped));
    assert_eq!(rest.send(callback()).await, Ok(Value::Null));
    let counts = rest.counts();
    assert_eq!((counts.sent, counts.invalid, counts.stopped), (5, 4, 2));
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn requests_go_on_when_invalid_ones_are_past() {
    let server = Server::start(|n, _| async move { reply(if n < 2 { 403 } else { 200 }, &[], json!({})) }).await;
    let rest = server.rest(Timings { invalid_limit: 2, invalid_window: Duration::from_millis(700), ..quick() });
    for _ in 0..2 {
        assert!(matches!(rest.send(message(1)).await, Err(RestError::Refused { .. })));
    }
    let mut results = vec![rest.send(message(1)).await];
    while results.last().is_some_and(Result::is_err) {
        yield_now().await;
        results.push(rest.send(message(1)).await);
    }
    assert_eq!(results[0], Err(RestError::Stopped));
    let seen = server.seen();
    assert!(seen.len() == 3 && seen[2].at - seen[0].at >= Duration::from_millis(700));
}

/// Ten ordinary calls to a channel, the first held by the server; then an urgent one: it comes right after the one under way.
#[tokio::test]
async fn an_urgent_call_passes_the_ordinary_ones_of_its_route() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let held = (asked.clone(), go_on.clone());
    let server = Server::start(move |n, _| {
        let held = held.clone();
        async move {
            if n == 0 {
                held.0.notify_one();
                held.1.notified().await;
            }
            reply(200, &[], json!({}))
        }
    })
    .await;
    let rest = server.rest(quick());
    let path = |n: usize| format!("/channels/1/messages?n={n}");
    let ordinary: Vec<_> = (0..10)
        .map(|n| {
            tokio::spawn({
                let (rest, call) = (rest.clone(), Call::post(path(n), json!({})));
                async move { rest.send(call).await }
            })
        })
        .collect();
    asked.notified().await;
    let mut urgent = Box::pin(rest.send(Call::post(path(99), json!({})).urgent()));
    assert!((&mut urgent).now_or_never().is_none(), "it waits behind the one under way");
    go_on.notify_one();
    assert!(urgent.await.is_ok());
    for call in ordinary {
        assert!(call.await.unwrap().is_ok());
    }
    let paths = server.paths();
    assert_eq!(paths.len(), 11);
    assert_eq!(paths[1], path(99), "{paths:?}");
}

#[tokio::test]
async fn an_urgent_call_passes_the_ordinary_ones_at_the_global_limit() {
    let server = Server::always(200, json!({})).await;
    let rest = server.rest(Timings { global_window: Duration::from_secs(3600), ..quick() });
    assert!(join_all((0..47).map(|channel| rest.send(message(channel)))).await.iter().all(Result::is_ok));
    let mut ordinary: Vec<_> = (47..60).map(|channel| Box::pin(rest.send(message(channel)))).collect();
    assert!(ordinary.iter_mut().all(|call| call.now_or_never().is_none()), "47 have left in this hour: they wait");
    for channel in 60..63 {
        assert!(rest.send(message(channel).urgent().within(Duration::from_secs(20))).await.is_ok());
    }
    assert_eq!(server.seen().len(), 50);
    let more = rest.send(message(70).urgent().within(Duration::from_millis(50))).await;
    assert_eq!(more, Err(RestError::Late), "the limit holds for urgent calls too");
    assert!(rest.send(callback()).await.is_ok(), "and not for interactions");
    assert_eq!(server.seen().len(), 51);
}
