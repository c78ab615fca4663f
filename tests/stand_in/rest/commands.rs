//! The application, its commands, its guilds.

use axum::http::Method;
use serde_json::{Value, json};

use super::{super::rules, Answer, Body, check, route::Route};
use crate::stand_in::{payload, state::State};

pub fn application(state: &State) -> Value {
    let id = state.application.to_string();
    json!({
        "id": id, "name": "Patella", "icon": null, "description": "", "bot_public": true, "bot_require_code_grant": false,
        "verify_key": state.endpoint.public_key(), "team": null, "flags": 0, "approximate_guild_count": state.guilds.len(),
        "owner": payload::user(state, state.bot), "bot": payload::user(state, state.bot), "hook": true,
        "integration_types_config": {"0": {}, "1": {}}, "redirect_uris": [], "interactions_endpoint_url": state.endpoint.url(),
    })
}

pub fn my_guilds(state: &State) -> Answer {
    let mine = state.guilds.values().filter(|guild| guild.members.contains_key(&state.bot));
    let guilds = mine.map(|guild| {
        let permissions = guild.members[&state.bot].permissions.bits().to_string();
        json!({
            "id": guild.id.to_string(), "name": guild.name, "icon": null, "banner": null, "owner": false,
            "permissions": permissions, "features": [],
        })
    });
    Answer::ok(guilds.collect())
}

pub fn serve(state: &mut State, route: &Route, body: &Body) -> Answer {
    if route.id(1) != state.application.get() {
        return Answer::refusal(404, 10_002, "Unknown Application");
    }
    if route.method == Method::GET {
        return Answer::ok(Value::Array(state.commands.clone()));
    }
    let overwrite = route.method == Method::PUT;
    let sent = if overwrite { body.json.as_array().cloned().unwrap_or_default() } else { vec![body.json.clone()] };
    let schema = if overwrite { "ApplicationCommandUpdateRequest[]" } else { "ApplicationCommandCreateRequest" };
    if let Err(refusal) = check(state, route, schema, &body.json, rules::commands(&sent)) {
        return refusal;
    }
    let same = |a: &Value, b: &Value| a["name"] == b["name"] && kind(a) == kind(b);
    let mut registered = Vec::new();
    for mut command in sent {
        let known = state.commands.iter().find(|c| same(c, &command)).map(|c| c["id"].clone());
        command["id"] = known.unwrap_or_else(|| json!(state.id().to_string()));
        command["type"] = json!(kind(&command));
        command["application_id"] = json!(state.application.to_string());
        command["version"] = json!(state.id().to_string());
        for (key, default) in [
            ("description", json!("")),
            ("default_member_permissions", Value::Null),
            ("nsfw", json!(false)),
            ("integration_types", json!([0])),
            ("contexts", Value::Null),
        ] {
            if command.get(key).is_none() {
                command[key] = default;
            }
        }
        registered.push(command);
    }
    if overwrite {
        state.commands = registered;
        return Answer::ok(Value::Array(state.commands.clone()));
    }
    let command = registered.remove(0);
    state.commands.retain(|c| !same(c, &command));
    state.commands.push(command.clone());
    Answer { status: 201, body: command }
}

/// A command's type; slash commands may leave it out.
fn kind(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}
