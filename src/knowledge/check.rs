//! What one file cannot see of itself: ids that name nothing, questions that stand twice, ledgers that do not add up.

use std::collections::{BTreeSet, HashMap};

use super::{File, Knowledge, Phrasing, Problem, Statement, problem::Notes};
use crate::text::plain_words;

/// Fewer phrasings teach the matcher too little of a topic.
const ASKS_MIN: usize = 40;

/// All such problems.
pub(super) fn references(knowledge: &Knowledge, files: &[&File]) -> Vec<Problem> {
    let mut check =
        Check { knowledge, notes: files.iter().map(|(path, text)| (path.as_str(), Notes::new(path, text))).collect() };
    check.needed_files();
    check.topics();
    check.flags_and_tips();
    check.ledgers();
    check.questions();
    check.notes.into_values().flat_map(|n| n.problems).collect()
}

struct Check<'a> {
    knowledge: &'a Knowledge,
    notes: HashMap<&'a str, Notes<'a>>,
}

impl Check<'_> {
    fn error(&mut self, path: &str, words: &str, what: String, mend: &str) {
        if let Some(notes) = self.notes.get_mut(path) {
            let span = notes.span_of(words);
            notes.error(span, what, mend);
        }
    }

    fn needed_files(&mut self) {
        for path in ["sources.toml", "evidence.toml", "seeds.toml", "helplines.toml", "replies.toml", "words/context.toml"] {
            if !self.notes.contains_key(path) {
                let mut notes = Notes::new("", "");
                notes.error(0..0, format!("{path} is missing"), "a knowledge folder holds it; start from a copy of `knowledge/`");
                self.notes.entry("").or_insert_with(|| Notes::new("", "")).problems.append(&mut notes.problems);
            }
        }
    }

    fn topics(&mut self) {
        let knowledge = self.knowledge;
        for (what, none) in
            [("red flags in safety/", knowledge.flags.is_empty()), ("topics in topics/", knowledge.topics.is_empty())]
        {
            if none {
                let mut notes = Notes::new("", "");
                notes.error(
                    0..0,
                    format!("there are no {what}"),
                    "a base without them answers nobody safely; start from a copy of `knowledge/`",
                );
                self.notes.entry("").or_insert_with(|| Notes::new("", "")).problems.append(&mut notes.problems);
            }
        }
        let mut seen = BTreeSet::new();
        for topic in &knowledge.topics {
            if !seen.insert(&topic.id) {
                self.error(&topic.path, topic.id.as_str(), format!("{} stands twice", topic.id), "keep one file");
            }
            if topic.asks.len() < ASKS_MIN {
                let what =
                    format!("{} has {} phrasings in phrases/{}.txt, {ASKS_MIN} at least", topic.id, topic.asks.len(), topic.id);
                self.error(&topic.path, topic.id.as_str(), what, "write how people ask it, one phrase a line");
            }
            for link in &topic.links {
                if knowledge.topic(link.as_str()).is_none() || *link == topic.id {
                    self.error(
                        &topic.path,
                        link.as_str(),
                        format!("link `{link}` names no other topic"),
                        "docs/knowledge.md lists the kinds",
                    );
                }
            }
            for counter in &topic.counter_examples {
                if knowledge.topic(counter.owner.as_str()).is_none() || counter.owner == topic.id {
                    self.error(
                        &topic.path,
                        counter.owner.as_str(),
                        format!("owner `{}` names no other topic", counter.owner),
                        "name a topic id",
                    );
                }
            }
            for statement in topic.statements.iter().chain(topic.fits.iter().map(|f| &f.statement)) {
                self.statement(&topic.path, statement);
            }
        }
    }

    fn statement(&mut self, path: &str, statement: &Statement) {
        let knowledge = self.knowledge;
        let mut unknown: Vec<String> = Vec::new();
        unknown.extend(statement.evidence.iter().filter(|e| !knowledge.findings.contains_key(*e)).map(ToString::to_string));
        unknown.extend(statement.sources.iter().filter(|s| !knowledge.sources.contains_key(*s)).map(ToString::to_string));
        unknown.extend(statement.seeds.iter().filter(|s| !self.is_claim(s.as_str())).map(ToString::to_string));
        if let Some(notes) = self.notes.get_mut(path) {
            for id in unknown {
                notes.error(
                    statement.span.clone(),
                    format!("`{id}` stands in no ledger"),
                    "see sources.toml, evidence.toml, seeds.toml",
                );
            }
        }
    }

    fn is_claim(&self, id: &str) -> bool {
        self.knowledge.claims.binary_search_by(|c| c.id.as_str().cmp(id)).is_ok()
    }

    fn flags_and_tips(&mut self) {
        let knowledge = self.knowledge;
        for flag in &knowledge.flags {
            for source in flag.sources.iter().filter(|s| !knowledge.sources.contains_key(*s)) {
                self.error(&flag.path, source.as_str(), format!("`{source}` stands in no ledger"), "see sources.toml");
            }
        }
        let mut seen = BTreeSet::new();
        for tip in &knowledge.tips {
            if !seen.insert(&tip.id) {
                self.error(&tip.path, tip.id.as_str(), format!("{} stands twice", tip.id), "keep one file");
            }
            let mut unknown: Vec<String> = Vec::new();
            unknown.extend(tip.evidence.iter().filter(|e| !knowledge.findings.contains_key(*e)).map(ToString::to_string));
            unknown.extend(tip.sources.iter().filter(|s| !knowledge.sources.contains_key(*s)).map(ToString::to_string));
            unknown.extend(tip.seeds.iter().filter(|s| !self.is_claim(s.as_str())).map(ToString::to_string));
            for id in unknown {
                self.error(&tip.path, &id, format!("`{id}` stands in no ledger"), "see sources.toml, evidence.toml, seeds.toml");
            }
        }
    }

    fn ledgers(&mut self) {
        let knowledge = self.knowledge;
        for (id, finding) in &knowledge.findings {
            for source in finding.sources.iter().filter(|s| !knowledge.sources.contains_key(*s)) {
                self.error("evidence.toml", id.as_str(), format!("{id}: `{source}` stands in no ledger"), "see sources.toml");
            }
        }
        for region in &knowledge.regions {
            for line in region.lines.iter().filter(|l| !knowledge.sources.contains_key(&l.source)) {
                let what = format!("{}: `{}` stands in no ledger", region.name, line.source);
                self.error("helplines.toml", line.source.as_str(), what, "see sources.toml");
            }
        }
        let carried = knowledge.carried_claims();
        for claim in &knowledge.claims {
            let carriers = carried.contains_key(&claim.id);
            if !carriers && claim.not_carried.is_empty() {
                let what = format!("{} is carried by no card or tip", claim.id);
                self.error(
                    "seeds.toml",
                    claim.id.as_str(),
                    what,
                    "name it in `seeds` of a statement, or say `not_carried = \"because ...\"`",
                );
            } else if carriers && !claim.not_carried.is_empty() {
                let what = format!("{} is carried, yet says why not", claim.id);
                self.error("seeds.toml", claim.id.as_str(), what, "remove `not_carried`");
            }
        }
    }

    /// A question teaches one topic or examines one; the same words never stand twice.
    fn questions(&mut self) {
        let knowledge = self.knowledge;
        let mut owners: HashMap<Vec<String>, (String, &str)> = HashMap::new();
        let mut all: Vec<(&str, String, &str)> = Vec::new();
        let phrases: Vec<String> = knowledge.topics.iter().map(|t| format!("phrases/{}.txt", t.id)).collect();
        for (topic, file) in knowledge.topics.iter().zip(&phrases) {
            all.extend(topic.asks.iter().map(|q| (q.as_str(), format!("a phrase of {}", topic.id), file.as_str())));
            all.extend(topic.examples.iter().map(|q| (q.as_str(), format!("an example of {}", topic.id), topic.path.as_str())));
            let counters = topic.counter_examples.iter();
            all.extend(counters.map(|c| (c.text.as_str(), format!("a counter-example of {}", topic.id), topic.path.as_str())));
        }
        all.extend(
            knowledge.out_of_scope.iter().map(|q| (q.as_str(), "an out-of-scope phrase".to_owned(), "phrases/out-of-scope.txt")),
        );
        let signs: Vec<String> = knowledge.phrasings.iter().map(phrasing_path).collect();
        let mut unknown = BTreeSet::new();
        for (phrasing, path) in knowledge.phrasings.iter().zip(&signs) {
            if knowledge.flag(&phrasing.flag).is_none() && unknown.insert(path) {
                let mend = "name the file after a warning sign: phrases/rf.dvt.txt or phrases/not.dvt.txt";
                self.error(path, &phrasing.text, format!("`{}` is no warning sign", phrasing.flag), mend);
            }
            let role = if phrasing.real { "a phrasing of" } else { "a look-alike of" };
            all.push((phrasing.text.as_str(), format!("{role} {}", phrasing.flag), path));
        }
        for (question, role, path) in all {
            let words = plain_words(question);
            match owners.get(&words) {
                Some((other, other_path)) => {
                    let what = format!("\"{question}\" is {role} and also {other} ({other_path})");
                    self.error(path, question, what, "keep one; a test is no mirror");
                }
                None => drop(owners.insert(words, (role, path))),
            }
        }
    }
}

/// The file of a phrasing.
fn phrasing_path(phrasing: &Phrasing) -> String {
    let name = phrasing.flag.as_str().trim_start_matches("rf.");
    format!("phrases/{}.{name}.txt", if phrasing.real { "rf" } else { "not" })
}
