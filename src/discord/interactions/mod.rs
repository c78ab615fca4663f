//! Signed HTTP interactions: Discord posts each interaction here, and the answer to the request is the first response to it. What
//! was asked is translated and answered as from the gateway; this is the first and the last step. Whoever is not Discord gets an
//! empty 401, whatever is wrong, after the same work. Nothing of bodies, headers and ids is logged or kept, but for the beginnings of
//! signatures, for two minutes.

mod counts;
mod keys;
mod replays;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::Timestamp;
use serde_json::Value;
use tokio::{
    net::TcpSocket,
    sync::{Semaphore, SemaphorePermit, watch},
    task::JoinHandle,
    time::sleep,
};

use self::{counts::Counters, keys::Signature, replays::Replays};
pub use self::{
    counts::{Counts, Outcome},
    keys::{KeyError, Keys},
};
use super::work::Work;
use crate::web::{self, BodyError};

/// The path that requests are posted to.
pub const PATH: &str = "/interactions";
/// Bodies up to this size are read without asking for room; nearly all are. All connections together can so fill 256 MiB.
const SMALL: u64 = 16 * 1024;

/// What the door needs to open.
pub struct Settings {
    /// Where it stands, see [`web::bind`].
    pub socket: TcpSocket,
    /// The application's public keys.
    pub keys: Keys,
}

/// How much the door takes. The default is meant for Discord; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of the listener.
    pub web: web::Limits,
    /// Bytes of a body; 256 KiB. The largest that Discord sends is a message command: a message of 4,000 characters and 6,000 in its
    /// embeds, which escapes in JSON make 120 KB at the worst, with the addresses of ten embeds, ten files and their copies.
    pub body: usize,
    /// Bodies above 16 KiB at once; 256, so that they fill 64 MiB at the most.
    pub large: usize,
    /// How long a body may take; 3 s. Discord waits no longer for the whole answer.
    pub within: Duration,
    /// How far the time of a request may be from ours; 60 s. A request of Discord's is of use for 3 s; the rest is for a clock that
    /// is off, by more than `doctor` lets pass. All that a wider window costs is memory for the next figure.
    pub window: Duration,
    /// Requests that are known again; 131,072, some 6 MB. A thousand a second come to 120,000 in two windows.
    pub remembered: usize,
    /// How long requests are answered after the bot was told to stop; 5 s. Who shares them out between copies has heard by then that
    /// this one is going.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            web: web::Limits::default(),
            body: 256 * 1024,
            large: 256,
            within: Duration::from_secs(3),
            window: Duration::from_secs(60),
            remembered: 131_072,
            drain: Duration::from_secs(5),
        }
    }
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Interactions(Arc<Inner>);

struct Inner {
    work: Work,
    keys: Keys,
    limits: Limits,
    window: i64,
    replays: Mutex<Replays>,
    large: Semaphore,
    counters: Counters,
    ending: watch::Receiver<bool>,
}

impl Interactions {
    /// A door before the work. `ending` turns true when the bot is told to stop: from then on connections are not kept for a next
    /// request.
    pub fn new(work: Work, keys: Keys, limits: Limits, ending: watch::Receiver<bool>) -> Self {
        let window = i64::try_from(limits.window.as_secs()).unwrap_or(i64::MAX / 4);
        // A request may come a window before its time, and be sent again a window after it.
        let replays = Mutex::new(Replays::new(2 * window, limits.remembered));
        let (large, counters) = (Semaphore::new(limits.large), Counters::default());
        Self(Arc::new(Inner { work, keys, limits, window, replays, large, counters, ending }))
    }

    /// What came of the requests so far.
    pub fn counts(&self) -> Counts {
        self.0.counters.counts()
    }

    /// The door's one path.
    pub fn router(&self) -> Router {
        let door = self.clone();
        let last = move |response: Response| std::future::ready(door.last(response));
        Router::new().route(PATH, post(take)).with_state(self.clone()).layer(map_response(last))
    }

    /// Ends the connection after what is no answer: who sends nothing of use can make us hold nothing by not reading. And before the
    /// bot ends, so that nobody sends a request on a connection that is about to be closed.
    fn last(&self, mut response: Response) -> Response {
        if response.status() != StatusCode::OK || *self.0.ending.borrow() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn answer(&self, request: Request) -> Result<Value, Outcome> {
        let arrived = Instant::now();
        let inner = &*self.0;
        let headers = request.headers().clone();
        let (body, _room) = self.body(request).await?;
        let value = inner.judge(&headers, &body, Timestamp::now().as_second())?;
        drop(body);
        let work = inner.work.clone();
        // In a task of its own: a change of settings is not given up half-way because the other side has gone.
        let answer = tokio::spawn(async move { work.answer(value, arrived).await }).await;
        answer.ok().flatten().ok_or(Outcome::Unanswered)
    }

    /// The body, and its place among the large ones.
    async fn body(&self, request: Request) -> Result<(Bytes, Option<SemaphorePermit<'_>>), Outcome> {
        let Inner { limits, large, .. } = &*self.0;
        let size = request.body().size_hint().upper();
        let room = match size {
            Some(size) if size <= SMALL || size > limits.body as u64 => None,
            _ => Some(large.try_acquire().map_err(|_| Outcome::Crowded)?),
        };
        match web::body(request, limits.body, limits.within).await {
            Ok(body) => Ok((body, room)),
            Err(BodyError::Large) => Err(Outcome::Large),
            Err(BodyError::Slow) => Err(Outcome::Slow),
            Err(BodyError::Broken) => Err(Outcome::Cut),
        }
    }
}

impl Inner {
    /// What was asked, if Discord asks it now and for the first time. Signatures are looked at whatever came, and before anything
    /// else of the request. `now`: in Unix seconds.
    fn judge(&self, headers: &HeaderMap, body: &[u8], now: i64) -> Result<Value, Outcome> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header("x-signature-ed25519").and_then(Signature::from_hex);
        let time = header("x-signature-timestamp").filter(|text| seconds(text).is_some());
        self.counters.look(self.keys.count());
        let signed = self.keys.signed(signature, time.unwrap_or("0000000000"), body);
        let (Some(signature), Some(time)) = (signature, time.and_then(seconds)) else { return Err(Outcome::Unsigned) };
        if !signed {
            return Err(Outcome::Forged);
        }
        if time.abs_diff(now) > self.window.unsigned_abs() {
            return Err(Outcome::Stale);
        }
        if !self.replays.lock().unwrap_or_else(PoisonError::into_inner).is_first(signature.mark(), now) {
            return Err(Outcome::Replayed);
        }
        serde_json::from_slice(body).map_err(|_| Outcome::Unreadable)
    }
}

/// Unix seconds, digits and nothing else.
fn seconds(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// One request.
async fn take(State(door): State<Interactions>, request: Request) -> Response {
    let answer = door.answer(request).await;
    let outcome = answer.as_ref().err().copied().unwrap_or(Outcome::Answered);
    let count = door.0.counters.add(outcome);
    if outcome == Outcome::Stale && count.is_power_of_two() {
        // Each time there are twice as many, so that who sends them cannot fill the log.
        tracing::warn!(count, "refused: Discord signed them, at another time than our clock's; is the machine's clock right?");
    }
    match answer {
        Ok(value) => ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response(),
        Err(outcome) => StatusCode::from_u16(outcome.status()).unwrap_or(StatusCode::UNAUTHORIZED).into_response(),
    }
}

/// A door that is open.
pub struct Open {
    /// The door.
    pub door: Interactions,
    /// Where it is.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

/// Opens the door. It answers for [`Limits::drain`] after `ending` has turned true, and then ends what is open.
///
/// # Errors
/// Where another process took the address meanwhile.
pub fn open(settings: Settings, work: Work, limits: Limits, ending: watch::Receiver<bool>) -> io::Result<Open> {
    let Settings { socket, keys } = settings;
    let listener = web::listen(socket)?;
    let address = listener.local_addr()?;
    let door = Interactions::new(work, keys, limits, ending.clone());
    let stop = async move {
        let mut ending = ending;
        // A sender that is gone will not tell any more: the same as an end.
        let _ = ending.wait_for(|ending| *ending).await;
        sleep(limits.drain).await;
    };
    let task = tokio::spawn(web::serve(listener, door.router(), limits.web, stop));
    Ok(Open { door, address, task })
}

impl Open {
    /// Waits until the door is closed, and says in the log what came of the requests.
    pub async fn closed(self) {
        if self.task.await.is_err() {
            tracing::error!("the HTTP door broke");
        }
        let counts = self.door.counts();
        tracing::info!(
            answered = counts.of(Outcome::Answered),
            unanswered = counts.of(Outcome::Unanswered),
            refused = counts.refused(),
            "signed HTTP interactions ended"
        );
    }
}
