//! Which shards this process runs, and when it may start them: alone, or shared out among all copies of the program by leases in the
//! store.

mod parts;
mod shared;
mod turn;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use self::{shared::Shared, turn::Turn};
use super::gateway::{Gateway, IDENTIFY, Shards, Share, Stop, Up};
use crate::store::Store;

/// How patient the keeper is. The default is meant for Discord and machines whose clocks agree to a few seconds; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// What is held is renewed so often; 2 seconds.
    pub tick: Duration,
    /// A copy that was not heard of for so long has lost what it held; 10 seconds.
    pub lease: Duration,
    /// While something is about to change, it is looked for so often; 250 ms.
    pub look: Duration,
    /// A call to the store is given up after so long; 1.5 seconds.
    pub patience: Duration,
    /// So long after one copy's shards are up, another may start its own; 5.5 seconds: Discord's five, and what clocks differ.
    pub pace: Duration,
    /// Shards that are not up after this, and 5 s more for each, are left to another copy; 60 seconds.
    pub start: Duration,
    /// A copy that was told to stop runs its parts on until others have them: so long at the most, and for each part a login more;
    /// 60 seconds.
    pub hand_over: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            tick: Duration::from_secs(2),
            lease: Duration::from_secs(10),
            look: Duration::from_millis(250),
            patience: Duration::from_millis(1_500),
            pace: Duration::from_millis(5_500),
            start: Duration::from_secs(60),
            hand_over: Duration::from_secs(60),
        }
    }
}

impl Timings {
    /// How long so many shards may take to be up.
    fn start_of(&self, shards: u32) -> Duration {
        self.start + IDENTIFY * shards
    }

    /// How long parts of so many shards may take to be taken over: one after the other, each in its turn.
    fn hand_over_of(&self, parts: impl Iterator<Item = u32>) -> Duration {
        self.hand_over + parts.map(|shards| self.pace + IDENTIFY * shards).sum::<Duration>()
    }
}

/// Keeps the gateway of this process, or several.
pub(super) struct Keeper<F> {
    /// Where leases are, if anywhere.
    pub(super) store: Option<Arc<dyn Store>>,
    /// This copy of the program among all.
    pub(super) me: u64,
    /// How many shards Discord recommends.
    pub(super) recommended: u32,
    /// How patient it is.
    pub(super) timings: Timings,
    /// Makes a gateway for some shards.
    pub(super) open: F,
}

impl<F: Fn(Shards, Up) -> Gateway> Keeper<F> {
    /// Runs this process's share of the shards until told to stop. Where another copy takes them over, they are closed only then.
    /// Parts need a store; without one this runs nothing.
    ///
    /// # Errors
    /// Where Discord says that going on would not help.
    pub(super) async fn run(self, share: Share, stop: impl Future<Output = ()>) -> Result<(), Stop> {
        match share {
            Share::Nothing => {
                stop.await;
                Ok(())
            }
            Share::Own(shards) => self.run_own(shards, stop).await,
            Share::Parts(of) => match self.store {
                Some(store) => {
                    let turn = Turn::new(store, self.me, self.timings);
                    Shared::new(turn, of, self.recommended, self.open).run(stop).await
                }
                None => {
                    stop.await;
                    Ok(())
                }
            },
        }
    }

    async fn run_own(self, shards: Shards, stop: impl Future<Output = ()>) -> Result<(), Stop> {
        let (up, told) = watch::channel(Default::default());
        let gateway = (self.open)(shards, up);
        let Some(store) = self.store else { return gateway.run(stop).await };
        // From now on they are wanted, and not connected: a copy that waits for its turn is not ready.
        gateway.announce();
        let mut turn = Turn::new(store, self.me, self.timings);
        tokio::pin!(stop);
        tokio::select! {
            () = turn.wait() => {}
            () = &mut stop => return Ok(()),
        }
        let run = gateway.run(stop);
        tokio::pin!(run);
        tokio::select! {
            ended = &mut run => {
                turn.pass().await;
                ended
            }
            () = turn.hold(told, shards.count()) => run.await,
        }
    }
}
