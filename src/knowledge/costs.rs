//! What a wrong reply costs, and how far the two readers of a question are trusted: `costs.toml`.

use serde::{Deserialize, Serialize};

use super::{fields::Fields, problem::Notes};

/// Costs, against one another; thresholds follow from them. And the trust in each reader, as fitted on voices held back for it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Costs {
    /// A warning sign that is answered as an ordinary question, where a safety reply without need costs 1.
    pub missed: f32,
    /// A rule that is unsure of itself counts from this probability on, as the encoder gives it.
    pub doubt: f32,
    /// The share of messages in a club that hold a warning sign: an assumption.
    pub share: f32,
    /// The share of the lines that the encoder learned from.
    pub share_learned: f32,
    /// An answer about another topic than the asker's.
    pub wrong: f32,
    /// Asking back, where the right topic is among those offered.
    pub asked: f32,
    /// Asking back, where it is not.
    pub asked_in_vain: f32,
    /// A question that Patella could answer, refused.
    pub refused: f32,
    /// Something that is none of Patella's business, answered.
    pub chatter: f32,
    /// The exponent of what the linear reader finds (src/model).
    pub trust_words: f32,
    /// The exponent of what the encoder finds (src/encoder).
    pub trust_encoder: f32,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            missed: 1.0,
            doubt: 0.5,
            share: 0.5,
            share_learned: 0.5,
            wrong: 1.0,
            asked: 1.0,
            asked_in_vain: 1.0,
            refused: 1.0,
            chatter: 1.0,
            trust_words: 1.0,
            trust_encoder: 1.0,
        }
    }
}

/// The largest `doubt`.
const DOUBT_MAX: f32 = 0.2;
/// The highest probability from which the encoder may alarm.
const ALARM_MAX: f32 = 0.8;

impl Costs {
    /// From this probability of a warning sign on, as the encoder gives it, a safety reply is expected to cost less than none. The
    /// encoder learned from lines of which far more hold one than messages in a club do, so that its odds are brought down first.
    pub fn alarm_from(&self) -> f32 {
        let odds = |share: f32| share / (1.0 - share);
        let needed = odds(self.share_learned) / (odds(self.share) * self.missed);
        needed / (1.0 + needed)
    }
}

/// Reads `costs.toml`. What is missing is noted, and costs 1.
pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes) -> Costs {
    let mut costs = Costs::default();
    let mut fill = |name: &'static str, keys: &mut [(&'static str, &mut f32)]| {
        let Some(mut table) = fields.table(notes, name) else {
            notes.error(fields.span(), format!("`[{name}]` is missing"), "copy it from `knowledge/costs.toml`");
            return;
        };
        for (key, value) in keys {
            **value = table.positive(notes, key);
        }
        table.finish(notes);
    };
    fill(
        "safety",
        &mut [
            ("missed", &mut costs.missed),
            ("doubt", &mut costs.doubt),
            ("share", &mut costs.share),
            ("share_learned", &mut costs.share_learned),
        ],
    );
    fill(
        "question",
        &mut [
            ("wrong", &mut costs.wrong),
            ("asked", &mut costs.asked),
            ("asked_in_vain", &mut costs.asked_in_vain),
            ("refused", &mut costs.refused),
            ("chatter", &mut costs.chatter),
        ],
    );
    fill("trust", &mut [("words", &mut costs.trust_words), ("encoder", &mut costs.trust_encoder)]);
    // A figure that is off by a factor must not silence a net.
    let mut bound = |ok: bool, key: &str, mend: &str| {
        if !ok {
            notes.error(notes.span_of(key), format!("`{key}` is out of bounds"), mend);
        }
        ok
    };
    let sound = bound(costs.missed >= 1.0, "missed", "a missed sign costs at least as much as a needless reply: 1 or more")
        & bound(costs.share < 1.0, "share", "a share of all messages is below 1")
        & bound(costs.share_learned < 1.0, "share_learned", "a share of all lines is below 1")
        & bound(costs.doubt <= DOUBT_MAX, "doubt", "at most 0.2: it asks for possible, not for likely")
        & bound(costs.asked_in_vain <= costs.wrong, "asked_in_vain", "at most what a wrong answer costs");
    if sound && costs.alarm_from() > ALARM_MAX {
        let what = format!("the encoder would alarm from {:.2} on only", costs.alarm_from());
        notes.error(notes.span_of("missed"), what, "raise `missed` or `share`");
    }
    fields.finish(notes);
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearer_a_miss_the_sooner_the_alarm() {
        let even = Costs::default();
        assert!((even.alarm_from() - 0.5).abs() < 1e-6);
        assert!((Costs { missed: 4.0, ..even }.alarm_from() - 0.2).abs() < 1e-6);
        // Odds of 1 in 4 learned, of 1 in 49 met: 12.25 times fewer, which a cost of 12.25 makes good.
        let rare = Costs { share: 0.02, share_learned: 0.2, missed: 12.25, ..even };
        assert!((rare.alarm_from() - 0.5).abs() < 1e-3);
    }
}
