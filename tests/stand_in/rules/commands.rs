//! Application commands as they are registered.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Broken, Findings, characters, list, number};

const COMMAND: [&str; 14] = [
    "id",
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "default_permission",
    "integration_types",
    "contexts",
    "nsfw",
    "handler",
];
const OPTION: [&str; 15] = [
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "required",
    "choices",
    "options",
    "channel_types",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "autocomplete",
    "file_types",
];
/// Locales that Discord knows (its reference page).
const LOCALES: [&str; 32] = [
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR", "ro", "fi",
    "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
];

/// Checks a whole list of global commands.
pub fn check(commands: &[Value]) -> Vec<Broken> {
    let mut findings = Findings::default();
    let mut names = BTreeSet::new();
    for (kind, most, rule) in
        [(1, 100, "over 100 slash commands"), (2, 15, "over 15 user commands"), (3, 15, "over 15 message commands")]
    {
        let count = commands.iter().filter(|c| kind_of(c) == kind).count();
        if count > most {
            findings.refuse(rule, count);
        }
    }
    for command in commands {
        findings.keys("a command", command, &COMMAND);
        if !names.insert((kind_of(command), command["name"].to_string())) {
            findings.refuse("command twice", &command["name"]);
        }
        localizations(&mut findings, command);
        if kind_of(command) == 1 {
            name(&mut findings, command);
            options(&mut findings, list(command, "options"), 0);
            let total = weight(command);
            if total > 8_000 {
                findings.refuse("command over 8,000 in all", format!("{} has {total}", command["name"]));
            }
        } else {
            if !(1..=32).contains(&characters(&command["name"])) {
                findings.refuse("command name", &command["name"]);
            }
            if characters(&command["description"]) > 0 || !list(command, "options").is_empty() {
                findings.refuse("only slash commands have description and options", &command["name"]);
            }
        }
        if let Some(bits) = command.get("default_member_permissions").filter(|v| !v.is_null() && number(v).is_none()) {
            findings.refuse("permissions are digits", bits);
        }
    }
    findings.0
}

fn kind_of(command: &Value) -> u64 {
    number(&command["type"]).unwrap_or(1)
}

/// Lower case, 1 to 32 of letters, digits, `-`, `_` and `'`; a description of 1 to 100.
fn name(findings: &mut Findings, named: &Value) {
    let name = named["name"].as_str().unwrap_or_default();
    let letters = name.chars().all(|c| c.is_alphanumeric() || "-_'".contains(c));
    if !(1..=32).contains(&name.chars().count()) || !letters {
        findings.refuse("command name", name);
    }
    if name.to_lowercase() != name {
        findings.refuse("upper-case name", name);
    }
    match characters(&named["description"]) {
        0 => findings.refuse("missing description", name),
        1..=100 => {}
        length => findings.refuse("description over 100", format!("{name}: {length}")),
    }
}

fn localizations(findings: &mut Findings, named: &Value) {
    for key in ["name_localizations", "description_localizations"] {
        for (locale, text) in named.get(key).and_then(Value::as_object).into_iter().flatten() {
            if !LOCALES.contains(&locale.as_str()) {
                findings.refuse("unknown locale", locale);
            }
            findings.length("localization not 1 to 100", text, 1, if key.starts_with('n') { 32 } else { 100 });
        }
    }
}

fn options(findings: &mut Findings, options: &[Value], depth: usize) {
    if options.len() > 25 {
        findings.refuse("over 25 options", options.len());
    }
    let mut names = BTreeSet::new();
    let mut optional = false;
    let nested = options.iter().filter(|o| matches!(number(&o["type"]), Some(1 | 2))).count();
    if nested > 0 && nested < options.len() {
        findings.refuse("subcommands beside options", options.len());
    }
    for option in options {
        findings.keys("an option", option, &OPTION);
        name(findings, option);
        localizations(findings, option);
        if !names.insert(option["name"].to_string()) {
            findings.refuse("option twice", &option["name"]);
        }
        match number(&option["type"]) {
            Some(1) if depth < 2 => self::options(findings, list(option, "options"), 2),
            Some(2) if depth < 1 => self::options(findings, list(option, "options"), 1),
            Some(3..=11) => {}
            _ => findings.refuse("option of an impossible type", &option["name"]),
        }
        if nested == 0 {
            let required = option["required"] == Value::Bool(true);
            if required && optional {
                findings.refuse("required option after an optional one", &option["name"]);
            }
            optional |= !required;
        }
        choices(findings, option);
    }
}

fn choices(findings: &mut Findings, option: &Value) {
    let choices = list(option, "choices");
    if choices.len() > 25 {
        findings.refuse("over 25 choices", choices.len());
    }
    if !choices.is_empty() && option["autocomplete"] == Value::Bool(true) {
        findings.refuse("choices beside autocomplete", &option["name"]);
    }
    let mut names = BTreeSet::new();
    for choice in choices {
        localizations(findings, choice);
        findings.length("choice name not 1 to 100", &choice["name"], 1, 100);
        findings.length("choice value not 1 to 100", &choice["value"], 1, 100);
        if choice["name"].is_null() || choice["value"].is_null() || !names.insert(choice["name"].to_string()) {
            findings.refuse("choice without name or value, or twice", choice);
        }
    }
    if let (Some(least), Some(most)) = (number(&option["min_length"]), number(&option["max_length"]))
        && (least > most || most > 6_000)
    {
        findings.refuse("option lengths do not fit", &option["name"]);
    }
}

/// Characters of names, descriptions and values, each in its longest language.
fn weight(part: &Value) -> usize {
    let longest = |key: &str| {
        let localized = part.get(format!("{key}_localizations")).and_then(Value::as_object);
        let others = localized.into_iter().flatten().map(|(_, text)| characters(text)).max().unwrap_or(0);
        characters(&part[key]).max(others)
    };
    let inner: usize = ["options", "choices"].iter().flat_map(|key| list(part, key)).map(weight).sum();
    longest("name") + longest("description") + characters(&part["value"]) + inner
}
