//! Text to numbers: a linear classifier over sparse features, trained in memory. Knows no topic's meaning.
//!
//! Multinomial logistic regression, stochastic gradient descent with AdaGrad steps. Deterministic: the examples are
//! visited in a fixed order, and all sums run in a fixed order.

use serde::{Deserialize, Serialize};

/// A sparse row: feature numbers with their values.
pub type Row = Vec<(u32, f32)>;

/// How a model is trained.
#[derive(Debug, Clone, Copy)]
pub struct Training {
    /// Passes over the examples.
    pub epochs: usize,
    /// First step size.
    pub rate: f32,
    /// Pull towards zero, per step.
    pub decay: f32,
}

/// A trained model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Linear {
    classes: usize,
    /// `classes` rounded up, so that rows are whole vector registers.
    stride: usize,
    /// One row of `stride` weights a feature, as bytes around [`ZERO`], in units of the feature's scale: a quarter of the
    /// memory, and the same answers.
    #[serde(with = "serde_bytes")]
    weights: Vec<u8>,
    /// What one unit of a feature's weights is worth.
    scales: Vec<f32>,
}

const LANES: usize = 8;
/// The byte that stands for no weight; one unit more or less is a step of the scale.
const ZERO: f32 = 128.0;
const STEPS: f32 = 127.0;

impl Linear {
    /// Trains on rows with their classes. Feature numbers must be below `features`, classes below `classes`.
    pub fn train(classes: usize, features: usize, examples: &[(Row, usize)], training: Training) -> Self {
        let stride = classes.div_ceil(LANES) * LANES;
        let mut weights = vec![0.0_f32; features * stride];
        let mut squares = vec![1e-3_f32; features];
        let mut scores = vec![0.0_f32; stride];
        let mut order: Vec<usize> = (0..examples.len()).collect();
        for epoch in 0..training.epochs {
            shuffle(&mut order, epoch as u64);
            for &at in &order {
                let (row, class) = &examples[at];
                scores.fill(0.0);
                for &(feature, value) in row {
                    let from = feature as usize * stride;
                    scores.iter_mut().zip(&weights[from..from + stride]).for_each(|(score, weight)| *score += value * weight);
                }
                softmax(&mut scores[..classes]);
                scores[classes..].fill(0.0);
                scores[*class] -= 1.0;
                let strength: f32 = scores.iter().map(|e| e * e).sum();
                for &(feature, value) in row {
                    let square = &mut squares[feature as usize];
                    *square += strength * value * value;
                    let step = training.rate / square.sqrt();
                    let from = feature as usize * stride;
                    let keep = 1.0 - step * training.decay;
                    for (weight, error) in weights[from..from + stride].iter_mut().zip(&scores) {
                        *weight = *weight * keep - step * error * value;
                    }
                }
            }
        }
        Self::compact(classes, stride, &weights)
    }

    fn compact(classes: usize, stride: usize, weights: &[f32]) -> Self {
        let mut bytes = Vec::with_capacity(weights.len());
        let mut scales = Vec::with_capacity(weights.len() / stride);
        for row in weights.chunks(stride) {
            let largest = row.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
            let scale = if largest > 0.0 { largest / STEPS } else { 1.0 };
            scales.push(scale);
            bytes.extend(row.iter().map(|w| (w / scale + ZERO).round() as u8));
        }
        Self { classes, stride, weights: bytes, scales }
    }

    /// The probability of each class.
    pub fn probabilities(&self, row: &Row) -> Vec<f32> {
        let mut scores = vec![0.0; self.stride];
        self.scores(row, &mut scores);
        scores.truncate(self.classes);
        softmax(&mut scores);
        scores
    }

    /// What one feature adds to one class's score.
    pub fn weight(&self, feature: u32, class: usize) -> f32 {
        (f32::from(self.weights[feature as usize * self.stride + class]) - ZERO) * self.scales[feature as usize]
    }

    fn scores(&self, row: &Row, scores: &mut [f32]) {
        scores.fill(0.0);
        for &(feature, value) in row {
            let from = feature as usize * self.stride;
            let unit = value * self.scales[feature as usize];
            for (score, weight) in scores.iter_mut().zip(&self.weights[from..from + self.stride]) {
                *score += unit * (f32::from(*weight) - ZERO);
            }
        }
    }
}

fn softmax(scores: &mut [f32]) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - top).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|s| *s /= sum);
}

/// Fisher-Yates with a fixed generator (SplitMix64): the same order on every machine.
fn shuffle(order: &mut [usize], seed: u64) {
    let mut state = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    for at in (1..order.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        order.swap(at, ((z ^ (z >> 31)) % (at as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAINING: Training = Training { epochs: 30, rate: 0.5, decay: 1e-4 };

    #[test]
    fn learns_what_separates_two_classes_and_stays_the_same() {
        let examples: Vec<(Row, usize)> = (0..40).map(|n| (vec![(n % 2, 1.0), (2, 1.0)], (n % 2) as usize)).collect();
        let model = Linear::train(2, 3, &examples, TRAINING);
        assert!(model.probabilities(&vec![(0, 1.0), (2, 1.0)])[0] > 0.9);
        assert!(model.probabilities(&vec![(1, 1.0), (2, 1.0)])[1] > 0.9);
        let nothing = model.probabilities(&Vec::new());
        assert!((nothing[0] - 0.5).abs() < 1e-6 && (nothing.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(model.weights, Linear::train(2, 3, &examples, TRAINING).weights);
    }
}
