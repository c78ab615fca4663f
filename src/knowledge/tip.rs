//! A weekly prevention tip.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    fields::{Fields, Text},
    grade,
    problem::Notes,
    topic::{check_words, ids, limited},
};
use crate::id::{EvidenceId, SeedId, SourceId, TipId};

/// The twelve categories of tips.
pub const CATEGORIES: [&str; 12] = [
    "strength",
    "flexibility",
    "form",
    "footwear",
    "cross-training",
    "recovery",
    "load",
    "mindset",
    "warm-up",
    "race",
    "season",
    "nutrition-sleep",
];

/// The seasons that a tip may be meant for.
pub const SEASONS: [&str; 4] = ["winter", "spring", "summer", "autumn"];

/// One tip, all of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tip {
    /// `tip.nnn`.
    pub id: TipId,
    /// At most 60 characters.
    pub title: String,
    /// One of [`CATEGORIES`].
    pub category: String,
    /// 60 words or fewer.
    pub text: String,
    /// One sentence on why it helps.
    pub why: String,
    /// Who should not follow it, or empty; shown with the tip.
    pub contraindication: String,
    /// Seasons it is meant for; all year where empty.
    pub season: Vec<String>,
    /// Findings it rests on.
    pub evidence: Vec<EvidenceId>,
    /// References where no finding covers it.
    pub sources: Vec<SourceId>,
    /// Claims of the seed articles that it carries.
    pub seeds: Vec<SeedId>,
    /// When the words were last checked against the sources.
    pub reviewed_on: Date,
    /// The file, relative to the knowledge folder.
    pub path: String,
}

const WORDS_MAX: usize = 60;

/// Reads one tip file.
pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes) -> Tip {
    let id = fields.text(notes, "id");
    let number = notes.path().strip_prefix("tips/").and_then(|p| p.split('-').next()).unwrap_or("");
    if id.words != format!("tip.{number}") {
        notes.error(
            id.span.clone(),
            format!("id `{}` does not fit its path", id.words),
            format!("write `id = \"tip.{number}\"`"),
        );
    }
    let category = fields.text(notes, "category");
    if !CATEGORIES.contains(&category.words.as_str()) {
        let what = format!("`{}` is no category", category.words);
        notes.error(category.span.clone(), what, format!("one of {}", CATEGORIES.join(", ")));
    }
    let text = fields.text(notes, "text");
    let words = text.words.split_whitespace().count();
    if words > WORDS_MAX {
        notes.error(
            text.span.clone(),
            format!("the tip has {words} words, {WORDS_MAX} at most"),
            format!("cut {}", words - WORDS_MAX),
        );
    }
    let season = fields.texts(notes, "season");
    for name in season.iter().filter(|s| !SEASONS.contains(&s.words.as_str())) {
        notes.error(name.span.clone(), format!("`{}` is no season", name.words), format!("one of {}", SEASONS.join(", ")));
    }
    let tip = Tip {
        id: TipId::new(&id.words),
        title: limited(&mut fields, notes, "title", 60),
        category: category.words,
        text: text.words.clone(),
        why: limited(&mut fields, notes, "why", 240),
        contraindication: fields.text(notes, "contraindication").words,
        season: season.into_iter().map(|s| s.words).collect(),
        evidence: ids(&mut fields, notes, "evidence", EvidenceId::new),
        sources: ids(&mut fields, notes, "sources", SourceId::new),
        seeds: ids(&mut fields, notes, "seeds", SeedId::new),
        reviewed_on: fields.date(notes, "reviewed_on"),
        path: notes.path().to_owned(),
    };
    if tip.evidence.is_empty() && tip.sources.is_empty() {
        notes.error(text.span.clone(), "a tip without a source", "name findings in `evidence`, or references in `sources`");
    }
    let said = format!("{} {} {}", tip.text, tip.why, tip.contraindication);
    grade::check(&[&said], text.span.clone(), notes);
    check_words(&Text { words: said, span: text.span }, notes);
    fields.finish(notes);
    tip
}
