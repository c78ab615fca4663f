//! Mends spelling towards the words that the knowledge uses, and leaves names and plain English alone.

use rapidfuzz::distance::osa;
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use serde::{Deserialize, Serialize};

/// Spelling data of `knowledge/words/spelling.toml`.
#[derive(Debug, Clone, Default)]
pub struct Spelling {
    /// What is typed, and what is meant: may be several words.
    pub fix: Vec<(String, String)>,
    /// Names that are left as they are.
    pub keep: Vec<String>,
}

/// Shorter words are not mended: too many are a letter apart.
const LENGTH_MIN: usize = 4;
/// From this length on two slips are mended.
const LENGTH_TWO_SLIPS: usize = 8;

/// A word counts as known from this many uses on, unless it is English or stands in a class: fewer may be a typo in an ask.
const COUNT_TRUSTED: u32 = 3;

/// Candidates for correction, by first letter.
#[derive(Default, Serialize, Deserialize)]
pub struct Speller {
    #[serde(skip)]
    counts: HashMap<Box<str>, u32>,
    known: HashSet<Box<str>>,
    by_letter: HashMap<char, Vec<Candidate>>,
    fix: HashMap<String, String>,
    keep: HashSet<String>,
}

#[derive(Serialize, Deserialize)]
struct Candidate {
    text: Box<str>,
    letters: u32,
    count: u32,
}

impl Speller {
    /// Counts a word of an ask, a card, a phrase.
    pub fn count(&mut self, word: &str) {
        if let Some(count) = self.counts.get_mut(word) {
            *count += 1;
        } else {
            self.counts.insert(word.into(), 1);
        }
    }

    /// Takes a word of a class as known.
    pub fn trust(&mut self, word: &str) {
        self.known.insert(word.into());
    }

    /// Takes the fixes and names and builds the index.
    pub fn finish(&mut self, spelling: Spelling) {
        for (text, &count) in &self.counts {
            if count >= COUNT_TRUSTED || super::english::is_english(text) {
                self.known.insert(text.clone());
            }
        }
        for text in &self.known {
            let plain = text.chars().all(char::is_alphabetic);
            if let Some(first) = text.chars().next().filter(|_| plain && text.len() >= LENGTH_MIN) {
                let count = self.counts.get(text).copied().unwrap_or(0);
                let candidate = Candidate { text: text.clone(), letters: letters_of(text), count };
                self.by_letter.entry(first).or_default().push(candidate);
            }
        }
        for bucket in self.by_letter.values_mut() {
            bucket.sort_unstable_by(|a, b| a.text.cmp(&b.text));
        }
        self.fix = spelling.fix.into_iter().collect();
        self.keep = spelling.keep.into_iter().map(|k| k.to_lowercase()).collect();
    }

    /// Whether the word is one of the knowledge's own, or a name to leave alone.
    pub fn knows(&self, word: &str) -> bool {
        self.known.contains(word) || self.keep.contains(word)
    }

    /// The knowledge's own words.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|w| &**w)
    }

    /// What a known slip stands for.
    pub fn fix(&self, word: &str) -> Option<&str> {
        self.fix.get(word).map(String::as_str)
    }

    /// The knowledge's word that was most likely meant, if one is near enough.
    pub fn correct(&self, word: &str) -> Option<&str> {
        let length = word.chars().count();
        if !(LENGTH_MIN..=24).contains(&length) || !word.chars().all(char::is_alphabetic) {
            return None;
        }
        let slips = if length >= LENGTH_TWO_SLIPS { 2 } else { 1 };
        let letters = letters_of(word);
        let mut firsts = word.chars();
        let (first, second) = (firsts.next()?, firsts.next()?);
        let mut best: Option<(usize, u32, &str)> = None;
        for (bucket, initial) in [(first, true), (second, false)] {
            for c in self.by_letter.get(&bucket).map_or(&[][..], Vec::as_slice) {
                let other = (c.letters ^ letters).count_ones() as usize;
                if c.text.len().abs_diff(word.len()) > slips || other > 2 * slips {
                    continue;
                }
                let Some(distance) =
                    osa::distance_with_args(word.chars(), c.text.chars(), &osa::Args::default().score_cutoff(slips))
                else {
                    continue;
                };
                // A slip in the first letter is rarer than one inside the word.
                let distance = distance * 2 + usize::from(!initial);
                if best.is_none_or(|(d, n, _)| distance < d || (distance == d && c.count > n)) {
                    best = Some((distance, c.count, &c.text));
                }
            }
        }
        best.map(|(_, _, text)| text)
    }
}

fn letters_of(word: &str) -> u32 {
    word.bytes().filter(u8::is_ascii_lowercase).fold(0, |set, b| set | 1 << (b - b'a'))
}
