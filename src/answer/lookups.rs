//! Replies to what is looked up rather than asked: cards, lists, tips, clinics, privacy, and earlier replies shown again.

use jiff::civil::Date;

use super::{
    Decision, Verdict,
    compose::{Cites, Writer, compose},
};
use crate::{
    club::Club,
    commands::{self, Who},
    id::{CardKey, FlagId, TipId, TopicId},
    knowledge::{Knowledge, SEASONS, Slot, Tip, Topic},
    reply::{Audience, Block, Choice, Item, Kind, Level, Ranked, Reply},
    safety::{By, Hit, Safety},
};

/// Regions whose winter is in June to August, as their `helplines.toml` codes.
const SOUTHERN: [&str; 3] = ["au", "nz", "za"];

/// One topic's card, by id or title; the list of topics where nothing has that name.
pub fn look_up(knowledge: &Knowledge, name: &str, club: &Club, today: Date) -> Reply {
    let named = |t: &&Topic| t.id.as_str().eq_ignore_ascii_case(name) || t.title.eq_ignore_ascii_case(name);
    match knowledge.topics.iter().find(named) {
        Some(topic) => card(knowledge, &CardKey { topic: topic.id.clone(), details: 0, flags: Vec::new() }, club, today),
        None => topics(knowledge),
    }
}

/// A card as it was shown before; the list of topics where the card is gone.
pub fn card(knowledge: &Knowledge, key: &CardKey, club: &Club, today: Date) -> Reply {
    let Some(topic) = knowledge.topic(key.topic.as_str()) else { return topics(knowledge) };
    let slots: Vec<Slot> = Slot::all().filter(|s| key.details & (1 << s.number()) != 0).collect();
    let flags: Vec<_> = key.flags.iter().filter_map(|id| knowledge.flag(id)).collect();
    let ranked = vec![Ranked { id: topic.id.clone(), confidence: 1.0 }];
    Writer { knowledge, club, today }.card(topic, &slots, ranked, &flags)
}

/// The references of a card.
pub fn sources(knowledge: &Knowledge, topic: &TopicId, club: &Club, today: Date) -> Reply {
    let shown = card(knowledge, &CardKey { topic: topic.clone(), details: 0, flags: Vec::new() }, club, today);
    let items = if shown.sources.is_empty() { vec![Item::plain(&knowledge.replies.no_sources)] } else { Vec::new() };
    let blocks = if items.is_empty() { Vec::new() } else { vec![Block::Paragraph { heading: String::new(), items }] };
    let title = format!("{}: {}", knowledge.replies.head_sources, shown.title);
    Reply { blocks, sources: shown.sources, audience: Audience::OnlyAsker, ..Reply::new(Kind::Notice, title) }
}

/// A safety reply that was decided before, without the words that raised it. Flags that no longer exist are left out; with none
/// left it still says what to do at that level.
pub fn concern(knowledge: &Knowledge, level: Level, flags: &[FlagId], club: &Club, today: Date) -> Reply {
    let known = flags.iter().filter(|id| knowledge.flag(id).is_some());
    let hit = |id: &FlagId| Hit { flag: id.clone(), level, by: By::Before, spans: Vec::new() };
    let safety = Safety { hits: known.map(hit).collect(), ..Safety::default() };
    let decision = Decision { safety, ..Decision::blank(Verdict::Safety) };
    compose(knowledge, &decision, club, today)
}

/// The list of all topics.
pub fn topics(knowledge: &Knowledge) -> Reply {
    let mut reply = Reply::new(Kind::Notice, &knowledge.replies.topics_title);
    let mut kinds: Vec<&str> = knowledge.topics.iter().map(|t| t.id.kind()).collect();
    kinds.dedup();
    for kind in kinds {
        let of_kind = knowledge.topics.iter().filter(|t| t.id.kind() == kind);
        let items = of_kind.map(|t| Item::plain(format!("{} ({})", t.title, t.id))).collect();
        reply.blocks.push(Block::Bullets { heading: kind.to_owned(), items });
    }
    reply
}

/// The topics of one kind, each with its line and its choice.
pub fn topics_of(knowledge: &Knowledge, kind: &str) -> Reply {
    let r = &knowledge.replies;
    let title = if kind == "fault" { &r.faults_title } else { &r.causes_title };
    let of_kind: Vec<&Topic> = knowledge.topics.iter().filter(|t| t.id.kind() == kind).collect();
    let items = of_kind.iter().map(|t| Item::plain(format!("{}: {}", t.title, t.short))).collect();
    Reply {
        blocks: vec![Block::Bullets { heading: String::new(), items }, Block::Note(r.uncertain.clone())],
        choices: of_kind.iter().map(|t| Choice { topic: t.id.clone(), label: t.title.clone() }).collect(),
        choices_heading: r.head_open.clone(),
        ..Reply::new(Kind::Notice, title)
    }
}

/// A tip of a category, or of any. Tips for another season are left out; categories alternate from one turn to the next.
pub fn tip(knowledge: &Knowledge, category: Option<&str>, turn: u64, club: &Club, today: Date) -> Reply {
    let season = season(today, club.region.as_deref());
    let fits =
        |t: &&Tip| category.is_none_or(|c| t.category == c) && (t.season.is_empty() || t.season.iter().any(|s| s == season));
    let mut tips: Vec<&Tip> = knowledge.tips.iter().filter(fits).collect();
    // The first of each category, then the second of each.
    let mut nth: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    let mut place: Vec<(usize, &str, &Tip)> = Vec::new();
    for tip in tips.drain(..) {
        let n = nth.entry(&tip.category).and_modify(|n| *n += 1).or_insert(0);
        place.push((*n, &tip.category, tip));
    }
    place.sort_by_key(|(n, category, _)| (*n, *category));
    let count = place.len() as u64;
    match place.get(turn.checked_rem(count).unwrap_or(0) as usize) {
        Some((_, _, tip)) => tip_reply(knowledge, tip, club, today),
        None => no_tip(knowledge),
    }
}

/// One certain tip; a notice where it is gone.
pub fn that_tip(knowledge: &Knowledge, tip: &TipId, club: &Club, today: Date) -> Reply {
    knowledge.tip(tip).map_or_else(|| no_tip(knowledge), |tip| tip_reply(knowledge, tip, club, today))
}

fn no_tip(knowledge: &Knowledge) -> Reply {
    let items = vec![Item::plain(&knowledge.replies.no_tip)];
    let blocks = vec![Block::Paragraph { heading: String::new(), items }];
    Reply { blocks, ..Reply::new(Kind::Notice, &knowledge.replies.tip_title) }
}

fn tip_reply(knowledge: &Knowledge, tip: &Tip, club: &Club, today: Date) -> Reply {
    let r = &knowledge.replies;
    let mut cites = Cites::default();
    let items = vec![cites.resting(knowledge, &tip.text, &tip.evidence, &tip.sources)];
    let mut reply = Reply { tip: Some(tip.id.clone()), ..Reply::new(Kind::Tip, &tip.title) };
    reply.blocks.push(Block::Paragraph { heading: String::new(), items });
    reply.blocks.push(Block::Paragraph { heading: r.head_why.clone(), items: vec![Item::plain(&tip.why)] });
    if !tip.contraindication.is_empty() {
        let items = vec![Item::plain(r.tip_caution.replace("{text}", &tip.contraindication))];
        reply.blocks.push(Block::Caution { heading: String::new(), items });
    }
    reply.blocks.push(Block::Note(Writer { knowledge, club, today }.review("", tip.reviewed_on)));
    reply.sources = cites.sources;
    reply.sources_heading = if reply.sources.is_empty() { String::new() } else { r.head_sources.clone() };
    reply
}

/// The season of a day, by whole months as meteorologists count them.
fn season(today: Date, region: Option<&str>) -> &'static str {
    let southern = region.is_some_and(|code| SOUTHERN.iter().any(|s| s.eq_ignore_ascii_case(code)));
    let quarter = usize::try_from(today.month()).unwrap_or(1) % 12 / 3;
    SEASONS[if southern { (quarter + 2) % 4 } else { quarter }]
}

/// The clinics that the club trusts.
pub fn clinics(knowledge: &Knowledge, club: &Club) -> Reply {
    let r = &knowledge.replies;
    let block = if club.clinics.is_empty() {
        Block::Paragraph { heading: String::new(), items: vec![Item::plain(&r.no_clinics)] }
    } else {
        Block::Clinics { heading: String::new(), clinics: club.clinics.clone() }
    };
    Reply { blocks: vec![block, Block::Note(r.clinics_note.clone())], ..Reply::new(Kind::Notice, &r.clinics_title) }
}

/// What is kept of what people write.
pub fn privacy(knowledge: &Knowledge) -> Reply {
    let r = &knowledge.replies;
    let items = [&r.privacy_words, &r.privacy_kept, &r.privacy_club, &r.privacy_discord].map(Item::plain).to_vec();
    Reply { blocks: vec![Block::Bullets { heading: String::new(), items }], ..Reply::new(Kind::Notice, &r.privacy_title) }
}

/// What can be asked, and how: the table of commands.
pub fn help(knowledge: &Knowledge) -> Reply {
    let r = &knowledge.replies;
    let of = |who| {
        let lines = commands::lines().into_iter().filter(move |l| l.who == who);
        lines.map(|l| Item::plain(format!("{}: {}", l.usage, l.description))).collect::<Vec<Item>>()
    };
    let paragraph = |text: &str| Block::Paragraph { heading: String::new(), items: vec![Item::plain(text)] };
    let blocks = vec![
        paragraph(&r.help_intro),
        Block::Bullets { heading: r.help_commands.clone(), items: of(Who::All) },
        paragraph(&r.help_ways),
        Block::Bullets { heading: r.help_organizers.clone(), items: of(Who::ManageServer) },
        Block::Note(r.uncertain.clone()),
    ];
    Reply { blocks, ..Reply::new(Kind::Notice, &r.help_title) }
}

/// No topic is near to what was typed.
pub fn no_topic(knowledge: &Knowledge) -> Reply {
    let r = &knowledge.replies;
    let words = Block::Paragraph { heading: String::new(), items: vec![Item::plain(&r.no_topic)] };
    Reply { blocks: vec![words], ..Reply::new(Kind::Notice, &r.no_topic_title) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn seasons_turn_by_whole_months_and_by_hemisphere() {
        let of = |month, region| season(date(2026, month, 15), region);
        assert_eq!(
            [of(12, None), of(1, None), of(3, None), of(7, None), of(11, None)],
            ["winter", "winter", "spring", "summer", "autumn"]
        );
        assert_eq!([of(12, Some("AU")), of(7, Some("nz"))], ["summer", "winter"]);
    }
}
