//! What a member does in the channel, and what they see.

use patella::{
    answer::RED_FLAGS_FOUND,
    commands::{COMMANDS, Does, Who},
    knowledge::CATEGORIES,
    limits,
};

use super::*;

#[tokio::test]
async fn a_question_is_answered_for_the_asker_with_its_reasons() {
    let page = Page::open().await;
    let text = "outside of my knee hurts, no swelling, after 5 miles";
    let shown = page.ask(text).await;
    assert_eq!((&shown["kind"], &shown["level"], &shown["private"]), (&json!("answer"), &json!("none"), &json!(true)));
    assert!(html(&shown).contains("<h2>Pain on the outside of the knee</h2>"), "{shown}");
    assert!(shown["ms"].as_f64().is_some_and(|ms| ms >= 0.0));

    let decision = &shown["decision"];
    assert_eq!(decision["summary"], "answer with the first topic");
    assert_eq!(decision["topics"][0]["title"], "Pain on the outside of the knee");
    assert!(decision["topics"][0]["share"].as_f64() > decision["topics"][1]["share"].as_f64());
    let headings: Vec<&str> = decision["lists"].as_array().expect("lists").iter().filter_map(|l| l["heading"].as_str()).collect();
    assert!(headings.contains(&"Words that matched") && headings.contains(&"Words that do not count"), "{headings:?}");
    assert!(headings.contains(&"Red flags checked") && !headings.contains(&RED_FLAGS_FOUND), "{headings:?}");

    let pieces = decision["pieces"].as_array().expect("pieces");
    assert_eq!(pieces.iter().filter_map(|p| p["text"].as_str()).collect::<String>(), text);
    let marked = |mark: &str| {
        let with = pieces.iter().filter(|p| p["marks"].as_array().is_some_and(|marks| marks.contains(&json!(mark))));
        with.filter_map(|p| p["text"].as_str()).collect::<Vec<_>>().join("|")
    };
    assert!(marked("matched").contains("outside"), "{pieces:?}");
    assert!(marked("undone").contains("swelling") && marked("undoes").contains("no"), "{pieces:?}");
}

#[tokio::test]
async fn every_command_of_the_table_is_known_and_each_of_a_members_answers() {
    let page = Page::open().await;
    let listed = page.json("/api/commands").await;
    let listed = listed["commands"].as_array().expect("a list");
    let mut answered = 0;
    for command in COMMANDS {
        let names: Vec<String> = match &command.does {
            Does::Group(subs) => subs.iter().map(|s| format!("{} {}", command.name, s.name)).collect(),
            Does::One(..) | Does::Message(_) => vec![command.name.to_owned()],
        };
        for name in names {
            let entry = listed.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("{name} is listed"));
            assert_eq!(entry["organizers"], command.who == Who::ManageServer, "{name}");
            assert_ne!(entry["description"], "", "{name}");
            if command.who == Who::All {
                let body = match name.as_str() {
                    "ask" => json!({ "command": name, "options": { "question": "is running bad for my knees?" } }),
                    "topic" => json!({ "command": name, "options": { "name": "shoes" } }),
                    "Answer privately" => json!({ "command": name, "message": "is running bad for my knees?" }),
                    _ => json!({ "command": name }),
                };
                let shown = page.command(body).await;
                assert!(html(&shown).contains("<h2>"), "{name}: {shown}");
                answered += 1;
            }
        }
    }
    assert_eq!(answered, 9);
}

#[tokio::test]
async fn what_organizers_do_is_not_for_a_visitor() {
    let page = Page::open().await;
    // Without its options too: what it takes is none of theirs.
    for name in ["club show", "weekly show", "weekly start", "club erase"] {
        let shown = page.command(json!({ "command": name })).await;
        assert!(html(&shown).contains("Only members who may manage this server"), "{shown}");
    }
}

#[tokio::test]
async fn an_emergency_is_private_and_announced_whatever_was_asked_for() {
    let page = Page::open().await;
    let club = json!({ "region": "us", "visible": "everyone" });
    let options = json!({ "question": EMERGENCY, "visible": "everyone" });
    let shown = page.command(json!({ "command": "ask", "options": options, "club": club })).await;
    assert_eq!((&shown["kind"], &shown["level"], &shown["private"]), (&json!("safety"), &json!("emergency"), &json!(true)));
    let text = html(&shown);
    assert!(text.contains("<div role=\"alert\">"), "{text}");
    // The number stands in the first line, and a tap dials it.
    let header = text.split("</header>").next().expect("a header");
    assert!(header.contains("<a href=\"tel:911\">911</a>"), "{header}");
    let lists = shown["decision"]["lists"].as_array().expect("lists");
    assert!(lists.iter().any(|list| list["heading"] == RED_FLAGS_FOUND), "{lists:?}");
    let labels: Vec<&str> = shown["buttons"].as_array().expect("buttons").iter().filter_map(|b| b["label"].as_str()).collect();
    assert_eq!(labels, ["Ask people here to help me"]);

    let (_, alert) = page.post("/api/press", &json!({ "press": press_named(&shown, labels[0]), "club": club })).await;
    assert_eq!(alert["private"], false);
    assert!(html(&alert).contains("call 911") && !html(&alert).contains("chest"), "{alert}");

    let typed = page.command(json!({ "command": "topic", "options": { "name": EMERGENCY } })).await;
    assert_eq!((&typed["kind"], &typed["private"]), (&json!("safety"), &json!(true)), "a topic's field is read too");
    let chosen = page.command(json!({ "command": "Answer privately", "message": EMERGENCY })).await;
    assert!(chosen["note"].as_str().is_some_and(|note| note.contains("somebody else wrote")), "{chosen}");
}

#[tokio::test]
async fn the_clubs_settings_are_the_pages() {
    let page = Page::open().await;
    let options = json!({ "question": "sore kneecap on stairs" });
    let seen = async |visible: Value, club: Value| {
        let mut options = options.clone();
        if !visible.is_null() {
            options["visible"] = visible;
        }
        page.command(json!({ "command": "ask", "options": options, "club": club })).await["private"].clone()
    };
    assert_eq!(seen(Value::Null, json!({})).await, true);
    assert_eq!(seen(Value::Null, json!({ "visible": "everyone" })).await, false);
    assert_eq!(seen(json!("me"), json!({ "visible": "everyone" })).await, true);
    assert_eq!(seen(json!("everyone"), json!({ "visible": "me" })).await, false);
    let uk = page.command(json!({ "command": "ask", "options": { "question": EMERGENCY }, "club": { "region": "uk" } })).await;
    assert!(html(&uk).contains("tel:999"), "{uk}");
    let wrong = json!({ "command": "help", "club": { "region": "atlantis" } });
    assert!(page.refused(wrong, StatusCode::UNPROCESSABLE_ENTITY).await.contains("region"));
}

#[tokio::test]
async fn an_operators_region_holds_until_the_page_says_another_or_none() {
    // An alias, as `helplines.toml` allows it.
    let page = Page::before(Arc::new(app_with(Club { region: Some("GB".into()), ..Club::default() }))).await;
    assert_eq!(page.json("/api/commands").await["club"]["region"], "uk", "one of the regions to choose from");
    // Without a region the numbers of all of them are given.
    for (region, uk, us) in [("", true, false), ("us", false, true), ("none", true, true)] {
        let club = json!({ "region": region });
        let shown = page.command(json!({ "command": "ask", "options": { "question": EMERGENCY }, "club": club })).await;
        let card = page.json(&format!("/api/shelf/flag/rf.dvt?region={region}")).await;
        for text in [html(&shown), html(&card)] {
            assert_eq!((text.contains("tel:999"), text.contains("tel:911")), (uk, us), "{region}: {text}");
        }
    }
}

#[tokio::test]
async fn buttons_and_menus_do_what_they_say() {
    let page = Page::open().await;
    let tie = page.ask("10 days witout a twinge now, straight to 5k?").await;
    assert_eq!(tie["kind"], "clarify");
    let card = page.press(&tie, "Can I run with this pain?").await;
    assert_eq!((&card["kind"], &card["private"]), (&json!("answer"), &json!(true)));
    let sources = page.press(&card, "Sources").await;
    assert!(html(&sources).contains("<details open>") && html(&sources).contains("https://"), "{sources}");
    assert!(html(&page.press(&card, "Clinics").await).contains("Default Clinic"));
    let shared = page.press(&card, "Show everyone").await;
    assert_eq!(shared["private"], false);
    assert_eq!(shared["title"], card["title"]);

    let tip = page.command(json!({ "command": "tip", "options": { "category": "strength" } })).await;
    assert_eq!(tip["kind"], "tip");
    let other = page.press(&tip, "Another tip").await;
    assert_ne!(other["title"], tip["title"]);
    let shown = page.press(&other, "Show everyone").await;
    assert_eq!((&shown["private"], &shown["title"]), (&json!(false), &other["title"]));

    let chatter = page.ask("which pasta should I cook for the club dinner?").await;
    assert_eq!(
        (&chatter["kind"], chatter["choices"].as_array().map(Vec::len)),
        (&json!("out_of_scope"), Some(limits::SELECT_OPTIONS))
    );
    let private = page.command(json!({ "command": "Answer privately", "message": "sore kneecap on stairs" })).await;
    let pointer = page.press(&private, "Post where to ask").await;
    assert_eq!(pointer["private"], false);

    let gone = json!({ "press": { "do": "open", "topic": "pain.nowhere" } });
    let (status, said) = page.post("/api/press", &gone).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(said["error"]["what"].as_str().is_some_and(|what| what.contains("no longer works")), "{said}");
}

#[tokio::test]
async fn what_is_typed_comes_back_as_text() {
    let page = Page::open().await;
    let hostile = "crushing chest pain <script>alert(1)</script> and my arm is numb <img src=x onerror=alert(2)>";
    let shown = page.ask(hostile).await;
    assert_eq!(shown["kind"], "safety");
    assert!(!html(&shown).contains("<script") && !html(&shown).contains("<img"), "{shown}");
    // The pieces are text: what was typed, unchanged.
    let pieces = shown["decision"]["pieces"].as_array().expect("pieces");
    assert_eq!(pieces.iter().filter_map(|p| p["text"].as_str()).collect::<String>(), hostile);
    for (command, option) in [("topic", "name"), ("tip", "category")] {
        let body = json!({ "command": command, "options": { option: "<script>alert(1)</script>" } });
        let (_, said) = page.post("/api/command", &body).await;
        assert!(!said.to_string().contains("<script>alert"), "{said}");
    }
}

#[tokio::test]
async fn long_questions_are_answered_and_too_long_ones_are_turned_down_kindly() {
    let page = Page::open().await;
    let long: String = "sore kneecap on the stairs. ".chars().cycle().take(4000).collect();
    assert_eq!(page.ask(&long).await["kind"], "answer");
    let most = "\u{1f9b5}".repeat(limits::STRING_OPTION - 20) + " sore kneecap stairs";
    assert_ne!(page.ask(&most).await["kind"], "apology");
    let over: String = long.chars().cycle().take(limits::STRING_OPTION + 1).collect();
    let body = json!({ "command": "ask", "options": { "question": over } });
    let said = page.refused(body, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(said.contains("6001 characters, and 6000 fit") && said.contains("leave out 1"), "{said}");
    let huge = json!({ "command": "ask", "options": { "question": "x".repeat(70_000) } });
    page.refused(huge, StatusCode::PAYLOAD_TOO_LARGE).await;
}

#[tokio::test]
async fn what_cannot_be_acted_on_says_why() {
    let page = Page::open().await;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    for (body, status, part) in [
        (json!({ "command": "nope" }), StatusCode::NOT_FOUND, "I do not know that command"),
        (json!({ "command": "ask" }), unprocessable, "`question` is missing"),
        (json!({ "command": "ask", "options": { "question": 7 } }), unprocessable, "as text"),
        (json!({ "command": "ask", "options": { "question": "x", "visible": "all" } }), unprocessable, "me or everyone"),
        (json!({ "command": "ask", "options": { "question": "x", "why": "yes" } }), unprocessable, "true or false"),
        (json!({ "command": "ask", "options": { "question": "x", "loud": "yes" } }), unprocessable, "no option `loud`"),
        (json!({ "command": "tip", "options": { "category": "juggling" } }), unprocessable, CATEGORIES[0]),
        (json!({ "command": "Answer privately" }), unprocessable, "no message"),
        (json!({ "question": "x" }), StatusCode::BAD_REQUEST, "cannot be read"),
        (json!([1, 2]), StatusCode::BAD_REQUEST, "cannot be read"),
    ] {
        let said = page.refused(body.clone(), status).await;
        assert!(said.contains(part), "{body}: {said}");
    }
    let request = page.client.post(format!("http://{}/api/command", page.address));
    let cut = request.header("content-type", "application/json").body("{\"command\":").send().await.expect("it answers");
    assert_eq!(cut.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn topics_and_zones_are_suggested_while_typing() {
    let page = Page::open().await;
    let first = async |option: &str, typed: &str| {
        let found = page.json(&format!("/api/suggest?option={option}&typed={typed}")).await;
        found["choices"][0]["value"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(first("topic", "outsid").await, "pain.outside");
    assert_eq!(first("zone", "bosto").await, "America/New_York");
    let all = page.json("/api/suggest?option=topic").await;
    assert_eq!(all["choices"].as_array().map(Vec::len), Some(limits::SUGGESTIONS));
    assert_eq!(page.get("/api/suggest?option=shoe").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
