//! The turn to IDENTIFY. Discord lets a bot identify once in five seconds (`max_concurrency`, events/gateway), counted over all of
//! its processes; serenity keeps that pace within one. So a process that starts shards holds a lease while it does.

use std::{collections::BTreeSet, mem, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::Timings;
use crate::store::{Store, StoreError};

/// The lease.
const TURN: &str = "identify";

/// The turn, as one copy of the program sees it.
pub(super) struct Turn {
    pub(super) store: Arc<dyn Store>,
    pub(super) me: u64,
    pub(super) timings: Timings,
    /// Since when this copy has started nothing. The lease does not keep its own holder waiting.
    passed: Option<Instant>,
}

impl Turn {
    /// The turn, for a copy of the program that has started nothing.
    pub(super) fn new(store: Arc<dyn Store>, me: u64, timings: Timings) -> Self {
        Self { store, me, timings, passed: None }
    }

    /// Takes the turn, or goes on holding it; `false` where it is another copy's, or this one has just passed it on.
    pub(super) async fn take(&mut self) -> Result<bool, StoreError> {
        if self.passed.is_some_and(|at| at.elapsed() < self.timings.pace) {
            return Ok(false);
        }
        self.keep(TURN, self.timings.lease).await
    }

    /// Gives the turn to others as soon as Discord lets them: some time after the last IDENTIFY.
    pub(super) async fn pass(&mut self) {
        self.passed = Some(Instant::now());
        // Else it is over by itself.
        let _ = self.keep(TURN, self.timings.pace).await;
    }

    /// Gives back a turn in which nothing was done.
    pub(super) async fn give_back(&self) {
        self.release(TURN).await;
    }

    /// Takes a lease for so long, or goes on holding it; `false` where it is another copy's.
    pub(super) async fn keep(&self, name: &str, time: Duration) -> Result<bool, StoreError> {
        let now = Timestamp::now();
        let until = now + SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        patiently(&self.timings, self.store.lease(name, self.me, now, until)).await
    }

    /// Gives a lease back. What cannot be given back is free when its time is up.
    pub(super) async fn release(&self, name: &str) {
        let _ = patiently(&self.timings, self.store.release(name, self.me)).await;
    }

    /// Waits for the turn. A store that stays away keeps nobody from Discord.
    pub(super) async fn wait(&mut self) {
        let mut told = false;
        let mut heard = Instant::now();
        loop {
            match self.take().await {
                Ok(true) => return,
                Ok(false) => {
                    heard = Instant::now();
                    if !mem::replace(&mut told, true) {
                        tracing::info!("another copy logs in; this one waits for its turn");
                    }
                }
                Err(error) if heard.elapsed() >= self.timings.lease => {
                    tracing::warn!(%error, "the store does not answer; the shards are started without a turn");
                    return;
                }
                // For a moment only, it may be.
                Err(_) => {}
            }
            sleep(self.timings.look).await;
        }
    }

    /// Holds the turn until so many shards are up, or until that has taken too long; then passes it on.
    pub(super) async fn hold(&mut self, mut up: watch::Receiver<BTreeSet<u32>>, shards: u32) {
        let end = Instant::now() + self.timings.start_of(shards);
        loop {
            let all = up.wait_for(|up| up.len() >= shards as usize);
            // The gateway that would tell is gone: nothing is started any more. Or all are up.
            if timeout(self.timings.tick, all).await.is_ok() || Instant::now() > end {
                return self.pass().await;
            }
            let _ = self.take().await;
        }
    }
}

/// A call to the store that is given up in time.
pub(super) async fn patiently<T>(timings: &Timings, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(timings.patience, call).await.unwrap_or_else(|late| Err(StoreError::Locked(late.into())))
}
