//! Zones for what is being typed: by city, country, name or offset, forgiving of slips, best first.

use std::sync::OnceLock;

use jiff::{
    SignedDuration, Timestamp,
    tz::{Offset, TimeZone},
};

use crate::text::{folded, likeness};

/// A zone to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name in the IANA database: `America/New_York`.
    pub name: String,
    /// The place, its time now and its offset, for people: `Boston (New York, United States), now 09:12, UTC-5`.
    pub label: String,
}

/// A place of `places.tsv`.
struct Place {
    zone: &'static str,
    southern: bool,
    /// City of the zone, country.
    city: String,
    country: &'static str,
    /// Other names as they are written.
    others: Vec<&'static str>,
}

/// Words as near as this count as the same with a slip.
const LIKE: f64 = 0.78;
/// Shorter words are not read as slips: too many are near.
const LIKE_MIN: usize = 4;

fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let lines = include_str!("places.tsv").lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        let place = |line: &'static str| {
            let mut cells = line.split('\t');
            let zone = cells.next().unwrap_or_default();
            let southern = cells.next() == Some("s");
            let country = cells.next().unwrap_or_default();
            let others = cells.next().map_or_else(Vec::new, |names| names.split(", ").collect());
            let city = zone.rsplit('/').next().unwrap_or_default().replace('_', " ");
            Place { zone, southern, city, country, others }
        };
        lines.map(place).collect()
    })
}

/// Whether the winter of a zone is in June to August: its place in the database lies south of the equator.
pub fn is_southern(zone: &str) -> bool {
    places().iter().any(|p| p.zone.eq_ignore_ascii_case(zone) && p.southern)
}

/// The zone that exactly what was typed names, as the database or this list writes it; `None` where it is none or could be several.
pub fn zone(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if let Some(place) = places().iter().find(|p| p.zone.eq_ignore_ascii_case(typed)) {
        return Some(place.zone.to_owned());
    }
    let named = |p: &&Place| p.city.eq_ignore_ascii_case(typed) || p.others.iter().any(|o| folded(o) == folded(typed));
    let mut named = places().iter().filter(named);
    if let (Some(place), None) = (named.next(), named.next()) {
        return Some(place.zone.to_owned());
    }
    // Older names of zones: `US/Eastern`. A name without a slash may be anything.
    let known = typed.contains('/').then(|| TimeZone::get(typed).ok()).flatten()?;
    known.iana_name().map(str::to_owned)
}

/// The zones that fit what is typed, best first, at most `max`. Each says its time at `now`.
pub fn find(typed: &str, now: Timestamp, max: usize) -> Vec<Zone> {
    let asked: String = folded(&typed.chars().take(80).collect::<String>()).replace('_', " ");
    let offset = offset(&asked);
    let mut found: Vec<(f64, &Place, &str)> = Vec::new();
    for place in places() {
        let (score, by) = match offset {
            Some(offset) if here(place.zone, now).is_some_and(|(_, o)| o == offset) => (1.0, place.city.as_str()),
            Some(_) => continue,
            None => fit(place, &asked),
        };
        if score > 0.0 {
            found.push((score, place, by));
        }
    }
    // Of equally good ones, those with more places that people type come first: more people live there.
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.others.len().cmp(&a.1.others.len())).then(a.1.zone.cmp(b.1.zone)));
    let chosen = found.into_iter().filter_map(|(_, place, by)| {
        let label = label(place, by, now)?;
        Some(Zone { name: place.zone.to_owned(), label })
    });
    chosen.take(max).collect()
}

/// How well a place fits, and by which of its names.
fn fit<'a>(place: &'a Place, asked: &str) -> (f64, &'a str) {
    if asked.is_empty() {
        return (1.0, &place.city);
    }
    let names = std::iter::once((place.city.as_str(), 1.0)).chain(place.others.iter().map(|o| (*o, 1.0)));
    let names = names.chain([(place.country, 0.8), (place.zone, 0.7)]);
    let mut best = (0.0, place.city.as_str());
    for (name, weight) in names {
        let score = weight * near(&folded(name).replace('_', " "), asked);
        if score > best.0 {
            best = (score, if name == place.zone || name == place.country { &place.city } else { name });
        }
    }
    best
}

/// How near what was typed, perhaps not to its end, is to a name.
fn near(name: &str, asked: &str) -> f64 {
    let length = asked.chars().count();
    if name == asked {
        1.0
    } else if name.starts_with(asked) {
        0.9
    } else if name.split([' ', '/']).any(|word| word.starts_with(asked)) && length > 1 {
        0.7
    } else if length >= LIKE_MIN {
        let begun: String = name.chars().take(length).collect();
        let like = likeness(&begun, asked).max(likeness(name, asked));
        if like >= LIKE { 0.6 * like } else { 0.0 }
    } else {
        0.0
    }
}

/// The city by which it was found, the zone's own, the country, the time there and what that is against universal time.
fn label(place: &Place, by: &str, now: Timestamp) -> Option<String> {
    let (time, offset) = here(place.zone, now)?;
    let of = [place.city.as_str(), place.country].into_iter().filter(|part| !part.is_empty() && *part != by);
    let of = of.collect::<Vec<_>>().join(", ");
    let of = if of.is_empty() { String::new() } else { format!(" ({of})") };
    Some(format!("{by}{of}, now {time}, {}", written(offset)))
}

/// The time on the wall and the offset in a zone.
fn here(zone: &str, now: Timestamp) -> Option<(String, Offset)> {
    let zone = TimeZone::get(zone).ok()?;
    let offset = zone.to_offset(now);
    Some((now.to_zoned(zone).strftime("%H:%M").to_string(), offset))
}

/// `UTC-5`, `UTC+5:30`, `UTC`.
fn written(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    let sign = if seconds < 0 { '-' } else { '+' };
    match (seconds, minutes) {
        (0, _) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// An offset that was typed: `utc-5`, `gmt+5:30`, `+0530`, `-3`.
fn offset(asked: &str) -> Option<Offset> {
    let rest = asked.strip_prefix("utc").or_else(|| asked.strip_prefix("gmt")).unwrap_or(asked).trim();
    let (sign, rest) = match rest.chars().next()? {
        '+' => (1, &rest[1..]),
        '-' => (-1, &rest[1..]),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if rest.len() == 4 && rest.is_ascii() => rest.split_at(2),
        None => (rest, "0"),
    };
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let within = (0..=15).contains(&hours) && (0..60).contains(&minutes);
    let duration = within.then(|| SignedDuration::from_mins(sign * (60 * hours + minutes)))?;
    Offset::UTC.checked_add(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(typed: &str) -> String {
        let now = "2026-11-21T14:12:00Z".parse().expect("an instant");
        find(typed, now, 25).into_iter().next().map_or_else(|| "nothing".to_owned(), |z| format!("{}: {}", z.name, z.label))
    }

    #[test]
    fn a_zone_is_found_by_what_people_call_it() {
        let asked = [
            "bosto",
            "new york",
            "San Fransisco",
            "munchen",
            "zurich",
            "Mumbai",
            "Melborne",
            "est",
            "Cape Town",
            "texas",
            "gmt",
            "auckl",
            "Sao Paulo",
            "kolkatta",
            "Colombia",
            "pacific/auck",
            "utc",
            "utc+5:30",
            "GMT-3",
            "+0545",
            "−5",
            "xyzzy",
            "Lodnon",
        ];
        let found: Vec<String> = asked.iter().map(|a| format!("{a} -> {}", first(a))).collect();
        insta::assert_snapshot!(found.join("\n"), @r"
        bosto -> America/New_York: Boston (New York, United States), now 09:12, UTC-5
        new york -> America/New_York: New York (United States), now 09:12, UTC-5
        San Fransisco -> America/Los_Angeles: San Francisco (Los Angeles, United States), now 06:12, UTC-8
        munchen -> Europe/Berlin: München (Berlin, Germany), now 15:12, UTC+1
        zurich -> Europe/Zurich: Zurich (Switzerland), now 15:12, UTC+1
        Mumbai -> Asia/Kolkata: Mumbai (Kolkata, India), now 19:42, UTC+5:30
        Melborne -> Australia/Melbourne: Melbourne (Australia), now 01:12, UTC+11
        est -> America/New_York: EST (New York, United States), now 09:12, UTC-5
        Cape Town -> Africa/Johannesburg: Cape Town (Johannesburg, South Africa), now 16:12, UTC+2
        texas -> America/Chicago: Texas (Chicago, United States), now 08:12, UTC-6
        gmt -> Europe/London: GMT (London, United Kingdom), now 14:12, UTC
        auckl -> Pacific/Auckland: Auckland (New Zealand), now 03:12, UTC+13
        Sao Paulo -> America/Sao_Paulo: Sao Paulo (Brazil), now 11:12, UTC-3
        kolkatta -> Asia/Kolkata: Kolkata (India), now 19:42, UTC+5:30
        Colombia -> America/Bogota: Bogota (Colombia), now 09:12, UTC-5
        pacific/auck -> Pacific/Auckland: Auckland (New Zealand), now 03:12, UTC+13
        utc -> UTC: UTC, now 14:12, UTC
        utc+5:30 -> Asia/Kolkata: Kolkata (India), now 19:42, UTC+5:30
        GMT-3 -> America/Sao_Paulo: Sao Paulo (Brazil), now 11:12, UTC-3
        +0545 -> Asia/Kathmandu: Kathmandu (Nepal), now 19:57, UTC+5:45
        −5 -> America/New_York: New York (United States), now 09:12, UTC-5
        xyzzy -> nothing
        Lodnon -> Europe/London: London (United Kingdom), now 14:12, UTC
        ");
    }

    #[test]
    fn the_list_is_sound() {
        let mut names: Vec<&str> = places().iter().map(|p| p.zone).collect();
        let count = names.len();
        names.dedup();
        assert_eq!((names.len(), count), (419, 419), "sorted, each once");
        for place in places() {
            assert!(TimeZone::get(place.zone).is_ok(), "{} is not in the database", place.zone);
            assert!(
                zone(place.zone).as_deref() == Some(place.zone) && place.others.iter().all(|o| !o.is_empty()),
                "{}",
                place.zone
            );
        }
        let now = "2026-11-21T14:12:00Z".parse().expect("an instant");
        let longest = find("", now, 1000).into_iter().map(|z| z.label.encode_utf16().count()).max();
        assert!(longest.is_some_and(|l| l <= crate::limits::SELECT_OPTION), "{longest:?}");
        assert_eq!(find("", now, 25).len(), 25);
    }

    #[test]
    fn exactly_one_zone_is_meant_or_none() {
        assert_eq!(zone("boston").as_deref(), Some("America/New_York"));
        assert_eq!(zone(" europe/berlin ").as_deref(), Some("Europe/Berlin"));
        assert_eq!(zone("US/Eastern").as_deref(), Some("US/Eastern"));
        assert_eq!(zone("nowhere"), None);
        assert_eq!(zone("../etc/passwd"), None);
        assert!(is_southern("Africa/Johannesburg") && !is_southern("Europe/Oslo") && !is_southern("nowhere"));
    }
}
