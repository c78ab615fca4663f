//! Commands: from a verb and its options to the response.

use std::time::Instant;

use jiff::civil::Date;
use serenity::builder::CreateEmbed;

use super::{Message, Options, Place, Press, Response, Visit, at_length, plain, shorten, to_discord, units};
use crate::{
    answer::Decision,
    app::Named,
    club::Visible,
    commands::Verb,
    limits,
    reply::{Audience, Kind, Level, Reply},
    request::Request,
};

impl Visit<'_> {
    pub(super) fn today(&self) -> Date {
        (self.door.today)()
    }

    pub(super) fn reply(&self, request: &Request) -> Reply {
        self.door.app.handle_for(request, &self.club, self.today())
    }

    /// Where a private response stands: a direct message needs no hiding.
    fn private(&self) -> Place {
        if self.incoming.direct { Place::Direct } else { Place::Private }
    }

    /// A reply for the asker alone.
    pub(super) fn privately(&self, reply: &Reply, page: usize) -> Message {
        let r = self.door.replies();
        let mut message = to_discord::message(reply, r, self.private(), page);
        if reply.kind == Kind::Safety && self.incoming.club.is_some() {
            // Nobody is alerted unless the asker wants it.
            let alert = to_discord::button(&Press::Alert, &r.button_alert);
            message.rows.push(to_discord::row(vec![alert]));
        }
        message
    }

    pub(super) async fn command(&self, verb: Verb, options: &Options) -> Response {
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
            Verb::Help => self.show(&Request::Help),
            Verb::ClubShow => self.club_show().await,
            Verb::ClubSet => self.club_set(options).await,
            Verb::ClinicAdd => self.clinic_add(options).await,
            Verb::ClinicEdit => self.clinic_edit(options).await,
            Verb::ClinicRemove => self.clinic_remove(options).await,
            Verb::ClubErase => self.club_erase(),
            Verb::WeeklyStart => self.weekly_start(options).await,
            Verb::WeeklyShow => self.weekly_show().await,
            Verb::WeeklyPause => self.weekly_pause().await,
            Verb::WeeklyResume => self.weekly_resume().await,
            Verb::WeeklyStop => self.weekly_stop().await,
            Verb::WeeklyPreview => self.weekly_preview().await,
            Verb::WeeklyPin => self.weekly_pin(options).await,
            // Comes as a message command only; as a slash command it does not exist.
            Verb::AnswerPrivately => Response::message(&Message::notice(&self.door.replies().unknown_command)),
        }
    }

    pub(super) fn show(&self, request: &Request) -> Response {
        Response::message(&self.privately(&self.reply(request), 0))
    }

    fn ask(&self, options: &Options) -> Response {
        let text = options.text("question").unwrap_or_default();
        let decision = self.door.decide(text);
        self.decided(&decision, text, options.visible("visible"), options.flag("why"))
    }

    /// Answers what was decided: a safety reply to the asker alone, anything else as the asker or the club wants it.
    pub(super) fn decided(&self, decision: &Decision, text: &str, visible: Option<Visible>, why: bool) -> Response {
        let urgent = decision.safety.level() >= Level::Urgent;
        if !urgent && let Err(left) = self.door.cooldown.pass("ask", self.incoming.member, Instant::now()) {
            return Response::message(&Message::notice(self.door.wait(left)));
        }
        let mut reply = self.door.app.reply_to(decision, &self.club, self.today());
        if reply.kind == Kind::OutOfScope {
            reply = self.door.app.with_menu(reply);
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

    pub(super) fn answer_privately(&self, text: &str) -> Response {
        let r = self.door.replies();
        if text.trim().is_empty() {
            return Response::message(&Message::notice(&r.no_words));
        }
        let decision = self.door.decide(text);
        let urgent = decision.safety.level() >= Level::Urgent;
        if !urgent && let Err(left) = self.door.cooldown.pass("ask", self.incoming.member, Instant::now()) {
            return Response::message(&Message::notice(self.door.wait(left)));
        }
        let mut reply = self.door.app.reply_to(&decision, &self.club, self.today());
        if reply.kind == Kind::OutOfScope {
            reply = self.door.app.with_menu(reply);
        }
        let mut message = self.privately(&reply, 0);
        if urgent {
            // Whoever chose the message may not be the one who needs help.
            message.content.push('\n');
            message.content.push_str(&plain(&r.chosen_by_other));
        } else if self.incoming.club.is_some() {
            let pointer = to_discord::button(&Press::Pointer, &r.button_pointer);
            message.rows.push(to_discord::row(vec![pointer]));
        }
        Response::message(&message).urgent(urgent)
    }

    /// A topic by id or title, as suggestions give it; else whatever it is that was typed, red flags first.
    fn topic(&self, name: &str) -> Response {
        match at_length(|| self.door.app.named(name)) {
            Named::Topic(topic) => self.show(&Request::LookUp { name: topic.to_string() }),
            Named::Alarm(decision) => self.decided(&decision, name, None, false),
            Named::Nothing => Response::message(&self.privately(&self.door.app.no_topic(), 0)),
        }
    }

    pub(super) fn tip(&self, category: Option<String>, turn: u64, again: bool) -> Response {
        let r = self.door.replies();
        let reply = self.reply(&Request::Tip { category: category.clone(), turn });
        let mut message = self.privately(&reply, 0);
        if reply.kind == Kind::Tip {
            let next = Press::Tip { category, turn: turn.wrapping_add(1) };
            let mut buttons = vec![to_discord::button(&next, &r.button_another_tip)];
            if let Some(tip) = reply.tip.as_ref().filter(|_| !self.incoming.direct) {
                buttons.push(to_discord::button(&Press::ShareTip(tip.clone()), &r.button_share));
            }
            message.rows.push(to_discord::row(buttons));
        }
        if again { Response::update(&message) } else { Response::message(&message) }
    }
}

/// Characters of an embed's title, description and footer, as Discord counts them.
fn embed_length(embed: &CreateEmbed) -> usize {
    let value = serde_json::to_value(embed).unwrap_or_default();
    let texts = [&value["title"], &value["description"], &value["footer"]["text"]];
    texts.iter().filter_map(|t| t.as_str()).map(units).sum()
}
