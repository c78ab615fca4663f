//! The files of `knowledge/words/`: classes, contexts, idioms, spelling, slots.

use super::{
    fields::{Fields, as_text},
    flag::patterns,
    problem::Notes,
    topic::Slot,
};
use crate::text::{ClassDef, ContextKind, Direction, Lexicon, LexiconBuilder, Pattern, Trigger};
use serde::{Deserialize, Serialize};

/// How far a trigger reaches unless its file says otherwise, in words.
const SCOPE: usize = 8;

/// How a slot is read from a question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SlotRule {
    /// The slot.
    pub slot: Slot,
    /// Any of these shows it.
    pub patterns: Vec<Pattern>,
}

/// Reads a file of classes into the builder; `defined` remembers who defined what.
pub(super) fn read_classes(mut fields: Fields<'_>, notes: &mut Notes, builder: &mut LexiconBuilder) {
    let Some(mut classes) = fields.table(notes, "class") else { return };
    for (name, value) in classes.entries() {
        let toml::de::DeValue::Table(table) = value.get_ref() else {
            notes.error(name.span, format!("`class.{}` must be a table", name.words), "write `[class.name]`");
            continue;
        };
        let mut f = Fields::new(table, name.span.clone());
        f.text(notes, "means");
        let words: Vec<String> = f.texts(notes, "words").into_iter().map(|t| t.words).collect();
        f.finish(notes);
        if words.is_empty() {
            notes.error(name.span.clone(), format!("class `{}` has no words", name.words), "add `words = [...]`");
        }
        if builder.classes.iter().any(|c| c.name == name.words) {
            notes.error(
                name.span,
                format!("class `{}` is defined twice", name.words),
                "keep one; all files share one name space",
            );
            continue;
        }
        builder.classes.push(ClassDef { name: name.words, words });
    }
    fields.finish(notes);
}

/// Reads `context.toml`.
pub(super) fn read_context(mut fields: Fields<'_>, notes: &mut Notes, builder: &mut LexiconBuilder) {
    for mut f in fields.tables(notes, "trigger") {
        let kind = f.text(notes, "kind");
        let direction = f.optional_text(notes, "direction");
        let scope = f.number(notes, "scope").and_then(|n| usize::try_from(n).ok()).unwrap_or(SCOPE);
        let words = f.texts(notes, "words").into_iter().map(|t| t.words).collect();
        f.finish(notes);
        let Some(kind_read) = ContextKind::from_name(&kind.words) else {
            notes.error(kind.span, format!("`{}` is no context", kind.words), "negated, past, hypothetical, news or pseudo");
            continue;
        };
        let direction = match direction.as_ref().map_or("forward", |d| d.words.as_str()) {
            "forward" => Direction::Forward,
            "backward" => Direction::Backward,
            "both" => Direction::Both,
            other => {
                notes.error(
                    direction.as_ref().map_or(0..0, |d| d.span.clone()),
                    format!("`{other}` is no direction"),
                    "forward, backward or both",
                );
                Direction::Forward
            }
        };
        builder.triggers.push(Trigger { kind: kind_read, direction, scope, words });
    }
    for (key, list) in [("terminators", &mut builder.terminators), ("fillers", &mut builder.fillers)] {
        if let Some(mut f) = fields.table(notes, key) {
            list.extend(f.texts(notes, "words").into_iter().map(|t| t.words));
            f.finish(notes);
        }
    }
    fields.finish(notes);
}

/// Reads `idioms.toml`.
pub(super) fn read_idioms(mut fields: Fields<'_>, notes: &mut Notes, builder: &mut LexiconBuilder) {
    for mut f in fields.tables(notes, "idiom") {
        f.text(notes, "means");
        builder.idioms.extend(f.texts(notes, "words").into_iter().map(|t| t.words));
        f.finish(notes);
    }
    fields.finish(notes);
}

/// Reads `spelling.toml`.
pub(super) fn read_spelling(mut fields: Fields<'_>, notes: &mut Notes, builder: &mut LexiconBuilder) {
    if let Some(mut fix) = fields.table(notes, "fix") {
        for (wrong, value) in fix.entries() {
            if let Some(right) = as_text(notes, "fix", value) {
                builder.spelling.fix.push((wrong.words.to_lowercase(), right.words.to_lowercase()));
            }
        }
    }
    if let Some(mut keep) = fields.table(notes, "keep") {
        builder.spelling.keep.extend(keep.texts(notes, "words").into_iter().map(|t| t.words));
        keep.finish(notes);
    }
    fields.finish(notes);
}

/// Reads `slots.toml`, once the lexicon stands.
pub(super) fn read_slots(mut fields: Fields<'_>, notes: &mut Notes, lexicon: &mut Lexicon) -> Vec<SlotRule> {
    let mut rules = Vec::new();
    for mut f in fields.tables(notes, "slot") {
        let name = f.text(notes, "name");
        let patterns = patterns(&mut f, "patterns", lexicon, notes);
        f.finish(notes);
        match Slot::from_name(&name.words) {
            Some(slot) => rules.push(SlotRule { slot, patterns }),
            None => notes.error(name.span, format!("`{}` is no slot", name.words), "docs/knowledge.md lists the slots"),
        }
    }
    fields.finish(notes);
    rules
}
