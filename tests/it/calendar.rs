//! The tip calendar, over years, zones and the real deck.

use std::collections::{BTreeMap, HashSet};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday, date},
    tz::TimeZone,
};
use patella::{
    embedded,
    id::{ClubId, PlaceId},
    knowledge::Tip,
    schedule::Slot,
    tips::{
        choose, coming,
        deck::{self, Week},
    },
    weekly::{End, Had, Plan, Weeks},
};

/// Every zone of the database that is in use here, aliases included.
fn zones() -> Vec<TimeZone> {
    let names: HashSet<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let mut names: Vec<String> = names.into_iter().filter(|n| !n.starts_with("posix/") && !n.starts_with("right/")).collect();
    names.sort_unstable();
    names.iter().filter_map(|name| TimeZone::get(name).ok()).collect()
}

/// Times at which clocks change in most zones, and two at which they do not.
const TIMES: [Time; 6] = [
    Time::constant(0, 0, 0, 0),
    Time::constant(1, 30, 0, 0),
    Time::constant(2, 30, 0, 0),
    Time::constant(3, 0, 0, 0),
    Time::constant(18, 30, 0, 0),
    Time::constant(23, 59, 0, 0),
];

#[test]
fn each_zone_has_a_tip_a_week_at_its_hour() {
    let zones = zones();
    assert!(zones.len() > 400, "{} zones", zones.len());
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for (at, zone) in zones.iter().enumerate() {
        let name = zone.iana_name().expect("a named zone");
        // Sundays in half of the zones: clocks change then.
        let day =
            if at % 2 == 0 { Weekday::Sunday } else { Weekday::from_monday_zero_offset((at / 2 % 7) as i8).expect("a day") };
        let slot = Slot { day, time: TIMES[at % TIMES.len()], zone: zone.clone() };
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().expect("an instant");
        let end: Timestamp = "2027-01-01T00:00:00Z".parse().expect("an instant");
        let year: Vec<_> = slot.dates(begin, None).take_while(|due| due.at < end).collect();
        let mut faults = Vec::new();
        if !(52..=53).contains(&year.len()) {
            faults.push(format!("{} dates", year.len()));
        }
        for due in &year {
            let local = due.at.to_zoned(zone.clone());
            let wall = local.time() == slot.time && local.date() == due.date;
            // Only where the time is skipped may it be later, by as much as the clock jumps.
            let skipped = zone.to_ambiguous_timestamp(due.date.to_datetime(slot.time)).is_ambiguous() && local.time() > slot.time;
            if due.date.weekday() != day || !(wall || skipped) {
                faults.push(format!("{local}"));
            }
        }
        if year.windows(2).any(|two| two[1].date != two[0].date.saturating_add(7.days()) || two[1].at <= two[0].at) {
            faults.push("not a week apart".to_owned());
        }
        if !faults.is_empty() {
            wrong.insert(name.to_owned(), faults.join("; "));
        }
    }
    let table: Vec<String> = wrong.iter().map(|(zone, faults)| format!("{zone:32} {faults}")).collect();
    assert!(table.is_empty(), "{}", table.join("\n"));
}

/// The tips of so many weeks.
fn weeks(tips: &[Tip], club: u64, from: Date, southern: bool, count: usize) -> Vec<(Date, Had)> {
    let mut had: Vec<Had> = Vec::new();
    let mut weeks = Vec::new();
    for n in 0..count {
        let date = from.saturating_add((7 * n as i64).days());
        let (tip, round) = deck::next(tips, &Week { club: ClubId(club), date, southern, had: &had }).expect("a tip");
        had.push(Had { tip: tip.id.clone(), round });
        weeks.push((date, had[n].clone()));
    }
    weeks
}

#[test]
fn the_deck_goes_through_three_times_in_season_and_without_repetition() {
    let base = embedded::base().expect("the knowledge inside is sound");
    // Overdue reviews are another test's: here all are fresh.
    let fresh = base.knowledge.tips.iter().cloned().map(|tip| Tip { reviewed_on: date(2099, 1, 1), ..tip });
    let tips: Vec<Tip> = fresh.collect();
    let of = |id: &patella::id::TipId| tips.iter().find(|t| t.id == *id).expect("in the deck");
    for club in 0..24 {
        let (from, southern) = (date(2026, (club % 12 + 1) as i8, 1), club >= 12);
        let weeks = weeks(&tips, club, from, southern, 3 * tips.len());
        for round in weeks.chunks(tips.len()) {
            let different: HashSet<&str> = round.iter().map(|(_, had)| had.tip.as_str()).collect();
            assert_eq!(different.len(), tips.len(), "club {club}");
        }
        for (on, had) in &weeks {
            let tip = of(&had.tip);
            let season = deck::season(*on, southern);
            assert!(tip.season.is_empty() || tip.season.iter().any(|s| s == season), "club {club}: {} on {on}", tip.id);
        }
        let alike = weeks.windows(2).filter(|two| of(&two[0].1.tip).category == of(&two[1].1.tip).category).count();
        assert!(alike <= 3, "club {club}: {alike} times the same category twice in a row");
    }
}

#[test]
fn what_is_shown_to_come_then_comes() {
    let base = embedded::base().expect("the knowledge inside is sound");
    let tips = &base.knowledge.tips;
    let zone = "Europe/London".to_owned();
    let plan = Plan { place: PlaceId(7), day: Weekday::Thursday, time: TIMES[4], zone, role: None };
    let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("an instant");
    let mut weeks = Weeks::start(None, plan, now).expect("a known zone");
    weeks.pins.insert(date(2026, 12, 10), patella::id::TipId::new("tip.100"));
    let shown = coming(tips, ClubId(7), &weeks, 5);
    assert_eq!(shown[2].1.id.as_str(), "tip.100");
    for (due, tip) in shown {
        let next = weeks.next.expect("a date");
        let (chosen, round) = choose(tips, ClubId(7), &weeks, next).expect("a tip");
        assert_eq!((next, &chosen.id), (due, &tip.id));
        weeks.begin(next, chosen.id.clone(), round, next.at);
        weeks.end(End::Posted, next.at);
    }
}
