//! Text to numbers: a linear classifier over sparse features, trained in memory. Knows no topic's meaning.
//!
//! Multinomial logistic regression, stochastic gradient descent with AdaGrad steps. Deterministic: the examples are
//! visited in a fixed order, and all sums run in a fixed order.

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
#[derive(Debug, Clone)]
pub struct Linear {
    classes: usize,
    /// `classes` rounded up, so that rows are whole vector registers.
    stride: usize,
    /// One row of `stride` weights a feature.
    weights: Vec<f32>,
}

const LANES: usize = 8;

impl Linear {
    /// Trains on rows with their classes. Feature numbers must be below `features`, classes below `classes`.
    pub fn train(classes: usize, features: usize, examples: &[(Row, usize)], training: Training) -> Self {
        let stride = classes.div_ceil(LANES) * LANES;
        let mut model = Self { classes, stride, weights: vec![0.0; features * stride] };
        let mut squares = vec![1e-3_f32; features];
        let mut scores = vec![0.0; stride];
        let mut order: Vec<usize> = (0..examples.len()).collect();
        for epoch in 0..training.epochs {
            shuffle(&mut order, epoch as u64);
            for &at in &order {
                let (row, class) = &examples[at];
                model.scores(row, &mut scores);
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
                    for (weight, error) in model.weights[from..from + stride].iter_mut().zip(&scores) {
                        *weight = *weight * keep - step * error * value;
                    }
                }
            }
        }
        model
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
        self.weights[feature as usize * self.stride + class]
    }

    fn scores(&self, row: &Row, scores: &mut [f32]) {
        scores.fill(0.0);
        for &(feature, value) in row {
            let from = feature as usize * self.stride;
            for (score, weight) in scores.iter_mut().zip(&self.weights[from..from + self.stride]) {
                *score += value * weight;
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
