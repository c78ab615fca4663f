//! What the bot says about itself.

use super::*;

by_both_ways!(help_privacy_and_clinics,);

async fn help_privacy_and_clinics(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    for command in ["help", "privacy", "clinic"] {
        let seen = talk.slash(ann, command, json!({})).await;
        assert!(seen.ephemeral);
    }
    assert_told!(talk.end());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_mention_gets_help() {
    let mut talk = Talk::start(Way::Gateway).await;
    let ann = talk.runner("Ann");
    talk.say(ann, "<@bot>").await;
    let seen = talk.all_see().await;
    assert_eq!(seen.embeds[0]["title"], "What I can do");
    talk.end();
}
