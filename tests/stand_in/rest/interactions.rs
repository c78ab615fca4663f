//! First responses.

use axum::http::Method;
use serde_json::{Value, json};
use serenity::model::id::InteractionId;

use super::{
    super::rules,
    Answer, Body, check,
    route::{self, Route},
    webhooks,
};
use crate::stand_in::{
    payload,
    rules::{Broken, Use},
    state::{FIRST_RESPONSE, State},
};

const REPLY: u64 = 4;
const DEFER: u64 = 5;
const DEFER_UPDATE: u64 = 6;
const UPDATE: u64 = 7;
const CHOICES: u64 = 8;
const MODAL: u64 = 9;

/// Serves the callback of an interaction.
pub fn callback(state: &mut State, route: &Route, query: &str, body: &Body) -> Answer {
    let id = InteractionId::new(route.id(1));
    let now = state.now();
    let Some(interaction) = state.interactions.get_mut(&id).filter(|i| i.token == route.part(2)) else {
        return Answer::refusal(404, 10_062, "Unknown interaction");
    };
    interaction.callbacks += 1;
    if interaction.answered.is_some() {
        return Answer::refusal(400, 40_060, "Interaction has already been acknowledged.");
    }
    if now.saturating_sub(interaction.at) > FIRST_RESPONSE.as_millis() as u64 {
        return Answer::refusal(404, 10_062, "Unknown interaction");
    }
    let asked = interaction.kind;
    if let Err(refusal) = accept(state, route, asked, body) {
        return refusal;
    }
    let kind = body.json["type"].as_u64().expect("accepted above");
    let message = apply(state, id, kind, body);
    let interaction = state.interactions.get_mut(&id).expect("found above");
    interaction.answered = Some(u8::try_from(kind).expect("accepted above"));
    interaction.took = Some(interaction.began.elapsed());
    interaction.callback = body.json.clone();
    interaction.original = message;
    if !query.split('&').any(|pair| pair == "with_response=true") {
        return Answer::empty();
    }
    let mut said = json!({"interaction": {"id": id.to_string(), "type": asked}});
    if let Some(message) = message.map(|id| &state.messages[&id]) {
        said["interaction"]["response_message_id"] = json!(message.id.to_string());
        said["interaction"]["response_message_loading"] = json!(message.thinking);
        said["interaction"]["response_message_ephemeral"] = json!(message.ephemeral());
        said["resource"] = json!({"type": kind, "message": payload::message(state, message)});
    }
    Answer::ok(said)
}

/// Takes the answer to a request that brought an interaction: the same first response, by the same rules.
pub fn posted(state: &mut State, id: InteractionId, answer: Value) {
    let path = format!("/api/v10/interactions/{id}/{}/callback", state.interactions[&id].token);
    let route = route::find(&Method::POST, &path).expect("a route of the stand-in");
    let taken = callback(state, &route, "", &Body { json: answer, files: Vec::new() });
    state.tell(format!("the answer to a posted interaction -> {}", taken.status));
}

/// Is this type allowed for what was done, and is the body right?
fn accept(state: &mut State, route: &Route, asked: u8, body: &Body) -> Result<(), Answer> {
    let (kind, data) = (body.json["type"].as_u64().unwrap_or(0), &body.json["data"]);
    let mut broken = Vec::new();
    let fits = match kind {
        REPLY | DEFER => asked != 4,
        DEFER_UPDATE | UPDATE => asked == 3 || asked == 5,
        CHOICES => asked == 4,
        MODAL => asked == 2 || asked == 3,
        // A PONG answers PINGs, which nobody waits for as for a first response.
        _ => false,
    };
    if !fits {
        broken.push(Broken::outright("callback type does not fit", format!("type {kind} for an interaction of type {asked}")));
    }
    for key in body.json.as_object().into_iter().flat_map(|o| o.keys()).filter(|key| !["type", "data"].contains(&key.as_str())) {
        broken.push(Broken { rule: "unknown field", excerpt: format!("the callback has `{key}`"), refused: false });
    }
    let roles = &state.allowed_roles;
    let schema = match kind {
        REPLY => {
            broken.extend(rules::message(data, Use::Respond, body.files.len(), roles));
            "CreateMessageInteractionCallbackRequest"
        }
        DEFER => {
            if !data.is_null() {
                broken.extend(rules::message(data, Use::Defer, 0, roles));
            }
            "CreateMessageInteractionCallbackRequest"
        }
        UPDATE => {
            broken.extend(rules::message(data, Use::Edit, body.files.len(), roles));
            "UpdateMessageInteractionCallbackRequest"
        }
        CHOICES => {
            broken.extend(rules::choices(data));
            "ApplicationCommandAutocompleteCallbackRequest"
        }
        MODAL => {
            broken.extend(rules::modal(data));
            "ModalInteractionCallbackRequest"
        }
        _ => "UpdateMessageInteractionCallbackRequest",
    };
    check(state, route, schema, &body.json, broken)
}

/// Makes or changes the message; gives its id.
fn apply(state: &mut State, id: InteractionId, kind: u64, body: &Body) -> Option<serenity::model::id::MessageId> {
    let interaction = &state.interactions[&id];
    let (channel, source) = (interaction.channel, interaction.source);
    match kind {
        REPLY | DEFER => {
            let mut message = state.blank_message(channel, state.bot);
            message.interaction = Some(id);
            let flags = body.json["data"]["flags"].as_u64().unwrap_or(0);
            if kind == REPLY {
                webhooks::write(&mut message, &body.json["data"], &body.files);
            }
            message.flags = flags;
            message.thinking = kind == DEFER;
            Some(webhooks::post(state, message))
        }
        UPDATE => {
            let source = source?;
            webhooks::change(state, source, &body.json["data"], &body.files);
            Some(source)
        }
        DEFER_UPDATE => source,
        _ => None,
    }
}

impl Broken {
    /// A rule whose breach Discord refuses.
    pub fn outright(rule: &'static str, excerpt: impl ToString) -> Self {
        Self { rule, excerpt: excerpt.to_string(), refused: true }
    }
}

/// Is there something that is not null under this key?
pub fn given<'a>(body: &'a Value, key: &str) -> Option<&'a Value> {
    body.get(key).filter(|value| !value.is_null())
}
