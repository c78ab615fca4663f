//! The door by itself, without a connection: what arrives goes in, the body of the answer comes out. For what is tried by the
//! thousand.

use std::collections::BTreeSet;

use patella::{
    discord::{door::Door, from_discord, to_discord},
    limits,
};
use serde_json::{Value, json};

use super::*;
use crate::stand_in::rules::{self, Use};

pub const MEMBER: u64 = 5;
pub const BOT: u64 = 3;

pub fn door_of(app: Arc<App>) -> Door {
    let clubs = Arc::new(Clubs::new(None, app.defaults().clone()));
    Door::new(app, clubs, "token", Duration::ZERO, today)
}

pub fn interaction(kind: u8, data: Value, ephemeral: bool) -> Value {
    json!({
        "id": "1", "token": "t", "type": kind, "guild_id": "7", "context": 0, "data": data,
        "member": { "user": { "id": MEMBER.to_string() }, "permissions": "32" },
        "message": { "id": "9", "flags": if ephemeral { 64 } else { 0 } },
    })
}

/// The body of the response to an interaction.
pub async fn respond(door: &Door, interaction: Value) -> Value {
    door.respond(&from_discord::interaction(interaction).expect("it can be answered")).await.body
}

pub async fn slash(door: &Door, name: &str, options: &[(&str, Value)]) -> Value {
    let options: Vec<Value> = options.iter().map(|(name, value)| json!({ "name": name, "type": 3, "value": value })).collect();
    respond(door, interaction(2, json!({ "name": name, "type": 1, "options": options }), false)).await
}

/// A message that arrives in a channel or directly.
pub fn message(text: &str, direct: bool) -> Value {
    let mut value = json!({
        "id": "11", "channel_id": "8", "type": 0, "content": text, "author": { "id": MEMBER.to_string() },
        "mentions": [{ "id": BOT.to_string() }],
    });
    if !direct {
        value["guild_id"] = json!("7");
    }
    value
}

pub fn hear(door: &Door, text: &str, direct: bool) -> Value {
    let said = from_discord::message(message(text, direct), BOT).expect("it is for the bot");
    door.hear(&said).expect("it is answered").message.to_json()
}

/// All buttons and menus of a message.
pub fn parts(data: &Value) -> impl Iterator<Item = &Value> {
    data["components"].as_array().into_iter().flatten().flat_map(|row| row["components"].as_array().into_iter().flatten())
}

/// What is wrong with a message by Discord's rules and by the limits that this program names.
pub fn faults(data: &Value) -> Vec<String> {
    let mut faults: Vec<String> =
        rules::message(data, Use::Respond, 0, &BTreeSet::new()).iter().map(|b| format!("{}: {}", b.rule, b.excerpt)).collect();
    let mut over = |what: &str, value: &Value, most: usize| {
        let length = value.as_str().map_or(0, to_discord::units);
        if length > most {
            faults.push(format!("{what}: {length} characters"));
        }
        length
    };
    over("content", &data["content"], limits::MESSAGE_CONTENT);
    let mut total = 0;
    for embed in data["embeds"].as_array().into_iter().flatten() {
        total += over("title", &embed["title"], limits::EMBED_TITLE);
        total += over("description", &embed["description"], limits::EMBED_DESCRIPTION);
        total += over("footer", &embed["footer"]["text"], limits::EMBED_FOOTER);
    }
    for part in parts(data) {
        over("custom_id", &part["custom_id"], limits::CUSTOM_ID);
        over("label", &part["label"], limits::BUTTON_LABEL);
    }
    if total > limits::EMBEDS_TOTAL {
        faults.push(format!("embeds: {total} characters"));
    }
    if data["allowed_mentions"] != json!({ "parse": [] }) {
        faults.push(format!("allowed_mentions: {}", data["allowed_mentions"]));
    }
    faults
}
