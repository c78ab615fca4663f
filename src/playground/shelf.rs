//! The knowledge shelf: every card, red flag and tip, to read and to search.

use std::collections::HashMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::{
    app::App,
    club::Club,
    id::{FlagId, SourceId, TipId, TopicId},
    knowledge::{File, Flag, Knowledge, asked, phrasings},
    render::html::to_html,
    reply::Reply,
    request::Request,
    text::folded,
};

/// Phrases that are shown of each card and flag.
const SAMPLE: usize = 12;
/// What a search shows at most.
const FOUND: usize = 40;
/// A word in the title speaks for an entry as much as so many elsewhere.
const TITLE: usize = 8;

/// All that stands on the shelf, ready to search.
pub(super) struct Shelf {
    entries: Vec<Entry>,
    /// How people say it, by the id of the topic or flag.
    phrases: HashMap<String, Vec<String>>,
}

/// One card, flag or tip.
struct Entry {
    sort: &'static str,
    id: String,
    title: String,
    line: String,
    /// Title and words as they are compared.
    folded_title: String,
    folded: String,
}

impl Entry {
    fn new(sort: &'static str, id: &str, title: &str, line: &str, words: &[&str]) -> Self {
        let (id, title, line) = (id.to_owned(), title.to_owned(), line.to_owned());
        Self { sort, folded_title: folded(&title), folded: folded(&words.join("\n")), id, title, line }
    }

    /// How well it fits words that are all asked for; 0 where one of them is nowhere in it.
    fn score(&self, asked: &[&str]) -> usize {
        let times =
            |word: &&str| TITLE * self.folded_title.matches(*word).count() + self.folded.matches(*word).count().min(TITLE);
        let times: Vec<usize> = asked.iter().map(times).collect();
        if times.contains(&0) { 0 } else { times.iter().sum() }
    }
}

impl Shelf {
    /// Puts the knowledge on the shelf; `files` hold the phrases.
    pub fn new(knowledge: &Knowledge, files: &[File]) -> Self {
        let mut phrases: HashMap<String, Vec<String>> = HashMap::new();
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with("phrases/")) {
            for asked in asked(path, text).into_iter().flatten() {
                let Some(topic) = asked.topic else { continue };
                phrases.entry(topic.to_string()).or_default().push(asked.text);
            }
            for said in phrasings(path, text).into_iter().flatten().filter(|said| said.real) {
                phrases.entry(said.flag.to_string()).or_default().push(said.text);
            }
        }
        let mut entries = Vec::new();
        for topic in &knowledge.topics {
            let said = topic.statements.iter().map(|s| s.text.as_str());
            let words: Vec<&str> = said.chain([topic.short.as_str(), topic.id.as_str()]).collect();
            entries.push(Entry::new("topic", topic.id.as_str(), &topic.title, &topic.short, &words));
        }
        for flag in &knowledge.flags {
            let words = [&flag.concern, &flag.action, &flag.raises].into_iter().chain(&flag.steps).chain(&flag.says);
            let words: Vec<&str> = words.map(String::as_str).chain([flag.id.as_str()]).collect();
            entries.push(Entry::new("flag", flag.id.as_str(), &flag.title, &flag.concern, &words));
        }
        for tip in &knowledge.tips {
            let words = [&tip.text, &tip.why, &tip.contraindication, &tip.category];
            let words: Vec<&str> = words.into_iter().map(String::as_str).chain([tip.id.as_str()]).collect();
            entries.push(Entry::new("tip", tip.id.as_str(), &tip.title, &tip.category, &words));
        }
        Self { entries, phrases }
    }

    /// The lists: what there is, each with a line.
    pub fn index(&self, knowledge: &Knowledge) -> Value {
        let topics =
            knowledge.topics.iter().map(|t| json!({ "id": t.id, "kind": t.id.kind(), "title": t.title, "line": t.short }));
        let mut flags: Vec<&Flag> = knowledge.flags.iter().collect();
        flags.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.title.cmp(&b.title)));
        let flags = flags.into_iter().map(|f| json!({ "id": f.id, "level": f.level, "title": f.title, "line": f.concern }));
        let tips = knowledge.tips.iter();
        let tips =
            tips.map(|t| json!({ "id": t.id, "category": t.category, "season": t.season, "title": t.title, "line": t.text }));
        json!({
            "topics": topics.collect::<Vec<Value>>(),
            "flags": flags.collect::<Vec<Value>>(),
            "tips": tips.collect::<Vec<Value>>(),
        })
    }

    /// What holds all the words that were typed, best first; topics that are meant where a slip is in them.
    pub fn search(&self, app: &App, typed: &str) -> Value {
        let typed: String = typed.chars().take(200).collect();
        let asked = folded(&typed);
        let words: Vec<&str> = asked.split_whitespace().collect();
        if words.is_empty() {
            return json!({ "found": [], "near": false, "more": false });
        }
        let mut scored: Vec<(usize, &Entry)> =
            self.entries.iter().map(|e| (e.score(&words), e)).filter(|(score, _)| *score > 0).collect();
        scored.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        let line = |e: &Entry| json!({ "sort": e.sort, "id": e.id, "title": e.title, "line": e.line });
        let found: Vec<Value> = scored.iter().take(FOUND).map(|(_, e)| line(e)).collect();
        if !found.is_empty() {
            return json!({ "found": found, "near": false, "more": scored.len() > FOUND });
        }
        let near = app.suggest(&typed, 5);
        let near = near.iter().filter_map(|c| self.entries.iter().find(|e| e.sort == "topic" && e.id == c.topic.as_str()));
        json!({ "found": near.map(line).collect::<Vec<Value>>(), "near": true, "more": false })
    }

    /// One entry in full; `None` where there is none by that name.
    pub fn open(&self, app: &App, club: &Club, today: Date, sort: &str, id: &str) -> Option<Value> {
        let html = |request: &Request| to_html(&app.handle_for(request, club, today));
        let knowledge = app.knowledge();
        let mut opened = match sort {
            "topic" => {
                let topic = knowledge.topic(id)?;
                // Its neighbors are links on the shelf.
                let reply = app.handle_for(&Request::LookUp { name: topic.id.to_string() }, club, today);
                let title = |id: &TopicId| knowledge.topic(id.as_str()).map(|t| t.title.clone());
                let links = topic.links.iter().map(|id| json!({ "id": id, "title": title(id) }));
                let others = topic.counter_examples.iter();
                let others = others.map(|c| json!({ "text": c.text, "owner": c.owner, "title": title(&c.owner), "why": c.why }));
                json!({
                    "title": topic.title,
                    "html": to_html(&Reply { choices: Vec::new(), ..reply }),
                    "reviewed_on": topic.reviewed_on,
                    "reviewed_by": topic.reviewed_by,
                    "others": others.collect::<Vec<Value>>(),
                    "links": links.collect::<Vec<Value>>(),
                })
            }
            "flag" => {
                let flag = knowledge.flag(&FlagId::new(id))?;
                let reply = html(&Request::Concern { level: flag.level, flags: vec![flag.id.clone()] });
                red_flag(knowledge, flag, reply)
            }
            "tip" => {
                let tip = knowledge.tip(&TipId::new(id))?;
                json!({
                    "title": tip.title,
                    "html": html(&Request::ThatTip { tip: tip.id.clone() }),
                    "category": tip.category,
                    "season": tip.season,
                    "reviewed_on": tip.reviewed_on,
                })
            }
            _ => return None,
        };
        opened["sort"] = json!(sort);
        opened["id"] = json!(id);
        if let Some(phrases) = self.phrases.get(id) {
            opened["phrases"] = json!({ "count": phrases.len(), "sample": sample(phrases) });
        }
        Some(opened)
    }
}

fn red_flag(knowledge: &Knowledge, flag: &Flag, reply: String) -> Value {
    let source = |id: &SourceId| {
        let source = knowledge.sources.get(id)?;
        Some(json!({ "title": source.line(), "link": source.link(), "page_seen": source.page_seen }))
    };
    let rules = flag.rules.iter().map(|r| json!({ "name": r.name, "level": r.level, "unsure": r.unsure }));
    json!({
        "title": flag.title,
        "level": flag.level,
        "concern": flag.concern,
        "raises": flag.raises,
        "html": reply,
        "rules": rules.collect::<Vec<Value>>(),
        "says": flag.says,
        "look_alikes": flag.look_alikes,
        "sources": flag.sources.iter().filter_map(source).collect::<Vec<Value>>(),
        "reviewed_on": flag.reviewed_on,
        "reviewed_by": flag.reviewed_by,
    })
}

/// Some of many, evenly spread: neighbors in a file are alike.
fn sample(phrases: &[String]) -> Vec<&String> {
    let step = phrases.len().div_ceil(SAMPLE).max(1);
    phrases.iter().step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_there_and_titles_count_more() {
        let entry = Entry::new("topic", "pain.front", "Pain at the front", "", &["an ache near the kneecap"]);
        assert_eq!(entry.score(&["front", "shoe"]), 0);
        assert!(entry.score(&["front"]) > entry.score(&["kneecap"]));
        assert!(entry.score(&["front", "kneecap"]) > 0);
    }

    #[test]
    fn a_sample_is_spread_and_small() {
        let many: Vec<String> = (0..400).map(|n| n.to_string()).collect();
        let some = sample(&many);
        assert_eq!((some.len(), some[1].as_str()), (12, "34"));
        assert_eq!(sample(&many[..3]).len(), 3);
    }
}
