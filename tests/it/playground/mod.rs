//! The browser page from outside: what its server answers, and the program that serves it.

#[cfg(unix)]
mod browser;
mod calendar;
mod channel;
mod pages;
mod process;
mod shelf;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use jiff::{
    Timestamp,
    civil::{Date, date},
};
use patella::{
    app::App,
    club::Club,
    embedded,
    playground::{self, Playground},
    reply::Clinic,
};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// A red flag in plain words.
const EMERGENCY: &str = "crushing chest pain after my run and my arm is numb";

fn today() -> Date {
    date(2026, 11, 21)
}

fn now() -> Timestamp {
    "2026-11-21T14:12:00.123456Z".parse().expect("an instant")
}

/// The bot's brain, read once for all tests.
fn app() -> Arc<App> {
    static APP: OnceLock<Arc<App>> = OnceLock::new();
    let clinic = Clinic {
        name: "Default Clinic".into(),
        phone: "(555) 010-0100".into(),
        hours: String::new(),
        languages: Vec::new(),
        link: String::new(),
        last_checked: None,
    };
    let defaults = Club { clinics: vec![clinic], ..Club::default() };
    APP.get_or_init(|| Arc::new(app_with(defaults))).clone()
}

/// A brain of an operator who chose these settings.
fn app_with(defaults: Club) -> App {
    let base = embedded::base().expect("the embedded knowledge is sound");
    App::new(base, embedded::encoder().expect("the weights are sound"), defaults)
}

/// A page that is being served; it ends with the test.
struct Page {
    address: SocketAddr,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Page {
    async fn open() -> Self {
        Self::before(app()).await
    }

    async fn before(app: Arc<App>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let playground = Playground::new(app, &embedded::files(), "knee.example", today, now);
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(playground::serve(listener, playground, async {
            let _ = stopped.await;
        }));
        Self { address, client: Client::new(), stop: Some(stop), served }
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("http://{}{path}", self.address)).send().await.expect("it answers")
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect("JSON")
    }

    /// Posts JSON: the status, and the JSON that came back.
    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let response = self.client.post(format!("http://{}{path}", self.address)).json(body).send().await.expect("it answers");
        (response.status(), response.json().await.expect("JSON"))
    }

    /// A command that is answered.
    async fn command(&self, body: Value) -> Value {
        let (status, shown) = self.post("/api/command", &body).await;
        assert_eq!(status, StatusCode::OK, "{body}: {shown}");
        shown
    }

    async fn ask(&self, question: &str) -> Value {
        self.command(json!({ "command": "ask", "options": { "question": question } })).await
    }

    /// Presses what a reply offers under this label.
    async fn press(&self, shown: &Value, label: &str) -> Value {
        let (status, next) = self.post("/api/press", &json!({ "press": press_named(shown, label) })).await;
        assert_eq!(status, StatusCode::OK, "{label}: {next}");
        next
    }

    /// A command that is turned down with this status: what is said, and what to do.
    async fn refused(&self, body: Value, expected: StatusCode) -> String {
        let (status, said) = self.post("/api/command", &body).await;
        assert_eq!(status, expected, "{said}");
        let part = |name: &str| said["error"][name].as_str().unwrap_or_else(|| panic!("no {name} in {said}")).to_owned();
        assert!(!part("do").is_empty());
        format!("{}; {}", part("what"), part("do"))
    }
}

/// What a reply does at this label.
fn press_named(shown: &Value, label: &str) -> Value {
    let offered = shown["buttons"].as_array().into_iter().chain(shown["choices"].as_array()).flatten();
    let found = offered.clone().find(|button| button["label"] == label);
    let labels = || offered.clone().map(|b| b["label"].to_string()).collect::<Vec<_>>().join(", ");
    found.unwrap_or_else(|| panic!("no {label} among {}", labels()))["press"].clone()
}

fn html(shown: &Value) -> &str {
    shown["html"].as_str().expect("HTML")
}

#[tokio::test]
async fn it_ends_when_it_is_told_to() {
    let mut page = Page::open().await;
    assert_eq!(page.get("/").await.status(), StatusCode::OK);
    drop(page.stop.take());
    page.served.await.expect("no panic");
    assert!(page.client.get(format!("http://{}/", page.address)).send().await.is_err());
}
