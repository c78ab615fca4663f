//! Follow-ups, and later changes of answers.

use axum::http::Method;
use serde_json::{Value, json};
use serenity::model::id::{InteractionId, MessageId};

use super::{super::rules, Answer, Body, check, interactions::given, route::Route};
use crate::stand_in::{
    payload,
    rules::{Broken, Use},
    state::{Message, State, TOKEN_LIFE},
};

/// Follow-ups where the app is installed to the user only.
const USER_INSTALL_FOLLOW_UPS: usize = 5;

/// The answered interaction of a token.
fn interaction(state: &State, route: &Route) -> Result<InteractionId, Answer> {
    let found = state.tokens.get(route.part(2)).filter(|_| route.id(1) == state.application.get());
    let interaction = found.and_then(|id| state.interactions.get(id));
    let Some(interaction) = interaction else { return Err(Answer::refusal(404, 10_015, "Unknown Webhook")) };
    if state.now().saturating_sub(interaction.at) > TOKEN_LIFE.as_millis() as u64 {
        return Err(Answer::refusal(401, 50_027, "Invalid Webhook Token"));
    }
    if interaction.answered.is_none() {
        return Err(Answer::refusal(404, 10_015, "Unknown Webhook"));
    }
    Ok(interaction.id)
}

/// POST: a follow-up. The first after a deferred answer takes its place, and its visibility.
pub fn execute(state: &mut State, route: &Route, body: &Body) -> Answer {
    let id = match interaction(state, route) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let broken = rules::message(&body.json, Use::Respond, body.files.len(), &state.allowed_roles);
    if let Err(refusal) = check(state, route, "IncomingWebhookInteractionRequest", &body.json, broken) {
        return refusal;
    }
    let known = &state.interactions[&id];
    if known.user_install && known.follow_ups.len() >= USER_INSTALL_FOLLOW_UPS {
        return Answer::refusal(400, 40_094, "This interaction has reached the maximum number of follow-up messages");
    }
    let (channel, original) = (known.channel, known.original);
    let thinking = original.filter(|id| state.messages[id].thinking);
    let message = match thinking {
        Some(message) => {
            change(state, message, &body.json, &body.files);
            message
        }
        None => {
            let mut message = state.blank_message(channel, state.bot);
            message.interaction = Some(id);
            message.reference = original;
            write(&mut message, &body.json, &body.files);
            message.flags = body.json["flags"].as_u64().unwrap_or(0);
            post(state, message)
        }
    };
    if thinking.is_none() {
        state.interactions.get_mut(&id).expect("found above").follow_ups.push(message);
    }
    Answer::ok(payload::message(state, &state.messages[&message]))
}

/// GET, PATCH, DELETE of `@original` or a follow-up.
pub fn message(state: &mut State, route: &Route, body: &Body) -> Answer {
    let id = match interaction(state, route) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let known = &state.interactions[&id];
    let wanted = match route.part(4) {
        "@original" => known.original,
        _ => Some(MessageId::new(route.id(4))).filter(|id| known.follow_ups.contains(id) || known.original == Some(*id)),
    };
    let Some(message) = wanted.filter(|id| !state.messages[id].deleted) else {
        return Answer::refusal(404, 10_008, "Unknown Message");
    };
    if route.method == Method::PATCH {
        let mut broken = rules::message(&body.json, Use::Edit, body.files.len(), &state.allowed_roles);
        broken.extend(left_empty(&state.messages[&message], body));
        if let Err(refusal) = check(state, route, "IncomingWebhookUpdateRequestPartial", &body.json, broken) {
            return refusal;
        }
        change(state, message, &body.json, &body.files);
    } else if route.method == Method::DELETE {
        delete(state, message);
        return Answer::empty();
    }
    Answer::ok(payload::message(state, &state.messages[&message]))
}

/// Does an edit take away all that a message says?
pub fn left_empty(message: &Message, body: &Body) -> Option<Broken> {
    let mut after = message.clone();
    write(&mut after, &body.json, &body.files);
    let says = !after.content.is_empty() || ![&after.embeds, &after.components, &after.attachments].iter().all(|l| l.is_empty());
    (!says).then(|| Broken::outright("empty message", &body.json))
}

/// Puts the parts of a body that are given into a message. Flags are the caller's: an edit may not change who sees it.
pub fn write(message: &mut Message, body: &Value, files: &[String]) {
    message.raw = body.clone();
    if let Some(content) = body.get("content") {
        message.content = content.as_str().unwrap_or_default().to_owned();
    }
    for (key, place) in [("embeds", &mut message.embeds), ("components", &mut message.components)] {
        if let Some(list) = body.get(key) {
            *place = list.as_array().cloned().unwrap_or_default();
        }
    }
    if !files.is_empty() || body.get("attachments").is_some() {
        let described = |at: usize| {
            let all = body["attachments"].as_array().into_iter().flatten();
            all.into_iter().find(|a| a["id"] == json!(at) || a["id"] == json!(at.to_string())).map(|a| a["description"].clone())
        };
        let stored = files.iter().enumerate().map(|(at, name)| {
            json!({
                "id": (message.id.get() + at as u64 + 1).to_string(), "filename": name, "size": 1, "content_type": "image/png",
                "url": format!("https://cdn.example/{name}"), "proxy_url": format!("https://media.example/{name}"),
                "description": described(at),
            })
        });
        message.attachments = stored.collect();
    }
}

/// Stores a new message and tells everyone who may see it.
pub fn post(state: &mut State, message: Message) -> MessageId {
    let id = message.id;
    state.messages.insert(id, message);
    announce(state, id, "MESSAGE_CREATE");
    id
}

/// Changes a message by a body.
pub fn change(state: &mut State, id: MessageId, body: &Value, files: &[String]) {
    let message = state.messages.get_mut(&id).expect("the caller found it");
    write(message, body, files);
    // Flags such as "no link previews" may change; who sees it may not.
    if let Some(flags) = given(body, "flags").and_then(Value::as_u64) {
        message.flags = flags & !64 | message.flags & 64;
    }
    message.thinking = false;
    message.edits += 1;
    announce(state, id, "MESSAGE_UPDATE");
}

/// Marks a message as deleted.
pub fn delete(state: &mut State, id: MessageId) {
    state.messages.get_mut(&id).expect("the caller found it").deleted = true;
    announce(state, id, "MESSAGE_DELETE");
}

/// Sends a message's event to the gateway, unless only one member sees it.
pub fn announce(state: &mut State, id: MessageId, event: &str) {
    const GUILD_MESSAGES: u64 = 1 << 9;
    const DIRECT_MESSAGES: u64 = 1 << 12;
    let message = &state.messages[&id];
    let guild = state.channels[&message.channel].guild;
    // The bot is not told of a place where it is not.
    if message.ephemeral() || guild.is_some_and(|guild| !state.bot_is_in(guild)) {
        return;
    }
    let data = if event == "MESSAGE_DELETE" {
        let guild = guild.map(|g| g.to_string());
        json!({"id": id.to_string(), "channel_id": message.channel.to_string(), "guild_id": guild})
    } else {
        payload::message_event(state, message)
    };
    state.gateway.dispatch(guild, if guild.is_some() { GUILD_MESSAGES } else { DIRECT_MESSAGES }, event, &data);
}
