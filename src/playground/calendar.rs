//! A club's next year of weekly tips, as it would come if nobody changed anything.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Refusal, Wanted};
use crate::{
    id::{ClubId, PlaceId},
    knowledge::Tip,
    schedule,
    tips::{from_day, zones},
    weekly::Plan,
};

/// Weeks of a year.
const WEEKS: usize = 52;

/// The year from a day on: today, unless another is wanted.
pub(super) fn year(tips: &[Tip], wanted: &Wanted, today: Date) -> Result<Value, Refusal> {
    let zone = zones::zone(&wanted.zone)
        .ok_or_else(|| Refusal::wrong("there is no such zone", "choose one from the list that appears while you type"))?;
    let day = schedule::day_from_name(&wanted.day)
        .ok_or_else(|| Refusal::wrong("there is no such day", "write a day such as thu or Thursday"))?;
    let time = schedule::time_from_text(&wanted.time)
        .ok_or_else(|| Refusal::wrong("there is no such time", "write a time such as 18:30"))?;
    let from: Date = if wanted.from.is_empty() {
        today
    } else {
        wanted.from.parse().map_err(|_| Refusal::wrong("there is no such date", "write a date such as 2026-11-21"))?
    };
    let plan = Plan { place: PlaceId(0), day, time, zone: zone.clone(), role: None };
    let slot = plan.slot().ok_or_else(|| Refusal::wrong("this machine does not know the zone", "choose another near it"))?;
    let row = |(due, tip): (schedule::Due, &Tip)| {
        let local = due.at.to_zoned(slot.zone.clone());
        json!({
            "at": due.at,
            "date": due.date,
            "local": local.strftime("%a %-d %b %Y, %H:%M").to_string(),
            "tip": tip.id,
            "title": tip.title,
            "category": tip.category,
        })
    };
    // Each club has an order of its own; this is that of a club without a number.
    let rows: Vec<Value> = from_day(tips, ClubId(0), plan, from, WEEKS).into_iter().map(row).collect();
    Ok(json!({ "zone": zone, "day": schedule::day_name(day), "time": time.strftime("%H:%M").to_string(), "rows": rows }))
}
