//! `patella knowledge check`: every problem of a folder, shown in its place.

use std::{collections::HashMap, io::Write, ops::Range, process::ExitCode};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use patella::{
    app::App,
    author,
    base::Base,
    club::Club,
    embedded,
    knowledge::{Problem, Severity},
};

use crate::files::Folder;

/// Prints every problem and a summary; fails if any is an error. A base whose files are sound is also probed as a whole: a
/// broken one would only bring problems that follow from the first ones.
pub fn run(folder: &Folder, color: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let (knowledge, mut problems) = folder.load();
    if !problems.iter().any(is_error) {
        problems.extend(author::probe(&App::new(Base::new(knowledge), embedded::encoder()?, Club::default())));
    }
    let texts: HashMap<&str, &str> = folder.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(textwrap::termwidth().max(80));
    for problem in &problems {
        let text = texts.get(problem.path.as_str()).copied().unwrap_or("");
        writeln!(out, "{}\n", renderer.render(&[report(problem, &folder.name_in(&problem.path), text)]))?;
    }
    let errors = problems.iter().filter(|p| is_error(p)).count();
    let warnings = problems.len() - errors;
    let files = folder.files.len();
    writeln!(out, "{}, {} in {}", count(errors, "error"), count(warnings, "warning"), count(files, "file"))?;
    out.flush()?;
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn report<'a>(problem: &'a Problem, path: &'a str, text: &'a str) -> Group<'a> {
    let level = if is_error(problem) { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(problem.what.as_str());
    let span = if problem.span == (0..0) { quoted(text, &problem.what) } else { Some(problem.span.clone()) };
    let span = first_line(text, &span.unwrap_or_default());
    let group = if span.is_empty() {
        // Nothing to underline: the place alone.
        title.element(Origin::path(path).line(problem.line).char_column(problem.column))
    } else {
        title.element(Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(span)))
    };
    group.element(Level::HELP.message(problem.mend.as_str()))
}

/// Where the words that a problem quotes stand in its file. The probe tries questions, and does not know their places.
fn quoted(text: &str, what: &str) -> Option<Range<usize>> {
    let quotes: Vec<usize> = what.match_indices('"').map(|(at, _)| at).collect();
    let (&open, closing) = quotes.split_first()?;
    // Longest first: a question may itself hold quotation marks.
    closing.iter().rev().find_map(|&close| text.find(&what[open..=close]).map(|at| at + 1..at + close - open))
}

/// The part of a span on its first line, cut to the text: a whole table underlined would hide the fault.
fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    let length = text[start..end].find('\n').unwrap_or(end - start);
    start..start + length
}

#[cfg(test)]
mod tests {
    use super::{first_line, quoted};

    #[test]
    fn spans_end_with_their_line_and_lie_in_the_text() {
        assert_eq!(first_line("a = 1\nb = 2\n", &(4..9)), 4..5);
        assert_eq!(first_line("é", &(1..1)), 0..2);
        assert_eq!(first_line("é", &(7..9)), 2..2);
    }

    #[test]
    fn quoted_words_are_found_again() {
        let text = "examples = [\n  \"sore knee\",\n]\n";
        assert_eq!(quoted(text, "example \"sore knee\" is stolen by \"x\""), Some(16..25));
        assert_eq!(&text[16..25], "sore knee");
        assert_eq!(quoted(text, "example \"other\" is stolen"), None);
        assert_eq!(quoted(text, "no quotes"), None);
    }
}
