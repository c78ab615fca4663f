//! What whoever looks after the running bot may see of it: counts and states, nothing about clubs or members.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{interactions::Interactions, rest::Rest, work::Work};
use crate::{app::Live, store::Clubs, tips::counts::Counts};

/// A view of the bot, made before it starts and filled by it. Cheap to clone; clones see the same.
#[derive(Clone, Default)]
pub struct View(Arc<Inner>);

#[derive(Default)]
struct Inner {
    running: OnceLock<Running>,
    stopping: AtomicBool,
    shards: Mutex<BTreeMap<u32, bool>>,
    taken: AtomicU64,
    refused: AtomicU64,
}

/// The parts of a bot that runs.
pub struct Running {
    /// What it knows.
    pub app: Live,
    /// The clubs' settings.
    pub clubs: Arc<Clubs>,
    /// The work.
    pub work: Work,
    /// The sender.
    pub rest: Rest,
    /// The door for signed HTTP requests, if there is one.
    pub http: Option<Interactions>,
    /// How the weekly tips fare; `None` without a store.
    pub tips: Option<Arc<Counts>>,
}

impl View {
    /// The parts, once the bot has reached Discord.
    pub fn running(&self) -> Option<&Running> {
        self.0.running.get()
    }

    /// Whether the bot was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// How many shards this process runs, and how many of them were connected when last looked at.
    pub fn shards(&self) -> (usize, usize) {
        let shards = self.shards_now();
        (shards.len(), shards.values().filter(|connected| **connected).count())
    }

    /// How often the knowledge was read anew since the start: taken, and refused for its faults.
    pub fn reads(&self) -> (u64, u64) {
        (self.0.taken.load(Ordering::Relaxed), self.0.refused.load(Ordering::Relaxed))
    }

    /// Counts that the knowledge was read anew, and whether it was taken.
    pub fn read(&self, taken: bool) {
        if taken { &self.0.taken } else { &self.0.refused }.fetch_add(1, Ordering::Relaxed);
    }

    /// Shows the parts; what was shown first stays.
    pub(super) fn run(&self, running: Running) {
        // There is one bot to a view.
        let _ = self.0.running.set(running);
    }

    /// Says that the bot was told to stop.
    pub(super) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Shows how a shard is that this process runs.
    pub(super) fn shard(&self, id: u32, connected: bool) {
        self.shards_now().insert(id, connected);
    }

    /// Takes away the shards that this process runs no longer.
    pub(super) fn forget(&self, first: u32, last: u32) {
        self.shards_now().retain(|id, _| !(first..=last).contains(id));
    }

    fn shards_now(&self) -> MutexGuard<'_, BTreeMap<u32, bool>> {
        self.0.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
