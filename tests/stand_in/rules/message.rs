//! Messages, choices of an autocomplete, modals.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use serenity::model::id::RoleId;

use super::{Broken, Findings, characters, components, list, number};

/// Where a message body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A new message in a channel.
    Create,
    /// A first response or a follow-up.
    Respond,
    /// A change of a message.
    Edit,
    /// A deferred answer: nothing but the flag for "only you see this".
    Defer,
}

const COMMON: [&str; 8] = ["content", "embeds", "components", "allowed_mentions", "flags", "attachments", "poll", "tts"];
const CREATE_ONLY: [&str; 4] = ["message_reference", "nonce", "enforce_nonce", "sticker_ids"];
const EMBED: [&str; 13] = [
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "video",
    "provider",
    "author",
    "fields",
];
/// `EPHEMERAL`, `SUPPRESS_EMBEDS`, `SUPPRESS_NOTIFICATIONS`.
const FLAGS: u64 = 1 << 6 | 1 << 2 | 1 << 12;

/// Checks a message body. `files`: uploaded beside it. `roles`: those that it may mention.
pub fn message(body: &Value, place: Use, files: usize, roles: &BTreeSet<RoleId>) -> Vec<Broken> {
    let mut findings = Findings::default();
    if !body.is_object() {
        findings.refuse("not an object", body);
        return findings.0;
    }
    if place == Use::Defer {
        for (key, value) in body.as_object().expect("seen above") {
            if key != "flags" || number(value).is_none_or(|flags| flags & !64 != 0) {
                findings.note("a deferred answer carries only its flag", format!("`{key}`"));
            }
        }
        return findings.0;
    }
    let known = if place == Use::Create { [&COMMON[..], &CREATE_ONLY[..]].concat() } else { COMMON.to_vec() };
    findings.keys("the message", body, &known);
    findings.length("content over 2,000", &body["content"], 0, 2_000);
    embeds(&mut findings, list(body, "embeds"));
    components::check(&mut findings, list(body, "components"));
    let speaks = |key: &str| body.get(key).is_some_and(|v| !v.is_null());
    let says = characters(&body["content"]) > 0 || !list(body, "embeds").is_empty() || !list(body, "components").is_empty();
    // An edit may leave everything as it is, but may not take all away; whether it does is known to the caller.
    if place != Use::Edit && !says && files == 0 && !speaks("poll") {
        findings.refuse("empty message", body);
    }
    if let Some(flags) = number(&body["flags"]).filter(|flags| flags & !FLAGS != 0) {
        findings.note("flags that this bot has no use for", flags);
    }
    if place == Use::Create && number(&body["flags"]).is_some_and(|flags| flags & 64 != 0) {
        findings.note("only interactions have ephemeral messages", body["flags"].clone());
    }
    findings.length("nonce over 25", &body["nonce"], 1, 25);
    attachments(&mut findings, list(body, "attachments"), files);
    mentions(&mut findings, body, roles);
    findings.0
}

fn embeds(findings: &mut Findings, embeds: &[Value]) {
    if embeds.len() > 10 {
        findings.refuse("over 10 embeds", embeds.len());
    }
    let mut total = 0;
    for embed in embeds {
        findings.keys("an embed", embed, &EMBED);
        findings.length("embed title over 256", &embed["title"], 0, 256);
        findings.length("embed description over 4,096", &embed["description"], 0, 4_096);
        findings.length("embed footer over 2,048", &embed["footer"]["text"], 0, 2_048);
        findings.length("embed author over 256", &embed["author"]["name"], 0, 256);
        let fields = list(embed, "fields");
        if fields.len() > 25 {
            findings.refuse("over 25 fields", fields.len());
        }
        total += characters(&embed["title"]) + characters(&embed["description"]);
        total += characters(&embed["footer"]["text"]) + characters(&embed["author"]["name"]);
        for field in fields {
            findings.keys("a field", field, &["name", "value", "inline"]);
            for (key, rule, most) in [("name", "field name not 1 to 256", 256), ("value", "field value not 1 to 1,024", 1_024)] {
                let length = field[key].as_str().map_or(0, |text| text.trim().chars().count());
                if length == 0 || characters(&field[key]) > most {
                    findings.refuse(rule, format!("{length} characters"));
                }
            }
            total += characters(&field["name"]) + characters(&field["value"]);
        }
        if EMBED.iter().all(|key| ["type", "color"].contains(key) || embed.get(key).is_none_or(Value::is_null)) {
            findings.refuse("empty embed", embed);
        }
    }
    if total > 6_000 {
        findings.refuse("embeds over 6,000 in all", format!("{total} characters"));
    }
}

fn attachments(findings: &mut Findings, attachments: &[Value], files: usize) {
    for attachment in attachments {
        findings.length("alternative text over 1,024", &attachment["description"], 0, 1_024);
        // An id below the number of files names a file of this request; greater ones name stored attachments.
        let is_new = number(&attachment["id"]).is_some_and(|id| id < 1_000);
        if is_new && number(&attachment["id"]).is_some_and(|id| id >= files as u64) {
            findings.refuse("attachment without its file", attachment);
        }
        if is_new && characters(&attachment["description"]) == 0 {
            findings.note("picture without alternative text", attachment);
        }
    }
    if attachments.len() < files {
        findings.note("picture without alternative text", format!("{files} files, {} described", attachments.len()));
    }
}

/// Nobody is to be called by a message, but for a role that the test allowed.
fn mentions(findings: &mut Findings, body: &Value, roles: &BTreeSet<RoleId>) {
    let Some(allowed) = body.get("allowed_mentions").filter(|a| a.is_object()) else {
        return findings.note("allowed_mentions missing", body.get("content").unwrap_or(&json!("no content")));
    };
    findings.keys("allowed_mentions", allowed, &["parse", "roles", "users", "replied_user"]);
    let allowed_role = |role: &Value| {
        let id = number(role).filter(|id| *id > 0).map(RoleId::new);
        id.is_some_and(|id| roles.contains(&id))
    };
    let calls = !list(allowed, "parse").is_empty()
        || !list(allowed, "users").is_empty()
        || allowed["replied_user"] == json!(true)
        || !list(allowed, "roles").iter().all(allowed_role);
    if calls || !allowed["parse"].is_array() {
        findings.note("allowed_mentions not empty", allowed);
    }
}

/// Checks the data of an autocomplete's answer.
pub fn choices(data: &Value) -> Vec<Broken> {
    let mut findings = Findings::default();
    findings.keys("the autocomplete", data, &["choices"]);
    let choices = list(data, "choices");
    if !data["choices"].is_array() {
        findings.refuse("autocomplete without choices", data);
    }
    if choices.len() > 25 {
        findings.refuse("over 25 choices", choices.len());
    }
    for choice in choices {
        findings.keys("a choice", choice, &["name", "value", "name_localizations"]);
        if choice["name"].is_null() || choice["value"].is_null() {
            findings.refuse("choice without name or value", choice);
        }
        findings.length("choice name not 1 to 100", &choice["name"], 1, 100);
        findings.length("choice value not 1 to 100", &choice["value"], 1, 100);
    }
    findings.0
}

/// Checks the data of a modal: the classic kind, rows with one text input each.
pub fn modal(data: &Value) -> Vec<Broken> {
    let mut findings = Findings::default();
    findings.keys("the modal", data, &["custom_id", "title", "components"]);
    let text = |value: &Value, most: usize| (1..=most).contains(&characters(value));
    if !text(&data["title"], 45) {
        findings.refuse("modal title not 1 to 45", &data["title"]);
    }
    if !text(&data["custom_id"], 100) {
        findings.refuse("custom_id not 1 to 100", &data["custom_id"]);
    }
    let rows = list(data, "components");
    if !(1..=5).contains(&rows.len()) {
        findings.refuse("modal rows not 1 to 5", rows.len());
    }
    let mut seen = BTreeSet::new();
    for row in rows {
        let [input] = list(row, "components") else {
            findings.refuse("a modal's row has one text input", row);
            continue;
        };
        let known = ["type", "id", "custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder"];
        findings.keys("a text input", input, &known);
        if !text(&input["label"], 45) {
            findings.refuse("text input label not 1 to 45", &input["label"]);
        }
        if !text(&input["custom_id"], 100) {
            findings.refuse("custom_id not 1 to 100", &input["custom_id"]);
        }
        findings.length("text input placeholder over 100", &input["placeholder"], 0, 100);
        findings.length("text input value over 4,000", &input["value"], 0, 4_000);
        if !seen.insert(input["custom_id"].to_string()) {
            findings.refuse("custom_id twice", &input["custom_id"]);
        }
    }
    findings.0
}
