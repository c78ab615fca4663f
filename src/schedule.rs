//! When a club's weekly tip is due: calendar arithmetic without a clock. A tip is due at a wall-clock time in the club's own zone,
//! so it keeps its hour when the clocks change: a time that is skipped moves forward, one that comes twice counts once.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

/// Days that lie between two tips at the least. After a change of the weekday the next tip is the one nearest to a week after the
/// last: between 4 and 10 days, whatever day a reader's week begins on.
pub const APART_DAYS: i32 = 4;

/// A weekday and a time of day in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The day of the week.
    pub day: Weekday,
    /// The time on the wall.
    pub time: Time,
    /// Whose wall.
    pub zone: TimeZone,
}

/// One date of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Due {
    /// When it is to happen.
    pub at: Timestamp,
    /// The date that the calendar shows for it. It names the club's week: it stays what it is when a zone's rules change, and
    /// where a whole day was skipped, as in Samoa in 2011, it is the skipped one.
    pub date: Date,
}

impl Slot {
    /// The moment of a date under the rules that hold now; `None` beyond the years that a calendar can show.
    pub fn due(&self, date: Date) -> Option<Due> {
        // `compatible`: forward over a gap, the first of two, as RFC 5545 (3.3.5) has it.
        let at = self.zone.to_ambiguous_timestamp(date.to_datetime(self.time)).compatible().ok()?;
        Some(Due { at, date })
    }

    /// The first date after an instant, no nearer to the last tip's than [`APART_DAYS`]; `None` at the end of the calendar, in the
    /// year 9999.
    pub fn next(&self, after: Timestamp, last: Option<Date>) -> Option<Due> {
        let earliest = last.and_then(|d| d.checked_add(APART_DAYS.days()).ok()).unwrap_or(Date::MIN);
        // A week back: the date whose moment was moved over a skipped day may still be ahead.
        let around = self.zone.to_datetime(after).date().saturating_sub(7.days());
        let mut date = around.checked_add(i32::from(around.weekday().until(self.day)).days()).ok()?;
        loop {
            let due = self.due(date)?;
            if due.at > after && date >= earliest {
                return Some(due);
            }
            date = date.checked_add(7.days()).ok()?;
        }
    }

    /// The date that follows one that is over: the next of the slot that is not yet past.
    pub fn following(&self, over: Date, now: Timestamp) -> Option<Due> {
        self.dates(now, None).find(|due| due.date > over)
    }

    /// All dates after an instant, a week apart.
    pub fn dates(&self, after: Timestamp, last: Option<Date>) -> impl Iterator<Item = Due> + '_ {
        std::iter::successors(self.next(after, last), |due| self.next(due.at, Some(due.date)))
    }
}

/// The days, from Monday.
pub const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// The day that was typed: its English name or the beginning of it, three letters at least, in any case.
pub fn day_from_name(typed: &str) -> Option<Weekday> {
    let typed = typed.trim().to_ascii_lowercase();
    let mut fits = DAYS.into_iter().filter(|d| typed.len() >= 3 && day_name(*d).to_ascii_lowercase().starts_with(&typed));
    fits.next()
}

/// The English name of a day.
pub fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// The time of day that was typed, to the minute: `18:30`, `6:30 pm`, `7pm`, `0700`, `7.15`, `noon`.
pub fn time_from_text(typed: &str) -> Option<Time> {
    let typed = typed.trim().to_ascii_lowercase();
    match typed.as_str() {
        "noon" => return Time::new(12, 0, 0, 0).ok(),
        "midnight" => return Some(Time::MIN),
        _ => {}
    }
    let typed = typed.replace(['.', 'h'], ":");
    // The `.` of "p.m." has become a colon.
    let typed = typed.replace("p:m:", "pm").replace("a:m:", "am").replace("p:m", "pm").replace("a:m", "am");
    let (clock, half) = match (typed.strip_suffix("am"), typed.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim(), Some(0)),
        (_, Some(clock)) => (clock.trim(), Some(12)),
        _ => (typed.as_str(), None),
    };
    let (hour, minute) = match clock.split_once(':') {
        Some((hour, minute)) => (hour, if minute.is_empty() { "0" } else { minute }),
        None if clock.len() == 4 && clock.is_ascii() => clock.split_at(2),
        None if half.is_some() => (clock, "0"),
        None => return None,
    };
    let digits = |text: &str| (text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<i8>().ok());
    let (hour, minute) = (digits(hour)??, digits(minute)??);
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn slot(day: Weekday, hour: i8, minute: i8, zone: &str) -> Slot {
        Slot { day, time: Time::constant(hour, minute, 0, 0), zone: TimeZone::get(zone).expect("the zone is known") }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// The next dates as a reader in the zone sees them.
    fn local(slot: &Slot, after: &str, count: usize) -> Vec<String> {
        let zoned = slot.dates(at(after), None).take(count).map(|due| due.at.to_zoned(slot.zone.clone()));
        zoned.map(|z| z.strftime("%a %F %H:%M %:z").to_string()).collect()
    }

    #[test]
    fn the_hour_on_the_wall_stays_when_clocks_change() {
        let dates = local(&slot(Weekday::Thursday, 18, 30, "America/New_York"), "2026-10-25T00:00:00Z", 3);
        assert_eq!(dates, ["Thu 2026-10-29 18:30 -04:00", "Thu 2026-11-05 18:30 -05:00", "Thu 2026-11-12 18:30 -05:00"]);
    }

    #[test]
    fn a_skipped_time_moves_forward_and_a_repeated_one_counts_once() {
        let spring = local(&slot(Weekday::Sunday, 2, 30, "Europe/Berlin"), "2026-03-25T00:00:00Z", 2);
        assert_eq!(spring, ["Sun 2026-03-29 03:30 +02:00", "Sun 2026-04-05 02:30 +02:00"]);
        let autumn = local(&slot(Weekday::Sunday, 2, 30, "Europe/Berlin"), "2026-10-24T00:00:00Z", 2);
        assert_eq!(autumn, ["Sun 2026-10-25 02:30 +02:00", "Sun 2026-11-01 02:30 +01:00"]);
        // Between the first and the second 2:30, the next is a week away.
        let between = local(&slot(Weekday::Sunday, 2, 30, "Europe/Berlin"), "2026-10-25T00:45:00Z", 1);
        assert_eq!(between, ["Sun 2026-11-01 02:30 +01:00"]);
    }

    #[test]
    fn a_skipped_day_is_made_up_for() {
        // Samoa went from 29 to 31 December 2011.
        let dates = local(&slot(Weekday::Friday, 7, 0, "Pacific/Apia"), "2011-12-26T00:00:00Z", 2);
        assert_eq!(dates, ["Sat 2011-12-31 07:00 +14:00", "Fri 2012-01-06 07:00 +14:00"]);
        let friday = slot(Weekday::Friday, 7, 0, "Pacific/Apia");
        let due = friday.next(at("2011-12-26T00:00:00Z"), None).expect("a date");
        assert_eq!(due.date, date(2011, 12, 30));
        assert_eq!(friday.due(due.date), Some(due));
    }

    #[test]
    fn the_instant_itself_is_past() {
        let slot = slot(Weekday::Monday, 9, 0, "UTC");
        let due = slot.next(at("2026-11-21T00:00:00Z"), None).expect("a date");
        assert_eq!(due.at, at("2026-11-23T09:00:00Z"));
        assert_eq!(slot.next(due.at, None).expect("a date").date, date(2026, 11, 30));
    }

    #[test]
    fn after_a_change_of_day_tips_stay_about_a_week_apart() {
        for (last, expected) in [(None, 1), (Some(0), 8), (Some(-1), 8), (Some(-2), 8), (Some(-3), 1), (Some(-6), 1)] {
            // It is Monday, and the slot is on Tuesdays now.
            let monday = date(2026, 11, 23);
            let last = last.map(|days: i32| monday.saturating_add(days.days()));
            let due = slot(Weekday::Tuesday, 9, 0, "UTC").next(at("2026-11-23T12:00:00Z"), last).expect("a date");
            assert_eq!((due.date - monday).get_days(), expected, "last on {last:?}");
        }
    }

    #[test]
    fn the_calendar_ends() {
        assert_eq!(slot(Weekday::Monday, 9, 0, "UTC").next(Timestamp::MAX, None), None);
        assert_eq!(slot(Weekday::Monday, 9, 0, "Asia/Tokyo").next(at("9999-12-28T00:00:00Z"), None), None);
    }

    #[test]
    fn days_and_times_are_read_as_people_type_them() {
        assert_eq!([day_from_name("thu"), day_from_name(" Thursday ")], [Some(Weekday::Thursday); 2]);
        assert_eq!([day_from_name("t"), day_from_name("th"), day_from_name("someday"), day_from_name("")], [None; 4]);
        let read = |typed: &str| time_from_text(typed).map_or("none".to_owned(), |t| t.strftime("%H:%M").to_string());
        let typed =
            ["18:30", "6:30 pm", "7pm", "0700", "7.15", "12 am", "12pm", "18h30", "18h", "noon", "midnight", "7 p.m.", "7:05 AM"];
        let times = typed.map(read);
        let expected =
            ["18:30", "18:30", "19:00", "07:00", "07:15", "00:00", "12:00", "18:30", "18:00", "12:00", "00:00", "19:00", "07:05"];
        assert_eq!(times, expected);
        for wrong in ["", "7", "25:00", "18:60", "13pm", "0pm", "1:2:3", "-1:00", "7:", "soon", "７：００"] {
            let expected = if wrong == "7:" { "07:00" } else { "none" };
            assert_eq!(read(wrong), expected, "{wrong}");
        }
    }
}
