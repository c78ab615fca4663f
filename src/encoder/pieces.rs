//! Words to word pieces, the units that the encoder reads: greedy, the longest piece of the vocabulary first.

use rustc_hash::FxHashMap as HashMap;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A vocabulary of word pieces; what goes on within a word begins with `##`.
pub struct Pieces {
    ids: HashMap<&'static str, u32>,
    unknown: u32,
    first: u32,
    last: u32,
}

/// Words of more letters are read as one unknown piece.
const LETTERS_MAX: usize = 100;

impl Pieces {
    /// From the pieces in the order of their numbers; `None` where one of the three marks is missing.
    pub fn new(vocabulary: &'static str) -> Option<Self> {
        let ids: HashMap<&str, u32> = vocabulary.split('\n').zip(0..).collect();
        let mark = |name| ids.get(name).copied();
        let (unknown, first, last) = (mark("[UNK]")?, mark("[CLS]")?, mark("[SEP]")?);
        Some(Self { ids, unknown, first, last })
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// A text as pieces between the two marks; at most `max` with them, the end cut off.
    pub fn of(&self, text: &str, max: usize) -> Vec<u32> {
        let mut ids = vec![self.first];
        for word in words(text).split_whitespace() {
            self.of_word(word, &mut ids);
            if ids.len() >= max - 1 {
                break;
            }
        }
        ids.truncate(max - 1);
        ids.push(self.last);
        ids
    }

    fn of_word(&self, word: &str, ids: &mut Vec<u32>) {
        let (from, mut start) = (ids.len(), 0);
        let mut piece = String::with_capacity(word.len() + 2);
        let ends: Vec<usize> = word.char_indices().map(|(at, c)| at + c.len_utf8()).take(LETTERS_MAX + 1).collect();
        while start < word.len() {
            let longest = ends.iter().rev().take_while(|&&end| end > start).find_map(|&end| {
                piece.clear();
                piece.push_str(if start == 0 { "" } else { "##" });
                piece.push_str(&word[start..end]);
                self.ids.get(piece.as_str()).map(|&id| (id, end))
            });
            let Some((id, end)) = longest.filter(|_| ends.len() <= LETTERS_MAX) else {
                ids.truncate(from);
                ids.push(self.unknown);
                return;
            };
            ids.push(id);
            start = end;
        }
    }
}

/// Lower case, accents off, parted around every mark: as `tools/train/encoder.py` does it.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.to_lowercase().nfd() {
        if c.is_alphanumeric() {
            out.push(c);
        } else if c.is_whitespace() {
            out.push(' ');
        } else if !is_combining_mark(c) {
            out.extend([' ', c, ' ']);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_piece_comes_first_and_what_has_none_is_unknown() {
        let pieces = Pieces::new("[UNK]\n[CLS]\n[SEP]\nknee\nkn\n##s\n##cap\n'\n2").expect("all marks are there");
        assert_eq!(pieces.of("Kneecap knees", 9), [1, 3, 6, 3, 5, 2]);
        assert_eq!(pieces.of("kn\u{e9}e's 2 \u{1f600}", 9), [1, 3, 7, 0, 8, 0, 2]);
        assert_eq!(pieces.of("knee knee knee knee", 4), [1, 3, 3, 2]);
        assert_eq!(pieces.of("", 4), [1, 2]);
        assert_eq!(pieces.of(&"knee".repeat(40), 9), [1, 0, 2]);
        assert!(Pieces::new("knee").is_none());
    }
}
