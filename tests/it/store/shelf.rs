//! The copy in memory: it never waits, never fails, and never loses a change.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jiff::Timestamp;
use patella::{
    club::{Choices, Club, Visible},
    id::{ClubId, TopicId},
    store::{self, ChangeError, Claim, Clubs, Feedback, Store, StoreError, Version, backup::Backup},
    weekly::Weeks,
};

use super::{at, bare, full, region};

const CLUB: ClubId = ClubId(1);

/// How a store that cannot be relied on behaves now.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Fails,
    Hangs,
    /// Reads, but never comes back from a write.
    HangsOnWrite,
}

/// A store in memory with moods.
struct Moody {
    mood: Mutex<Mood>,
    inner: Arc<dyn Store>,
    written: AtomicBool,
}

impl Moody {
    async fn new() -> Arc<Self> {
        let inner = store::open("sqlite::memory:").await.expect("opened");
        Arc::new(Self { mood: Mutex::new(Mood::Well), inner, written: AtomicBool::new(false) })
    }

    fn becomes(&self, mood: Mood) {
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
        self.inner.save_weekly(club, weeks, wake, seen).await
    }
    async fn stop_weekly(&self, club: ClubId) -> Result<bool, StoreError> {
        self.write().await?;
        self.inner.stop_weekly(club).await
    }
    async fn claim(&self, now: Timestamp, until: Timestamp, max: u32) -> Result<Vec<Claim>, StoreError> {
        self.write().await?;
        self.inner.claim(now, until, max).await
    }
    async fn copies(&self, me: u64, now: Timestamp, gone_before: Timestamp) -> Result<u64, StoreError> {
        self.write().await?;
        self.inner.copies(me, now, gone_before).await
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

fn operator() -> Club {
    Club { clinics: vec![bare("Operator's")], region: Some("us".into()), visible: Visible::Me }
}

fn set(new: Choices) -> impl FnOnce(&mut Choices) -> Result<(), &'static str> {
    move |choices| {
        *choices = new;
        Ok(())
    }
}

#[tokio::test]
async fn a_clubs_choices_come_over_the_operators() {
    let moody = Moody::new().await;
    let clubs = Clubs::new(Some(moody.clone()), operator());
    assert_eq!(*clubs.of(Some(CLUB)), operator());
    assert_eq!(*clubs.of(None), operator(), "a direct message");
    assert_eq!(clubs.choices(CLUB).await.expect("read"), Choices::default());

    assert_eq!(clubs.change(CLUB, set(region("uk"))).await.expect("changed"), region("uk"));
    let expected = Club { region: Some("uk".into()), ..operator() };
    assert_eq!(*clubs.of(Some(CLUB)), expected, "at once; what was left alone is the operator's");
    clubs.change(CLUB, set(full())).await.expect("changed");
    let own = Club { clinics: full().clinics, region: Some("uk".into()), visible: Visible::Everyone };
    assert_eq!(*clubs.of(Some(CLUB)), own);
    assert_eq!(*clubs.of(Some(ClubId(2))), operator(), "a neighbor");
    assert_eq!(clubs.choices(CLUB).await.expect("read"), full());

    let restarted = Clubs::new(Some(moody.clone()), operator());
    assert_eq!(*restarted.of(Some(CLUB)), operator(), "nothing was read yet");
    restarted.refresh().await.expect("read");
    assert_eq!(*restarted.of(Some(CLUB)), own);

    assert!(clubs.erase(CLUB).await.expect("erased"));
    assert!(!clubs.erase(CLUB).await.expect("erased"), "nothing was left");
    assert_eq!(*clubs.of(Some(CLUB)), operator());
    restarted.refresh().await.expect("read");
    assert_eq!(*restarted.of(Some(CLUB)), operator(), "another program's erasure is seen");
}

#[tokio::test]
async fn a_refused_or_empty_change_writes_nothing() {
    let moody = Moody::new().await;
    let clubs = Clubs::new(Some(moody.clone()), operator());
    let refused = |choices: &mut Choices| {
        choices.region = Some("atlantis".into());
        Err("no such region")
    };
    let error = clubs.change(CLUB, refused).await.expect_err("refused");
    assert!(matches!(error, ChangeError::Refused("no such region")), "{error:?}");
    clubs.change(CLUB, set(Choices::default())).await.expect("nothing to do");
    assert!(!moody.written.load(Ordering::Relaxed));
    assert_eq!(*clubs.of(Some(CLUB)), operator());
}

#[tokio::test]
async fn a_failing_store_leaves_settings_as_they_are() {
    let moody = Moody::new().await;
    let clubs = Clubs::new(Some(moody.clone()), operator());
    clubs.change(CLUB, set(region("uk"))).await.expect("changed");
    let before = clubs.of(Some(CLUB));
    moody.becomes(Mood::Fails);
    let error = clubs.change(CLUB, set(full())).await.expect_err("down");
    assert!(matches!(error, ChangeError::Store(StoreError::Failed(_))), "{error:?}");
    assert!(clubs.refresh().await.is_err());
    assert!(clubs.erase(CLUB).await.is_err());
    assert!(clubs.choices(CLUB).await.is_err());
    assert!(clubs.erase_left_before(at(0)).await.is_err());
    assert_eq!(*clubs.of(Some(CLUB)), *before, "what was read last is in force");
    moody.becomes(Mood::Well);
    clubs.change(CLUB, set(full())).await.expect("the store is back");
    assert_eq!(clubs.of(Some(CLUB)).visible, Visible::Everyone);
}

#[tokio::test]
async fn a_hanging_store_uses_up_nobodys_three_seconds() {
    let moody = Moody::new().await;
    let clubs = Arc::new(Clubs::new(Some(moody.clone()), operator()));
    clubs.change(CLUB, set(region("uk"))).await.expect("changed");
    let before = clubs.of(Some(CLUB));
    for mood in [Mood::Hangs, Mood::HangsOnWrite] {
        moody.becomes(mood);
        let start = Instant::now();
        // A crowd waits no longer than one: they wait for their turn and for the store inside the same limit.
        let crowd: Vec<_> = (0..5u64)
            .map(|n| {
                let clubs = clubs.clone();
                tokio::spawn(async move { clubs.change(ClubId(1 + n % 2), set(full())).await })
            })
            .collect();
        let thumb = clubs.clone();
        let feedback = tokio::spawn(async move { thumb.count_feedback(&TopicId::new("pain.front"), true).await });
        assert_eq!(*clubs.of(Some(CLUB)), *before, "reading never waits");
        for task in crowd {
            let error = task.await.expect("no panic").expect_err("hangs");
            assert!(matches!(error, ChangeError::Slow), "{error:?}");
        }
        feedback.await.expect("it fails nobody");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert_eq!(*clubs.of(Some(CLUB)), *before);
    }
    assert_eq!(clubs.lost_feedback(), 2);
    moody.becomes(Mood::Well);
    clubs.change(CLUB, set(full())).await.expect("no turn was lost for good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_at_once_are_all_kept() {
    let clubs = Arc::new(Clubs::new(Some(Moody::new().await), operator()));
    let tasks: Vec<_> = (0..20u64)
        .map(|n| {
            let clubs = clubs.clone();
            tokio::spawn(async move {
                let add = |choices: &mut Choices| {
                    choices.clinics.push(bare(&n.to_string()));
                    Ok::<(), ()>(())
                };
                clubs.change(CLUB, add).await.expect("changed");
                clubs.refresh().await.expect("a refresh beside it takes nothing back");
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let mut names: Vec<u64> = clubs.of(Some(CLUB)).clinics.iter().map(|c| c.name.parse().expect("a number")).collect();
    names.sort_unstable();
    assert_eq!(names, (0..20).collect::<Vec<_>>());
    assert_eq!(clubs.choices(CLUB).await.expect("read").clinics, clubs.of(Some(CLUB)).clinics, "memory is what is stored");
}

#[tokio::test]
async fn a_sweep_forgets_in_memory_too() {
    let moody = Moody::new().await;
    let clubs = Clubs::new(Some(moody.clone()), operator());
    clubs.change(CLUB, set(full())).await.expect("changed");
    clubs.store().expect("given").club_left(CLUB, at(100)).await.expect("noted");
    assert_eq!(clubs.erase_left_before(at(101)).await.expect("swept"), 1);
    assert_eq!(*clubs.of(Some(CLUB)), operator());
}

#[tokio::test]
async fn without_a_store_the_operators_settings_hold() {
    let clubs = Clubs::new(None, operator());
    clubs.refresh().await.expect("nothing to read");
    assert_eq!(clubs.erase_left_before(at(0)).await.expect("nothing to sweep"), 0);
    assert_eq!(*clubs.of(Some(CLUB)), operator());
    let error = clubs.change(CLUB, set(full())).await.expect_err("nowhere to keep it");
    assert!(matches!(error, ChangeError::NoStore), "{error:?}");
    clubs.count_feedback(&TopicId::new("pain.front"), true).await;
    assert_eq!(clubs.lost_feedback(), 0, "nothing is lost that nobody meant to keep");
}

#[tokio::test]
async fn feedback_troubles_nobody() {
    let moody = Moody::new().await;
    let clubs = Clubs::new(Some(moody.clone()), operator());
    let topic = TopicId::new("pain.front");
    clubs.count_feedback(&topic, true).await;
    moody.becomes(Mood::Fails);
    clubs.count_feedback(&topic, false).await;
    moody.becomes(Mood::Well);
    assert_eq!(clubs.lost_feedback(), 1);
    let kept = clubs.store().expect("given").feedback().await.expect("read");
    assert_eq!(kept, [Feedback { topic, helped: 1, not_helped: 0 }]);
}
