//! A store in memory that cannot be relied on.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use jiff::Timestamp;
use patella::{
    club::Choices,
    id::{ClubId, TopicId},
    store::{self, Change, Changes, Claim, Feedback, Lease, Store, StoreError, Version, backup::Backup},
    weekly::Weeks,
};

/// How a store that cannot be relied on behaves now.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Well,
    Fails,
    Hangs,
    /// Reads, but never comes back from a write.
    HangsOnWrite,
}

/// What happens to one write of the weekly tips.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Slip {
    /// It is written.
    None,
    /// It is not, for want of room.
    Full,
    /// It is not, as another program holds the store.
    Locked,
    /// It is written, and the connection is cut before the answer.
    Cut,
}

/// A store with moods.
pub struct Moody {
    mood: Mutex<Mood>,
    /// What comes of the next writes of weekly tips; all others go well.
    pub slips: Mutex<VecDeque<Slip>>,
    inner: Arc<dyn Store>,
    /// Whether anything was written.
    pub written: AtomicBool,
}

impl Moody {
    pub async fn new() -> Arc<Self> {
        Self::over(store::open("sqlite::memory:").await.expect("opened"))
    }

    pub fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { mood: Mutex::new(Mood::Well), slips: Mutex::default(), inner, written: AtomicBool::new(false) })
    }

    /// A write of weekly tips, with what befalls it.
    async fn slips<T>(&self, write: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let slip = self.slips.lock().expect("no test panics in here").pop_front().unwrap_or(Slip::None);
        match slip {
            Slip::Full => return Err(StoreError::Full("no room".into())),
            Slip::Locked => return Err(StoreError::Locked("held".into())),
            Slip::None | Slip::Cut => {}
        }
        let written = write.await?;
        if slip == Slip::Cut { Err(StoreError::Unreachable("cut".into())) } else { Ok(written) }
    }

    pub fn becomes(&self, mood: Mood) {
        *self.mood.lock().expect("no test panics in here") = mood;
    }

    async fn read(&self) -> Result<(), StoreError> {
        let mood = *self.mood.lock().expect("no test panics in here");
        match mood {
            Mood::Well | Mood::HangsOnWrite => Ok(()),
            Mood::Fails => Err(StoreError::Failed("unplugged".into())),
            Mood::Hangs => pending().await,
        }
    }

    async fn write(&self) -> Result<(), StoreError> {
        self.written.store(true, Ordering::Relaxed);
        if *self.mood.lock().expect("no test panics in here") == Mood::HangsOnWrite {
            return pending().await;
        }
        self.read().await
    }
}

#[async_trait]
impl Store for Moody {
    async fn clubs(&self) -> Result<Vec<(ClubId, Choices)>, StoreError> {
        self.read().await?;
        self.inner.clubs().await
    }
    async fn club(&self, club: ClubId) -> Result<Option<Choices>, StoreError> {
        self.read().await?;
        self.inner.club(club).await
    }
    async fn save_club(&self, club: ClubId, choices: &Choices) -> Result<(), StoreError> {
        self.write().await?;
        self.inner.save_club(club, choices).await
    }
    async fn erase_club(&self, club: ClubId) -> Result<bool, StoreError> {
        self.write().await?;
        self.inner.erase_club(club).await
    }
    async fn club_left(&self, club: ClubId, at: Timestamp) -> Result<(), StoreError> {
        self.write().await?;
        self.inner.club_left(club, at).await
    }
    async fn club_present(&self, club: ClubId) -> Result<(), StoreError> {
        self.write().await?;
        self.inner.club_present(club).await
    }
    async fn reconcile(&self, present: &[ClubId], shard: (u64, u64), at: Timestamp) -> Result<usize, StoreError> {
        self.write().await?;
        self.inner.reconcile(present, shard, at).await
    }
    async fn erase_left_before(&self, before: Timestamp) -> Result<Vec<ClubId>, StoreError> {
        self.write().await?;
        self.inner.erase_left_before(before).await
    }
    async fn count_feedback(&self, topic: &TopicId, helped: bool) -> Result<(), StoreError> {
        self.write().await?;
        self.inner.count_feedback(topic, helped).await
    }
    async fn feedback(&self) -> Result<Vec<Feedback>, StoreError> {
        self.read().await?;
        self.inner.feedback().await
    }
    async fn weekly(&self, club: ClubId) -> Result<Option<(Weeks, Version)>, StoreError> {
        self.read().await?;
        self.inner.weekly(club).await
    }
    async fn save_weekly(
        &self,
        club: ClubId,
        weeks: &Weeks,
        wake: Option<Timestamp>,
        seen: Option<Version>,
    ) -> Result<Option<Version>, StoreError> {
        self.write().await?;
        self.slips(self.inner.save_weekly(club, weeks, wake, seen)).await
    }
    async fn save_many(&self, changes: &[Change]) -> Result<Vec<Option<Version>>, StoreError> {
        self.write().await?;
        self.slips(self.inner.save_many(changes)).await
    }
    async fn stop_weekly(&self, club: ClubId) -> Result<bool, StoreError> {
        self.write().await?;
        self.inner.stop_weekly(club).await
    }
    async fn claim(&self, now: Timestamp, until: Timestamp, max: u32) -> Result<Vec<Claim>, StoreError> {
        self.write().await?;
        self.slips(self.inner.claim(now, until, max)).await
    }
    async fn claim_plan(&self) -> Result<String, StoreError> {
        self.read().await?;
        self.inner.claim_plan().await
    }
    async fn copies(&self, me: u64, now: Timestamp, gone_before: Timestamp) -> Result<u64, StoreError> {
        self.write().await?;
        self.inner.copies(me, now, gone_before).await
    }
    async fn lease(&self, name: &str, holder: u64, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.write().await?;
        self.inner.lease(name, holder, now, until).await
    }
    async fn release(&self, name: &str, holder: u64) -> Result<(), StoreError> {
        self.write().await?;
        self.inner.release(name, holder).await
    }
    async fn leases(&self, now: Timestamp) -> Result<Vec<Lease>, StoreError> {
        self.read().await?;
        self.inner.leases(now).await
    }
    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        self.read().await?;
        self.inner.changes().await
    }
    async fn export(&self) -> Result<Backup, StoreError> {
        self.read().await?;
        self.inner.export().await
    }
    async fn import(&self, backup: &Backup) -> Result<(), StoreError> {
        self.write().await?;
        self.inner.import(backup).await
    }
    async fn check(&self) -> Result<(), StoreError> {
        self.write().await?;
        self.inner.check().await
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}
