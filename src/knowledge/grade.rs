//! Reading grade: the Flesch-Kincaid grade level (Kincaid and others, 1975), computed over all the words of a card.

use std::ops::Range;

use super::problem::Notes;

/// The highest school grade that a card may need.
pub const GRADE_MAX: f64 = 8.0;

/// Notes a card that is harder to read than [`GRADE_MAX`].
pub(super) fn check(texts: &[&str], span: Range<usize>, notes: &mut Notes) {
    let grade = of(texts);
    if grade > GRADE_MAX {
        let what = format!("reading grade {grade:.1}, {GRADE_MAX} at most");
        notes.error(span, what, "shorter sentences, shorter words");
    }
}

/// The Flesch-Kincaid grade of some texts together; 0 for no words.
pub fn of(texts: &[&str]) -> f64 {
    let (mut sentences, mut words, mut syllables) = (0.0, 0.0, 0.0);
    for text in texts {
        let ends = text.split_inclusive(['.', '!', '?', ':', ';']).filter(|s| s.chars().any(char::is_alphabetic)).count();
        sentences += ends as f64;
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '\'') {
            if word.chars().any(char::is_alphanumeric) {
                words += 1.0;
                syllables += syllables_of(word) as f64;
            }
        }
    }
    if words == 0.0 { 0.0 } else { 0.39 * words / sentences + 11.8 * syllables / words - 15.59 }
}

/// Vowel groups, a silent final e aside: near enough for an average.
fn syllables_of(word: &str) -> usize {
    let word = word.to_lowercase();
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let mut groups = 0;
    let mut in_group = false;
    for c in word.chars() {
        if vowel(c) && !in_group {
            groups += 1;
        }
        in_group = vowel(c);
    }
    let silent =
        word.ends_with('e') && !word.ends_with("le") || word.ends_with("es") || word.ends_with("ed") && !word.ends_with("ted");
    if silent && groups > 1 {
        groups -= 1;
    }
    groups.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_are_easy_and_long_ones_hard() {
        assert!(of(&["The cat sat on the mat. It was a big cat."]) < 2.0);
        assert!(
            of(&["Patellofemoral rehabilitation necessitates individualized progressive neuromuscular interventions."]) > 16.0
        );
        assert_eq!(of(&[]), 0.0);
    }
}
