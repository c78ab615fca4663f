//! Questions and answers.

use super::*;

by_both_ways!(
    a_question_is_answered_for_the_asker_alone,
    a_near_tie_asks_back_and_a_button_opens_one,
    what_it_does_not_know_leads_to_a_menu,
    the_asker_may_show_it_to_everyone_from_the_start,
    why_is_shown_to_the_asker_alone,
    a_routine_concern_points_to_the_clubs_clinic,
);

async fn a_question_is_answered_for_the_asker_alone(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "ask", json!({ "question": "outside of my knee hurts after 5 miles" })).await;
    assert!(seen.ephemeral);
    assert_told!(talk.end());
}

async fn a_near_tie_asks_back_and_a_button_opens_one(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "ask", json!({ "question": "10 days witout a twinge now, straight to 5k?" })).await;
    assert!(seen.ephemeral);
    let opened = talk.press(ann, &seen, "Can I run with this pain?").await;
    assert_eq!(opened.message, seen.message, "a private answer turns into the next one in place");
    assert_told!(talk.end());
}

async fn what_it_does_not_know_leads_to_a_menu(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    talk.slash(ann, "ask", json!({ "question": "what is the capital of France" })).await;
    let seen = talk.slash(ann, "ask", json!({ "question": "asdf qwer" })).await;
    talk.slash(ann, "ask", json!({ "question": "\u{1F629}" })).await;
    let opened = talk.choose(ann, &seen, "pain.clicking").await;
    assert_eq!(opened.embeds[0]["title"], "Clicking, cracking and grinding knees");
    assert_told!(talk.end());
}

async fn the_asker_may_show_it_to_everyone_from_the_start(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "ask", json!({ "question": "which shoes are best for my knees", "visible": "everyone" })).await;
    assert!(!seen.ephemeral);
    assert!(!seen.labels().contains(&"Show everyone".to_owned()), "everyone sees it already");
    let out_of_scope = talk.slash(ann, "ask", json!({ "question": "who won the cup", "visible": "everyone" })).await;
    assert!(!out_of_scope.ephemeral);
    assert_told!(talk.end());
}

async fn why_is_shown_to_the_asker_alone(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let asked = json!({ "question": "outsde of my knee hurts, no swelling", "why": true, "visible": "everyone" });
    let seen = talk.slash(ann, "ask", asked).await;
    assert!(seen.ephemeral);
    assert_eq!(seen.embeds.len(), 2);
    assert_told!(talk.end());
}

async fn a_routine_concern_points_to_the_clubs_clinic(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    talk.slash(ann, "ask", json!({ "question": "my knee has been swollen for 3 weeks" })).await;
    assert_told!(talk.end());
}
