//! Is this an English word? A list that spelling correction must not touch (see `english.LICENSE`).

/// Lower-case words of three letters and more, sorted, one a line.
const WORDS: &str = include_str!("english.txt");

/// Whether `word` (lower case) stands in the list. A binary search over the text itself: nothing to build at start.
pub fn is_english(word: &str) -> bool {
    let (mut low, mut high) = (0, WORDS.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = WORDS.as_bytes()[..middle].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let end = WORDS.as_bytes()[start..].iter().position(|&b| b == b'\n').map_or(WORDS.len(), |at| start + at);
        match WORDS[start..end].cmp(word) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = (end + 1).min(WORDS.len()),
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_words_and_only_words() {
        for word in ["abandon", "heart", "zoos", "knee", "colour", "color"] {
            assert!(is_english(word), "{word}");
        }
        for word in ["kneee", "aaa", "zzzz", "", "hear t"] {
            assert!(!is_english(word), "{word}");
        }
        assert!(WORDS.lines().is_sorted());
    }
}
