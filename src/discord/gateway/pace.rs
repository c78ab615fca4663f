//! Back-off between connections. serenity connects again at once whenever a connection ends, for ever; if Discord takes each
//! connection and closes it again, that would be thousands of connections an hour, and more IDENTIFYs than the 1,000 a day after
//! which Discord resets the token (events/gateway).

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

/// How often waiting shards are let through.
const TICK: Duration = Duration::from_millis(25);
/// Connections are counted for so long.
const WINDOW: Duration = Duration::from_secs(30 * 60);
/// So many for each shard, and so many for all, are let through at once within the window.
const FREE: (usize, usize) = (2, 6);

/// Makes shards wait before they connect, the longer the more often they did.
///
/// A shard reads the gateway's address under a lock each time before it connects. The pace holds that lock.
pub(super) struct Pace {
    address: Arc<Mutex<String>>,
    count: Count,
}

/// The connections of late.
struct Count {
    free: usize,
    wait: (Duration, Duration),
    at: VecDeque<Instant>,
}

impl Count {
    fn new(shards: usize, wait: (Duration, Duration)) -> Self {
        Self { free: shards * FREE.0 + FREE.1, wait, at: VecDeque::new() }
    }

    /// How long after the last connection the next one may come, before jitter.
    fn wait(&mut self, now: Instant) -> Duration {
        while self.at.front().is_some_and(|at| now.saturating_duration_since(*at) > WINDOW) {
            self.at.pop_front();
        }
        match self.at.len().checked_sub(self.free) {
            None => Duration::ZERO,
            Some(over) => self.wait.0.saturating_mul(1 << over.min(20)).min(self.wait.1),
        }
    }
}

impl Pace {
    /// A pace for the connections of so many shards; `wait` is the first wait, once there have been too many, and the longest.
    pub(super) fn new(address: Arc<Mutex<String>>, shards: u32, wait: (Duration, Duration)) -> Self {
        Self { address, count: Count::new(shards as usize, wait) }
    }

    /// Keeps the pace, for ever.
    pub(super) async fn keep(mut self) -> Infallible {
        let mut held = self.address.lock().await;
        loop {
            drop(held);
            // Who waits for the lock gets it, in turn; so it is free only if nobody waits.
            let passed = self.address.try_lock().is_err();
            held = self.address.lock().await;
            if passed {
                self.count.at.push_back(Instant::now());
            }
            let wait = self.count.wait(Instant::now());
            if wait > TICK && passed {
                tracing::warn!(seconds = wait.as_secs(), "too many connections; the next one waits");
                tokio::time::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            } else {
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_with_many_shards_is_not_held_up_and_a_storm_is() {
        let (wait, start) = ((Duration::from_secs(1), Duration::from_secs(120)), Instant::now());
        let mut count = Count::new(10, wait);
        for second in 0..26 {
            let now = start + Duration::from_secs(second);
            assert_eq!(count.wait(now), Duration::ZERO, "{second}");
            count.at.push_back(now);
        }
        let now = start + Duration::from_secs(30);
        let mut waits = Vec::new();
        for _ in 0..9 {
            waits.push(count.wait(now).as_secs());
            count.at.push_back(now);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
        assert_eq!(count.wait(now + WINDOW + Duration::from_secs(1)), Duration::ZERO, "all is forgotten in the end");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_let_through_one_after_the_other() {
        let address = Arc::new(Mutex::new("wss://gateway.example".to_owned()));
        let pace = Pace::new(address.clone(), 1, (Duration::from_secs(4), Duration::from_secs(60)));
        let keeping = tokio::spawn(pace.keep());
        let start = tokio::time::Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..12 {
            // The pace holds it by now.
            tokio::time::sleep(TICK).await;
            drop(address.lock().await);
            seconds.push(start.elapsed().as_secs());
        }
        assert_eq!(seconds[7], 0, "{seconds:?}");
        assert!(seconds[8] >= 2 && seconds[9] - seconds[8] >= 4 && seconds[11] - seconds[10] >= 16, "{seconds:?}");
        keeping.abort();
    }
}
