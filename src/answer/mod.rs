//! The core's two functions: [`decide`] what a question is, [`compose`] the reply. Pure and total.

mod compose;
mod explain;
mod lookups;

use std::ops::Range;

pub use compose::compose;
pub use explain::{DECISION, RED_FLAGS_FOUND, TOPICS};
pub use lookups::{card, clinics, concern, help, look_up, no_topic, privacy, sources, that_tip, tip, topics, topics_of};

use crate::{
    id::TopicId,
    intent::{self, Ranker, SlotHit},
    knowledge::{Costs, Knowledge},
    net::Net,
    reply::{Level, Ranked},
    request::Ask,
    safety::{self, Safety},
    text::{Reading, TEXT_MAX},
};

/// What a question turned out to be, and why. Plain data; never logged.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What is to be done.
    pub verdict: Verdict,
    /// Red flags: decided first.
    pub safety: Safety,
    /// Topics, best first, at most five.
    pub topics: Vec<Ranked>,
    /// The probability that the question is none of Patella's business.
    pub none: f32,
    /// Details read from the words.
    pub slots: Vec<SlotHit>,
    /// Bytes of the words that speak for the first topic, strongest first.
    pub matched: Vec<Range<usize>>,
    /// Words that spelling correction changed: bytes, and what was read.
    pub corrected: Vec<(Range<usize>, String)>,
    /// Stretches that do not count: their kind, what opened them, what they cover, in bytes.
    pub undone: Vec<(crate::text::ContextKind, Range<usize>, Range<usize>)>,
    /// The flagged words in the person's own spelling, for the reply.
    pub flagged_words: Vec<String>,
    /// The text was longer than is read.
    pub cut: bool,
}

/// What is to be done with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A red flag of level urgent or emergency.
    Safety,
    /// The first topic's card.
    Answer,
    /// A near tie: offer the first two or three topics.
    Clarify,
    /// None of Patella's business, or not understood.
    OutOfScope,
    /// There were no words.
    Empty,
}

/// Topics that are offered where Patella asks back.
const OFFERED: usize = 3;
/// The most topics that a decision lists.
pub const TOPICS_MAX: usize = 5;

/// Decides what a question is: flags first, else ranked topics, else abstain or ask back.
pub fn decide(knowledge: &Knowledge, ranker: &Ranker, net: &Net, ask: &Ask) -> Decision {
    let reading = knowledge.lexicon.read(&ask.text);
    let impression = net.hear(knowledge, &ask.text, &reading);
    let safety = safety::check(knowledge, net, &ask.text, &reading, &impression);
    let slots = intent::slots(knowledge, &reading);
    let ranking = ranker.rank(knowledge, &reading, &slots, &impression.topics);
    let ranked = ranking.topics.iter().take(TOPICS_MAX);
    let topics: Vec<Ranked> =
        ranked.map(|&(at, confidence)| Ranked { id: knowledge.topics[at].id.clone(), confidence }).collect();
    let verdict = verdict(&knowledge.costs, &reading, &safety, &topics, ranking.none);
    let span = |tokens: &Range<usize>| reading.span(tokens.clone());
    Decision {
        verdict,
        matched: ranking.evidence.iter().map(|&t| reading.tokens[t].span.clone()).collect(),
        corrected: reading.tokens.iter().filter(|t| t.corrected).map(|t| (t.span.clone(), t.text.to_string())).collect(),
        undone: reading.contexts.iter().map(|c| (c.kind, span(&c.trigger), span(&c.scope))).collect(),
        flagged_words: flagged_words(&ask.text, &safety),
        cut: ask.text.chars().nth(TEXT_MAX).is_some(),
        none: ranking.none,
        safety,
        topics,
        slots,
    }
}

/// Whether a text raises a red flag that is answered by a safety reply.
pub fn is_urgent(knowledge: &Knowledge, net: &Net, text: &str) -> bool {
    let reading = knowledge.lexicon.read(text);
    // Rules are a hundred times cheaper, and mostly suffice.
    safety::by_rules(knowledge, &reading, &|_| false).level() >= Level::Urgent || {
        let impression = net.hear(knowledge, text, &reading);
        safety::check(knowledge, net, text, &reading, &impression).level() >= Level::Urgent
    }
}

/// The reply that is expected to cost least, by `knowledge/costs.toml`; flags before everything.
fn verdict(costs: &Costs, reading: &Reading, safety: &Safety, topics: &[Ranked], none: f32) -> Verdict {
    if safety.level() >= Level::Urgent {
        return Verdict::Safety;
    }
    if reading.tokens.is_empty() {
        return Verdict::Empty;
    }
    let first = topics.first().map_or(0.0, |t| t.confidence);
    let offered: f32 = topics.iter().take(OFFERED).map(|t| t.confidence).sum();
    let other = |right: f32| (1.0 - none - right).max(0.0);
    let answer = costs.wrong * other(first) + costs.chatter * none;
    let ask_back = costs.asked * offered + costs.asked_in_vain * other(offered) + costs.chatter * none;
    let refuse = costs.refused * (1.0 - none);
    if refuse < answer.min(ask_back) {
        return Verdict::OutOfScope;
    }
    // Greetings and thanks are never worth a question back.
    let social = topics.first().is_some_and(|t| t.id.kind() == "meta");
    if ask_back < answer && !social { Verdict::Clarify } else { Verdict::Answer }
}

/// The words that raised the worst flag, as they were typed, short enough to repeat.
fn flagged_words(text: &str, safety: &Safety) -> Vec<String> {
    const WORDS_MAX: usize = 60;
    let spans = safety.hits.first().map_or(&[][..], |h| &h.spans);
    let mut spans: Vec<&Range<usize>> = spans.iter().collect();
    spans.sort_by_key(|s| s.start);
    spans.dedup();
    let words = spans.iter().map(|s| text[(*s).clone()].chars().take(WORDS_MAX).collect::<String>());
    words.map(|w| w.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|w| !w.is_empty()).take(3).collect()
}

impl Decision {
    /// A decision with nothing read.
    fn blank(verdict: Verdict) -> Self {
        Self {
            verdict,
            safety: Safety::default(),
            topics: Vec::new(),
            none: 0.0,
            slots: Vec::new(),
            matched: Vec::new(),
            corrected: Vec::new(),
            undone: Vec::new(),
            flagged_words: Vec::new(),
            cut: false,
        }
    }

    /// The topic that an answer leads with.
    pub fn first_topic(&self) -> Option<&TopicId> {
        self.topics.first().map(|t| &t.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_on(shares: &[f32], none: f32) -> Verdict {
        let costs = Costs { wrong: 1.0, asked: 0.35, asked_in_vain: 1.0, refused: 1.2, chatter: 0.9, ..Costs::default() };
        let lexicon = crate::text::LexiconBuilder::default().build().0;
        let topics: Vec<Ranked> =
            shares.iter().map(|&confidence| Ranked { id: TopicId::new("pain.front"), confidence }).collect();
        verdict(&costs, &lexicon.read("knee"), &Safety::default(), &topics, none)
    }

    #[test]
    fn the_reply_that_is_expected_to_cost_least_is_given() {
        assert_eq!(verdict_on(&[0.9, 0.05, 0.02], 0.02), Verdict::Answer);
        assert_eq!(verdict_on(&[0.3, 0.28, 0.27], 0.05), Verdict::Clarify);
        assert_eq!(verdict_on(&[0.05, 0.05, 0.05], 0.0), Verdict::Clarify, "who knows least asks, and never answers");
        assert_eq!(verdict_on(&[0.1, 0.05, 0.05], 0.7), Verdict::OutOfScope);
        assert_eq!(verdict_on(&[], 1.0), Verdict::OutOfScope);
    }
}
