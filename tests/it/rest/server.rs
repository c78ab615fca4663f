//! A server that answers by script and remembers what it was asked.

use std::{
    future::Future,
    net::Ipv4Addr,
    panic::resume_unwind,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use patella::discord::rest::{Rest, Settings, Timings};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// A request as it came in.
#[derive(Clone)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
    /// When it was read.
    pub at: Instant,
}

/// A running server; gone when dropped.
pub struct Server {
    api: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers the nth request (from 0) as `script` says.
    pub async fn start<F, A>(script: F) -> Self
    where
        F: Fn(usize, Seen) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let book = seen.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (book, script) = (book.clone(), script.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
                let path = parts.uri.path_and_query().unwrap().to_string();
                let seen = Seen { method: parts.method.to_string(), path, headers: parts.headers, body, at: Instant::now() };
                let n = {
                    let mut book: std::sync::MutexGuard<'_, Vec<Seen>> = book.lock().unwrap();
                    book.push(seen.clone());
                    book.len() - 1
                };
                script(n, seen).await
            }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { api, seen, task }
    }

    /// Always the same answer.
    pub async fn always(status: u16, body: Value) -> Self {
        Self::start(move |_, _| {
            let body = body.clone();
            async move { reply(status, &[], body) }
        })
        .await
    }

    /// Its base address.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The paths it was asked for so far, without `/api/v10`.
    pub fn paths(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.path.trim_start_matches("/api/v10").to_owned()).collect()
    }

    /// A sender to this server.
    pub fn rest(&self, timings: Timings) -> Rest {
        Rest::new(Settings { api: self.api.clone(), token: "sesame".to_owned(), timings }).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Real rules with short back-offs.
pub fn quick() -> Timings {
    Timings { back_off: Duration::from_millis(2), longest_back_off: Duration::from_millis(8), ..Timings::default() }
}

/// An answer; `Null` makes an empty body.
pub fn reply(status: u16, headers: &[(&'static str, String)], body: Value) -> Response {
    let body = if body.is_null() { Body::empty().into_response() } else { Json(body).into_response() };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    response
}

/// Cuts the connection without an answer: hyper drops it with the task that unwinds.
pub fn cut() -> Response {
    resume_unwind(Box::new(()))
}
