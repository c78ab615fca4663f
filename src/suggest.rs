//! Topics for what is being typed: over titles and over how people ask, forgiving of slips, best first. Built once; a look-up
//! touches each topic's few words, so that it is done long before the next key.

use std::collections::HashMap;

use crate::{
    intent::{self, Ranker},
    knowledge::Knowledge,
    reply::Choice,
    text::likeness,
};

/// A word that begins like this, of a topic's title, speaks for it the most.
const TITLE: f32 = 3.0;
/// Words are as near as this to count as the same with a slip.
const LIKE: f64 = 0.75;
/// Shorter words are not read as slips: too many are near.
const LIKE_MIN: usize = 4;
/// What the ranker's probability adds, once there is more than a word.
const RANKED: f32 = 4.0;
/// Words of a topic's phrasings that are kept: its most telling ones.
const WORDS: usize = 60;

/// The words of all topics.
pub struct Suggester {
    /// For each topic: words of its title and phrasings, with their weight.
    words: Vec<Vec<(Box<str>, f32)>>,
}

impl Suggester {
    /// Reads titles and phrasings.
    pub fn new(knowledge: &Knowledge) -> Self {
        let phrasings: Vec<HashMap<String, f32>> = knowledge
            .topics
            .iter()
            .map(|topic| {
                let mut counts = HashMap::new();
                for word in topic.asks.iter().flat_map(|ask| words(ask)) {
                    *counts.entry(word).or_insert(0.0) += 1.0 / topic.asks.len().max(1) as f32;
                }
                counts
            })
            .collect();
        // A word that many topics share tells little.
        let mut everywhere: HashMap<&str, f32> = HashMap::new();
        for (word, share) in phrasings.iter().flatten() {
            *everywhere.entry(word).or_insert(0.0) += share;
        }
        let of = |at: usize| {
            let mut telling: Vec<(Box<str>, f32)> = phrasings[at]
                .iter()
                .filter(|(word, _)| word.chars().count() > 2)
                .map(|(word, share)| (word.as_str().into(), share / everywhere[word.as_str()]))
                .filter(|(_, weight)| *weight > 0.05)
                .collect();
            let count = |word: &str| phrasings[at][word];
            telling.sort_by(|a, b| (b.1 * count(&b.0)).total_cmp(&(a.1 * count(&a.0))).then_with(|| a.0.cmp(&b.0)));
            telling.truncate(WORDS);
            telling.extend(words(&knowledge.topics[at].title).map(|w| (w.into(), TITLE)));
            telling
        };
        Self { words: (0..knowledge.topics.len()).map(of).collect() }
    }

    /// The topics that fit, best first, at most `max`.
    pub fn suggest(&self, knowledge: &Knowledge, ranker: &Ranker, typed: &str, max: usize) -> Vec<Choice> {
        let typed: String = typed.chars().take(200).collect();
        let asked: Vec<String> = words(&typed).collect();
        let mut scores: Vec<f32> = self.words.iter().map(|words| asked.iter().map(|a| best(words, a)).sum()).collect();
        if asked.len() > 1 || scores.iter().all(|s| *s == 0.0) && !asked.is_empty() {
            let reading = knowledge.lexicon.read(&typed);
            let slots = intent::slots(knowledge, &reading);
            for (at, probability) in ranker.rank(knowledge, &reading, &slots, &[]).topics {
                if probability > 0.02 {
                    scores[at] += RANKED * probability;
                }
            }
        }
        let mut order: Vec<usize> = (0..scores.len()).filter(|&at| asked.is_empty() || scores[at] > 0.0).collect();
        // Greetings are no topic to look up.
        order.retain(|&at| !matches!(knowledge.topics[at].id.as_str(), "meta.greeting" | "meta.thanks"));
        // With nothing typed: where it hurts first.
        let kind = |at: usize| {
            const ORDER: [&str; 8] = ["pain", "cause", "tip", "fault", "care", "ask", "injury", "meta"];
            ORDER.iter().position(|k| *k == knowledge.topics[at].id.kind()).unwrap_or(ORDER.len())
        };
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then_with(|| kind(a).cmp(&kind(b))).then(a.cmp(&b)));
        let choice = |&at: &usize| Choice { topic: knowledge.topics[at].id.clone(), label: knowledge.topics[at].title.clone() };
        order.iter().take(max).map(choice).collect()
    }
}

/// How much the best of a topic's words speaks for a word that was typed, perhaps not to its end.
fn best(words: &[(Box<str>, f32)], asked: &str) -> f32 {
    let near = |word: &str| {
        if word == asked {
            1.0
        } else if word.starts_with(asked) {
            0.8
        } else if asked.chars().count() >= LIKE_MIN {
            // A slip may stand in a word that is not finished: compare with as much of the word.
            let begun: String = word.chars().take(asked.chars().count()).collect();
            let like = likeness(&begun, asked).max(likeness(word, asked));
            if like >= LIKE { 0.6 * like as f32 } else { 0.0 }
        } else {
            0.0
        }
    };
    words.iter().map(|(word, weight)| weight * near(word)).fold(0.0, f32::max)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().into_iter()
}
