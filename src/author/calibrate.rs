//! Fits the trust in the two readers on voices that taught neither.

use std::fmt;

use crate::{
    app::App,
    knowledge::{Asked, File, Held, Voices, asked},
};

/// The trust that fits best, and how well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// Questions it was fitted on.
    pub questions: usize,
    /// The exponent of the linear reader.
    pub words: f32,
    /// The exponent of the encoder.
    pub encoder: f32,
    /// The mean of the negative logarithm of the probability that the right topic gets.
    pub loss: f32,
}

impl fmt::Display for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# fitted on {} questions of the voices held back to tune; log loss {:.3}", self.questions, self.loss)?;
        write!(f, "[trust]\nwords = {:.2}\nencoder = {:.2}", self.words, self.encoder)
    }
}

/// A question's right place, with the logarithms of what both readers give each place.
type Row = (usize, Vec<(f32, f32)>);

/// Fits the trust on the phrases of a knowledge folder whose voices are held back to tune.
pub fn calibrate(app: &App, files: &[File]) -> Fitted {
    let voices =
        files.iter().find(|(path, _)| path == "voices.toml").map(|(_, text)| Voices::from_toml(text)).unwrap_or_default();
    let knowledge = app.knowledge();
    let phrases = files.iter().filter(|(path, _)| path.starts_with("phrases/"));
    let tuning = phrases.flat_map(|(path, text)| asked(path, text).unwrap_or_default());
    let row = |Asked { topic, text, .. }: Asked| {
        let right = topic.map_or(Some(knowledge.topics.len()), |t| knowledge.topic_place(t.as_str()))?;
        let (words, encoder) = app.readers(&text);
        let log = |p: f32| p.max(1e-6).ln();
        let pairs = words.into_iter().zip(encoder).map(|(w, e)| (log(w), log(if e.is_nan() { w } else { e })));
        Some((right, pairs.collect())).filter(|(right, logs): &Row| *right < logs.len())
    };
    let rows: Vec<Row> = tuning.filter(|a| voices.held(&a.voice) == Some(Held::Tune)).filter_map(row).collect();
    let steps = || (1..=40).map(|n| n as f32 * 0.05);
    let all = steps().flat_map(|words| steps().map(move |encoder| (words, encoder)));
    let fitted = all.map(|(words, encoder)| Fitted { questions: rows.len(), words, encoder, loss: loss(&rows, words, encoder) });
    let none = Fitted { questions: 0, words: 1.0, encoder: 1.0, loss: 0.0 };
    fitted.min_by(|a, b| a.loss.total_cmp(&b.loss)).filter(|_| !rows.is_empty()).unwrap_or(none)
}

fn loss(rows: &[Row], words: f32, encoder: f32) -> f32 {
    let of = |(right, logs): &Row| {
        let score = |(w, e): &(f32, f32)| words * w + encoder * e;
        let top = logs.iter().map(score).fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = logs.iter().map(|pair| (score(pair) - top).exp()).sum();
        sum.ln() + top - score(&logs[*right])
    };
    rows.iter().map(of).sum::<f32>() / rows.len().max(1) as f32
}
