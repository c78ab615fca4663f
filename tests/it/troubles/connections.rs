//! Connections that end, fall silent, or bring what nobody can read.

use std::time::Duration;

use tokio::task::JoinSet;

use super::*;
use crate::stand_in::Garbage;

/// Every close code after which a bot may come back (topics/opcodes-and-status-codes), two of WebSocket's own, and none.
const PASSING: [Option<u16>; 12] = [
    None,
    Some(1_000),
    Some(1_001),
    Some(4_000),
    Some(4_001),
    Some(4_002),
    Some(4_003),
    Some(4_005),
    Some(4_007),
    Some(4_008),
    Some(4_009),
    Some(4_012),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn after_every_passing_close_code_the_bot_is_back() {
    let mut bots = JoinSet::new();
    for code in PASSING {
        bots.spawn(async move {
            let mut bot = Bot::started().await;
            bot.answer().await;
            let opened = bot.discord.look(|state| state.gateway.opened);
            assert_eq!(bot.discord.close_gateway(code), 1);
            bot.discord
                .until_so(&format!("a new connection after {code:?}"), |state| {
                    state.gateway.opened > opened && state.gateway.connected() == 1
                })
                .await;
            bot.answer().await;
            let tally = bot.stop().await;
            assert_eq!((tally.answered, tally.lost), (2, 0), "{code:?}");
        });
    }
    while let Some(ended) = bots.join_next().await {
        ended.expect("no test panicked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn close_codes_that_would_come_again_stop_the_bot_and_say_what_to_do() {
    let mut bots = JoinSet::new();
    for (code, wrong, mend) in [
        (4_004, "bot token", "Reset it in the Developer Portal"),
        (4_010, "shards", "Correct `discord.shards`"),
        (4_011, "shards", "leave it out"),
        (4_013, "intents", "Update it"),
        (4_014, "intents", "Update it"),
    ] {
        bots.spawn(async move {
            let mut bot = Bot::new().await;
            bot.discord.faults(|faults| faults.refuse_every_identify = Some(code));
            bot.start(hasty(), None);
            let error = bot.ended().await.expect_err("it cannot go on").to_string();
            assert!(error.contains(wrong) && error.contains(mend), "{code}: {error}");
            let identifies = bot.discord.look(|state| state.gateway.opened);
            assert!(identifies <= 8, "{code}: {identifies} connections");
        });
    }
    while let Some(ended) = bots.join_next().await {
        ended.expect("no test panicked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_falls_silent_is_replaced() {
    let bot = Bot::started().await;
    assert_eq!(bot.discord.half_close_gateway(), 1);
    let asked = bot.ask(ORDINARY).await;
    bot.discord.until_so("another session", |state| state.gateway.identifies.len() >= 2).await;
    bot.answer().await;
    // It was asked of a session that is gone: nobody can know of it, and it is not answered late either.
    assert!(!bot.answered(asked));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_without_acknowledgements_is_replaced() {
    let bot = Bot::started().await;
    bot.discord.faults(|faults| faults.no_acknowledgement = true);
    bot.discord.until_so("another connection", |state| state.gateway.opened >= 2).await;
    bot.discord.faults(|faults| faults.no_acknowledgement = false);
    bot.discord.until_so("another session", |state| state.gateway.identifies.len() >= 2).await;
    bot.answer().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_missed_during_a_drop_is_answered_after_the_resume() {
    let mut bot = Bot::started().await;
    bot.answer().await;
    assert_eq!(bot.discord.drop_gateway(), 1);
    bot.discord.until_so("the end of the connection", |state| state.gateway.connected() == 0).await;
    let asked = bot.ask(ORDINARY).await;
    bot.discord.first_response(asked).await;
    let (resumes, identifies) = bot.discord.look(|state| (state.gateway.resumes, state.gateway.identifies.len()));
    assert_eq!((resumes, identifies), (1, 1));
    assert_eq!(bot.stop().await.answered, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn garbage_is_counted_and_troubles_nobody() {
    let mut bot = Bot::started().await;
    for kind in [
        Garbage::UnknownEvent,
        Garbage::MalformedInteraction,
        Garbage::EmptyInteraction,
        Garbage::MalformedMessage,
        Garbage::UnknownOpcode,
        Garbage::NoJson,
        Garbage::NoZlib,
    ] {
        bot.discord.garbage(kind);
    }
    bot.discord.strange_interaction(bot.ann, bot.channel, 2, json!({ "id": "1", "name": "retired", "type": 1 }));
    bot.discord.strange_interaction(bot.ann, bot.channel, 3, json!({ "component_type": 2, "custom_id": "v0:gone" }));
    bot.callbacks(3).await;
    bot.answer().await;
    bot.discord.assert_no_violations();
    let tally = bot.stop().await;
    // The malformed interaction has an id and a token, so it is answered; but the stand-in knows of none.
    assert_eq!((tally.answered, tally.lost, tally.broken), (3, 1, 0));
    // For an event of an unknown kind nobody waits.
    assert_eq!(tally.unread, 1, "the empty interaction: {tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_always_ends_again_is_tried_ever_less_often() {
    let bot = Bot::started().await;
    let closing = Duration::from_secs(3);
    let end = std::time::Instant::now() + closing;
    while std::time::Instant::now() < end {
        let opened = bot.discord.look(|state| state.gateway.opened);
        bot.discord.close_gateway(Some(4_000));
        let next =
            bot.discord.until_so("the next connection", |state| state.gateway.opened > opened && state.gateway.connected() == 1);
        next.await;
    }
    // Unpaced, it is hundreds; eight are free, the others wait 50 to 400 ms, with jitter.
    let opened = bot.discord.look(|state| state.gateway.opened);
    assert!((8..40).contains(&opened), "{opened} connections in {closing:?}");
    bot.answer().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn as_many_shards_as_discord_recommends_and_none_is_started_twice() {
    let bot = Bot::new().await;
    let mut bot = bot;
    bot.discord.gateway(|gateway| {
        gateway.shards = 3;
        gateway.hold_identify_limit = true;
    });
    bot.start(hasty(), None);
    bot.discord.connected(3).await;
    let identifies: Vec<(u64, u64)> =
        bot.discord.look(|state| state.gateway.identifies.iter().map(|(_, shard)| *shard).collect());
    assert_eq!(identifies, [(0, 3), (1, 3), (2, 3)]);
    bot.answer().await;
}
