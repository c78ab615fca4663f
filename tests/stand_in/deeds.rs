//! What members do: commands, buttons, menus, forms, messages.

use serde_json::{Map, Value, json};
use serenity::model::id::{ChannelId, InteractionId, MessageId, UserId};

use super::{
    Seen, StandIn, payload,
    rest::{announce, post},
    sessions::scrambled,
    state::{Interaction, State},
};

/// A text option's type, and others that JSON tells by itself.
const TEXT: u64 = 3;

impl StandIn {
    /// Someone uses a slash command. `command`: its name, with subcommands behind spaces (`club clinic-add`). `options`: an
    /// object of names and values. Where commands are registered, it must be one of them, with options that it has.
    pub async fn slash(&self, who: UserId, channel: ChannelId, command: &str, options: Value) -> InteractionId {
        self.change(|state| {
            let data = command_data(state, command, &options, None);
            dispatch(state, 2, who, channel, command, data, None)
        })
    }

    /// Someone types into an option; Discord asks the bot for suggestions.
    pub async fn autocomplete(&self, who: UserId, channel: ChannelId, command: &str, option: &str, typed: &str) -> InteractionId {
        self.autocomplete_with(who, channel, command, option, typed, json!({})).await
    }

    /// The same, where other options are filled in already.
    pub async fn autocomplete_with(
        &self,
        who: UserId,
        channel: ChannelId,
        command: &str,
        option: &str,
        typed: &str,
        others: Value,
    ) -> InteractionId {
        self.change(|state| {
            let mut options = others;
            options[option] = json!(typed);
            let data = command_data(state, command, &options, Some(option));
            dispatch(state, 4, who, channel, command, data, None)
        })
    }

    /// Someone uses a message command on a message.
    pub async fn message_command(&self, who: UserId, channel: ChannelId, name: &str, on: MessageId) -> InteractionId {
        self.change(|state| {
            let id = registered(state, name, 3).map_or_else(|| state.application.to_string(), text_of("id"));
            let target = payload::message(state, &state.messages[&on]);
            let mut messages = Map::new();
            messages.insert(on.to_string(), target);
            let resolved = json!({"messages": messages});
            let data = json!({"id": id, "name": name, "type": 3, "target_id": on.to_string(), "resolved": resolved});
            dispatch(state, 2, who, channel, name, data, None)
        })
    }

    /// Someone presses the button with this label. Panics where it cannot be pressed.
    pub async fn press(&self, who: UserId, seen: &Seen, label: &str) -> InteractionId {
        let button = seen.button(label);
        assert!(button["disabled"] != true, "the button {label:?} is gray on\n{seen}");
        let id = button["custom_id"].as_str().unwrap_or_else(|| panic!("{label:?} is a link on\n{seen}")).to_owned();
        self.press_id(who, seen, &id).await
    }

    /// Someone presses a button by its `custom_id`, whether the message has it or not: buttons of other versions.
    pub async fn press_id(&self, who: UserId, seen: &Seen, custom_id: &str) -> InteractionId {
        let data = json!({"component_type": 2, "custom_id": custom_id, "id": 2});
        self.use_component(who, seen, data)
    }

    /// Someone chooses the option with this value in the menu that has it.
    pub async fn choose(&self, who: UserId, seen: &Seen, value: &str) -> InteractionId {
        let menu = seen.menu(value);
        let data = json!({"component_type": 3, "custom_id": menu["custom_id"], "values": [value], "id": 2});
        self.use_component(who, seen, data)
    }

    fn use_component(&self, who: UserId, seen: &Seen, data: Value) -> InteractionId {
        let message = seen.message.expect("components stand on a message");
        self.change(|state| dispatch(state, 3, who, seen.channel, "a component", data, Some(message)))
    }

    /// Someone sends a form. `values`: text by `custom_id` of each input.
    pub async fn submit(&self, who: UserId, form: &Seen, values: &[(&str, &str)]) -> InteractionId {
        let inputs = form.parts().map(|input| {
            let id = input["custom_id"].as_str().unwrap_or_default();
            let value = values.iter().find(|(name, _)| *name == id).map_or("", |(_, value)| value);
            json!({"type": 1, "components": [{"type": 4, "custom_id": id, "value": value}]})
        });
        let data = json!({"custom_id": form.raw["data"]["custom_id"], "components": inputs.collect::<Vec<_>>()});
        self.change(|state| {
            let source = form.interaction.and_then(|id| state.interactions[&id].source);
            dispatch(state, 5, who, form.channel, "a form", data, source)
        })
    }

    /// Someone writes in a channel. `<@bot>` becomes a mention of the bot; all else comes back exactly.
    pub async fn say(&self, who: UserId, channel: ChannelId, text: &str) -> MessageId {
        self.change(|state| write(state, who, channel, text, None))
    }

    /// Someone answers a message.
    pub async fn reply(&self, who: UserId, channel: ChannelId, text: &str, to: MessageId) -> MessageId {
        self.change(|state| write(state, who, channel, text, Some(to)))
    }

    /// Someone writes to the bot directly.
    pub async fn dm(&self, who: UserId, text: &str) -> MessageId {
        self.change(|state| {
            let channel = state.dm_channel(who);
            write(state, who, channel, text, None)
        })
    }

    /// Someone edits their message.
    pub async fn edit(&self, message: MessageId, text: &str) {
        self.change(|state| {
            let written = state.messages.get_mut(&message).expect("the test wrote it");
            written.content = text.replace("<@bot>", &format!("<@{}>", state.bot));
            written.edits += 1;
            announce(state, message, "MESSAGE_UPDATE");
        });
    }
}

fn write(state: &mut State, who: UserId, channel: ChannelId, text: &str, reference: Option<MessageId>) -> MessageId {
    let mut message = state.blank_message(channel, who);
    message.content = text.replace("<@bot>", &format!("<@{}>", state.bot));
    message.reference = reference;
    post(state, message)
}

/// Makes an interaction and sends it to the bot.
pub(super) fn dispatch(
    state: &mut State,
    kind: u8,
    who: UserId,
    channel: ChannelId,
    name: &str,
    data: Value,
    source: Option<MessageId>,
) -> InteractionId {
    let id = InteractionId::new(state.id());
    let token = format!("aW50ZXJhY3Rpb246{}", scrambled(id.get()));
    let guild = state.guild_of(channel);
    let bot_is_there = guild.map_or(state.channels[&channel].kind == 1, |g| g.members.contains_key(&state.bot));
    let interaction = Interaction {
        id,
        token: token.clone(),
        kind,
        user: who,
        channel,
        at: state.now(),
        began: std::time::Instant::now(),
        took: None,
        name: name.to_owned(),
        answered: None,
        callbacks: 0,
        callback: Value::Null,
        original: None,
        follow_ups: Vec::new(),
        source,
        user_install: !bot_is_there,
    };
    let guild = guild.map(|guild| guild.id);
    let payload = payload::interaction(state, &interaction, data, source.map(|id| &state.messages[&id]));
    state.interactions.insert(id, interaction);
    state.tokens.insert(token, id);
    if state.endpoint.is_set() {
        // Discord sends an interaction one way or the other, never both.
        state.endpoint.send(id, payload);
        state.tell(format!("interaction {name} posted"));
    } else {
        let heard = state.gateway.dispatch(guild, 0, "INTERACTION_CREATE", &payload);
        state.tell(format!("INTERACTION_CREATE {name} to {heard} sessions"));
    }
    id
}

fn text_of(key: &'static str) -> impl Fn(Value) -> String {
    move |value| value[key].as_str().unwrap_or_default().to_owned()
}

/// The registered command of this name and type; none where nothing is registered. Panics where others are.
fn registered(state: &State, name: &str, kind: u64) -> Option<Value> {
    if state.commands.is_empty() {
        return None;
    }
    let found = state.commands.iter().find(|c| c["name"] == name && c["type"] == kind);
    let names = || state.commands.iter().map(|c| c["name"].to_string()).collect::<Vec<_>>().join(", ");
    Some(found.unwrap_or_else(|| panic!("{name} is not registered, but {}", names())).clone())
}

/// The `data` of a slash command or of its autocomplete. `focused`: the option being typed.
fn command_data(state: &State, path: &str, options: &Value, focused: Option<&str>) -> Value {
    let mut words = path.split(' ');
    let name = words.next().expect("split gives one part at least");
    let command = registered(state, name, 1);
    let id = command.clone().map_or_else(|| state.application.to_string(), text_of("id"));
    let words: Vec<&str> = words.collect();
    // Down the path of subcommands, keeping each one's type.
    let mut place = command;
    let mut kinds = Vec::new();
    for (at, word) in words.iter().enumerate() {
        place = place.map(|here| option_of(&here, word, path));
        let guess = if at + 1 == words.len() { 1 } else { 2 };
        kinds.push(place.as_ref().and_then(|p| p["type"].as_u64()).unwrap_or(guess));
    }
    let mut resolved = json!({});
    let mut inner = Vec::new();
    for (key, value) in options.as_object().into_iter().flatten() {
        let kind = place
            .as_ref()
            .map_or_else(|| guess(value), |here| option_of(here, key, path)["type"].as_u64().expect("options have types"));
        let mut option = json!({"name": key, "type": kind, "value": value});
        if focused == Some(key) {
            option["focused"] = json!(true);
        }
        resolve(state, &mut resolved, kind, value);
        inner.push(option);
    }
    if let Some(here) = place.filter(|_| focused.is_none()) {
        for option in here["options"].as_array().into_iter().flatten().filter(|o| o["required"] == true) {
            let name = option["name"].as_str().unwrap_or_default();
            assert!(options.get(name).is_some(), "Discord would not send /{path} without {name}");
        }
    }
    for (word, kind) in words.iter().zip(kinds).rev() {
        inner = vec![json!({"name": word, "type": kind, "options": inner})];
    }
    let mut data = json!({"id": id, "name": name, "type": 1, "options": inner});
    if resolved != json!({}) {
        data["resolved"] = resolved;
    }
    data
}

fn option_of(place: &Value, name: &str, path: &str) -> Value {
    let found = place["options"].as_array().into_iter().flatten().find(|o| o["name"] == name);
    found.unwrap_or_else(|| panic!("/{path} has no option or subcommand {name}")).clone()
}

/// An option's type, where nothing is registered.
fn guess(value: &Value) -> u64 {
    match value {
        Value::Bool(_) => 5,
        Value::Number(number) if number.is_i64() => 4,
        Value::Number(_) => 10,
        _ => TEXT,
    }
}

/// Adds what an id stands for.
fn resolve(state: &State, resolved: &mut Value, kind: u64, value: &Value) {
    let Some(id) = value.as_str().and_then(|text| text.parse::<u64>().ok()).filter(|id| *id > 0) else { return };
    match kind {
        6 => resolved["users"][value.as_str().unwrap_or_default()] = payload::user(state, UserId::new(id)),
        7 => {
            let mut channel = payload::channel(state, &state.channels[&ChannelId::new(id)]);
            channel["permissions"] = json!(state.permissions(state.bot, ChannelId::new(id)).bits().to_string());
            resolved["channels"][value.as_str().unwrap_or_default()] = channel;
        }
        8 => {
            let guild = state.guilds.values().find(|g| g.roles.keys().any(|role| role.get() == id));
            let guild = payload::guild(state, guild.expect("a role of a guild").id);
            let role = guild["roles"].as_array().into_iter().flatten().find(|role| role["id"] == *value);
            resolved["roles"][value.as_str().unwrap_or_default()] = role.expect("found above").clone();
        }
        _ => {}
    }
}
