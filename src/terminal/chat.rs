//! A conversation: each line is answered, and a number opens what the last reply offered.

use std::io::{self, BufRead, Write};

use super::{Terminal, notice};
use crate::{
    reply::{Block, Choice, Item, Reply},
    request::{Ask, Request},
};

/// What a line of the conversation asks for.
#[derive(Debug, PartialEq, Eq)]
enum Turn<'l> {
    Nothing,
    Help,
    Topics,
    Quit,
    /// The choice with this number, from 1.
    Choice(usize),
    Question(&'l str),
}

impl Turn<'_> {
    /// A number is a choice only while some are offered: else "5" is a question like any other.
    fn from_line(line: &str, offered: usize) -> Turn<'_> {
        let line = line.trim();
        match line.to_lowercase().as_str() {
            "" => Turn::Nothing,
            "help" | "?" => Turn::Help,
            "topics" => Turn::Topics,
            "quit" | "exit" => Turn::Quit,
            _ => match line.parse() {
                Ok(number) if offered > 0 => Turn::Choice(number),
                _ => Turn::Question(line),
            },
        }
    }
}

impl Terminal<'_> {
    /// Holds a conversation until the input ends or says `quit`. With `prompt`, it greets and shows where to type.
    ///
    /// # Errors
    /// Where the input cannot be read or the output cannot be written.
    pub fn chat(&self, input: &mut dyn BufRead, prompt: bool, out: &mut dyn Write) -> io::Result<()> {
        if prompt {
            writeln!(out, "Ask about your knee. `help` says what else you can type; `quit` ends.")?;
        }
        let mut offered: Vec<Choice> = Vec::new();
        let mut line = Vec::new();
        let mut first = true;
        loop {
            if prompt {
                write!(out, "\n> ")?;
                out.flush()?;
            }
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                return if prompt { writeln!(out) } else { Ok(()) };
            }
            // A stray byte must not end a conversation; it reads as an unknown word.
            let text = String::from_utf8_lossy(&line);
            let turn = Turn::from_line(&text, offered.len());
            if turn == Turn::Quit {
                return Ok(());
            }
            if let Some(reply) = self.reply_to(&turn, &offered) {
                if prompt || !first {
                    writeln!(out)?;
                }
                first = false;
                self.print(&reply, out)?;
                // What this door says about itself leaves the offer standing.
                let own = match turn {
                    Turn::Choice(number) => chosen(&offered, number).is_none(),
                    _ => turn == Turn::Help,
                };
                if !own {
                    offered = reply.choices;
                }
            }
        }
    }

    fn reply_to(&self, turn: &Turn<'_>, offered: &[Choice]) -> Option<Reply> {
        let request = match *turn {
            Turn::Nothing | Turn::Quit => return None,
            Turn::Help => return Some(help()),
            Turn::Topics => Request::Topics,
            Turn::Choice(number) => match chosen(offered, number) {
                Some(choice) => Request::LookUp { name: choice.topic.to_string() },
                None => {
                    return Some(notice(
                        &format!("There is no choice {number}; type a number from 1 to {}.", offered.len()),
                        vec![],
                    ));
                }
            },
            Turn::Question(text) if self.app.knowledge().topic(text).is_some() => Request::LookUp { name: text.to_owned() },
            Turn::Question(text) => Request::Ask(Ask { text: text.to_owned() }),
        };
        Some(self.app.handle(&request, self.today))
    }
}

/// The choice with this number, from 1.
fn chosen(offered: &[Choice], number: usize) -> Option<&Choice> {
    offered.get(number.checked_sub(1)?)
}

fn help() -> Reply {
    let lines = [
        "a question in your own words",
        "a number: opens that choice of the last reply",
        "a topic's id, such as pain.outside: opens its card",
        "topics: lists all topics",
        "quit, exit or Ctrl-D: ends the conversation",
    ];
    notice("What you can type", vec![Block::Bullets { heading: String::new(), items: lines.map(Item::plain).into() }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands_choices_or_questions() {
        for (line, offered, turn) in [
            ("  \n", 3, Turn::Nothing),
            ("HELP\n", 0, Turn::Help),
            ("topics\r\n", 0, Turn::Topics),
            ("exit", 0, Turn::Quit),
            ("2\n", 3, Turn::Choice(2)),
            ("9\n", 3, Turn::Choice(9)),
            ("2\n", 0, Turn::Question("2")),
            (" help my knee \n", 3, Turn::Question("help my knee")),
        ] {
            assert_eq!(Turn::from_line(line, offered), turn, "{line:?}");
        }
    }
}
