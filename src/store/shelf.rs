//! Clubs' settings in memory: what a question reads without waiting, and the one way to change them.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::Mutex, time::timeout};

use super::{Store, StoreError};
use crate::{
    club::{Choices, Club},
    id::{ClubId, TopicId},
};

/// How long a change of settings may take in all. Discord gives 3 s for the first answer to a command, and the answer has to
/// travel too.
const CHANGE: Duration = Duration::from_millis(1_500);
/// How long a call about all clubs may take: nobody waits for it but later changes.
const ALL: Duration = Duration::from_secs(30);

/// Why settings stay as they were.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<E> {
    /// The bot runs without a store.
    #[error("there is no store")]
    NoStore,
    /// The store did not finish in time. Whether it has written is unknown until the next refresh.
    #[error("the store is too slow")]
    Slow,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change itself was refused.
    #[error("{0}")]
    Refused(E),
}

/// All clubs' settings in memory, and the store behind them. Reading never waits and never fails; while the store is down, what
/// was read last is in force, and the operator's settings where nothing was.
///
/// A club that chose nothing takes no room. As counted by the allocator, ten thousand clubs take 1.2 MB with a region alone,
/// 5 MB with one ordinary clinic each, 50 MB with five clinics each that are filled to the limits. A refresh briefly holds two
/// copies. Other programs' writes to the same store are seen by [`Clubs::follow`].
pub struct Clubs {
    store: Option<Arc<dyn Store>>,
    defaults: Arc<Club>,
    /// Only clubs that chose something.
    shelf: RwLock<HashMap<ClubId, Arc<Club>>>,
    /// Held while the store and the shelf are brought to the same state, so that no change is lost between two at once.
    changing: Mutex<()>,
    lost_feedback: AtomicU64,
    away: AtomicBool,
}

impl Clubs {
    /// An empty shelf before a store, over the operator's settings. [`Clubs::refresh`] fills it.
    pub fn new(store: Option<Arc<dyn Store>>, defaults: Club) -> Self {
        Self {
            store,
            defaults: Arc::new(defaults),
            shelf: RwLock::default(),
            changing: Mutex::default(),
            lost_feedback: AtomicU64::new(0),
            away: AtomicBool::new(false),
        }
    }

    /// The store behind, for what needs no shelf: checks, the clubs that come and go, all feedback.
    pub fn store(&self) -> Option<&Arc<dyn Store>> {
        self.store.as_ref()
    }

    /// The settings in force for a club, or in a direct message.
    pub fn of(&self, club: Option<ClubId>) -> Arc<Club> {
        let own = club.and_then(|id| self.shelf.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned());
        own.unwrap_or_else(|| self.defaults.clone())
    }

    /// Reads all clubs from the store.
    ///
    /// # Errors
    /// Where the store fails or takes more than 30 s; the settings in memory then stay.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        let read = async {
            let _changing = self.changing.lock().await;
            let stored = store.clubs().await?;
            let chosen = stored.into_iter().filter(|(_, choices)| *choices != Choices::default());
            let mut shelf = chosen.map(|(id, choices)| (id, Arc::new(self.defaults.with(&choices)))).collect();
            // Swapped, so that nobody waits while the old one is freed.
            std::mem::swap(&mut *self.shelf.write().unwrap_or_else(PoisonError::into_inner), &mut shelf);
            Ok(())
        };
        let read = timeout(ALL, read).await.unwrap_or_else(|late| Err(StoreError::Locked(late.into())));
        self.away.store(read.is_err(), Ordering::Relaxed);
        read
    }

    /// Whether the store answered when all clubs were last read from it; `None` where there is none.
    pub fn store_is_up(&self) -> Option<bool> {
        self.store.is_some().then(|| !self.away.load(Ordering::Relaxed))
    }

    /// Reads one club from the store, as another program changed it.
    pub(super) async fn reread(&self, club: ClubId) -> Result<(), StoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        let read = async {
            let _changing = self.changing.lock().await;
            let choices = store.club(club).await?.unwrap_or_default();
            self.put(club, &choices);
            Ok(())
        };
        timeout(CHANGE, read).await.unwrap_or_else(|late| Err(StoreError::Locked(late.into())))
    }

    /// What a club chose itself, as it is stored.
    ///
    /// # Errors
    /// Where there is no store, or it fails or is slow.
    pub async fn choices(&self, club: ClubId) -> Result<Choices, ChangeError<std::convert::Infallible>> {
        let store = self.store.as_ref().ok_or(ChangeError::NoStore)?;
        let read = async { Ok(store.club(club).await?.unwrap_or_default()) };
        timeout(CHANGE, read).await.unwrap_or(Err(ChangeError::Slow))
    }

    /// Changes a club's choices: reads what is stored, applies `change`, writes it, then puts it into force. Returns the
    /// choices as they are now. Changes of this program come one after the other; a change that changes nothing writes nothing.
    ///
    /// # Errors
    /// Where `change` refuses, or the store fails or takes more than 1.5 s; the settings in memory then stay as they were.
    pub async fn change<E>(
        &self,
        club: ClubId,
        change: impl FnOnce(&mut Choices) -> Result<(), E>,
    ) -> Result<Choices, ChangeError<E>> {
        let store = self.store.as_ref().ok_or(ChangeError::NoStore)?;
        let work = async {
            let _changing = self.changing.lock().await;
            let before = store.club(club).await?.unwrap_or_default();
            let mut choices = before.clone();
            change(&mut choices).map_err(ChangeError::Refused)?;
            if choices != before {
                store.save_club(club, &choices).await?;
            }
            self.put(club, &choices);
            Ok(choices)
        };
        timeout(CHANGE, work).await.unwrap_or(Err(ChangeError::Slow))
    }

    /// Erases all that is stored about a club, here and in the store; returns whether anything was.
    ///
    /// # Errors
    /// Where there is no store, or it fails or is slow.
    pub async fn erase(&self, club: ClubId) -> Result<bool, ChangeError<std::convert::Infallible>> {
        let store = self.store.as_ref().ok_or(ChangeError::NoStore)?;
        let work = async {
            let _changing = self.changing.lock().await;
            let erased = store.erase_club(club).await?;
            self.put(club, &Choices::default());
            Ok(erased)
        };
        timeout(CHANGE, work).await.unwrap_or(Err(ChangeError::Slow))
    }

    /// Erases the clubs that were left before an instant, here and in the store; returns how many.
    ///
    /// # Errors
    /// Where the store fails or takes more than 30 s; the next sweep finds them again.
    pub async fn erase_left_before(&self, before: Timestamp) -> Result<usize, StoreError> {
        let Some(store) = &self.store else { return Ok(0) };
        let sweep = async {
            let _changing = self.changing.lock().await;
            let erased = store.erase_left_before(before).await?;
            for club in &erased {
                self.put(*club, &Choices::default());
            }
            Ok(erased.len())
        };
        timeout(ALL, sweep).await.unwrap_or_else(|late| Err(StoreError::Locked(late.into())))
    }

    /// Counts a press of a feedback button. A count that cannot be kept is itself counted, and troubles nobody.
    pub async fn count_feedback(&self, topic: &TopicId, helped: bool) {
        let kept = match &self.store {
            Some(store) => timeout(CHANGE, store.count_feedback(topic, helped)).await,
            None => return,
        };
        let error = match kept {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        self.lost_feedback.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(error, "a feedback count was lost");
    }

    /// How many feedback counts a failing store has lost since the start.
    pub fn lost_feedback(&self) -> u64 {
        self.lost_feedback.load(Ordering::Relaxed)
    }

    fn put(&self, club: ClubId, choices: &Choices) {
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        if *choices == Choices::default() {
            shelf.remove(&club);
        } else {
            shelf.insert(club, Arc::new(self.defaults.with(choices)));
        }
    }
}
