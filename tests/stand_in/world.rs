//! Guilds, channels and people of the stand-in, and looking at its books.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serenity::model::{
    Permissions,
    id::{ChannelId, GuildId, MessageId, RoleId, UserId},
};

use super::{
    StandIn,
    buckets::Buckets,
    gateway::GUILDS,
    payload,
    rules::Violation,
    state::{Guild, Member, Message, State},
};

impl StandIn {
    /// What an ordinary member may do.
    pub fn runner() -> Permissions {
        Permissions::VIEW_CHANNEL
            | Permissions::SEND_MESSAGES
            | Permissions::READ_MESSAGE_HISTORY
            | Permissions::EMBED_LINKS
            | Permissions::ATTACH_FILES
            | Permissions::USE_APPLICATION_COMMANDS
    }

    /// What a member with "Manage Server" may do.
    pub fn organizer() -> Permissions {
        Self::runner() | Permissions::MANAGE_GUILD
    }

    /// Adds a guild with the bot in it, and an owner. A connected bot hears of it.
    pub fn add_guild(&self, name: &str) -> GuildId {
        self.change(|state| {
            let id = new_guild(state, name);
            let bot = state.bot;
            let guild = state.guilds.get_mut(&id).expect("just made");
            guild.members.insert(bot, Member { permissions: Self::runner(), roles: Vec::new() });
            announce(state, id);
            id
        })
    }

    /// Adds so many guilds with a channel each, as one step; for measuring.
    pub fn add_guilds(&self, count: usize) {
        for number in 0..count {
            let guild = self.add_guild(&format!("Club {number}"));
            self.add_channel(guild, "general");
        }
    }

    /// Adds a guild where the app is installed to members only, and the bot is none.
    pub fn add_guild_without_bot(&self, name: &str) -> GuildId {
        self.change(|state| new_guild(state, name))
    }

    /// Adds a text channel. The first one is the guild's system channel.
    pub fn add_channel(&self, guild: GuildId, name: &str) -> ChannelId {
        self.change(|state| {
            let id = state.add_channel(Some(guild), 0, name, Vec::new());
            let guild = state.guilds.get_mut(&guild).expect("the test added it");
            guild.system_channel.get_or_insert(id);
            id
        })
    }

    /// Adds a group conversation without the bot, where a member may use the app if they installed it.
    pub fn add_group(&self, people: &[UserId]) -> ChannelId {
        self.change(|state| state.add_channel(None, 3, "", people.to_vec()))
    }

    /// Adds a new person to a guild.
    pub fn add_member(&self, guild: GuildId, name: &str, permissions: Permissions) -> UserId {
        let user = self.add_user(name);
        self.join(guild, user, permissions);
        user
    }

    /// Adds a person who is in no guild.
    pub fn add_user(&self, name: &str) -> UserId {
        self.change(|state| state.add_user(name, false))
    }

    /// Lets a known person join another guild, or changes what they may do in it.
    pub fn join(&self, guild: GuildId, user: UserId, permissions: Permissions) {
        self.change(|state| {
            let guild = state.guilds.get_mut(&guild).expect("the test added it");
            guild.members.insert(user, Member { permissions, roles: Vec::new() });
        });
    }

    /// Adds a role that can be mentioned.
    pub fn add_role(&self, guild: GuildId, name: &str) -> RoleId {
        self.change(|state| {
            let id = RoleId::new(state.id());
            state.guilds.get_mut(&guild).expect("the test added it").roles.insert(id, name.to_owned());
            id
        })
    }

    /// Messages may mention this role without breaking a rule.
    pub fn allow_role(&self, role: RoleId) {
        self.change(|state| state.allowed_roles.insert(role));
    }

    /// Sets what the bot may do in a guild.
    pub fn set_bot_permissions(&self, guild: GuildId, permissions: Permissions) {
        let bot = self.bot();
        self.join(guild, bot, permissions);
    }

    /// Sets what the bot may do in one channel.
    pub fn set_bot_permissions_in(&self, channel: ChannelId, permissions: Permissions) {
        self.change(|state| {
            state.channels.get_mut(&channel).expect("the test added it").bot_permissions = Some(permissions);
        });
    }

    /// Sets someone's language, such as `de`.
    pub fn set_locale(&self, user: UserId, locale: &str) {
        self.change(|state| state.users.get_mut(&user).expect("the test added them").locale = locale.to_owned());
    }

    /// Someone closes their direct messages: the bot gets 50007.
    pub fn refuse_dm(&self, user: UserId) {
        self.change(|state| state.users.get_mut(&user).expect("the test added them").refuses_dm = true);
    }

    /// The direct-message channel between someone and the bot.
    pub fn dm_channel(&self, user: UserId) -> ChannelId {
        self.change(|state| state.dm_channel(user))
    }

    /// The bot is thrown out: GUILD_DELETE without `unavailable`.
    pub fn guild_delete(&self, guild: GuildId) {
        self.change(|state| {
            let bot = state.bot;
            state.guilds.get_mut(&guild).expect("the test added it").members.remove(&bot);
            state.gateway.dispatch(Some(guild), GUILDS, "GUILD_DELETE", &json!({"id": guild.to_string()}));
        });
    }

    /// An outage at Discord: GUILD_DELETE with `unavailable`; the bot is still a member.
    pub fn guild_unavailable(&self, guild: GuildId) {
        self.change(|state| {
            state.guilds.get_mut(&guild).expect("the test added it").unavailable = true;
            let gone = json!({"id": guild.to_string(), "unavailable": true});
            state.gateway.dispatch(Some(guild), GUILDS, "GUILD_DELETE", &gone);
        });
    }

    /// The outage ends, or the bot is invited again: GUILD_CREATE.
    pub fn guild_back(&self, guild: GuildId) {
        self.change(|state| {
            let bot = state.bot;
            let known = state.guilds.get_mut(&guild).expect("the test added it");
            known.unavailable = false;
            known.members.entry(bot).or_insert(Member { permissions: Self::runner(), roles: Vec::new() });
            announce(state, guild);
        });
    }

    /// The bot's user.
    pub fn bot(&self) -> UserId {
        self.look(|state| state.bot)
    }

    /// The registered global commands.
    pub fn commands(&self) -> Vec<Value> {
        self.look(|state| state.commands.clone())
    }

    /// A message as it stands now, deleted or not.
    pub fn message(&self, id: MessageId) -> Message {
        self.look(|state| state.messages.get(&id).expect("a message of this stand-in").clone())
    }

    /// How many requests came for a route, such as `POST /channels/{id}/messages`.
    pub fn requests(&self, template: &str) -> u64 {
        self.look(|state| state.requests.get(template).copied().unwrap_or(0))
    }

    /// How often each status was answered.
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        self.look(|state| state.statuses.clone())
    }

    /// The rules that the bot broke. Tests end with asserting that there are none.
    pub fn violations(&self) -> Vec<Violation> {
        self.look(|state| state.violations.clone())
    }

    /// Panics with the list where the bot broke a rule.
    pub fn assert_no_violations(&self) {
        let lines: Vec<String> = self.violations().iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "the bot broke {} rules:\n{}", lines.len(), lines.join("\n"));
    }

    /// Panics unless the bot broke just these rules, in this order.
    pub fn assert_violations(&self, rules: &[&str]) {
        let broken: Vec<&str> = self.violations().iter().map(|violation| violation.rule).collect();
        assert_eq!(broken, rules);
    }

    /// Sets the limits' figures, or switches them off.
    pub fn limits<R>(&self, set: impl FnOnce(&mut Buckets) -> R) -> R {
        self.change(|state| set(&mut state.buckets))
    }
}

fn new_guild(state: &mut State, name: &str) -> GuildId {
    let id = state.guild_id();
    let owner = state.add_user(&format!("Owner of {name}"), false);
    let members = BTreeMap::from([(owner, Member { permissions: Permissions::all(), roles: Vec::new() })]);
    let guild = Guild {
        id,
        name: name.to_owned(),
        owner,
        system_channel: None,
        locale: "en-US".to_owned(),
        members,
        roles: BTreeMap::new(),
        unavailable: false,
    };
    state.guilds.insert(id, guild);
    id
}

/// Tells connected bots of a guild.
fn announce(state: &mut State, id: GuildId) {
    if state.gateway.sessions.is_empty() {
        return;
    }
    let data = payload::guild_create(state, id);
    state.gateway.dispatch(Some(id), GUILDS, "GUILD_CREATE", &data);
}
