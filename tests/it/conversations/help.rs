//! What the bot says about itself.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn help_privacy_and_clinics() {
    let mut talk = Talk::start().await;
    let ann = talk.runner("Ann");
    for command in ["help", "privacy", "clinic"] {
        let seen = talk.slash(ann, command, json!({})).await;
        assert!(seen.ephemeral);
    }
    insta::assert_snapshot!(talk.end());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_mention_gets_help() {
    let mut talk = Talk::start().await;
    let ann = talk.runner("Ann");
    talk.say(ann, "<@bot>").await;
    let seen = talk.all_see().await;
    assert_eq!(seen.embeds[0]["title"], "What I can do");
    talk.end();
}
