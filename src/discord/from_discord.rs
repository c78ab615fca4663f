//! What arrives from Discord, translated: the JSON of an interaction or a message to what is asked for. Lenient towards keys that
//! are new, so that an interaction of next year still reaches the one who waits for an answer.

use serde::Deserialize;
use serde_json::Value;

use super::custom_id::{Outdated, Press};
use crate::{
    club::Visible,
    commands::{self, Opt, Takes, Verb, Who},
    id::{ClubId, PlaceId},
};

/// Discord's permission bits that matter here (topics/permissions).
pub mod permission {
    /// May do anything.
    pub const ADMINISTRATOR: u64 = 1 << 3;
    /// May manage the server.
    pub const MANAGE_GUILD: u64 = 1 << 5;
    /// Sees a channel.
    pub const VIEW_CHANNEL: u64 = 1 << 10;
    /// Writes in a channel.
    pub const SEND_MESSAGES: u64 = 1 << 11;
    /// Embeds are shown.
    pub const EMBED_LINKS: u64 = 1 << 14;
    /// Reads earlier messages; needed to reply to one.
    pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    /// Writes in threads.
    pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
}

/// The flag of a message that only one person sees.
const EPHEMERAL: u64 = 1 << 6;

/// An interaction.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its id.
    pub id: u64,
    /// The token that answers it. Never logged.
    pub token: String,
    /// The club, unless it came from a direct message.
    pub club: Option<ClubId>,
    /// Whether it came from a direct message with the bot, where nobody else reads along.
    pub direct: bool,
    /// Whether it came from a place where the bot is no member: a server or group where only the asker installed it.
    pub guest: bool,
    /// Who asks. Kept only while the answer is under way.
    pub member: u64,
    /// Whether that person may manage the server.
    pub may_manage: bool,
    /// What is asked for.
    pub what: What,
}

/// What an interaction asks for.
#[derive(Debug, Clone)]
pub enum What {
    /// Discord asks whether we are there.
    Ping,
    /// A command, with its options by name.
    Command(Verb, Options),
    /// The text of a message that was chosen for an answer.
    AnswerPrivately(String),
    /// A button or menu.
    Press {
        /// What it does.
        press: Result<Press, Outdated>,
        /// What was chosen from a menu.
        chosen: Option<String>,
        /// Whether the message that holds it is seen by the presser alone.
        ephemeral: bool,
        /// The rows of that message, as they are.
        rows: Vec<Value>,
    },
    /// Suggestions for what is being typed.
    Complete {
        /// What the option takes.
        takes: Takes,
        /// What stands there so far.
        typed: String,
    },
    /// A command, option or sort of interaction that this program does not know.
    Unknown,
}

/// The options of a command.
#[derive(Debug, Clone, Default)]
pub struct Options(Vec<(String, Value)>);

impl Options {
    /// An option's text, without spaces around it; `None` where it is left out.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().map(str::trim)
    }

    /// The id of a channel or role.
    pub fn id(&self, name: &str) -> Option<u64> {
        let value = self.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Whether a flag is set.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Who is to see the answer.
    pub fn visible(&self, name: &str) -> Option<Visible> {
        self.text(name).and_then(Visible::from_name)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }
}

/// A message that speaks to the bot.
#[derive(Debug, Clone)]
pub struct Said {
    /// The message's id.
    pub id: u64,
    /// The channel.
    pub place: PlaceId,
    /// The club, unless it is a direct message.
    pub club: Option<ClubId>,
    /// Who wrote it. Kept only while the answer is under way.
    pub member: u64,
    /// The words, without the bot's own mention.
    pub text: String,
}

#[derive(Deserialize)]
struct RawInteraction {
    id: Snowflake,
    token: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    guild_id: Option<Snowflake>,
    #[serde(default)]
    member: Option<RawMember>,
    #[serde(default)]
    user: Option<RawUser>,
    #[serde(default)]
    context: Option<u8>,
    #[serde(default)]
    authorizing_integration_owners: Value,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    message: Option<RawMessage>,
}

#[derive(Deserialize)]
struct RawMember {
    #[serde(default)]
    user: Option<RawUser>,
    #[serde(default)]
    permissions: Option<Value>,
}

#[derive(Deserialize)]
struct RawUser {
    id: Snowflake,
    #[serde(default)]
    bot: bool,
}

#[derive(Deserialize)]
struct RawMessage {
    id: Snowflake,
    #[serde(default)]
    channel_id: Option<Snowflake>,
    #[serde(default)]
    guild_id: Option<Snowflake>,
    #[serde(default)]
    author: Option<RawUser>,
    #[serde(default)]
    webhook_id: Option<Value>,
    #[serde(default)]
    content: String,
    #[serde(default)]
    mentions: Vec<RawUser>,
    #[serde(default)]
    flags: Option<u64>,
    #[serde(default)]
    components: Vec<Value>,
    #[serde(default, rename = "type")]
    kind: u8,
}

/// An id as Discord writes it: digits in a string, or a number.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "Value")]
struct Snowflake(u64);

impl TryFrom<Value> for Snowflake {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        value.as_u64().or_else(|| value.as_str()?.parse().ok()).map(Self).ok_or("no id")
    }
}

/// Reads an interaction; `None` where there is nothing to answer: no id or no token.
pub fn interaction(value: Value) -> Option<Incoming> {
    // First what is needed to answer at all; a part that is not as expected must not cost the rest.
    let raw: RawInteraction = serde_json::from_value(value).ok()?;
    let member = raw.member.as_ref().and_then(|m| m.user.as_ref()).or(raw.user.as_ref()).map_or(0, |u| u.id.0);
    let bits = raw.member.as_ref().and_then(|m| m.permissions.as_ref()).map_or(0, permissions);
    let may_manage = bits & (permission::ADMINISTRATOR | permission::MANAGE_GUILD) != 0;
    /// The context of a direct message with the bot.
    const BOT_DM: u8 = 1;
    let direct = raw.context == Some(BOT_DM);
    /// The kind of installation by which a server has the bot, as a key of the installations' owners.
    const SERVER: &str = "0";
    let owners = raw.authorizing_integration_owners.as_object();
    let guest = !direct && (raw.guild_id.is_none() || owners.is_some_and(|o| !o.is_empty() && !o.contains_key(SERVER)));
    let club = raw.guild_id.map(|g| ClubId(g.0));
    let what = match raw.kind {
        1 => What::Ping,
        2 => command(&raw.data),
        3 => {
            let message = raw.message;
            let chosen = raw.data["values"].get(0).and_then(Value::as_str).map(str::to_owned);
            What::Press {
                press: Press::from_custom_id(raw.data["custom_id"].as_str().unwrap_or_default()),
                chosen,
                ephemeral: message.as_ref().and_then(|m| m.flags).unwrap_or(0) & EPHEMERAL != 0,
                rows: message.map(|m| m.components).unwrap_or_default(),
            }
        }
        4 => complete(&raw.data),
        _ => What::Unknown,
    };
    Some(Incoming { id: raw.id.0, token: raw.token, club, direct, guest, member, may_manage, what })
}

fn permissions(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// Name and options of the command or of its subcommand.
fn named(data: &Value) -> Option<(Verb, &[Value])> {
    /// The type of an option that is a subcommand.
    const SUB: u64 = 1;
    let none: &[Value] = &[];
    let options = data["options"].as_array().map_or(none, Vec::as_slice);
    let name = data["name"].as_str()?;
    match options.first().filter(|o| o["type"].as_u64() == Some(SUB)) {
        Some(sub) => Some((commands::slash(name, sub["name"].as_str())?, sub["options"].as_array().map_or(none, Vec::as_slice))),
        None => Some((commands::slash(name, None)?, options)),
    }
}

fn command(data: &Value) -> What {
    /// The type of a command in a message's menu.
    const MESSAGE: u64 = 3;
    if data["type"].as_u64() == Some(MESSAGE) {
        let Some(Verb::AnswerPrivately) = data["name"].as_str().and_then(commands::message) else { return What::Unknown };
        let messages = data["resolved"]["messages"].as_object();
        let target = data["target_id"].as_str();
        let message = messages.and_then(|m| target.and_then(|t| m.get(t)).or_else(|| m.values().next()));
        return What::AnswerPrivately(message.and_then(|m| m["content"].as_str()).unwrap_or_default().to_owned());
    }
    let Some((verb, options)) = named(data) else { return What::Unknown };
    let pair = |o: &Value| Some((o["name"].as_str()?.to_owned(), o["value"].clone()));
    What::Command(verb, Options(options.iter().filter_map(pair).collect()))
}

fn complete(data: &Value) -> What {
    let focused = named(data).and_then(|(verb, options)| {
        let focused = options.iter().find(|o| o["focused"].as_bool() == Some(true))?;
        let option = commands::options(verb).iter().find(|o: &&Opt| Some(o.name) == focused["name"].as_str())?;
        Some((option.takes, focused["value"].as_str().unwrap_or_default().trim().to_owned()))
    });
    // What is not known here is still a request for suggestions: Discord takes no other answer to it than a list.
    let (takes, typed) = focused.unwrap_or((Takes::Flag, String::new()));
    What::Complete { takes, typed }
}

impl Incoming {
    /// Whether the person may use the command; buttons and suggestions are judged where they act.
    pub fn allowed(&self, verb: Verb) -> bool {
        match commands::who(verb) {
            Who::All => true,
            Who::ManageServer => self.club.is_some() && self.may_manage,
        }
    }
}

/// Reads a message; `None` where it is not for the bot: written by a bot or a webhook, no mention of it outside direct messages,
/// or no ordinary message.
pub fn message(value: Value, bot: u64) -> Option<Said> {
    /// An ordinary message, and a reply to one.
    const ORDINARY: [u8; 2] = [0, 19];
    let raw: RawMessage = serde_json::from_value(value).ok()?;
    let author = raw.author.filter(|a| !a.bot && a.id.0 != bot)?;
    if raw.webhook_id.is_some_and(|w| !w.is_null()) || !ORDINARY.contains(&raw.kind) {
        return None;
    }
    if raw.guild_id.is_some() && !raw.mentions.iter().any(|m| m.id.0 == bot) {
        return None;
    }
    let text = raw.content.replace(&format!("<@{bot}>"), " ").replace(&format!("<@!{bot}>"), " ");
    Some(Said {
        id: raw.id.0,
        place: PlaceId(raw.channel_id?.0),
        club: raw.guild_id.map(|g| ClubId(g.0)),
        member: author.id.0,
        text: text.trim().to_owned(),
    })
}
