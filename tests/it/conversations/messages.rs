//! Messages: the message command, mentions, direct messages, and all that is left alone.

use super::*;

by_both_ways!(
    a_chosen_message_is_answered_to_the_one_who_chose_it,
    a_chosen_emergency_is_a_safety_reply_without_a_pointer,
    a_message_without_words_has_nothing_to_read,
);

async fn a_chosen_message_is_answered_to_the_one_who_chose_it(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, ben) = (talk.runner("Ann"), talk.runner("Ben"));
    let message = talk.say(ann, "anyone else's kneecap ache on the stairs?").await;
    let seen = talk.answer_privately(ben, message).await;
    assert!(seen.ephemeral);
    assert!(talk.discord().messages(talk.channel).is_empty(), "Ann is told nothing");
    let pointer = talk.press(ben, &seen, "Post where to ask").await;
    assert!(!pointer.ephemeral);
    assert_told!(talk.end());
}

async fn a_chosen_emergency_is_a_safety_reply_without_a_pointer(way: Way) {
    let mut talk = Talk::start(way).await;
    let (ann, ben) = (talk.runner("Ann"), talk.runner("Ben"));
    for text in ["my calf is swollen and hot, only the left one", "I don't want to live anymore"] {
        let message = talk.say(ann, text).await;
        let seen = talk.answer_privately(ben, message).await;
        assert!(seen.ephemeral);
        assert_eq!(seen.labels(), ["Ask people here to help me"]);
    }
    assert!(talk.discord().messages(talk.channel).is_empty(), "nobody else was told");
    assert_told!(talk.end());
}

async fn a_message_without_words_has_nothing_to_read(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let message = talk.say(ann, "").await;
    talk.answer_privately(ann, message).await;
    assert_told!(talk.end());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_answered_for_all_below_the_question() {
    let mut talk = Talk::start(Way::Gateway).await;
    let ann = talk.runner("Ann");
    let asked = talk.say(ann, "<@bot> are squats bad for knees?").await;
    let seen = talk.all_see().await;
    let message = talk.discord().message(seen.message.expect("a message"));
    assert_eq!(message.reference, Some(asked));
    assert_eq!(message.raw["allowed_mentions"], json!({ "parse": [] }));
    insta::assert_snapshot!(talk.end());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_message_is_answered_there() {
    let mut talk = Talk::start(Way::Gateway).await;
    let ann = talk.runner("Ann");
    let tie = talk.dm(ann, "10 days witout a twinge now, straight to 5k?").await;
    let opened = talk.press(ann, &tie, "Can I run with this pain?").await;
    assert_eq!(opened.message, tie.message, "nobody else reads here: it changes in place");
    let seen = talk.dm(ann, "are foam rollers any good").await;
    assert!(!seen.labels().contains(&"Show everyone".to_owned()));
    let opened = talk.press(ann, &seen, "Sources").await;
    assert!(opened.text().contains("Sources: "), "{opened}");
    insta::assert_snapshot!(talk.end());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_that_it_cannot_answer_offers_its_topics() {
    let mut talk = Talk::start(Way::Gateway).await;
    let (ann, ben) = (talk.runner("Ann"), talk.runner("Ben"));
    talk.say(ann, "<@bot> who won the cup?").await;
    let seen = talk.all_see().await;
    let own = talk.choose(ben, &seen, "pain.clicking").await;
    assert!(own.ephemeral, "a public menu opens for whoever chose");
    talk.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_the_bot_is_left_alone() {
    let mut talk = Talk::start(Way::Gateway).await;
    let ann = talk.runner("Ann");
    let robot = talk.discord().bot();
    talk.say(ann, "my knee hurts on the outside").await;
    talk.say(ann, "I can't put any weight on my leg since the fall").await;
    talk.say(ann, &format!("<@{}> what about shoes?", ann.id)).await;
    let message = talk.say(ann, "knees, eh?").await;
    talk.discord().edit(message, "<@bot> knees, eh?").await;
    // The bot's own words, were they to mention it.
    talk.discord().say(robot, talk.channel, "<@bot> my knee hurts on the outside").await;
    let before = talk.discord().messages(talk.channel).len();
    assert_eq!(before, 1, "its own message, written above");
    talk.discord().next_message(talk.channel).await;
    talk.nothing_more(ann).await;
    talk.end();
}
