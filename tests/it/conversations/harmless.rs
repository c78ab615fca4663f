//! What members write does nothing but be read: no mark-up, no mention, no link, no turned line.

use patella::discord::door::Door;
use proptest::prelude::*;
use serde_json::Value;

use super::{bare::*, *};

/// Pieces that would do something if they were not made harmless, with the traces that they would leave.
const HOSTILE: [(&str, &str); 10] = [
    ("@everyone", "@everyone"),
    ("@here", "@here"),
    ("<@123>", "<@123>"),
    ("<#123>", "<#123>"),
    ("[zz](https://evil.example)", "](https://evil"),
    ("https://evil.example/x", "https://evil"),
    ("**zz**", "**zz**"),
    ("||zz||", "||zz||"),
    ("`zz`", "`zz`"),
    ("\u{202e}zz", "\u{202e}"),
];

fn hostile() -> impl Strategy<Value = String> {
    const WORDS: [&str; 8] =
        ["my", "calf is swollen and hot", "knee", "is locked", "not", "I want to end my life", "\n# zz", "\u{1F629}"];
    let piece = prop_oneof![
        3 => proptest::sample::select(&WORDS[..]).prop_map(str::to_owned),
        3 => proptest::sample::select(&HOSTILE[..]).prop_map(|(piece, _)| piece.to_owned()),
        1 => "\\PC{0,8}",
    ];
    proptest::collection::vec((piece, prop_oneof![Just(" "), Just("")]), 1..25)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, gap)| piece + gap).collect())
}

fn harmless(data: &Value) -> Result<(), TestCaseError> {
    let embeds = data["embeds"].as_array().into_iter().flatten();
    let texts = embeds.flat_map(|e| [&e["title"], &e["description"], &e["footer"]["text"]]).chain([&data["content"]]);
    for text in texts.filter_map(Value::as_str) {
        for (_, trace) in HOSTILE {
            prop_assert!(!text.contains(trace), "{trace:?} in {text:?}");
        }
    }
    prop_assert_eq!(faults(data), Vec::<String>::new());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a member writes, wherever the bot repeats it.
    #[test]
    fn member_text_does_nothing(text in hostile()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            static DOOR: std::sync::LazyLock<Door> = std::sync::LazyLock::new(|| door_of(app()));
            let door = &*DOOR;
            for why in [false, true] {
                let options = [("question", json!(text)), ("why", json!(why)), ("visible", json!("everyone"))];
                harmless(&slash(door, "ask", &options).await["data"])?;
            }
            harmless(&slash(door, "topic", &[("name", json!(text))]).await["data"])?;
            let sub = |name: &str, options: Value| json!({ "name": "club", "type": 1, "options": [
                { "name": name, "type": 1, "options": options },
            ] });
            let option = |name: &str| json!({ "name": name, "type": 3, "value": text });
            let store = store::open("sqlite::memory:").await.expect("a store in memory");
            let clubs = Arc::new(Clubs::new(Some(store), Club::default()));
            let club = Door::new(app(), clubs, "token", Duration::ZERO, today);
            let name: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
            let name = json!({ "name": "name", "type": 3, "value": format!("a{name}") });
            let phone = json!({ "name": "phone", "type": 3, "value": "555 0100 **zz**" });
            for data in [
                sub("set", json!([option("region")])),
                sub("clinic-edit", json!([option("clinic")])),
                sub("clinic-add", json!([option("name"), phone])),
                sub("clinic-add", json!([name, phone])),
                sub("clinic-add", json!([name, phone])),
                sub("clinic-remove", json!([{ "name": "clinic", "type": 3, "value": name["value"] }])),
                sub("show", json!([])),
            ] {
                harmless(&respond(&club, interaction(2, data, false)).await["data"])?;
            }
            harmless(&slash(&club, "clinic", &[]).await["data"])?;
            for direct in [true, false] {
                harmless(&hear(door, &format!("{text} knee"), direct))?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
