//! Looks after the shards: one that is dead is started again, unless Discord says why that would not help.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serenity::all::{ConnectionStage, ShardId, ShardManager};

use super::{IDENTIFY, Shards, Stop, Timings, close, knock::Knock};
use crate::discord::view::View;

/// Watches the shards of one client.
pub(super) struct Watch {
    manager: Arc<ShardManager>,
    shards: Shards,
    timings: Timings,
    knock: Knock,
    pulses: HashMap<ShardId, Pulse>,
    view: View,
}

/// What is known of a shard's health.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pulse {
    /// When it last showed life, or was started.
    well: Instant,
    /// Whether it was connected when last looked at.
    connected: bool,
    /// The time that its last heartbeat took; the next one takes another, to the nanosecond.
    latency: Option<Duration>,
    /// The most shards that waited to be connected at once since it was well: all of them may stand in line before it.
    line: u32,
}

/// What a look at a shard led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Well,
    /// It is not connected, and its turn to be is long over.
    Dead,
    /// It is connected, and nothing comes of it.
    Silent,
}

impl Pulse {
    fn new(now: Instant) -> Self {
        Self { well: now, connected: false, latency: None, line: 0 }
    }

    fn look(&mut self, connected: bool, latency: Option<Duration>, down: u32, timings: &Timings, now: Instant) -> Verdict {
        if connected && (!self.connected || latency != self.latency) {
            *self = Self { well: now, connected, latency, line: 0 };
            return Verdict::Well;
        }
        if self.connected && !connected {
            *self = Self::new(now);
        }
        self.line = self.line.max(down);
        let quiet = now.saturating_duration_since(self.well);
        match connected {
            true if quiet >= timings.silent => Verdict::Silent,
            false if quiet >= timings.dead + IDENTIFY * self.line => Verdict::Dead,
            _ => Verdict::Well,
        }
    }
}

impl Watch {
    /// A watch over the shards of a manager. `knock` asks why a dead one is dead.
    pub(super) fn new(manager: Arc<ShardManager>, shards: Shards, timings: Timings, knock: Knock, view: View) -> Self {
        Self { manager, shards, timings, knock, pulses: HashMap::new(), view }
    }

    /// Watches until Discord says that a shard cannot be connected at all.
    pub(super) async fn run(mut self) -> Stop {
        let shards = self.shards;
        let now = Instant::now();
        self.pulses = (shards.first..=shards.last).map(|id| (ShardId(id), Pulse::new(now))).collect();
        loop {
            tokio::time::sleep(self.timings.watch).await;
            for (id, verdict) in self.look().await {
                // serenity reads some close codes and keeps them to itself, for ever trying again; so a dead shard is asked for.
                if verdict == Verdict::Dead
                    && let Some(stop) = self.knock.ask(id.0).await
                {
                    return stop;
                }
                tracing::warn!(shard = id.0, silent = verdict == Verdict::Silent, "a shard is dead; it is started again");
                if let Some(runner) = self.manager.runners.lock().await.get(&id) {
                    close(id, runner, 4000);
                }
                self.manager.restart(id).await;
                self.pulses.insert(id, Pulse::new(Instant::now()));
            }
        }
    }

    /// The shards that are not well.
    async fn look(&mut self) -> Vec<(ShardId, Verdict)> {
        let runners = self.manager.runners.lock().await;
        let state = |id: &ShardId| {
            let runner = runners.get(id);
            (runner.is_some_and(|r| r.stage == ConnectionStage::Connected), runner.and_then(|r| r.latency))
        };
        let down = self.pulses.keys().filter(|id| !state(id).0).count();
        let down = u32::try_from(down).unwrap_or(u32::MAX);
        let now = Instant::now();
        let timings = self.timings;
        let verdicts = self.pulses.iter_mut().map(|(id, pulse)| {
            let (connected, latency) = state(id);
            self.view.shard(id.0, connected);
            (*id, pulse.look(connected, latency, down, &timings, now))
        });
        verdicts.filter(|(_, verdict)| *verdict != Verdict::Well).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_shard_in_line_is_given_time_for_all_before_it() {
        let (timings, start) = (Timings::default(), Instant::now());
        let mut pulse = Pulse::new(start);
        // A hundred shards, one connected every 5 s: the last one's turn comes after 500 s.
        for second in (0..585).step_by(15) {
            let down = 100 - (second / 5).min(99);
            assert_eq!(pulse.look(false, None, down, &timings, start + SECOND * second), Verdict::Well, "{second}");
        }
        assert_eq!(pulse.look(false, None, 1, &timings, start + SECOND * 590), Verdict::Dead);
    }

    #[test]
    fn a_shard_that_was_connected_and_is_alone_in_line_is_dead_sooner() {
        let (timings, start) = (Timings::default(), Instant::now());
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.look(true, None, 50, &timings, start + SECOND * 400), Verdict::Well);
        assert_eq!(pulse.look(false, None, 1, &timings, start + SECOND * 500), Verdict::Well);
        assert_eq!(pulse.look(false, None, 1, &timings, start + SECOND * 594), Verdict::Well);
        assert_eq!(pulse.look(false, None, 1, &timings, start + SECOND * 595), Verdict::Dead);
    }

    #[test]
    fn a_connected_shard_without_heartbeats_is_silent() {
        let (timings, start) = (Timings::default(), Instant::now());
        let mut pulse = Pulse::new(start);
        let mut look = |latency, second| pulse.look(true, latency, 0, &timings, start + SECOND * second);
        assert_eq!(look(None, 5), Verdict::Well);
        assert_eq!(look(Some(SECOND / 30), 50), Verdict::Well);
        assert_eq!(look(Some(SECOND / 31), 95), Verdict::Well);
        assert_eq!(look(Some(SECOND / 31), 244), Verdict::Well);
        assert_eq!(look(Some(SECOND / 31), 245), Verdict::Silent);
    }
}
