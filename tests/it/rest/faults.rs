//! What fails on the way, and what is refused.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use patella::discord::rest::{Call, Rest, RestError, Settings, Timings};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::server::{Server, cut, quick, reply};

const CALLBACK: &str = "/interactions/1/aToken/callback";

fn acknowledged() -> Value {
    json!({"code": 40060, "message": "Interaction has already been acknowledged."})
}

#[tokio::test]
async fn server_errors_are_retried() {
    let server =
        Server::start(
            |n, _| async move { if n < 3 { reply(502, &[], Value::Null) } else { reply(200, &[], json!({"id": "7"})) } },
        )
        .await;
    let rest = server.rest(quick());
    assert_eq!(rest.send(Call::post("/channels/1/messages", json!({}))).await, Ok(json!({"id": "7"})));
    let counts = rest.counts();
    assert_eq!((counts.sent, counts.retried, counts.failed, counts.invalid), (4, 3, 3, 0));
}

#[tokio::test]
async fn retries_end() {
    let server = Server::always(500, json!({"message": "500"})).await;
    let rest = server.rest(quick());
    assert_eq!(rest.send(Call::get("/gateway")).await, Err(RestError::Faulty { status: 500 }));
    assert_eq!(server.seen().len(), 6);
}

#[tokio::test]
async fn refusals_are_final_and_carry_the_code() {
    let server = Server::always(404, json!({"code": 10008, "message": "Unknown Message"})).await;
    let rest = server.rest(quick());
    let refused = rest.send(Call::delete("/channels/1/messages/2")).await;
    assert_eq!(refused, Err(RestError::Refused { status: 404, code: 10008 }));
    let counts = rest.counts();
    assert_eq!((counts.sent, counts.refused, counts.invalid), (1, 1, 0));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start(|_, _| async { reply(302, &[("location", "/elsewhere".to_owned())], Value::Null) }).await;
    let refused = server.rest(quick()).send(Call::get("/gateway")).await;
    assert_eq!(refused, Err(RestError::Refused { status: 302, code: 0 }));
    assert_eq!(server.paths(), ["/gateway"]);
}

#[tokio::test]
async fn an_empty_answer_is_null() {
    let server = Server::always(204, Value::Null).await;
    assert_eq!(server.rest(quick()).send(Call::post(CALLBACK, json!({"type": 5}))).await, Ok(Value::Null));
}

#[tokio::test]
async fn a_cut_connection_is_retried_and_then_acknowledged_already_is_success() {
    let server = Server::start(|n, _| async move { if n == 0 { cut() } else { reply(400, &[], acknowledged()) } }).await;
    let rest = server.rest(quick());
    assert_eq!(rest.send(Call::post(CALLBACK, json!({"type": 4}))).await, Ok(Value::Null));
    let counts = rest.counts();
    assert_eq!((counts.sent, counts.unreachable), (2, 1));
}

#[tokio::test]
async fn the_same_after_a_time_out_and_after_5xx() {
    for slow in [true, false] {
        let server = Server::start(move |n, _| async move {
            match n {
                0 if slow => pending().await,
                0 => reply(503, &[], Value::Null),
                _ => reply(400, &[], acknowledged()),
            }
        })
        .await;
        let rest = server.rest(Timings { attempt: Duration::from_millis(800), ..quick() });
        assert_eq!(rest.send(Call::post(CALLBACK, json!({"type": 4}))).await, Ok(Value::Null), "slow: {slow}");
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn acknowledged_already_is_a_refusal_where_nothing_was_in_doubt() {
    let refused = Err(RestError::Refused { status: 400, code: 40060 });
    let server = Server::always(400, acknowledged()).await;
    assert_eq!(server.rest(quick()).send(Call::post(CALLBACK, json!({"type": 4}))).await, refused);

    // A 429 was not acted on.
    let server = Server::start(|n, _| async move {
        if n == 0 { reply(429, &[], json!({"retry_after": 0.01})) } else { reply(400, &[], acknowledged()) }
    })
    .await;
    assert_eq!(server.rest(quick()).send(Call::post(CALLBACK, json!({"type": 4}))).await, refused);

    // Only a first response can be acknowledged.
    let server =
        Server::start(|n, _| async move { if n == 0 { reply(500, &[], Value::Null) } else { reply(400, &[], acknowledged()) } })
            .await;
    assert_eq!(server.rest(quick()).send(Call::post("/channels/1/messages", json!({}))).await, refused);
}

#[tokio::test]
async fn a_call_is_given_up_in_time() {
    let server = Server::start(|_, _| pending()).await;
    let rest = server.rest(quick());
    let began = Instant::now();
    let late = rest.send(Call::post("/channels/1/messages", json!({})).within(Duration::from_millis(1500))).await;
    assert_eq!(late, Err(RestError::Late));
    assert!(began.elapsed() >= Duration::from_millis(1500) && began.elapsed() < Duration::from_secs(10));
    assert_eq!(rest.counts().late, 1);
    assert!(server.seen().len() >= 2, "half the time is for a second attempt");
}

#[tokio::test]
async fn a_call_that_cannot_be_in_time_is_given_up_at_once() {
    let server = Server::always(429, json!({"retry_after": 3600.0})).await;
    let rest = server.rest(quick());
    let call = Call::post("/channels/1/messages", json!({})).within(Duration::from_secs(600));
    assert_eq!(timeout(Duration::from_secs(20), rest.send(call)).await, Ok(Err(RestError::Late)));
    // The next one waits for the bucket, and no longer than it may.
    let call = Call::post("/channels/1/messages", json!({})).within(Duration::from_millis(100));
    assert_eq!(rest.send(call).await, Err(RestError::Late));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn nobody_there() {
    // Port 1 of loopback: nothing listens there.
    let settings = Settings { api: "http://127.0.0.1:1".to_owned(), token: "sesame".to_owned(), timings: quick() };
    let rest = Rest::new(settings).unwrap();
    assert_eq!(rest.send(Call::get("/gateway")).await, Err(RestError::Unreachable));
    assert_eq!(rest.counts().unreachable, 6);
}

#[tokio::test]
async fn a_refused_token_is_not_tried_again() {
    let server = Server::start(|_, seen| async move {
        let status = if seen.headers.contains_key("authorization") { 401 } else { 204 };
        reply(status, &[], if status == 401 { json!({"code": 0}) } else { Value::Null })
    })
    .await;
    let rest = server.rest(quick());
    for _ in 0..3 {
        assert_eq!(rest.send(Call::get("/users/@me")).await, Err(RestError::Token));
    }
    assert_eq!(rest.counts().invalid, 1);
    assert_eq!(rest.send(Call::post(CALLBACK, json!({"type": 5}))).await, Ok(Value::Null));
    assert_eq!(server.paths(), ["/users/@me", CALLBACK]);
}

#[tokio::test]
async fn a_refused_interaction_token_says_nothing_of_the_bot_token() {
    let server = Server::start(|_, seen| async move {
        let status = if seen.path.contains("webhooks") { 401 } else { 200 };
        reply(status, &[], json!({"code": 50027}))
    })
    .await;
    let rest = server.rest(quick());
    let refused = rest.send(Call::patch("/webhooks/1/t/messages/@original", json!({}))).await;
    assert_eq!(refused, Err(RestError::Refused { status: 401, code: 50027 }));
    assert!(rest.send(Call::get("/users/@me")).await.is_ok());
}
