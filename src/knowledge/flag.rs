//! A red flag: the rules that raise it, what is said when it is raised, the phrasings that prove it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    fields::{Fields, Text},
    grade,
    ledger::LineKind,
    problem::Notes,
    topic::{check_words, ids, limited},
};
use crate::{
    id::{FlagId, SourceId},
    reply::Level,
    text::{ContextKind, Lexicon, Pattern},
};

/// Where the patterns of a rule must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Within one sentence.
    Sentence,
    /// Within a sentence and the next.
    Near,
    /// Anywhere in the message.
    Message,
}

/// One way in which an emergency shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// What a reader sees in an explanation.
    pub name: String,
    /// The level when this rule holds.
    pub level: Level,
    /// All must match.
    pub all: Vec<Pattern>,
    /// At least one must match, if there are any.
    pub any: Vec<Pattern>,
    /// None may match.
    pub none: Vec<Pattern>,
    /// Where the matches must lie.
    pub scope: Scope,
    /// How many words apart within a sentence.
    pub within: usize,
    /// Contexts that do not undo a match.
    pub even_if: Vec<ContextKind>,
    /// Its words are often harmless: it counts unless the encoder is all but sure that they are.
    pub unsure: bool,
}

/// One red flag, all of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flag {
    /// `rf.name`.
    pub id: FlagId,
    /// At most 60 characters.
    pub title: String,
    /// The level of its ordinary rules.
    pub level: Level,
    /// Suicide or self-harm: the crisis card.
    pub crisis: bool,
    /// Why it matters, hedged.
    pub concern: String,
    /// What to do now, one line.
    pub action: String,
    /// Further instructions.
    pub steps: Vec<String>,
    /// What raises the level, or empty.
    pub raises: String,
    /// Helplines to show besides the emergency number.
    pub lines: Vec<LineKind>,
    /// References.
    pub sources: Vec<SourceId>,
    /// When the words were last checked against the sources.
    pub reviewed_on: Date,
    /// The clinician who signed; empty until one does.
    pub reviewed_by: String,
    /// Lay phrasings; each raises this flag.
    pub says: Vec<String>,
    /// Must raise no urgent or emergency flag.
    pub look_alikes: Vec<String>,
    /// The rules; any one raises the flag.
    pub rules: Vec<Rule>,
    /// The file, relative to the knowledge folder.
    pub path: String,
}

const CONCERN_MAX: usize = 240;
const ACTION_MAX: usize = 200;
const STEP_MAX: usize = 200;
const WITHIN: usize = 25;
const SAYS_MIN: usize = 10;
const LOOK_ALIKES_MIN: usize = 5;

/// Reads one red-flag file and compiles its patterns.
pub(super) fn read(mut fields: Fields<'_>, lexicon: &mut Lexicon, notes: &mut Notes) -> Flag {
    let id = fields.text(notes, "id");
    let expected = notes.path().strip_prefix("safety/").and_then(|p| p.strip_suffix(".toml")).unwrap_or("");
    if id.words != format!("rf.{expected}") {
        let mend = format!("write `id = \"rf.{expected}\"`");
        notes.error(id.span.clone(), format!("id `{}` does not fit its path", id.words), mend);
    }
    let level = level(&mut fields, notes).unwrap_or(Level::Emergency);
    let says = fields.texts(notes, "says");
    let look_alikes = fields.texts(notes, "look_alikes");
    for (key, lines, min) in [("says", &says, SAYS_MIN), ("look_alikes", &look_alikes, LOOK_ALIKES_MIN)] {
        if lines.len() < min {
            notes.error(fields.span(), format!("`{key}` has {} lines, {min} at least", lines.len()), "add how people say it");
        }
    }
    let tables = fields.tables(notes, "rule");
    if tables.is_empty() {
        notes.error(fields.span(), "no rule raises this flag", "add a `[[rule]]`");
    }
    let rules = tables.into_iter().map(|t| rule(t, level, lexicon, notes)).collect();
    let steps = fields.texts(notes, "steps");
    for step in &steps {
        if step.words.chars().count() > STEP_MAX {
            notes.error(step.span.clone(), format!("a step is longer than {STEP_MAX} characters"), "cut it");
        }
        check_words(step, notes);
    }
    let flag = Flag {
        id: FlagId::new(&id.words),
        title: limited(&mut fields, notes, "title", 60),
        level,
        crisis: fields.flag(notes, "crisis"),
        concern: limited(&mut fields, notes, "concern", CONCERN_MAX),
        action: limited(&mut fields, notes, "action", ACTION_MAX),
        steps: steps.into_iter().map(|s| s.words).collect(),
        raises: fields.optional_text(notes, "raises").map_or(String::new(), |t| t.words),
        lines: line_kinds(&mut fields, notes),
        sources: ids(&mut fields, notes, "sources", SourceId::new),
        reviewed_on: fields.date(notes, "reviewed_on"),
        reviewed_by: fields.text(notes, "reviewed_by").words,
        says: says.into_iter().map(|t| t.words).collect(),
        look_alikes: look_alikes.into_iter().map(|t| t.words).collect(),
        rules,
        path: notes.path().to_owned(),
    };
    if flag.crisis && flag.rules.iter().any(|rule| rule.unsure) {
        notes.error(notes.span_of("unsure"), "an unsure rule in a crisis flag", "narrow the rule, or take `unsure` out");
    }
    if flag.sources.is_empty() {
        notes.error(fields.span(), "a red flag without a source", "name references in `sources`");
    }
    let words: Vec<&str> = [&flag.concern, &flag.action].into_iter().chain(&flag.steps).map(String::as_str).collect();
    let at = notes.span_of("concern");
    grade::check(&words, at.clone(), notes);
    check_words(&Text { words: words.join(" "), span: at }, notes);
    fields.finish(notes);
    flag
}

fn line_kinds(fields: &mut Fields<'_>, notes: &mut Notes) -> Vec<LineKind> {
    let mut kinds = Vec::new();
    for text in fields.texts(notes, "lines") {
        match LineKind::from_name(&text.words) {
            Some(kind) => kinds.push(kind),
            None => notes.error(text.span, format!("`{}` is no kind of line", text.words), "emergency, advice, crisis or poison"),
        }
    }
    kinds
}

fn level(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Level> {
    let text = fields.optional_text(notes, "level")?;
    let level = Level::from_name(&text.words).filter(|&l| l != Level::None);
    if level.is_none() {
        notes.error(text.span, format!("`{}` is no level", text.words), "emergency, urgent or routine");
    }
    level
}

fn rule(mut fields: Fields<'_>, flag_level: Level, lexicon: &mut Lexicon, notes: &mut Notes) -> Rule {
    let name = fields.text(notes, "name").words;
    let scope = match fields.optional_text(notes, "scope") {
        None => Scope::Sentence,
        Some(text) => match text.words.as_str() {
            "sentence" => Scope::Sentence,
            "near" => Scope::Near,
            "message" => Scope::Message,
            other => {
                notes.error(text.span, format!("`{other}` is no scope"), "sentence, near or message");
                Scope::Message
            }
        },
    };
    let level = level(&mut fields, notes).unwrap_or(flag_level);
    let mut even_if = Vec::new();
    for text in fields.texts(notes, "even_if") {
        match ContextKind::from_name(&text.words).filter(|&k| k != ContextKind::Pseudo) {
            Some(kind) => even_if.push(kind),
            None => notes.error(text.span, format!("`{}` is no context", text.words), "negated, past, hypothetical or news"),
        }
    }
    let within = fields.number(notes, "within").and_then(|n| usize::try_from(n).ok()).unwrap_or(WITHIN);
    let unsure = fields.flag(notes, "unsure");
    let all = patterns(&mut fields, "all", lexicon, notes);
    let any = patterns(&mut fields, "any", lexicon, notes);
    let none = patterns(&mut fields, "none", lexicon, notes);
    if all.is_empty() && any.is_empty() {
        notes.error(fields.span(), format!("rule \"{name}\" has no pattern"), "add `all = [...]`");
    }
    fields.finish(notes);
    Rule { name, level, all, any, none, scope, within, even_if, unsure }
}

/// Compiles a list of patterns.
pub(super) fn patterns(fields: &mut Fields<'_>, key: &'static str, lexicon: &mut Lexicon, notes: &mut Notes) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for text in fields.texts(notes, key) {
        match Pattern::new(lexicon, &text.words) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => notes.error(text.span, error.to_string(), "define the class in knowledge/words/, or mend the pattern"),
        }
    }
    patterns
}
