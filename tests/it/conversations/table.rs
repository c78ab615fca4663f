//! `docs/commands.md` is drawn from the one table of commands. `PATELLA_BLESS=1 cargo test --test it commands_page` writes it.

use std::{fmt::Write, fs, path::Path};

use patella::{
    commands::{COMMANDS, Does, Opt, Takes, Who},
    knowledge::CATEGORIES,
    schedule::{DAYS, day_name},
};

const HEAD: &str = "\
# Commands

Drawn from the table in `src/commands.rs` by a test: do not edit by hand.

Members see these after a slash, or in the menu of a message. A safety reply is for the asker alone whatever the options say.
";

fn takes(takes: Takes) -> String {
    match takes {
        Takes::Text(max) => format!("text, up to {max} characters"),
        Takes::Flag => "true or false".to_owned(),
        Takes::Visible => "`me` or `everyone`".to_owned(),
        Takes::Category => CATEGORIES.map(|c| format!("`{c}`")).join(", "),
        Takes::Topic => "a topic, suggested while typing".to_owned(),
        Takes::Region => "a region, suggested while typing".to_owned(),
        Takes::Clinic => "one of the club's own clinics, suggested while typing".to_owned(),
        Takes::Channel => "a text or announcement channel".to_owned(),
        Takes::Role => "a role".to_owned(),
        Takes::Day => DAYS.map(|d| format!("`{}`", day_name(d))).join(", "),
        Takes::Zone => "a city or time zone, suggested while typing".to_owned(),
        Takes::Tip => "a tip, suggested while typing".to_owned(),
        Takes::Week => "the date of a coming tip, suggested while typing".to_owned(),
    }
}

fn push(page: &mut String, title: &str, description: &str, who: Who, options: &[Opt]) {
    let who = match who {
        Who::All => "Who: everyone. Where: servers, direct messages with the bot, and wherever a member has installed the app.",
        Who::ManageServer => "Who: members with the permission Manage Server. Where: servers that installed the bot.",
    };
    let _ = write!(page, "\n## {title}\n\n{description}.\n\n{who}\n");
    if options.is_empty() {
        return;
    }
    page.push_str("\n| option | what it is | takes |\n| --- | --- | --- |\n");
    for option in options {
        let needed = if option.required { " (required)" } else { "" };
        let _ = writeln!(page, "| `{}`{needed} | {} | {} |", option.name, option.description, takes(option.takes));
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for command in COMMANDS {
        match &command.does {
            Does::One(_, options) => push(&mut page, &format!("/{}", command.name), command.description, command.who, options),
            Does::Group(subs) => {
                for sub in *subs {
                    push(&mut page, &format!("/{} {}", command.name, sub.name), sub.description, command.who, sub.options);
                }
            }
            Does::Message(_) => {
                let line = patella::commands::lines().into_iter().find(|l| l.usage.ends_with(command.name));
                let line = line.expect("the table lists it");
                push(&mut page, &line.usage, line.description, command.who, &[]);
            }
        }
    }
    page
}

#[test]
fn the_commands_page_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    if std::env::var_os("PATELLA_BLESS").is_some() {
        fs::write(&path, page()).expect("the page can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page(), "the table has changed: PATELLA_BLESS=1 cargo test --test it commands_page");
}
