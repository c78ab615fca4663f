//! What stands below an answer: pages, sources, clinics, sharing, feedback.

use super::*;

by_both_ways!(
    a_long_answer_turns_its_pages_in_place,
    others_turn_pages_of_a_public_answer_for_themselves,
    sources_and_clinics_stand_beside_the_answer,
    what_is_shown_to_everyone_tells_nothing_of_the_question,
    feedback_is_counted_once_and_thanked,
);

const OUTSIDE: &str = "outside of my knee hurts after 5 miles";

async fn a_long_answer_turns_its_pages_in_place(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let first = talk.slash(ann, "ask", json!({ "question": OUTSIDE })).await;
    let second = talk.press(ann, &first, "More (2 of 2)").await;
    assert_eq!(second.message, first.message);
    assert_ne!(second.embeds, first.embeds);
    let back = talk.press(ann, &second, "Back to the start").await;
    assert_eq!(back.embeds, first.embeds, "what was fitted to the question stays so");
    assert_told!(talk.end());
}

async fn others_turn_pages_of_a_public_answer_for_themselves(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, ben) = (talk.runner("Ann"), talk.runner("Ben"));
    let public = talk.slash(ann, "ask", json!({ "question": OUTSIDE, "visible": "everyone" })).await;
    let own = talk.press(ben, &public, "More (2 of 2)").await;
    assert!(own.ephemeral);
    assert_eq!(talk.discord().see(public.message.expect("a message")).embeds, public.embeds);
    talk.end();
}

async fn sources_and_clinics_stand_beside_the_answer(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let asked = talk.discord().slash(ann.id, talk.channel, "ask", json!({ "question": OUTSIDE })).await;
    let first = talk.discord().first_response(asked).await;
    let sources = talk.press(ann, &first, "Sources").await;
    let clinics = talk.press(ann, &first, "Clinics").await;
    assert!(sources.ephemeral && clinics.ephemeral);
    assert_ne!(sources.message, first.message, "the answer stays");
    assert_told!(talk.end());
}

/// What is shown to all is the card as it is, without what the asker's words added to it.
async fn what_is_shown_to_everyone_tells_nothing_of_the_question(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let first = talk.slash(ann, "ask", json!({ "question": OUTSIDE })).await;
    assert!(first.text().contains("For what you describe"));
    let shown = talk.press(ann, &first, "Show everyone").await;
    assert!(!shown.ephemeral);
    assert!(!shown.text().contains("For what you describe") && !shown.text().contains("miles"), "{shown}");
    talk.end();
}

async fn feedback_is_counted_once_and_thanked(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let asked = talk.discord().slash(ann.id, talk.channel, "ask", json!({ "question": OUTSIDE })).await;
    let first = talk.discord().first_response(asked).await;
    let thanked = talk.press(ann, &first, "Helpful").await;
    assert_eq!((thanked.message, &thanked.embeds), (first.message, &first.embeds), "the answer stays");
    assert!(!thanked.labels().contains(&"Not helpful".to_owned()));
    let next = talk.press(ann, &thanked, "More (2 of 2)").await;
    assert!(!next.labels().contains(&"Helpful".to_owned()), "who has said it is not asked again");
    let store = talk.bot.store.clone().expect("a store");
    let counted = async {
        loop {
            match store.feedback().await.expect("it answers").as_slice() {
                [one] => break (one.topic.to_string(), one.helped, one.not_helped),
                // Nobody waits for the count, so it comes when it comes.
                _ => tokio::task::yield_now().await,
            }
        }
    };
    let counted = tokio::time::timeout(Duration::from_secs(10), counted).await.expect("it is counted");
    assert_eq!(counted, ("pain.outside".to_owned(), 1, 0));
    assert_told!(talk.end());
}
