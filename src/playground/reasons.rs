//! Why a question was answered as it was, as the page shows it beside the reply.

use std::{collections::BTreeSet, ops::Range};

use serde::Serialize;

use crate::{
    answer::{DECISION, Decision, TOPICS},
    id::TopicId,
    knowledge::Knowledge,
};

/// A decision, ready to show.
#[derive(Debug, Serialize)]
pub(super) struct Reasons {
    /// What was decided.
    summary: String,
    /// The question in pieces, each with what was made of it.
    pieces: Vec<Piece>,
    /// Headed lists, as `patella ask --explain` prints them.
    lists: Vec<List>,
    /// Best first; the second is the runner-up.
    topics: Vec<Rank>,
    /// The probability that it is none of the bot's business.
    none: f32,
}

#[derive(Debug, Serialize)]
struct Piece {
    text: String,
    /// `matched`, `flag`, `undoes`, `undone`, `corrected`.
    marks: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct List {
    heading: String,
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Rank {
    title: String,
    share: f32,
}

impl Reasons {
    /// The reasons of a decision on `text`.
    pub fn new(decision: &Decision, knowledge: &Knowledge, text: &str) -> Self {
        let mut summary = String::new();
        let mut lists = Vec::new();
        for (heading, lines) in decision.lines(knowledge, text) {
            if heading == DECISION {
                summary = lines.join("; ");
            } else if heading != TOPICS {
                lists.push(List { heading, lines });
            }
        }
        let title = |id: &TopicId| knowledge.topic(id.as_str()).map_or(String::new(), |t| t.title.clone());
        Self {
            summary,
            pieces: pieces(text, &marks(decision)),
            lists,
            topics: decision.topics.iter().map(|t| Rank { title: title(&t.id), share: t.confidence }).collect(),
            none: decision.none,
        }
    }
}

/// What was made of which bytes.
fn marks(decision: &Decision) -> Vec<(Range<usize>, &'static str)> {
    let mut marks: Vec<(Range<usize>, &'static str)> = Vec::new();
    marks.extend(decision.matched.iter().map(|span| (span.clone(), "matched")));
    marks.extend(decision.safety.hits.iter().flat_map(|hit| &hit.spans).map(|span| (span.clone(), "flag")));
    for (_, by, covers) in &decision.undone {
        marks.push((by.clone(), "undoes"));
        marks.push((covers.clone(), "undone"));
    }
    marks.extend(decision.corrected.iter().map(|(span, _)| (span.clone(), "corrected")));
    marks
}

/// The text cut wherever a mark begins or ends. Put together again, the pieces are the text.
fn pieces(text: &str, marks: &[(Range<usize>, &'static str)]) -> Vec<Piece> {
    let mut cuts: BTreeSet<usize> = marks.iter().flat_map(|(span, _)| [span.start, span.end]).collect();
    cuts.retain(|&at| text.is_char_boundary(at));
    cuts.extend([0, text.len()]);
    let cuts: Vec<usize> = cuts.into_iter().collect();
    let piece = |from: usize, to: usize| {
        let mut over: Vec<&'static str> =
            marks.iter().filter(|(span, _)| span.start <= from && to <= span.end).map(|(_, mark)| *mark).collect();
        over.sort_unstable();
        over.dedup();
        Piece { text: text[from..to].to_owned(), marks: over }
    };
    cuts.windows(2).map(|two| piece(two[0], two[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text_again() {
        let marks = [(0..2, "flag"), (1..5, "matched"), (7..99, "undone"), (3..4, "corrected")];
        // "é" takes two bytes: a cut within it is none.
        let text = "ab\u{e9}de <b>";
        let cut = pieces(text, &marks);
        assert_eq!(cut.iter().map(|p| p.text.as_str()).collect::<String>(), text);
        assert_eq!(cut[0].marks, ["flag"]);
        assert_eq!(cut[1].marks, ["flag", "matched"]);
        assert!(pieces("", &[]).is_empty());
    }
}
