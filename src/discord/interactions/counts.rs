//! What became of the requests that came to the door.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was Discord's, and was answered.
    Answered,
    /// Its signature or its time is missing, or is none.
    Unsigned,
    /// None of our keys signed it.
    Forged,
    /// It was signed too long ago, or too far ahead of our clock.
    Stale,
    /// It came before.
    Replayed,
    /// It was signed, and is no JSON.
    Unreadable,
    /// Its body is too large.
    Large,
    /// Its body did not come in time.
    Slow,
    /// Its body broke off.
    Cut,
    /// Too many large bodies were under way.
    Crowded,
    /// It was Discord's, and nothing could be answered in time: the work has counted why.
    Unanswered,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Answered,
        Self::Unsigned,
        Self::Forged,
        Self::Stale,
        Self::Replayed,
        Self::Unreadable,
        Self::Large,
        Self::Slow,
        Self::Cut,
        Self::Crowded,
        Self::Unanswered,
    ];

    /// The name as metrics write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unsigned => "unsigned",
            Self::Forged => "forged",
            Self::Stale => "stale",
            Self::Replayed => "replayed",
            Self::Unreadable => "unreadable",
            Self::Large => "large",
            Self::Slow => "slow",
            Self::Cut => "cut",
            Self::Crowded => "crowded",
            Self::Unanswered => "unanswered",
        }
    }

    /// The status that the other side gets. Whatever is wrong with a signature gets the same one.
    pub fn status(self) -> u16 {
        match self {
            Self::Answered => 200,
            Self::Unsigned | Self::Forged | Self::Stale | Self::Replayed | Self::Unreadable => 401,
            Self::Large => 413,
            Self::Slow => 408,
            Self::Cut => 400,
            Self::Crowded | Self::Unanswered => 503,
        }
    }
}

/// How many requests had which outcome since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    outcomes: [u64; Outcome::ALL.len()],
    /// Signatures that were looked at: one a key for each body that was read, right or wrong.
    pub looks: u64,
}

impl Counts {
    /// How many had this outcome.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// How many were refused: all but those that were Discord's.
    pub fn refused(&self) -> u64 {
        self.outcomes.iter().sum::<u64>() - self.of(Outcome::Answered) - self.of(Outcome::Unanswered)
    }
}

/// The same, counting; each is taken on its own, so a sum may be off by what is happening now.
#[derive(Default)]
pub(super) struct Counters {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    looks: AtomicU64,
}

impl Counters {
    /// Counts one more; how many it are now.
    pub(super) fn add(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].fetch_add(1, Relaxed) + 1
    }

    pub(super) fn look(&self, keys: usize) {
        self.looks.fetch_add(keys as u64, Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { outcomes: self.outcomes.each_ref().map(|count| count.load(Relaxed)), looks: self.looks.load(Relaxed) }
    }
}
