//! Parts of the shards change hands: copies that come, go, cannot reach the store, or find nothing to do.

use patella::store;

use super::*;
use crate::store::moody::{Mood, Moody};

const MS: Duration = Duration::from_millis(1);
/// Shorter than the pace of [`hasty`], longer than two logins at once are apart.
const WINDOW: u64 = 90;

async fn memory() -> Arc<dyn Store> {
    store::open("sqlite::memory:").await.expect("opened")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_come_and_go_leave_no_question_unanswered() {
    let (world, store) = (World::new(3).await.in_a_hurry(WINDOW), memory().await);
    let start = || Copy::start(&world.discord, store.clone(), Share::Parts(3), hasty());
    let (one, two, three) = (start(), start(), start());
    world.served_by(&[1, 1, 1]).await;
    shared_out(&*store, 3, 3).await;
    let load = world.load(10 * MS);
    let mut tallies = vec![one.stop().await];
    shared_out(&*store, 2, 3).await;
    world.served_by(&[1, 1, 1]).await;
    let four = start();
    shared_out(&*store, 3, 3).await;
    world.served_by(&[1, 1, 1]).await;
    tallies.push(two.stop().await);
    tallies.push(three.stop().await);
    shared_out(&*store, 1, 3).await;
    world.served_by(&[1, 1, 1]).await;
    let (asked, unanswered) = load.finish().await;
    tallies.push(four.stop().await);
    let sum = |count: fn(&Tally) -> u64| tallies.iter().map(count).sum::<u64>();
    assert_eq!(unanswered.len(), 0, "of {} in all", asked.len());
    assert_eq!((sum(|t| t.answered), sum(|t| t.lost)), (asked.len() as u64, 0), "{tallies:?}");
    assert_eq!(store.leases(Timestamp::now()).await.expect("it answers").iter().filter(|l| l.name != "identify").count(), 0);
    world.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_copies_than_parts_stand_by_and_a_single_one_runs_all() {
    let (world, store) = (World::new(2).await.in_a_hurry(WINDOW), memory().await);
    let start = || Copy::start(&world.discord, store.clone(), Share::Parts(5), hasty());
    let one = start();
    world.served_by(&[1, 1]).await;
    shared_out(&*store, 1, 2).await;
    let (two, three) = (start(), start());
    shared_out(&*store, 2, 2).await;
    let logins = |state: &crate::stand_in::State| state.gateway.identifies.len();
    world.discord.until_so("the login of the one that moved", |state| logins(state) >= 3).await;
    world.served_by(&[1, 1]).await;
    assert_eq!(world.discord.look(logins), 3, "two at first, and the one that moved");
    for copy in [one, two, three] {
        copy.stop().await;
    }
    world.served_by(&[0, 0]).await;
    world.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_alone_cannot_reach_the_store_answers_until_it_learns_that_another_does() {
    let (world, store) = (World::new(2).await.in_a_hurry(WINDOW), memory().await);
    let moods = [Moody::over(store.clone()), Moody::over(store.clone())];
    let copies = moods.clone().map(|mood| Copy::start(&world.discord, mood, Share::Parts(2), hasty()));
    world.served_by(&[1, 1]).await;
    shared_out(&*store, 2, 2).await;
    let load = world.load(10 * MS);
    for mood in [Mood::Fails, Mood::Hangs] {
        moods[1].becomes(mood);
        // When its lease is over, the other runs both; it goes on.
        shared_out(&*store, 1, 2).await;
        world.discord.until_so("three sessions", |state| state.gateway.connected() == 3).await;
        moods[1].becomes(Mood::Well);
        shared_out(&*store, 2, 2).await;
        world.served_by(&[1, 1]).await;
    }
    let (asked, unanswered) = load.finish().await;
    assert_eq!(unanswered.len(), 0, "of {}", asked.len());
    let mut answered = 0;
    for copy in copies {
        let tally = copy.stop().await;
        assert_eq!(tally.lost, 0);
        answered += tally.answered;
    }
    assert_eq!(answered, asked.len() as u64, "each once");
    world.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_away_for_all_everything_goes_on_and_nothing_moves() {
    let (world, store) = (World::new(2).await.in_a_hurry(WINDOW), memory().await);
    let moods = [Moody::over(store.clone()), Moody::over(store.clone()), Moody::over(store.clone())];
    let copies = moods.clone().map(|mood| Copy::start(&world.discord, mood, Share::Parts(2), hasty()));
    world.served_by(&[1, 1]).await;
    shared_out(&*store, 2, 2).await;
    let logins = || world.discord.look(|state| state.gateway.identifies.len());
    let before = logins();
    let load = world.load(10 * MS);
    moods.iter().for_each(|mood| mood.becomes(Mood::Hangs));
    // Until every lease is over.
    shared_out(&*store, 0, 0).await;
    moods.iter().for_each(|mood| mood.becomes(Mood::Well));
    shared_out(&*store, 2, 2).await;
    let (asked, unanswered) = load.finish().await;
    assert_eq!(unanswered.len(), 0, "of {}", asked.len());
    assert_eq!(logins(), before, "not even the third copy took what seemed to be free");
    for copy in copies {
        copy.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_without_shards_runs_until_it_is_stopped() {
    let (world, store) = (World::new(1).await, memory().await);
    let copy = Copy::start(&world.discord, store.clone(), Share::Nothing, hasty());
    world.discord.until_so("its commands", |state| !state.commands.is_empty()).await;
    copy.stop().await;
    assert_eq!(world.discord.look(|state| state.gateway.opened), 0);
    assert_eq!(store.leases(Timestamp::now()).await.expect("it answers"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_cannot_log_in_for_good_says_so_and_leaves_its_parts() {
    let (world, store) = (World::new(2).await, memory().await);
    world.discord.faults(|faults| faults.refuse_every_identify = Some(4_014));
    let copy = Copy::start(&world.discord, store.clone(), Share::Parts(2), hasty());
    let ended = tokio::time::timeout(Duration::from_secs(20), copy.running).await.expect("it ends").expect("no panic");
    assert!(ended.expect_err("it cannot go on").to_string().contains("intents"));
    assert_eq!(holders(&*store).await.1, 0);
}

/// serenity's manager forgets such a shard without closing it, if nobody tells it directly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_that_logged_in_anew_is_closed_with_the_others() {
    let (world, store) = (World::new(1).await.in_a_hurry(0), memory().await);
    let copy = Copy::start(&world.discord, store, Share::Parts(1), hasty());
    world.served_by(&[1]).await;
    world.discord.invalidate_sessions(false);
    world.discord.until_so("another login", |state| state.gateway.identifies.len() == 2).await;
    world.served_by(&[1]).await;
    copy.stop().await;
    world.served_by(&[0]).await;
}
