//! Two thousand interactions while everything fails at random: each gets exactly one first response or a counted loss.
//!
//! The seed is printed; `PATELLA_SEED=...` runs the same troubles again (their timing is the machine's).

use std::collections::BTreeMap;

use fastrand::Rng;

use super::*;
use crate::stand_in::{Garbage, Scope};

const INTERACTIONS: usize = 2_000;
/// Interactions under way that the members wait for before they go on.
const CROWD: usize = 80;

fn seed() -> u64 {
    let given = std::env::var("PATELLA_SEED").ok();
    given.map_or_else(|| fastrand::u64(..), |text| text.parse().expect("PATELLA_SEED is a number"))
}

/// What happened that the tally has to account for.
#[derive(Debug, Default)]
struct Made {
    urgent: u64,
    twice: u64,
    urgent_twice: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_interaction_gets_one_first_response_or_is_a_counted_loss() {
    let seed = seed();
    println!("PATELLA_SEED={seed}");
    let mut chance = Rng::with_seed(seed);
    let mut tuning = hasty();
    tuning.work = Limits { under_way: 48, sending: 24, ..Limits::default() };
    // A connection is lost every few dozen interactions, on purpose: that is no reason to wait longer each time.
    tuning.gateway.back_off = (Duration::from_millis(20), Duration::from_millis(50));
    // A busy machine takes its time to resume. A connection that is given up before is begun anew, and what came between the two
    // was never the bot's to count.
    tuning.gateway.dead = Duration::from_secs(20);
    let mut bot = Bot::started_with(tuning, None).await;
    bot.discord.seed(seed);
    let mut made = Made::default();
    let mut asked = 0;
    while asked < INTERACTIONS {
        trouble(&bot, &mut chance, &mut made);
        for _ in 0..chance.usize(1..=64).min(INTERACTIONS - asked) {
            interact(&bot, &mut chance, &mut made).await;
            asked += 1;
        }
        let room = bot.discord.until_so("room", |state| {
            let now = state.now();
            let waiting = state.interactions.values().rev().take(400).filter(|i| i.answered.is_none() && now - i.at < 3_000);
            waiting.count() < CROWD
        });
        // Losses ring no bell.
        let _ = tokio::time::timeout(Duration::from_millis(100), room).await;
    }
    bot.discord.no_faults();
    bot.discord.connected(1).await;
    // The last event of all; with it, all others have come.
    let last = bot.discord.slash(bot.ann, bot.channel, "help", json!({})).await;
    let _ = bot.discord.first_response(last).await;
    let tally = bot.stop().await;

    let total = INTERACTIONS as u64 + 1;
    let (unanswered, twice) = bot.discord.look(|state| {
        let mut messages: BTreeMap<InteractionId, usize> = BTreeMap::new();
        for message in state.messages.values() {
            if let Some(id) = message.interaction {
                *messages.entry(id).or_default() += 1;
            }
        }
        let unanswered = state.interactions.values().filter(|i| i.answered.is_none()).count() as u64;
        (unanswered, messages.values().filter(|count| **count > 1).count())
    });
    println!("{tally:?}\n{made:?}\nunanswered: {unanswered}\nstatuses: {:?}", bot.discord.statuses());
    assert_eq!(bot.discord.look(|state| state.interactions.len()) as u64, total);
    bot.discord.assert_no_violations();
    assert_eq!(twice, 0, "nobody sees two answers");
    assert_eq!(tally.answered + tally.again + tally.shed + tally.lost, total + made.twice, "each is accounted for");
    assert!(unanswered <= tally.shed + tally.lost, "no loss is unknown");
    assert_eq!(tally.urgent, made.urgent + made.urgent_twice, "no emergency was shed");
    assert_eq!(tally.broken, 0);
    assert!(tally.answered > total / 2, "the troubles left most through");
}

/// One member does something.
async fn interact(bot: &Bot, chance: &mut Rng, made: &mut Made) {
    let (discord, ann, channel) = (&bot.discord, bot.ann, bot.channel);
    match chance.u8(0..10) {
        0 | 1 => {
            made.urgent += 1;
            bot.ask(EMERGENCY).await
        }
        2 => discord.autocomplete(ann, channel, "topic", "name", "runers knee").await,
        3 => discord.slash(ann, channel, "help", json!({})).await,
        4 => discord.slash(ann, channel, "tip", json!({})).await,
        5 => discord.slash(ann, channel, "clinic", json!({})).await,
        _ => bot.ask(ORDINARY).await,
    };
}

/// Something goes wrong, or is right again.
fn trouble(bot: &Bot, chance: &mut Rng, made: &mut Made) {
    let discord = &bot.discord;
    match chance.u8(0..14) {
        0 => drop(discord.drop_gateway()),
        1 => drop(discord.close_gateway(Some([4_000, 4_001, 4_002, 4_005, 4_008][chance.usize(0..5)]))),
        2 => drop(discord.ask_reconnect()),
        3 => drop(discord.ask_heartbeat()),
        4 => {
            let kinds = [Garbage::UnknownEvent, Garbage::MalformedMessage, Garbage::NoJson, Garbage::UnknownOpcode];
            discord.garbage(kinds[chance.usize(0..4)]);
        }
        5 => discord.change(|state| {
            let last = state.gateway.sessions.iter().find_map(|(id, session)| Some((id.clone(), session.replay.back()?.clone())));
            if let Some((session, event)) = last
                && event["t"] == "INTERACTION_CREATE"
            {
                state.gateway.send(&session, "INTERACTION_CREATE", &event["d"]);
                made.twice += 1;
                made.urgent_twice += u64::from(event["d"].to_string().contains("catch my breath"));
            }
        }),
        6 => discord.faults(|faults| faults.error_rate = 0.25 * chance.f64()),
        7 => discord.faults(|faults| faults.cut_rate = 0.25 * chance.f64()),
        8 => discord.faults(|faults| {
            (faults.storm, faults.storm_retry_after) = (chance.u32(1..40), 0.02);
            faults.storm_scope = [Scope::User, Scope::Shared, Scope::Global][chance.usize(0..3)];
        }),
        9 => discord.faults(|faults| (faults.errors, faults.error_status) = (chance.u32(1..40), 500 + chance.u16(0..5))),
        10 => discord.faults(|faults| faults.delay = Duration::from_millis(chance.u64(0..150))),
        11 => discord.faults(|faults| faults.cuts = chance.u32(1..20)),
        _ => discord.no_faults(),
    }
}
