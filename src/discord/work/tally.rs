//! What is counted of the work, by the way by which it came.

use std::{
    ops::Add,
    sync::atomic::{AtomicU64, Ordering},
};

use prometheus_client::metrics::{family::Family, histogram::Histogram};

/// How much was done since the start. A shed or lost request is one that nobody got an answer to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Interactions answered.
    pub answered: u64,
    /// Messages answered.
    pub messages: u64,
    /// Safety replies among both, and among those that were lost.
    pub urgent: u64,
    /// Ordinary requests turned away because too many were under way.
    pub shed: u64,
    /// Requests whose answer could not be sent, as far as is known.
    pub lost: u64,
    /// Those of them for whose answer the time was over.
    pub late: u64,
    /// Interactions that Discord had an answer to already: it brought them twice.
    pub again: u64,
    /// Requests that broke something of ours; they were told so.
    pub broken: u64,
    /// Requests that could not be read.
    pub unread: u64,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            messages: self.messages + other.messages,
            urgent: self.urgent + other.urgent,
            shed: self.shed + other.shed,
            lost: self.lost + other.lost,
            late: self.late + other.late,
            again: self.again + other.again,
            broken: self.broken + other.broken,
            unread: self.unread + other.unread,
        }
    }
}

/// The way by which a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// An interaction from the gateway.
    Gateway,
    /// An interaction in a signed HTTP request.
    Http,
    /// A message from the gateway.
    Message,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gateway, Self::Http, Self::Message];

    /// The name as metrics write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Http => "http",
            Self::Message => "message",
        }
    }
}

/// What is counted of the requests of one way.
pub(super) struct Counters {
    pub(super) answered: AtomicU64,
    pub(super) urgent: AtomicU64,
    pub(super) shed: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) again: AtomicU64,
    pub(super) broken: AtomicU64,
    pub(super) unread: AtomicU64,
}

/// Upper bounds of the histogram of answering times, in seconds: from a bare look-up to Discord's limit of 3 s.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0];

/// Seconds from arrival to the end of what was answered, by way.
pub type Seconds = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

/// Nothing observed yet.
pub(super) fn seconds() -> Seconds {
    Family::new_with_constructor(|| Histogram::new(SECONDS))
}

impl Counters {
    pub(super) fn new() -> Self {
        let [answered, urgent, shed, lost, late, again, broken, unread] = Default::default();
        Self { answered, urgent, shed, lost, late, again, broken, unread }
    }

    pub(super) fn tally(&self, way: Way) -> Tally {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let answered = read(&self.answered);
        let (answered, messages) = if way == Way::Message { (0, answered) } else { (answered, 0) };
        Tally {
            answered,
            messages,
            urgent: read(&self.urgent),
            shed: read(&self.shed),
            lost: read(&self.lost),
            late: read(&self.late),
            again: read(&self.again),
            broken: read(&self.broken),
            unread: read(&self.unread),
        }
    }
}

/// Counts one more.
pub(super) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
