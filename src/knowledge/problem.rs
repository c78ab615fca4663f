//! What is wrong with a knowledge file: where, what, and what to do.

use std::{fmt, ops::Range};

/// Whether the base may be used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The base does not load.
    Error,
    /// The base loads; a curator should look.
    Warning,
}

/// One problem in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether the base loads all the same.
    pub severity: Severity,
    /// The file, relative to the knowledge folder.
    pub path: String,
    /// Bytes of the file.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}:{}: {severity}: {} ({})", self.path, self.line, self.column, self.what, self.mend)
    }
}

/// Line and column, from 1, of a byte offset.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let at = text.floor_char_boundary(at.min(text.len()));
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}

/// The problems of one file under way.
pub(super) struct Notes<'a> {
    path: &'a str,
    text: &'a str,
    /// What was found so far.
    pub problems: Vec<Problem>,
}

impl<'a> Notes<'a> {
    pub fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text, problems: Vec::new() }
    }

    pub fn error(&mut self, span: Range<usize>, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend) = (what.into(), mend.into());
        let (line, column) = line_and_column(self.text, span.start);
        let path = self.path.to_owned();
        self.problems.push(Problem { severity: Severity::Error, path, span, line, column, what, mend });
    }

    /// Where `words` stand in the file: for problems found after the file was read.
    pub fn span_of(&self, words: &str) -> Range<usize> {
        self.text.find(words).map_or(0..0, |at| at..at + words.len())
    }

    pub fn path(&self) -> &'a str {
        self.path
    }
}
