//! What serenity does by itself when a session breaks: does it resume, or log in anew without asking for a turn? docs/design.md has
//! what is measured here.

use patella::store;

use super::*;

/// Ways to break a session, and what then comes: a RESUME or an IDENTIFY.
const WAYS: [(&str, Break, Comes); 9] = [
    ("the connection is cut", |d| _ = d.drop_gateway(), Comes::Resume),
    ("it is closed with 4000", |d| _ = d.close_gateway(Some(4_000)), Comes::Resume),
    ("it is closed with 1001", |d| _ = d.close_gateway(Some(1_001)), Comes::Resume),
    ("Discord asks to reconnect (op 7)", |d| _ = d.ask_reconnect(), Comes::Resume),
    ("the session is invalid and can be resumed (op 9 true)", |d| _ = d.invalidate_sessions(true), Comes::Resume),
    ("the session is invalid (op 9 false)", |d| _ = d.invalidate_sessions(false), Comes::Identify),
    // serenity does not see the end before a heartbeat is due.
    ("it is closed without a code", |d| _ = d.close_gateway(None), Comes::Identify),
    ("it is closed with 4009", |d| _ = d.close_gateway(Some(4_009)), Comes::Identify),
    ("heartbeats are not acknowledged", |d| d.faults(|faults| faults.no_acknowledgement = true), Comes::Identify),
];

type Break = fn(&StandIn);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comes {
    Resume,
    Identify,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_serenity_does_when_a_session_breaks() {
    let mut tasks = Vec::new();
    for (name, strike, expected) in WAYS {
        tasks.push(tokio::spawn(async move {
            let world = World::new(1).await.in_a_hurry(0);
            world.discord.gateway(|gateway| gateway.heartbeat_interval = 1_000);
            let store = store::open("sqlite::memory:").await.expect("opened");
            // Patella's own watch would start a dead shard again: here serenity is alone.
            let mut tuning = hasty();
            tuning.gateway.dead = Duration::from_secs(60);
            let copy = Copy::start(&world.discord, store, Share::Own(patella::discord::gateway::Shards::all(1)), tuning);
            world.served_by(&[1]).await;
            let begin = Instant::now();
            strike(&world.discord);
            let counts = |state: &crate::stand_in::State| (state.gateway.resumes, state.gateway.identifies.len());
            world.discord.until_so(name, |state| counts(state) != (0, 1)).await;
            world.discord.faults(|faults| faults.no_acknowledgement = false);
            let took = begin.elapsed();
            world.served_by(&[1]).await;
            let comes = match world.discord.look(counts) {
                (_, 1) => Comes::Resume,
                _ => Comes::Identify,
            };
            println!("{name}: {comes:?} after {:.1} s", took.as_secs_f64());
            copy.stop().await;
            (name, comes, expected)
        }));
    }
    let mut wrong = Vec::new();
    for task in tasks {
        let (name, comes, expected) = task.await.expect("no panic");
        wrong.extend((comes != expected).then_some((name, comes)));
    }
    assert_eq!(wrong, []);
}
