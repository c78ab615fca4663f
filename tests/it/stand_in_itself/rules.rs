//! Each rule has a body that breaks it and one, as near as can be, that does not.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use serenity::model::id::RoleId;

use crate::stand_in::rules::{self, Broken, Use};

fn names(broken: &[Broken]) -> Vec<&'static str> {
    broken.iter().map(|one| one.rule).collect()
}

fn of_message(body: &Value, place: Use, files: usize) -> Vec<&'static str> {
    names(&rules::message(body, place, files, &BTreeSet::new()))
}

/// A message with these parts, quiet.
fn message(parts: Value) -> Value {
    let mut body = parts;
    body["allowed_mentions"] = json!({"parse": []});
    body
}

fn buttons(count: usize) -> Value {
    let button = |n| json!({"type": 2, "style": 2, "label": format!("b{n}"), "custom_id": format!("id{n}")});
    json!((0..count).map(button).collect::<Vec<_>>())
}

fn row(parts: Value) -> Value {
    message(json!({"content": "c", "components": [{"type": 1, "components": parts}]}))
}

fn button(parts: Value) -> Value {
    let mut one = json!({"type": 2, "style": 2, "label": "l", "custom_id": "i"});
    for (key, value) in parts.as_object().expect("an object") {
        if value.is_null() {
            one.as_object_mut().expect("an object").remove(key);
        } else {
            one[key] = value.clone();
        }
    }
    row(json!([one]))
}

fn menu(options: usize, most: u64) -> Value {
    let option = |n| json!({"label": format!("o{n}"), "value": format!("v{n}")});
    row(json!([{"type": 3, "custom_id": "m", "max_values": most, "options": (0..options).map(option).collect::<Vec<_>>()}]))
}

fn embed(parts: Value) -> Value {
    message(json!({"embeds": [parts]}))
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

#[test]
fn messages() {
    let rows = |count: usize| {
        let row = |n| json!({"type": 1, "components": [{"type": 2, "style": 2, "label": "l", "custom_id": format!("{n}")}]});
        message(json!({"components": (0..count).map(row).collect::<Vec<_>>()}))
    };
    let twice = |second: &str| {
        let button = |id: &str| json!({"type": 2, "style": 2, "label": "l", "custom_id": id});
        row(json!([button("a"), button(second)]))
    };
    let halves = |length: usize| message(json!({"embeds": [{"description": long(3_000)}, {"description": long(length)}]}));
    let fields =
        |count: usize| embed(json!({"fields": (0..count).map(|_| json!({"name": "n", "value": "v"})).collect::<Vec<_>>()}));
    let cases: Vec<(&str, Value, Value)> = vec![
        ("embeds over 6,000 in all", halves(3_001), halves(3_000)),
        ("content over 2,000", message(json!({"content": long(2_001)})), message(json!({"content": long(2_000)}))),
        ("empty message", message(json!({"content": ""})), message(json!({"content": "x"}))),
        ("over 5 rows", rows(6), rows(5)),
        ("over 5 buttons in a row", row(buttons(6)), row(buttons(5))),
        ("button without custom_id", button(json!({"custom_id": null})), button(json!({}))),
        ("custom_id twice", twice("a"), twice("b")),
        ("label over 80", button(json!({"label": long(81)})), button(json!({"label": long(80)}))),
        ("custom_id not 1 to 100", button(json!({"custom_id": long(101)})), button(json!({"custom_id": long(100)}))),
        ("unknown field", message(json!({"content": "c", "colour": 1})), message(json!({"content": "c", "flags": 4}))),
        ("unknown field", button(json!({"titel": "t"})), button(json!({"disabled": true}))),
        ("allowed_mentions missing", json!({"content": "c"}), message(json!({"content": "c"}))),
        ("menu options not 1 to 25", menu(26, 1), menu(25, 1)),
        ("menu options not 1 to 25", menu(0, 0), menu(1, 1)),
        ("menu counts do not fit", menu(2, 3), menu(2, 2)),
        (
            "button without label and emoji",
            button(json!({"label": null})),
            button(json!({"emoji": {"name": "x"}, "label": null})),
        ),
        (
            "link button needs url alone",
            button(json!({"style": 5})),
            button(json!({"style": 5, "custom_id": null, "url": "https://example.org"})),
        ),
        ("button without style", button(json!({"style": 9})), button(json!({"style": 4}))),
        ("embed title over 256", embed(json!({"title": long(257)})), embed(json!({"title": long(256)}))),
        ("embed description over 4,096", embed(json!({"description": long(4_097)})), embed(json!({"description": long(4_096)}))),
        ("over 25 fields", fields(26), fields(25)),
        (
            "field value not 1 to 1,024",
            embed(json!({"fields": [{"name": "n", "value": " "}]})),
            embed(json!({"fields": [{"name": "n", "value": "v"}]})),
        ),
        ("empty embed", embed(json!({"color": 1})), embed(json!({"title": "t"}))),
        (
            "nonce over 25",
            message(json!({"content": "c", "nonce": long(26)})),
            message(json!({"content": "c", "nonce": long(25)})),
        ),
    ];
    for (rule, bad, good) in cases {
        assert!(of_message(&bad, Use::Create, 0).contains(&rule), "{rule} is caught: {bad}");
        assert_eq!(of_message(&good, Use::Create, 0), Vec::<&str>::new(), "{rule} is not seen where it holds");
    }
}

#[test]
fn mentions_files_and_deferred_answers() {
    let body = |mentions: Value| json!({"content": "c", "allowed_mentions": mentions});
    for loud in [
        json!({"parse": ["users"]}),
        json!({"users": ["5"], "parse": []}),
        json!({"parse": [], "replied_user": true}),
        json!({"parse": [], "roles": ["7"]}),
        json!({}),
    ] {
        assert_eq!(of_message(&body(loud.clone()), Use::Respond, 0), ["allowed_mentions not empty"], "{loud}");
    }
    let one_role = rules::message(&body(json!({"parse": [], "roles": ["7"]})), Use::Create, 0, &BTreeSet::from([RoleId::new(7)]));
    assert_eq!(one_role, []);
    let pictured = |description: &str| message(json!({"attachments": [{"id": 0, "description": description}]}));
    assert_eq!(of_message(&pictured("a drawing of a knee"), Use::Respond, 1), Vec::<&str>::new());
    assert_eq!(of_message(&pictured(""), Use::Respond, 1), ["picture without alternative text"]);
    assert_eq!(of_message(&message(json!({})), Use::Respond, 1), ["picture without alternative text"]);
    assert_eq!(of_message(&json!({"flags": 64}), Use::Defer, 0), Vec::<&str>::new());
    assert_eq!(of_message(&json!({"content": "c"}), Use::Defer, 0), ["a deferred answer carries only its flag"]);
}

#[test]
fn suggestions_and_forms() {
    let choices = |count: usize, name: usize| json!({"choices": (0..count).map(|_| json!({"name": long(name), "value": "v"})).collect::<Vec<_>>()});
    assert_eq!(names(&rules::choices(&choices(25, 100))), Vec::<&str>::new());
    assert_eq!(names(&rules::choices(&choices(26, 100))), ["over 25 choices"]);
    assert_eq!(names(&rules::choices(&choices(1, 101))), ["choice name not 1 to 100"]);
    let form = |title: usize, label: usize| {
        let input = json!({"type": 4, "custom_id": "i", "style": 1, "label": long(label)});
        json!({"custom_id": "f", "title": long(title), "components": [{"type": 1, "components": [input]}]})
    };
    assert_eq!(names(&rules::modal(&form(45, 45))), Vec::<&str>::new());
    assert_eq!(names(&rules::modal(&form(46, 45))), ["modal title not 1 to 45"]);
    assert_eq!(names(&rules::modal(&form(45, 46))), ["text input label not 1 to 45"]);
}

#[test]
fn commands() {
    let command = |parts: Value| {
        let mut one = json!({"name": "ask", "description": "Ask"});
        one.as_object_mut().expect("an object").extend(parts.as_object().expect("an object").clone());
        one
    };
    let text = |name: &str, required: bool| json!({"type": 3, "name": name, "description": "d", "required": required});
    let options = |list: Vec<Value>| command(json!({"options": list}));
    let many = |count: usize| options((0..count).map(|n| text(&format!("o{n}"), false)).collect());
    let heavy = |value: usize| {
        let choice = |n| json!({"name": format!("{n:02}"), "value": long(value)});
        let option = |n| {
            let choices: Vec<Value> = (0..25).map(choice).collect();
            json!({"type": 3, "name": format!("o{n}"), "description": "d", "choices": choices})
        };
        options((0..4).map(option).collect())
    };
    let cases = [
        ("upper-case name", command(json!({"name": "Ask"})), command(json!({"name": "ask-me"}))),
        ("command name", command(json!({"name": "ask me"})), command(json!({"name": "a"}))),
        ("missing description", command(json!({"description": ""})), command(json!({"description": "d"}))),
        ("description over 100", command(json!({"description": long(101)})), command(json!({"description": long(100)}))),
        (
            "required option after an optional one",
            options(vec![text("a", false), text("b", true)]),
            options(vec![text("a", true), text("b", false)]),
        ),
        ("over 25 options", many(26), many(25)),
        ("option twice", options(vec![text("a", true), text("a", true)]), options(vec![text("a", true), text("b", true)])),
        ("command over 8,000 in all", heavy(90), heavy(70)),
        ("unknown field", command(json!({"colour": 1})), command(json!({"contexts": [0]}))),
        (
            "unknown locale",
            command(json!({"name_localizations": {"xx": "frag"}})),
            command(json!({"name_localizations": {"de": "frag"}})),
        ),
        (
            "only slash commands have description and options",
            json!({"type": 3, "name": "Answer privately", "description": "d"}),
            json!({"type": 3, "name": "Answer privately"}),
        ),
    ];
    for (rule, bad, good) in cases {
        assert!(names(&rules::commands(&[bad])).contains(&rule), "{rule} is caught");
        assert_eq!(names(&rules::commands(&[good])), Vec::<&str>::new(), "{rule} is not seen where it holds");
    }
    let all: Vec<Value> = (0..101).map(|n| command(json!({"name": format!("c{n}")}))).collect();
    assert_eq!(names(&rules::commands(&all)), ["over 100 slash commands"]);
    assert_eq!(names(&rules::commands(&[command(json!({})), command(json!({}))])), ["command twice"]);
}
