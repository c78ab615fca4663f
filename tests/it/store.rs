//! What is stored about clubs: the story that every store passes, SQLite's own troubles, and the copy in memory.

#[path = "store/moody.rs"]
pub mod moody;
#[cfg(feature = "postgres")]
#[path = "store/postgres.rs"]
mod postgres;
#[path = "store/shelf.rs"]
mod shelf;
#[path = "store/sqlite.rs"]
mod sqlite;
#[path = "store/typed.rs"]
mod typed;

use std::{future::poll_fn, path::PathBuf, pin::pin, sync::Arc, task::Poll};

use jiff::{Timestamp, civil::date};
use patella::{
    club::{Choices, Visible},
    id::{ClubId, TopicId},
    reply::Clinic,
    store::{self, Feedback, Lease, Store},
};

/// A fresh folder for one test.
fn folder(test: &str) -> PathBuf {
    crate::program::folder(format!("store/{test}"))
}

fn clinic(name: &str) -> Clinic {
    Clinic {
        name: name.into(),
        phone: "+1 555 0100 ext. 7".into(),
        hours: "Mon–Fri 8–19; \"by appointment\"".into(),
        languages: vec!["English".into(), "Español".into(), "日本語".into()],
        link: "https://clinic.example/?a=1&b='2'".into(),
        last_checked: Some(date(2026, 2, 28)),
    }
}

fn bare(name: &str) -> Clinic {
    Clinic {
        name: name.into(),
        phone: "112".into(),
        hours: String::new(),
        languages: Vec::new(),
        link: String::new(),
        last_checked: None,
    }
}

/// All that a club can choose.
fn full() -> Choices {
    Choices {
        clinics: vec![clinic("Zenith"), bare("'; DROP TABLE club; --"), clinic("Acorn")],
        region: Some("uk".into()),
        visible: Some(Visible::Everyone),
    }
}

fn region(name: &str) -> Choices {
    Choices { region: Some(name.into()), ..Choices::default() }
}

/// Seconds since 1970.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// What a store is for, told step by step. `open` gives the same store again each time, perhaps closed in between.
async fn story(open: impl AsyncFn() -> Arc<dyn Store>) {
    let (club, other) = (ClubId(1_234_567_890_123_456_789), ClubId(42));

    let store = open().await;
    store.check().await.expect("a new store is sound");
    assert_eq!(store.clubs().await.expect("read"), []);
    assert_eq!(store.club(club).await.expect("read"), None);
    assert!(!store.erase_club(club).await.expect("written"), "nothing was stored");
    store.save_club(club, &full()).await.expect("saved");
    assert_eq!(store.club(other).await.expect("read"), None, "a neighbor has nothing");
    store.save_club(other, &Choices::default()).await.expect("saved");

    let store = open().await;
    assert_eq!(store.club(club).await.expect("read"), Some(full()), "each word and the order of clinics come back");
    assert_eq!(store.clubs().await.expect("read"), [(other, Choices::default()), (club, full())]);
    let fewer = Choices { clinics: vec![clinic("Acorn")], region: None, visible: Some(Visible::Me) };
    store.save_club(club, &fewer).await.expect("saved");

    let store = open().await;
    assert_eq!(store.club(club).await.expect("read"), Some(fewer), "what was saved last, and nothing else");
    assert!(store.erase_club(club).await.expect("erased"));
    let store = open().await;
    assert_eq!(store.clubs().await.expect("read"), [(other, Choices::default())]);
    store.save_club(club, &region("us")).await.expect("saved");
    assert_eq!(store.club(club).await.expect("read"), Some(region("us")), "no clinic came back");
    for id in [club, other] {
        store.erase_club(id).await.expect("erased");
    }

    leaving(&open).await;
    shards(&open).await;
    thumbs(&open).await;
    leases(&open).await;
    crowd(&open).await;
    dropped(&open).await;
    open().await.check().await.expect("sound to the end");
}

/// Clubs that remove the bot, return, and are forgotten.
async fn leaving(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let [gone, back, saved, there] = [1, 2, 3, 4].map(|n| ClubId(n << 22));
    let store = open().await;
    for id in [gone, back, saved, there] {
        store.save_club(id, &full()).await.expect("saved");
    }
    for id in [gone, back, saved, ClubId(99)] {
        store.club_left(id, at(100)).await.expect("noted");
    }
    assert_eq!(store.club(ClubId(99)).await.expect("read"), None, "leaving stores nothing about a club that stored nothing");
    store.club_left(gone, at(900)).await.expect("noted again");
    store.club_present(back).await.expect("noted");
    store.save_club(saved, &region("us")).await.expect("saved");

    let store = open().await;
    assert_eq!(store.club(gone).await.expect("read"), Some(full()), "nothing is forgotten at once");
    assert_eq!(store.erase_left_before(at(100)).await.expect("swept"), [], "not before the day");
    assert_eq!(store.erase_left_before(at(101)).await.expect("swept"), [gone], "the first date counts");
    assert_eq!(store.erase_left_before(at(10_000)).await.expect("swept"), [], "those that returned are there");
    assert_eq!(store.club(gone).await.expect("read"), None);
    for id in [back, saved, there] {
        assert!(store.erase_club(id).await.expect("erased"));
    }
}

/// What the gateway reports, shard by shard.
async fn shards(open: &impl AsyncFn() -> Arc<dyn Store>) {
    // Two clubs for each of three shards; the last has the highest bit, which no club of Discord has yet.
    let ids = [0, 1, 2, 3, 4, (1 << 42) - 5].map(|n| ClubId(n << 22 | 7));
    let of = |index: u64| ids.iter().copied().filter(move |id| (id.0 >> 22) % 3 == index).collect::<Vec<_>>();
    assert!([0, 1, 2].iter().all(|index| of(*index).len() == 2), "two clubs a shard");
    let store = open().await;
    for id in ids {
        store.save_club(id, &region("us")).await.expect("saved");
    }
    assert_eq!(store.reconcile(&ids[..3], (0, 3), at(100)).await.expect("done"), 1, "of shard 0 one is missing");
    assert_eq!(store.reconcile(&[], (1, 3), at(200)).await.expect("done"), 2, "of shard 1 both are");
    assert_eq!(store.reconcile(&[ClubId(5 << 22)], (2, 3), at(300)).await.expect("done"), 2, "of shard 2 both are");
    assert_eq!(store.reconcile(&of(1)[..1], (1, 3), at(400)).await.expect("done"), 0, "one returned, one is gone as before");

    let store = open().await;
    let swept = async |before| {
        let mut swept = store.erase_left_before(at(before)).await.expect("swept");
        swept.sort();
        swept
    };
    assert_eq!(swept(101).await, of(0)[1..], "the missing one of shard 0");
    assert_eq!(swept(201).await, of(1)[1..], "its first date counts");
    assert_eq!(swept(301).await, of(2));
    assert_eq!(store.reconcile(&[], (0, 1), at(500)).await.expect("done"), 2, "one shard has all clubs");
    assert_eq!(swept(501).await.len(), 2);
    assert_eq!(store.clubs().await.expect("read"), []);
}

async fn thumbs(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let store = open().await;
    assert_eq!(store.feedback().await.expect("read"), []);
    let (outside, front) = (TopicId::new("pain.outside"), TopicId::new("pain.front"));
    for (topic, helped) in [(&outside, true), (&outside, false), (&front, false), (&outside, true)] {
        store.count_feedback(topic, helped).await.expect("counted");
    }
    let expected = [Feedback { topic: front, helped: 0, not_helped: 1 }, Feedback { topic: outside, helped: 2, not_helped: 1 }];
    assert_eq!(open().await.feedback().await.expect("read"), expected);
}

/// What copies of the program hold for a while.
async fn leases(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let (me, other) = (u64::MAX, 7);
    let store = open().await;
    let held = |name: &str, holder| Lease { name: name.to_owned(), holder };
    assert_eq!(store.leases(at(0)).await.expect("read"), []);
    assert!(store.lease("b", me, at(100), at(110)).await.expect("taken"), "it was free");
    assert!(!store.lease("b", other, at(109), at(120)).await.expect("asked"), "not before its end");
    assert!(store.lease("b", me, at(109), at(130)).await.expect("held"), "its holder goes on");
    assert!(store.lease("a", other, at(109), at(130)).await.expect("taken"), "another is another");

    let store = open().await;
    assert_eq!(store.leases(at(129)).await.expect("read"), [held("a", other), held("b", me)]);
    store.release("b", other).await.expect("nothing to give back");
    assert!(!store.lease("b", other, at(129), at(140)).await.expect("asked"), "nobody gives back another's");
    store.release("b", me).await.expect("given back");
    assert!(store.lease("b", other, at(129), at(140)).await.expect("taken"), "it was given back");
    assert!(store.lease("a", me, at(130), at(140)).await.expect("taken"), "it was over");
    assert!(!store.lease("a", other, at(130), at(150)).await.expect("asked"), "who had it has it no more");
    assert_eq!(store.export().await.expect("read").clubs, [], "a backup holds none");
    assert_eq!(store.leases(at(140)).await.expect("read"), [], "all are over");

    // Ten copies want the same ten things at once: each has one holder.
    let asks = (0..100u64).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.lease(&format!("part {}", n % 10), n / 10, at(200), at(210)).await.expect("asked") })
    });
    let got = futures_util::future::join_all(asks).await;
    assert_eq!(got.into_iter().filter(|got| *got.as_ref().expect("no panic")).count(), 10);
    assert_eq!(store.leases(at(209)).await.expect("read").len(), 10);
    assert_eq!(store.leases(at(210)).await.expect("read"), []);
}

/// Fifty writers at once: each write arrives, and none meets a lock.
async fn crowd(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let (store, topic) = (open().await, TopicId::new("pain.inside"));
    let tasks: Vec<_> = (0..50u64)
        .map(|n| {
            let (store, topic) = (store.clone(), topic.clone());
            tokio::spawn(async move {
                let choices = Choices { clinics: vec![bare(&n.to_string())], ..Choices::default() };
                store.save_club(ClubId(n), &choices).await.expect("saved");
                store.count_feedback(&topic, n % 5 == 0).await.expect("counted");
                assert_eq!(store.club(ClubId(n)).await.expect("read"), Some(choices), "own writes are read back");
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task failed");
    }
    let store = open().await;
    assert_eq!(store.clubs().await.expect("read").len(), 50);
    let counted = store.feedback().await.expect("read").into_iter().find(|f| f.topic == topic);
    assert_eq!(counted, Some(Feedback { topic, helped: 10, not_helped: 40 }));
    for n in 0..50 {
        store.erase_club(ClubId(n)).await.expect("erased");
    }
}

/// Polls a future so many times at most, and drops it.
async fn give_up_after(polls: usize, future: impl Future) {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        left -= 1;
        let done = future.as_mut().poll(context).is_ready();
        if done || left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// A write that its caller gives up, at any moment, happened or did not: never half.
async fn dropped(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let (store, club) = (open().await, ClubId(7));
    let (old, new) = (full(), Choices { clinics: vec![bare("a"), bare("b"), bare("c")], ..region("us") });
    store.save_club(club, &old).await.expect("saved");
    let mut outcomes = [0, 0];
    for patience in 1..60 {
        give_up_after(patience, store.save_club(club, &new)).await;
        let now = store.club(club).await.expect("read").expect("stored");
        assert!(now == old || now == new, "half a write after {patience} polls: {now:?}");
        outcomes[usize::from(now == new)] += 1;
        store.save_club(club, &old).await.expect("the store goes on");
    }
    assert!(outcomes.iter().all(|n| *n > 0), "some were given up in time, and some were not: {outcomes:?}");
    assert!(store.erase_club(club).await.expect("erased"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_in_memory() {
    let store = store::open("sqlite::memory:").await.expect("opened");
    story(async || store.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_in_a_file_that_is_opened_again_and_again() {
    let url = format!("sqlite://{}", folder("story").join("patella.db").display());
    story(async || store::open(&url).await.expect("opened")).await;
}
