//! Who goes first: urgent calls before ordinary ones, on one route and at the global limit.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Line, OwnedMutexGuard},
    time::{Instant, sleep_until},
};

/// Requests a second that Discord allows a bot on all routes together (topics/rate-limits).
pub(super) const GLOBAL_LIMIT: usize = 50;
/// How many of them ordinary calls leave to urgent ones: few, as first responses are exempt and urgent ones go first anyway.
pub(super) const RESERVE: usize = 3;
/// Ordinary calls a second.
pub const ORDINARY: usize = GLOBAL_LIMIT - RESERVE;

/// A guard even where a thread panicked: what the locks here hold is whole between any two statements.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets one ordinary call per route through to the limiter, whose queue knows no urgency. Remembers only routes in use.
#[derive(Default)]
pub(super) struct Gate {
    lines: Mutex<HashMap<String, Arc<Line<()>>>>,
}

/// A call's place in the line of its route, given back when dropped.
pub(super) struct Place<'a> {
    gate: &'a Gate,
    route: &'a str,
    line: Option<Arc<Line<()>>>,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Gate {
    /// Waits for the calls that came before.
    pub(super) async fn enter<'a>(&'a self, route: &'a str) -> Place<'a> {
        let line = locked(&self.lines).entry(route.to_owned()).or_default().clone();
        // Made before waiting, so that a call dropped in line leaves nothing behind.
        let mut place = Place { gate: self, route, line: Some(line.clone()), turn: None };
        place.turn = Some(line.lock_owned().await);
        place
    }

    /// How many routes have a line.
    #[cfg(test)]
    fn len(&self) -> usize {
        locked(&self.lines).len()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.turn = None;
        let mut lines = locked(&self.gate.lines);
        // Under the lock: else two that leave at once would each count the other.
        self.line = None;
        if lines.get(self.route).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(self.route);
        }
    }
}

/// The limit on all routes together, and the pause that Discord may order.
///
/// The limiter has a global limit too, but serves its queues in no order when there is room again: with a thousand channels
/// waiting, an urgent call could wait for twenty seconds.
pub(super) struct Pace {
    window: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the last requests left, oldest first; those within the window.
    sent: VecDeque<Instant>,
    paused: Option<Instant>,
}

impl Pace {
    /// [`GLOBAL_LIMIT`] per window.
    pub(super) fn new(window: Duration) -> Self {
        Self { window, state: Mutex::default() }
    }

    /// Nothing leaves until then.
    pub(super) fn pause(&self, until: Instant) {
        let paused = &mut locked(&self.state).paused;
        *paused = (*paused).max(Some(until));
    }

    /// Takes a place in the window, or says when to ask again.
    pub(super) fn take(&self, urgent: bool) -> Result<(), Instant> {
        self.look(urgent).map(|mut state| state.sent.push_back(Instant::now()))
    }

    /// Waits until an ordinary call could leave.
    pub(super) async fn room(&self) {
        loop {
            let Err(again) = self.look(false).map(drop) else { return };
            sleep_until(again).await;
        }
    }

    fn look(&self, urgent: bool) -> Result<MutexGuard<'_, State>, Instant> {
        let (mut state, now) = (locked(&self.state), Instant::now());
        if let Some(until) = state.paused.filter(|until| *until > now) {
            return Err(until);
        }
        while state.sent.front().is_some_and(|at| *at + self.window <= now) {
            state.sent.pop_front();
        }
        let places = if urgent { GLOBAL_LIMIT } else { ORDINARY };
        match state.sent.len().checked_sub(places) {
            Some(over) => Err(state.sent[over] + self.window),
            None => Ok(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_stays() {
        let gate = Gate::default();
        let first = gate.enter("a").await;
        assert!(gate.enter("b").now_or_never().is_some(), "another route has its own line");
        let mut second = Box::pin(gate.enter("a"));
        let mut third = Box::pin(gate.enter("a"));
        assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
        drop(second);
        drop(first);
        let third = third.await;
        assert_eq!(gate.len(), 1);
        drop(third);
        assert_eq!(gate.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn ordinary_calls_leave_a_reserve() {
        let pace = Pace::new(Duration::from_secs(1));
        let taken = |urgent| (0..100).take_while(|_| pace.take(urgent).is_ok()).count();
        assert_eq!((taken(false), taken(true), taken(false)), (ORDINARY, RESERVE, 0));
        let began = Instant::now();
        pace.room().await;
        assert_eq!(began.elapsed().as_millis(), 1000);
        assert_eq!((taken(true), taken(false)), (GLOBAL_LIMIT, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_the_urgent_too_and_is_not_shortened() {
        let pace = Pace::new(Duration::from_secs(1));
        let long = Instant::now() + Duration::from_secs(9);
        pace.pause(long);
        pace.pause(Instant::now() + Duration::from_secs(2));
        assert_eq!(pace.take(true), Err(long));
        pace.room().await;
        assert!(Instant::now() >= long && pace.take(true).is_ok());
    }
}
