//! What a question is about: topics ranked with calibrated confidence, details read from the words, abstention.
//!
//! [`Ranker`] is the one small face: text and slots in, scored topics out. What teaches it is the cards' `asks` and the
//! out-of-scope phrases.

use std::ops::Range;

use rustc_hash::FxHashMap as HashMap;

use crate::{
    knowledge::{Knowledge, Slot},
    model::{Linear, Row, Training},
    text::{Occurrence, Reading, Word},
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
pub struct Ranker {
    model: Linear,
    features: HashMap<Feature, (u32, f32)>,
    topics: usize,
}

/// What a question is described by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Feature {
    /// A word stem.
    Stem(Word),
    /// Two stems side by side, small words left out.
    Pair(Word, Word),
    /// A word class.
    Class(u16),
    /// Two word classes anywhere in the text.
    Classes(u16, u16),
    /// A detail.
    Slot(Slot),
    /// Always there.
    Bias,
}

const TRAINING: Training = Training { epochs: 12, rate: 1.0, decay: 1e-4 };

/// How much each sort of feature weighs before learning.
const WEIGHT_STEM: f32 = 1.0;
const WEIGHT_PAIR: f32 = 0.7;
const WEIGHT_CLASS: f32 = 1.0;
const WEIGHT_CLASSES: f32 = 0.4;
const WEIGHT_SLOT: f32 = 0.7;
/// Pairs of classes are made from at most so many classes: a rambling text has dozens.
const CLASSES_PAIRED_MAX: usize = 8;
/// Shares of the whole text and of its best sentence in the probability, for texts of several sentences.
const SHARE_WHOLE: f32 = 0.5;
/// Sentences shorter than this, in words, are not ranked alone.
const SENTENCE_MIN: usize = 3;
/// At most so many sentences are ranked alone, so that the longest text stays cheap.
const SENTENCES_MAX: usize = 24;

impl Ranker {
    /// Learns from the asks of all cards and from the out-of-scope phrases.
    pub fn new(knowledge: &Knowledge) -> Self {
        let mut texts: Vec<(&str, usize)> = Vec::new();
        for (at, topic) in knowledge.topics.iter().enumerate() {
            texts.extend(topic.asks.iter().map(|ask| (ask.as_str(), at)));
            texts.push((&topic.title, at));
        }
        texts.extend(knowledge.out_of_scope.iter().map(|p| (p.as_str(), knowledge.topics.len())));
        let read: Vec<(Vec<(Feature, f32)>, usize)> = texts
            .iter()
            .map(|(text, class)| {
                let reading = knowledge.lexicon.read(text);
                let slots = slots(knowledge, &reading);
                (describe(knowledge, &reading, &(0..reading.tokens.len()), &slots), *class)
            })
            .collect();
        let mut counts: HashMap<Feature, u32> = HashMap::default();
        for (feature, _) in read.iter().flat_map(|(features, _)| features) {
            *counts.entry(*feature).or_default() += 1;
        }
        let mut kept: Vec<(Feature, u32)> = counts.into_iter().filter(|(f, n)| keeps(f, *n)).collect();
        kept.sort_unstable();
        let total = read.len() as f32;
        let rarity = |n: u32| 1.0 + (total / n as f32).ln();
        let features: HashMap<Feature, (u32, f32)> =
            kept.iter().enumerate().map(|(at, (f, n))| (*f, (at as u32, rarity(*n)))).collect();
        let examples: Vec<(Row, usize)> = read.iter().map(|(described, class)| (row(&features, described), *class)).collect();
        let model = Linear::train(knowledge.topics.len() + 1, kept.len(), &examples, TRAINING);
        Self { model, features, topics: knowledge.topics.len() }
    }

    /// Ranks all topics for a text that was read.
    pub fn rank(&self, knowledge: &Knowledge, reading: &Reading, slots: &[SlotHit]) -> Ranking {
        let whole = describe(knowledge, reading, &(0..reading.tokens.len()), slots);
        let mut shares = self.model.probabilities(&row(&self.features, &whole));
        if reading.sentences.len() > 1 {
            self.add_sentences(knowledge, reading, slots, &mut shares);
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
            let alone = self.model.probabilities(&row(&self.features, &describe(knowledge, reading, sentence, &mine)));
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
        let weigh =
            |feature: Feature| self.features.get(&feature).map_or(0.0, |&(f, rarity)| self.model.weight(f, topic) * rarity);
        for (at, token) in reading.tokens.iter().enumerate() {
            let classes = reading.occurrences.iter().filter(|o| (o.start as usize..o.end as usize).contains(&at));
            let by_class = classes.map(|o| weigh(Feature::Class(o.class.0))).fold(0.0, f32::max);
            let weight = weigh(Feature::Stem(token.stem)).max(0.0) + by_class;
            if weight > 0.5 && !knowledge.lexicon.is_filler(token.word) {
                found.push((weight, at));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().map(|(_, at)| at).take(8).collect()
    }
}

/// Whether a feature seen so often is worth a row of weights.
fn keeps(feature: &Feature, count: u32) -> bool {
    match feature {
        Feature::Pair(..) | Feature::Classes(..) => count >= 2,
        _ => true,
    }
}

fn row(features: &HashMap<Feature, (u32, f32)>, described: &[(Feature, f32)]) -> Row {
    let mut row: Row = described
        .iter()
        .filter_map(|(feature, weight)| features.get(feature).map(|&(at, rarity)| (at, weight * rarity)))
        .collect();
    let length = row.iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|(_, v)| *v /= length);
    }
    row
}

fn describe(knowledge: &Knowledge, reading: &Reading, within: &Range<usize>, slots: &[SlotHit]) -> Vec<(Feature, f32)> {
    let mut described = vec![(Feature::Bias, 0.3)];
    let mut last: Option<Word> = None;
    for token in &reading.tokens[within.clone()] {
        if token.stem == Word::UNKNOWN {
            last = None;
            continue;
        }
        let small = knowledge.lexicon.is_filler(token.word);
        described.push((Feature::Stem(token.stem), if small { WEIGHT_STEM * 0.3 } else { WEIGHT_STEM }));
        if !small {
            if let Some(before) = last {
                described.push((Feature::Pair(before, token.stem), WEIGHT_PAIR));
            }
            last = Some(token.stem);
        }
    }
    let inside = |o: &&Occurrence| within.contains(&(o.start as usize));
    let mut classes: Vec<u16> = reading.occurrences.iter().filter(inside).map(|o| o.class.0).collect();
    classes.dedup();
    described.extend(classes.iter().map(|&c| (Feature::Class(c), WEIGHT_CLASS)));
    for (n, &a) in classes.iter().take(CLASSES_PAIRED_MAX).enumerate() {
        described.extend(classes.iter().take(CLASSES_PAIRED_MAX).skip(n + 1).map(|&b| (Feature::Classes(a, b), WEIGHT_CLASSES)));
    }
    described.extend(slots.iter().map(|s| (Feature::Slot(s.slot), WEIGHT_SLOT)));
    described.sort_unstable_by_key(|(feature, _)| *feature);
    described.dedup_by_key(|(feature, _)| *feature);
    described
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
