//! Rules for what a bot sends that Discord's OpenAPI description does not know, and a few that matter most, so that they
//! hold where the description is absent.

mod commands;
mod components;
mod message;

use std::fmt;

use serde_json::Value;

pub use commands::check as commands;
pub use message::{Use, choices, message, modal};

/// As much of a body as helps.
const EXCERPT: usize = 120;

/// A rule that the bot broke.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The route's template, such as `POST /channels/{id}/messages`.
    pub route: String,
    /// The rule, in a few fixed words.
    pub rule: &'static str,
    /// Where and what.
    pub excerpt: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.route, self.rule, self.excerpt)
    }
}

/// A rule broken by one body.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// The rule, in a few fixed words.
    pub rule: &'static str,
    /// Where and what.
    pub excerpt: String,
    /// Would Discord refuse the body? The rest is this house's own strictness.
    pub refused: bool,
}

/// Collects what is wrong with a body.
#[derive(Default)]
pub struct Findings(pub Vec<Broken>);

impl Findings {
    /// Discord refuses the body for this.
    fn refuse(&mut self, rule: &'static str, what: impl fmt::Display) {
        let excerpt = what.to_string().chars().take(EXCERPT).collect();
        self.0.push(Broken { rule, excerpt, refused: true });
    }

    /// Discord lets it pass, this house does not.
    fn note(&mut self, rule: &'static str, what: impl fmt::Display) {
        let excerpt = what.to_string().chars().take(EXCERPT).collect();
        self.0.push(Broken { rule, excerpt, refused: false });
    }

    /// Refuses keys that are not known.
    fn keys(&mut self, what: &str, value: &Value, known: &[&str]) {
        let Some(object) = value.as_object() else { return self.refuse("not an object", what) };
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.note("unknown field", format!("{what} has `{key}`"));
        }
    }

    /// Refuses a text that is too long, or too short where it stands. Lengths are in characters.
    fn length(&mut self, what: &'static str, value: &Value, least: usize, most: usize) {
        let Some(text) = value.as_str() else { return };
        let length = text.chars().count();
        if length < least || length > most {
            self.refuse(what, format!("{length} characters, {least} to {most} are allowed"));
        }
    }
}

/// The entries of a list; none where it is absent.
fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A number, also as a string of digits.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Characters of a text; 0 where there is none.
fn characters(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}
