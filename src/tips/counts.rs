//! How the weekly tips of this process fared since its start.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Counts of the worker. Each is taken on its own, so a sum may be off by what is happening now.
#[derive(Debug, Default)]
pub struct Counts {
    due: AtomicU64,
    posted: AtomicU64,
    late: AtomicU64,
    unknown: AtomicU64,
    refused: AtomicU64,
    put_off: AtomicU64,
    store_away: AtomicBool,
}

/// What became of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its time came, and a tip was chosen for it.
    Due,
    /// It is posted.
    Posted,
    /// It was left out, because it was more than a day late.
    Late,
    /// It was given up, and nobody knows whether it is posted.
    Unknown,
    /// Discord refused it for good; the club's tips are paused.
    Refused,
    /// It is tried again later.
    PutOff,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Due, Self::Posted, Self::Late, Self::Unknown, Self::Refused, Self::PutOff];

    /// The name as metrics write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Posted => "posted",
            Self::Late => "late",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::PutOff => "put_off",
        }
    }
}

impl Counts {
    /// How often this happened.
    pub fn of(&self, fate: Fate) -> u64 {
        self.counter(fate).load(Relaxed)
    }

    /// Whether the store answered when the worker last looked for what is due.
    pub fn store_is_up(&self) -> bool {
        !self.store_away.load(Relaxed)
    }

    pub(super) fn add(&self, fate: Fate) {
        self.counter(fate).fetch_add(1, Relaxed);
    }

    pub(super) fn looked(&self, store_is_up: bool) {
        self.store_away.store(!store_is_up, Relaxed);
    }

    fn counter(&self, fate: Fate) -> &AtomicU64 {
        match fate {
            Fate::Due => &self.due,
            Fate::Posted => &self.posted,
            Fate::Late => &self.late,
            Fate::Unknown => &self.unknown,
            Fate::Refused => &self.refused,
            Fate::PutOff => &self.put_off,
        }
    }
}
