//! Many clubs are due in the same minute, before a Discord that keeps its limits, while members ask. A small crowd here; that of
//! the docs by `PATELLA_CLUBS=10000 cargo test --release --test it weekly::backlog -- --nocapture`. Times are printed and not
//! asserted: they are this machine's.

use std::{
    collections::{BTreeMap, HashSet},
    env, fs,
    process::Stdio,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use patella::{
    club::Choices,
    id::{ClubId, PlaceId},
    store::{
        self,
        backup::{Backup, FORM, Kept, Woken},
    },
    weekly::{Plan, Weeks},
};
use serde_json::json;
use serenity::model::id::ChannelId;

use super::new_file;
use crate::{
    program::{Running, patella},
    stand_in::StandIn,
};

/// Requests a second that Discord grants a bot (topics/rate-limits).
const LIMIT: f64 = 50.0;
/// Between two questions of a member.
const ASKS_EVERY: Duration = Duration::from_millis(100);

/// Memory of a process in MB; 0 where the system does not say.
fn memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0 / 1e6
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_is_due_at_once_is_served_at_discords_pace_and_so_are_members() {
    let count: usize = env::var("PATELLA_CLUBS").ok().and_then(|text| text.parse().ok()).unwrap_or(250);
    let url = new_file("backlog.db");
    let discord = StandIn::start().await;
    // The checks of bodies would be most of the work; other tests have them.
    discord.change(|state| state.unchecked = count > 1_000);
    let home = discord.add_guild("Harbor Runners");
    let channel = discord.add_channel(home, "general");
    let ann = discord.add_member(home, "Ann", StandIn::runner());

    let began = Timestamp::now() - SignedDuration::from_mins(2);
    let local = began.to_zoned(jiff::tz::TimeZone::UTC);
    let mut places = HashSet::with_capacity(count);
    let mut clubs = Vec::with_capacity(count);
    for n in 0..count {
        let guild = discord.add_guild(&format!("Club {n}"));
        let place = discord.add_channel(guild, "tips");
        let (day, time, zone) = (local.date().weekday(), local.time(), "UTC".to_owned());
        let plan = Plan { place: PlaceId(place.get()), day, time, zone, role: None };
        let mut weeks = Weeks::start(None, plan, began).expect("a known zone");
        weeks.next = weeks.plan.slot().and_then(|slot| slot.due(local.date()));
        let weekly = Some(Woken { weeks, wake_at: Some(began) });
        clubs.push(Kept { club: ClubId(guild.get()), left_at: None, choices: Choices::default(), weekly });
        places.insert(place);
    }
    let store = store::open(&url).await.expect("opened");
    store.import(&Backup { form: FORM, clubs, feedback: Vec::new() }).await.expect("empty");
    store.close().await;

    let mut command = patella();
    command.env("DISCORD_TOKEN", discord.token()).env("PATELLA_DISCORD_API", discord.address()).env("PATELLA_STORE_URL", &url);
    // A member who asks ten times a second would be told to wait.
    command.env("PATELLA_ASK_COOLDOWN_S", "0").arg("serve").stdout(Stdio::null()).stderr(Stdio::null());
    let bot = Running::start(command);
    discord.connected(1).await;

    // When each tip came, by channel, in one look: the stand-in waits meanwhile.
    let posted = || {
        discord.look(|state| {
            let mut posted: BTreeMap<ChannelId, Vec<u64>> = BTreeMap::new();
            for message in state.messages.values().filter(|m| places.contains(&m.channel)) {
                posted.entry(message.channel).or_default().push(message.at);
            }
            posted
        })
    };
    let (mut took, mut sizes) = (Vec::new(), Vec::new());
    let patience = Duration::from_secs_f64(60.0 + 4.0 * count as f64 / LIMIT);
    let begin = Instant::now();
    let mut looked = Instant::now();
    loop {
        let asked = discord.slash(ann, channel, "ask", json!({ "question": "outside of my knee hurts at mile 4" })).await;
        took.push(discord.until("an answer", |state| state.interactions[&asked].took).await);
        tokio::time::sleep(ASKS_EVERY).await;
        if looked.elapsed() > Duration::from_secs(1) {
            looked = Instant::now();
            sizes.push(memory(bot.id()));
            if posted().len() == count {
                break;
            }
            assert!(begin.elapsed() < patience, "{} of {count} are posted", posted().len());
        }
    }
    let posted = posted();
    assert!(posted.values().all(|at| at.len() == 1), "one each");
    let refused = discord.limits(|limits| limits.refusals);
    // A machine that stalls for a moment sends what was due meanwhile at once; that is waited out and must stay rare.
    assert!(refused * 200 <= count as u64, "Discord had to say {refused} times that it is too much");
    let at = || posted.values().flatten().copied();
    let (first, last) = (at().min().unwrap_or(0), at().max().unwrap_or(0));
    let (seconds, bound) = ((last - first) as f64 / 1e3, count as f64 / LIMIT);
    took.sort_unstable();
    let ms = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
    println!("{count} clubs: {seconds:.1} s, {:.3} times what the limit allows at best ({bound:.0} s)", seconds / bound);
    println!("refused by the limit and sent again: {refused}");
    println!("{} questions meanwhile: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", took.len(), ms(50), ms(99), ms(100));
    let (begun, most) = (sizes.first().copied().unwrap_or(0.0), sizes.iter().copied().fold(0.0, f64::max));
    println!("memory: {begun:.1} MB after a second, {most:.1} MB at most");
}
