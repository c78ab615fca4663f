//! The Discord door: what arrives, translated, to what is sent back. It decides for whom a reply is, and how it is shown; the
//! words are the core's. Nothing here sends, and nothing waits but changes of a club's settings and the look at a channel that was
//! chosen for tips; both have a time limit.

mod club;
mod press;
mod suggestions;
mod visit;
mod weekly;

pub(super) use self::weekly::{Places, cause};

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::civil::Date;
use serde_json::{Value, json};
use serenity::model::application::ButtonStyle;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{
    cooldown::Cooldown,
    custom_id::{Outdated, Press},
    from_discord::{Incoming, Options, Said, What},
    seal::Seal,
    to_discord::{self, Message, Place, plain, shorten, units},
};
use crate::{
    answer::Decision,
    app::{App, Live},
    club::Club,
    commands::Verb,
    knowledge::Replies,
    reply::{Kind, Level},
    request::{Ask, Request},
    store::Clubs,
};

/// The most flags that a public button carries: more do not fit.
const MARKS: usize = 4;
/// Types of a response to an interaction (interactions/receiving-and-responding).
mod callback {
    pub const PONG: u8 = 1;
    pub const MESSAGE: u8 = 4;
    pub const UPDATE: u8 = 7;
    pub const SUGGESTIONS: u8 = 8;
}

/// The door. Cheap to clone: clones share what they remember.
#[derive(Clone)]
pub struct Door {
    live: Live,
    pub(super) app: Arc<App>,
    pub(super) clubs: Arc<Clubs>,
    places: Option<Arc<dyn Places>>,
    seal: Arc<Seal>,
    cooldown: Arc<Cooldown>,
    today: fn() -> Date,
}

/// The first response to an interaction.
#[derive(Debug, Clone)]
pub struct Response {
    /// The body that Discord takes: type and data.
    pub body: Value,
    /// Whether it is a safety reply, which goes before all others.
    pub urgent: bool,
}

/// A message to send to a channel.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What to send.
    pub message: Message,
    /// Whether it is a safety reply.
    pub urgent: bool,
}

impl Response {
    fn message(message: &Message) -> Self {
        Self { body: json!({ "type": callback::MESSAGE, "data": message.to_json() }), urgent: false }
    }

    fn update(message: &Message) -> Self {
        let mut data = message.to_json();
        // Who sees a message is settled when it is first sent.
        if let Some(data) = data.as_object_mut() {
            data.remove("flags");
        }
        Self { body: json!({ "type": callback::UPDATE, "data": data }), urgent: false }
    }

    fn urgent(self, urgent: bool) -> Self {
        Self { urgent, ..self }
    }
}

/// An interaction on its way through the door.
struct Visit<'a> {
    door: &'a Door,
    incoming: &'a Incoming,
    club: Arc<Club>,
}

impl Door {
    /// A door before an app and the clubs' settings. `token` is the bot's, from which the key of public buttons is made.
    pub fn new(app: impl Into<Live>, clubs: Arc<Clubs>, token: &str, cooldown: Duration, today: fn() -> Date) -> Self {
        let live = app.into();
        let (seal, cooldown) = (Arc::new(Seal::new(token)), Arc::new(Cooldown::new(cooldown)));
        Self { app: live.now(), live, clubs, places: None, seal, cooldown, today }
    }

    /// The same door before the app as it is now; for one request, so that all of it is answered from one knowledge.
    pub fn now(&self) -> Self {
        Self { app: self.live.now(), ..self.clone() }
    }

    /// The same with a look at the channels that organizers choose.
    pub fn with_places(self, places: Arc<dyn Places>) -> Self {
        Self { places: Some(places), ..self }
    }

    /// Decides what a text is.
    pub(super) fn decide(&self, text: &str) -> Decision {
        at_length(|| self.app.explain(&Ask { text: text.to_owned() }))
    }

    fn replies(&self) -> &Replies {
        &self.app.knowledge().replies
    }

    /// Whether the interaction may be a safety matter, so that it is worked on before others. Costs as much as deciding where no rule
    /// finds a sign: asked only when there is too much to do.
    pub fn is_urgent(&self, incoming: &Incoming) -> bool {
        let text = match &incoming.what {
            What::Command(Verb::Ask, options) => options.text("question").unwrap_or_default(),
            What::Command(Verb::Topic, options) => options.text("name").unwrap_or_default(),
            What::AnswerPrivately(text) => text,
            What::Press { press: Ok(Press::Private { .. } | Press::Alert), .. } => return true,
            _ => return false,
        };
        self.is_urgent_text(text)
    }

    /// Whether a text raises a red flag that is answered by a safety reply.
    pub fn is_urgent_text(&self, text: &str) -> bool {
        at_length(|| self.app.is_urgent(text))
    }

    /// The response to an interaction. There always is one.
    pub async fn respond(&self, incoming: &Incoming) -> Response {
        let visit = Visit { door: self, incoming, club: self.clubs.of(incoming.club) };
        match &incoming.what {
            What::Ping => Response { body: json!({ "type": callback::PONG }), urgent: false },
            What::Command(verb, options) if incoming.allowed(*verb) => visit.command(*verb, options).await,
            What::Command(..) => {
                let r = self.replies();
                let words = if incoming.club.is_none() { &r.only_in_server } else { &r.not_allowed };
                Response::message(&Message::notice(words))
            }
            What::AnswerPrivately(text) => visit.answer_privately(text),
            What::Press { press: Ok(press), chosen, ephemeral, rows } => {
                visit.press(press, chosen.as_deref(), *ephemeral, rows).await
            }
            What::Press { press: Err(Outdated), .. } => Response::message(&Message::notice(&self.replies().outdated_button)),
            What::Complete { takes, typed } => visit.suggestions(*takes, typed).await,
            What::Unknown => Response::message(&Message::notice(&self.replies().unknown_command)),
        }
    }

    /// What is said to somebody whose request broke something of ours.
    pub fn incident(&self, code: &str) -> Response {
        Response::message(&Message::notice(self.incident_words(code)))
    }

    /// The same as words.
    pub fn incident_words(&self, code: &str) -> String {
        self.replies().incident.replace("{code}", code)
    }

    /// The clubs' settings.
    pub fn clubs(&self) -> &Clubs {
        &self.clubs
    }

    /// The whole answer to a message, for its writer alone.
    pub fn in_full(&self, said: &Said) -> Message {
        let decision = self.decide(&said.text);
        let reply = self.app.reply_to(&decision, &self.clubs.of(said.club), (self.today)());
        to_discord::message(&reply, self.replies(), Place::Direct, 0)
    }

    /// The answer to a message in which the bot was mentioned, or to a direct message; `None` within the cool-down's second
    /// notice.
    pub fn hear(&self, said: &Said) -> Option<Outgoing> {
        let club = self.clubs.of(said.club);
        let today = (self.today)();
        let place = if said.club.is_some() { Place::Public } else { Place::Direct };
        if said.text.is_empty() {
            let message = to_discord::message(&self.app.handle(&Request::Help, (self.today)()), self.replies(), place, 0);
            return Some(Outgoing { message, urgent: false });
        }
        let decision = self.decide(&said.text);
        let urgent = decision.safety.level() >= Level::Urgent;
        if !urgent && let Err(left) = self.cooldown.pass("ask", said.member, Instant::now()) {
            // One notice a wait: who writes five lines at once is told once.
            self.cooldown.pass("told", said.member, Instant::now()).ok()?;
            let message = Message { ephemeral: false, ..Message::notice(self.wait(left)) };
            return Some(Outgoing { message, urgent });
        }
        let message = if urgent && place == Place::Public {
            self.discreet(&decision, said.member, &club)
        } else {
            let reply = self.app.reply_to(&decision, &club, today);
            let reply = if reply.kind == Kind::OutOfScope { self.app.with_menu(reply) } else { reply };
            to_discord::message(&reply, self.replies(), place, 0)
        };
        Some(Outgoing { message, urgent })
    }

    /// A safety reply where others read along: what to do and the number, but not what it is about. The rest is behind a button
    /// for the asker alone.
    fn discreet(&self, decision: &Decision, asker: u64, club: &Club) -> Message {
        let r = self.replies();
        let knowledge = self.app.knowledge();
        let level = decision.safety.level();
        let number = self.emergency_number(club);
        let flags: Vec<_> = decision.safety.hits.iter().map(|h| &h.flag).collect();
        let crisis = flags.iter().any(|id| knowledge.flag(id).is_some_and(|f| f.crisis));
        let words = if crisis {
            plain(&r.public_crisis).replace("{number}", &number)
        } else if level == Level::Emergency {
            match club.region.as_deref().and_then(|code| knowledge.region(code)) {
                Some(region) => plain(&r.emergency_call).replace("{number}", &number).replace("{region}", &plain(&region.name)),
                None => plain(&r.emergency_call_unknown),
            }
        } else {
            plain(&r.public_urgent).replace("{number}", &number)
        };
        let marks = flags.iter().take(MARKS).map(|flag| self.seal.mark(asker, flag)).collect();
        let press = Press::Private { asker, level, marks };
        let open = to_discord::button(&press, &r.button_private).style(ButtonStyle::Danger);
        Message {
            content: format!("\u{26a0}\u{fe0f} **{}**\n{}", words, plain(&r.public_private)),
            rows: vec![to_discord::row(vec![open])],
            ..Message::default()
        }
    }

    /// The emergency number of a club's region in Discord's mark-up, or words for it.
    fn emergency_number(&self, club: &Club) -> String {
        let region = club.region.as_deref().and_then(|code| self.app.knowledge().region(code));
        region.and_then(|r| r.emergency_number()).map_or_else(|| plain(&self.replies().alert_number_unknown), to_discord::dial)
    }

    fn wait(&self, left: Duration) -> String {
        // Rounded up: "0 s" would be no wait.
        let seconds = left.as_millis().div_ceil(1000).max(1);
        self.replies().cooldown.replace("{seconds}", &seconds.to_string())
    }
}

/// Does what keeps a processor busy for milliseconds; meanwhile another thread sees to the connections that this one served.
fn at_length<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
