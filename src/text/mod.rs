//! Letters to words. Reads what a person typed into tokens in normal form, with the spans they came from, the word
//! classes that occur, and the stretches that are negated, past, hypothetical or news.
//!
//! Knows nothing of topics or flags; the words themselves are data (`knowledge/words/`).

mod context;
mod english;
mod gate;
mod lexicon;
mod normalize;
mod pattern;
mod spell;

pub use context::{Context, ContextKind, Direction, Trigger};
pub use gate::Gates;
pub use lexicon::{ClassDef, ClassId, Lexicon, LexiconBuilder, Word};
pub use normalize::{folded, plain_words};
pub use pattern::{Found, Pattern, PatternError};
pub use spell::Spelling;

use std::ops::Range;

/// The most characters that are read; Discord's own limit for a text option. What follows is not looked at.
pub const TEXT_MAX: usize = 6000;

/// One word of a text, in normal form.
#[derive(Debug, Clone)]
pub struct Token {
    /// Lower case, spelling mended, contraction opened.
    pub text: Box<str>,
    /// The interned form itself, or [`Word::UNKNOWN`].
    pub word: Word,
    /// The interned stem, or [`Word::UNKNOWN`].
    pub stem: Word,
    /// Bytes of the original text that this word came from.
    pub span: Range<usize>,
    /// A comma or dash stands before this word.
    pub after_comma: bool,
    /// The word was changed by spelling correction.
    pub corrected: bool,
}

/// A word class found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// Which class.
    pub class: ClassId,
    /// First token.
    pub start: u16,
    /// One past the last token.
    pub end: u16,
}

/// A text as the lexicon read it.
#[derive(Debug, Clone)]
pub struct Reading {
    /// All words in order.
    pub tokens: Vec<Token>,
    /// Token ranges of the sentences, in order, without gaps.
    pub sentences: Vec<Range<usize>>,
    /// Classes found, sorted by class, then start.
    pub occurrences: Vec<Occurrence>,
    /// Negated, past, hypothetical and news stretches, by scope. Each scope lies within one sentence.
    pub contexts: Vec<Context>,
    /// Tokens that belong to an idiom and mean nothing by their words.
    pub masked: Vec<bool>,
    /// Which classes occur, a bit each.
    class_bits: Vec<u64>,
    /// Which stems occur, sorted.
    stems: Vec<Word>,
}

impl Reading {
    /// For each of some tokens: whether a negated, past, hypothetical or news stretch covers it.
    pub fn undone(&self, within: &Range<usize>) -> Vec<bool> {
        let mut undone = vec![false; within.len()];
        for at in self.contexts_near(within) {
            let scope = &self.contexts[at].scope;
            let (from, to) = (scope.start.max(within.start), scope.end.min(within.end));
            if from < to {
                undone[from - within.start..to - within.start].fill(true);
            }
        }
        undone
    }

    /// Whether a class occurs at all.
    pub fn has_class(&self, class: ClassId) -> bool {
        self.class_bits.get(usize::from(class.0) / 64).is_some_and(|bits| bits >> (class.0 % 64) & 1 == 1)
    }

    /// The contexts that may cover some of these tokens, as indexes: those of the sentences that the tokens lie in.
    pub(crate) fn contexts_near(&self, tokens: &Range<usize>) -> Vec<usize> {
        let first = self.sentences.partition_point(|s| s.end <= tokens.start);
        let from = self.sentences.get(first).map_or(0, |s| s.start);
        let last = self.sentences.partition_point(|s| s.start < tokens.end);
        let to = last.checked_sub(1).map_or(0, |at| self.sentences[at].end);
        let start = self.contexts.partition_point(|c| c.scope.start < from);
        let end = self.contexts.partition_point(|c| c.scope.start < to);
        (start..end).collect()
    }

    /// Whether a stem occurs at all.
    pub fn has_stem(&self, stem: Word) -> bool {
        self.stems.binary_search(&stem).is_ok()
    }

    /// The occurrences of one class, by start.
    pub fn of_class(&self, class: ClassId) -> &[Occurrence] {
        let from = self.occurrences.partition_point(|o| o.class < class);
        let to = from + self.occurrences[from..].partition_point(|o| o.class == class);
        &self.occurrences[from..to]
    }

    /// The bytes of the original text that a range of tokens came from.
    pub fn span(&self, tokens: Range<usize>) -> Range<usize> {
        match (self.tokens.get(tokens.start), self.tokens.get(tokens.end.saturating_sub(1))) {
            (Some(first), Some(last)) if tokens.start < tokens.end => first.span.start..last.span.end,
            _ => 0..0,
        }
    }
}

/// How alike two words are, 0 to 1: one less the share of letters that must be added, dropped, changed or swapped.
pub fn likeness(a: &str, b: &str) -> f64 {
    rapidfuzz::distance::osa::normalized_similarity(a.chars(), b.chars())
}
