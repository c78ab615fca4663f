//! The browser page: a club's channel, with the bot in it, for whoever opens one local address. A door like the others: from JSON,
//! ask the app, to JSON with HTML. It keeps nothing of its visitors: the page tells with each request what club it plays.

mod calendar;
mod channel;
mod guard;
mod reasons;
mod shelf;
mod shown;
mod table;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::{channel::Visitor, guard::Guard, shelf::Shelf};
use crate::{
    app::App,
    club::{Choices, Club, Visible},
    knowledge::File,
    limits,
    web::{self, BodyError, Limits},
};

/// The largest body that is read, in bytes: the longest question in the longest letters takes 24,000 of them.
const BODY_MAX: usize = 64 * 1024;
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Connections at once: a browser opens six.
const CONNECTIONS: usize = 256;
/// How long open requests have to end once the page is stopped.
const FAREWELL: Duration = Duration::from_secs(2);

/// The page and all that it needs.
pub struct Playground {
    app: Arc<App>,
    shelf: Shelf,
    guard: Guard,
    today: fn() -> Date,
    now: fn() -> Timestamp,
}

impl Playground {
    /// A page before an app. `files` are the knowledge folder's, for the phrases on the shelf; `host` is the name or address at which
    /// the page is to be reached, besides addresses and `localhost`; `today` and `now` are the clock.
    pub fn new(app: Arc<App>, files: &[File], host: &str, today: fn() -> Date, now: fn() -> Timestamp) -> Self {
        Self { shelf: Shelf::new(app.knowledge(), files), app, guard: Guard::new(host), today, now }
    }
}

/// Serves the page until `stop` ends.
pub async fn serve(listener: TcpListener, playground: Playground, stop: impl Future<Output = ()>) {
    let limits = Limits { connections: CONNECTIONS, farewell: FAREWELL, ..Limits::default() };
    web::serve(listener, router(Arc::new(playground)), limits, stop).await;
}

type Page = State<Arc<Playground>>;

fn router(playground: Arc<Playground>) -> Router {
    Router::new()
        .route("/", asset("text/html; charset=utf-8", include_str!("assets/index.html")))
        .route("/page.css", asset("text/css; charset=utf-8", include_str!("assets/page.css")))
        .route("/page.js", asset("text/javascript; charset=utf-8", include_str!("assets/page.js")))
        .route("/shelf.js", asset("text/javascript; charset=utf-8", include_str!("assets/shelf.js")))
        .route("/composer.js", asset("text/javascript; charset=utf-8", include_str!("assets/composer.js")))
        .route("/make.js", asset("text/javascript; charset=utf-8", include_str!("assets/make.js")))
        .route("/wire.js", asset("text/javascript; charset=utf-8", include_str!("assets/wire.js")))
        .route("/icon.svg", asset("image/svg+xml", include_str!("assets/icon.svg")))
        .route("/api/commands", get(|State(page): Page| async move { Json(table::to_json(&page.app)) }))
        .route("/api/command", post(command))
        .route("/api/press", post(press))
        .route("/api/suggest", get(suggest))
        .route("/api/shelf", get(|State(page): Page| async move { Json(page.shelf.index(page.app.knowledge())) }))
        .route("/api/shelf/search", get(search))
        .route("/api/shelf/{sort}/{id}", get(on_the_shelf))
        .route("/api/calendar", get(year))
        .fallback(nowhere)
        .method_not_allowed_fallback(|| async { Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "wrong method", "reload the page") })
        .layer(middleware::from_fn_with_state(playground.clone(), guard::guard))
        .with_state(playground)
}

/// A file of the page. It is asked for again at each visit: it comes from this machine, and a new program has a new one.
fn asset(kind: &'static str, text: &'static str) -> axum::routing::MethodRouter<Arc<Playground>> {
    get(move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text) })
}

async fn nowhere(request: Request) -> Response {
    let refusal = Refusal::new(StatusCode::NOT_FOUND, "there is nothing here", "go to the first page: /");
    if request.uri().path().starts_with("/api/") {
        return refusal.into_response();
    }
    let page = include_str!("assets/nowhere.html");
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// A request that is not answered, and what to do about it.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    what: String,
    mend: String,
}

impl Refusal {
    fn new(status: StatusCode, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { status, what: what.into(), mend: mend.into() }
    }

    /// What was sent cannot be acted on.
    fn wrong(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, what, mend)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": { "what": self.what, "do": self.mend } }))).into_response()
    }
}

/// Says that a club has no region, also where the operator has one.
const NO_REGION: &str = "none";

/// The club that the page plays.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Played {
    /// A code of `helplines.toml`, or [`NO_REGION`]; the operator's where it is left out.
    region: Option<String>,
    /// `me` or `everyone`.
    visible: Option<String>,
}

impl Played {
    fn club(self, app: &App) -> Result<Club, Refusal> {
        let cleared = self.region.as_deref() == Some(NO_REGION);
        let region = self.region.filter(|code| !cleared && !code.is_empty());
        if region.as_deref().is_some_and(|code| app.knowledge().region(code).is_none()) {
            return Err(Refusal::wrong("that region has no emergency numbers here", "choose one from the list of settings"));
        }
        let visible = match self.visible.as_deref() {
            None | Some("") => None,
            Some(name) => {
                Some(Visible::from_name(name).ok_or_else(|| Refusal::wrong("nobody is meant", "write `me` or `everyone`"))?)
            }
        };
        let club = app.defaults().with(&Choices { region, visible, ..Choices::default() });
        Ok(if cleared { Club { region: None, ..club } } else { club })
    }
}

/// A request's JSON. Only requests that say that they are JSON are read: another site's form cannot say so.
async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "the request is no JSON", "send it with `Content-Type: application/json`"));
    }
    let body = web::body(request, BODY_MAX, BODY_TIME).await.map_err(|error| match error {
        BodyError::Large => {
            let mend = format!("send at most {} characters", limits::STRING_OPTION);
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "that is too much at once", mend)
        }
        BodyError::Slow | BodyError::Broken => Refusal::new(StatusCode::REQUEST_TIMEOUT, error.to_string(), "try again"),
    })?;
    // The error's own text can repeat what was typed: it goes back to who typed it, and nowhere else.
    serde_json::from_slice(&body)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("the request cannot be read: {error}"), "reload the page"))
}

/// Does what keeps a processor busy for milliseconds elsewhere. What breaks there breaks this answer alone.
async fn at_length(
    page: Arc<Playground>,
    work: impl FnOnce(&Playground) -> Result<Value, Refusal> + Send + 'static,
) -> Result<Json<Value>, Refusal> {
    match tokio::task::spawn_blocking(move || work(&page)).await {
        Ok(done) => done.map(Json),
        Err(_) => {
            let mend = "ask in other words, and tell the project what you did";
            Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "something broke on this side", mend))
        }
    }
}

async fn command(State(page): Page, request: Request) -> Result<Json<Value>, Refusal> {
    let asked: channel::Asked = read(request).await?;
    at_length(page, move |page| Visitor::new(page, asked.club)?.command(&asked.command, &asked.options, asked.message)).await
}

async fn press(State(page): Page, request: Request) -> Result<Json<Value>, Refusal> {
    let pressed: channel::Pressed = read(request).await?;
    at_length(page, move |page| Visitor::new(page, pressed.club)?.press(pressed.press)).await
}

/// The part of an address after the question mark; unknown names are left alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    option: String,
    typed: String,
    region: String,
    zone: String,
    day: String,
    time: String,
    from: String,
}

async fn suggest(State(page): Page, Query(wanted): Query<Wanted>) -> Result<Json<Value>, Refusal> {
    at_length(page, move |page| table::suggest(page, &wanted.option, &wanted.typed)).await
}

async fn search(State(page): Page, Query(wanted): Query<Wanted>) -> Result<Json<Value>, Refusal> {
    at_length(page, move |page| Ok(page.shelf.search(&page.app, &wanted.typed))).await
}

async fn on_the_shelf(
    State(page): Page,
    Path((sort, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let played = Played { region: Some(wanted.region), visible: None };
    let found = match played.club(&page.app) {
        Ok(club) => page.shelf.open(&page.app, &club, (page.today)(), &sort, &id),
        Err(refusal) => return Err(refusal),
    };
    found.map(Json).ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "that is not on the shelf", "look for it in the lists"))
}

async fn year(State(page): Page, Query(wanted): Query<Wanted>) -> Result<Json<Value>, Refusal> {
    calendar::year(&page.app.knowledge().tips, &wanted, (page.today)()).map(Json)
}
