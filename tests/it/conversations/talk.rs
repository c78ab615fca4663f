//! A conversation that is written down while it happens, so that a snapshot reads from top to bottom: who does what, and what
//! they then see.

use std::{fmt::Write, sync::Arc, time::Duration};

use patella::store::{self, Store};
use serde_json::{Value, json};
use serenity::model::{
    Permissions,
    id::{ChannelId, GuildId, MessageId, UserId},
};

use super::{Bot, Way};
use crate::stand_in::{Seen, StandIn};

/// Someone who talks.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub id: UserId,
    pub name: &'static str,
}

/// A club's channel with the bot in it, and what was said there so far.
pub struct Talk {
    pub bot: Bot,
    pub club: GuildId,
    pub channel: ChannelId,
    /// Who has done something: their ids differ from run to run.
    people: Vec<Person>,
    told: String,
}

impl Talk {
    /// A club whose bot has a store and no cool-down, where interactions come by this way.
    pub async fn start(way: Way) -> Self {
        let store = store::open("sqlite::memory:").await.expect("a store in memory");
        Self::start_with(way, Some(store), Duration::ZERO).await
    }

    /// The same with this store and this cool-down.
    pub async fn start_with(way: Way, store: Option<Arc<dyn Store>>, cooldown: Duration) -> Self {
        let discord = StandIn::start().await;
        let club = discord.add_guild("Harbor Runners");
        let channel = discord.add_channel(club, "general");
        let bot = Bot::start_with(discord, way, store, cooldown).await;
        Self { bot, club, channel, people: Vec::new(), told: String::new() }
    }

    pub fn discord(&self) -> &StandIn {
        &self.bot.discord
    }

    /// An ordinary member of the club.
    pub fn runner(&self, name: &'static str) -> Person {
        self.member(name, StandIn::runner())
    }

    /// A member who may manage the server.
    pub fn organizer(&self, name: &'static str) -> Person {
        self.member(name, StandIn::organizer())
    }

    fn member(&self, name: &'static str, may: Permissions) -> Person {
        Person { id: self.discord().add_member(self.club, name, may), name }
    }

    /// Someone uses a slash command in the club's channel.
    pub async fn slash(&mut self, who: Person, command: &str, options: Value) -> Seen {
        self.slash_in(self.channel, who, command, options).await
    }

    /// Someone uses a slash command somewhere.
    pub async fn slash_in(&mut self, channel: ChannelId, who: Person, command: &str, options: Value) -> Seen {
        let mut line = format!("/{command}");
        for (name, value) in options.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = write!(line, " {name}: {value}");
        }
        self.does(who, &line);
        let asked = self.discord().slash(who.id, channel, command, options).await;
        let seen = self.discord().first_response(asked).await;
        self.sees(seen)
    }

    /// Someone types into an option and looks at the suggestions.
    pub async fn types(&mut self, who: Person, command: &str, option: &str, typed: &str) -> Seen {
        self.does(who, &format!("types /{command} {option}: {typed}_"));
        let asked = self.discord().autocomplete(who.id, self.channel, command, option, typed).await;
        let seen = self.discord().first_response(asked).await;
        assert_eq!(seen.raw["type"], 8, "suggestions are answered with suggestions");
        assert!(seen.choices.len() <= 25);
        self.sees(seen)
    }

    /// Someone presses a button.
    pub async fn press(&mut self, who: Person, on: &Seen, label: &str) -> Seen {
        self.does(who, &format!("presses [{label}]"));
        let pressed = self.discord().press(who.id, on, label).await;
        let seen = self.discord().first_response(pressed).await;
        self.sees(seen)
    }

    /// Someone presses a button that is not (or no longer) on the message.
    pub async fn press_id(&mut self, who: Person, on: &Seen, id: &str) -> Seen {
        self.does(who, &format!("presses a button with the id {id:?}"));
        let pressed = self.discord().press_id(who.id, on, id).await;
        let seen = self.discord().first_response(pressed).await;
        self.sees(seen)
    }

    /// Someone picks from a menu.
    pub async fn choose(&mut self, who: Person, on: &Seen, value: &str) -> Seen {
        self.does(who, &format!("picks {value} from the menu"));
        let chosen = self.discord().choose(who.id, on, value).await;
        let seen = self.discord().first_response(chosen).await;
        self.sees(seen)
    }

    /// Someone writes in the club's channel.
    pub async fn say(&mut self, who: Person, text: &str) -> MessageId {
        self.does(who, &format!("writes: {text}"));
        self.discord().say(who.id, self.channel, text).await
    }

    /// Someone writes to the bot directly and reads what comes back.
    pub async fn dm(&mut self, who: Person, text: &str) -> Seen {
        self.does(who, &format!("writes to the bot alone: {text}"));
        self.discord().dm(who.id, text).await;
        let channel = self.discord().dm_channel(who.id);
        let seen = self.discord().next_message(channel).await;
        self.sees(seen)
    }

    /// Someone uses the message command on a message.
    pub async fn answer_privately(&mut self, who: Person, on: MessageId) -> Seen {
        self.does(who, "chooses Apps > Answer privately on that message");
        let asked = self.discord().message_command(who.id, self.channel, "Answer privately", on).await;
        let seen = self.discord().first_response(asked).await;
        self.sees(seen)
    }

    /// The bot's next message in the club's channel, for all to see.
    pub async fn all_see(&mut self) -> Seen {
        let seen = self.discord().next_message(self.channel).await;
        self.sees(seen)
    }

    /// Whether the bot has said anything in the club's channel that nobody asked for; by now it has heard all that was said.
    pub async fn nothing_more(&mut self, who: Person) {
        // What is asked later is answered later: when this is answered, an answer to what came before would be there too.
        let before = self.discord().messages(self.channel).len();
        let asked = self.discord().slash(who.id, self.channel, "privacy", json!({})).await;
        self.discord().first_response(asked).await;
        self.discord().say(who.id, self.channel, "<@bot> thanks").await;
        let thanked = self.discord().next_message(self.channel).await;
        assert!(thanked.text().contains("You are welcome"), "something else was said:\n{thanked}");
        assert_eq!(self.discord().messages(self.channel).len(), before + 1);
    }

    /// Adds a line of the one who tells the story.
    pub fn note(&mut self, line: &str) {
        let _ = writeln!(self.told, "({line})\n");
    }

    fn does(&mut self, who: Person, line: &str) {
        self.people.push(who);
        let _ = writeln!(self.told, "> {}: {line}", who.name);
    }

    fn sees(&mut self, seen: Seen) -> Seen {
        let mention = |text: String, who: &Person| text.replace(&format!("<@{}>", who.id), &format!("<@{}>", who.name));
        let text = self.people.iter().fold(seen.to_string(), mention);
        let _ = writeln!(self.told, "{text}");
        seen
    }

    /// The whole conversation, in which the bot broke no rule.
    pub fn end(self) -> String {
        self.discord().assert_no_violations();
        self.told
    }
}
