//! The copy in memory: it never waits, never fails, and never loses a change.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use patella::{
    club::{Choices, Club, Visible},
    id::{ClubId, TopicId},
    store::{ChangeError, Clubs, Feedback, StoreError},
};

use super::{
    at, bare, full,
    moody::{Mood, Moody},
    region,
};

const CLUB: ClubId = ClubId(1);

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
