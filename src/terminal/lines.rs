//! Questions and answers as JSON, one object a line.

use std::{
    io::{self, BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde_json::{Value, json};

use super::Terminal;

impl Terminal<'_> {
    /// Reads `{"text": "..."}` a line until the input ends and writes one object for each, in order and at once. A line that is
    /// no such object, an empty one included, yields `{"error": "..."}`, so that the lines of input and output stay aligned.
    ///
    /// # Errors
    /// Where the input cannot be read or the output cannot be written.
    pub fn ask_lines(&self, input: &mut dyn BufRead, explain: bool, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            let answer = match question(&line) {
                Ok(text) => self.answer(&text, explain),
                Err(error) => json!({ "error": error }),
            };
            writeln!(out, "{answer}")?;
            out.flush()?;
            line.clear();
        }
        Ok(())
    }

    /// A question that trips over a mistake of ours ends itself, not the lines after it. The app is read-only, so that nothing
    /// half-done stays behind.
    fn answer(&self, text: &str, explain: bool) -> Value {
        catch_unwind(AssertUnwindSafe(|| self.ask_json(text, explain)))
            .unwrap_or_else(|_| json!({ "error": "this question could not be answered; it is a mistake in patella" }))
    }
}

/// The question of a line.
fn question(line: &[u8]) -> Result<String, String> {
    let line =
        std::str::from_utf8(line).map_err(|e| format!("the line is not UTF-8 text, from byte {} on", e.valid_up_to() + 1))?;
    // Some editors open a file with a byte order mark, which is no part of the JSON.
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() {
        return Err("the line is empty; write {\"text\": \"...\"}".into());
    }
    let value: Value = serde_json::from_str(line).map_err(|e| format!("the line is not JSON, from column {} on", e.column()))?;
    match value.get("text") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err("`text` is not a string".into()),
        None => Err("the line has no `text`; write {\"text\": \"...\"}".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn a_line_is_a_question_or_says_why_not() {
        assert_eq!(question(b"{\"text\": \"my knee\", \"id\": 7}\r\n"), Ok("my knee".into()));
        assert_eq!(question("\u{feff}{\"text\": \"é\"}".as_bytes()), Ok("é".into()));
        let why = |line: &[u8]| question(line).expect_err("a bad line");
        assert_eq!(why(b"\xff{}\n"), "the line is not UTF-8 text, from byte 1 on");
        assert_eq!(why(b"{\"text\": oops}\n"), "the line is not JSON, from column 10 on");
        assert_eq!(why(b"  \n"), "the line is empty; write {\"text\": \"...\"}");
        assert_eq!(why(b"{\"text\": 7}\n"), "`text` is not a string");
        assert_eq!(why(b"[\"text\"]\n"), "the line has no `text`; write {\"text\": \"...\"}");
    }
}
