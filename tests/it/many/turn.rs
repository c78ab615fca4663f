//! Processes that start at the same time take turns to log in.

use patella::{discord::gateway::Shards, store};

use super::*;

/// Two copies with fixed shards, started at once, each with its store.
async fn started(stores: [Arc<dyn Store>; 2], world: &World) -> [Copy; 2] {
    let mut first = 0;
    stores.map(|store| {
        let share = Share::Own(Shards { first, last: first, total: 2 });
        first += 1;
        Copy::start(&world.discord, store, share, hasty())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_log_in_one_after_the_other_because_they_share_a_store() {
    let memory = async || store::open("sqlite::memory:").await.expect("opened");
    let world = World::new(2).await.in_a_hurry(90);
    let store = memory().await;
    let copies = started([store.clone(), store], &world).await;
    world.served_by(&[1, 1]).await;
    world.discord.assert_no_violations();
    for copy in copies {
        copy.stop().await;
    }
    // Without a store in common nobody keeps them apart, and Discord minds.
    let world = World::new(2).await;
    let copies = started([memory().await, memory().await], &world).await;
    world.discord.until_so("two logins", |state| state.gateway.identifies.len() >= 2).await;
    world.discord.assert_violations(&["IDENTIFY too soon"]);
    for copy in copies {
        copy.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_turn_of_a_process_that_died_is_over_by_itself() {
    let store = store::open("sqlite::memory:").await.expect("opened");
    let world = World::new(1).await;
    let begin = Instant::now();
    let now = Timestamp::now();
    let until = now + jiff::SignedDuration::from_millis(700);
    assert!(store.lease("identify", 1, now, until).await.expect("taken"));
    let copy = Copy::start(&world.discord, store, Share::Own(Shards::all(1)), hasty());
    world.served_by(&[1]).await;
    assert!(begin.elapsed() >= Duration::from_millis(650), "{:?}", begin.elapsed());
    copy.stop().await;
}
