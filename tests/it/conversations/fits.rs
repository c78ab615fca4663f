//! Whatever can be said fits Discord's limits, and whatever can be pressed leads somewhere.

use std::{
    collections::{BTreeSet, VecDeque},
    fs,
};

use patella::{
    discord::{custom_id::Press, to_discord},
    knowledge::CATEGORIES,
    reply::{Clinic, Level},
    request::Request,
};
use serde_json::Value;

use super::{bare::*, *};

/// The bot with as much in a club's settings as they take.
fn full_app(region: Option<&str>) -> Arc<App> {
    let long = |letter: &str, length: usize| letter.repeat(length);
    let clinic = |letter: &str| Clinic {
        name: long(letter, patella::club::NAME_MAX),
        phone: long("5", patella::club::PHONE_MAX),
        hours: long("*", patella::club::HOURS_MAX),
        languages: vec![long("_", patella::club::LANGUAGE_MAX); patella::club::LANGUAGES_MAX],
        link: format!("https://h.example/{}", long("x", patella::club::LINK_MAX - 18)),
        last_checked: Some(date(2026, 1, 1)),
    };
    let clinics = ["a", "b", "*", "_", "\u{1F9B5}"].map(clinic).into();
    let defaults = Club { clinics, region: region.map(str::to_owned), ..Club::default() };
    Arc::new(App::new(
        embedded::base().expect("the embedded knowledge is sound"),
        embedded::encoder().expect("the weights are sound"),
        defaults,
    ))
}

/// Presses all that can be pressed, from every command on, until nothing is new.
#[tokio::test]
async fn whatever_can_be_reached_fits() {
    let app = full_app(None);
    let door = door_of(app.clone());
    let mut bodies = Vec::new();
    for name in ["causes", "faults", "clinic", "help", "privacy"] {
        bodies.push((name.to_owned(), slash(&door, name, &[]).await));
    }
    bodies.push(("no topic".into(), slash(&door, "topic", &[("name", json!("zzzz"))]).await));
    for topic in &app.knowledge().topics {
        bodies.push((topic.id.to_string(), slash(&door, "topic", &[("name", json!(topic.id.as_str()))]).await));
        for asked in topic.asks.iter().take(3) {
            for why in [false, true] {
                let options = [("question", json!(asked)), ("why", json!(why))];
                bodies.push((asked.clone(), slash(&door, "ask", &options).await));
            }
        }
    }
    for category in CATEGORIES {
        bodies.push((category.to_owned(), slash(&door, "tip", &[("category", json!(category))]).await));
    }
    for tip in &app.knowledge().tips {
        let data = json!({ "custom_id": Press::ShareTip(tip.id.clone()).to_custom_id() });
        bodies.push((tip.id.to_string(), respond(&door, interaction(3, data, true)).await));
    }
    let mut pressed = BTreeSet::new();
    let mut queue: VecDeque<(String, Value)> = bodies.into();
    let mut wrong = Vec::new();
    while let Some((whence, body)) = queue.pop_front() {
        let data = &body["data"];
        wrong.extend(faults(data).into_iter().map(|fault| format!("{whence}: {fault}")));
        for part in parts(data) {
            let id = part["custom_id"].as_str().expect("no button is a link");
            let press = Press::from_custom_id(id).unwrap_or_else(|_| panic!("{whence} has a button that is not read back: {id}"));
            // Tips follow each other without end.
            if matches!(press, Press::Tip { turn, .. } if turn > 200) {
                continue;
            }
            let chosen: Vec<Value> = match part["options"].as_array() {
                Some(options) => options.iter().map(|o| json!([o["value"]])).collect(),
                None => vec![Value::Null],
            };
            for values in chosen {
                for ephemeral in [true, false] {
                    if pressed.insert((id.to_owned(), values.to_string(), ephemeral)) {
                        let data = json!({ "custom_id": id, "values": values });
                        let next = respond(&door, interaction(3, data, ephemeral)).await;
                        let outdated = &app.knowledge().replies.outdated_button;
                        assert_ne!(next["data"]["content"].as_str(), Some(outdated.as_str()), "{whence}: {id} leads nowhere");
                        queue.push_back((format!("{id} of {whence}"), next));
                    }
                }
            }
        }
    }
    assert!(pressed.len() > 500, "the buttons were found: {}", pressed.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every red flag, at both levels, by itself and with others, in every region and in none.
#[tokio::test]
async fn every_safety_reply_fits_and_keeps_its_number() {
    let base = full_app(None);
    let regions = base.knowledge().regions.iter().map(|r| r.codes.first().cloned());
    let regions: Vec<Option<String>> = regions.chain([None]).collect();
    let mut wrong = Vec::new();
    for region in regions {
        let app = full_app(region.as_deref());
        let knowledge = app.knowledge();
        let club = app.defaults();
        for (at, flag) in knowledge.flags.iter().enumerate() {
            let next = knowledge.flags.get(at + 1).unwrap_or(&knowledge.flags[0]);
            for (level, flags) in
                [(Level::Urgent, vec![flag.id.clone()]), (Level::Emergency, vec![flag.id.clone(), next.id.clone()])]
            {
                let reply = app.handle_for(&Request::Concern { level, flags }, club, today());
                for place in [to_discord::Place::Private, to_discord::Place::Direct] {
                    let data = to_discord::message(&reply, &knowledge.replies, place, 0).to_json();
                    let whence = format!("{} {region:?} {level:?}", flag.id);
                    wrong.extend(faults(&data).into_iter().map(|fault| format!("{whence}: {fault}")));
                    let emergency = region.as_deref().and_then(|code| knowledge.region(code)).and_then(|r| r.emergency_number());
                    let number = emergency.unwrap_or(if flag.crisis { "988" } else { "911" });
                    if !data.to_string().contains(number) {
                        wrong.push(format!("{whence}: {number} is missing"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each red flag's own examples, through the whole door, with all that can be in a club's settings.
#[tokio::test]
async fn every_example_of_a_red_flag_fits() {
    let app = full_app(Some("us"));
    let door = door_of(app.clone());
    let mut wrong = Vec::new();
    for flag in &app.knowledge().flags {
        for says in flag.says.iter().take(4) {
            let options = [("question", json!(says)), ("why", json!(true))];
            let body = slash(&door, "ask", &options).await;
            wrong.extend(faults(&body["data"]).into_iter().map(|fault| format!("{says}: {fault}")));
            for direct in [true, false] {
                wrong.extend(faults(&hear(&door, says, direct)).into_iter().map(|fault| format!("{says}: {fault}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A sentence of the bot's own is far from any limit, also with what is filled in.
#[test]
fn every_sentence_fits() {
    let file = fs::read_to_string(format!("{}/knowledge/replies.toml", env!("CARGO_MANIFEST_DIR"))).expect("the file");
    for line in file.lines() {
        assert!(to_discord::units(line) <= 500, "{line}");
        if let Some((_, label)) =
            line.split_once(" = ").filter(|(key, _)| key.starts_with("button_") && !line.contains("{topic}"))
        {
            // Discord's design guide: longer labels are cut off on a phone.
            assert!(label.len() <= 36, "{line}");
        }
    }
}
