//! What the stand-in remembers: the world of one Discord, in plain maps.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use serenity::model::{
    Permissions,
    id::{ApplicationId, ChannelId, GuildId, InteractionId, MessageId, RoleId, UserId},
};

use super::{buckets::Buckets, endpoint::Endpoint, faults::Faults, rules::Violation, sessions::Gateway};

/// Milliseconds from the Unix epoch to the start of 2015, where snowflakes count from (Discord's reference page).
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;
/// The first response to an interaction must come within this time.
pub const FIRST_RESPONSE: Duration = Duration::from_secs(3);
/// An interaction's token lives this long.
pub const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long a nonce is remembered; Discord says "a few minutes".
pub const NONCE_LIFE: Duration = Duration::from_secs(5 * 60);
/// Lines of the story that a failing wait prints.
const STORY_LINES: usize = 40;

/// A person or a bot.
pub struct User {
    /// Their id.
    pub id: UserId,
    /// As others see it.
    pub name: String,
    /// Is it a bot?
    pub bot: bool,
    /// The language of their Discord.
    pub locale: String,
    /// Direct messages to them are refused with 50007.
    pub refuses_dm: bool,
}

/// Someone's place in a guild.
pub struct Member {
    /// What they may do there.
    pub permissions: Permissions,
    /// Their roles.
    pub roles: Vec<RoleId>,
}

/// A server.
pub struct Guild {
    /// Its id.
    pub id: GuildId,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: UserId,
    /// Where Discord posts welcomes.
    pub system_channel: Option<ChannelId>,
    /// Language.
    pub locale: String,
    /// Who is in it; the bot is, unless the app is only installed to users.
    pub members: BTreeMap<UserId, Member>,
    /// Roles with their names.
    pub roles: BTreeMap<RoleId, String>,
    /// Does Discord say it is out of order?
    pub unavailable: bool,
}

/// Where messages stand.
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The guild it belongs to; none for direct messages.
    pub guild: Option<GuildId>,
    /// Discord's type: 0 text, 1 direct message, 3 group.
    pub kind: u8,
    /// Its name; empty for direct messages.
    pub name: String,
    /// The people of a direct message or group, without the bot.
    pub people: Vec<UserId>,
    /// What the bot may do here, where it differs from its guild permissions.
    pub bot_permissions: Option<Permissions>,
}

/// A message, as stored.
#[derive(Clone)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it stands.
    pub channel: ChannelId,
    /// Who wrote it.
    pub author: UserId,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Its text.
    pub content: String,
    /// Its embeds, as sent.
    pub embeds: Vec<Value>,
    /// Its rows of buttons and menus, as sent.
    pub components: Vec<Value>,
    /// Uploaded files: name and description.
    pub attachments: Vec<Value>,
    /// Discord's flags; 64 is ephemeral.
    pub flags: u64,
    /// What it answers.
    pub reference: Option<MessageId>,
    /// The sender's nonce.
    pub nonce: Option<Value>,
    /// The interaction that it belongs to.
    pub interaction: Option<InteractionId>,
    /// How often it was edited.
    pub edits: u32,
    /// Still only "is thinking ..."?
    pub thinking: bool,
    /// Was it deleted? Kept, so that a test can look at it.
    pub deleted: bool,
    /// The last body that made or changed it, as sent.
    pub raw: Value,
}

impl Message {
    /// Can only the asker see it?
    pub fn ephemeral(&self) -> bool {
        self.flags & 64 != 0
    }
}

/// Something a member did that the bot must answer.
pub struct Interaction {
    /// Its id.
    pub id: InteractionId,
    /// The token for its webhook.
    pub token: String,
    /// Discord's type: 2 command, 3 component, 4 autocomplete, 5 modal.
    pub kind: u8,
    /// Who did it.
    pub user: UserId,
    /// Where.
    pub channel: ChannelId,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// When, by a clock fit for measuring.
    pub began: Instant,
    /// How long the accepted callback took to arrive.
    pub took: Option<Duration>,
    /// The name of the command, for the story.
    pub name: String,
    /// The type of the accepted callback.
    pub answered: Option<u8>,
    /// Callbacks that arrived, accepted or not.
    pub callbacks: u32,
    /// The accepted callback's body.
    pub callback: Value,
    /// The message that the first response made or changed.
    pub original: Option<MessageId>,
    /// Follow-ups in order.
    pub follow_ups: Vec<MessageId>,
    /// The message whose component was used.
    pub source: Option<MessageId>,
    /// Only installed to the user, not to the guild: five follow-ups at most.
    pub user_install: bool,
}

/// The world.
pub struct State {
    /// The bot's valid token.
    pub token: String,
    /// The application.
    pub application: ApplicationId,
    /// The bot's user.
    pub bot: UserId,
    /// Everyone.
    pub users: BTreeMap<UserId, User>,
    /// Servers.
    pub guilds: BTreeMap<GuildId, Guild>,
    /// Channels.
    pub channels: BTreeMap<ChannelId, Channel>,
    /// Messages, in the order of writing.
    pub messages: BTreeMap<MessageId, Message>,
    /// Interactions, in the order of dispatch.
    pub interactions: BTreeMap<InteractionId, Interaction>,
    /// Token to interaction.
    pub tokens: HashMap<String, InteractionId>,
    /// Registered global commands, with ids.
    pub commands: Vec<Value>,
    /// Requests by route template, such as `POST /channels/{id}/messages`.
    pub requests: BTreeMap<String, u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Rules that the bot broke.
    pub violations: Vec<Violation>,
    /// Roles that a message may mention.
    pub allowed_roles: BTreeSet<RoleId>,
    /// The last message of each channel that a test was given.
    pub handed_out: BTreeMap<ChannelId, MessageId>,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// Bodies are taken as they are; for measuring.
    pub unchecked: bool,
    /// Rate limits.
    pub buckets: Buckets,
    /// Sessions and connections.
    pub gateway: Gateway,
    /// Where interactions are posted instead, signed; by the gateway while nowhere is set.
    pub endpoint: Endpoint,
    story: VecDeque<String>,
    offset: Duration,
    last_id: u64,
    guilds_made: u64,
}

impl State {
    /// A Discord with a bot and nobody else. `token`: the only one that is let in.
    pub fn new(token: &str) -> Self {
        let mut state = Self {
            token: token.to_owned(),
            application: ApplicationId::new(1),
            bot: UserId::new(1),
            users: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            interactions: BTreeMap::new(),
            tokens: HashMap::new(),
            commands: Vec::new(),
            requests: BTreeMap::new(),
            statuses: BTreeMap::new(),
            violations: Vec::new(),
            allowed_roles: BTreeSet::new(),
            handed_out: BTreeMap::new(),
            faults: Faults::default(),
            unchecked: false,
            buckets: Buckets::default(),
            gateway: Gateway::default(),
            endpoint: Endpoint::default(),
            story: VecDeque::new(),
            offset: Duration::ZERO,
            last_id: 0,
            guilds_made: 0,
        };
        state.bot = state.add_user("Patella", true);
        // A new application's id is its bot's id.
        state.application = ApplicationId::new(state.bot.get());
        state
    }

    /// The stand-in's clock in milliseconds since 1970: the machine's clock and what a test advanced it by.
    pub fn now(&self) -> u64 {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
        u64::try_from((machine + self.offset).as_millis()).expect("milliseconds fit")
    }

    /// Moves the clock on.
    pub fn advance(&mut self, by: Duration) {
        self.offset += by;
    }

    /// A new snowflake: time above 22 bits, never one twice.
    pub fn id(&mut self) -> u64 {
        let id = (self.now() - DISCORD_EPOCH_MS) << 22;
        self.last_id = id.max(self.last_id + 1);
        self.last_id
    }

    /// Guilds were made on different days, so that they spread over shards.
    pub fn guild_id(&mut self) -> GuildId {
        self.guilds_made += 1;
        GuildId::new((150_000_000_000 + self.guilds_made * 86_400_001) << 22)
    }

    /// Adds someone.
    pub fn add_user(&mut self, name: &str, bot: bool) -> UserId {
        let id = UserId::new(self.id());
        let user = User { id, name: name.to_owned(), bot, locale: "en-US".to_owned(), refuses_dm: false };
        self.users.insert(id, user);
        id
    }

    /// Notes a line for the message of a failing wait.
    pub fn tell(&mut self, line: String) {
        if self.story.len() == STORY_LINES {
            self.story.pop_front();
        }
        self.story.push_back(line);
    }

    /// What happened last, a line each.
    pub fn story(&self) -> String {
        let lines: Vec<&str> = self.story.iter().map(String::as_str).collect();
        if lines.is_empty() { "(nothing arrived)".to_owned() } else { lines.join("\n") }
    }

    /// The guild of a channel.
    pub fn guild_of(&self, channel: ChannelId) -> Option<&Guild> {
        self.channels.get(&channel)?.guild.and_then(|guild| self.guilds.get(&guild))
    }

    /// Is the bot a member of this guild?
    pub fn bot_is_in(&self, guild: GuildId) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| guild.members.contains_key(&self.bot))
    }

    /// What someone may do in a channel. Owners and administrators may do everything; in direct messages all may write.
    pub fn permissions(&self, user: UserId, channel: ChannelId) -> Permissions {
        let Some(guild) = self.guild_of(channel) else { return Permissions::dm_permissions() };
        let Some(member) = guild.members.get(&user) else { return Permissions::empty() };
        let here = self.channels.get(&channel).and_then(|c| c.bot_permissions).filter(|_| user == self.bot);
        let permissions = here.unwrap_or(member.permissions);
        if guild.owner == user || permissions.administrator() { Permissions::all() } else { permissions }
    }

    /// The direct-message channel with someone, opened where there is none.
    pub fn dm_channel(&mut self, user: UserId) -> ChannelId {
        if let Some(channel) = self.channels.values().find(|c| c.kind == 1 && c.people == [user]) {
            return channel.id;
        }
        self.add_channel(None, 1, "", vec![user])
    }

    /// Adds a channel.
    pub fn add_channel(&mut self, guild: Option<GuildId>, kind: u8, name: &str, people: Vec<UserId>) -> ChannelId {
        let id = ChannelId::new(self.id());
        let channel = Channel { id, guild, kind, name: name.to_owned(), people, bot_permissions: None };
        self.channels.insert(id, channel);
        id
    }

    /// A message with nothing in it, not yet stored.
    pub fn blank_message(&mut self, channel: ChannelId, author: UserId) -> Message {
        Message {
            id: MessageId::new(self.id()),
            channel,
            author,
            at: self.now(),
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            flags: 0,
            reference: None,
            nonce: None,
            interaction: None,
            edits: 0,
            thinking: false,
            deleted: false,
            raw: Value::Null,
        }
    }
}
