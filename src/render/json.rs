//! A reply as one JSON object: what scripts and scoring read.

use serde_json::{Value, json};

use super::text::{Style, to_text};
use crate::{
    id::TopicId,
    reply::{Choice, Cited, Kind, Ranked, Reply},
};

/// The most ranked topics that the object names.
const TOPICS_MAX: usize = 5;

/// The reply with the keys `kind`, `level`, `flags`, `topics` and `text`, and besides `title`, `choices` and `sources`.
/// Confidences are probabilities from 0 to 1 with at most four decimals.
pub fn to_json(reply: &Reply) -> Value {
    let Reply {
        kind,
        level,
        flags,
        topics,
        title,
        blocks: _, // in `text`
        choices,
        choices_heading: _, // in `text`
        picture: _,         // in `text`, in words
        sources,
        sources_heading: _, // in `text`
        audience: _,        // for doors that have one
        card: _,            // for doors whose buttons outlive a process
        tip: _,             // likewise
    } = reply;
    json!({
        "kind": kind,
        "level": level,
        "flags": flags,
        "topics": ranked(*kind, topics),
        "title": title,
        "text": to_text(reply, &Style::default()),
        "choices": choices.iter().map(choice).collect::<Vec<_>>(),
        "sources": sources.iter().map(source).collect::<Vec<_>>(),
    })
}

/// Best first. A question that is none of Patella's business has none, whatever came nearest.
fn ranked(kind: Kind, topics: &[Ranked]) -> Vec<Value> {
    let shown = if kind == Kind::OutOfScope { 0 } else { TOPICS_MAX };
    topics
        .iter()
        .take(shown)
        .map(|Ranked { id, confidence }| json!({ "id": id, "confidence": four_decimals(*confidence) }))
        .collect()
}

fn choice(Choice { topic, label }: &Choice) -> Value {
    let topic: &TopicId = topic;
    json!({ "topic": topic, "label": label })
}

fn source(Cited { title, grade, link, page_seen }: &Cited) -> Value {
    json!({ "title": title, "grade": grade.map(|g| g.name()), "link": link, "page_seen": page_seen })
}

/// As a double, because the nearest single would print as 0.9123000144958496.
fn four_decimals(confidence: f32) -> f64 {
    (f64::from(confidence) * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn an_answer_has_the_promised_keys() {
        let value = to_json(&sample::answer());
        assert_eq!(value["kind"], "answer");
        assert_eq!(value["level"], "none");
        assert_eq!(value["flags"], json!([]));
        assert_eq!(
            value["topics"].to_string(),
            r#"[{"confidence":0.9123,"id":"pain.outside"},{"confidence":0.38,"id":"tip.strength"}]"#
        );
        assert_eq!(value["text"], to_text(&sample::answer(), &Style::default()));
        assert_eq!(value["choices"], json!([{ "topic": "pain.front", "label": "Pain at the front" }]));
        assert_eq!(value["sources"][0]["grade"], "strong");
        assert_eq!(value["sources"][1], json!({ "title": "General knowledge", "grade": null, "link": null, "page_seen": false }));
    }

    #[test]
    fn a_safety_reply_names_level_and_flags() {
        let value = to_json(&sample::emergency());
        assert_eq!((&value["kind"], &value["level"]), (&json!("safety"), &json!("emergency")));
        assert_eq!(value["flags"], json!(["rf.chest"]));
    }

    #[test]
    fn kinds_are_written_as_promised_and_out_of_scope_names_no_topic() {
        let kinds = [
            (Kind::Answer, "answer", 2),
            (Kind::Clarify, "clarify", 2),
            (Kind::Safety, "safety", 2),
            (Kind::OutOfScope, "out_of_scope", 0),
            (Kind::Tip, "tip", 2),
            (Kind::Notice, "notice", 2),
            (Kind::Apology, "apology", 2),
        ];
        for (kind, name, topics) in kinds {
            let value = to_json(&Reply { kind, ..sample::answer() });
            assert_eq!(value["kind"], name);
            assert_eq!(value["topics"].as_array().map(Vec::len), Some(topics));
        }
    }

    #[test]
    fn at_most_five_topics() {
        let mut reply = sample::answer();
        reply.topics = (0..9).map(|n| Ranked { id: TopicId::new(&format!("pain.{n}")), confidence: 0.1 }).collect();
        assert_eq!(to_json(&reply)["topics"].as_array().map(Vec::len), Some(5));
    }
}
