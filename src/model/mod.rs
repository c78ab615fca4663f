//! Text to numbers: what a text is described by, and a linear classifier over that. Knows no topic's and no flag's meaning.

use serde::{Deserialize, Serialize};
mod features;
mod linear;

pub use features::{Describing, Feature};
pub use linear::{Linear, Row, Training};

use std::ops::Range;

use rustc_hash::FxHashMap as HashMap;

use crate::text::{Lexicon, Reading};

/// A classifier of texts: learns from examples with their classes, gives each class's probability.
#[derive(Serialize, Deserialize)]
pub struct Classifier {
    linear: Linear,
    /// Each feature's row, and how much its rarity makes it count.
    features: HashMap<Feature, (u32, f32)>,
    describing: Describing,
}

/// An example to learn from: what was read, which of its tokens, extra features, and the class.
pub struct Example {
    /// The text as read.
    pub reading: Reading,
    /// Features that the caller read from it.
    pub extra: Vec<Feature>,
    /// The right class.
    pub class: usize,
}

impl Classifier {
    /// Learns `classes` classes from examples.
    pub fn learn(lexicon: &Lexicon, describing: Describing, examples: &[Example], classes: usize, training: Training) -> Self {
        let described: Vec<(Vec<(Feature, f32)>, usize)> = examples
            .iter()
            .map(|e| (describing.describe(lexicon, &e.reading, &(0..e.reading.tokens.len()), &e.extra), e.class))
            .collect();
        let mut counts: HashMap<Feature, u32> = HashMap::default();
        for (feature, _) in described.iter().flat_map(|(features, _)| features) {
            *counts.entry(*feature).or_default() += 1;
        }
        let mut kept: Vec<(Feature, u32)> = counts.into_iter().filter(|(f, n)| *n >= f.count_min()).collect();
        kept.sort_unstable();
        let total = described.len() as f32;
        let rarity = |n: u32| (1.0 + (total / n as f32).ln()).sqrt();
        let features: HashMap<Feature, (u32, f32)> =
            kept.iter().enumerate().map(|(at, (f, n))| (*f, (at as u32, rarity(*n)))).collect();
        let rows: Vec<(Row, usize)> = described.iter().map(|(d, class)| (row(&features, d), *class)).collect();
        let linear = Linear::train(classes, kept.len(), &rows, training);
        Self { linear, features, describing }
    }

    /// The probability of each class for some tokens of a text.
    pub fn probabilities(&self, lexicon: &Lexicon, reading: &Reading, within: &Range<usize>, extra: &[Feature]) -> Vec<f32> {
        self.linear.probabilities(&row(&self.features, &self.describing.describe(lexicon, reading, within, extra)))
    }

    /// How strongly one feature speaks for a class.
    pub fn weight(&self, feature: Feature, class: usize) -> f32 {
        self.features.get(&feature).map_or(0.0, |&(at, rarity)| self.linear.weight(at, class) * rarity)
    }
}

/// Known features with their values, scaled to length one, so that long texts are not surer than short ones.
fn row(features: &HashMap<Feature, (u32, f32)>, described: &[(Feature, f32)]) -> Row {
    let known = described.iter().filter_map(|(feature, value)| features.get(feature).map(|&(at, rarity)| (at, value * rarity)));
    let mut row: Row = known.collect();
    let length = row.iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|(_, v)| *v /= length);
    }
    row
}
