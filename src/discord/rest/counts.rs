//! What the sender counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the sender did since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests sent, retries among them.
    pub sent: u64,
    /// Requests that were retries.
    pub retried: u64,
    /// Answers 429.
    pub limited: u64,
    /// Other answers that are neither success nor 5xx.
    pub refused: u64,
    /// Answers 5xx.
    pub failed: u64,
    /// Requests without a whole answer: no connection, a cut one, a time-out.
    pub unreachable: u64,
    /// Calls that were given up after [`super::Call::give_up`].
    pub late: u64,
    /// Invalid requests in the window now.
    pub invalid: u64,
    /// Calls held back after too many invalid requests.
    pub stopped: u64,
}

/// The same, counting; each is taken on its own, so a sum may be off by what is happening now.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) sent: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) limited: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) unreachable: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) stopped: AtomicU64,
}

impl Tally {
    /// What was counted, with the invalid requests in the window.
    pub(super) fn counts(&self, invalid: usize) -> Counts {
        Counts {
            sent: self.sent.load(Relaxed),
            retried: self.retried.load(Relaxed),
            limited: self.limited.load(Relaxed),
            refused: self.refused.load(Relaxed),
            failed: self.failed.load(Relaxed),
            unreachable: self.unreachable.load(Relaxed),
            late: self.late.load(Relaxed),
            invalid: invalid as u64,
            stopped: self.stopped.load(Relaxed),
        }
    }
}
