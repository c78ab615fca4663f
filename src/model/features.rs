//! What a text is described by.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use crate::text::{Lexicon, Reading, Word};

/// One thing that may be true of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Feature {
    /// Always there.
    Bias,
    /// A word stem.
    Stem(Word),
    /// A word stem that is negated, past, hypothetical or news.
    UndoneStem(Word),
    /// Two stems side by side, small words left out.
    Pair(Word, Word),
    /// A word class.
    Class(u16),
    /// A word class all of whose words are negated, past, hypothetical or news.
    UndoneClass(u16),
    /// Two word classes, anywhere in the text.
    Classes(u16, u16),
    /// Letters of a word, as a hash: what a typo leaves standing.
    Letters(u32),
    /// Something that the caller read.
    Extra(u16),
}

impl Feature {
    /// How often a feature must occur among the examples to be worth a row of weights.
    pub(super) fn count_min(self) -> u32 {
        match self {
            Self::Pair(..) | Self::Classes(..) | Self::Letters(_) => 3,
            Self::Stem(_) | Self::UndoneStem(_) => 2,
            _ => 1,
        }
    }
}

/// How texts are described: how much each sort of feature counts before learning.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Describing {
    /// Whether words in a negated, past, hypothetical or news stretch are told apart from others.
    pub contexts: bool,
    /// A stem; small words ("the") count a third.
    pub stem: f32,
    /// A pair of stems.
    pub pair: f32,
    /// A class.
    pub class: f32,
    /// A pair of classes.
    pub classes: f32,
    /// Letters of a word.
    pub letters: f32,
    /// What the caller read.
    pub extra: f32,
}

const SMALL_WORD: f32 = 0.3;
const BIAS: f32 = 0.3;
/// Pairs of classes are made from so many classes at most: a rambling text has dozens.
const CLASSES_PAIRED_MAX: usize = 10;
/// Letters are taken this many at a time.
const LETTERS: usize = 4;

impl Describing {
    /// The features of some tokens of a text, each once, in a fixed order.
    pub(super) fn describe(
        &self,
        lexicon: &Lexicon,
        reading: &Reading,
        within: &Range<usize>,
        extra: &[Feature],
    ) -> Vec<(Feature, f32)> {
        let mut described = vec![(Feature::Bias, BIAS)];
        let undone: Vec<bool> = if self.contexts { reading.undone(within) } else { vec![false; within.len()] };
        let is_undone = |at: usize| undone[at - within.start];
        let mut last: Option<Word> = None;
        for at in within.clone() {
            let token = &reading.tokens[at];
            if self.letters > 0.0 && !lexicon.is_filler(token.word) {
                described.extend(letters_of(&token.text).map(|l| (Feature::Letters(l), self.letters)));
            }
            if token.stem == Word::UNKNOWN {
                last = None;
                continue;
            }
            let small = lexicon.is_filler(token.word);
            let value = if small { self.stem * SMALL_WORD } else { self.stem };
            described.push((if is_undone(at) { Feature::UndoneStem(token.stem) } else { Feature::Stem(token.stem) }, value));
            if !small && !is_undone(at) {
                if let Some(before) = last {
                    described.push((Feature::Pair(before, token.stem), self.pair));
                }
                last = Some(token.stem);
            }
        }
        let mut classes: Vec<u16> = Vec::new();
        for o in reading.occurrences.iter().filter(|o| within.contains(&(o.start as usize)) && o.end as usize <= within.end) {
            if (o.start..o.end).all(|at| is_undone(at as usize)) {
                described.push((Feature::UndoneClass(o.class.0), self.class));
            } else if classes.last() != Some(&o.class.0) {
                classes.push(o.class.0);
            }
        }
        described.extend(classes.iter().map(|&c| (Feature::Class(c), self.class)));
        if self.classes > 0.0 {
            for (n, &a) in classes.iter().take(CLASSES_PAIRED_MAX).enumerate() {
                let others = classes.iter().take(CLASSES_PAIRED_MAX).skip(n + 1);
                described.extend(others.map(|&b| (Feature::Classes(a, b), self.classes)));
            }
        }
        described.extend(extra.iter().map(|&f| (f, self.extra)));
        described.sort_unstable_by_key(|(feature, _)| *feature);
        described.dedup_by_key(|(feature, _)| *feature);
        described
    }
}

/// Hashes of the runs of [`LETTERS`] letters of a word with its edges marked (FNV-1a).
fn letters_of(word: &str) -> impl Iterator<Item = u32> {
    let marked: Vec<u8> = std::iter::once(b'<').chain(word.bytes()).chain(std::iter::once(b'>')).collect();
    let runs: Vec<u32> = marked
        .windows(LETTERS.min(marked.len()))
        .map(|run| run.iter().fold(0x811c_9dc5_u32, |hash, &b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193)))
        .collect();
    runs.into_iter()
}
