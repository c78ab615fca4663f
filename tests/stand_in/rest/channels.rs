//! Channels and the messages in them.

use axum::http::Method;
use serde_json::{Value, json};
use serenity::model::{
    Permissions,
    id::{ChannelId, MessageId, UserId},
};

use super::{
    super::rules,
    Answer, Body, check,
    interactions::given,
    route::Route,
    webhooks::{change, delete, left_empty, post, write},
};
use crate::stand_in::{
    payload,
    rules::Use,
    state::{Message, NONCE_LIFE, State},
};

/// POST /users/@me/channels
pub fn open(state: &mut State, route: &Route, body: &Body) -> Answer {
    if let Err(refusal) = check(state, route, "CreatePrivateChannelRequest", &body.json, Vec::new()) {
        return refusal;
    }
    let user = body.json["recipient_id"].as_str().and_then(|id| id.parse::<UserId>().ok());
    match user.filter(|user| state.users.contains_key(user)) {
        Some(user) => {
            let channel = state.dm_channel(user);
            Answer::ok(payload::private_channel(state, channel))
        }
        None => Answer::refusal(400, 50_033, "Invalid Recipient(s)"),
    }
}

/// GET /channels/{id}
pub fn get(state: &State, id: u64) -> Answer {
    let id = ChannelId::new(id);
    match visible(state, id) {
        Err(refusal) => refusal,
        Ok(()) if state.channels[&id].guild.is_none() => Answer::ok(payload::private_channel(state, id)),
        Ok(()) => Answer::ok(payload::channel(state, &state.channels[&id])),
    }
}

/// Does the bot see this channel?
fn visible(state: &State, id: ChannelId) -> Result<(), Answer> {
    let Some(channel) = state.channels.get(&id) else { return Err(Answer::refusal(404, 10_003, "Unknown Channel")) };
    if channel.guild.is_some_and(|guild| !state.bot_is_in(guild)) || !bot_may(state, id, Permissions::VIEW_CHANNEL) {
        return Err(Answer::refusal(403, 50_001, "Missing Access"));
    }
    Ok(())
}

fn bot_may(state: &State, channel: ChannelId, what: Permissions) -> bool {
    state.permissions(state.bot, channel).contains(what)
}

/// GET and POST /channels/{id}/messages
pub fn messages(state: &mut State, route: &Route, query: &str, body: &Body) -> Answer {
    let channel = ChannelId::new(route.id(1));
    if let Err(refusal) = visible(state, channel) {
        return refusal;
    }
    if route.method == Method::POST {
        return create(state, route, channel, body).unwrap_or_else(|refusal| refusal);
    }
    if !bot_may(state, channel, Permissions::READ_MESSAGE_HISTORY) {
        return Answer::ok(json!([]));
    }
    let given = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok());
    let most = given("limit").map_or(50, |limit| limit as usize);
    let here = state.messages.values().filter(|m| m.channel == channel && !m.deleted && !m.ephemeral());
    // The newest first; those right after a message are the oldest of what follows it.
    let chosen: Vec<&Message> = match given("after") {
        Some(after) => here.filter(|m| m.id.get() > after).take(most).collect::<Vec<_>>().into_iter().rev().collect(),
        None => here.rev().take(most).collect(),
    };
    Answer::ok(chosen.into_iter().map(|m| as_read(state, m)).collect())
}

/// A message as the bot reads it by REST: without its text where it lacks the privileged intent.
fn as_read(state: &State, message: &Message) -> Value {
    let mut value = payload::message(state, message);
    if !payload::content_is_for_bot(state, message) {
        value["content"] = json!("");
        for list in ["embeds", "components", "attachments"] {
            value[list] = json!([]);
        }
    }
    value
}

fn create(state: &mut State, route: &Route, channel: ChannelId, body: &Body) -> Result<Answer, Answer> {
    let denied = || Answer::refusal(403, 50_013, "Missing Permissions");
    if !bot_may(state, channel, Permissions::SEND_MESSAGES) {
        return Err(denied());
    }
    let place = &state.channels[&channel];
    if place.kind == 1 && place.people.iter().any(|person| state.users[person].refuses_dm) {
        return Err(Answer::refusal(403, 50_007, "Cannot send messages to this user"));
    }
    let broken = rules::message(&body.json, Use::Create, body.files.len(), &state.allowed_roles);
    check(state, route, "MessageCreateRequest", &body.json, broken)?;
    if !body.files.is_empty() && !bot_may(state, channel, Permissions::ATTACH_FILES) {
        return Err(denied());
    }
    let reference = given(&body.json, "message_reference").map(|r| r["message_id"].as_str().and_then(|id| id.parse().ok()));
    let reference = match reference {
        None => None,
        Some(_) if !bot_may(state, channel, Permissions::READ_MESSAGE_HISTORY) => {
            return Err(Answer::refusal(403, 160_002, "Cannot reply without permission to read message history"));
        }
        Some(id) => {
            let found = id.filter(|id| state.messages.get(id).is_some_and(|m| m.channel == channel && !m.deleted));
            let must_exist = body.json["message_reference"]["fail_if_not_exists"] != json!(false);
            if found.is_none() && must_exist {
                return Err(Answer::refusal(400, 50_035, "Invalid Form Body: Unknown message"));
            }
            found
        }
    };
    let nonce = given(&body.json, "nonce").cloned();
    if body.json["enforce_nonce"] == json!(true)
        && let Some(first) = nonce.as_ref().and_then(|nonce| same_nonce(state, channel, nonce))
    {
        return Ok(Answer::ok(payload::message(state, first)));
    }
    let mut message = state.blank_message(channel, state.bot);
    write(&mut message, &body.json, &body.files);
    message.flags = body.json["flags"].as_u64().unwrap_or(0) & !64;
    (message.reference, message.nonce) = (reference, nonce);
    if !bot_may(state, channel, Permissions::EMBED_LINKS) {
        message.embeds.clear();
        if message.content.is_empty() && message.components.is_empty() && message.attachments.is_empty() {
            return Err(Answer::refusal(400, 50_006, "Cannot send an empty message"));
        }
    }
    let id = post(state, message);
    Ok(Answer::ok(payload::message(state, &state.messages[&id])))
}

/// The bot's message of the last minutes with this nonce.
fn same_nonce<'a>(state: &'a State, channel: ChannelId, nonce: &Value) -> Option<&'a Message> {
    let oldest = state.now().saturating_sub(NONCE_LIFE.as_millis() as u64);
    let recent = state.messages.values().rev().take_while(|m| m.at >= oldest);
    recent.into_iter().find(|m| m.author == state.bot && m.channel == channel && m.nonce.as_ref() == Some(nonce))
}

/// GET, PATCH and DELETE /channels/{id}/messages/{id}
pub fn message(state: &mut State, route: &Route, body: &Body) -> Answer {
    let (channel, id) = (ChannelId::new(route.id(1)), MessageId::new(route.id(3)));
    if let Err(refusal) = visible(state, channel) {
        return refusal;
    }
    let found = state.messages.get(&id).filter(|m| m.channel == channel && !m.deleted && !m.ephemeral());
    let Some(message) = found else { return Answer::refusal(404, 10_008, "Unknown Message") };
    let own = message.author == state.bot;
    if route.method == Method::GET {
        if !bot_may(state, channel, Permissions::READ_MESSAGE_HISTORY) {
            return Answer::refusal(403, 50_013, "Missing Permissions");
        }
        return Answer::ok(as_read(state, message));
    }
    if route.method == Method::DELETE {
        if !own && !bot_may(state, channel, Permissions::MANAGE_MESSAGES) {
            return Answer::refusal(403, 50_013, "Missing Permissions");
        }
        delete(state, id);
        return Answer::empty();
    }
    if !own {
        return Answer::refusal(403, 50_005, "Cannot edit a message authored by another user");
    }
    let mut broken = rules::message(&body.json, Use::Edit, body.files.len(), &state.allowed_roles);
    broken.extend(left_empty(message, body));
    if let Err(refusal) = check(state, route, "MessageEditRequestPartial", &body.json, broken) {
        return refusal;
    }
    change(state, id, &body.json, &body.files);
    Answer::ok(payload::message(state, &state.messages[&id]))
}
