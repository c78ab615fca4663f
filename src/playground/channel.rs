//! What a member does in the channel: commands and presses, from JSON to what is shown. Stateless: a button carries all that it
//! needs, and the club's settings come with each request.

use std::{collections::BTreeMap, time::Instant};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Played, Playground, Refusal,
    reasons::Reasons,
    shown::{Place, Shown},
};
use crate::{
    answer::Decision,
    app::Named,
    club::{Club, Visible},
    commands::{self, Opt, Takes, Verb, Who},
    id::{CardKey, TipId, TopicId},
    knowledge::{CATEGORIES, Replies},
    reply::{Audience, Block, Item, Kind, Level, Reply},
    request::{Ask, Request},
};

/// A command as the page sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A name of the table of commands, without the slash.
    pub command: String,
    #[serde(default)]
    pub options: BTreeMap<String, Value>,
    /// The message that was chosen, for a command of a message's menu.
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub club: Played,
}

/// A button or an entry of a menu, pressed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    pub press: Press,
    #[serde(default)]
    pub club: Played,
}

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Press {
    /// Opens a topic's card.
    Open { topic: TopicId },
    /// Shows a card's references.
    Sources { topic: TopicId },
    /// Shows the clinics.
    Clinics,
    /// Shows a card to everyone: the plain card, with nothing of what the asker wrote.
    Share { topic: TopicId },
    /// Shows a tip to everyone.
    ShareTip { tip: TipId },
    /// Shows another tip.
    Tip { category: Option<String>, turn: u64 },
    /// Asks the people in the channel for help.
    Alert,
    /// Posts where such questions can be asked.
    Pointer,
}

/// Options that were given, each of a kind that the table knows.
struct Given<'a> {
    options: &'a BTreeMap<String, Value>,
}

impl Given<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name)?.as_str()
    }

    fn flag(&self, name: &str) -> bool {
        self.options.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
}

/// Somebody in the channel of a club, for one request.
pub(super) struct Visitor<'a> {
    page: &'a Playground,
    club: Club,
    begun: Instant,
}

impl<'a> Visitor<'a> {
    pub fn new(page: &'a Playground, played: Played) -> Result<Self, Refusal> {
        Ok(Self { page, club: played.club(&page.app)?, begun: Instant::now() })
    }

    fn replies(&self) -> &'a Replies {
        &self.page.app.knowledge().replies
    }

    /// Answers a command of the table.
    pub fn command(&self, name: &str, options: &BTreeMap<String, Value>, message: Option<String>) -> Result<Value, Refusal> {
        let Some(verb) = commands::slash(name, None).or_else(|| commands::message(name)).or_else(|| sub(name)) else {
            return Err(Refusal::new(StatusCode::NOT_FOUND, &self.replies().unknown_command, "/help lists all commands"));
        };
        // Who may not use a command is told that, and not what its options take.
        if commands::who(verb) == Who::All {
            check(commands::options(verb), options)?;
        }
        let given = Given { options };
        let shown = match verb {
            Verb::Ask => self.ask(&given),
            Verb::Topic => self.topic(given.text("name").unwrap_or_default()),
            // Any number gives a tip; the clock's last figures give a different one each time.
            Verb::Tip => {
                let turn = (self.page.now)().subsec_nanosecond().unsigned_abs() / 1000;
                self.tip(given.text("category").map(str::to_owned), u64::from(turn))
            }
            Verb::Causes => self.show(&Request::TopicsOf { kind: "cause" }),
            Verb::Faults => self.show(&Request::TopicsOf { kind: "fault" }),
            Verb::Clinic => self.show(&Request::Clinics),
            Verb::Privacy => self.show(&Request::Privacy),
            Verb::Help => self.show(&Request::Help),
            Verb::AnswerPrivately => match message {
                Some(text) => self.answer_privately(&text),
                None => return Err(Refusal::wrong("no message was chosen", "choose it with the button below a message")),
            },
            // A visitor is a member, and manages no server.
            Verb::ClubShow
            | Verb::ClubSet
            | Verb::ClinicAdd
            | Verb::ClinicEdit
            | Verb::ClinicRemove
            | Verb::ClubErase
            | Verb::WeeklyStart
            | Verb::WeeklyShow
            | Verb::WeeklyPause
            | Verb::WeeklyResume
            | Verb::WeeklyStop
            | Verb::WeeklyPreview
            | Verb::WeeklyPin => self.notice(&self.replies().not_allowed),
        };
        Ok(shown.to_json())
    }

    /// Does what a button says.
    pub fn press(&self, press: Press) -> Result<Value, Refusal> {
        let knowledge = self.page.app.knowledge();
        let gone = || Refusal::new(StatusCode::NOT_FOUND, &self.replies().outdated_button, "ask again with /ask");
        match &press {
            Press::Open { topic } | Press::Sources { topic } | Press::Share { topic } => {
                knowledge.topic(topic.as_str()).ok_or_else(gone)?;
            }
            Press::ShareTip { tip } => drop(knowledge.tip(tip).ok_or_else(gone)?),
            Press::Clinics | Press::Tip { .. } | Press::Alert | Press::Pointer => {}
        }
        let shown = match press {
            Press::Open { topic } => self.show(&Request::LookUp { name: topic.to_string() }),
            Press::Sources { topic } => self.show(&Request::Sources { topic }),
            Press::Clinics => self.show(&Request::Clinics),
            Press::Share { topic } => self.publicly(&Request::Card(CardKey { topic, details: 0, flags: Vec::new() })),
            Press::ShareTip { tip } => self.publicly(&Request::ThatTip { tip }),
            Press::Tip { category, turn } => self.tip(category, turn),
            Press::Alert => self.alert(),
            Press::Pointer => self.said(&self.replies().pointer, Place::Public),
        };
        Ok(shown.to_json())
    }

    fn reply(&self, request: &Request) -> Reply {
        self.page.app.handle_for(request, &self.club, (self.page.today)())
    }

    fn shown(&self, reply: &Reply, place: Place) -> Shown {
        Shown::new(reply, self.replies(), place, self.begun.elapsed())
    }

    fn show(&self, request: &Request) -> Shown {
        self.shown(&self.reply(request), Place::Private)
    }

    fn publicly(&self, request: &Request) -> Shown {
        self.shown(&self.reply(request), Place::Public)
    }

    /// A sentence of the bot's own.
    fn said(&self, words: &str, place: Place) -> Shown {
        let block = Block::Paragraph { heading: String::new(), items: vec![Item::plain(words)] };
        self.shown(&Reply { blocks: vec![block], ..Reply::new(Kind::Notice, "") }, place)
    }

    fn notice(&self, words: &str) -> Shown {
        self.said(words, Place::Private)
    }

    fn decide(&self, text: &str) -> Decision {
        self.page.app.explain(&Ask { text: text.to_owned() })
    }

    fn ask(&self, given: &Given<'_>) -> Shown {
        let text = given.text("question").unwrap_or_default();
        let visible = given.text("visible").and_then(Visible::from_name);
        self.decided(&self.decide(text), text, visible, given.flag("why"))
    }

    /// Answers what was decided: a safety reply to the asker alone, anything else as the asker or the club wants it.
    fn decided(&self, decision: &Decision, text: &str, visible: Option<Visible>, why: bool) -> Shown {
        let reply = self.reply_to(decision);
        let public = !why && reply.audience != Audience::OnlyAsker && visible.unwrap_or(self.club.visible) == Visible::Everyone;
        let shown = self.shown(&reply, if public { Place::Public } else { Place::Private });
        shown.because(Reasons::new(decision, self.page.app.knowledge(), text))
    }

    fn reply_to(&self, decision: &Decision) -> Reply {
        let reply = self.page.app.reply_to(decision, &self.club, (self.page.today)());
        if reply.kind == Kind::OutOfScope { self.page.app.with_menu(reply) } else { reply }
    }

    fn answer_privately(&self, text: &str) -> Shown {
        let r = self.replies();
        if text.trim().is_empty() {
            return self.notice(&r.no_words);
        }
        let decision = self.decide(text);
        let shown = self.shown(&self.reply_to(&decision), Place::Private);
        let shown = shown.because(Reasons::new(&decision, self.page.app.knowledge(), text));
        if decision.safety.level() >= Level::Urgent {
            // Whoever chose the message may not be the one who needs help.
            shown.with_note(&r.chosen_by_other)
        } else {
            shown.with_button(&r.button_pointer, Press::Pointer)
        }
    }

    fn topic(&self, name: &str) -> Shown {
        match self.page.app.named(name) {
            Named::Topic(topic) => self.show(&Request::LookUp { name: topic.to_string() }),
            Named::Alarm(decision) => self.decided(&decision, name, None, false),
            Named::Nothing => self.shown(&self.page.app.no_topic(), Place::Private),
        }
    }

    fn tip(&self, category: Option<String>, turn: u64) -> Shown {
        let r = self.replies();
        let reply = self.reply(&Request::Tip { category: category.clone(), turn });
        let mut shown = self.shown(&reply, Place::Private);
        if reply.kind == Kind::Tip {
            // A number that a script can hold.
            let next = Press::Tip { category, turn: turn.wrapping_add(1) % u64::from(u32::MAX) };
            shown = shown.with_button(&r.button_another_tip, next);
            if let Some(tip) = reply.tip {
                shown = shown.with_button(&r.button_share, Press::ShareTip { tip });
            }
        }
        shown
    }

    fn alert(&self) -> Shown {
        let r = self.replies();
        let region = self.club.region.as_deref().and_then(|code| self.page.app.knowledge().region(code));
        let number = region.and_then(|r| r.emergency_number()).unwrap_or(&r.alert_number_unknown);
        self.said(&r.alert.replace("{member}", &r.alert_nameless).replace("{number}", number), Place::Public)
    }
}

/// The verb of a subcommand that is written with its group: `weekly start`.
fn sub(name: &str) -> Option<Verb> {
    let (group, sub) = name.split_once(' ')?;
    commands::slash(group, Some(sub))
}

/// Holds what was given to the table.
fn check(table: &[Opt], options: &BTreeMap<String, Value>) -> Result<(), Refusal> {
    if let Some(name) = options.keys().find(|name| !table.iter().any(|opt| opt.name == **name)) {
        return Err(Refusal::wrong(format!("that command has no option `{name}`"), "/help lists the options"));
    }
    for opt in table {
        match options.get(opt.name) {
            None if opt.required => {
                let what = format!("`{}` is missing: {}", opt.name, opt.description.to_lowercase());
                return Err(Refusal::wrong(what, "write it after the command"));
            }
            None => {}
            Some(value) => fits(opt, value)?,
        }
    }
    Ok(())
}

fn fits(opt: &Opt, value: &Value) -> Result<(), Refusal> {
    let wrong = |mend: String| Err(Refusal::wrong(format!("`{}` cannot be read", opt.name), mend));
    let text = value.as_str();
    match (opt.takes, text) {
        (Takes::Flag, _) if value.is_boolean() => Ok(()),
        (Takes::Flag, _) => wrong("write true or false".to_owned()),
        (_, None) => wrong("write it as text".to_owned()),
        (Takes::Text(max), Some(text)) => short_enough(opt, text, max),
        (Takes::Visible, Some(name)) if Visible::from_name(name).is_none() => wrong("write me or everyone".to_owned()),
        (Takes::Category, Some(name)) if !CATEGORIES.contains(&name) => wrong(format!("one of {}", CATEGORIES.join(", "))),
        // The rest is looked up by what was typed, at most as much of it as a question may have.
        (
            Takes::Visible
            | Takes::Category
            | Takes::Topic
            | Takes::Region
            | Takes::Clinic
            | Takes::Channel
            | Takes::Role
            | Takes::Day
            | Takes::Zone
            | Takes::Tip
            | Takes::Week,
            Some(text),
        ) => short_enough(opt, text, crate::limits::STRING_OPTION),
    }
}

fn short_enough(opt: &Opt, text: &str, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length <= max {
        return Ok(());
    }
    let what = format!("`{}` has {length} characters, and {max} fit", opt.name);
    Err(Refusal::wrong(what, format!("leave out {}: where it hurts, when, and for how long is enough", length - max)))
}
