//! What a request looks like, and what of it shows in logs.

use std::{
    future::pending,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
};
use patella::discord::rest::{self, Call, File, Method, Rest, RestError, Settings, Timings};
use serde_json::{Value, json};
use tracing::{Level, subscriber::DefaultGuard};

use super::server::{Seen, Server, quick, reply};

fn header<'a>(seen: &'a Seen, name: &str) -> Option<&'a str> {
    seen.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn requests_have_prefix_token_agent_and_json() {
    let server = Server::always(200, json!([1])).await;
    let rest = server.rest(quick());
    assert_eq!(rest.send(Call::get("/channels/1/messages?limit=2")).await, Ok(json!([1])));
    for call in [Call::post("/a", json!({"b": 1})), Call::put("/a", json!({"b": 1})), Call::patch("/a", json!({"b": 1}))] {
        rest.send(call).await.unwrap();
    }
    rest.send(Call::delete("/channels/1/messages/2")).await.unwrap();
    let seen = server.seen();
    let methods: Vec<&str> = seen.iter().map(|seen| seen.method.as_str()).collect();
    assert_eq!(methods, ["GET", "POST", "PUT", "PATCH", "DELETE"]);
    assert_eq!(seen[0].path, "/api/v10/channels/1/messages?limit=2");
    let agent = header(&seen[0], "user-agent").unwrap();
    assert!(agent.starts_with("DiscordBot (") && agent.ends_with(&format!(", {})", env!("CARGO_PKG_VERSION"))), "{agent}");
    for seen in &seen {
        assert_eq!(header(seen, "authorization"), Some("Bot sesame"));
    }
    for seen in &seen[1..4] {
        assert_eq!((header(seen, "content-type"), seen.body.as_slice()), (Some("application/json"), br#"{"b":1}"#.as_slice()));
    }
    assert!(seen[0].body.is_empty() && seen[4].body.is_empty());
}

#[tokio::test]
async fn calls_with_a_token_in_the_path_do_not_carry_the_bots() {
    let server = Server::always(204, Value::Null).await;
    let rest = server.rest(quick());
    for path in ["/interactions/1/t/callback?with_response=true", "/webhooks/1/t", "/webhooks/1/t/messages/@original"] {
        rest.send(Call::post(path, json!({}))).await.unwrap();
    }
    assert_eq!(server.seen().len(), 3);
    assert!(server.seen().iter().all(|seen| header(seen, "authorization").is_none()));
}

#[tokio::test]
async fn without_a_token_only_interactions_are_answered() {
    let server = Server::always(204, Value::Null).await;
    let mut settings = Settings { api: String::new(), token: String::new(), timings: quick() };
    assert!(matches!(Rest::new(settings.clone()), Err(RestError::BadAddress(_))));
    settings.api = server.api().to_owned();
    let rest = Rest::new(settings).unwrap();
    assert_eq!(rest.send(Call::get("/users/@me")).await, Err(RestError::Token));
    assert_eq!(rest.send(Call::post("/interactions/1/t/callback", json!({}))).await, Ok(Value::Null));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn files_go_as_parts_also_on_a_retry() {
    let server = Server::start(|n, _| async move { reply(if n == 0 { 503 } else { 200 }, &[], json!({})) }).await;
    let files = vec![
        File { name: "knee \"1\".png".to_owned(), media_type: "image/png".to_owned(), bytes: vec![0, 255, 13, 10, 45, 45] },
        File { name: "2.txt".to_owned(), media_type: "no type at all".to_owned(), bytes: b"two".to_vec() },
    ];
    let call = Call::new(Method::POST, "/webhooks/1/t", rest::Body::Json(json!({"content": "é"})));
    server.rest(quick()).send(call.with_files(files)).await.unwrap();
    assert_eq!(server.seen().len(), 2);
    for seen in server.seen() {
        // Read by another's parser.
        let mut request = Request::new(Body::from(seen.body));
        *request.headers_mut() = seen.headers;
        let mut form = Multipart::from_request(request, &()).await.unwrap();
        let mut parts = Vec::new();
        while let Some(part) = form.next_field().await.unwrap() {
            let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let (name, file, kind) = (owned(part.name()), owned(part.file_name()), owned(part.content_type()));
            parts.push((name, file, kind, part.bytes().await.unwrap().to_vec()));
        }
        let payload = parts.remove(0);
        assert_eq!((payload.0.as_str(), payload.1.as_str(), payload.2.as_str()), ("payload_json", "", "application/json"));
        assert_eq!(serde_json::from_slice::<Value>(&payload.3).unwrap(), json!({"content": "é"}));
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].0.as_str(), parts[0].2.as_str()), ("files[0]", "image/png"));
        assert!(parts[0].1.starts_with("knee "));
        assert_eq!(parts[0].3, [0, 255, 13, 10, 45, 45]);
        let second = (parts[1].0.as_str(), parts[1].1.as_str(), parts[1].2.as_str(), parts[1].3.as_slice());
        assert_eq!(second, ("files[1]", "2.txt", "application/octet-stream", b"two".as_slice()));
    }
}

/// Everything that is logged on this thread, at TRACE and from all crates.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false).with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn logs_name_routes_and_nothing_else() {
    const WORD: &str = "Quagga";
    const ID: &str = "719204458813371905";
    let (log, _guard) = Log::start();
    let server = Server::start(|n, _| async move {
        let headers = [
            ("x-ratelimit-bucket", "b1".to_owned()),
            ("x-ratelimit-limit", "5".to_owned()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset-after", "0.01".to_owned()),
        ];
        let body = json!({"code": 50013, "message": WORD, "retry_after": 0.01});
        match n % 5 {
            0 => reply(500, &headers, body),
            1 => reply(429, &headers, body),
            2 => pending().await,
            3 => reply(200, &headers, body),
            _ => reply(403, &headers, body),
        }
    })
    .await;
    let timings = Timings { attempt: Duration::from_millis(200), invalid_limit: 6, ..quick() };
    let rest = Rest::new(Settings { api: server.api().to_owned(), token: WORD.to_owned(), timings }).unwrap();
    let body = json!({"content": WORD, "nonce": ID});
    let file = File { name: WORD.to_owned(), media_type: WORD.to_owned(), bytes: WORD.into() };
    let mut errors = String::new();
    for path in [
        format!("/channels/{ID}/messages"),
        format!("/interactions/{ID}/{WORD}/callback"),
        format!("/webhooks/{ID}/{WORD}?{WORD}={ID}"),
        format!("/{WORD}/{ID}"),
        WORD.to_owned(),
    ] {
        for _ in 0..3 {
            let call = Call::post(path.clone(), body.clone()).with_files(vec![file.clone()]);
            errors.push_str(&format!("{call:?} "));
            if let Err(error) = rest.send(call).await {
                errors.push_str(&format!("{error} {error:?} "));
            }
        }
    }
    let text = log.text();
    assert!(!server.seen().is_empty());
    for there in ["POST /channels/:id/messages", "POST /interactions/:id/:token/callback", "status=429", "fault=\"time-out\""] {
        assert!(text.contains(there), "{there} in {text}");
    }
    assert_eq!(text.matches("requests that Discord calls invalid").count(), 1, "one line per stop");
    for hidden in [WORD, ID] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
        assert!(!errors.contains(hidden), "{hidden} in {errors}");
    }
}
