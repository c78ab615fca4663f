//! The command line: commands, options and their help. What wrong usage is, is decided here.

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use clap_complete::Shell;
use jiff::{
    Timestamp,
    civil::{Date, Time, Weekday},
};

#[cfg(feature = "web")]
use super::listen::{Listen, listen};
use crate::{knowledge::Held, schedule, tips::zones};

const EXAMPLES: &str = "\
Examples:
  patella ask \"outside of my knee hurts after 5 miles\"
  patella ask --json \"which shoes stop knee pain?\"
  patella chat
  patella playground
  patella topic pain.outside
  patella knowledge check ./knowledge

Exit codes: 0 done, 1 failed, 2 wrong usage. Answers go to standard output, everything else to standard error.
Patella gives general information. It does not diagnose and does not replace a medical professional.";

/// Answers runners' knee questions from a curated, cited knowledge base.
#[derive(Debug, Parser)]
#[command(name = "patella", version, after_help = EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Arguments {
    /// Settings that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Settings that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Read this knowledge folder instead of the copy inside the program.
    #[arg(long, global = true, value_name = "DIR")]
    pub knowledge: Option<PathBuf>,
    /// Read settings from this file; config.example.toml describes them.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Give the emergency numbers of this region, such as us, uk or eu (over PATELLA_REGION and the settings file).
    #[arg(long, global = true, value_name = "CODE")]
    pub region: Option<String>,
    /// Color the output; auto colors a terminal unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// When to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says no.
    Auto,
    /// Always, pipes included.
    Always,
    /// Never.
    Never,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer one question, or one on each line.
    #[command(after_help = "\
Examples:
  patella ask \"outside of my knee hurts after 5 miles\"
  patella ask --explain \"my knee clicks but does not hurt\"
  patella ask --json \"is running bad for my knees?\"
  echo \"sore kneecap on stairs\" | patella ask -
  patella ask --jsonl < questions.jsonl > answers.jsonl

A question that begins with a dash comes after two dashes: patella ask -- \"-- my knee\"")]
    Ask(Ask),
    /// Hold a conversation: one question a line, numbers open what a reply offers.
    #[command(after_help = "\
Inside: a number opens that choice of the last reply, a topic's id opens its card;
help, topics and quit do what they say. The end of the input ends the conversation.

Examples:
  patella chat
  patella chat --region uk")]
    Chat,
    /// List all topics.
    #[command(after_help = "Example:\n  patella topics | grep tip.")]
    Topics,
    /// Show one topic's card.
    #[command(after_help = "Examples:\n  patella topic pain.outside\n  patella topic tip.strength --json")]
    Topic {
        /// The topic's id, as `patella topics` lists it, or its title.
        id: String,
        /// Write one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Check the knowledge base, or show where its claims went.
    #[command(subcommand)]
    Knowledge(Knowledge),
    /// See what the weekly tips do.
    #[command(subcommand)]
    Tips(Tips),
    /// Score labelled questions: right first, right within one tap, refused, red flags missed, false alarms.
    #[command(
        after_help = "Examples:\n  patella eval questions.jsonl safety.jsonl\n  patella eval --json questions.jsonl\n  patella eval --held prove knowledge/phrases"
    )]
    Eval {
        /// Files of labelled questions, one JSON object a line, or of phrases, or a folder of those; scored together.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Of phrases, only those whose voices taught nothing: held back for setting thresholds, or for proving.
        #[arg(long, value_name = "tune|prove", value_parser = held)]
        held: Option<Held>,
        /// Write the scores as one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Try the bot in a browser: no token, no account.
    #[cfg(feature = "web")]
    #[command(after_help = "\
It prints the address to open. Nothing that is typed there is kept or leaves this machine.

Examples:
  patella playground
  patella playground --listen 127.0.0.1:0
  patella playground --listen 0.0.0.0:8420 --region uk")]
    Playground {
        /// Where to listen: an address or a name of this machine, and a port; port 0 takes any that is free.
        #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8420", value_parser = listen)]
        listen: Listen,
    },
    /// Run the bot in Discord.
    #[cfg(feature = "discord")]
    #[command(after_help = "\
Set the bot's token as DISCORD_TOKEN or `discord.token`; without one, this says how to get it.

Examples:
  DISCORD_TOKEN=... patella serve
  patella serve --config config.toml")]
    Serve,
    /// Check settings, store, token, permissions and clock; says what to do for each fault.
    #[cfg(feature = "discord")]
    #[command(after_help = "Example:\n  patella doctor --config config.toml")]
    Doctor,
    /// Print, as JSON, the commands exactly as they are registered with Discord.
    #[cfg(feature = "discord")]
    Commands,
    /// Check what is stored, keep a copy of it, or put one back.
    #[cfg(feature = "discord")]
    #[command(subcommand)]
    Store(Store),
    /// Print the link that installs the bot in a server, with the least permissions.
    #[cfg(feature = "discord")]
    Invite,
    /// Write a completion script for a shell to standard output.
    #[command(after_help = "Example:\n  patella completions bash > ~/.local/share/bash-completion/completions/patella")]
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// A question, and how to answer it.
#[derive(Debug, Args)]
pub struct Ask {
    /// The question, in your own words; `-` reads it from standard input.
    #[arg(value_name = "TEXT")]
    pub words: Vec<String>,
    /// Write one JSON object: kind, level, flags, topics, text.
    #[arg(long, conflicts_with = "jsonl")]
    pub json: bool,
    /// Read {"text": "..."} on each line of standard input, write one JSON object for each, in order.
    ///
    /// A line that is no such object yields {"error": "..."} in its place, and the rest goes on.
    #[arg(long)]
    pub jsonl: bool,
    /// Say why: words that matched, words that do not count, red flags checked, runner-up.
    #[arg(long, action = ArgAction::SetTrue)]
    pub explain: bool,
}

/// Work on the knowledge base.
#[derive(Debug, Subcommand)]
pub enum Knowledge {
    /// Print every problem with its file, its line and what to do; fails if any is an error.
    #[command(after_help = "Examples:\n  patella knowledge check\n  patella knowledge check ./knowledge")]
    Check {
        /// The folder to check; without it that of --knowledge, or the copy inside the program.
        dir: Option<PathBuf>,
    },
    /// Say where a new phrase belongs, which phrases stand next to it, and what it would disturb.
    #[command(after_help = "Example:\n  patella knowledge suggest \"hot wire along the far edge by the third lap\"")]
    Suggest {
        /// Phrases, each in quotes.
        #[arg(required = true, value_name = "TEXT")]
        texts: Vec<String>,
    },
    /// Fit the trust in the two readers on the voices held back to tune; prints what belongs in costs.toml.
    Calibrate,
    /// Print each claim of the seed articles with the cards and tips that carry it, or why none does.
    Coverage,
}

/// Look after what is stored about clubs.
#[cfg(feature = "discord")]
#[derive(Debug, Subcommand)]
pub enum Store {
    /// Say whether the store can be read and written, and how much is in it.
    #[command(after_help = "Example:\n  patella store check --config config.toml")]
    Check,
    /// Write all that is stored to a file, as JSON. The bot may run meanwhile.
    #[command(after_help = "Examples:\n  patella store export backup.json\n  patella store export - | gzip > backup.json.gz")]
    Export {
        /// The file; `-` for standard output. One that is there is replaced once the new one is whole.
        file: PathBuf,
    },
    /// Put such a file into an empty store, entirely or not at all.
    #[command(after_help = "\
To move from SQLite to PostgreSQL: stop the bot, export, set store.url to the new database, import, start.

Example:
  PATELLA_STORE_URL=postgres://patella@db/patella patella store import backup.json")]
    Import {
        /// The file; `-` for standard input.
        file: PathBuf,
    },
}

/// See what the weekly tips do.
#[derive(Debug, Subcommand)]
pub enum Tips {
    /// Print when a club's tips would come, and which: the instant, the local time, the tip, one a line.
    #[command(after_help = "\
Example:
  patella tips simulate --zone America/New_York --weekday thu --time 18:30 --from 2026-10-26 --weeks 3")]
    Simulate(Simulate),
}

/// Whose tips, and from when.
#[derive(Debug, Args)]
pub struct Simulate {
    /// A zone of the IANA database, or a large city.
    #[arg(long, value_parser = zone)]
    pub zone: String,
    /// The day of the week.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub weekday: Weekday,
    /// The time on the wall there.
    #[arg(long, value_name = "HH:MM", value_parser = time)]
    pub time: Time,
    /// The first day there to look at, such as 2026-10-26.
    #[arg(long, value_name = "DATE")]
    pub from: Date,
    /// How many tips.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=5200))]
    pub weeks: u32,
    /// Whose order of tips: the number of the club's Discord server.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub club: u64,
}

fn held(typed: &str) -> Result<Held, String> {
    Held::from_name(typed).ok_or_else(|| "write tune or prove".to_owned())
}

fn zone(typed: &str) -> Result<String, String> {
    zones::zone(typed).ok_or_else(|| {
        let near: Vec<String> = zones::find(typed, Timestamp::UNIX_EPOCH, 3).into_iter().map(|z| z.name).collect();
        let near = if near.is_empty() {
            "write one such as Europe/Berlin".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        format!("there is no such zone; {near}")
    })
}

fn day(typed: &str) -> Result<Weekday, String> {
    schedule::day_from_name(typed).ok_or_else(|| "write a day such as thu or Thursday".to_owned())
}

fn time(typed: &str) -> Result<Time, String> {
    schedule::time_from_text(typed).ok_or_else(|| "write a time such as 18:30".to_owned())
}

/// Where the question is.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// On the command line.
    Text(String),
    /// All of standard input.
    Input,
    /// Standard input, one question a line.
    Lines,
}

impl Ask {
    /// Where the question is.
    ///
    /// # Errors
    /// Wrong usage: no question, or two places for it.
    pub fn source(&self) -> Result<Source, clap::Error> {
        match (self.jsonl, self.words.is_empty()) {
            (true, true) => Ok(Source::Lines),
            (true, false) => Err(wrong_ask(
                ErrorKind::ArgumentConflict,
                "with --jsonl the questions come from standard input; leave TEXT away",
            )),
            (false, _) if self.words == ["-"] => Ok(Source::Input),
            (false, _) => question(&self.words.join(" ")).map(Source::Text),
        }
    }
}

/// The question, unless it is empty.
///
/// # Errors
/// Wrong usage: nothing but white space.
pub fn question(text: &str) -> Result<String, clap::Error> {
    if text.trim().is_empty() {
        let message = "there is no question; write one in quotes: patella ask \"my knee hurts going downstairs\"";
        return Err(wrong_ask(ErrorKind::MissingRequiredArgument, message));
    }
    Ok(text.to_owned())
}

/// Wrong usage of `ask`.
fn wrong_ask(kind: ErrorKind, message: &str) -> clap::Error {
    let mut command = Arguments::command();
    // Building the whole tree gives the subcommand its full name for the usage line.
    command.build();
    let ask = command.find_subcommand_mut("ask").expect("`ask` is a command of the enum above");
    ask.error(kind, message)
}

/// Wrong usage of an option that every command takes.
pub fn wrong_option(message: &str) -> clap::Error {
    Arguments::command().error(ErrorKind::InvalidValue, message)
}

/// The completion script for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "patella", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(line: &[&str]) -> Result<Source, ErrorKind> {
        let arguments = Arguments::try_parse_from(["patella", "ask"].iter().chain(line)).map_err(|e| e.kind())?;
        let Command::Ask(ask) = arguments.command else { panic!("not ask") };
        ask.source().map_err(|e| e.kind())
    }

    #[test]
    fn the_table_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_question_has_one_place() {
        assert_eq!(source(&["my knee"]), Ok(Source::Text("my knee".into())));
        assert_eq!(source(&["my", "knee", "--json"]), Ok(Source::Text("my knee".into())));
        assert_eq!(source(&["--", "-knee"]), Ok(Source::Text("-knee".into())));
        assert_eq!(source(&["-"]), Ok(Source::Input));
        assert_eq!(source(&["--jsonl"]), Ok(Source::Lines));
        for missing in [&[][..], &[" \t"], &["", " "]] {
            assert_eq!(source(missing), Err(ErrorKind::MissingRequiredArgument), "{missing:?}");
        }
        assert_eq!(source(&["--jsonl", "knee"]), Err(ErrorKind::ArgumentConflict));
        assert_eq!(source(&["--json", "--jsonl"]), Err(ErrorKind::ArgumentConflict));
        assert_eq!(source(&["--jsn", "knee"]), Err(ErrorKind::UnknownArgument));
    }
}
