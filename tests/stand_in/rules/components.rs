//! Rows of buttons and menus.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Findings, characters, list, number};

const BUTTON: [&str; 9] = ["type", "id", "style", "label", "emoji", "custom_id", "sku_id", "url", "disabled"];
const MENU: [&str; 11] = [
    "type",
    "id",
    "custom_id",
    "placeholder",
    "min_values",
    "max_values",
    "disabled",
    "options",
    "required",
    "channel_types",
    "default_values",
];
const LINK: u64 = 5;
const PREMIUM: u64 = 6;

/// Checks a message's rows.
pub fn check(findings: &mut Findings, rows: &[Value]) {
    if rows.len() > 5 {
        findings.refuse("over 5 rows", rows.len());
    }
    let mut ids = BTreeSet::new();
    for row in rows {
        if number(&row["type"]) != Some(1) {
            findings.note("not a row of buttons or a menu", row);
            continue;
        }
        findings.keys("a row", row, &["type", "id", "components"]);
        let parts = list(row, "components");
        let menus = parts.iter().filter(|part| number(&part["type"]) != Some(2)).count();
        match parts.len() {
            0 => findings.refuse("empty row", row),
            1 => {}
            2..=5 if menus == 0 => {}
            _ if menus > 0 => findings.refuse("a menu shares its row", parts.len()),
            _ => findings.refuse("over 5 buttons in a row", parts.len()),
        }
        for part in parts {
            match number(&part["type"]) {
                Some(2) => button(findings, part),
                Some(3 | 5..=8) => menu(findings, part),
                _ => findings.refuse("unknown component", part),
            }
            if let Some(id) = part["custom_id"].as_str() {
                findings.length("custom_id not 1 to 100", &part["custom_id"], 1, 100);
                if !ids.insert(id.to_owned()) {
                    findings.refuse("custom_id twice", id);
                }
            }
        }
    }
}

fn button(findings: &mut Findings, button: &Value) {
    findings.keys("a button", button, &BUTTON);
    findings.length("label over 80", &button["label"], 0, 80);
    let style = number(&button["style"]).unwrap_or(0);
    if !(1..=PREMIUM).contains(&style) {
        findings.refuse("button without style", button);
    }
    let (has_id, has_url) = (button["custom_id"].is_string(), button["url"].is_string());
    match style {
        LINK if has_id || !has_url => findings.refuse("link button needs url alone", button),
        LINK | PREMIUM => {}
        _ if !has_id => findings.refuse("button without custom_id", button),
        _ if has_url => findings.refuse("only link buttons have a url", button),
        _ => {}
    }
    findings.length("url over 512", &button["url"], 1, 512);
    if style != PREMIUM && characters(&button["label"]) == 0 && button["emoji"].is_null() {
        findings.refuse("button without label and emoji", button);
    }
}

fn menu(findings: &mut Findings, menu: &Value) {
    findings.keys("a menu", menu, &MENU);
    findings.length("placeholder over 150", &menu["placeholder"], 0, 150);
    if !menu["custom_id"].is_string() {
        findings.refuse("menu without custom_id", menu);
    }
    if number(&menu["type"]) != Some(3) {
        return;
    }
    let options = list(menu, "options");
    if !(1..=25).contains(&options.len()) {
        findings.refuse("menu options not 1 to 25", options.len());
    }
    let mut values = BTreeSet::new();
    for option in options {
        findings.keys("an option", option, &["label", "value", "description", "emoji", "default"]);
        for (key, rule) in [("label", "option label not 1 to 100"), ("value", "option value not 1 to 100")] {
            if !(1..=100).contains(&characters(&option[key])) {
                findings.refuse(rule, option);
            }
        }
        findings.length("option description over 100", &option["description"], 0, 100);
        if !values.insert(option["value"].to_string()) {
            findings.refuse("option value twice", option);
        }
    }
    let least = number(menu.get("min_values").unwrap_or(&json!(1))).unwrap_or(1);
    let most = number(menu.get("max_values").unwrap_or(&json!(1))).unwrap_or(1);
    let preset = options.iter().filter(|o| o["default"] == json!(true)).count() as u64;
    if least > most || most > options.len() as u64 || preset > most {
        findings.refuse("menu counts do not fit", format!("{least} to {most} of {}", options.len()));
    }
}
