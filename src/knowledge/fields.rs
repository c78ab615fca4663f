//! Takes the fields of a TOML table one by one and notes every one that is missing, of the wrong type or unknown.

use std::ops::Range;

use jiff::civil::Date;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::problem::Notes;

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The words.
    pub words: String,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// A table whose fields are being taken.
pub(super) struct Fields<'d> {
    table: &'d DeTable<'d>,
    span: Range<usize>,
    taken: Vec<&'static str>,
}

impl<'d> Fields<'d> {
    pub fn new(table: &'d DeTable<'d>, span: Range<usize>) -> Self {
        Self { table, span, taken: Vec::new() }
    }

    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn take(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.taken.push(key);
        self.table.get(key)
    }

    /// A text that must be there.
    pub fn text(&mut self, notes: &mut Notes, key: &'static str) -> Text {
        match self.optional_text(notes, key) {
            Some(text) => text,
            None => {
                if self.table.get(key).is_none() {
                    notes.error(self.span.clone(), format!("`{key}` is missing"), format!("add `{key} = \"...\"`"));
                }
                Text { words: String::new(), span: self.span.clone() }
            }
        }
    }

    /// A text that may be there.
    pub fn optional_text(&mut self, notes: &mut Notes, key: &'static str) -> Option<Text> {
        let value = self.take(key)?;
        as_text(notes, key, value)
    }

    /// A list of texts; none where the key is absent.
    pub fn texts(&mut self, notes: &mut Notes, key: &'static str) -> Vec<Text> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            wrong_type(notes, key, value, "a list of texts");
            return Vec::new();
        };
        array.iter().filter_map(|item| as_text(notes, key, item)).collect()
    }

    /// A calendar date.
    pub fn date(&mut self, notes: &mut Notes, key: &'static str) -> Date {
        let text = self.text(notes, key);
        text.words.parse().unwrap_or_else(|_| {
            if !text.words.is_empty() {
                notes.error(text.span, format!("`{key}` is no date"), "write it as \"2026-11-21\"");
            }
            Date::ZERO
        })
    }

    /// True or false; false where the key is absent.
    pub fn flag(&mut self, notes: &mut Notes, key: &'static str) -> bool {
        let Some(value) = self.take(key) else { return false };
        if let DeValue::Boolean(yes) = value.get_ref() {
            return *yes;
        }
        wrong_type(notes, key, value, "true or false");
        false
    }

    /// A whole number; `None` where the key is absent.
    pub fn number(&mut self, notes: &mut Notes, key: &'static str) -> Option<i64> {
        let value = self.take(key)?;
        let parsed = match value.get_ref() {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        if parsed.is_none() {
            wrong_type(notes, key, value, "a whole number");
        }
        parsed
    }

    /// A number above zero, whole or with a point; 1 where it is missing or wrong, which is noted.
    pub fn positive(&mut self, notes: &mut Notes, key: &'static str) -> f32 {
        let Some(value) = self.take(key) else {
            notes.error(self.span.clone(), format!("`{key}` is missing"), format!("add `{key} = 1.0`"));
            return 1.0;
        };
        let parsed = match value.get_ref() {
            DeValue::Integer(n) => n.as_str().parse::<f32>().ok(),
            DeValue::Float(n) => n.as_str().parse::<f32>().ok(),
            _ => None,
        };
        parsed.filter(|n| n.is_finite() && *n > 0.0).unwrap_or_else(|| {
            wrong_type(notes, key, value, "a number above zero");
            1.0
        })
    }

    /// A table within this one.
    pub fn table(&mut self, notes: &mut Notes, key: &'static str) -> Option<Fields<'d>> {
        let value = self.take(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Fields::new(table, value.span()));
        }
        wrong_type(notes, key, value, "a table");
        None
    }

    /// The tables of a `[[key]]` list.
    pub fn tables(&mut self, notes: &mut Notes, key: &'static str) -> Vec<Fields<'d>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            wrong_type(notes, key, value, "a list of tables");
            return Vec::new();
        };
        tables_of(notes, key, array)
    }

    /// All entries, for a table whose keys are data.
    pub fn entries(&mut self) -> impl Iterator<Item = (Text, &'d Spanned<DeValue<'d>>)> + use<'d> {
        self.table.iter().map(|(key, value)| (Text { words: key.get_ref().to_string(), span: key.span() }, value))
    }

    /// Notes every key that nobody took.
    pub fn finish(self, notes: &mut Notes) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if !self.taken.contains(&name) {
                let near = self.taken.iter().min_by_key(|t| rapidfuzz::distance::osa::distance(t.chars(), name.chars()));
                let mend = near.map_or("remove it".into(), |near| format!("did you mean `{near}`? else remove it"));
                notes.error(key.span(), format!("unknown key `{name}`"), mend);
            }
        }
    }
}

fn tables_of<'d>(notes: &mut Notes, key: &'static str, array: &'d DeArray<'d>) -> Vec<Fields<'d>> {
    let mut tables = Vec::new();
    for item in array {
        if let DeValue::Table(table) = item.get_ref() {
            tables.push(Fields::new(table, item.span()));
        } else {
            wrong_type(notes, key, item, "a table");
        }
    }
    tables
}

/// A value as text, or a note that it is none.
pub(super) fn as_text(notes: &mut Notes, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Text> {
    if let DeValue::String(words) = value.get_ref() {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        return Some(Text { words, span: value.span() });
    }
    wrong_type(notes, key, value, "a text in quotes");
    None
}

fn wrong_type(notes: &mut Notes, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
    notes.error(value.span(), format!("`{key}` must be {wanted}"), format!("it is {} here", value.get_ref().type_str()));
}
