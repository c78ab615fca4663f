//! A topic: the card, and the examples that examine the matcher.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use jiff::civil::Date;

use super::{
    fields::{Fields, Text},
    grade,
    problem::Notes,
};
use crate::{
    id::{EvidenceId, SeedId, SourceId, TopicId},
    limits,
};

/// What a statement on a card is for, in the order in which a card is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Section {
    /// What it may be.
    MayBe,
    /// Why.
    Why,
    /// What hips, feet, ankles or form may add.
    Chain,
    /// What to try.
    Try,
    /// What to avoid for now.
    Avoid,
    /// Expected time course.
    Course,
    /// Signs that change the plan.
    WatchFor,
    /// When to see someone, and whom.
    SeeSomeone,
    /// Plain words of a `meta.*` card.
    Say,
}

impl Section {
    /// All sections with the key under `[[card.KEY]]`, in reading order.
    pub const ALL: [(Section, &'static str); 9] = [
        (Section::MayBe, "may_be"),
        (Section::Why, "why"),
        (Section::Chain, "chain"),
        (Section::Try, "try"),
        (Section::Avoid, "avoid"),
        (Section::Course, "course"),
        (Section::WatchFor, "watch_for"),
        (Section::SeeSomeone, "see_someone"),
        (Section::Say, "say"),
    ];
}

/// One sourced statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Statement {
    /// Where on the card it belongs.
    pub section: Section,
    /// The words.
    pub text: String,
    /// Findings it rests on.
    pub evidence: Vec<EvidenceId>,
    /// References it rests on where no finding covers it.
    pub sources: Vec<SourceId>,
    /// Claims of the seed articles that it carries.
    pub seeds: Vec<SeedId>,
    /// Bytes of the file.
    pub(crate) span: Range<usize>,
}

/// A statement said only when the question mentions certain slots.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fit {
    /// All of these must have been read.
    pub when: Vec<Slot>,
    /// What is said then; its section is [`Section::Why`].
    pub statement: Statement,
}

/// A detail that a question can mention: `worse.downhill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot(u8);

impl Slot {
    /// Every slot, by group. New ones go to the end: buttons of old messages hold numbers.
    pub const NAMES: [&'static str; 44] = [
        "where.front",
        "where.outside",
        "where.inside",
        "where.behind",
        "where.below-kneecap",
        "where.above-kneecap",
        "side.left",
        "side.right",
        "side.both",
        "when.start",
        "when.during",
        "when.after",
        "when.morning",
        "when.night",
        "when.after-sitting",
        "when.next-day",
        "worse.downhill",
        "worse.uphill",
        "worse.stairs",
        "worse.squatting",
        "worse.sitting",
        "worse.kneeling",
        "worse.jumping",
        "worse.speed",
        "worse.distance",
        "worse.camber",
        "duration.days",
        "duration.weeks",
        "duration.months",
        "duration.years",
        "severity.mild",
        "severity.moderate",
        "severity.severe",
        "onset.sudden",
        "onset.gradual",
        "tried.rest",
        "tried.ice",
        "tried.stretching",
        "tried.strength",
        "tried.shoes",
        "tried.brace",
        "tried.painkillers",
        "tried.physio",
        "severity.number",
    ];

    /// All slots, in the order of [`Slot::NAMES`].
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::NAMES.len() as u8).map(Self)
    }

    /// The slot with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|n| *n == name).map(|at| Self(at as u8))
    }

    /// The place in [`Slot::NAMES`].
    pub fn number(self) -> u16 {
        u16::from(self.0)
    }

    /// The name as files write it.
    pub fn name(self) -> &'static str {
        Self::NAMES[usize::from(self.0)]
    }
}

/// A question that looks like this topic but belongs to another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CounterExample {
    /// The question.
    pub text: String,
    /// The topic it belongs to.
    pub owner: TopicId,
    /// Why.
    pub why: String,
}

/// One topic, all of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Topic {
    /// `kind.name`.
    pub id: TopicId,
    /// At most 60 characters.
    pub title: String,
    /// One line for lists.
    pub short: String,
    /// When the words were last checked against the sources.
    pub reviewed_on: Date,
    /// The clinician who signed; empty until one does.
    pub reviewed_by: String,
    /// Neighbors that a reader may have meant or wants next.
    pub links: Vec<TopicId>,
    /// The card, in reading order.
    pub statements: Vec<Statement>,
    /// Statements for questions that mention certain details.
    pub fits: Vec<Fit>,
    /// How people ask: these teach the matcher. They stand in `phrases/<id>.txt`.
    pub asks: Vec<String>,
    /// These examine it.
    pub examples: Vec<String>,
    /// Questions that another topic owns.
    pub counter_examples: Vec<CounterExample>,
    /// The file, relative to the knowledge folder.
    pub path: String,
}

impl Topic {
    /// The statements of one section.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(move |s| s.section == section)
    }
}

/// Longest title, short line, statement and card, in characters: a phone screen, and `limits` with room for the rest of a reply.
const TITLE_MAX: usize = 60;
const SHORT_MAX: usize = 90;
const STATEMENT_MAX: usize = 300;
const CARD_MAX: usize = 3000;
const _: () = assert!(TITLE_MAX <= limits::BUTTON_LABEL && SHORT_MAX <= limits::SELECT_OPTION && CARD_MAX < limits::REPLY_BODY);

const EXAMPLES_MIN: usize = 5;
const HEDGES: [&str; 6] = ["may", "might", "can", "could", "often", "sometimes"];

/// Reads one topic file.
pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes) -> Topic {
    let id = fields.text(notes, "id");
    let expected = notes.path().strip_prefix("topics/").and_then(|p| p.strip_suffix(".toml")).unwrap_or("").replace('/', ".");
    if id.words != expected {
        notes.error(id.span.clone(), format!("id `{}` does not fit its path", id.words), format!("write `id = \"{expected}\"`"));
    }
    let title = limited(&mut fields, notes, "title", TITLE_MAX);
    let short = limited(&mut fields, notes, "short", SHORT_MAX);
    let reviewed_on = fields.date(notes, "reviewed_on");
    let reviewed_by = fields.text(notes, "reviewed_by").words;
    let links = fields.texts(notes, "links").into_iter().map(|t| TopicId::new(&t.words)).collect();
    let examples = questions(&mut fields, notes, "examples", EXAMPLES_MIN);
    let counter_examples = fields.tables(notes, "counter_examples").into_iter().map(|t| counter_example(t, notes)).collect();
    let kind = TopicId::new(&id.words).kind().to_owned();
    let (statements, fits) = card(&mut fields, notes, &kind);
    fields.finish(notes);
    Topic {
        id: TopicId::new(&id.words),
        title,
        short,
        reviewed_on,
        reviewed_by,
        links,
        statements,
        fits,
        asks: Vec::new(),
        examples,
        counter_examples,
        path: notes.path().to_owned(),
    }
}

/// A text of at most `max` characters.
pub(super) fn limited(fields: &mut Fields<'_>, notes: &mut Notes, key: &'static str, max: usize) -> String {
    let text = fields.text(notes, key);
    let length = text.words.chars().count();
    if length > max {
        notes.error(text.span, format!("`{key}` has {length} characters, {max} at most"), format!("cut {}", length - max));
    }
    text.words
}

fn questions(fields: &mut Fields<'_>, notes: &mut Notes, key: &'static str, min: usize) -> Vec<String> {
    let texts = fields.texts(notes, key);
    if texts.len() < min {
        notes.error(fields.span(), format!("`{key}` has {} lines, {min} at least", texts.len()), "write how people ask it");
    }
    texts.into_iter().map(|t| t.words).collect()
}

fn counter_example(mut fields: Fields<'_>, notes: &mut Notes) -> CounterExample {
    let example = CounterExample {
        text: fields.text(notes, "text").words,
        owner: TopicId::new(&fields.text(notes, "owner").words),
        why: fields.text(notes, "why").words,
    };
    fields.finish(notes);
    example
}

fn card(fields: &mut Fields<'_>, notes: &mut Notes, kind: &str) -> (Vec<Statement>, Vec<Fit>) {
    let span = fields.span();
    let Some(mut card) = fields.table(notes, "card") else {
        notes.error(span, "there is no card", "add `[[card.may_be]]` and its kin");
        return (Vec::new(), Vec::new());
    };
    let mut statements = Vec::new();
    for (section, key) in Section::ALL {
        let tables = card.tables(notes, key);
        let (min, max) = amount(kind, section);
        if tables.len() < min || tables.len() > max {
            let what = format!("the card has {} `{key}` statements, {min} to {max} belong there", tables.len());
            notes.error(card.span(), what, safety_net(section));
        }
        statements.extend(tables.into_iter().map(|t| statement(t, notes, section, kind != "meta")));
    }
    let fits = card.tables(notes, "fit").into_iter().map(|t| fit(t, notes)).collect();
    card.finish(notes);
    check_card(kind, &statements, notes);
    (statements, fits)
}

/// How many statements of a section a kind of card holds.
fn amount(kind: &str, section: Section) -> (usize, usize) {
    use Section::{Avoid, Chain, Course, MayBe, Say, SeeSomeone, Try, WatchFor, Why};
    match (kind, section) {
        ("meta", Say) => (1, 4),
        ("meta", _) | (_, Say) => (0, 0),
        (_, SeeSomeone) => (1, 2),
        (_, WatchFor) => (1, 3),
        ("injury", MayBe) => (1, 2),
        ("injury", Try) => (0, 2),
        ("injury", _) => (0, 0),
        (_, MayBe | Why) => (1, 3),
        ("pain" | "cause", Chain) => (1, 1),
        (_, Chain) => (0, 1),
        (_, Try) => (2, 5),
        (_, Avoid) => (1, 3),
        (_, Course) => (1, 1),
    }
}

fn safety_net(section: Section) -> &'static str {
    match section {
        Section::Course => "the safety net needs the expected time course",
        Section::WatchFor => "the safety net needs what to look out for",
        Section::SeeSomeone => "the safety net needs where to go",
        Section::MayBe => "the safety net needs what it may be, as uncertain as it is",
        _ => "see docs/knowledge.md",
    }
}

fn statement(mut fields: Fields<'_>, notes: &mut Notes, section: Section, sourced: bool) -> Statement {
    let text = fields.text(notes, "text");
    let length = text.words.chars().count();
    if length > STATEMENT_MAX {
        let what = format!("the statement has {length} characters, {STATEMENT_MAX} at most");
        notes.error(text.span.clone(), what, "split it or cut it");
    }
    let evidence: Vec<EvidenceId> = ids(&mut fields, notes, "evidence", EvidenceId::new);
    let sources: Vec<SourceId> = ids(&mut fields, notes, "sources", SourceId::new);
    let seeds = ids(&mut fields, notes, "seeds", SeedId::new);
    if sourced && evidence.is_empty() && sources.is_empty() {
        let mend = "name findings in `evidence`, or references in `sources`";
        notes.error(text.span.clone(), "a claim without a source", mend);
    }
    check_words(&text, notes);
    fields.finish(notes);
    Statement { section, text: text.words, evidence, sources, seeds, span: text.span }
}

/// A list of ids.
pub(super) fn ids<T>(fields: &mut Fields<'_>, notes: &mut Notes, key: &'static str, new: fn(&str) -> T) -> Vec<T> {
    fields.texts(notes, key).iter().map(|t| new(&t.words)).collect()
}

fn fit(mut fields: Fields<'_>, notes: &mut Notes) -> Fit {
    let mut when = Vec::new();
    for name in fields.texts(notes, "when") {
        match Slot::from_name(&name.words) {
            Some(slot) => when.push(slot),
            None => notes.error(name.span, format!("`{}` is no slot", name.words), "docs/knowledge.md lists the slots"),
        }
    }
    if when.is_empty() {
        notes.error(fields.span(), "the fit names no slot", "add `when = [\"worse.downhill\"]`");
    }
    Fit { when, statement: statement(fields, notes, Section::Why, true) }
}

fn check_card(kind: &str, statements: &[Statement], notes: &mut Notes) {
    let total: usize = statements.iter().map(|s| s.text.chars().count()).sum();
    let at = statements.first().map_or(0..0, |s| s.span.clone());
    if total > CARD_MAX {
        notes.error(
            at.clone(),
            format!("the card has {total} characters, {CARD_MAX} at most"),
            "cut what a reader can do without",
        );
    }
    let hedged = statements.iter().filter(|s| s.section == Section::MayBe).any(|s| has_word(&s.text, &HEDGES));
    if !hedged && !matches!(kind, "meta" | "injury") {
        notes.error(at.clone(), "`may_be` sounds certain", "say `may`, `can` or `often`: a card is no diagnosis");
    }
    let all: Vec<&str> = statements.iter().map(|s| s.text.as_str()).collect();
    grade::check(&all, at, notes);
}

fn has_word(text: &str, words: &[&str]) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(|w| words.iter().any(|h| h.eq_ignore_ascii_case(w)))
}

/// Words that no card, tip or red flag may say.
const NEVER: [(&str, &str); 8] = [
    ("guarantee", "promise nothing"),
    ("will cure", "promise nothing"),
    ("will heal", "promise nothing"),
    ("definitely have", "name no diagnosis"),
    ("you probably have", "name no diagnosis"),
    ("lose weight", "give no weight-loss advice"),
    ("losing weight helps", "give no weight-loss advice"),
    ("calorie", "give no advice on calories"),
];

/// Notes promises, diagnoses, doses and weight-loss advice.
pub(super) fn check_words(text: &Text, notes: &mut Notes) {
    let lower = text.words.to_lowercase();
    for (words, mend) in NEVER {
        if lower.contains(words) {
            notes.error(text.span.clone(), format!("a card never says \"{words}\""), mend);
        }
    }
    let words: Vec<&str> = lower.split_whitespace().collect();
    let dose = |w: &[&str]| w[0].ends_with(|c: char| c.is_ascii_digit()) && w[1].starts_with("mg");
    if words.windows(2).any(dose) || words.iter().any(|w| w.starts_with(|c: char| c.is_ascii_digit()) && w.contains("mg")) {
        notes.error(text.span.clone(), "a dose", "name no dose; point to a pharmacist or doctor");
    }
}
