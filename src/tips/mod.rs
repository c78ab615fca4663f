//! Weekly tips: when the next ones are due, which they are, and the worker that posts them.

pub mod deck;
#[cfg(feature = "discord")]
pub mod worker;
pub mod zones;

use jiff::{Timestamp, civil::Date};

use self::deck::Week;
use crate::{
    id::ClubId,
    knowledge::Tip,
    schedule::{Due, Slot},
    weekly::Had,
};

/// What the coming weeks of a club depend on.
#[derive(Debug, Clone)]
pub struct Outlook<'a> {
    /// Whose.
    pub club: ClubId,
    /// Its weekday, time and zone.
    pub slot: &'a Slot,
    /// Whether its winter is in June to August.
    pub southern: bool,
    /// What it has had, the oldest first.
    pub had: Vec<Had>,
    /// The date of the last one.
    pub last: Option<Date>,
}

impl Outlook<'_> {
    /// The coming tips with their dates, as far as nobody changes anything; none where the deck is empty.
    pub fn weeks(mut self, tips: &[Tip], after: Timestamp, count: usize) -> Vec<(Due, &Tip)> {
        let mut weeks = Vec::with_capacity(count);
        for due in self.slot.dates(after, self.last).take(count) {
            let week = Week { club: self.club, date: due.date, southern: self.southern, had: &self.had };
            let Some((tip, round)) = deck::next(tips, &week) else { break };
            self.had.push(Had { tip: tip.id.clone(), round });
            weeks.push((due, tip));
        }
        weeks
    }
}
