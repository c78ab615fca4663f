//! The operator's settings: `config.toml`, with the environment over it. An unknown key is an error, because a misspelled
//! setting that is silently ignored is found out too late. `config.example.toml` holds every key with its default.

use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

/// The environment variable that stands over the key `region`.
pub const REGION_VARIABLE: &str = "PATELLA_REGION";

/// All settings. A key that a file leaves out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The region whose emergency numbers are given: a code, id or name of `helplines.toml`. `None`: replies list those of the
    /// main regions.
    #[serde(deserialize_with = "text_or_none")]
    pub region: Option<String>,
    /// Clinics to point to, in the order in which they are named; may be empty.
    #[serde(rename = "clinic")]
    pub clinics: Vec<ClinicSettings>,
}

/// A clinic or practice to point to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicSettings {
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// As it is dialed.
    #[serde(deserialize_with = "text")]
    pub phone: String,
    /// Opening hours, or empty.
    #[serde(default)]
    pub hours: String,
    /// Languages spoken.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Web address, or empty.
    #[serde(default, deserialize_with = "web_address")]
    pub link: String,
    /// When someone last checked that name, number and hours are right.
    #[serde(default, deserialize_with = "date_or_none")]
    pub last_checked: Option<Date>,
}

impl Default for Config {
    fn default() -> Self {
        // The clinic that published the articles Patella began with, with the number printed there. Nobody has called it, so
        // that `last_checked` stays empty and every reply says so.
        let clinic = ClinicSettings {
            name: "MVMT Physical Therapy".into(),
            phone: "(646) 588-3833".into(),
            hours: String::new(),
            languages: Vec::new(),
            link: String::new(),
            last_checked: None,
        };
        Self { region: None, clinics: vec![clinic] }
    }
}

/// A settings file that cannot be used: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {what}\n{mend}")]
pub struct ConfigError {
    /// The file, as it was named.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, with the key.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl Config {
    /// Reads a settings file. `path` serves messages only.
    ///
    /// # Errors
    /// At the first key that is unknown, missing or of the wrong sort, and where the text is no TOML.
    pub fn from_toml(path: &str, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let (line, column) = line_and_column(text, &span);
            let said = error.message().replace('\n', ", ");
            let mend = if said.starts_with("unknown field") {
                "remove the key or correct its spelling; config.example.toml holds every key"
            } else if said.starts_with("missing field") {
                "add the key; config.example.toml shows how"
            } else {
                "correct the value; config.example.toml shows every key with its default"
            };
            let what = key_before(text, &span).map_or(said.clone(), |key| format!("`{key}`: {said}"));
            ConfigError { path: path.to_owned(), line, column, what, mend: mend.to_owned() }
        })
    }

    /// These settings with the environment over them; `variable` gives a variable's value. An empty one counts as unset.
    #[must_use]
    pub fn with_env(mut self, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let region = variable(REGION_VARIABLE).map(|r| r.trim().to_owned()).filter(|r| !r.is_empty());
        self.region = region.or(self.region);
        self
    }
}

/// Line and column, from 1, of the first byte of a span.
fn line_and_column(text: &str, span: &Range<usize>) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(span.start)];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}

/// The key whose value the span opens in: faults of a value do not name it.
fn key_before<'t>(text: &'t str, span: &Range<usize>) -> Option<&'t str> {
    let before = &text[..text.floor_char_boundary(span.start)];
    let line = before.rsplit('\n').next()?;
    line.split_once('=').map(|(key, _)| key.trim())
}

fn text<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    let text = String::deserialize(value)?;
    if text.trim().is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}

fn text_or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(value)?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn web_address<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    let link = String::deserialize(value)?;
    if link.is_empty() || link.starts_with("https://") || link.starts_with("http://") {
        Ok(link)
    } else {
        Err(D::Error::custom("must begin with https:// or http://, or be empty"))
    }
}

fn date_or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Date>, D::Error> {
    match text_or_none(value)? {
        None => Ok(None),
        Some(day) => {
            day.parse().map(Some).map_err(|_| D::Error::custom(format!("`{day}` is no date; write it like \"2026-11-21\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::from_toml("config.toml", text).expect_err(text).to_string()
    }

    #[test]
    fn the_example_holds_exactly_the_defaults() {
        let example = include_str!("../config.example.toml");
        assert_eq!(Config::from_toml("config.example.toml", example), Ok(Config::default()));
    }

    #[test]
    fn the_examples_second_clinic_parses_once_its_comment_marks_are_gone() {
        let example = include_str!("../config.example.toml");
        let open: String = example.lines().map(|l| l.strip_prefix("#: ").unwrap_or(l)).flat_map(|l| [l, "\n"]).collect();
        let config = Config::from_toml("config.example.toml", &open).expect("the commented clinic");
        assert_eq!(config.clinics.len(), 2);
        assert!(config.clinics[1].last_checked.is_some());
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::from_toml("config.toml", ""), Ok(Config::default()));
        let none = Config::from_toml("config.toml", "clinic = []\nregion = \"uk\"").expect("no clinics");
        assert_eq!((none.clinics.len(), none.region.as_deref()), (0, Some("uk")));
    }

    #[test]
    fn faults_name_file_line_key_and_what_to_do() {
        insta::assert_snapshot!(error("# ours\nregoin = \"uk\"\n"), @r#"
        config.toml:2:1: unknown field `regoin`, expected `region` or `clinic`
        remove the key or correct its spelling; config.example.toml holds every key
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \"1\"\nfax = \"2\"\n"), @r#"
        config.toml:4:1: unknown field `fax`, expected one of `name`, `phone`, `hours`, `languages`, `link`, `last_checked`
        remove the key or correct its spelling; config.example.toml holds every key
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \" \"\n"), @r#"
        config.toml:3:9: `phone`: must not be empty
        correct the value; config.example.toml shows every key with its default
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\n"), @r#"
        config.toml:1:1: missing field `phone`
        add the key; config.example.toml shows how
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \"1\"\nlast_checked = \"soon\"\n"), @r#"
        config.toml:4:16: `last_checked`: `soon` is no date; write it like "2026-11-21"
        correct the value; config.example.toml shows every key with its default
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \"1\"\nlink = \"ftp://x\"\n"), @r#"
        config.toml:4:8: `link`: must begin with https:// or http://, or be empty
        correct the value; config.example.toml shows every key with its default
        "#);
        insta::assert_snapshot!(error("region = 7"), @r#"
        config.toml:1:10: `region`: invalid type: integer `7`, expected a string
        correct the value; config.example.toml shows every key with its default
        "#);
    }

    #[test]
    fn the_environment_stands_over_the_file() {
        let file = Config::from_toml("config.toml", "region = \"uk\"").expect("a region");
        let with = |value: &str| file.clone().with_env(&|name| (name == REGION_VARIABLE).then(|| value.to_owned())).region;
        assert_eq!(with(" ca ").as_deref(), Some("ca"));
        assert_eq!(with("").as_deref(), Some("uk"));
        assert_eq!(file.clone().with_env(&|_| None), file);
    }
}
