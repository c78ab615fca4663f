//! What one file cannot see of itself: ids that name nothing, questions that stand twice, ledgers that do not add up.

use std::collections::{BTreeSet, HashMap};

use super::{
    File, Knowledge, Problem, Statement,
    doubles::{Double, Stands, doubles},
    phrases::{self, Subject},
    problem::Notes,
};

/// Fewer phrasings teach the matcher too little of a topic.
const ASKS_MIN: usize = 40;

/// All such problems.
pub(super) fn references(knowledge: &Knowledge, files: &[&File]) -> Vec<Problem> {
    let mut check =
        Check { knowledge, files, notes: files.iter().map(|(path, text)| (path.as_str(), Notes::new(path, text))).collect() };
    check.needed_files();
    check.topics();
    check.flags_and_tips();
    check.ledgers();
    check.questions();
    check.notes.into_values().flat_map(|n| n.problems).collect()
}

struct Check<'a> {
    knowledge: &'a Knowledge,
    files: &'a [&'a File],
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
        for path in
            ["sources.toml", "evidence.toml", "seeds.toml", "helplines.toml", "replies.toml", "costs.toml", "words/context.toml"]
        {
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
        let files = self.files;
        let mut all: Vec<Stands<'_>> = Vec::new();
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with("phrases/")) {
            let role = match phrases::subject(path) {
                Subject::Sign(flag, real) => {
                    if knowledge.flag(&flag).is_none() && (real || flag.as_str() != phrases::ANY) {
                        let mend = "name the file after a warning sign: phrases/rf.dvt.txt or phrases/not.dvt.txt";
                        self.error(path, text.lines().next().unwrap_or(""), format!("`{flag}` is no warning sign"), mend);
                    }
                    format!("{} {flag}", if real { "a phrasing of" } else { "a look-alike of" })
                }
                Subject::Topic(topic) => format!("a phrase of {topic}"),
                Subject::Nobody => "an out-of-scope phrase".to_owned(),
            };
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            all.extend(lines.map(|text| Stands { text, role: role.clone(), path }));
        }
        for topic in &knowledge.topics {
            let examples = topic.examples.iter().map(|q| (q, "an example of"));
            let counters = topic.counter_examples.iter().map(|c| (&c.text, "a counter-example of"));
            all.extend(examples.chain(counters).map(|(text, role)| Stands {
                text,
                role: format!("{role} {}", topic.id),
                path: &topic.path,
            }));
        }
        for Double { at, first, same } in doubles(&all, |question| question.path.starts_with("phrases/")) {
            let (this, other) = (&all[at], &all[first]);
            if same {
                let what = format!("\"{}\" is {} and also {} ({})", this.text, this.role, other.role, other.path);
                self.error(this.path, this.text, what, "keep one; a test is no mirror");
            } else {
                let what = format!("\"{}\" nearly copies \"{}\" ({})", this.text, other.text, other.path);
                self.error(this.path, this.text, what, "keep one, or say it as another person would");
            }
        }
    }
}
