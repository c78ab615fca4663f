//! The REST side: one door for every request, then a room for each kind.

mod channels;
mod commands;
mod interactions;
mod route;
mod webhooks;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    Shared, payload,
    rules::{Broken, Violation},
    schema,
    state::State,
    wire::Scissors,
};
pub use interactions::posted;
use route::{Operation, Route};
pub use webhooks::{announce, post};

/// A request is 25 MiB at most.
const LARGEST: usize = 25 * 1024 * 1024;

/// What a room answers.
pub struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    fn empty() -> Self {
        Self { status: 204, body: Value::Null }
    }

    /// A refusal in Discord's shape. `code`: its JSON error code.
    fn refusal(status: u16, code: u64, message: &str) -> Self {
        Self { status, body: json!({"message": message, "code": code}) }
    }

    fn response(self, headers: HeaderMap) -> Response {
        let status = StatusCode::from_u16(self.status).expect("a status of ours");
        let mut response = if self.status == 204 {
            status.into_response()
        } else {
            (status, [(header::CONTENT_TYPE, "application/json")], self.body.to_string()).into_response()
        };
        response.headers_mut().extend(headers);
        response
    }
}

/// A request's body, taken apart.
pub struct Body {
    /// The JSON; null where there is none.
    pub json: Value,
    /// Names of the uploaded files.
    pub files: Vec<String>,
}

/// Serves one request.
pub async fn serve(shared: Arc<Shared>, scissors: Scissors, request: Request) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let Some(route) = route::find(&method, uri.path()) else {
        shared.change(|state| {
            state.tell(format!("{method} {}: no such route", uri.path()));
            violation(state, "unknown route", &Broken::outright("no such route", format!("{method} {}", uri.path())));
        });
        return Answer::refusal(404, 0, "404: Not Found").response(HeaderMap::new());
    };
    let fate = shared.change(|state| {
        *state.requests.entry(route.template.clone()).or_default() += 1;
        state.faults.fate(&route.template)
    });
    if fate.delay > Duration::ZERO {
        tokio::time::sleep(fate.delay).await;
    }
    if let Some(status) = fate.error {
        shared.change(|state| note(state, &route, status));
        return Answer::refusal(status, 0, &format!("{status}: Service Unavailable")).response(HeaderMap::new());
    }
    let body = read(request).await;
    let (answer, headers) = shared.change(|state| {
        if let Some((scope, seconds)) = fate.storm {
            note(state, &route, 429);
            return too_many(scope.name(), seconds, HeaderMap::new());
        }
        let (answer, headers) = judge(state, &route, &headers, uri.query().unwrap_or_default(), body);
        note(state, &route, answer.status);
        (answer, headers)
    });
    if fate.cut {
        scissors.cut();
    }
    answer.response(headers)
}

fn note(state: &mut State, route: &Route, status: u16) {
    *state.statuses.entry(status).or_default() += 1;
    state.tell(format!("{} -> {status}", route.template));
}

/// Who asks, how often, and what for.
fn judge(state: &mut State, route: &Route, headers: &HeaderMap, query: &str, body: Result<Body, Answer>) -> (Answer, HeaderMap) {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if route.needs_token() && bearer != Some(format!("Bot {}", state.token).as_str()) {
        return (Answer::refusal(401, 0, "401: Unauthorized"), HeaderMap::new());
    }
    let now = state.now();
    let count = state.buckets.count(&route.template, &route.main, !route.needs_token(), now);
    let mut limits = HeaderMap::new();
    let mut header = |name: &'static str, value: String| limits.insert(name, value.parse().expect("digits and letters"));
    header("x-ratelimit-bucket", count.bucket.clone());
    header("x-ratelimit-limit", count.limit.to_string());
    header("x-ratelimit-remaining", count.remaining.to_string());
    header("x-ratelimit-reset", seconds(count.reset));
    header("x-ratelimit-reset-after", seconds(count.reset_after));
    if count.refused {
        let scope = if count.global { "global" } else { "user" };
        let wait = Duration::from_millis(count.reset_after).as_secs_f64();
        return too_many(scope, wait, if count.global { HeaderMap::new() } else { limits });
    }
    let body = match body {
        Ok(body) => body,
        Err(refusal) => return (refusal, limits),
    };
    (operate(state, route, query, &body), limits)
}

/// Milliseconds as seconds with three places.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn too_many(scope: &str, wait: f64, mut headers: HeaderMap) -> (Answer, HeaderMap) {
    let global = scope == "global";
    headers.insert("x-ratelimit-scope", scope.parse().expect("a word"));
    headers.insert("retry-after", format!("{}", wait.ceil()).parse().expect("digits"));
    if global {
        headers.insert("x-ratelimit-global", "true".parse().expect("a word"));
    }
    let body = json!({"message": "You are being rate limited.", "retry_after": wait, "global": global});
    (Answer { status: 429, body }, headers)
}

async fn read(request: Request) -> Result<Body, Answer> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let invalid = || Answer::refusal(400, 50_109, "The request body contains invalid JSON.");
    if kind.starts_with("multipart/form-data") {
        return multipart(request).await.ok_or_else(invalid);
    }
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, LARGEST)
        .await
        .map_err(|_| Answer::refusal(413, 40_005, "Request entity too large. Try sending something smaller."))?;
    // Bodies that mean nothing are common on requests that need none, such as GET.
    if bytes.is_empty() || parts.method == Method::GET {
        return Ok(Body { json: Value::Null, files: Vec::new() });
    }
    let json = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
    Ok(Body { json, files: Vec::new() })
}

async fn multipart(request: Request) -> Option<Body> {
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let (mut json, mut files) = (Value::Null, Vec::new());
    while let Some(field) = form.next_field().await.ok()? {
        let (name, file) = (field.name()?.to_owned(), field.file_name().map(str::to_owned));
        let bytes: Bytes = field.bytes().await.ok()?;
        if name == "payload_json" {
            json = serde_json::from_slice(&bytes).ok()?;
        } else if name.starts_with("files[") {
            files.push(file?);
        }
    }
    Some(Body { json, files })
}

fn operate(state: &mut State, route: &Route, query: &str, body: &Body) -> Answer {
    let id = |at: usize| route.id(at);
    match route.operation {
        Operation::Gateway => Answer::ok(json!({"url": state.gateway.url})),
        Operation::GatewayBot => {
            let gateway = &state.gateway;
            Answer::ok(json!({
                "url": gateway.url, "shards": gateway.shards, "session_start_limit":
                {"total": 1_000, "remaining": 1_000_u64.saturating_sub(gateway.identifies.len() as u64),
                 "reset_after": 14_400_000, "max_concurrency": gateway.max_concurrency},
            }))
        }
        Operation::Me => Answer::ok(payload::user(state, state.bot)),
        Operation::MyGuilds => commands::my_guilds(state),
        Operation::Application => Answer::ok(commands::application(state)),
        Operation::Commands => commands::serve(state, route, body),
        Operation::Callback => interactions::callback(state, route, query, body),
        Operation::Webhook => webhooks::execute(state, route, body),
        Operation::WebhookMessage => webhooks::message(state, route, body),
        Operation::OpenDm => channels::open(state, route, body),
        Operation::Channel => channels::get(state, id(1)),
        Operation::Messages => channels::messages(state, route, query, body),
        Operation::Message => channels::message(state, route, body),
        Operation::GuildChannels => {
            let guild = id(1).into();
            let here = state.channels.values().filter(|c| c.guild == Some(guild) && state.bot_is_in(guild));
            Answer::ok(here.map(|c| payload::channel(state, c)).collect())
        }
        Operation::GuildMember => match state.guilds.get(&id(1).into()).filter(|guild| state.bot_is_in(guild.id)) {
            Some(guild) if guild.members.contains_key(&id(3).into()) => Answer::ok(payload::member(state, guild, id(3).into())),
            Some(_) => Answer::refusal(404, 10_007, "Unknown Member"),
            None => Answer::refusal(404, 10_004, "Unknown Guild"),
        },
        Operation::Guild => match state.guilds.get(&id(1).into()) {
            Some(guild) if state.bot_is_in(guild.id) => Answer::ok(payload::guild(state, guild.id)),
            _ => Answer::refusal(404, 10_004, "Unknown Guild"),
        },
    }
}

fn violation(state: &mut State, route: &str, broken: &Broken) {
    state.tell(format!("broken rule on {route}: {}: {}", broken.rule, broken.excerpt));
    state.violations.push(Violation { route: route.to_owned(), rule: broken.rule, excerpt: broken.excerpt.clone() });
}

/// Records what is wrong with a body, by Discord's description and by the rules; the refusal where Discord would refuse.
fn check(state: &mut State, route: &Route, name: &str, body: &Value, broken: Vec<Broken>) -> Result<(), Answer> {
    if state.unchecked {
        return Ok(());
    }
    let shape = schema::faults(name, body).into_iter().map(|excerpt| Broken::outright("not as Discord describes it", excerpt));
    let all: Vec<Broken> = shape.chain(broken).collect();
    for one in &all {
        violation(state, &route.template, one);
    }
    if !all.iter().any(|one| one.refused) {
        return Ok(());
    }
    let empty = all.iter().any(|one| one.rule == "empty message");
    let reasons: Vec<&str> = all.iter().map(|one| one.excerpt.as_str()).collect();
    if empty {
        return Err(Answer::refusal(400, 50_006, "Cannot send an empty message"));
    }
    let body = json!({"message": "Invalid Form Body", "code": 50_035, "errors": {"_errors": reasons}});
    Err(Answer { status: 400, body })
}
