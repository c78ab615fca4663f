//! The one table of commands. Registration, help, the page of commands and the reading of what arrives are all made from it, so
//! that a command cannot be added in one place only.

use crate::{club, limits};

/// What a command does. Doors match on it without a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Answers a question.
    Ask,
    /// Opens a topic's card.
    Topic,
    /// Shows a prevention tip.
    Tip,
    /// Lists causes.
    Causes,
    /// Lists training faults.
    Faults,
    /// Shows the clinics.
    Clinic,
    /// Shows this table.
    Help,
    /// Says what is kept.
    Privacy,
    /// Shows a club's settings.
    ClubShow,
    /// Changes a club's settings.
    ClubSet,
    /// Adds a clinic.
    ClinicAdd,
    /// Changes a clinic.
    ClinicEdit,
    /// Removes a clinic.
    ClinicRemove,
    /// Erases all that is stored about a club.
    ClubErase,
    /// Begins weekly tips, or changes where and when they come.
    WeeklyStart,
    /// Shows how the weekly tips stand.
    WeeklyShow,
    /// Stops them for a while.
    WeeklyPause,
    /// Goes on after a pause.
    WeeklyResume,
    /// Ends them and forgets them.
    WeeklyStop,
    /// Shows the next one, with other choices.
    WeeklyPreview,
    /// Chooses the tip of a certain week.
    WeeklyPin,
    /// Answers a chosen message to the one who chose it.
    AnswerPrivately,
}

/// Who may use a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Every member, in servers, direct messages and user installs.
    All,
    /// Members who may manage the server, in servers only.
    ManageServer,
}

/// A command, or a group of them under one name.
#[derive(Debug)]
pub struct Command {
    /// As it is typed after the slash, or as the message menu shows it.
    pub name: &'static str,
    /// At most 100 characters; empty for message commands, which have none.
    pub description: &'static str,
    /// Who may use it.
    pub who: Who,
    /// What it does.
    pub does: Does,
}

/// A command's sort.
#[derive(Debug)]
pub enum Does {
    /// A slash command with options.
    One(Verb, &'static [Opt]),
    /// A slash command with subcommands.
    Group(&'static [Sub]),
    /// An entry of the menu that a message has.
    Message(Verb),
}

/// A subcommand.
#[derive(Debug)]
pub struct Sub {
    /// As it is typed.
    pub name: &'static str,
    /// At most 100 characters.
    pub description: &'static str,
    /// What it does.
    pub verb: Verb,
    /// Its options, required ones first.
    pub options: &'static [Opt],
}

/// An option.
#[derive(Debug)]
pub struct Opt {
    /// As it is typed.
    pub name: &'static str,
    /// At most 100 characters.
    pub description: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether it must be given.
    pub required: bool,
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Text of at most so many characters.
    Text(usize),
    /// Yes or no.
    Flag,
    /// `me` or `everyone`.
    Visible,
    /// A category of tips.
    Category,
    /// A topic, suggested while typing.
    Topic,
    /// A region of the helplines, suggested while typing.
    Region,
    /// One of the club's clinics, suggested while typing.
    Clinic,
    /// A channel of the server where messages can be posted.
    Channel,
    /// A role of the server.
    Role,
    /// A day of the week.
    Day,
    /// A time zone, suggested while typing.
    Zone,
    /// A tip, suggested while typing.
    Tip,
    /// A date of the club's coming tips, suggested while typing.
    Week,
}

const fn required(name: &'static str, description: &'static str, takes: Takes) -> Opt {
    Opt { name, description, takes, required: true }
}

const fn optional(name: &'static str, description: &'static str, takes: Takes) -> Opt {
    Opt { name, description, takes, required: false }
}

const HOURS: Opt = optional("hours", "Opening hours, such as Mo-Fr 8-18", Takes::Text(club::HOURS_MAX));
const LANGUAGES: Opt =
    optional("languages", "Languages spoken, with commas between", Takes::Text(club::LANGUAGES_MAX * (club::LANGUAGE_MAX + 2)));
const LINK: Opt = optional("link", "Web address, with https://", Takes::Text(club::LINK_MAX));
const CHECKED: Opt =
    optional("checked", "The day you last checked all this, such as 2026-11-21; today if left out", Takes::Text(10));

const CLUB: &[Sub] = &[
    Sub { name: "show", description: "Show this club's settings", verb: Verb::ClubShow, options: &[] },
    Sub {
        name: "set",
        description: "Set the region for emergency numbers, and who sees answers",
        verb: Verb::ClubSet,
        options: &[
            optional("region", "Whose emergency numbers to give", Takes::Region),
            optional("visible", "Who sees answers to /ask; safety replies stay private", Takes::Visible),
        ],
    },
    Sub {
        name: "clinic-add",
        description: "Add a clinic that the club trusts",
        verb: Verb::ClinicAdd,
        options: &[
            required("name", "Name of the clinic", Takes::Text(club::NAME_MAX)),
            required("phone", "Phone number as members dial it", Takes::Text(club::PHONE_MAX)),
            HOURS,
            LANGUAGES,
            LINK,
            CHECKED,
        ],
    },
    Sub {
        name: "clinic-edit",
        description: "Change a clinic, or say that you checked it",
        verb: Verb::ClinicEdit,
        options: &[
            required("clinic", "Which clinic", Takes::Clinic),
            optional("name", "New name", Takes::Text(club::NAME_MAX)),
            optional("phone", "New phone number", Takes::Text(club::PHONE_MAX)),
            HOURS,
            LANGUAGES,
            LINK,
            CHECKED,
        ],
    },
    Sub {
        name: "clinic-remove",
        description: "Remove a clinic",
        verb: Verb::ClinicRemove,
        options: &[required("clinic", "Which clinic", Takes::Clinic)],
    },
    Sub { name: "erase", description: "Erase all that is stored about this club", verb: Verb::ClubErase, options: &[] },
];

const WEEKLY: &[Sub] = &[
    Sub {
        name: "start",
        description: "Post one tip a week, or change where and when",
        verb: Verb::WeeklyStart,
        options: &[
            required("channel", "Where to post it", Takes::Channel),
            required("day", "The day of the week", Takes::Day),
            required("time", "The time of day there, such as 18:30 or 6:30 pm", Takes::Text(12)),
            required("zone", "Your city, or a time zone", Takes::Zone),
            optional("role", "Who is pinged; nobody if left out", Takes::Role),
        ],
    },
    Sub { name: "show", description: "Last tip, next tips, and what went wrong", verb: Verb::WeeklyShow, options: &[] },
    Sub { name: "preview", description: "See the next tip; swap it, or skip a week", verb: Verb::WeeklyPreview, options: &[] },
    Sub {
        name: "pin",
        description: "Choose the tip of a certain week",
        verb: Verb::WeeklyPin,
        options: &[required("tip", "Which tip", Takes::Tip), required("week", "Of which date", Takes::Week)],
    },
    Sub { name: "pause", description: "Stop the weekly tips for a while", verb: Verb::WeeklyPause, options: &[] },
    Sub { name: "resume", description: "Go on after a pause", verb: Verb::WeeklyResume, options: &[] },
    Sub { name: "stop", description: "End the weekly tips and forget their settings", verb: Verb::WeeklyStop, options: &[] },
];

/// All commands, in the order in which help lists them. Names are stable: people and pages rely on them.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "ask",
        description: "Ask about your knee and running; only you see the answer unless you choose otherwise",
        who: Who::All,
        does: Does::One(
            Verb::Ask,
            &[
                required("question", "Where it hurts, when, and for how long", Takes::Text(limits::STRING_OPTION)),
                optional("visible", "Who sees the answer; a safety reply is always yours alone", Takes::Visible),
                optional("why", "Show me why: words that matched, words that did not count, red flags checked", Takes::Flag),
            ],
        ),
    },
    Command {
        name: "topic",
        description: "Open one topic; type a few letters to find it",
        who: Who::All,
        does: Does::One(Verb::Topic, &[required("name", "Such as: outside of the knee, shoes, stairs", Takes::Topic)]),
    },
    Command {
        name: "tip",
        description: "Get one tip that helps to keep knees well",
        who: Who::All,
        does: Does::One(Verb::Tip, &[optional("category", "Which kind of tip", Takes::Category)]),
    },
    Command {
        name: "causes",
        description: "What can make a runner's knee hurt",
        who: Who::All,
        does: Does::One(Verb::Causes, &[]),
    },
    Command {
        name: "faults",
        description: "Training faults that knees pay for",
        who: Who::All,
        does: Does::One(Verb::Faults, &[]),
    },
    Command {
        name: "clinic",
        description: "Where to be seen: the clinics this club trusts",
        who: Who::All,
        does: Does::One(Verb::Clinic, &[]),
    },
    Command { name: "help", description: "What I can do", who: Who::All, does: Does::One(Verb::Help, &[]) },
    Command {
        name: "privacy",
        description: "What I keep of what you write: nothing",
        who: Who::All,
        does: Does::One(Verb::Privacy, &[]),
    },
    Command { name: "weekly", description: "One tip a week for this club", who: Who::ManageServer, does: Does::Group(WEEKLY) },
    Command { name: "club", description: "This club's clinics and settings", who: Who::ManageServer, does: Does::Group(CLUB) },
    Command { name: "Answer privately", description: "", who: Who::All, does: Does::Message(Verb::AnswerPrivately) },
];

/// The verb of a slash command or of its subcommand.
pub fn slash(name: &str, sub: Option<&str>) -> Option<Verb> {
    COMMANDS.iter().filter(|c| c.name == name).find_map(|c| match (&c.does, sub) {
        (Does::One(verb, _), None) => Some(*verb),
        (Does::Group(subs), Some(sub)) => subs.iter().find(|s| s.name == sub).map(|s| s.verb),
        _ => None,
    })
}

/// The verb of an entry of the message menu.
pub fn message(name: &str) -> Option<Verb> {
    COMMANDS.iter().find_map(|c| match c.does {
        Does::Message(verb) if c.name == name => Some(verb),
        _ => None,
    })
}

/// The options of a verb; none for those of the message menu.
pub fn options(verb: Verb) -> &'static [Opt] {
    COMMANDS
        .iter()
        .find_map(|c| match c.does {
            Does::One(v, options) if v == verb => Some(options),
            Does::Group(subs) => subs.iter().find(|s| s.verb == verb).map(|s| s.options),
            _ => None,
        })
        .unwrap_or(&[])
}

/// Who may use a verb.
pub fn who(verb: Verb) -> Who {
    let of = |c: &&Command| match &c.does {
        Does::One(v, _) | Does::Message(v) => *v == verb,
        Does::Group(subs) => subs.iter().any(|s| s.verb == verb),
    };
    COMMANDS.iter().find(of).map_or(Who::ManageServer, |c| c.who)
}

/// A command as help and pages show it: how it is written, what it does, who may use it.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// `/ask question [visible] [why]`.
    pub usage: String,
    /// What it does.
    pub description: &'static str,
    /// Who may use it.
    pub who: Who,
}

/// All commands as lines, a line each subcommand.
pub fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for command in COMMANDS {
        let name = command.name;
        let mut push = |usage, description| lines.push(Line { usage, description, who: command.who });
        match &command.does {
            Does::One(_, options) => push(usage(&format!("/{name}"), options), command.description),
            Does::Group(subs) => subs.iter().for_each(|s| push(usage(&format!("/{name} {}", s.name), s.options), s.description)),
            Does::Message(_) => push(format!("Apps > {name}"), "In a message's menu: answers that message, for you alone"),
        }
    }
    lines
}

fn usage(name: &str, options: &[Opt]) -> String {
    let mut usage = name.to_owned();
    for option in options {
        usage.push_str(&if option.required { format!(" {}", option.name) } else { format!(" [{}]", option.name) });
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_keeps_discords_rules() {
        assert!(COMMANDS.len() <= limits::COMMANDS);
        for command in COMMANDS {
            let slash = !matches!(command.does, Does::Message(_));
            assert_eq!(command.description.is_empty(), !slash, "{}", command.name);
            assert!(!slash || command.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", command.name);
            let mut described = vec![(command.name, command.description)];
            let lists: Vec<&[Opt]> = match &command.does {
                Does::One(_, options) => vec![options],
                Does::Group(subs) => {
                    described.extend(subs.iter().map(|s| (s.name, s.description)));
                    subs.iter().map(|s| s.options).collect()
                }
                Does::Message(_) => vec![],
            };
            for options in lists {
                assert!(options.len() <= limits::COMMAND_OPTIONS);
                assert!(options.is_sorted_by_key(|o| !o.required), "{}: required options come first", command.name);
                described.extend(options.iter().map(|o| (o.name, o.description)));
            }
            for (name, description) in described {
                assert!((1..=limits::COMMAND_NAME).contains(&name.len()), "{name}");
                assert!(description.chars().count() <= limits::COMMAND_DESCRIPTION, "{name}: {description}");
            }
        }
    }

    #[test]
    fn every_verb_is_found_again() {
        assert_eq!(slash("ask", None), Some(Verb::Ask));
        assert_eq!(slash("club", Some("clinic-edit")), Some(Verb::ClinicEdit));
        assert_eq!((slash("club", None), slash("ask", Some("show")), slash("nope", None)), (None, None, None));
        assert_eq!(message("Answer privately"), Some(Verb::AnswerPrivately));
        assert_eq!(message("ask"), None);
        assert_eq!(options(Verb::Ask)[0].name, "question");
        assert_eq!((who(Verb::ClubErase), who(Verb::Ask)), (Who::ManageServer, Who::All));
    }

    #[test]
    fn lines_say_how_to_write_it() {
        let lines = lines();
        assert_eq!(lines[0].usage, "/ask question [visible] [why]");
        assert!(lines.iter().any(|l| l.usage == "/club clinic-remove clinic" && l.who == Who::ManageServer));
        assert_eq!(lines.last().map(|l| l.usage.as_str()), Some("Apps > Answer privately"));
    }
}
