//! A year of tips for every zone, with a clock that is moved a quarter of an hour at a time.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use patella::{
    id::{ClubId, PlaceId},
    schedule::{Slot, day_from_name},
    store,
    weekly::Plan,
};

use super::Bot;

#[tokio::test]
async fn a_year_in_every_zone() {
    let bot = Bot::new(store::open("sqlite::memory:").await.expect("a store in memory"), "2026-01-01T00:00:30Z");
    let names: HashSet<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let mut names: Vec<String> = names.into_iter().filter(|n| !n.starts_with("posix/") && !n.starts_with("right/")).collect();
    names.sort_unstable();
    names.retain(|name| TimeZone::get(name).is_ok());
    assert!(names.len() > 400, "{} zones", names.len());
    let slots: Vec<Slot> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let day = ["sun", "sun", "sat", "mon", "thu"][at % 5];
            let (hour, minute) = [(0, 0), (1, 30), (2, 30), (3, 0), (18, 30), (23, 45), (2, 15)][at % 7];
            let zone = TimeZone::get(name).expect("it was looked up");
            Slot { day: day_from_name(day).expect("a day"), time: Time::constant(hour, minute, 0, 0), zone }
        })
        .collect();
    for (at, (name, slot)) in names.iter().zip(&slots).enumerate() {
        let plan = Plan { place: PlaceId(7), day: slot.day, time: slot.time, zone: name.clone(), role: None };
        bot.start(ClubId(at as u64), plan).await;
    }
    let end: Timestamp = "2027-01-01T00:00:30Z".parse().expect("an instant");
    let worker = bot.worker(1);
    while bot.clock.now() < end {
        bot.clock.forward(SignedDuration::from_mins(15));
        worker.once().await.expect("the store answers");
    }
    let mut posts: BTreeMap<u64, Vec<(Timestamp, String)>> = BTreeMap::new();
    for message in bot.channel.messages() {
        posts.entry(message.club.0).or_default().push((message.at, message.title));
    }
    let mut wrong = Vec::new();
    for (at, (name, slot)) in names.iter().zip(&slots).enumerate() {
        let posts = posts.remove(&(at as u64)).unwrap_or_default();
        let mut faults = Vec::new();
        if !(52..=53).contains(&posts.len()) {
            faults.push(format!("{} posts", posts.len()));
        }
        let begin: Timestamp = "2026-01-01T00:00:30Z".parse().expect("an instant");
        for ((at, _), due) in posts.iter().zip(slot.dates(begin, None)) {
            let local = at.to_zoned(slot.zone.clone());
            // The minute that was chosen, or, where the clock skipped it, as much later as it jumped: perhaps on the next day.
            let wall = due.date.to_datetime(slot.time);
            let skipped = slot.zone.to_ambiguous_timestamp(wall).is_ambiguous();
            let near = at.duration_since(due.at).abs() <= SignedDuration::from_secs(60);
            let same = local.date() == due.date && local.time().duration_since(slot.time).abs() <= SignedDuration::from_secs(60);
            if !near || !(same || skipped) || due.date.weekday() != slot.day {
                faults.push(local.to_string());
            }
        }
        let titles: HashSet<&str> = posts.iter().map(|(_, title)| title.as_str()).collect();
        if titles.len() != posts.len() {
            faults.push("a tip came twice".to_owned());
        }
        let apart = |two: &[(Timestamp, String)]| {
            let week = SignedDuration::from_hours(7 * 24);
            (two[1].0.duration_since(two[0].0) - week).abs() <= SignedDuration::from_hours(3)
        };
        if !posts.windows(2).all(apart) {
            faults.push("not a week apart".to_owned());
        }
        if !faults.is_empty() {
            wrong.push(format!("{name:32} {} {}: {}", slot.day.to_monday_one_offset(), slot.time, faults.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(bot.channel.told().is_empty(), "{:?}", bot.channel.told());
}
