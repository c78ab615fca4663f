//! Work under way: each interaction and message from arrival to what was sent. Safety replies go before everything; ordinary work
//! is bounded, and what is too much is shed and counted. Nothing of what people wrote is logged.

mod tally;

use std::{
    ops::Add,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, Semaphore},
    time::timeout,
};
use tracing::Instrument;

use self::tally::{Counters, add};
pub use self::tally::{Seconds, Tally, Way};
use super::{
    door::{Door, Outgoing, Response},
    from_discord::{self, Incoming, Said, What},
    rest::{Call, Rest, RestError},
    to_discord::Message,
};

/// Discord's error codes: an unknown interaction is one whose time is over; others say what may not be done in a channel.
mod code {
    pub const UNKNOWN_INTERACTION: u64 = 10_062;
    pub const ALREADY_ANSWERED: u64 = 40_060;
    pub const MISSING_ACCESS: u64 = 50_001;
    pub const MISSING_PERMISSIONS: u64 = 50_013;
    pub const NO_HISTORY: u64 = 160_002;
}

/// How long the last events of a connection that was closed have to reach us.
const SETTLE: Duration = Duration::from_millis(50);

/// How much is done at once and how late is too late. The default is meant for Discord; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Ordinary requests under way at once, waiting ones included; 1,024. At some 10 KB each they stay within 10 MB.
    pub under_way: usize,
    /// Ordinary requests that send at once; 64.
    pub sending: usize,
    /// How long a first response is worth sending; 2.8 s. Discord takes it for 3 s (interactions/receiving-and-responding); the
    /// rest of it is the way to us and back.
    pub response: Duration,
    /// How long a message is worth sending; 60 s. A later one would answer a conversation that has gone on.
    pub message: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { under_way: 1024, sending: 64, response: Duration::from_millis(2_800), message: Duration::from_secs(60) }
    }
}

/// Takes what arrives and sees it through. Cheap to clone.
#[derive(Clone)]
pub struct Work(Arc<Inner>);

struct Inner {
    door: Door,
    rest: Rest,
    limits: Limits,
    ordinary: AtomicUsize,
    all: AtomicUsize,
    idle: Notify,
    sending: Semaphore,
    counters: [Counters; Way::ALL.len()],
    seconds: Seconds,
}

impl Inner {
    fn of(&self, way: Way) -> &Counters {
        &self.counters[way as usize]
    }
}

/// Counts a request as under way until it is dropped, panics included: from its arrival, so that a bot that is stopped does not
/// leave while it is still asking itself whether a request is urgent.
struct UnderWay<'a> {
    inner: &'a Inner,
    way: Way,
    ordinary: bool,
}

impl<'a> UnderWay<'a> {
    fn new(inner: &'a Inner, way: Way) -> Self {
        inner.all.fetch_add(1, Ordering::SeqCst);
        Self { inner, way, ordinary: false }
    }

    /// Takes the request on, as an ordinary one or, where `urgent` is asked and says so, beyond the limit of those. `false`: it
    /// is shed, and counted as that.
    fn admit(&mut self, urgent: impl FnOnce() -> bool) -> bool {
        let inner = self.inner;
        // Whether it is urgent is only asked where it decides something: when there is too much to do.
        if inner.ordinary.load(Ordering::SeqCst) >= inner.limits.under_way {
            // Where the look breaks, the request is taken on, to be told so.
            if std::panic::catch_unwind(AssertUnwindSafe(urgent)).unwrap_or(true) {
                return true;
            }
            add(&inner.of(self.way).shed);
            tracing::warn!("shed: too much under way");
            return false;
        }
        inner.ordinary.fetch_add(1, Ordering::SeqCst);
        self.ordinary = true;
        true
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.ordinary {
            self.inner.ordinary.fetch_sub(1, Ordering::SeqCst);
        }
        if self.inner.all.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.inner.idle.notify_waiters();
        }
    }
}

impl Work {
    /// Work at a door, sent by a sender.
    pub fn new(door: Door, rest: Rest, limits: Limits) -> Self {
        let sending = Semaphore::new(limits.sending);
        let (ordinary, all) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let counters = std::array::from_fn(|_| Counters::new());
        Self(Arc::new(Inner {
            door,
            rest,
            limits,
            ordinary,
            all,
            idle: Notify::new(),
            sending,
            counters,
            seconds: tally::seconds(),
        }))
    }

    /// The door.
    pub fn door(&self) -> &Door {
        &self.0.door
    }

    /// How much was done.
    pub fn tally(&self) -> Tally {
        Way::ALL.into_iter().map(|way| self.tally_of(way)).fold(Tally::default(), Add::add)
    }

    /// How much was done of what came by one way.
    pub fn tally_of(&self, way: Way) -> Tally {
        self.0.of(way).tally(way)
    }

    /// How long answers took, as it is observed.
    pub fn seconds(&self) -> Seconds {
        self.0.seconds.clone()
    }

    /// Counts a request that could not be read.
    pub fn unread(&self) {
        add(&self.0.of(Way::Gateway).unread);
    }

    /// Waits until nothing is under way, at most this long; returns how much still was.
    pub async fn finish(&self, at_most: Duration) -> usize {
        let wait = async {
            // serenity makes a task of each event; one that has not begun yet is not counted as under way.
            tokio::time::sleep(SETTLE).await;
            loop {
                let idle = self.0.idle.notified();
                if self.0.all.load(Ordering::SeqCst) == 0 {
                    return;
                }
                idle.await;
            }
        };
        // Late or not, the count says how it ended.
        let _ = tokio::time::timeout(at_most, wait).await;
        self.0.all.load(Ordering::SeqCst)
    }

    /// Sees an interaction through: its first response, sent once.
    pub async fn interaction(&self, value: Value) {
        let arrived = Instant::now();
        let Some(incoming) = from_discord::interaction(value) else { return self.unread() };
        let span = tracing::info_span!("request", kind = kind(&incoming.what));
        self.respond(incoming, arrived).instrument(span).await;
    }

    /// Sees an interaction through whose first response goes back in the answer to the request that brought it: that response's
    /// body. `arrived` is when the request's head had come. `None`: it cannot be read, there was too much to do, or it took too long
    /// to be of use.
    pub async fn answer(&self, value: Value, arrived: Instant) -> Option<Value> {
        let Some(incoming) = from_discord::interaction(value) else {
            add(&self.0.of(Way::Http).unread);
            return None;
        };
        let span = tracing::info_span!("request", kind = kind(&incoming.what));
        let answer = async {
            let inner = &*self.0;
            let door = inner.door.now();
            let mut under_way = UnderWay::new(inner, Way::Http);
            if !under_way.admit(|| door.is_urgent(&incoming)) {
                return None;
            }
            let left = inner.limits.response.saturating_sub(arrived.elapsed());
            let made = timeout(left, self.response(&door, &incoming, Way::Http)).await;
            // What was made in one go is late all the same where it took too long.
            let made = made.ok().filter(|_| arrived.elapsed() < inner.limits.response);
            let sent = if made.is_some() { Ok(()) } else { Err(RestError::Late) };
            if let Some(response) = &made {
                add(&inner.of(Way::Http).answered);
                if response.urgent {
                    add(&inner.of(Way::Http).urgent);
                }
            }
            self.report(&sent, arrived, Way::Http);
            made.map(|response| response.body)
        };
        answer.instrument(span).await
    }

    async fn respond(&self, incoming: Incoming, arrived: Instant) {
        let inner = &*self.0;
        let door = inner.door.now();
        let mut under_way = UnderWay::new(inner, Way::Gateway);
        if !under_way.admit(|| door.is_urgent(&incoming)) {
            return;
        }
        let response = self.response(&door, &incoming, Way::Gateway).await;
        let permit = if response.urgent { None } else { inner.sending.acquire().await.ok() };
        let path = format!("/interactions/{}/{}/callback", incoming.id, incoming.token);
        let left = inner.limits.response.saturating_sub(arrived.elapsed());
        let mut call = Call::post(path, response.body).within(left);
        if response.urgent {
            add(&inner.of(Way::Gateway).urgent);
            call = call.urgent();
        }
        let sent = inner.rest.send(call).await;
        drop(permit);
        if sent.is_ok() {
            add(&inner.of(Way::Gateway).answered);
        }
        self.report(&sent.map(|_| ()), arrived, Way::Gateway);
    }

    /// The response; where making it breaks, an apology with a code that the log has too.
    async fn response(&self, door: &Door, incoming: &Incoming, way: Way) -> Response {
        match AssertUnwindSafe(door.respond(incoming)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => {
                add(&self.0.of(way).broken);
                let code = incident();
                tracing::error!(code, "a request broke; the place is in the line before");
                door.incident(&code)
            }
        }
    }

    /// Sees a message through, if it is for the bot.
    pub async fn message(&self, value: Value, bot: u64) {
        let arrived = Instant::now();
        let Some(said) = from_discord::message(value, bot) else { return };
        let span = tracing::info_span!("request", kind = if said.club.is_some() { "mention" } else { "direct message" });
        self.hear(said, arrived).instrument(span).await;
    }

    async fn hear(&self, said: Said, arrived: Instant) {
        let inner = &*self.0;
        let door = inner.door.now();
        let mut under_way = UnderWay::new(inner, Way::Message);
        if !under_way.admit(|| door.is_urgent_text(&said.text)) {
            return;
        }
        let heard = AssertUnwindSafe(async { door.hear(&said) }).catch_unwind().await;
        let outgoing = match heard {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return,
            Err(_) => {
                add(&inner.of(Way::Message).broken);
                let code = incident();
                tracing::error!(code, "a message broke; the place is in the line before");
                let words = door.incident_words(&code);
                Outgoing { message: Message { ephemeral: false, ..Message::notice(words) }, urgent: false }
            }
        };
        let permit = if outgoing.urgent { None } else { inner.sending.acquire().await.ok() };
        if outgoing.urgent {
            add(&inner.of(Way::Message).urgent);
        }
        let sent = self.post(&door, &said, &outgoing).await;
        drop(permit);
        if sent.is_ok() {
            add(&inner.of(Way::Message).answered);
        }
        self.report(&sent, arrived, Way::Message);
    }

    /// Posts an answer below the message it answers; where replying is not allowed, without the reference; where writing is not
    /// allowed and it is urgent, as a direct message.
    async fn post(&self, door: &Door, said: &Said, outgoing: &Outgoing) -> Result<(), RestError> {
        let mut body = outgoing.message.to_json();
        // The same message, sent again after a cut connection, is the same message.
        body["nonce"] = json!(said.id.to_string());
        body["enforce_nonce"] = json!(true);
        let path = format!("/channels/{}/messages", said.place.0);
        let mut replying = body.clone();
        replying["message_reference"] = json!({ "message_id": said.id.to_string(), "fail_if_not_exists": false });
        let send = async |path: &str, body: Value| {
            let call = Call::post(path, body).within(self.0.limits.message);
            self.0.rest.send(if outgoing.urgent { call.urgent() } else { call }).await.map(|_| ())
        };
        let sent = match send(&path, replying).await {
            Err(RestError::Refused { code: code::NO_HISTORY, .. }) => send(&path, body).await,
            sent => sent,
        };
        match sent {
            Err(RestError::Refused { code: code::MISSING_ACCESS | code::MISSING_PERMISSIONS, .. })
                if outgoing.urgent && said.club.is_some() =>
            {
                let opened = Call::post("/users/@me/channels", json!({ "recipient_id": said.member.to_string() })).urgent();
                let channel = self.0.rest.send(opened.within(self.0.limits.message)).await?;
                let mut body = door.in_full(said).to_json();
                body["nonce"] = json!(said.id.to_string());
                body["enforce_nonce"] = json!(true);
                send(&format!("/channels/{}/messages", channel["id"].as_str().unwrap_or_default()), body).await
            }
            sent => sent,
        }
    }
}

impl Work {
    /// Counts and explains what was not sent.
    fn report(&self, sent: &Result<(), RestError>, arrived: Instant, way: Way) {
        let counters = self.0.of(way);
        if sent.is_ok() {
            self.0.seconds.get_or_create(&[("way", way.name())]).observe(arrived.elapsed().as_secs_f64());
        }
        let milliseconds = u64::try_from(arrived.elapsed().as_millis()).unwrap_or(u64::MAX);
        match sent {
            Ok(()) => tracing::info!(milliseconds, "answered"),
            Err(RestError::Refused { code: code::ALREADY_ANSWERED, .. }) => {
                add(&counters.again);
                tracing::info!(milliseconds, "answered already");
            }
            Err(RestError::Refused { code: code::UNKNOWN_INTERACTION, .. } | RestError::Late) => {
                add(&counters.lost);
                add(&counters.late);
                tracing::warn!(milliseconds, "lost: the time for the answer was over");
            }
            Err(error) => {
                add(&counters.lost);
                tracing::warn!(milliseconds, %error, "lost: the answer could not be sent");
            }
        }
    }
}

fn kind(what: &What) -> &'static str {
    match what {
        What::Ping => "ping",
        What::Command(..) => "command",
        What::AnswerPrivately(_) => "message command",
        What::Press { .. } => "button",
        What::Complete { .. } => "suggestions",
        What::Unknown => "unknown",
    }
}

/// A code that an apology and the log share; it says nothing by itself.
fn incident() -> String {
    format!("{:06x}", fastrand::u32(..1 << 24))
}
