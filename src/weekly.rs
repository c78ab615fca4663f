//! A club's weekly tip: what was chosen, what is due, what was had. Plain data with the few steps that change it; nothing here
//! has a clock, a store or a platform.

use std::collections::BTreeMap;

use jiff::{
    Timestamp,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::{
    id::{PlaceId, RoleId, TipId},
    schedule::{Due, Slot},
};

/// A pinned tip goes to the date that is this near, so that it survives a change of the weekday. In days.
const PIN_REACH: i32 = 3;

/// What organizers chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the tip is posted.
    pub place: PlaceId,
    /// The day of the week.
    #[serde(with = "day")]
    pub day: Weekday,
    /// The time on the wall.
    pub time: Time,
    /// Whose wall: a name of the IANA database.
    pub zone: String,
    /// Who is pinged, if anyone.
    pub role: Option<RoleId>,
}

impl Plan {
    /// The weekday, time and zone; `None` where this machine's database no longer has the zone.
    pub fn slot(&self) -> Option<Slot> {
        Some(Slot { day: self.day, time: self.time, zone: TimeZone::get(&self.zone).ok()? })
    }
}

/// All that is stored about a club's weekly tip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weeks {
    /// What organizers chose.
    pub plan: Plan,
    /// The next date; `None` while paused.
    pub next: Option<Due>,
    /// Why it is paused.
    #[serde(default)]
    pub paused: Option<Pause>,
    /// A post that was begun and of which nobody has yet written how it ended.
    #[serde(default)]
    pub open: Option<Open>,
    /// How the last one ended.
    #[serde(default)]
    pub last: Option<Last>,
    /// The tips of this round and the last of the one before, the oldest first.
    #[serde(default)]
    pub had: Vec<Had>,
    /// Tips that organizers chose for certain dates.
    #[serde(default)]
    pub pins: BTreeMap<Date, TipId>,
    /// What went wrong since the last post.
    #[serde(default)]
    pub trouble: Option<Trouble>,
}

/// A tip that a club has had or passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Had {
    /// Which.
    pub tip: TipId,
    /// In which passage through the deck, the first is 0. It is kept, not worked out: tips come and go with releases.
    pub round: u32,
}

/// Who stopped the posts for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// An organizer.
    Organizer,
    /// The bot, as Discord kept refusing them.
    Refused,
}

/// A post under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The date it is for.
    pub due: Due,
    /// What is posted.
    pub tip: TipId,
    /// In which round.
    pub round: u32,
    /// Where.
    pub place: PlaceId,
    /// When sending was first begun, since when a message may be there; `None` while it is certain that none is.
    pub tried: Option<Timestamp>,
}

/// How a date ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// The date.
    pub date: Date,
    /// The tip.
    pub tip: TipId,
    /// What became of it.
    pub end: End,
    /// When that was known.
    pub at: Timestamp,
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It was posted.
    Posted,
    /// It could not be posted in time.
    Missed,
    /// It may have been posted: the channel could not be read afterwards, and posting twice is worse.
    Unknown,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What Discord said.
    pub cause: Cause,
    /// Since when.
    pub since: Timestamp,
    /// How often it was tried.
    pub tries: u32,
}

/// Why a post did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The channel is gone.
    NoChannel,
    /// The bot may not see the channel, or not post there.
    NoPermission,
    /// The bot may not read the channel's history, and so not see whether its post is there.
    NoHistory,
    /// The bot is no longer in the server.
    Gone,
    /// Discord refuses for another reason.
    Refused,
    /// Discord cannot be reached or is faulty.
    Unreachable,
    /// The zone is not in this machine's database.
    NoZone,
}

impl Weeks {
    /// A new plan; what was had before under another plan is kept.
    pub fn start(before: Option<Self>, plan: Plan, now: Timestamp) -> Option<Self> {
        let slot = plan.slot()?;
        let mut weeks = match before {
            Some(before) => Self { plan, ..before },
            None => Self {
                plan,
                next: None,
                paused: None,
                open: None,
                last: None,
                had: Vec::new(),
                pins: BTreeMap::new(),
                trouble: None,
            },
        };
        weeks.paused = None;
        weeks.trouble = None;
        weeks.next = slot.next(now, weeks.last_date());
        Some(weeks)
    }

    /// The date of the last post, ended or under way.
    pub fn last_date(&self) -> Option<Date> {
        self.open.as_ref().map(|o| o.due.date).or(self.last.as_ref().filter(|l| l.end != End::Missed).map(|l| l.date))
    }

    /// Stops for a while.
    pub fn pause(&mut self, why: Pause) {
        self.paused = Some(why);
        self.next = None;
    }

    /// Goes on after a pause; whether the zone is still known.
    pub fn resume(&mut self, now: Timestamp) -> bool {
        let Some(slot) = self.plan.slot() else { return false };
        self.paused = None;
        self.trouble = None;
        self.next = slot.next(now, self.last_date());
        true
    }

    /// Leaves the next date out. Whether it was still the one that was meant.
    pub fn skip(&mut self, date: Date) -> bool {
        let after = self.next.filter(|n| n.date == date && self.open.is_none()).zip(self.plan.slot());
        let Some((due, slot)) = after else { return false };
        self.next = slot.next(due.at, Some(due.date));
        true
    }

    /// Passes over a tip, which counts as had in its round.
    pub fn pass_over(&mut self, tip: &TipId, round: u32) {
        self.pins.retain(|_, pinned| pinned != tip);
        self.remember(Had { tip: tip.clone(), round });
    }

    /// The tip that was pinned for a date or one near it.
    pub fn pinned(&self, date: Date) -> Option<&TipId> {
        let near = self.pins.iter().map(|(on, tip)| ((date - *on).get_days().abs(), tip));
        near.filter(|(days, _)| *days <= PIN_REACH).min_by_key(|(days, _)| *days).map(|(_, tip)| tip)
    }

    /// Begins the post of a date. From when it is stored, a message may exist.
    pub fn begin(&mut self, due: Due, tip: TipId, round: u32, now: Timestamp) -> &Open {
        self.open.insert(Open { due, tip, round, place: self.plan.place, tried: Some(now) })
    }

    /// Writes how the open post ended, and sets the next date.
    pub fn end(&mut self, end: End, now: Timestamp) {
        let Some(open) = self.open.take() else { return };
        if end != End::Missed {
            self.remember(Had { tip: open.tip.clone(), round: open.round });
            self.pins.retain(|on, _| (open.due.date - *on).get_days() < -PIN_REACH);
        }
        if end == End::Posted {
            self.trouble = None;
        }
        let date = open.due.date;
        self.last = Some(Last { date, tip: open.tip, end, at: now });
        if self.next.is_some_and(|next| next.date <= date) {
            self.next = self.plan.slot().and_then(|slot| slot.following(date, now));
        }
    }

    /// Counts a fault of the open post.
    pub fn fault(&mut self, cause: Cause, now: Timestamp) -> &Trouble {
        let since = self.trouble.as_ref().filter(|t| t.cause == cause);
        let (since, tries) = since.map_or((now, 0), |t| (t.since, t.tries));
        self.trouble.insert(Trouble { cause, since, tries: tries.saturating_add(1) })
    }

    fn remember(&mut self, had: Had) {
        let round = had.round;
        let before = self.had.iter().rposition(|h| h.round < round);
        // Of the rounds before only the last tip matters: the next is to be of another category.
        if let Some(before) = before {
            self.had.drain(..before);
        }
        self.had.push(had);
    }
}

/// Days are stored by name.
mod day {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::schedule::{day_from_name, day_name};

    pub fn serialize<S: Serializer>(day: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(day_name(*day))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let name = String::deserialize(deserializer)?;
        day_from_name(&name).ok_or_else(|| D::Error::custom("no day of the week"))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn plan(day: Weekday) -> Plan {
        let time = Time::constant(18, 30, 0, 0);
        Plan { place: PlaceId(7), day, time, zone: "America/New_York".to_owned(), role: None }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn started() -> Weeks {
        Weeks::start(None, plan(Weekday::Thursday), at("2026-11-21T12:00:00Z")).expect("the zone is known")
    }

    /// Posts the next tip at its time.
    fn post(weeks: &mut Weeks, tip: &str, round: u32) {
        let due = weeks.next.expect("not paused");
        weeks.begin(due, TipId::new(tip), round, due.at);
        weeks.end(End::Posted, due.at);
    }

    #[test]
    fn a_week_goes_by() {
        let mut weeks = started();
        assert_eq!(weeks.next.expect("a date").date, date(2026, 11, 26));
        post(&mut weeks, "tip.001", 0);
        assert_eq!(weeks.next.expect("a date").date, date(2026, 12, 3));
        assert_eq!(weeks.last.as_ref().map(|l| (l.date, l.end)), Some((date(2026, 11, 26), End::Posted)));
        let written = serde_json::to_string(&weeks).expect("JSON");
        assert_eq!(serde_json::from_str::<Weeks>(&written).expect("read back"), weeks);
    }

    #[test]
    fn a_change_of_the_day_makes_no_second_tip_in_the_week() {
        let mut weeks = started();
        post(&mut weeks, "tip.001", 0);
        let changed = Weeks::start(Some(weeks), plan(Weekday::Saturday), at("2026-11-27T12:00:00Z")).expect("the zone");
        assert_eq!(changed.next.expect("a date").date, date(2026, 12, 5));
        assert_eq!(changed.had.len(), 1, "what was had is not forgotten");
    }

    #[test]
    fn a_late_end_does_not_lose_the_week_after() {
        let mut weeks = started();
        let due = weeks.next.expect("a date");
        weeks.begin(due, TipId::new("tip.001"), 0, due.at);
        // 23 hours late.
        weeks.end(End::Posted, at("2026-11-27T22:00:00Z"));
        assert_eq!(weeks.next.expect("a date").date, date(2026, 12, 3));
    }

    #[test]
    fn skipping_is_for_the_date_that_was_shown() {
        let mut weeks = started();
        assert!(!weeks.skip(date(2026, 12, 3)));
        assert!(weeks.skip(date(2026, 11, 26)));
        assert!(!weeks.skip(date(2026, 11, 26)), "pressed twice");
        assert_eq!(weeks.next.expect("a date").date, date(2026, 12, 3));
    }

    #[test]
    fn a_pin_finds_the_date_near_it_and_goes_when_it_was_used() {
        let mut weeks = started();
        weeks.pins.insert(date(2026, 11, 24), TipId::new("tip.009"));
        weeks.pins.insert(date(2026, 12, 4), TipId::new("tip.010"));
        assert_eq!(weeks.pinned(date(2026, 11, 26)), Some(&TipId::new("tip.009")));
        assert_eq!(weeks.pinned(date(2026, 12, 3)), Some(&TipId::new("tip.010")));
        assert_eq!(weeks.pinned(date(2026, 12, 17)), None);
        post(&mut weeks, "tip.009", 0);
        assert_eq!(weeks.pins.len(), 1);
    }

    #[test]
    fn a_pause_ends_in_the_future() {
        let mut weeks = started();
        weeks.pause(Pause::Organizer);
        assert_eq!(weeks.next, None);
        assert!(weeks.resume(at("2027-01-01T00:00:00Z")));
        assert_eq!(weeks.next.expect("a date").date, date(2027, 1, 7));
    }

    #[test]
    fn of_old_rounds_the_last_tip_is_kept() {
        let mut weeks = started();
        for (tip, round) in [("tip.001", 0), ("tip.002", 0), ("tip.003", 0), ("tip.001", 1), ("tip.002", 1)] {
            post(&mut weeks, tip, round);
        }
        let had: Vec<(&str, u32)> = weeks.had.iter().map(|h| (h.tip.as_str(), h.round)).collect();
        assert_eq!(had, [("tip.003", 0), ("tip.001", 1), ("tip.002", 1)]);
    }

    #[test]
    fn faults_of_one_kind_add_up() {
        let mut weeks = started();
        weeks.fault(Cause::NoChannel, at("2026-11-26T23:30:00Z"));
        let trouble = weeks.fault(Cause::NoChannel, at("2026-11-26T23:40:00Z"));
        assert_eq!((trouble.tries, trouble.since), (2, at("2026-11-26T23:30:00Z")));
        assert_eq!(weeks.fault(Cause::NoPermission, at("2026-11-26T23:50:00Z")).tries, 1);
    }
}
