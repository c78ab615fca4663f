//! The ledgers: references, graded findings, claims of the seed articles, helplines by region.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{fields::Fields, problem::Notes, topic::ids};
use crate::{
    id::{EvidenceId, RegionId, SeedId, SourceId},
    reply::Grade,
};

/// A reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    /// As printed; empty where none is named.
    pub authors: String,
    /// As printed.
    pub title: String,
    /// Journal or site.
    pub published_in: String,
    /// 0 where the page has no date.
    pub year: i64,
    /// Digital object identifier, or empty.
    pub doi: String,
    /// Address, or empty.
    pub url: String,
    /// The page that was read instead of the source itself, or empty.
    pub read: String,
    /// Whether a page was read at all.
    pub page_seen: bool,
    /// When the entry was last compared with its page.
    pub last_checked: Date,
}

impl Source {
    /// Author, year, title and journal in one line.
    pub fn line(&self) -> String {
        const TITLE_MAX: usize = 90;
        let mut authors = self.authors.split(", ");
        let first = authors.next().unwrap_or("").trim_end_matches('.');
        let others = if authors.next().is_some() { " and others" } else { "" };
        let year = if self.year > 0 { format!(" ({})", self.year) } else { String::new() };
        let mut title: String = self.title.chars().take(TITLE_MAX).collect();
        if title.len() < self.title.len() {
            title = format!("{}...", title.rsplit_once(' ').map_or(title.as_str(), |(whole, _)| whole));
        }
        let journal = self.published_in.split(|c: char| c.is_ascii_digit()).next().unwrap_or("").trim();
        let journal = if journal.is_empty() || journal == "none" { String::new() } else { format!(" {journal}") };
        let who = if first.is_empty() { String::new() } else { format!("{first}{others}{year}. ") };
        let year = if first.is_empty() { year } else { String::new() };
        format!("{who}{}{year}.{journal}", title.trim_end_matches('.'))
    }

    /// The address a reader can open: DOI first; `None` where there is none.
    pub fn link(&self) -> Option<String> {
        let web = |u: &str| u.starts_with("http").then(|| u.to_owned());
        if !self.doi.is_empty() {
            return Some(format!("https://doi.org/{}", self.doi));
        }
        web(&self.url).or_else(|| web(&self.read))
    }
}

/// A graded finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    /// In plain words.
    pub finding: String,
    /// How sure it is.
    pub grade: Grade,
    /// Where it comes from.
    pub sources: Vec<SourceId>,
    /// Whether the finding as worded was read on a page.
    pub page_seen: bool,
}

/// A claim of one of the two articles that Patella began with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claim {
    /// `seed.nn`.
    pub id: SeedId,
    /// In plain words.
    pub claim: String,
    /// supported, qualified, contradicted, not_tested or context.
    pub verdict: String,
    /// Why no card carries it; empty where one does.
    pub not_carried: String,
}

/// Phone numbers of a region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Region {
    /// `help.uk`.
    pub id: RegionId,
    /// As people call it.
    pub name: String,
    /// Codes that settings may use: `uk`, `gb`.
    pub codes: Vec<String>,
    /// What is to be known about its numbers, or empty.
    pub note: String,
    /// The numbers.
    pub lines: Vec<Line>,
}

impl Region {
    /// The number to call in an emergency.
    pub fn emergency_number(&self) -> Option<&str> {
        self.lines.iter().find(|l| l.kind == LineKind::Emergency).map(|l| l.number.as_str())
    }
}

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LineKind {
    /// Ambulance.
    Emergency,
    /// Medical advice.
    Advice,
    /// Suicide, self-harm, despair.
    Crisis,
    /// Poisoning and overdose.
    Poison,
}

impl LineKind {
    /// The name as files write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Advice => "advice",
            Self::Crisis => "crisis",
            Self::Poison => "poison",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Emergency, Self::Advice, Self::Crisis, Self::Poison].into_iter().find(|k| k.name() == name)
    }
}

/// One phone number, or how to reach a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// What to dial or text.
    pub number: String,
    /// Who answers, hours; or empty.
    pub note: String,
    /// Whether the number was read on a page.
    pub page_seen: bool,
    /// When it was last checked.
    pub last_checked: Date,
    /// Where it comes from.
    pub source: SourceId,
}

/// Reads `sources.toml`.
pub(super) fn read_sources(mut fields: Fields<'_>, notes: &mut Notes) -> BTreeMap<SourceId, Source> {
    let mut sources = BTreeMap::new();
    for (id, mut f) in named_tables(&mut fields, notes) {
        let mut optional = |key| f.optional_text(notes, key).map_or(String::new(), |t| t.words);
        let (authors, published_in) = (optional("authors"), optional("published_in"));
        let (doi, url, read) = (optional("doi"), optional("url"), optional("read"));
        let source = Source {
            authors,
            title: f.text(notes, "title").words,
            published_in,
            year: f.number(notes, "year").unwrap_or(0),
            doi,
            url,
            read,
            page_seen: f.flag(notes, "page_seen"),
            last_checked: f.date(notes, "last_checked"),
        };
        f.finish(notes);
        sources.insert(SourceId::new(&id), source);
    }
    sources
}

/// Reads `evidence.toml`.
pub(super) fn read_findings(mut fields: Fields<'_>, notes: &mut Notes) -> BTreeMap<EvidenceId, Finding> {
    let mut findings = BTreeMap::new();
    for (id, mut f) in named_tables(&mut fields, notes) {
        let grade = f.text(notes, "grade");
        let finding = Finding {
            finding: f.text(notes, "finding").words,
            grade: Grade::from_name(&grade.words).unwrap_or_else(|| {
                notes.error(grade.span, format!("`{}` is no grade", grade.words), "strong, moderate, weak or conflicting");
                Grade::Weak
            }),
            sources: ids(&mut f, notes, "sources", SourceId::new),
            page_seen: f.flag(notes, "page_seen"),
        };
        if finding.sources.is_empty() {
            notes.error(f.span(), "a finding without a source", "name references in `sources`");
        }
        f.finish(notes);
        findings.insert(EvidenceId::new(&id), finding);
    }
    findings
}

/// Reads `seeds.toml`.
pub(super) fn read_claims(mut fields: Fields<'_>, notes: &mut Notes) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (id, mut f) in named_tables(&mut fields, notes) {
        let verdict = f.text(notes, "verdict");
        if !["supported", "qualified", "contradicted", "not_tested", "context"].contains(&verdict.words.as_str()) {
            notes.error(verdict.span, "no verdict", "supported, qualified, contradicted, not_tested or context");
        }
        claims.push(Claim {
            id: SeedId::new(&id),
            claim: f.text(notes, "claim").words,
            verdict: verdict.words,
            not_carried: f.optional_text(notes, "not_carried").map_or(String::new(), |t| t.words),
        });
        f.finish(notes);
    }
    claims.sort_by(|a, b| a.id.cmp(&b.id));
    claims
}

/// Reads `helplines.toml`.
pub(super) fn read_regions(mut fields: Fields<'_>, notes: &mut Notes) -> Vec<Region> {
    let mut regions = Vec::new();
    for mut f in fields.tables(notes, "region") {
        let span = f.span();
        let region = Region {
            id: RegionId::new(&f.text(notes, "id").words),
            name: f.text(notes, "name").words,
            codes: f.texts(notes, "codes").into_iter().map(|t| t.words).collect(),
            note: f.optional_text(notes, "note").map_or(String::new(), |t| t.words),
            lines: f.tables(notes, "line").into_iter().map(|l| line(l, notes)).collect(),
        };
        f.finish(notes);
        if !region.lines.iter().any(|l| l.kind == LineKind::Emergency) {
            notes.error(span, format!("{} has no emergency number", region.name), "add a `[[region.line]]` of kind emergency");
        }
        regions.push(region);
    }
    fields.finish(notes);
    regions
}

fn line(mut f: Fields<'_>, notes: &mut Notes) -> Line {
    let kind = f.text(notes, "kind");
    let line = Line {
        kind: LineKind::from_name(&kind.words).unwrap_or_else(|| {
            notes.error(kind.span, format!("`{}` is no kind of line", kind.words), "emergency, advice, crisis or poison");
            LineKind::Advice
        }),
        number: f.text(notes, "number").words,
        note: f.optional_text(notes, "note").map_or(String::new(), |t| t.words),
        page_seen: f.flag(notes, "page_seen"),
        last_checked: f.date(notes, "last_checked"),
        source: SourceId::new(&f.text(notes, "source").words),
    };
    f.finish(notes);
    line
}

/// The tables of a file whose keys are ids.
fn named_tables<'d>(fields: &mut Fields<'d>, notes: &mut Notes) -> Vec<(String, Fields<'d>)> {
    let mut tables = Vec::new();
    for (id, value) in fields.entries() {
        if let toml::de::DeValue::Table(table) = value.get_ref() {
            tables.push((id.words, Fields::new(table, id.span)));
        } else {
            notes.error(id.span, format!("`{}` must be a table", id.words), format!("write `[\"{}\"]`", id.words));
        }
    }
    tables
}
