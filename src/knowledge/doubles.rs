//! Questions that stand twice, or nearly: what teaches twice counts twice, and what teaches and examines measures nothing.

use std::collections::{HashMap, HashSet};

use crate::text::plain_words;

/// A question, what it is there, and its file.
pub(super) struct Stands<'a> {
    pub text: &'a str,
    pub role: String,
    pub path: &'a str,
}

/// A question that stands a second time.
pub(super) struct Double {
    /// Its place in the list.
    pub at: usize,
    /// The place of the first.
    pub first: usize,
    /// Whether the words are the same; else all but a few.
    pub same: bool,
}

/// Questions with at least so many different telling words may be near copies of one another ...
const WORDS_MIN: usize = 5;
/// ... where they share this much of all that both have.
const SHARE: f32 = 0.8;

/// All doubles, in the order of the list. Near copies are looked for among those questions alone for which `near` holds.
pub(super) fn doubles(all: &[Stands<'_>], near: impl Fn(&Stands<'_>) -> bool) -> Vec<Double> {
    let mut found = Vec::new();
    let mut owners: HashMap<Vec<String>, usize> = HashMap::new();
    let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (at, question) in all.iter().enumerate() {
        let words = plain_words(question.text);
        if near(question) {
            let mut telling: Vec<String> = words.iter().filter(|w| w.len() > 2).cloned().collect();
            telling.sort_unstable();
            telling.dedup();
            telling.iter().for_each(|w| *counts.entry(w.clone()).or_default() += 1);
            if telling.len() >= WORDS_MIN {
                rows.push((at, telling));
            }
        }
        match owners.get(&words) {
            Some(&first) => found.push(Double { at, first, same: true }),
            None => drop(owners.insert(words, at)),
        }
    }
    // Two rows that share so much must share one of their rarest words: only those are looked up.
    let mut by_word: HashMap<&str, Vec<usize>> = HashMap::new();
    let same: HashSet<usize> = found.iter().map(|d| d.at).collect();
    for (_, row) in &mut rows {
        row.sort_unstable_by(|a, b| (counts[a], a).cmp(&(counts[b], b)));
    }
    for (n, (at, row)) in rows.iter().enumerate() {
        let rarest = row.len() - (SHARE * row.len() as f32).ceil() as usize + 1;
        let mut seen = HashSet::new();
        let candidates = row[..rarest].iter().flat_map(|w| by_word.get(w.as_str()).into_iter().flatten());
        let twin = candidates.filter(|&&other| seen.insert(other)).find(|&&other| {
            let shared = row.iter().filter(|w| rows[other].1.contains(w)).count();
            shared as f32 >= SHARE * (row.len() + rows[other].1.len() - shared) as f32
        });
        if let Some(&other) = twin.filter(|_| !same.contains(at)) {
            found.push(Double { at: *at, first: rows[other].0, same: false });
        }
        for word in &row[..rarest] {
            by_word.entry(word).or_default().push(n);
        }
    }
    found.sort_unstable_by_key(|d| d.at);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str]) -> Vec<(usize, usize, bool)> {
        let all: Vec<Stands<'_>> = texts.iter().map(|text| Stands { text, role: String::new(), path: "" }).collect();
        doubles(&all, |_| true).into_iter().map(|d| (d.at, d.first, d.same)).collect()
    }

    #[test]
    fn the_same_words_and_all_but_the_same_are_found() {
        let first = "my outer knee burns after four miles of downhill running";
        assert_eq!(found(&[first, "My outer knee BURNS after four miles of downhill running!"]), [(1, 0, true)]);
        assert_eq!(found(&[first, "her outer knee burns after four miles of downhill running"]), [(1, 0, false)]);
        assert_eq!(found(&[first, "my outer knee burns after breakfast", "sore knee", "knee so sore"]), []);
    }
}
