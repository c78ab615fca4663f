//! Organizers set up their club.

use super::*;
use crate::stand_in::Seen;

by_both_ways!(
    a_club_is_set_up,
    clinics_are_edited_and_removed,
    a_stale_clinic_is_flagged_to_organizers_alone,
    each_fault_is_named,
    all_that_is_stored_can_be_erased,
    who_may_not_manage_the_server_is_refused,
    clinics_and_regions_are_suggested_while_typing,
);

fn clinic(name: &str) -> serde_json::Value {
    json!({ "name": name, "phone": "(555) 010-0199" })
}

async fn a_club_is_set_up(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, olga) = (talk.runner("Ann"), talk.organizer("Olga"));
    talk.slash(olga, "club show", json!({})).await;
    talk.slash(olga, "club set", json!({ "region": "United Kingdom", "visible": "everyone" })).await;
    let options = json!({
        "name": "Harbor Physio", "phone": "020 7946 0000", "hours": "Mo-Fr 8-18", "languages": "English, Polski",
        "link": "https://harbor.example/book",
    });
    talk.slash(olga, "club clinic-add", options).await;
    let seen = talk.slash(ann, "clinic", json!({})).await;
    assert!(seen.text().contains("Harbor Physio") && !seen.text().contains("Default Clinic"), "{seen}");
    let asked = talk.discord().slash(ann.id, talk.channel, "ask", json!({ "question": "hello" })).await;
    assert!(!talk.discord().first_response(asked).await.ephemeral, "the club wants answers to be seen");
    let asked = talk.discord().slash(ann.id, talk.channel, "ask", json!({ "question": "hello", "visible": "me" })).await;
    assert!(talk.discord().first_response(asked).await.ephemeral, "the asker's word goes before the club's");
    assert_told!(talk.end());
}

async fn clinics_are_edited_and_removed(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    talk.slash(olga, "club clinic-add", clinic("Harbor Physio")).await;
    talk.slash(olga, "club clinic-edit", json!({ "clinic": "harbor physio", "name": "Harbor Physiotherapy" })).await;
    let asked = talk.slash(olga, "club clinic-remove", json!({ "clinic": "Harbor Physiotherapy" })).await;
    let kept = talk.press(olga, &asked, "Keep it").await;
    assert!(kept.labels().is_empty());
    let asked = talk.slash(olga, "club clinic-remove", json!({ "clinic": "Harbor Physiotherapy" })).await;
    let removed = talk.press(olga, &asked, "Remove it").await;
    assert!(removed.labels().is_empty());
    // The same question, left open in another window.
    let again = talk.press_id(olga, &asked, asked.button("Remove it")["custom_id"].as_str().expect("an id")).await;
    assert!(again.content.contains("no longer"), "{again}");
    talk.slash(olga, "club show", json!({})).await;
    assert_told!(talk.end());
}

async fn a_stale_clinic_is_flagged_to_organizers_alone(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, olga) = (talk.runner("Ann"), talk.organizer("Olga"));
    let mut old = clinic("Harbor Physio");
    old["checked"] = json!("2026-01-31");
    let added = talk.slash(olga, "club clinic-add", old).await;
    assert!(added.text().contains("not checked for half a year"), "{added}");
    let seen = talk.slash(ann, "clinic", json!({})).await;
    assert!(seen.text().contains("Last checked: 2026-01-31") && !seen.text().contains("half a year"), "{seen}");
    let edited = talk.slash(olga, "club clinic-edit", json!({ "clinic": "Harbor Physio" })).await;
    assert!(!edited.text().contains("half a year"), "{edited}");
    assert_told!(talk.end());
}

async fn each_fault_is_named(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    talk.slash(olga, "club clinic-add", clinic("Harbor Physio")).await;
    let with = |key: &str, value: &str| {
        let mut options = clinic("Other Physio");
        options[key] = json!(value);
        options
    };
    let many = "English, German, French, Polish, Greek, Dutch";
    let faulty = [
        with("name", "  "),
        with("name", "Turned \u{202e}round"),
        with("name", "harbor physio"),
        with("phone", "call us"),
        with("languages", many),
        with("languages", "a language whose name goes on and on"),
        with("link", "harbor.example"),
        with("link", "https://good.example@bad.example/"),
        with("checked", "last week"),
        with("checked", "2026-11-22"),
    ];
    for options in faulty {
        let seen = talk.slash(olga, "club clinic-add", options).await;
        assert!(seen.ephemeral && seen.embeds.is_empty(), "nothing was saved: {seen}");
    }
    talk.slash(olga, "club clinic-edit", json!({ "clinic": "No Such *Clinic*", "hours": "Mo" })).await;
    talk.slash(olga, "club clinic-remove", json!({ "clinic": "Default Clinic" })).await;
    talk.slash(olga, "club set", json!({})).await;
    talk.slash(olga, "club set", json!({ "region": "Atlantis @everyone" })).await;
    for number in 2..=5 {
        let added = talk.discord().slash(olga.id, talk.channel, "club clinic-add", clinic(&format!("Clinic {number}"))).await;
        assert!(!talk.discord().first_response(added).await.embeds.is_empty());
    }
    talk.slash(olga, "club clinic-add", clinic("One too many")).await;
    assert_told!(talk.end());
}

async fn all_that_is_stored_can_be_erased(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    talk.slash(olga, "club set", json!({ "region": "uk" })).await;
    let asked = talk.slash(olga, "club erase", json!({})).await;
    talk.press(olga, &asked, "Keep it").await;
    let store = talk.bot.store.clone().expect("a store");
    assert_eq!(store.clubs().await.expect("it answers").len(), 1);
    let asked = talk.slash(olga, "club erase", json!({})).await;
    let erased = talk.press(olga, &asked, "Erase it all").await;
    assert!(erased.labels().is_empty());
    assert_eq!(store.clubs().await.expect("it answers"), []);
    let asked = talk.slash(olga, "club erase", json!({})).await;
    talk.press(olga, &asked, "Erase it all").await;
    talk.slash(olga, "club show", json!({})).await;
    assert_told!(talk.end());
}

/// Discord hides the command from other members, but a server may change that, and a right may be lost between two presses.
async fn who_may_not_manage_the_server_is_refused(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, olga) = (talk.runner("Ann"), talk.organizer("Olga"));
    talk.slash(olga, "club clinic-add", clinic("Harbor Physio")).await;
    let refused = |seen: &Seen| assert!(seen.ephemeral && seen.content.contains("may manage this server"), "{seen}");
    refused(&talk.slash(ann, "club show", json!({})).await);
    refused(&talk.slash(ann, "club set", json!({ "region": "uk" })).await);
    refused(&talk.slash(ann, "club clinic-add", clinic("Mine")).await);
    refused(&talk.slash(ann, "club clinic-edit", json!({ "clinic": "Harbor Physio", "phone": "000" })).await);
    refused(&talk.slash(ann, "club clinic-remove", json!({ "clinic": "Harbor Physio" })).await);
    refused(&talk.slash(ann, "club erase", json!({})).await);
    assert!(talk.types(ann, "club clinic-edit", "clinic", "").await.choices.is_empty());
    let remove = talk.slash(olga, "club clinic-remove", json!({ "clinic": "Harbor Physio" })).await;
    let erase = talk.slash(olga, "club erase", json!({})).await;
    talk.discord().join(talk.club, olga.id, crate::stand_in::StandIn::runner());
    refused(&talk.press(olga, &remove, "Remove it").await);
    refused(&talk.press(olga, &erase, "Erase it all").await);
    let seen = talk.slash(ann, "clinic", json!({})).await;
    assert!(seen.text().contains("Harbor Physio") && seen.text().contains("<tel:555 010 0199>"), "{seen}");
    talk.end();
}

async fn clinics_and_regions_are_suggested_while_typing(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    for name in ["Harbor Physio", "Riverside Sports Medicine"] {
        talk.slash(olga, "club clinic-add", clinic(name)).await;
    }
    let values =
        |seen: &Seen| seen.choices.iter().map(|(_, value)| value.as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    for (typed, wanted) in [("", 2), ("physio", 1), ("harbour fysio", 2)] {
        let seen = talk.types(olga, "club clinic-edit", "clinic", typed).await;
        assert_eq!(seen.choices.len(), wanted, "{typed}: {seen}");
    }
    for typed in ["kingdom", "uk", "UK"] {
        assert_eq!(values(&talk.types(olga, "club set", "region", typed).await), ["uk"], "{typed}");
    }
    let slip = talk.types(olga, "club set", "region", "unted kindom").await;
    assert!(values(&slip).contains(&"uk".to_owned()), "{slip}");
    let all = talk.types(olga, "club set", "region", "").await;
    assert!(values(&all).starts_with(&["us".to_owned(), "uk".to_owned()]), "{all}");
    talk.end();
}
