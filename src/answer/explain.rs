//! Why a question is answered as it is, in lines ready to print.

use std::ops::Range;

use super::{Decision, Verdict};
use crate::{knowledge::Knowledge, reply::Level};

/// The heading above what was decided.
pub const DECISION: &str = "Decision";
/// The heading above the ranked topics.
pub const TOPICS: &str = "Topics";
/// The heading above the flags that were raised.
pub const RED_FLAGS_FOUND: &str = "Red flags found";

impl Decision {
    /// Headed lists: what was decided, words that matched, words that do not count, flags checked, runner-up. `text` is the
    /// question that was decided on.
    pub fn lines(&self, knowledge: &Knowledge, text: &str) -> Vec<(String, Vec<String>)> {
        let quote = |span: &Range<usize>| {
            format!("\"{}\"", text.get(span.clone()).unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" "))
        };
        let title = |id: &str| knowledge.topic(id).map_or(String::new(), |t| t.title.clone());
        let mut lines = vec![(DECISION.to_owned(), vec![self.summary()])];
        lines.push(("Words that matched".into(), self.matched.iter().map(quote).collect()));
        let slots = self.slots.iter().map(|s| s.slot.name().to_owned()).collect();
        lines.push(("Details read".into(), slots));
        let undone =
            self.undone.iter().map(|(kind, by, covers)| format!("{}: {} covers {}", kind.name(), quote(by), quote(covers)));
        lines.push(("Words that do not count".into(), undone.collect()));
        lines.push((
            "Spelling read as".into(),
            self.corrected.iter().map(|(s, word)| format!("{} as \"{word}\"", quote(s))).collect(),
        ));
        let hits = self.safety.hits.iter().map(|hit| {
            let words: Vec<String> = hit.spans.iter().map(quote).collect();
            format!("{} ({}): {}, in {}", hit.flag, hit.level.name(), hit.by, words.join(" and "))
        });
        lines.push((RED_FLAGS_FOUND.into(), hits.collect()));
        let cleared = self.safety.cleared.iter();
        let cleared = cleared.map(|c| format!("{}: {}, but {} by {}", c.flag, c.rule, c.because.name(), quote(&c.by)));
        lines.push(("Red flags whose words do not count".into(), cleared.collect()));
        let doubted = self.safety.doubted.iter().map(|(flag, rule)| format!("{flag}: rule \"{rule}\""));
        lines.push(("Unsure rules that the encoder finds out of place".into(), doubted.collect()));
        let clear = self.safety.checked - self.safety.hits.len();
        lines.push(("Red flags checked".into(), vec![format!("{} checked, {clear} clear", self.safety.checked)]));
        let ranked = self.topics.iter().enumerate().map(|(n, t)| {
            let role = if n == 1 { " (runner-up)" } else { "" };
            format!("{:.2} {} - {}{role}", t.confidence, t.id, title(t.id.as_str()))
        });
        let mut ranked: Vec<String> = ranked.collect();
        ranked.push(format!("{:.2} none of Patella's business", self.none));
        lines.push((TOPICS.into(), ranked));
        lines.retain(|(_, list)| !list.is_empty());
        lines
    }

    fn summary(&self) -> String {
        match self.verdict {
            Verdict::Safety => {
                let worst = self.safety.hits.first().map_or(Level::None, |h| h.level);
                format!("safety reply, level {}: a red flag comes before everything else", worst.name())
            }
            Verdict::Answer => "answer with the first topic".into(),
            Verdict::Clarify => "ask back: the first topics are nearly as likely".into(),
            Verdict::OutOfScope => "no answer: nothing fits well enough".into(),
            Verdict::Empty => "no words".into(),
        }
    }
}
