//! What a question is about: topics ranked with calibrated confidence, details read from the words, abstention.
//!
//! [`Ranker`] is the one small face: text, slots and what the encoder makes of them in, scored topics out. The linear reader in it
//! learns from the phrases of the topics and those that are out of scope.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use crate::{
    knowledge::{Costs, Knowledge, Slot},
    model::{Classifier, Describing, Example, Feature, Training},
    text::Reading,
};

/// A detail that was read from a question, with the tokens that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotHit {
    /// Which detail.
    pub slot: Slot,
    /// Where it stands.
    pub tokens: Range<usize>,
}

/// How the topics stand to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Places in [`Knowledge::topics`] with the probability that the topic is an acceptable answer, best first.
    pub topics: Vec<(usize, f32)>,
    /// The probability that the question is none of Patella's business.
    pub none: f32,
    /// Tokens that speak for the first topic, strongest first.
    pub evidence: Vec<usize>,
}

/// Ranks topics. Built once from the knowledge, read-only.
#[derive(Serialize, Deserialize)]
pub struct Ranker {
    classifier: Classifier,
    topics: usize,
}

const TRAINING: Training = Training { epochs: 12, rate: 2.5, decay: 1e-4 };
const DESCRIBING: Describing =
    Describing { contexts: false, stem: 1.0, pair: 0.8, class: 1.0, classes: 0.3, letters: 0.4, extra: 0.7 };

/// Shares of the whole text and of its best sentence in the probability, for texts of several sentences.
const SHARE_WHOLE: f32 = 0.5;
/// Sentences shorter than this, in words, are not ranked alone.
const SENTENCE_MIN: usize = 3;
/// At most so many sentences are ranked alone, so that the longest text stays cheap.
const SENTENCES_MAX: usize = 24;

impl Ranker {
    /// Learns from the phrases of all topics and from those that are out of scope.
    pub fn new(knowledge: &Knowledge) -> Self {
        let mut texts: Vec<(&str, usize)> = Vec::new();
        for (at, topic) in knowledge.topics.iter().enumerate() {
            texts.extend(topic.asks.iter().map(|ask| (ask.as_str(), at)));
            texts.push((&topic.title, at));
        }
        texts.extend(knowledge.out_of_scope.iter().map(|p| (p.as_str(), knowledge.topics.len())));
        let example = |(text, class): &(&str, usize)| {
            let reading = knowledge.lexicon.read(text);
            let extra = features(&slots(knowledge, &reading));
            Example { reading, extra, class: *class }
        };
        let examples: Vec<Example> = texts.iter().map(example).collect();
        let classes = knowledge.topics.len() + 1;
        let classifier = Classifier::learn(&knowledge.lexicon, DESCRIBING, &examples, classes, TRAINING);
        Self { classifier, topics: knowledge.topics.len() }
    }

    /// Ranks all topics for a text that was read. `encoder` is what the encoder makes of it: a probability for each topic, and last
    /// for none, not a number where it has not learned the topic; empty where it was not asked.
    pub fn rank(&self, knowledge: &Knowledge, reading: &Reading, slots: &[SlotHit], encoder: &[f32]) -> Ranking {
        let whole = 0..reading.tokens.len();
        let mut shares = self.classifier.probabilities(&knowledge.lexicon, reading, &whole, &features(slots));
        if reading.sentences.len() > 1 {
            self.add_sentences(knowledge, reading, slots, &mut shares);
        }
        if !encoder.is_empty() {
            join(&mut shares, encoder, &knowledge.costs);
        }
        let none = shares[self.topics];
        let mut topics: Vec<(usize, f32)> = shares[..self.topics].iter().copied().enumerate().collect();
        topics.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let evidence = topics.first().map_or(Vec::new(), |&(best, _)| self.evidence(knowledge, reading, best));
        Ranking { topics, none, evidence }
    }

    /// A question buried in a story: the sentence that is surest of its topic counts as much as the whole.
    fn add_sentences(&self, knowledge: &Knowledge, reading: &Reading, slots: &[SlotHit], shares: &mut [f32]) {
        let long_enough = reading.sentences.iter().filter(|s| s.len() >= SENTENCE_MIN);
        let mut best: Option<(f32, Vec<f32>)> = None;
        for sentence in long_enough.take(SENTENCES_MAX) {
            let mine: Vec<SlotHit> = slots.iter().filter(|s| sentence.contains(&s.tokens.start)).cloned().collect();
            let alone = self.classifier.probabilities(&knowledge.lexicon, reading, sentence, &features(&mine));
            let sure = alone[..self.topics].iter().copied().fold(0.0, f32::max);
            if best.as_ref().is_none_or(|(top, _)| sure > *top) {
                best = Some((sure, alone));
            }
        }
        if let Some((_, alone)) = best {
            for (share, alone) in shares.iter_mut().zip(alone) {
                *share = SHARE_WHOLE * *share + (1.0 - SHARE_WHOLE) * alone;
            }
        }
    }

    fn evidence(&self, knowledge: &Knowledge, reading: &Reading, topic: usize) -> Vec<usize> {
        let mut found: Vec<(f32, usize)> = Vec::new();
        for (at, token) in reading.tokens.iter().enumerate() {
            let classes = reading.occurrences.iter().filter(|o| (o.start as usize..o.end as usize).contains(&at));
            let by_class = classes.map(|o| self.classifier.weight(Feature::Class(o.class.0), topic)).fold(0.0, f32::max);
            let weight = self.classifier.weight(Feature::Stem(token.stem), topic).max(0.0) + by_class;
            if weight > 0.5 && !knowledge.lexicon.is_filler(token.word) {
                found.push((weight, at));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().map(|(_, at)| at).take(8).collect()
    }
}

/// Multiplies the probabilities of the two readers, each to the power of the trust in it: what both find likely wins.
fn join(shares: &mut [f32], encoder: &[f32], costs: &Costs) {
    const LEAST: f32 = 1e-6;
    for (share, other) in shares.iter_mut().zip(encoder) {
        // What the encoder has not learned is the linear reader's alone.
        let other = if other.is_nan() { *share } else { *other }.max(LEAST);
        *share = share.max(LEAST).powf(costs.trust_words) * other.powf(costs.trust_encoder);
    }
    let sum: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
}

fn features(slots: &[SlotHit]) -> Vec<Feature> {
    slots.iter().map(|s| Feature::Extra(s.slot.number())).collect()
}

/// The details that a question mentions, each once.
pub fn slots(knowledge: &Knowledge, reading: &Reading) -> Vec<SlotHit> {
    let mut hits: Vec<SlotHit> = Vec::new();
    for rule in &knowledge.slots {
        let live = rule.patterns.iter().filter(|p| p.may_match(reading)).find_map(|pattern| {
            let sentences = reading.sentences.iter();
            sentences.flat_map(|s| pattern.find(reading, s, &[])).find(|f| f.undone_by.is_none())
        });
        if let Some(found) = live {
            hits.push(SlotHit { slot: rule.slot, tokens: found.tokens });
        }
    }
    hits.extend(severity(reading));
    hits
}

/// "7/10", "4 out of 10": 0-2 mild, 3 moderate, 4 and more severe, the steps of the pain rule on the cards.
fn severity(reading: &Reading) -> Option<SlotHit> {
    for (at, token) in reading.tokens.iter().enumerate() {
        let word = |n: usize| reading.tokens.get(at + n).map_or("", |t| &*t.text);
        let (typed, end) = match token.text.split_once('/') {
            Some((n, "10")) => (n, at + 1),
            None if word(1) == "out" && word(2) == "of" && matches!(word(3), "10" | "ten") => (&*token.text, at + 4),
            _ => continue,
        };
        let name = match typed.parse::<f32>() {
            Ok(n) if n <= 2.0 => "severity.mild",
            Ok(n) if n < 4.0 => "severity.moderate",
            Ok(n) if n <= 10.0 => "severity.severe",
            _ => continue,
        };
        return Slot::from_name(name).map(|slot| SlotHit { slot, tokens: at..end });
    }
    None
}
