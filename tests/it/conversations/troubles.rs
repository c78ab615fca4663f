//! When something is not as usual: no store, a place where the bot is a guest, a command of another version.

use super::*;

by_both_ways!(
    without_its_store_it_answers_and_says_what_it_could_not_save,
    without_any_store_the_defaults_hold,
    as_a_guest_it_shows_others_nothing_unless_told_to,
    a_direct_message_has_no_settings_of_a_club,
);

async fn without_its_store_it_answers_and_says_what_it_could_not_save(way: Way) {
    let store = store::open("sqlite::memory:").await.expect("a store in memory");
    let mut talk = Talk::start_with(way, Some(store.clone()), Duration::ZERO).await;
    let (ann, olga) = (talk.runner("Ann"), talk.organizer("Olga"));
    let added = json!({ "name": "Harbor Physio", "phone": "(555) 010-0199" });
    talk.slash(olga, "club clinic-add", added.clone()).await;
    store.close().await;
    talk.note("The store fails.");
    let unsaved = [
        talk.slash(olga, "club set", json!({ "region": "uk" })).await,
        talk.slash(olga, "club clinic-add", added).await,
        talk.slash(olga, "club clinic-edit", json!({ "clinic": "Harbor Physio", "hours": "Mo" })).await,
        talk.slash(olga, "club clinic-remove", json!({ "clinic": "Harbor Physio" })).await,
        talk.slash(olga, "club show", json!({})).await,
    ];
    assert!(unsaved.iter().all(|seen| seen.ephemeral && seen.content.to_lowercase().contains("storage")), "{unsaved:#?}");
    let erase = talk.slash(olga, "club erase", json!({})).await;
    let erase = talk.press(olga, &erase, "Erase it all").await;
    assert!(erase.content.contains("storage"), "{erase}");
    // What was read before the fault is in force still.
    let seen = talk.slash(ann, "clinic", json!({})).await;
    assert!(seen.text().contains("Harbor Physio"), "{seen}");
    let answer = talk.discord().slash(ann.id, talk.channel, "ask", json!({ "question": "outside of my knee hurts" })).await;
    let answer = talk.discord().first_response(answer).await;
    let thanked = talk.press(ann, &answer, "Helpful").await;
    assert!(thanked.content.starts_with("Thank you"), "{thanked}");
    let told = talk.end();
    assert_told!(told.split("> Ann: presses [Helpful]").next().unwrap_or_default());
}

async fn without_any_store_the_defaults_hold(way: Way) {
    let mut talk = Talk::start_with(way, None, Duration::ZERO).await;
    let (ann, olga) = (talk.runner("Ann"), talk.organizer("Olga"));
    let seen = talk.slash(ann, "clinic", json!({})).await;
    assert!(seen.text().contains("Default Clinic"), "{seen}");
    let seen = talk.slash(olga, "club set", json!({ "region": "uk" })).await;
    assert!(seen.content.contains("could not"), "{seen}");
    assert!(talk.types(olga, "club clinic-edit", "clinic", "").await.choices.is_empty());
    talk.end();
}

/// A member installed the app; the server did not.
async fn as_a_guest_it_shows_others_nothing_unless_told_to(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let elsewhere = talk.discord().add_guild_without_bot("Track Club");
    let channel = talk.discord().add_channel(elsewhere, "chat");
    talk.discord().join(elsewhere, ann.id, crate::stand_in::StandIn::runner());
    let seen = talk.slash_in(channel, ann, "ask", json!({ "question": "hello" })).await;
    assert!(seen.ephemeral);
    let seen = talk.slash_in(channel, ann, "ask", json!({ "question": "hello", "visible": "everyone" })).await;
    assert!(!seen.ephemeral);
    let emergency = json!({ "question": "I passed out on my run", "visible": "everyone" });
    let seen = talk.slash_in(channel, ann, "ask", emergency.clone()).await;
    assert!(seen.ephemeral);
    let alert = talk.press(ann, &seen, "Ask people here to help me").await;
    assert!(!alert.ephemeral);
    let group = talk.discord().add_group(&[ann.id]);
    let seen = talk.slash_in(group, ann, "ask", emergency).await;
    assert!(seen.ephemeral, "a group has others who read along");
    talk.end();
}

async fn a_direct_message_has_no_settings_of_a_club(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let channel = talk.discord().dm_channel(ann.id);
    let seen = talk.slash_in(channel, ann, "clinic", json!({})).await;
    assert!(seen.text().contains("Default Clinic"), "{seen}");
    let asked = talk.slash_in(channel, ann, "ask", json!({ "question": "outside of my knee hurts" })).await;
    assert!(!asked.labels().contains(&"Show everyone".to_owned()));
    talk.end();
}
