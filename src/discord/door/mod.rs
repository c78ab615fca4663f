//! The Discord door: what arrives, translated, to what is sent back. It decides for whom a reply is, and how it is shown; the
//! words are the core's. Nothing here sends, and nothing waits but changes of a club's settings, which have a time limit.

mod club;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::civil::Date;
use serde_json::{Value, json};
use serenity::{
    builder::{CreateActionRow, CreateEmbed},
    model::application::ButtonStyle,
};

use super::{
    cooldown::Cooldown,
    custom_id::{Outdated, Press},
    from_discord::{Incoming, Options, Said, What},
    seal::Seal,
    to_discord::{self, Message, Place, plain, shorten, units},
};
use crate::{
    answer::Decision,
    app::App,
    club::{Club, Visible},
    commands::{self, Takes, Verb, Who},
    id::CardKey,
    knowledge::Replies,
    limits,
    reply::{Audience, Block, Item, Kind, Level, Reply},
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

/// The door, shared by all workers.
pub struct Door {
    pub(super) app: Arc<App>,
    pub(super) clubs: Arc<Clubs>,
    seal: Seal,
    cooldown: Cooldown,
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
    pub fn new(app: Arc<App>, clubs: Arc<Clubs>, token: &str, cooldown: Duration, today: fn() -> Date) -> Self {
        Self { app, clubs, seal: Seal::new(token), cooldown: Cooldown::new(cooldown), today }
    }

    fn replies(&self) -> &Replies {
        &self.app.knowledge().replies
    }

    /// Whether the interaction may be a safety matter, so that it is worked on before others. Cheap enough to be asked at once.
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
        self.app.is_urgent(text)
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
        let decision = self.app.explain(&Ask { text: said.text.clone() });
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
            let message = to_discord::message(&self.help(), self.replies(), place, 0);
            return Some(Outgoing { message, urgent: false });
        }
        let decision = self.app.explain(&Ask { text: said.text.clone() });
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
            to_discord::message(&self.app.reply_to(&decision, &club, today), self.replies(), place, 0)
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
            r.public_crisis.replace("{number}", &number)
        } else if level == Level::Emergency {
            match club.region.as_deref().and_then(|code| knowledge.region(code)) {
                Some(region) => r.emergency_call.replace("{number}", &number).replace("{region}", &region.name),
                None => r.emergency_call_unknown.clone(),
            }
        } else {
            r.public_urgent.replace("{number}", &number)
        };
        let marks = flags.iter().take(MARKS).map(|flag| self.seal.mark(asker, flag)).collect();
        let press = Press::Private { asker, level, marks };
        let open = to_discord::button(&press, &r.button_private, ButtonStyle::Danger);
        Message {
            content: format!("\u{26a0}\u{fe0f} **{}**\n{}", plain(&words), plain(&r.public_private)),
            rows: vec![CreateActionRow::Buttons(vec![open])],
            ..Message::default()
        }
    }

    /// The emergency number of a club's region, or words for it.
    fn emergency_number(&self, club: &Club) -> String {
        let region = club.region.as_deref().and_then(|code| self.app.knowledge().region(code));
        region.and_then(|r| r.emergency_number()).map_or_else(|| self.replies().alert_number_unknown.clone(), str::to_owned)
    }

    fn wait(&self, left: Duration) -> String {
        // Rounded up: "0 s" would be no wait.
        let seconds = left.as_millis().div_ceil(1000).max(1);
        self.replies().cooldown.replace("{seconds}", &seconds.to_string())
    }

    /// The table of commands as a reply.
    fn help(&self) -> Reply {
        let r = self.replies();
        let of = |who| {
            let lines = commands::lines().into_iter().filter(move |l| l.who == who);
            lines.map(|l| Item::plain(format!("{}: {}", l.usage, l.description))).collect::<Vec<Item>>()
        };
        let paragraph = |text: &str| Block::Paragraph { heading: String::new(), items: vec![Item::plain(text)] };
        let blocks = vec![
            paragraph(&r.help_intro),
            Block::Bullets { heading: r.help_commands.clone(), items: of(Who::All) },
            paragraph(&r.help_ways),
            Block::Bullets { heading: r.help_organizers.clone(), items: of(Who::ManageServer) },
            Block::Note(r.uncertain.clone()),
        ];
        Reply { blocks, ..Reply::new(Kind::Notice, &r.help_title) }
    }
}

impl Visit<'_> {
    fn today(&self) -> Date {
        (self.door.today)()
    }

    fn reply(&self, request: &Request) -> Reply {
        self.door.app.handle_for(request, &self.club, self.today())
    }

    /// Where a private response stands: a direct message needs no hiding.
    fn private(&self) -> Place {
        if self.incoming.direct { Place::Direct } else { Place::Private }
    }

    /// A reply for the asker alone.
    fn privately(&self, reply: &Reply, page: usize) -> Message {
        let r = self.door.replies();
        let mut message = to_discord::message(reply, r, self.private(), page);
        if reply.kind == Kind::Safety && self.incoming.club.is_some() {
            // Nobody is alerted unless the asker wants it.
            let alert = to_discord::button(&Press::Alert, &r.button_alert, ButtonStyle::Secondary);
            message.rows.push(CreateActionRow::Buttons(vec![alert]));
        }
        message
    }

    async fn command(&self, verb: Verb, options: &Options) -> Response {
        match verb {
            Verb::Ask => self.ask(options),
            Verb::Topic => self.topic(options.text("name").unwrap_or_default()),
            Verb::Tip => {
                let category = options.text("category").map(str::to_owned);
                self.tip(category, fastrand::u64(..u64::from(u32::MAX)), false)
            }
            Verb::Causes => self.show(&Request::TopicsOf { kind: "cause" }),
            Verb::Faults => self.show(&Request::TopicsOf { kind: "fault" }),
            Verb::Clinic => self.show(&Request::Clinics),
            Verb::Privacy => self.show(&Request::Privacy),
            Verb::Help => Response::message(&self.privately(&self.door.help(), 0)),
            Verb::ClubShow => self.club_show().await,
            Verb::ClubSet => self.club_set(options).await,
            Verb::ClinicAdd => self.clinic_add(options).await,
            Verb::ClinicEdit => self.clinic_edit(options).await,
            Verb::ClinicRemove => self.clinic_remove(options).await,
            Verb::ClubErase => self.club_erase(),
            // Comes as a message command only; as a slash command it does not exist.
            Verb::AnswerPrivately => Response::message(&Message::notice(&self.door.replies().unknown_command)),
        }
    }

    fn show(&self, request: &Request) -> Response {
        Response::message(&self.privately(&self.reply(request), 0))
    }

    fn ask(&self, options: &Options) -> Response {
        let text = options.text("question").unwrap_or_default();
        let decision = self.door.app.explain(&Ask { text: text.to_owned() });
        self.decided(&decision, text, options.visible("visible"), options.flag("why"))
    }

    /// Answers what was decided: a safety reply to the asker alone, anything else as the asker or the club wants it.
    fn decided(&self, decision: &Decision, text: &str, visible: Option<Visible>, why: bool) -> Response {
        let urgent = decision.safety.level() >= Level::Urgent;
        if !urgent && let Err(left) = self.door.cooldown.pass("ask", self.incoming.member, Instant::now()) {
            return Response::message(&Message::notice(self.door.wait(left)));
        }
        let mut reply = self.door.app.reply_to(decision, &self.club, self.today());
        if reply.kind == Kind::OutOfScope {
            reply = self.with_menu(reply);
        }
        // Where the bot is a guest, nobody has set what others read: only the asker's own word makes it public.
        let usual = if self.incoming.guest { Visible::Me } else { self.club.visible };
        let public = !why
            && reply.audience != Audience::OnlyAsker
            && !self.incoming.direct
            && visible.unwrap_or(usual) == Visible::Everyone;
        let mut message =
            if public { to_discord::message(&reply, self.door.replies(), Place::Public, 0) } else { self.privately(&reply, 0) };
        if why {
            let used: usize = message.embeds.iter().map(embed_length).sum();
            message.embeds.extend(self.reasons(decision, text, limits::EMBEDS_TOTAL.saturating_sub(used)));
        }
        Response::message(&message).urgent(urgent)
    }

    /// Why a question was answered as it was, in as many characters as are left.
    fn reasons(&self, decision: &Decision, text: &str, room: usize) -> Option<CreateEmbed> {
        /// Room for the title, and less than this is not worth an embed.
        const LEAST: usize = 200;
        let room = room.checked_sub(LEAST)?.min(limits::EMBED_DESCRIPTION);
        let lists = decision.lines(self.door.app.knowledge(), text).into_iter().filter(|(_, lines)| !lines.is_empty());
        let lists = lists.map(|(heading, lines)| {
            let lines: Vec<String> = lines.iter().map(|l| format!("- {}", plain(l))).collect();
            format!("**{heading}**\n{}", lines.join("\n"))
        });
        let description = lists.collect::<Vec<_>>().join("\n");
        Some(CreateEmbed::new().title(&self.door.replies().why_title).description(shorten(&description, room)))
    }

    fn answer_privately(&self, text: &str) -> Response {
        let r = self.door.replies();
        if text.trim().is_empty() {
            return Response::message(&Message::notice(&r.no_words));
        }
        let decision = self.door.app.explain(&Ask { text: text.to_owned() });
        let urgent = decision.safety.level() >= Level::Urgent;
        if !urgent && let Err(left) = self.door.cooldown.pass("ask", self.incoming.member, Instant::now()) {
            return Response::message(&Message::notice(self.door.wait(left)));
        }
        let mut reply = self.door.app.reply_to(&decision, &self.club, self.today());
        if reply.kind == Kind::OutOfScope {
            reply = self.with_menu(reply);
        }
        let mut message = self.privately(&reply, 0);
        if self.incoming.club.is_some() && !urgent {
            let pointer = to_discord::button(&Press::Pointer, &r.button_pointer, ButtonStyle::Secondary);
            message.rows.push(CreateActionRow::Buttons(vec![pointer]));
        }
        Response::message(&message).urgent(urgent)
    }

    /// A topic by id or title, as suggestions give it; else whatever it is that was typed, red flags first.
    fn topic(&self, name: &str) -> Response {
        let knowledge = self.door.app.knowledge();
        let known = knowledge.topics.iter().any(|t| t.id.as_str() == name || t.title.eq_ignore_ascii_case(name));
        if known {
            return self.show(&Request::LookUp { name: name.to_owned() });
        }
        if name.is_empty() {
            return self.no_topic();
        }
        let decision = self.door.app.explain(&Ask { text: name.to_owned() });
        if decision.safety.level() >= Level::Urgent {
            return self.decided(&decision, name, None, false);
        }
        match self.door.app.suggest(name, 1).into_iter().next() {
            Some(nearest) => self.show(&Request::LookUp { name: nearest.topic.to_string() }),
            None => self.no_topic(),
        }
    }

    /// No topic is near to what was typed: a notice, and a menu of those that are asked for most.
    fn no_topic(&self) -> Response {
        let r = self.door.replies();
        let words = Block::Paragraph { heading: String::new(), items: vec![Item::plain(&r.no_topic)] };
        let reply = Reply { blocks: vec![words], ..Reply::new(Kind::Notice, &r.no_topic_title) };
        Response::message(&self.privately(&self.with_menu(reply), 0))
    }

    /// A reply that leads nowhere by itself, with a menu of topics to open.
    fn with_menu(&self, mut reply: Reply) -> Reply {
        if reply.choices.is_empty() {
            reply.choices = self.door.app.suggest("", limits::SELECT_OPTIONS);
            reply.choices_heading.clone_from(&self.door.replies().head_open);
        }
        reply
    }

    fn tip(&self, category: Option<String>, turn: u64, again: bool) -> Response {
        let r = self.door.replies();
        let reply = self.reply(&Request::Tip { category: category.clone(), turn });
        let mut message = self.privately(&reply, 0);
        if reply.kind == Kind::Tip {
            let next = Press::Tip { category, turn: turn.wrapping_add(1) };
            let mut buttons = vec![to_discord::button(&next, &r.button_another_tip, ButtonStyle::Secondary)];
            if let Some(tip) = reply.tip.as_ref().filter(|_| !self.incoming.direct) {
                buttons.push(to_discord::button(&Press::ShareTip(tip.clone()), &r.button_share, ButtonStyle::Secondary));
            }
            message.rows.push(CreateActionRow::Buttons(buttons));
        }
        if again { Response::update(&message) } else { Response::message(&message) }
    }

    async fn press(&self, press: &Press, chosen: Option<&str>, ephemeral: bool, rows: &[Value]) -> Response {
        let r = self.door.replies();
        // What only the presser sees may change in place; a public message stays as it is for the others.
        let own = ephemeral || self.incoming.direct;
        let turn_to = |reply: &Reply, page| {
            let message = self.privately(reply, page);
            if own { Response::update(&message) } else { Response::message(&message) }
        };
        if !self.is_current(press, chosen) {
            return Response::message(&Message::notice(&r.outdated_button));
        }
        match press {
            Press::Open(topic) => turn_to(&self.reply(&Request::LookUp { name: topic.to_string() }), 0),
            Press::OpenChosen => turn_to(&self.reply(&Request::LookUp { name: chosen.unwrap_or_default().to_owned() }), 0),
            Press::Page { card, page } => {
                let mut response = turn_to(&self.reply(&Request::Card(card.clone())), *page);
                // Who has said whether it helped is not asked again on the next page.
                if own
                    && !rows.iter().any(is_feedback)
                    && let Some(rows) = response.body["data"]["components"].as_array_mut()
                {
                    rows.retain(|row| !is_feedback(row));
                }
                response
            }
            Press::Share(topic) => {
                let card = CardKey { topic: topic.clone(), details: 0, flags: Vec::new() };
                self.share(&self.reply(&Request::Card(card)))
            }
            Press::ShareTip(tip) => self.share(&self.reply(&Request::ThatTip { tip: tip.clone() })),
            Press::Sources(topic) => self.show(&Request::Sources { topic: topic.clone() }),
            Press::Clinics => self.show(&Request::Clinics),
            Press::Feedback { topic, helped } => self.feedback(topic, *helped, own, rows),
            Press::Tip { category, turn } => self.tip(category.clone(), *turn, own),
            Press::Private { asker, level, marks } => {
                if *asker != self.incoming.member {
                    return Response::message(&Message::notice(&r.not_yours));
                }
                let known = self.door.app.knowledge().flags.iter().map(|f| &f.id);
                let flags = self.door.seal.read(*asker, marks, known);
                let reply = self.reply(&Request::Concern { level: *level, flags });
                Response::message(&self.privately(&reply, 0)).urgent(true)
            }
            Press::Alert => self.alert(),
            Press::Pointer => self.publicly(&Message { content: r.pointer.clone(), ..Message::default() }),
            Press::Erase => self.club_erase_confirmed().await,
            Press::RemoveClinic(mark) => self.clinic_remove_confirmed(mark).await,
            Press::Cancel => Response::update(&Message::notice(&r.club_kept)),
        }
    }

    /// Whether what a button names is still there: topics and tips come and go with upgrades.
    fn is_current(&self, press: &Press, chosen: Option<&str>) -> bool {
        let knowledge = self.door.app.knowledge();
        let topic = match press {
            Press::Open(topic) | Press::Share(topic) | Press::Sources(topic) | Press::Feedback { topic, .. } => topic.as_str(),
            Press::Page { card, .. } => card.topic.as_str(),
            Press::OpenChosen => chosen.unwrap_or_default(),
            Press::ShareTip(tip) => return knowledge.tip(tip).is_some(),
            Press::Clinics
            | Press::Tip { .. }
            | Press::Private { .. }
            | Press::Alert
            | Press::Pointer
            | Press::Erase
            | Press::RemoveClinic(_)
            | Press::Cancel => return true,
        };
        knowledge.topic(topic).is_some()
    }

    fn share(&self, reply: &Reply) -> Response {
        self.publicly(&to_discord::message(reply, self.door.replies(), Place::Public, 0))
    }

    /// Posts for all to see, at most once in a cool-down.
    fn publicly(&self, message: &Message) -> Response {
        match self.door.cooldown.pass("post", self.incoming.member, Instant::now()) {
            Ok(()) => Response::message(message),
            Err(left) => Response::message(&Message::notice(self.door.wait(left))),
        }
    }

    fn alert(&self) -> Response {
        let r = self.door.replies();
        if self.door.cooldown.pass("alert", self.incoming.member, Instant::now()).is_err() {
            return Response::message(&Message::notice(&r.alert_already)).urgent(true);
        }
        // The mention names the member to those who read along; it pings nobody.
        let words = plain(&r.alert).replace("{number}", &plain(&self.door.emergency_number(&self.club)));
        let content = words.replace("{member}", &format!("<@{}>", self.incoming.member));
        Response::message(&Message { content, ..Message::default() }).urgent(true)
    }

    fn feedback(&self, topic: &crate::id::TopicId, helped: bool, own: bool, rows: &[Value]) -> Response {
        // A public answer keeps its buttons for others: there, one member's presses in a row count once.
        let counts = own || self.door.cooldown.pass("feedback", self.incoming.member, Instant::now()).is_ok();
        if counts {
            let (clubs, topic) = (self.door.clubs.clone(), topic.clone());
            // The presser does not wait for the count.
            tokio::spawn(async move { clubs.count_feedback(&topic, helped).await });
        }
        let thanks = &self.door.replies().feedback_thanks;
        if !own {
            return Response::message(&Message::notice(thanks));
        }
        // The row that was pressed goes, so that one press is one press.
        let rest: Vec<&Value> = rows.iter().filter(|row| !is_feedback(row)).collect();
        let data = json!({ "content": thanks, "components": rest, "allowed_mentions": { "parse": [] } });
        Response { body: json!({ "type": callback::UPDATE, "data": data }), urgent: false }
    }

    async fn suggestions(&self, takes: Takes, typed: &str) -> Response {
        let app = &self.door.app;
        let pairs: Vec<(String, String)> = match takes {
            Takes::Topic => app.suggest(typed, limits::SUGGESTIONS).into_iter().map(|c| (c.label, c.topic.to_string())).collect(),
            Takes::Region => {
                let typed = typed.to_lowercase();
                let regions = app.knowledge().regions.iter();
                let fits = regions.filter(|r| r.name.to_lowercase().contains(&typed) || r.codes.iter().any(|c| *c == typed));
                fits.map(|r| (r.name.clone(), r.codes.first().cloned().unwrap_or_else(|| r.name.clone()))).collect()
            }
            Takes::Clinic if self.incoming.allowed(Verb::ClinicEdit) => {
                let typed = typed.to_lowercase();
                let own = self.own_clinics().await.unwrap_or_default();
                let fits = own.into_iter().filter(|c| c.name.to_lowercase().contains(&typed));
                fits.map(|c| (c.name.clone(), c.name)).collect()
            }
            _ => Vec::new(),
        };
        let choice = |(name, value): (String, String)| json!({ "name": shorten(&name, limits::SELECT_OPTION), "value": value });
        let choices: Vec<Value> = pairs.into_iter().take(limits::SUGGESTIONS).map(choice).collect();
        Response { body: json!({ "type": callback::SUGGESTIONS, "data": { "choices": choices } }), urgent: false }
    }
}

/// Whether a row of buttons is the one that asks whether an answer helped.
fn is_feedback(row: &Value) -> bool {
    let ids = row["components"].as_array().into_iter().flatten().filter_map(|b| b["custom_id"].as_str());
    ids.map(Press::from_custom_id).any(|p| matches!(p, Ok(Press::Feedback { .. })))
}

/// Characters of an embed's title, description and footer, as Discord counts them.
fn embed_length(embed: &CreateEmbed) -> usize {
    let value = serde_json::to_value(embed).unwrap_or_default();
    let texts = [&value["title"], &value["description"], &value["footer"]["text"]];
    texts.iter().filter_map(|t| t.as_str()).map(units).sum()
}
