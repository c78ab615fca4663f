//! Topics, tips, lists: what is looked up rather than asked.

use super::*;

by_both_ways!(
    a_topic_opens_by_id_by_title_and_with_a_slip,
    a_topic_that_is_none_leads_to_a_menu,
    topics_are_suggested_while_typing,
    tips_come_one_after_the_other_and_can_be_shown,
    tips_of_any_kind_take_turns,
    lists_open_their_topics,
);

async fn a_topic_opens_by_id_by_title_and_with_a_slip(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    for name in ["pain.outside", "pain on the outside of the knee", "outsde of knee", "ilitibial"] {
        let seen = talk.slash(ann, "topic", json!({ "name": name })).await;
        assert!(seen.ephemeral);
        assert_eq!(seen.embeds[0]["title"], "Pain on the outside of the knee", "{name}");
    }
    let seen = talk.slash(ann, "topic", json!({ "name": "shoos" })).await;
    assert_eq!(seen.embeds[0]["title"], "Running shoes and insoles");
    talk.end();
}

async fn a_topic_that_is_none_leads_to_a_menu(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "topic", json!({ "name": "zzzz" })).await;
    let opened = talk.choose(ann, &seen, "pain.front").await;
    assert_eq!(opened.embeds[0]["title"], "Pain at the front of the knee");
    assert_told!(talk.end().split("> Ann: picks").next().unwrap_or_default());
}

async fn topics_are_suggested_while_typing(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let empty = talk.types(ann, "topic", "name", "").await;
    assert_eq!(empty.choices.len(), 25);
    for (typed, wanted) in [
        ("outs", "pain.outside"),
        ("stairs", "pain.front"),
        ("kneecap crunchy", "pain.clicking"),
        ("shoos", "tip.footwear"),
        ("strech", "tip.flexibility"),
        ("runners knee", "pain.front"),
    ] {
        let seen = talk.types(ann, "topic", "name", typed).await;
        assert!(seen.choices.iter().take(3).any(|(_, value)| value == wanted), "{typed}: {seen}");
    }
    let none = talk.types(ann, "topic", "name", "qqqqqq").await;
    assert!(none.choices.is_empty());
    assert_told!(talk.end());
}

async fn tips_come_one_after_the_other_and_can_be_shown(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    // Which tip is first is left to chance; the button says which is next.
    let asked = talk.discord().slash(ann.id, talk.channel, "tip", json!({ "category": "warm-up" })).await;
    let any = talk.discord().first_response(asked).await;
    assert!(any.ephemeral);
    let first = talk.press_id(ann, &any, "1|g|0|warm-up").await;
    let second = talk.press(ann, &first, "Another tip").await;
    assert_ne!(first.embeds[0]["title"], second.embeds[0]["title"]);
    assert_eq!(first.message, second.message);
    let shown = talk.press(ann, &second, "Show everyone").await;
    assert!(!shown.ephemeral);
    assert_eq!(shown.embeds, second.embeds);
    assert_told!(talk.end());
}

/// Tips of any kind take turns by kind, and a tip for another season does not come.
async fn tips_of_any_kind_take_turns(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let mut seen = talk.slash(ann, "tip", json!({})).await;
    let mut titles = vec![seen.embeds[0]["title"].to_string()];
    for _ in 0..5 {
        seen = talk.press(ann, &seen, "Another tip").await;
        titles.push(seen.embeds[0]["title"].to_string());
    }
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 6);
    talk.end();
}

async fn lists_open_their_topics(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let causes = talk.slash(ann, "causes", json!({})).await;
    let opened = talk.choose(ann, &causes, "cause.hips").await;
    assert_eq!(opened.embeds[0]["title"], "Hips, glutes and pelvis as a cause");
    let faults = talk.slash(ann, "faults", json!({})).await;
    let opened = talk.press(ann, &faults, "Too much, too soon").await;
    assert_eq!(opened.embeds[0]["title"], "Too much, too soon");
    assert_told!(talk.end());
}
