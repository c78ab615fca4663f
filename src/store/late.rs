//! A store that was away when the program started, and is opened as soon as it is there.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{task::JoinHandle, time::sleep};

use super::{Backup, Change, Changes, Claim, Feedback, Lease, Store, StoreError, Version, open};
use crate::{
    club::Choices,
    id::{ClubId, TopicId},
    weekly::Weeks,
};

/// It is looked for so often.
const AGAIN: Duration = Duration::from_secs(2);

/// Until the store is there every call fails at once, as while a store is away later on.
pub(super) struct Late {
    opened: Arc<OnceLock<Arc<dyn Store>>>,
    opening: JoinHandle<()>,
}

impl Late {
    /// Goes on trying to open what the address names.
    pub(super) fn new(url: &str) -> Self {
        let opened = Arc::new(OnceLock::new());
        let opening = tokio::spawn(look_for(url.to_owned(), opened.clone()));
        Self { opened, opening }
    }

    fn there(&self) -> Result<&Arc<dyn Store>, StoreError> {
        self.opened.get().ok_or_else(|| StoreError::Unreachable("it was not there yet".into()))
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        self.opening.abort();
    }
}

async fn look_for(url: String, opened: Arc<OnceLock<Arc<dyn Store>>>) {
    // What is away needs no line each time; what has to be mended by somebody is told when it turns out.
    let mut told = String::new();
    loop {
        sleep(AGAIN).await;
        match open(&url).await {
            Ok(store) => {
                tracing::info!("the store is there");
                let _ = opened.set(store);
                return;
            }
            Err(error) if error.is_for_now() => {}
            Err(error) => {
                let line = error.to_string();
                if line != told {
                    tracing::error!(%error, "the store cannot be opened");
                    told = line;
                }
            }
        }
    }
}

#[async_trait]
impl Store for Late {
    async fn clubs(&self) -> Result<Vec<(ClubId, Choices)>, StoreError> {
        self.there()?.clubs().await
    }

    async fn club(&self, club: ClubId) -> Result<Option<Choices>, StoreError> {
        self.there()?.club(club).await
    }

    async fn save_club(&self, club: ClubId, choices: &Choices) -> Result<(), StoreError> {
        self.there()?.save_club(club, choices).await
    }

    async fn erase_club(&self, club: ClubId) -> Result<bool, StoreError> {
        self.there()?.erase_club(club).await
    }

    async fn club_left(&self, club: ClubId, at: Timestamp) -> Result<(), StoreError> {
        self.there()?.club_left(club, at).await
    }

    async fn club_present(&self, club: ClubId) -> Result<(), StoreError> {
        self.there()?.club_present(club).await
    }

    async fn reconcile(&self, present: &[ClubId], shard: (u64, u64), at: Timestamp) -> Result<usize, StoreError> {
        self.there()?.reconcile(present, shard, at).await
    }

    async fn erase_left_before(&self, before: Timestamp) -> Result<Vec<ClubId>, StoreError> {
        self.there()?.erase_left_before(before).await
    }

    async fn count_feedback(&self, topic: &TopicId, helped: bool) -> Result<(), StoreError> {
        self.there()?.count_feedback(topic, helped).await
    }

    async fn feedback(&self) -> Result<Vec<Feedback>, StoreError> {
        self.there()?.feedback().await
    }

    async fn weekly(&self, club: ClubId) -> Result<Option<(Weeks, Version)>, StoreError> {
        self.there()?.weekly(club).await
    }

    async fn save_weekly(
        &self,
        club: ClubId,
        weeks: &Weeks,
        wake: Option<Timestamp>,
        seen: Option<Version>,
    ) -> Result<Option<Version>, StoreError> {
        self.there()?.save_weekly(club, weeks, wake, seen).await
    }

    async fn save_many(&self, changes: &[Change]) -> Result<Vec<Option<Version>>, StoreError> {
        self.there()?.save_many(changes).await
    }

    async fn stop_weekly(&self, club: ClubId) -> Result<bool, StoreError> {
        self.there()?.stop_weekly(club).await
    }

    async fn claim(&self, now: Timestamp, until: Timestamp, max: u32) -> Result<Vec<Claim>, StoreError> {
        self.there()?.claim(now, until, max).await
    }

    async fn claim_plan(&self) -> Result<String, StoreError> {
        self.there()?.claim_plan().await
    }

    async fn copies(&self, me: u64, now: Timestamp, gone_before: Timestamp) -> Result<u64, StoreError> {
        self.there()?.copies(me, now, gone_before).await
    }

    async fn lease(&self, name: &str, holder: u64, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.there()?.lease(name, holder, now, until).await
    }

    async fn release(&self, name: &str, holder: u64) -> Result<(), StoreError> {
        self.there()?.release(name, holder).await
    }

    async fn leases(&self, now: Timestamp) -> Result<Vec<Lease>, StoreError> {
        self.there()?.leases(now).await
    }

    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        self.there()?.changes().await
    }

    async fn export(&self) -> Result<Backup, StoreError> {
        self.there()?.export().await
    }

    async fn import(&self, backup: &Backup) -> Result<(), StoreError> {
        self.there()?.import(backup).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.there()?.check().await
    }

    async fn close(&self) {
        self.opening.abort();
        if let Some(store) = self.opened.get() {
            store.close().await;
        }
    }
}
