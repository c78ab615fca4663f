//! Keeps count of invalid requests, so that Discord need not: it bans an address at 10,000 in ten minutes.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A sliding window of answers 401, 403 and 429 (topics/rate-limits).
pub(super) struct Invalid {
    limit: usize,
    window: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the last ones came, oldest first; no more than the limit, which is all that decides.
    at: VecDeque<Instant>,
    stopped: bool,
}

impl Invalid {
    /// Stops at `limit` within `window`.
    pub(super) fn new(limit: usize, window: Duration) -> Self {
        Self { limit: limit.max(1), window, state: Mutex::default() }
    }

    /// Counts one.
    pub(super) fn count(&self) {
        let mut state = self.current();
        if state.at.len() >= self.limit {
            state.at.pop_front();
        }
        state.at.push_back(Instant::now());
        if state.at.len() >= self.limit && !state.stopped {
            state.stopped = true;
            tracing::error!(
                invalid = state.at.len(),
                seconds = self.window.as_secs(),
                "too many requests that Discord calls invalid: stopped until fewer lie in the window"
            );
        }
    }

    /// Whether to hold requests back.
    pub(super) fn stopped(&self) -> bool {
        self.current().stopped
    }

    /// How many lie in the window.
    pub(super) fn len(&self) -> usize {
        self.current().at.len()
    }

    fn current(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while state.at.front().is_some_and(|at| *at + self.window <= now) {
            state.at.pop_front();
        }
        // A tenth of room before going on: else each one that leaves the window would start and stop the bot once.
        if state.at.len() < self.limit - self.limit / 10 {
            state.stopped = false;
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stops_at_the_limit_and_goes_on_with_room() {
        let invalid = Invalid::new(20, Duration::from_secs(600));
        for n in 1..=20 {
            assert!(!invalid.stopped());
            invalid.count();
            assert_eq!(invalid.len(), n);
            advance(Duration::from_secs(1)).await;
        }
        assert!(invalid.stopped());
        // The first two leave: not yet room enough.
        advance(Duration::from_secs(600 - 20 + 1)).await;
        assert!(invalid.stopped() && invalid.len() == 18);
        advance(Duration::from_secs(1)).await;
        assert!(!invalid.stopped() && invalid.len() == 17);
    }

    #[tokio::test(start_paused = true)]
    async fn holds_no_more_than_the_limit() {
        let invalid = Invalid::new(3, Duration::from_secs(600));
        for _ in 0..50 {
            invalid.count();
        }
        assert_eq!(invalid.len(), 3);
    }
}
