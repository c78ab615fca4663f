//! Negation and its kin, after NegEx (Chapman 2001) and ConText (Harkema 2009): a trigger word opens a stretch in which
//! what is said does not count as happening now. Triggers are data (`knowledge/words/context.toml`).

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::{Occurrence, Reading};

/// Why what is said in a stretch does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ContextKind {
    /// "no swelling"
    Negated,
    /// "ten years ago"
    Past,
    /// "what if it ever locks"
    Hypothetical,
    /// "the paper says"
    News,
    /// Looks like a trigger and is none: "not only".
    Pseudo,
}

impl ContextKind {
    /// The name as files and explanations write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negated => "negated",
            Self::Past => "past",
            Self::Hypothetical => "hypothetical",
            Self::News => "news",
            Self::Pseudo => "pseudo",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Negated, Self::Past, Self::Hypothetical, Self::News, Self::Pseudo].into_iter().find(|k| k.name() == name)
    }
}

/// Which way a trigger reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Over the words that follow.
    Forward,
    /// Over the words before.
    Backward,
    /// Over both.
    Both,
}

/// Words that open a stretch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trigger {
    /// What the stretch is.
    pub kind: ContextKind,
    /// Which way it reaches.
    pub direction: Direction,
    /// How many words it reaches.
    pub scope: usize,
    /// The phrases, in normal form.
    pub words: Vec<String>,
}

/// A stretch of a text in which what is said does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Why it does not count.
    pub kind: ContextKind,
    /// The tokens that opened it.
    pub trigger: Range<usize>,
    /// The tokens it covers.
    pub scope: Range<usize>,
}

/// From this reach on, in words, a trigger covers the whole message: "doing my first aid exam" says what all the rest is for.
/// Sentences that hold a terminator ("now", "today") are left out: something may be happening.
const WHOLE_MESSAGE: usize = 100;

/// How far a bare year ("in 2015") reaches as a sign of the past, in words each way.
const YEAR_SCOPE: usize = 12;

/// Turns triggers that were found into the stretches they open.
pub fn scopes(reading: &Reading, found: &[(&Trigger, Occurrence)], terminators: &[Occurrence]) -> Vec<Context> {
    let pseudo: Vec<&Occurrence> = found.iter().filter(|(t, _)| t.kind == ContextKind::Pseudo).map(|(_, o)| o).collect();
    let mut contexts = Vec::new();
    for (trigger, o) in found.iter().filter(|(t, _)| t.kind != ContextKind::Pseudo) {
        if pseudo.iter().any(|p| p.start < o.end && o.start < p.end && p.end - p.start >= o.end - o.start) {
            continue;
        }
        let at = o.start as usize..o.end as usize;
        push(reading, trigger.kind, trigger.direction, trigger.scope, &at, terminators, &mut contexts);
    }
    for at in 0..reading.tokens.len() {
        let year = &*reading.tokens[at].text;
        let is_year =
            year.len() == 4 && (year.starts_with("19") || year.starts_with("20")) && year.bytes().all(|b| b.is_ascii_digit());
        let ongoing = at > 0 && &*reading.tokens[at - 1].text == "since";
        if is_year && !ongoing {
            push(reading, ContextKind::Past, Direction::Both, YEAR_SCOPE, &(at..at + 1), terminators, &mut contexts);
        }
    }
    contexts.sort_by_key(|c| (c.scope.start, c.trigger.start, c.kind));
    contexts
}

fn push(
    reading: &Reading,
    kind: ContextKind,
    direction: Direction,
    reach: usize,
    at: &Range<usize>,
    terminators: &[Occurrence],
    contexts: &mut Vec<Context>,
) {
    if reach >= WHOLE_MESSAGE {
        let calm = |s: &&Range<usize>| !terminators.iter().any(|o| s.contains(&(o.start as usize)));
        let sentences = reading.sentences.iter().filter(calm).cloned();
        contexts.extend(sentences.map(|scope| Context { kind, trigger: at.clone(), scope }));
        return;
    }
    let Some(sentence) = reading.sentences.get(reading.sentences.partition_point(|s| s.end <= at.start)) else { return };
    let stops = |t: usize| terminators.binary_search_by_key(&t, |o| o.start as usize).is_ok();
    let mut scope = at.clone();
    if direction != Direction::Backward {
        let limit = sentence.end.min(at.end + reach);
        while scope.end < limit {
            let t = scope.end;
            let ends_list = kind == ContextKind::Negated && ends_negation(reading, t, sentence.end);
            if stops(t) || ends_list {
                break;
            }
            scope.end += 1;
        }
    }
    if direction != Direction::Forward {
        let limit = sentence.start.max(at.start.saturating_sub(reach));
        while scope.start > limit && !stops(scope.start - 1) {
            let at_comma = kind == ContextKind::Negated && scope.start < at.start && reading.tokens[scope.start].after_comma;
            if at_comma {
                break;
            }
            scope.start -= 1;
        }
    }
    contexts.push(Context { kind, trigger: at.clone(), scope });
}

/// "No pain, calf swollen": the comma ends a negation, unless a list goes on ("no swelling, bruising or redness").
/// Erring towards ending it errs towards hearing a red flag.
fn ends_negation(reading: &Reading, at: usize, sentence_end: usize) -> bool {
    let word = |t: usize| reading.tokens.get(t).map_or("", |t| &*t.text);
    if matches!(word(at), "and" | "plus" | "also" | "just" | "only" | "cos" | "because" | "so") {
        return !matches!(word(at), "and" | "plus") || STARTS_A_CLAUSE.contains(&word(at + 1));
    }
    if !reading.tokens[at].after_comma || matches!(word(at), "or" | "nor") {
        return false;
    }
    // A list of short members whose last one holds "or" goes on.
    let mut member = 0;
    for t in at..sentence_end.min(at + 16) {
        if t > at && reading.tokens[t].after_comma {
            member = 0;
        }
        member += 1;
        if matches!(word(t), "or" | "nor") {
            return false;
        }
        if member > 3 || STARTS_A_CLAUSE.contains(&word(t)) {
            return true;
        }
    }
    true
}

const STARTS_A_CLAUSE: &[&str] = &[
    "my", "the", "it", "i", "he", "she", "his", "her", "this", "that", "we", "they", "left", "right", "one", "calf", "knee",
    "leg", "foot", "there",
];
