//! What the bot knows: files in, [`Knowledge`] and the list of every problem out. Pure; the caller reads the files.

use serde::{Deserialize, Serialize};
mod check;
mod costs;
mod doubles;
mod fields;
mod flag;
pub mod grade;
mod ledger;
mod phrases;
mod problem;
mod replies;
mod tip;
mod topic;
mod words;

use std::collections::BTreeMap;

use toml::de::DeTable;

pub use costs::Costs;
pub use flag::{Flag, Rule, Scope};
pub use ledger::{Claim, Finding, Line, LineKind, Region, Source};
pub use phrases::{Asked, Held, Phrasing, Voices, asked, phrasings};
pub use problem::{Problem, Severity};
pub use replies::Replies;
pub use tip::{CATEGORIES, SEASONS, Tip};
pub use topic::{CounterExample, Fit, Section, Slot, Statement, Topic};
pub use words::SlotRule;

use crate::{
    id::{EvidenceId, FlagId, SeedId, SourceId, TipId, TopicId},
    text::{Gates, Lexicon, LexiconBuilder},
};
use fields::Fields;
use phrases::Subject;
use problem::Notes;

/// A file of the knowledge folder: its path relative to the folder, with `/`, and its text.
pub type File = (String, String);

/// All that the bot knows, checked. Read-only.
#[derive(Serialize, Deserialize)]
pub struct Knowledge {
    /// In the order of their ids.
    pub topics: Vec<Topic>,
    /// In the order of their ids.
    pub flags: Vec<Flag>,
    /// In the order of their ids.
    pub tips: Vec<Tip>,
    /// References.
    pub sources: BTreeMap<SourceId, Source>,
    /// Graded findings.
    pub findings: BTreeMap<EvidenceId, Finding>,
    /// Claims of the seed articles.
    pub claims: Vec<Claim>,
    /// Phone numbers by region.
    pub regions: Vec<Region>,
    /// The bot's own sentences.
    pub replies: Replies,
    /// What people type that is none of Patella's business.
    pub out_of_scope: Vec<String>,
    /// How people tell of warning signs, and of what only sounds like one. For checks and for learning: the program that is built
    /// carries them in its files alone.
    #[serde(skip)]
    pub phrasings: Vec<Phrasing>,
    /// What costs how much: the home of all thresholds.
    pub costs: Costs,
    /// Words.
    pub lexicon: Lexicon,
    /// How details of a question are read.
    pub slots: Vec<SlotRule>,
    /// Which rules of the flags a text may hold, in the order of the flags and of their rules.
    pub rules: Gates,
}

impl Knowledge {
    /// Reads the files of a knowledge folder. Returns every problem found; the base is fit for use only where none of them
    /// is an error ([`Severity::Error`]).
    pub fn load(files: &[File]) -> (Knowledge, Vec<Problem>) {
        Loader::default().load(files)
    }

    /// The topic with this id.
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topic_place(id).map(|at| &self.topics[at])
    }

    /// The place of a topic in [`Knowledge::topics`].
    pub fn topic_place(&self, id: &str) -> Option<usize> {
        self.topics.binary_search_by(|t| t.id.as_str().cmp(id)).ok()
    }

    /// The flag with this id.
    pub fn flag(&self, id: &FlagId) -> Option<&Flag> {
        self.flags.binary_search_by(|f| f.id.cmp(id)).ok().map(|at| &self.flags[at])
    }

    /// The tip with this id.
    pub fn tip(&self, id: &TipId) -> Option<&Tip> {
        self.tips.binary_search_by(|t| t.id.cmp(id)).ok().map(|at| &self.tips[at])
    }

    /// For each seed claim that is carried: the cards and tips that carry it, by id.
    pub fn carried_claims(&self) -> BTreeMap<SeedId, Vec<String>> {
        let mut carried: BTreeMap<SeedId, Vec<String>> = BTreeMap::new();
        let mut add = |seeds: &[SeedId], carrier: &str| {
            for seed in seeds {
                let carriers = carried.entry(seed.clone()).or_default();
                if carriers.last().is_none_or(|last| last != carrier) {
                    carriers.push(carrier.to_owned());
                }
            }
        };
        for topic in &self.topics {
            for statement in topic.statements.iter().chain(topic.fits.iter().map(|f| &f.statement)) {
                add(&statement.seeds, topic.id.as_str());
            }
        }
        for tip in &self.tips {
            add(&tip.seeds, tip.id.as_str());
        }
        carried
    }

    /// The region that a setting names: its code, id or name, in any case.
    pub fn region(&self, code: &str) -> Option<&Region> {
        let named = |r: &&Region| {
            r.codes.iter().any(|c| c.eq_ignore_ascii_case(code)) || r.id.as_str() == code || r.name.eq_ignore_ascii_case(code)
        };
        self.regions.iter().find(named)
    }
}

#[derive(Default)]
struct Loader {
    topics: Vec<Topic>,
    flags: Vec<Flag>,
    tips: Vec<Tip>,
    sources: BTreeMap<SourceId, Source>,
    findings: BTreeMap<EvidenceId, Finding>,
    claims: Vec<Claim>,
    regions: Vec<Region>,
    replies: Replies,
    out_of_scope: Vec<String>,
    /// Asks by topic, with the file they stand in; no topic where they are none of Patella's business.
    asks: Vec<(Option<TopicId>, String, Vec<phrases::Line>)>,
    phrasings: Vec<Phrasing>,
    costs: Costs,
    voices: phrases::Voices,
    /// Where a voice is named: path, place and name.
    heard: Vec<(String, std::ops::Range<usize>, String)>,
    problems: Vec<Problem>,
}

/// Files that are no knowledge but may lie in the folder.
const IGNORED: [&str; 3] = ["README.md", "LICENSE", "LICENSE.md"];

impl Loader {
    fn load(mut self, files: &[File]) -> (Knowledge, Vec<Problem>) {
        let mut files: Vec<&File> = files.iter().collect();
        files.sort();
        let mut builder = LexiconBuilder::default();
        for (path, text) in &files {
            self.read_file(path, text, &mut builder);
        }
        for (id, path, lines) in std::mem::take(&mut self.asks) {
            // Whoever is held back teaches nothing: not the ranker, not spelling, not the suggestions.
            let taught = lines.into_iter().filter(|line| self.voices.held(&line.voice).is_none()).map(|line| line.text);
            let Some(id) = id else {
                self.out_of_scope.extend(taught);
                continue;
            };
            match self.topics.iter_mut().find(|t| t.id == id) {
                Some(topic) => topic.asks.extend(taught),
                None => {
                    let mut notes = Notes::new(&path, "");
                    notes.error(0..0, format!("`{id}` names no topic"), "name the file after a topic: phrases/pain.outside.txt");
                    self.problems.append(&mut notes.problems);
                }
            }
        }
        self.check_voices(&files);
        for topic in &self.topics {
            builder.texts.extend(topic.asks.iter().chain(&topic.examples).cloned());
            builder.texts.extend(topic.statements.iter().map(|s| s.text.clone()));
        }
        builder.texts.extend(self.out_of_scope.iter().cloned());
        let (mut lexicon, wrong) = builder.build();
        for (class, why) in wrong {
            let at = files.iter().find(|(path, text)| path.starts_with("words/") && text.contains(&format!("[class.{class}]")));
            let (path, text) = at.map_or(("words", ""), |(path, text)| (path, text));
            let mut notes = Notes::new(path, text);
            notes.error(notes.span_of(&format!("[class.{class}]")), format!("class `{class}`: {why}"), "mend the class's words");
            self.problems.append(&mut notes.problems);
        }
        let mut slots = Vec::new();
        for (path, text) in &files {
            if path.starts_with("safety/") && path.ends_with(".toml") {
                let flag = self.parse(path, text, |fields, notes| flag::read(fields, &mut lexicon, notes));
                self.flags.extend(flag);
            } else if path == "words/slots.toml" {
                slots =
                    self.parse(path, text, |fields, notes| words::read_slots(fields, notes, &mut lexicon)).unwrap_or_default();
            }
        }
        self.finish(lexicon, slots, &files)
    }

    fn read_file(&mut self, path: &str, text: &str, builder: &mut LexiconBuilder) {
        let toml = path.ends_with(".toml");
        if path.starts_with("topics/") && toml {
            let topic = self.parse(path, text, topic::read);
            self.topics.extend(topic);
        } else if path.starts_with("tips/") && toml {
            let tip = self.parse(path, text, tip::read);
            self.tips.extend(tip);
        } else if path.starts_with("phrases/") && path.ends_with(".txt") {
            self.read_phrases(path, text);
        } else {
            match path {
                "sources.toml" => self.sources = self.parse(path, text, ledger::read_sources).unwrap_or_default(),
                "evidence.toml" => self.findings = self.parse(path, text, ledger::read_findings).unwrap_or_default(),
                "seeds.toml" => self.claims = self.parse(path, text, ledger::read_claims).unwrap_or_default(),
                "helplines.toml" => self.regions = self.parse(path, text, ledger::read_regions).unwrap_or_default(),
                "voices.toml" => self.voices = self.parse(path, text, phrases::read_voices).unwrap_or_default(),
                "costs.toml" => self.costs = self.parse(path, text, costs::read).unwrap_or_default(),
                "replies.toml" => self.replies = self.parse(path, text, replies::read).unwrap_or_default(),
                "words/context.toml" => self.parse(path, text, |f, n| words::read_context(f, n, builder)).unwrap_or_default(),
                "words/idioms.toml" => self.parse(path, text, |f, n| words::read_idioms(f, n, builder)).unwrap_or_default(),
                "words/spelling.toml" => self.parse(path, text, |f, n| words::read_spelling(f, n, builder)).unwrap_or_default(),
                "words/slots.toml" => {}
                _ if path.starts_with("words/") && toml => {
                    self.parse(path, text, |f, n| words::read_classes(f, n, builder)).unwrap_or_default();
                }
                _ if path.starts_with("safety/") && toml || IGNORED.contains(&path) => {}
                _ => {
                    let mut notes = Notes::new(path, text);
                    notes.error(0..0, "a file that no one reads", "docs/knowledge.md lists the files; move or remove it");
                    self.problems.append(&mut notes.problems);
                }
            }
        }
    }

    fn read_phrases(&mut self, path: &str, text: &str) {
        let mut notes = Notes::new(path, text);
        let phrases::Phrases { lines, voices } = phrases::read(text, &mut notes);
        self.heard.extend(voices.into_iter().map(|(voice, span)| (path.to_owned(), span, voice)));
        match phrases::subject(path) {
            Subject::Sign(flag, real) => self.phrasings.extend(phrases::of_sign(&flag, real, lines, &mut notes)),
            Subject::Topic(topic) => self.asks.push((Some(topic), path.to_owned(), lines)),
            Subject::Nobody => self.asks.push((None, path.to_owned(), lines)),
        }
        self.problems.append(&mut notes.problems);
    }

    /// Whoever speaks in a file of phrases must be described.
    fn check_voices(&mut self, files: &[&File]) {
        for (path, span, voice) in std::mem::take(&mut self.heard) {
            if self.voices.knows(&voice) {
                continue;
            }
            let text = files.iter().find(|(p, _)| *p == path).map_or("", |(_, text)| text);
            let mut notes = Notes::new(&path, text);
            notes.error(span, format!("nobody says who `{voice}` is"), "describe the voice in voices.toml, in one sentence");
            self.problems.append(&mut notes.problems);
        }
    }

    /// Parses one TOML file and hands its top table on; `None` where it is no TOML.
    fn parse<T>(&mut self, path: &str, text: &str, read: impl FnOnce(Fields<'_>, &mut Notes) -> T) -> Option<T> {
        let mut notes = Notes::new(path, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            notes.error(error.span().unwrap_or(0..0), error.message().replace('\n', ", "), "mend the TOML");
        }
        let value = errors.is_empty().then(|| read(Fields::new(table.get_ref(), 0..0), &mut notes));
        self.problems.append(&mut notes.problems);
        value
    }

    fn finish(mut self, lexicon: Lexicon, slots: Vec<SlotRule>, files: &[&File]) -> (Knowledge, Vec<Problem>) {
        self.topics.sort_by(|a, b| a.id.cmp(&b.id));
        self.flags.sort_by(|a, b| a.id.cmp(&b.id));
        self.tips.sort_by(|a, b| a.id.cmp(&b.id));
        let mut problems = self.problems;
        let rows = self.flags.iter().flat_map(|f| &f.rules).map(|r| (&r.all[..], &r.any[..]));
        let rules = Gates::new(rows);
        let knowledge = Knowledge {
            topics: self.topics,
            flags: self.flags,
            tips: self.tips,
            sources: self.sources,
            findings: self.findings,
            claims: self.claims,
            regions: self.regions,
            replies: self.replies,
            out_of_scope: self.out_of_scope,
            phrasings: self.phrasings,
            costs: self.costs,
            lexicon,
            slots,
            rules,
        };
        problems.extend(check::references(&knowledge, files));
        problems.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
        (knowledge, problems)
    }
}
