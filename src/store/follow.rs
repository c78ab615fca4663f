//! Keeps the settings in memory as fresh as the store: changes that other copies of the program make are heard of, and all is read
//! again from time to time.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Changes, Clubs, Store, StoreError};

/// How long it may take to begin to listen.
const LISTEN: Duration = Duration::from_secs(10);

/// How old settings in memory may become. The default is meant for running bots; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// All is read so often where the store tells of changes, for those that were not heard; 5 minutes.
    pub told: Duration,
    /// All is read so often where it does not; 1 minute.
    pub untold: Duration,
    /// The first and the longest wait before trying again, where the store does not answer; 1 and 30 seconds.
    pub again: (Duration, Duration),
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            told: Duration::from_secs(5 * 60),
            untold: Duration::from_secs(60),
            again: (Duration::from_secs(1), Duration::from_secs(30)),
        }
    }
}

/// Whether the store tells of changes.
enum Ear {
    Open(Box<dyn Changes>),
    /// Nobody listens at the moment.
    Closed,
    /// It never does.
    None,
}

impl Clubs {
    /// Brings other copies' changes into force here, for ever; nobody waits for it. A club whose settings changed is read again as
    /// soon as the store tells of it; all are read whenever something may have been missed. While the store does not answer, the
    /// settings stay as they are.
    pub async fn follow(&self, freshness: Freshness) {
        let Some(store) = self.store() else { return };
        let (first, longest) = freshness.again;
        let (mut ear, mut wait) = (Ear::Closed, first);
        loop {
            let listening = match ear {
                Ear::Closed => listen(&**store).await.map(|heard| ear = heard),
                Ear::Open(_) | Ear::None => Ok(()),
            };
            // After listening began, so that what changes meanwhile is heard.
            let trouble = match (listening.and(self.refresh().await), &mut ear) {
                (Ok(()), Ear::Open(changes)) => {
                    let begun = Instant::now();
                    let heard = self.hear(&mut **changes, begun + freshness.told).await;
                    // Also where all is well: a connection that died without a word would never be noticed.
                    ear = Ear::Closed;
                    match heard {
                        Ok(()) => None,
                        Err(error) => {
                            tracing::info!(%error, "the store's news of changes broke off; all settings are read again");
                            // What breaks at once each time is waited for.
                            Some(error).filter(|_| begun.elapsed() < first)
                        }
                    }
                }
                (Ok(()), Ear::None | Ear::Closed) => {
                    sleep(freshness.untold).await;
                    None
                }
                (Err(error), _) => Some(error),
            };
            let Some(error) = trouble else {
                wait = first;
                continue;
            };
            if wait == first {
                tracing::warn!(%error, "the store does not answer; the settings stay as they are until it does");
            }
            sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            wait = (wait * 2).min(longest);
        }
    }

    /// Reads again what changes, until an instant. Fails where something may have been missed.
    async fn hear(&self, changes: &mut dyn Changes, until: Instant) -> Result<(), StoreError> {
        while let Ok(changed) = timeout_at(until, changes.next()).await {
            self.reread(changed?).await?;
        }
        Ok(())
    }
}

async fn listen(store: &dyn Store) -> Result<Ear, StoreError> {
    let changes = timeout(LISTEN, store.changes()).await.unwrap_or_else(|late| Err(StoreError::Locked(late.into())))?;
    Ok(changes.map_or(Ear::None, Ear::Open))
}
