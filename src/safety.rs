//! Red flags in a text. Decided before everything else, by two nets: written rules that a clinician can read
//! (`knowledge/safety/`), and what the encoder learned from thousands of phrasings (`knowledge/phrases/`). Either raises a flag;
//! neither can take back what the other raised. A rule whose words are often harmless says so itself (`unsure`), and then waits for
//! the encoder to find them at least possible.
//!
//! Every sentence is read, and every sentence together with its neighbors, and the message as a whole; the highest level
//! wins. Nothing here looks at topics, clubs or settings: nothing can switch a flag off.

use std::{cmp::Reverse, fmt, ops::Range};

use crate::{
    id::FlagId,
    knowledge::{Knowledge, Rule, Scope},
    net::{Alarm, Impression, Net},
    reply::Level,
    text::{ContextKind, Found, Pattern, Reading},
};

/// A red flag that a text raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which flag.
    pub flag: FlagId,
    /// How soon someone must be seen: the rule's level.
    pub level: Level,
    /// What raised it.
    pub by: By,
    /// Bytes of the text that matched: one stretch a pattern, or the most telling words.
    pub spans: Vec<Range<usize>>,
}

/// What raises a flag.
#[derive(Debug, Clone, PartialEq)]
pub enum By {
    /// A written rule held: its name.
    Rule(String),
    /// The encoder: how probable it is that the words call for care within two days, as among the lines that it learned from.
    Encoder(f32),
    /// It was decided before, and is shown again.
    Before,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(name) => write!(f, "rule \"{name}\""),
            Self::Encoder(share) => write!(f, "the encoder, {share:.2}"),
            Self::Before => f.write_str("an earlier decision"),
        }
    }
}

/// A flag that would have been raised, had its words not been negated, past, hypothetical or news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared {
    /// Which flag.
    pub flag: FlagId,
    /// The rule that all but held.
    pub rule: String,
    /// Why it does not count.
    pub because: ContextKind,
    /// Bytes of the words that undid it.
    pub by: Range<usize>,
}

/// What the safety reading found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Safety {
    /// Flags raised, worst first, each flag once.
    pub hits: Vec<Hit>,
    /// Flags undone by context, for explanation.
    pub cleared: Vec<Cleared>,
    /// Flags whose rule held, but is unsure, where the encoder is all but sure of the contrary: flag and rule.
    pub doubted: Vec<(FlagId, String)>,
    /// How many flags were checked.
    pub checked: usize,
}

impl Safety {
    /// The highest level of the flags raised.
    pub fn level(&self) -> Level {
        self.hits.first().map_or(Level::None, |h| h.level)
    }
}

/// Reads the red flags of a text.
pub fn check(knowledge: &Knowledge, net: &Net, text: &str, reading: &Reading, impression: &Impression) -> Safety {
    let possible = impression.share >= knowledge.costs.doubt;
    let mut safety = by_rules(knowledge, reading, &|flag| possible || !net.knows(flag));
    let spoken = safety.level();
    let loud = |alarm: &&Alarm| alarm.share >= knowledge.costs.alarm_from();
    let mut raise = |alarm: &Alarm, from: Level| {
        let known = safety.hits.iter().find(|hit| hit.flag == alarm.flag).map_or(Level::None, |hit| hit.level);
        if alarm.level > known.max(from) {
            let spans = vec![reading.span(net.telling(text, reading, alarm))];
            safety.hits.retain(|hit| hit.flag != alarm.flag);
            safety.hits.push(Hit { flag: alarm.flag.clone(), level: alarm.level, by: By::Encoder(alarm.share), spans });
            safety.hits.sort_by_key(|hit| Reverse(hit.level));
        }
    };
    // Where the rules have spoken, the encoder adds a flag only to say that it is worse, or that it is a crisis: whose card comes
    // before everything, and says what to do about another emergency.
    if let Some(alarm) = impression.alarm.as_ref().filter(loud) {
        raise(alarm, spoken);
    }
    if let Some(crisis) = impression.crisis.as_ref().filter(loud) {
        raise(crisis, Level::None);
    }
    safety
}

/// Reads the red flags of a text by the written rules. Those that are unsure of themselves count where their flag is `possible`: where
/// the encoder is not all but sure that the words are harmless.
pub fn by_rules(knowledge: &Knowledge, reading: &Reading, possible: &dyn Fn(&FlagId) -> bool) -> Safety {
    let mut safety = Safety { checked: knowledge.flags.len(), ..Safety::default() };
    let mut open = knowledge.rules.open(reading).into_iter();
    for flag in &knowledge.flags {
        let mut best: Option<Hit> = None;
        let mut undone: Option<Cleared> = None;
        for rule in &flag.rules {
            let open = open.next().unwrap_or(true);
            if !open || best.as_ref().is_some_and(|b| b.level >= rule.level) {
                continue;
            }
            match hold(rule, reading) {
                Held::No => {}
                Held::Undone(because, by) => {
                    undone.get_or_insert_with(|| Cleared {
                        flag: flag.id.clone(),
                        rule: rule.name.clone(),
                        because,
                        by: reading.span(by),
                    });
                }
                Held::Yes(_) if rule.unsure && !possible(&flag.id) => safety.doubted.push((flag.id.clone(), rule.name.clone())),
                Held::Yes(tokens) => {
                    let spans = tokens.into_iter().map(|t| reading.span(t)).collect();
                    best = Some(Hit { flag: flag.id.clone(), level: rule.level, by: By::Rule(rule.name.clone()), spans });
                }
            }
        }
        match (best, undone) {
            (Some(hit), _) => safety.hits.push(hit),
            (None, Some(cleared)) => safety.cleared.push(cleared),
            (None, None) => {}
        }
    }
    safety.hits.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.flag.cmp(&b.flag)));
    safety
}

enum Held {
    No,
    /// It would hold but for this context, opened by these tokens.
    Undone(ContextKind, Range<usize>),
    /// The tokens of each pattern.
    Yes(Vec<Range<usize>>),
}

fn hold(rule: &Rule, reading: &Reading) -> Held {
    let possible =
        rule.all.iter().all(|p| p.may_match(reading)) && (rule.any.is_empty() || rule.any.iter().any(|p| p.may_match(reading)));
    if !possible {
        return Held::No;
    }
    let mut undone = Held::No;
    for window in windows(rule.scope, reading) {
        match hold_within(rule, reading, &window) {
            Held::No => {}
            Held::Undone(kind, by) => undone = Held::Undone(kind, by),
            yes @ Held::Yes(_) => return yes,
        }
    }
    undone
}

/// The token ranges that a rule is tried on.
fn windows(scope: Scope, reading: &Reading) -> Vec<Range<usize>> {
    let sentences = &reading.sentences;
    match scope {
        Scope::Sentence => sentences.clone(),
        Scope::Near if sentences.len() < 2 => sentences.clone(),
        Scope::Near => sentences.windows(2).map(|pair| pair[0].start..pair[1].end).collect(),
        Scope::Message => std::iter::once(0..reading.tokens.len()).collect(),
    }
}

fn hold_within(rule: &Rule, reading: &Reading, window: &Range<usize>) -> Held {
    let mut undone = None;
    let mut rows: Vec<Vec<Range<usize>>> = Vec::new();
    for pattern in &rule.all {
        match live(pattern, rule, reading, window) {
            Live::None => return Held::No,
            Live::Undone(kind, by) => {
                undone = Some((kind, by));
                rows.push(Vec::new());
            }
            Live::Some(places) => rows.push(places),
        }
    }
    if !rule.any.is_empty() {
        let mut places = Vec::new();
        let mut seen = false;
        for pattern in &rule.any {
            match live(pattern, rule, reading, window) {
                Live::None => {}
                Live::Undone(kind, by) => {
                    seen = true;
                    undone = undone.or(Some((kind, by)));
                }
                Live::Some(more) => places.extend(more),
            }
        }
        if places.is_empty() && !seen {
            return Held::No;
        }
        rows.push(places);
    }
    if rows.iter().any(Vec::is_empty) {
        return undone.map_or(Held::No, |(kind, by)| Held::Undone(kind, by));
    }
    if rule.none.iter().any(|p| matches!(live(p, rule, reading, window), Live::Some(_))) {
        return Held::No;
    }
    let reach = if rule.scope == Scope::Sentence { rule.within } else { usize::MAX };
    nearest(&rows, reach).map_or(Held::No, Held::Yes)
}

enum Live {
    None,
    Undone(ContextKind, Range<usize>),
    Some(Vec<Range<usize>>),
}

fn live(pattern: &Pattern, rule: &Rule, reading: &Reading, window: &Range<usize>) -> Live {
    let found = pattern.find(reading, window, &rule.even_if);
    let counts: Vec<Range<usize>> = found.iter().filter(|f| f.undone_by.is_none()).map(|f| f.tokens.clone()).collect();
    if !counts.is_empty() {
        return Live::Some(counts);
    }
    match found.first() {
        Some(Found { undone_by: Some(context), .. }) => {
            let context = &reading.contexts[*context];
            Live::Undone(context.kind, context.trigger.clone())
        }
        _ => Live::None,
    }
}

/// One place of each row such that all lie within `reach` words of one another; tried from each place of the first row.
fn nearest(rows: &[Vec<Range<usize>>], reach: usize) -> Option<Vec<Range<usize>>> {
    let distance = |a: &Range<usize>, b: &Range<usize>| a.start.max(b.start).saturating_sub(a.end.min(b.end));
    rows.first()?.iter().find_map(|anchor| {
        let mut chosen = vec![anchor.clone()];
        for row in &rows[1..] {
            let near = row.iter().min_by_key(|place| distance(place, anchor))?;
            if distance(near, anchor) > reach {
                return None;
            }
            chosen.push(near.clone());
        }
        Some(chosen)
    })
}
