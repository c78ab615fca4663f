//! Which tip a club gets next: every tip once before any comes again, in an order of the club's own.
//!
//! The order is a stable shuffle: it follows from the club and the tips alone, so that clubs differ and a restart changes nothing.
//! Each category is spread over the whole of it. From what is left, the first is taken that fits the season, is not overdue for
//! review and is of another category than the last one.

use std::collections::{HashMap, HashSet};

use jiff::{ToSpan, civil::Date};

use crate::{
    id::ClubId,
    knowledge::{SEASONS, Tip},
    weekly::Had,
};

/// A review is overdue after so many months: the pace at which the curators look at everything again (`docs/knowledge.md`).
pub const REVIEW_MONTHS: i32 = 12;

/// What the choice depends on.
#[derive(Debug, Clone, Copy)]
pub struct Week<'a> {
    /// Whose tip.
    pub club: ClubId,
    /// The date that the calendar shows for it.
    pub date: Date,
    /// Whether the club's winter is in June to August.
    pub southern: bool,
    /// What the club has had or passed over, the oldest first; enough of it to hold all of this round.
    pub had: &'a [Had],
}

/// Why a tip comes later than its place in the order; the lower the sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    /// Nothing speaks against it.
    Not,
    /// Somebody should look at it first.
    Overdue,
    /// It is for another season.
    OffSeason,
}

/// The tip for a week, and its round; `None` where there are no tips at all.
pub fn next<'a>(tips: &'a [Tip], week: &Week<'_>) -> Option<(&'a Tip, u32)> {
    let last = week.had.last();
    let last_round = last.map_or(0, |had| had.round);
    let had: HashSet<&str> = week.had.iter().filter(|h| h.round == last_round).map(|h| h.tip.as_str()).collect();
    let through = tips.iter().all(|t| had.contains(t.id.as_str()));
    let season = season(week.date, week.southern);
    let held = |tip: &Tip| {
        if !tip.season.is_empty() && !tip.season.iter().any(|s| s == season) {
            Held::OffSeason
        } else if tip.reviewed_on.checked_add(REVIEW_MONTHS.months()).is_ok_and(|end| end < week.date) {
            Held::Overdue
        } else {
            Held::Not
        }
    };
    let last = last.and_then(|had| tips.iter().find(|t| t.id == had.tip));
    let alike = |tip: &Tip| last.is_some_and(|l| l.id == tip.id || l.category == tip.category);
    let left = order(tips, week.club).into_iter().filter(|t| through || !had.contains(t.id.as_str()));
    // Of those that are equally good `min_by_key` keeps the first.
    let tip = left.min_by_key(|t| (held(t), alike(t)))?;
    Some((tip, if through { last_round + 1 } else { last_round }))
}

/// The tips as this club gets them: those of each category at even distances, so that a small category is not over while a large
/// one still fills week after week. Tips of a season stand in the first half, so that their season comes while they wait.
fn order(tips: &[Tip], club: ClubId) -> Vec<&Tip> {
    let mut by_category: HashMap<&str, Vec<(u64, &Tip)>> = HashMap::new();
    for tip in tips {
        by_category.entry(&tip.category).or_default().push((mixed(club, tip.id.as_str()), tip));
    }
    let mut placed: Vec<(f64, u64, &Tip)> = Vec::with_capacity(tips.len());
    for (category, mut members) in by_category {
        members.sort_by_key(|(mix, tip)| (*mix, tip.id.clone()));
        let count = members.len() as f64;
        let shift = unit(mixed(club, category));
        for (nth, (mix, tip)) in members.into_iter().enumerate() {
            let place = (nth as f64 + shift) / count;
            placed.push((if tip.season.is_empty() { place } else { place / 2.0 }, mix, tip));
        }
    }
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then_with(|| a.2.id.cmp(&b.2.id)));
    placed.into_iter().map(|(_, _, tip)| tip).collect()
}

/// A number for a club and a name that is the same on every machine, in every release. FNV-1a over both, then the finalizer of
/// SplitMix64: what club and name share must not show.
pub(super) fn mixed(club: ClubId, name: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = club.0.to_le_bytes();
    let hash = bytes.iter().chain(name.as_bytes()).fold(OFFSET, |h, b| (h ^ u64::from(*b)).wrapping_mul(PRIME));
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The number as a part of one.
fn unit(mixed: u64) -> f64 {
    /// A double holds 53 bits exactly.
    const STEPS: f64 = (1_u64 << 53) as f64;
    (mixed >> 11) as f64 / STEPS
}

/// The season of a day, by whole months as meteorologists count them.
pub fn season(date: Date, southern: bool) -> &'static str {
    let quarter = usize::try_from(date.month()).unwrap_or(1) % 12 / 3;
    SEASONS[if southern { (quarter + 2) % 4 } else { quarter }]
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::id::TipId;

    fn tip(id: &str, category: &str, season: &[&str], reviewed_on: Date) -> Tip {
        Tip {
            id: TipId::new(id),
            title: String::new(),
            category: category.to_owned(),
            text: String::new(),
            why: String::new(),
            contraindication: String::new(),
            season: season.iter().map(|s| (*s).to_owned()).collect(),
            evidence: Vec::new(),
            sources: Vec::new(),
            seeds: Vec::new(),
            reviewed_on,
            path: String::new(),
        }
    }

    const REVIEWED: Date = date(2026, 6, 1);

    fn deck() -> Vec<Tip> {
        let category = |n: usize| ["strength", "form", "load"][if n < 6 { 0 } else { n % 3 }];
        (0..12).map(|n| tip(&format!("tip.{n:03}"), category(n), &[], REVIEWED)).collect()
    }

    /// The tips of so many weeks from a date, after those that were had.
    fn weeks_after(mut had: Vec<Had>, tips: &[Tip], club: u64, from: Date, count: usize) -> Vec<Had> {
        for n in 0..count {
            let date = from.saturating_add((7 * n as i64).days());
            let (tip, round) = next(tips, &Week { club: ClubId(club), date, southern: false, had: &had }).expect("a tip");
            had.push(Had { tip: tip.id.clone(), round });
        }
        had
    }

    /// The tips of so many weeks from the first.
    fn weeks(tips: &[Tip], club: u64, from: Date, count: usize) -> Vec<TipId> {
        weeks_after(Vec::new(), tips, club, from, count).into_iter().map(|h| h.tip).collect()
    }

    #[test]
    fn none_comes_again_before_the_deck_is_through() {
        let had = weeks(&deck(), 7, date(2026, 7, 1), 36);
        for round in had.chunks(12) {
            let different: HashSet<&str> = round.iter().map(TipId::as_str).collect();
            assert_eq!(different.len(), 12, "{round:?}");
        }
    }

    #[test]
    fn categories_alternate() {
        let tips = deck();
        let category = |id: &TipId| tips.iter().find(|t| t.id == *id).expect("in the deck").category.as_str();
        for club in 0..50 {
            let had = weeks(&tips, club, date(2026, 7, 1), 11);
            // Eight of twelve are of one category: more than three repeats cannot be avoided, fewer would be chance.
            let repeats = had.windows(2).filter(|two| category(&two[0]) == category(&two[1])).count();
            assert!(repeats <= 4, "club {club}: {repeats} repeats in {had:?}");
        }
    }

    #[test]
    fn clubs_differ_and_a_restart_changes_nothing() {
        let of = |club| weeks(&deck(), club, date(2026, 7, 1), 12);
        assert_eq!(of(7), of(7));
        let different: HashSet<Vec<TipId>> = (0..20).map(of).collect();
        assert!(different.len() > 15, "{}", different.len());
        // The order is part of what clubs were told in previews: a release must not change it.
        insta::assert_snapshot!(of(7).iter().map(|t| t.as_str().trim_start_matches("tip.0")).collect::<Vec<_>>().join(" "), @"09 08 03 07 05 11 02 10 00 01 06 04");
    }

    #[test]
    fn a_season_is_waited_for() {
        let mut tips = deck();
        tips[11].season = vec!["winter".to_owned()];
        let july = weeks_after(Vec::new(), &tips, 7, date(2026, 7, 1), 11);
        assert!(july.iter().all(|h| h.tip.as_str() != "tip.011"), "{july:?}");
        // With nothing else left it comes all the same: the deck goes through.
        let all = weeks_after(july.clone(), &tips, 7, date(2026, 9, 20), 1);
        assert_eq!((all[11].tip.as_str(), all[11].round), ("tip.011", 0));
        // In its season it comes early.
        let south = Week { club: ClubId(7), date: date(2026, 7, 1), southern: true, had: &july[..6] };
        assert_eq!(next(&tips, &south).expect("a tip").0.id.as_str(), "tip.011");
    }

    #[test]
    fn what_is_overdue_comes_last() {
        let mut tips = deck();
        tips[0].reviewed_on = date(2020, 1, 1);
        tips[6].reviewed_on = date(2020, 1, 1);
        let had = weeks(&tips, 7, date(2026, 7, 1), 12);
        let mut last: Vec<&str> = had[10..].iter().map(TipId::as_str).collect();
        last.sort_unstable();
        assert_eq!(last, ["tip.000", "tip.006"]);
    }

    #[test]
    fn a_tip_that_arrives_or_goes_disturbs_nothing_else() {
        let mut tips = deck();
        let had = weeks_after(Vec::new(), &tips, 7, date(2026, 7, 1), 20);
        tips.push(tip("tip.012", "form", &[], REVIEWED));
        let gone = tips.iter().position(|t| t.id == had[19].tip).expect("in the deck");
        tips.remove(gone);
        // Eight of the second round are had, one of them is gone: five are left, the new one among them.
        let after = weeks_after(had, &tips, 7, date(2026, 12, 1), 6);
        let second: HashSet<&str> = after.iter().filter(|h| h.round == 1).map(|h| h.tip.as_str()).collect();
        assert_eq!((second.len(), second.contains("tip.012")), (13, true), "{after:?}");
        assert_eq!(after[25].round, 2);
        assert!(next(&[], &Week { club: ClubId(7), date: REVIEWED, southern: false, had: &after }).is_none());
    }
}
