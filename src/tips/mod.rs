//! Weekly tips: which one a club gets next, and when; zones to choose from; the worker that posts what is due.

#[cfg(feature = "discord")]
pub mod counts;
pub mod deck;
#[cfg(feature = "discord")]
pub mod outbox;
#[cfg(feature = "discord")]
pub mod worker;
pub mod zones;

use self::{deck::Week, zones::is_southern};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
};

use crate::{
    id::ClubId,
    knowledge::Tip,
    schedule::Due,
    weekly::{End, Plan, Weeks},
};

/// The tip for a date, and its round in the deck: the one pinned for it, else the next; `None` where the deck is empty.
pub fn choose<'a>(tips: &'a [Tip], club: ClubId, weeks: &Weeks, due: Due) -> Option<(&'a Tip, u32)> {
    let week = Week { club, date: due.date, southern: is_southern(&weeks.plan.zone), had: &weeks.had };
    let (next, round) = deck::next(tips, &week)?;
    let pinned = weeks.pinned(due.date).and_then(|id| tips.iter().find(|t| t.id == *id));
    Some((pinned.unwrap_or(next), round))
}

/// The coming tips with their dates, as far as nobody changes anything; none while paused.
pub fn coming<'a>(tips: &'a [Tip], club: ClubId, weeks: &Weeks, count: usize) -> Vec<(Due, &'a Tip)> {
    let mut weeks = weeks.clone();
    let mut coming = Vec::new();
    while coming.len() < count
        && let Some(due) = weeks.next
        && let Some((tip, round)) = choose(tips, club, &weeks, due)
    {
        weeks.begin(due, tip.id.clone(), round, due.at);
        weeks.end(End::Posted, due.at);
        coming.push((due, tip));
    }
    coming
}

/// The tips of a club that begins with a plan on a day of its zone; none where this machine does not know the zone.
pub fn from_day(tips: &[Tip], club: ClubId, plan: Plan, day: Date, count: usize) -> Vec<(Due, &Tip)> {
    let Some(slot) = plan.slot() else { return Vec::new() };
    // The instant before the day begins there.
    let begin = slot.zone.to_ambiguous_timestamp(day.to_datetime(Time::MIN)).compatible().unwrap_or(Timestamp::MAX);
    let after = begin.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MIN);
    Weeks::start(None, plan, after).map_or_else(Vec::new, |weeks| coming(tips, club, &weeks, count))
}
