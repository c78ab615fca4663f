//! What Discord says about its objects, as JSON.

use serde_json::{Map, Value, json};
use serenity::model::{
    Permissions, Timestamp,
    id::{ChannelId, GuildId, UserId},
};

use super::state::{Channel, Guild, Interaction, Message, State};

/// Bytes that a member may upload with a command (Discord's default).
const ATTACHMENT_SIZE_LIMIT: u64 = 10 * 1024 * 1024;

/// Milliseconds since 1970 as Discord writes times.
pub fn time(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1_000).expect("a time of this age");
    let whole = Timestamp::from_unix_timestamp(seconds).expect("a time of this age").to_string();
    whole.replace('Z', &format!(".{:03}000+00:00", ms % 1_000))
}

/// A user.
pub fn user(state: &State, id: UserId) -> Value {
    let user = state.users.get(&id).unwrap_or_else(|| panic!("user {id} is known"));
    json!({
        "id": id.to_string(), "username": user.name.to_lowercase().replace(' ', "_"), "global_name": user.name,
        "discriminator": "0", "avatar": null, "bot": user.bot, "public_flags": 0,
    })
}

/// Someone in a guild, without the user.
fn partial_member(guild: &Guild, id: UserId) -> Value {
    let roles: Vec<String> =
        guild.members.get(&id).map(|m| m.roles.iter().map(ToString::to_string).collect()).unwrap_or_default();
    json!({
        "roles": roles, "joined_at": "2024-03-01T08:00:00.000000+00:00", "deaf": false, "mute": false, "nick": null,
        "avatar": null, "premium_since": null, "pending": false, "flags": 0, "communication_disabled_until": null,
    })
}

/// Someone in a guild.
pub fn member(state: &State, guild: &Guild, id: UserId) -> Value {
    let mut value = partial_member(guild, id);
    value["user"] = user(state, id);
    value
}

/// A channel. What the bot may do in it is said as an overwrite of its own, which comes last and decides.
pub fn channel(state: &State, channel: &Channel) -> Value {
    let mut value = json!({"id": channel.id.to_string(), "type": channel.kind, "last_message_id": null, "flags": 0});
    if let Some(guild) = channel.guild {
        value["guild_id"] = json!(guild.to_string());
        value["name"] = json!(channel.name);
        value["position"] = json!(0);
        let may = state.permissions(state.bot, channel.id);
        value["permission_overwrites"] = json!([{
            "id": state.bot.to_string(), "type": 1, "allow": may.bits().to_string(), "deny": (!may).bits().to_string(),
        }]);
        value["parent_id"] = Value::Null;
        value["topic"] = Value::Null;
        value["nsfw"] = json!(false);
        value["rate_limit_per_user"] = json!(0);
    }
    value
}

/// A direct-message channel with its people.
pub fn private_channel(state: &State, id: ChannelId) -> Value {
    let known = &state.channels[&id];
    let mut value = channel(state, known);
    value["recipients"] = known.people.iter().map(|person| user(state, *person)).collect();
    value
}

/// A guild, as `GET /guilds/{id}` gives it.
pub fn guild(state: &State, id: GuildId) -> Value {
    let guild = &state.guilds[&id];
    let role = |id: String, name: &str, permissions: Permissions, position: u64| {
        json!({
            "id": id, "name": name, "color": 0, "hoist": false, "icon": null, "unicode_emoji": null, "managed": false,
            "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
            "position": position, "permissions": permissions.bits().to_string(), "mentionable": true, "flags": 0,
        })
    };
    let everyone = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES | Permissions::READ_MESSAGE_HISTORY;
    let mut roles = vec![role(id.to_string(), "@everyone", everyone, 0)];
    roles.extend(guild.roles.iter().map(|(id, name)| role(id.to_string(), name, Permissions::empty(), 1)));
    json!({
        "id": id.to_string(), "name": guild.name, "owner_id": guild.owner.to_string(), "icon": null, "splash": null,
        "discovery_splash": null, "banner": null, "description": null, "afk_channel_id": null, "afk_timeout": 300,
        "verification_level": 1, "default_message_notifications": 1, "explicit_content_filter": 2, "mfa_level": 0,
        "roles": roles, "emojis": [], "stickers": [], "features": [], "application_id": null,
        "system_channel_id": guild.system_channel.map(|c| c.to_string()), "system_channel_flags": 0,
        "rules_channel_id": null, "public_updates_channel_id": null, "safety_alerts_channel_id": null,
        "premium_tier": 0, "premium_subscription_count": 0, "premium_progress_bar_enabled": false,
        "preferred_locale": guild.locale, "nsfw_level": 0, "vanity_url_code": null, "max_members": 500_000,
        "max_video_channel_users": 25, "max_stage_video_channel_users": 50, "region": "us-east",
    })
}

/// A guild, as GUILD_CREATE gives it to a bot without the members intent.
pub fn guild_create(state: &State, id: GuildId) -> Value {
    guild_create_with(state, id, state.channels.values().filter(|c| c.guild == Some(id)))
}

/// The same with its channels, for who has them at hand: to look for each guild's among all takes minutes for many guilds.
pub fn guild_create_with<'a>(state: &State, id: GuildId, channels: impl Iterator<Item = &'a Channel>) -> Value {
    let mut value = guild(state, id);
    let known = &state.guilds[&id];
    let channels: Vec<Value> = channels.map(|c| channel(state, c)).collect();
    value["joined_at"] = json!("2024-03-01T08:00:00.000000+00:00");
    value["large"] = json!(false);
    value["unavailable"] = json!(false);
    value["member_count"] = json!(known.members.len());
    value["members"] = json!([member(state, known, state.bot)]);
    value["channels"] = json!(channels);
    for list in ["threads", "voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
        value[list] = json!([]);
    }
    value
}

/// The ids that a text mentions with `<` and `sign`: `<@1>` is a user, `<@&1>` a role.
fn mentioned(text: &str, sign: &str) -> Vec<u64> {
    let opened = text.split('<').skip(1);
    opened.filter_map(|rest| rest.strip_prefix(sign)?.split_once('>')?.0.parse().ok()).collect()
}

/// Does this message reach the bot with its text, although the bot may not read along?
pub fn content_is_for_bot(state: &State, message: &Message) -> bool {
    let direct = state.channels[&message.channel].guild.is_none();
    direct || message.author == state.bot || mentions_bot(state, message)
}

/// Does it mention the bot, by name or by answering it?
fn mentions_bot(state: &State, message: &Message) -> bool {
    let answers = message.reference.and_then(|id| state.messages.get(&id)).is_some_and(|m| m.author == state.bot);
    answers || mentioned(&message.content, "@").contains(&state.bot.get())
}

/// A message, as REST and interactions give it.
pub fn message(state: &State, message: &Message) -> Value {
    let known = |id: &u64| state.users.contains_key(&UserId::new(*id));
    let mut mentions: Vec<u64> = mentioned(&message.content, "@").into_iter().filter(known).collect();
    if mentions_bot(state, message) && !mentions.contains(&state.bot.get()) {
        mentions.push(state.bot.get());
    }
    let mut embeds = message.embeds.clone();
    for embed in &mut embeds {
        embed["type"] = json!("rich");
    }
    let roles: Vec<String> = mentioned(&message.content, "@&").iter().map(ToString::to_string).collect();
    let mut value = json!({
        "id": message.id.to_string(), "channel_id": message.channel.to_string(), "author": user(state, message.author),
        "content": message.content, "timestamp": time(message.at), "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": mentions.iter().map(|id| user(state, UserId::new(*id))).collect::<Vec<_>>(),
        "mention_roles": roles, "attachments": message.attachments, "embeds": embeds, "pinned": false,
        "type": if message.reference.is_some() { 19 } else { 0 }, "flags": message.flags, "components": message.components,
    });
    if message.edits > 0 {
        value["edited_timestamp"] = json!(time(message.at + 1));
    }
    if let Some(nonce) = &message.nonce {
        value["nonce"] = nonce.clone();
    }
    if let Some(id) = message.reference {
        let referenced = state.messages.get(&id);
        value["message_reference"] = json!({"type": 0, "message_id": id.to_string(), "channel_id": message.channel.to_string()});
        value["referenced_message"] = referenced.map_or(Value::Null, |m| {
            let mut inner = self::message(state, m);
            // Discord nests one level only.
            inner.as_object_mut().expect("a message is an object").remove("referenced_message");
            inner
        });
    }
    if let Some(interaction) = message.interaction.and_then(|id| state.interactions.get(&id)) {
        value["application_id"] = json!(state.application.to_string());
        value["webhook_id"] = json!(state.application.to_string());
        value["interaction_metadata"] = json!({
            "id": interaction.id.to_string(), "type": if interaction.kind == 4 { 2 } else { interaction.kind },
            "user": user(state, interaction.user), "authorizing_integration_owners": owners(state, interaction),
            "name": interaction.name, "interacted_message_id": interaction.source.unwrap_or(message.id).to_string(),
        });
    }
    value
}

/// A message, as the gateway gives it: with guild and member, and without its text where the bot may not read it.
pub fn message_event(state: &State, written: &Message) -> Value {
    let mut value = message(state, written);
    if let Some(guild) = state.guild_of(written.channel) {
        value["guild_id"] = json!(guild.id.to_string());
        value["member"] = partial_member(guild, written.author);
    }
    if !content_is_for_bot(state, written) {
        value["content"] = json!("");
        for list in ["embeds", "components", "attachments"] {
            value[list] = json!([]);
        }
    }
    value
}

/// Through whose installation an interaction came.
fn owners(state: &State, interaction: &Interaction) -> Value {
    let mut owners = Map::new();
    if interaction.user_install {
        owners.insert("1".to_owned(), json!(interaction.user.to_string()));
    } else {
        let guild = state.channels[&interaction.channel].guild;
        owners.insert("0".to_owned(), json!(guild.map_or("0".to_owned(), |g| g.to_string())));
    }
    Value::Object(owners)
}

/// An INTERACTION_CREATE.
pub fn interaction(state: &State, interaction: &Interaction, data: Value, source: Option<&Message>) -> Value {
    let place = &state.channels[&interaction.channel];
    let asker = &state.users[&interaction.user];
    let mut shown = channel(state, place);
    shown["permissions"] = json!(state.permissions(interaction.user, place.id).bits().to_string());
    let context = match place.kind {
        1 => 1,
        3 => 2,
        _ => 0,
    };
    // Where the bot is not a member, Discord gives it what everyone may do for an interaction's answer.
    let bot = if state.guild_of(place.id).is_some_and(|g| !g.members.contains_key(&state.bot)) {
        Permissions::EMBED_LINKS | Permissions::ATTACH_FILES | Permissions::MENTION_EVERYONE
    } else {
        state.permissions(state.bot, place.id)
    };
    let mut value = json!({
        "id": interaction.id.to_string(), "application_id": state.application.to_string(), "type": interaction.kind,
        "token": interaction.token, "version": 1, "data": data, "channel_id": place.id.to_string(), "channel": shown,
        "app_permissions": bot.bits().to_string(), "locale": asker.locale, "entitlements": [],
        "entitlement_sku_ids": [], "authorizing_integration_owners": owners(state, interaction), "context": context,
        "attachment_size_limit": ATTACHMENT_SIZE_LIMIT,
    });
    if let Some(guild) = place.guild.and_then(|id| state.guilds.get(&id)) {
        let mut asking = member(state, guild, asker.id);
        asking["permissions"] = json!(state.permissions(asker.id, place.id).bits().to_string());
        value["member"] = asking;
        value["guild_id"] = json!(guild.id.to_string());
        value["guild"] = json!({"id": guild.id.to_string(), "locale": guild.locale, "features": []});
        value["guild_locale"] = json!(guild.locale);
    } else {
        value["user"] = user(state, asker.id);
    }
    if let Some(source) = source {
        value["message"] = message(state, source);
    }
    value
}
