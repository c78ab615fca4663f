//! Questions and answers.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_for_the_asker_alone() {
    let (discord, channel, ann) = harbor().await;
    let bot = Bot::start(discord).await;
    let asked = bot.discord.slash(ann, channel, "ask", json!({ "question": "outside of my knee hurts after 5 miles" })).await;
    let seen = bot.discord.first_response(asked).await;
    assert!(seen.ephemeral);
    insta::assert_snapshot!(seen.to_string());
    bot.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_looks_unlike_all_else() {
    let (discord, channel, ann) = harbor().await;
    let bot = Bot::start(discord).await;
    let asked = bot.discord.slash(ann, channel, "ask", json!({ "question": "calf is swollen and hot since the flight and now I can't catch my breath", "visible": "everyone" })).await;
    let seen = bot.discord.first_response(asked).await;
    assert!(seen.ephemeral);
    insta::assert_snapshot!(seen.to_string());
    bot.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_answered_without_naming_the_concern() {
    let (discord, channel, ann) = harbor().await;
    let bot = Bot::start(discord).await;
    bot.discord.say(ann, channel, "<@bot> since my knee went I want to end my life").await;
    let seen = bot.discord.next_message(channel).await;
    insta::assert_snapshot!(seen.to_string());
    let pressed = bot.discord.press(ann, &seen, "Read it privately").await;
    let seen = bot.discord.first_response(pressed).await;
    insta::assert_snapshot!(seen.to_string());
    bot.discord.assert_no_violations();
}
