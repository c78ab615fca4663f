//! The page for whoever looks after the running bot: health, readiness, metrics in OpenMetrics' text form. No label names a person, a
//! club or a word that somebody wrote.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};
use serde_json::{Value, json};

use crate::{
    discord::{
        interactions::{Interactions, Outcome},
        view::{Running, View},
        work::{Tally, Way},
    },
    tips::counts::Fate,
};

/// The type of metrics in OpenMetrics' text form.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The page's addresses: `/healthz` (the process answers), `/readyz` (it can answer members), `/metrics`.
pub fn router(view: View) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(async || (StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n"))
        .with_state(view)
}

/// Whether the store answered when it was last asked, for settings and for tips; `None` where there is none.
fn store_is_up(running: &Running) -> Option<bool> {
    let tips = running.tips.as_ref().is_none_or(|tips| tips.store_is_up());
    running.clubs.store_is_up().map(|up| up && tips)
}

/// 200 where this process can answer members, else 503, with what it depends on. A store that is away does not make it unready:
/// questions are answered without, and no other copy would do better.
async fn ready(State(view): State<View>) -> (StatusCode, Json<Value>) {
    let (wanted, connected) = view.shards();
    let state = match view.running() {
        _ if view.is_stopping() => "stopping",
        None => "starting",
        // What Discord posts is answered without the gateway: a balancer must not send it nowhere.
        Some(running) if wanted > 0 && connected == 0 && running.http.is_none() => "disconnected",
        Some(_) => "running",
    };
    let store = match view.running().and_then(store_is_up) {
        Some(true) => "up",
        Some(false) => "away",
        None => "none",
    };
    let topics = view.running().map_or(0, |running| running.app.now().knowledge().topics.len());
    let body = json!({
        "ready": state == "running",
        "state": state,
        "shards": { "wanted": wanted, "connected": connected },
        "store": store,
        "knowledge": { "topics": topics },
    });
    (if state == "running" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

async fn metrics(State(view): State<View>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text(&view))
}

/// Names and values that tell the numbers of one metric apart.
type Labels = Vec<(&'static str, &'static str)>;

/// All metrics. They are counted where things happen and put into form here, so that each is counted once.
fn text(view: &View) -> String {
    let mut registry = Registry::with_prefix("patella");
    registry.register("build", "The version of the program", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
    let (wanted, connected) = view.shards();
    let shards = [("wanted", wanted), ("connected", connected)];
    let shards = shards.map(|(state, count)| (vec![("state", state)], count as u64));
    gauges(&mut registry, "shards", "Shards that this process runs, and those of them that are connected", shards);
    let (taken, refused) = view.reads();
    let reads = [("taken", taken), ("refused", refused)].map(|(outcome, count)| (vec![("outcome", outcome)], count));
    counters(&mut registry, "knowledge_reads", "Times that the knowledge was read anew, and whether it was taken", reads);
    if let Some(running) = view.running() {
        requests(&mut registry, running);
        if let Some(door) = &running.http {
            refusals(&mut registry, door);
        }
        calls(&mut registry, running);
        stored(&mut registry, running);
    }
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut out, &registry);
    out
}

/// What members asked for, and how that ended.
fn requests(registry: &mut Registry, running: &Running) {
    type Of = fn(&Tally) -> u64;
    let by_way = |of: Of| Way::ALL.map(|way| (vec![("way", way.name())], of(&running.work.tally_of(way))));
    let outcomes: [(&str, Of); 6] = [
        ("answered", |t| t.answered + t.messages),
        ("shed", |t| t.shed),
        ("lost", |t| t.lost),
        ("again", |t| t.again),
        ("broken", |t| t.broken),
        ("unread", |t| t.unread),
    ];
    let requests = outcomes.into_iter().flat_map(|(outcome, of)| {
        let with = move |(mut labels, count): (Labels, u64)| {
            labels.push(("outcome", outcome));
            (labels, count)
        };
        by_way(of).map(with)
    });
    let help = "Requests by the way they came and how they ended; a broken one is answered too, with an apology";
    counters(registry, "requests", help, requests);
    counters(registry, "late", "Lost requests for whose answer the time was over", by_way(|t| t.late));
    counters(registry, "safety_replies", "Safety replies, those included whose answer was lost", by_way(|t| t.urgent));
    registry.register("answer_seconds", "From a request's arrival until its answer was sent", running.work.seconds());
}

/// HTTP requests that were not Discord's, or not to be read.
fn refusals(registry: &mut Registry, door: &Interactions) {
    let counts = door.counts();
    let refused = Outcome::ALL.into_iter().filter(|outcome| !matches!(outcome, Outcome::Answered | Outcome::Unanswered));
    let refused = refused.map(|outcome| (vec![("reason", outcome.name())], counts.of(outcome)));
    counters(registry, "http_refused", "HTTP requests that were refused, by reason", refused);
}

/// Calls to Discord's API.
fn calls(registry: &mut Registry, running: &Running) {
    let counts = running.rest.counts();
    counters(registry, "discord_calls", "Calls to Discord's API, repeated ones included", [(vec![], counts.sent)]);
    counters(registry, "discord_retries", "Calls to Discord's API that were repeated", [(vec![], counts.retried)]);
    let troubles = [
        ("limited", counts.limited),
        ("refused", counts.refused),
        ("failed", counts.failed),
        ("unreachable", counts.unreachable),
        ("late", counts.late),
        ("stopped", counts.stopped),
    ];
    let troubles = troubles.map(|(kind, count)| (vec![("kind", kind)], count));
    counters(registry, "discord_troubles", "Calls without success, by kind; some had it when repeated", troubles);
    let help = "Invalid requests in the last ten minutes; Discord bans an address at 10,000";
    gauges(registry, "discord_invalid_requests", help, [(vec![], counts.invalid)]);
}

/// The store, and what depends on it.
fn stored(registry: &mut Registry, running: &Running) {
    let lost = running.clubs.lost_feedback();
    counters(registry, "feedback_lost", "Feedback counts that the store did not take", [(vec![], lost)]);
    if let Some(up) = store_is_up(running) {
        let help = "Whether the store answered the last look for settings and for tips that are due";
        gauges(registry, "store_up", help, [(vec![], u64::from(up))]);
    }
    let Some(counts) = &running.tips else { return };
    let tips = Fate::ALL.map(|fate| (vec![("fate", fate.name())], counts.of(fate)));
    counters(registry, "tips", "Weekly tips by what became of them", tips);
}

fn counters(registry: &mut Registry, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, u64)>) {
    let family = Family::<Labels, Counter>::default();
    for (labels, count) in rows {
        if labels.is_empty() {
            let counter = Counter::<u64>::default();
            counter.inc_by(count);
            return registry.register(name, help, counter);
        }
        family.get_or_create(&labels).inc_by(count);
    }
    registry.register(name, help, family);
}

fn gauges(registry: &mut Registry, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, u64)>) {
    let family = Family::<Labels, Gauge>::default();
    for (labels, count) in rows {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if labels.is_empty() {
            let gauge = Gauge::<i64>::default();
            gauge.set(count);
            return registry.register(name, help, gauge);
        }
        family.get_or_create(&labels).set(count);
    }
    registry.register(name, help, family);
}
