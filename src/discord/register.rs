//! The table of commands as Discord takes it, its registration, and the install link.

use serde_json::{Value, json};

use super::{
    from_discord::permission,
    rest::{Call, Rest, RestError},
};
use crate::{
    commands::{COMMANDS, Command, Does, Opt, Takes, Who},
    knowledge::CATEGORIES,
    schedule::{DAYS, day_name},
};

/// What the bot needs in a server, with the reason for each.
pub const PERMISSIONS: [(u64, &str, &str); 5] = [
    (permission::VIEW_CHANNEL, "View Channels", "to see the messages in which it is mentioned"),
    (permission::SEND_MESSAGES, "Send Messages", "to answer them"),
    (permission::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads", "to answer them in threads and forum posts"),
    (permission::EMBED_LINKS, "Embed Links", "without it Discord drops the body of an answer"),
    (
        permission::READ_MESSAGE_HISTORY,
        "Read Message History",
        "to reply below the message that asked, and to see whether a weekly tip is already there",
    ),
];

/// Types of commands and options, contexts and kinds of installs (interactions/application-commands).
mod kind {
    pub const SLASH: u8 = 1;
    pub const MESSAGE: u8 = 3;
    pub const SUB: u8 = 1;
    pub const TEXT: u8 = 3;
    pub const FLAG: u8 = 5;
    pub const CHANNEL: u8 = 7;
    pub const ROLE: u8 = 8;
    /// Channels of a server in which messages stand by themselves: text and announcements.
    pub const POSTING: [u8; 2] = [0, 5];
    pub const EVERY_CONTEXT: [u8; 3] = [0, 1, 2];
    pub const SERVERS: [u8; 1] = [0];
    pub const EVERY_INSTALL: [u8; 2] = [0, 1];
}

/// Exactly what is registered with Discord.
pub fn registration() -> Value {
    COMMANDS.iter().map(command).collect()
}

fn command(command: &Command) -> Value {
    let everywhere = command.who == Who::All;
    let mut value = json!({
        "name": command.name,
        "type": if matches!(command.does, Does::Message(_)) { kind::MESSAGE } else { kind::SLASH },
        "contexts": if everywhere { &kind::EVERY_CONTEXT[..] } else { &kind::SERVERS },
        "integration_types": if everywhere { &kind::EVERY_INSTALL[..] } else { &kind::SERVERS },
    });
    match &command.does {
        Does::One(_, options) => value["options"] = options.iter().map(option).collect(),
        Does::Group(subs) => {
            let sub = |s: &crate::commands::Sub| {
                let options: Value = s.options.iter().map(option).collect();
                json!({ "type": kind::SUB, "name": s.name, "description": s.description, "options": options })
            };
            value["options"] = subs.iter().map(sub).collect();
        }
        Does::Message(_) => {}
    }
    if !command.description.is_empty() {
        value["description"] = json!(command.description);
    }
    if command.who == Who::ManageServer {
        value["default_member_permissions"] = json!(permission::MANAGE_GUILD.to_string());
    }
    value
}

fn option(option: &Opt) -> Value {
    let mut value = json!({
        "type": match option.takes {
            Takes::Flag => kind::FLAG,
            Takes::Channel => kind::CHANNEL,
            Takes::Role => kind::ROLE,
            _ => kind::TEXT,
        },
        "name": option.name,
        "description": option.description,
        "required": option.required,
    });
    let choices = |names: &[&str]| names.iter().map(|n| json!({ "name": n, "value": n })).collect::<Value>();
    match option.takes {
        Takes::Text(max) => value["max_length"] = json!(max),
        Takes::Flag | Takes::Role => {}
        Takes::Channel => value["channel_types"] = json!(kind::POSTING),
        Takes::Day => value["choices"] = choices(&DAYS.map(day_name)),
        Takes::Visible => value["choices"] = choices(&["me", "everyone"]),
        Takes::Category => value["choices"] = choices(&CATEGORIES),
        Takes::Topic | Takes::Region | Takes::Clinic | Takes::Zone | Takes::Tip | Takes::Week => {
            value["autocomplete"] = json!(true)
        }
    }
    value
}

/// Registers the table if Discord has another one; returns whether it had. Writing less often matters: 200 new commands a day is
/// all that Discord takes.
///
/// # Errors
/// Where Discord cannot be reached or refuses.
pub async fn register(rest: &Rest, application: &str) -> Result<bool, RestError> {
    let path = format!("/applications/{application}/commands");
    if is_registered(&rest.send(Call::get(&path)).await?) {
        return Ok(false);
    }
    rest.send(Call::put(path, registration())).await?;
    Ok(true)
}

/// Whether what Discord has is the table.
pub fn is_registered(there: &Value) -> bool {
    same(&registration(), there)
}

/// Whether what Discord has is what is wanted: it holds every wanted command with every wanted key, and no other command.
/// Discord adds keys of its own (ids, versions, nulls) and leaves out those that have their default.
fn same(wanted: &Value, there: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (wanted, there) = (list(wanted), list(there));
    let key = |c: &Value| (c["type"].clone(), c["name"].clone());
    wanted.len() == there.len() && wanted.iter().all(|w| there.iter().any(|t| key(t) == key(w) && holds(w, t)))
}

fn holds(wanted: &Value, there: &Value) -> bool {
    match (wanted, there) {
        (Value::Object(w), Value::Object(t)) => w.iter().all(|(key, value)| match t.get(key) {
            Some(found) => holds(value, found),
            None => value == &json!(false) || value == &json!([]),
        }),
        (Value::Array(w), Value::Array(t)) => w.len() == t.len() && w.iter().zip(t).all(|(w, t)| holds(w, t)),
        (w, t) => w == t,
    }
}

/// The link that installs the bot, with the least permissions.
pub fn install_link(application: &str) -> String {
    let permissions = PERMISSIONS.iter().fold(0, |bits, (bit, ..)| bits | bit);
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot+applications.commands&permissions={permissions}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_discord_adds_is_no_difference_and_a_changed_word_is() {
        let wanted = registration();
        let mut there = wanted.clone();
        for command in there.as_array_mut().expect("a list") {
            command["id"] = json!("1");
            command["name_localizations"] = Value::Null;
            command.as_object_mut().expect("an object").retain(|key, value| key != "options" || value != &json!([]));
        }
        assert!(same(&wanted, &there));
        there[0]["description"] = json!("another");
        assert!(!same(&wanted, &there));
        assert!(!same(&wanted, &json!([])));
    }

    #[test]
    fn the_link_asks_for_the_least() {
        let link = "https://discord.com/oauth2/authorize?client_id=1&scope=bot+applications.commands&permissions=274877991936";
        assert_eq!(install_link("1"), link);
    }
}
