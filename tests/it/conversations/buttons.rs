//! Buttons of other times: of an older or newer version, of topics that are gone, and of no version at all.

use super::*;

by_both_ways!(what_no_longer_works_says_so_kindly, buttons_outlive_a_restart, a_page_past_the_end_is_the_last,);

async fn what_no_longer_works_says_so_kindly(way: Way) {
    let talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let asked = talk.discord().slash(ann.id, talk.channel, "ask", json!({ "question": "hello" })).await;
    let seen = talk.discord().first_response(asked).await;
    let long = format!("1|t|{}", "x".repeat(90));
    let gone = ["1|t|pain.elbow", "1|p|1|0|pain.elbow|", "1|e|pain.elbow", "1|s|pain.elbow", "1|f|y|pain.elbow", "1|k|tip.999"];
    let strange =
        ["0|t|pain.front", "2|t|pain.front", "garbage", "||||", "1|z|x", "1|p|-1|0|pain.front|", "1|r|x|e|", "1|m", &long];
    let mut answers = std::collections::BTreeSet::new();
    for id in gone.into_iter().chain(strange) {
        let pressed = talk.discord().press_id(ann.id, &seen, id).await;
        let answer = talk.discord().first_response(pressed).await;
        assert!(answer.ephemeral, "{id}: {answer}");
        answers.insert(answer.text());
    }
    let answers: Vec<String> = answers.into_iter().collect();
    assert_told!(answers.join("\n"));
    talk.end();
}

/// A message of last month: its bot has gone, another one of the same version is there, and its buttons still work.
async fn buttons_outlive_a_restart(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let answer = talk.slash(ann, "ask", json!({ "question": "outside of my knee hurts after 5 miles" })).await;
    talk.say(ann, "<@bot> I passed out on my run").await;
    let public = talk.all_see().await;
    talk.bot.stop().await.expect("it stops in good order");
    talk.bot.run(Duration::ZERO).await;
    let next = talk.press(ann, &answer, "More (2 of 2)").await;
    assert!(next.text().contains("Page 2 of 2"), "{next}");
    let own = talk.press(ann, &public, "Read it privately").await;
    assert!(own.ephemeral && own.text().contains("Why I say this"), "{own}");
    talk.end();
}

/// A page that a shorter card no longer has is its last page.
async fn a_page_past_the_end_is_the_last(way: Way) {
    let mut talk = Talk::start(way).await;
    let ann = talk.runner("Ann");
    let answer = talk.slash(ann, "ask", json!({ "question": "outside of my knee hurts after 5 miles" })).await;
    let last = talk.press_id(ann, &answer, "1|p|99|0|pain.outside|").await;
    assert!(last.text().contains("Page 2 of 2"), "{last}");
    let details = talk.press_id(ann, &answer, "1|p|0|ffffffffffffffff|pain.outside|no_such_flag,persistent_pain").await;
    assert!(details.text().contains("Pain on the outside of the knee"), "{details}");
    talk.end();
}
