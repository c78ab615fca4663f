//! Real processes, killed without warning while tips are due, before a stand-in that counts. A few seeded rounds here; more by
//! `PATELLA_ROUNDS=1000 cargo test --release --test it weekly::kill -- --nocapture`, another seed by `PATELLA_SEED`.

use std::{env, path::Path, process::Stdio, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use patella::{
    id::{ClubId, PlaceId},
    store::{self, Store},
    weekly::{End, Plan, Weeks},
};
use serenity::model::id::ChannelId;

use super::new_file;
use crate::{
    postgres,
    program::{Running, folder, patella},
    stand_in::StandIn,
};

const CLUBS: usize = 12;
/// Processes at once.
const PROCESSES: usize = 2;
/// A round that takes longer than this has lost a tip.
const PATIENCE: Duration = Duration::from_secs(180);

fn number(variable: &str, usual: u64) -> u64 {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn process(discord: &StandIn, url: &str, folder: &Path) -> Running {
    let mut command = patella();
    command.env("DISCORD_TOKEN", discord.token()).env("PATELLA_DISCORD_API", discord.address()).env("PATELLA_STORE_URL", url);
    command.arg("serve").current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    Running::start(command)
}

/// A tip that is due now for each club, with what was had before.
pub async fn make_due(store: &dyn Store, clubs: &[(ClubId, ChannelId)]) {
    for (club, channel) in clubs {
        let seen = store.weekly(*club).await.expect("read");
        let (before, version) = seen.map_or((None, None), |(weeks, version)| (Some(weeks), Some(version)));
        let begin = Timestamp::now() - SignedDuration::from_mins(2);
        let zone = "UTC".to_owned();
        let local = begin.to_zoned(jiff::tz::TimeZone::UTC);
        let plan = Plan { place: PlaceId(channel.get()), day: local.date().weekday(), time: local.time(), zone, role: None };
        let mut weeks = Weeks::start(before, plan, begin).expect("a known zone");
        weeks.next = weeks.plan.slot().and_then(|slot| slot.due(local.date()));
        // A week of its own, as far as the calendar goes.
        weeks.last = None;
        store.save_weekly(*club, &weeks, Some(Timestamp::now()), version).await.expect("saved").expect("nobody else writes");
    }
}

/// Ends the time that dead processes were given, as waiting for three minutes would.
pub async fn let_leases_lapse(store: &dyn Store, clubs: &[(ClubId, ChannelId)]) -> usize {
    let mut open = 0;
    for (club, _) in clubs {
        let Some((weeks, version)) = store.weekly(*club).await.expect("read") else { continue };
        if weeks.last.is_none() {
            open += 1;
            let _ = store.save_weekly(*club, &weeks, Some(Timestamp::now()), Some(version)).await.expect("written");
        }
    }
    open
}

async fn rounds(name: &str, url: &str) {
    let (rounds, seed) = (number("PATELLA_ROUNDS", 4), number("PATELLA_SEED", fastrand::u64(..)));
    println!("{name}: {rounds} rounds, PATELLA_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let folder = folder(format!("kill/{name}"));
    let store: Arc<dyn Store> = store::open(url).await.expect("opened");
    let discord = StandIn::start().await;
    let mut kills = 0;
    for round in 0..rounds {
        // New clubs each time: the same club and date would be the same post.
        let clubs: Vec<(ClubId, ChannelId)> = (0..CLUBS)
            .map(|n| {
                let guild = discord.add_guild(&format!("Club {round}.{n}"));
                (ClubId(guild.get()), discord.add_channel(guild, "tips"))
            })
            .collect();
        discord.faults(|faults| {
            faults.delay = Duration::from_millis(chance.u64(5..60));
            faults.cut_rate = 0.15;
            faults.only = "messages".to_owned();
        });
        make_due(&*store, &clubs).await;
        let begin = std::time::Instant::now();
        // On a busy machine a process needs longer to come to anything: one that got nothing done is followed by one that lives longer.
        let (mut life, mut before) = (1, CLUBS);
        loop {
            let children: Vec<Running> = (0..PROCESSES).map(|_| process(&discord, url, &folder)).collect();
            tokio::time::sleep(Duration::from_millis(chance.u64(150..1_000)) * life).await;
            kills += children.len();
            drop(children);
            let open = let_leases_lapse(&*store, &clubs).await;
            if open == 0 {
                break;
            }
            life = if open == before { (life * 2).min(16) } else { 1 };
            before = open;
            assert!(begin.elapsed() < PATIENCE, "round {round}: tips are missing (PATELLA_SEED={seed})");
        }
        for (club, channel) in &clubs {
            let posts = discord.messages(*channel).len();
            assert_eq!(posts, 1, "round {round}, club {club} (PATELLA_SEED={seed})");
            let (weeks, _) = store.weekly(*club).await.expect("read").expect("there");
            assert_eq!(weeks.last.map(|l| l.end), Some(End::Posted), "round {round} (PATELLA_SEED={seed})");
        }
        discord.no_faults();
        if (round + 1) % 50 == 0 || round + 1 == rounds {
            println!("{name}: {} tips, 0 lost, 0 double, {kills} processes killed", (round + 1) * CLUBS as u64);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_lose_and_double_nothing_with_sqlite() {
    let url = new_file("kill.db");
    rounds("sqlite", &url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_lose_and_double_nothing_with_postgresql() {
    let Some(url) = postgres::database() else { return };
    rounds("postgresql", &url).await;
}
