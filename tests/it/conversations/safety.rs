//! Red flags: what to do first, for the asker alone, and nobody else is told unless the asker wants it.

use super::*;
use crate::stand_in::Seen;

by_both_ways!(
    an_emergency_is_private_whatever_was_asked_for,
    an_urgent_matter_says_stop_and_whom_to_call,
    a_mention_is_answered_without_naming_the_concern,
    a_direct_message_says_it_all_and_has_nobody_to_alert,
    words_typed_for_a_topic_are_read_for_red_flags_too,
    a_cool_down_holds_back_no_safety_reply,
    the_clubs_region_gives_the_number,
);

const CLOT: &str = "calf is swollen and hot since the flight and now I can't catch my breath";
const DESPAIR: &str = "since my knee went I want to end my life";
const LOCKED: &str = "my knee is locked and won't straighten";

/// Words that name a concern and must not stand where others read.
fn names_nothing(seen: &Seen) {
    let said = format!("{} {}", seen.text(), seen.raw).to_lowercase();
    for word in ["calf", "clot", "lung", "breath", "crisis", "suicid", "life", "despair", "rf.", "dvt"] {
        assert!(!said.contains(word), "{word:?} is told to all:\n{seen}");
    }
}

async fn an_emergency_is_private_whatever_was_asked_for(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "ask", json!({ "question": CLOT, "visible": "everyone" })).await;
    assert!(seen.ephemeral);
    assert_told!(talk.end());
}

async fn an_urgent_matter_says_stop_and_whom_to_call(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "ask", json!({ "question": LOCKED, "why": true })).await;
    assert!(seen.ephemeral);
    assert_told!(talk.end());
}

async fn a_mention_is_answered_without_naming_the_concern(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, ben) = (talk.runner("Ann"), talk.runner("Ben"));
    talk.say(ann, &format!("<@bot> {DESPAIR}")).await;
    let public = talk.all_see().await;
    names_nothing(&public);
    let other = talk.press(ben, &public, "Read it privately").await;
    assert!(other.ephemeral && other.embeds.is_empty(), "nobody but the asker reads it");
    let own = talk.press(ann, &public, "Read it privately").await;
    assert!(own.ephemeral);
    assert_eq!(talk.discord().messages(talk.channel).len(), 1, "nobody else was alerted");
    let alert = talk.press(ann, &own, "Ask people here to help me").await;
    assert!(!alert.ephemeral);
    names_nothing(&alert);
    assert_told!(talk.end());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_mentions_say_what_to_do_and_no_more() {
    let mut talk = Talk::start(Way::Gateway).await;
    let ann = talk.runner("Ann");
    for text in [CLOT, LOCKED] {
        talk.say(ann, &format!("<@bot> {text}")).await;
        let public = talk.all_see().await;
        names_nothing(&public);
        talk.press(ann, &public, "Read it privately").await;
    }
    insta::assert_snapshot!(talk.end());
}

async fn a_direct_message_says_it_all_and_has_nobody_to_alert(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.dm(ann, DESPAIR).await;
    assert!(seen.labels().is_empty());
    assert_told!(talk.end());
}

async fn words_typed_for_a_topic_are_read_for_red_flags_too(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "topic", json!({ "name": "I passed out on my run" })).await;
    assert!(seen.ephemeral);
    assert_told!(talk.end());
}

async fn a_cool_down_holds_back_no_safety_reply(way: Way) {
    let hour = Duration::from_secs(3600);
    let mut talk = Talk::start_with(way, None, hour).await;
    let ann = talk.runner("Ann");
    let first = talk.slash(ann, "ask", json!({ "question": "hello" })).await;
    assert!(!first.embeds.is_empty());
    let second = talk.discord().slash(ann.id, talk.channel, "ask", json!({ "question": "hello" })).await;
    let second = talk.discord().first_response(second).await;
    assert!(second.ephemeral && second.content.starts_with("One question at a time"), "{second}");
    let urgent = talk.slash(ann, "ask", json!({ "question": CLOT })).await;
    assert!(urgent.text().contains("Get emergency help now"), "{urgent}");
    // A message is told once that it comes too soon, then left alone; an emergency never is.
    let channel = talk.discord().dm_channel(ann.id);
    talk.discord().dm(ann.id, "hello").await;
    let notice = talk.discord().next_message(channel).await;
    assert!(notice.content.starts_with("One question at a time"), "{notice}");
    talk.discord().dm(ann.id, "hello").await;
    let urgent = talk.dm(ann, DESPAIR).await;
    assert!(urgent.text().contains("You matter"), "{urgent}");
    assert_eq!(talk.discord().messages(channel).len(), 2);
    talk.end();
}

/// The number of the club's own region opens the reply.
async fn the_clubs_region_gives_the_number(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, olga) = (talk.runner("Ann"), talk.organizer("Olga"));
    talk.slash(olga, "club set", json!({ "region": "uk" })).await;
    let seen = talk.slash(ann, "ask", json!({ "question": CLOT })).await;
    assert!(seen.content.contains("999"), "{seen}");
    talk.slash(ann, "ask", json!({ "question": LOCKED })).await;
    talk.slash(ann, "ask", json!({ "question": DESPAIR })).await;
    talk.say(ann, &format!("<@bot> {CLOT}")).await;
    let public = talk.all_see().await;
    assert!(public.content.contains("999"), "{public}");
    talk.say(ann, &format!("<@bot> {LOCKED}")).await;
    talk.all_see().await;
    assert_told!(talk.end());
}
