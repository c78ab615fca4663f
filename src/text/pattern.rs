//! Patterns over words: a row of terms in order, with a few other words between. The language is described in
//! `docs/knowledge.md`.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::{
    ContextKind, Lexicon, Reading,
    gate::Atom,
    lexicon::{Unit, fits},
};

/// How many other words may stand between two terms.
const GAP: usize = 3;
/// How many where `...` stands between them.
const WIDE_GAP: usize = 10;
/// How many ways to reach the same word are followed.
const WAYS_MAX: usize = 4;

/// A compiled pattern.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pattern {
    terms: Vec<Term>,
    source: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Term {
    gap: usize,
    /// Each alternative is a row of units side by side.
    alternatives: Vec<Vec<Unit>>,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern `{pattern}`: {why}")]
pub struct PatternError {
    /// The pattern as written.
    pub pattern: String,
    /// What is wrong.
    pub why: String,
}

/// A place where a pattern matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Tokens from the first term to the last.
    pub tokens: Range<usize>,
    /// The tokens of each term.
    pub terms: Vec<Range<usize>>,
    /// The context that makes it not count, if any: an index into [`Reading::contexts`].
    pub undone_by: Option<usize>,
}

/// The longest stretch that one term can cover, in words.
const PLACE_MAX: usize = 24;

/// The first way of `last` that does not begin before `at`.
fn from_until(ways: &[Way], last: &Range<usize>, at: usize) -> usize {
    last.start + ways[last.clone()].partition_point(|w| w.tokens.start < at)
}

struct Way {
    tokens: Range<usize>,
    before: Option<usize>,
    start: usize,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it names an unknown class or holds no term.
    pub fn new(lexicon: &mut Lexicon, source: &str) -> Result<Self, PatternError> {
        let err = |why: String| PatternError { pattern: source.to_owned(), why };
        let mut terms = Vec::new();
        let mut gap = GAP;
        for part in source.split_whitespace() {
            if part == "..." {
                gap = WIDE_GAP;
                continue;
            }
            let mut alternatives = Vec::new();
            for alternative in part.split('|') {
                // Class names hold underscores of their own.
                let spaced = if alternative.starts_with('@') { alternative.to_owned() } else { alternative.replace('_', " ") };
                let units = lexicon.units_of(&spaced).map_err(err)?;
                if units.is_empty() {
                    return Err(err(format!("`{alternative}` holds no word")));
                }
                alternatives.push(units);
            }
            terms.push(Term { gap: std::mem::replace(&mut gap, GAP), alternatives });
        }
        if terms.is_empty() {
            return Err(err("it holds no term".to_owned()));
        }
        Ok(Self { terms, source: source.to_owned() })
    }

    /// The pattern as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What a text must have for the pattern to match: something of each clause. Terms that any text may hold have none.
    pub(super) fn clauses(&self) -> Vec<Vec<Atom>> {
        let of = |units: &Vec<Unit>| units.iter().find_map(Atom::of);
        self.terms.iter().filter_map(|term| term.alternatives.iter().map(of).collect::<Option<Vec<_>>>()).collect()
    }

    /// Whether every term occurs somewhere; cheap, and false for nearly all patterns and texts.
    pub fn may_match(&self, reading: &Reading) -> bool {
        self.terms.iter().all(|term| {
            term.alternatives.iter().any(|units| {
                units.iter().all(|unit| match unit {
                    Unit::Class(class) => reading.has_class(*class),
                    Unit::Stem(stem) => reading.has_stem(*stem),
                    Unit::Exact(_) | Unit::Prefix(_) => true,
                })
            })
        })
    }

    /// All places in a range of tokens where the pattern matches. `even_if` lists contexts that do not undo it.
    pub fn find(&self, reading: &Reading, within: &Range<usize>, even_if: &[ContextKind]) -> Vec<Found> {
        let mut ways: Vec<Way> = Vec::new();
        let mut last = 0..0;
        for (n, term) in self.terms.iter().enumerate() {
            let from = ways.len();
            for place in term.places(reading, within) {
                if n == 0 {
                    ways.push(Way { start: place.start, tokens: place, before: None });
                    continue;
                }
                // Ways are sorted by start: only those that begin near enough before this place are looked at.
                let until = from_until(&ways, &last, place.start);
                let before: Vec<usize> = (last.start..until)
                    .rev()
                    .take_while(|&w| ways[w].tokens.start + term.gap + PLACE_MAX >= place.start)
                    .filter(|&w| ways[w].tokens.end <= place.start && place.start - ways[w].tokens.end <= term.gap)
                    .take(WAYS_MAX)
                    .collect();
                for w in before {
                    let start = ways[w].start;
                    ways.push(Way { start, tokens: place.clone(), before: Some(w) });
                }
            }
            last = from..ways.len();
            if last.is_empty() {
                return Vec::new();
            }
        }
        last.map(|way| self.found(reading, &ways, way, even_if)).collect()
    }

    fn found(&self, reading: &Reading, ways: &[Way], last: usize, even_if: &[ContextKind]) -> Found {
        let mut terms = vec![ways[last].tokens.clone()];
        let mut at = last;
        while let Some(before) = ways[at].before {
            terms.push(ways[before].tokens.clone());
            at = before;
        }
        terms.reverse();
        let near = reading.contexts_near(&(ways[last].start..ways[last].tokens.end));
        let undone_by = near.into_iter().find(|&n| {
            let context = &reading.contexts[n];
            let covers = |t: &Range<usize>| t.start < context.scope.end && context.scope.start < t.end;
            let owns = |t: &Range<usize>| t.start < context.trigger.end && context.trigger.start < t.end;
            !even_if.contains(&context.kind) && terms.iter().any(covers) && !terms.iter().any(owns)
        });
        Found { tokens: ways[last].start..ways[last].tokens.end, terms, undone_by }
    }
}

impl Term {
    /// Every stretch of tokens that this term fits, by start.
    fn places(&self, reading: &Reading, within: &Range<usize>) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        for units in &self.alternatives {
            if let [Unit::Class(class)] = &units[..] {
                let all = reading.of_class(*class);
                let first = all.partition_point(|o| (o.start as usize) < within.start);
                let inside = all[first..].iter().take_while(|o| (o.start as usize) < within.end);
                let whole = inside.filter(|o| o.end as usize <= within.end);
                places.extend(whole.map(|o| o.start as usize..o.end as usize));
                continue;
            }
            for at in within.clone() {
                if let Some(end) = side_by_side(units, reading, at, within.end) {
                    places.push(at..end);
                }
            }
        }
        places.sort_unstable_by_key(|p| (p.start, p.end));
        places.dedup();
        places
    }
}

fn side_by_side(units: &[Unit], reading: &Reading, at: usize, limit: usize) -> Option<usize> {
    let mut at = at;
    for unit in units {
        if at >= limit {
            return None;
        }
        at = match unit {
            Unit::Class(class) => {
                let all = reading.of_class(*class);
                all.get(all.partition_point(|o| (o.start as usize) < at)).filter(|o| o.start as usize == at)?.end as usize
            }
            single if !reading.masked[at] && fits(single, &reading.tokens[at]) => at + 1,
            _ => return None,
        };
    }
    (at <= limit).then_some(at)
}
