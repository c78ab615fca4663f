//! Answers that are hard to send.

use std::time::Duration;

use super::*;
use crate::stand_in::Scope;

fn limited(change: impl FnOnce(&mut Limits)) -> Tuning {
    let mut tuning = hasty();
    change(&mut tuning.work);
    tuning
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_is_given_up_counted_and_not_sent_late() {
    let tuning = limited(|limits| limits.response = Duration::from_millis(300));
    let mut bot = Bot::started_with(tuning, None).await;
    bot.discord.faults(|faults| (faults.delay, faults.only) = (Duration::from_secs(2), "callback".to_owned()));
    bot.ask(ORDINARY).await;
    bot.callbacks(1).await;
    let tally = bot.stop().await;
    assert_eq!((tally.answered, tally.lost, tally.late), (0, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_that_is_older_than_three_seconds_is_lost_and_counted() {
    let mut bot = Bot::started().await;
    bot.discord.drop_gateway();
    bot.discord.until_so("the end of the connection", |state| state.gateway.connected() == 0).await;
    bot.ask(ORDINARY).await;
    bot.discord.advance(Duration::from_secs(4));
    bot.callbacks(1).await;
    bot.answer().await;
    let tally = bot.stop().await;
    assert_eq!((tally.answered, tally.lost, tally.late), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_429_is_waited_out() {
    let mut bot = Bot::started().await;
    for scope in [Scope::User, Scope::Shared, Scope::Global] {
        bot.discord.faults(|faults| {
            (faults.storm, faults.storm_scope, faults.storm_retry_after) = (4, scope, 0.02);
            faults.only = "callback".to_owned();
        });
        bot.answer().await;
        bot.discord.faults(|faults| faults.only = "messages".to_owned());
        bot.discord.faults(|faults| faults.storm = 4);
        bot.discord.say(bot.ann, bot.channel, "<@bot> outside of my knee hurts").await;
        bot.discord.next_message(bot.channel).await;
    }
    let tally = bot.stop().await;
    assert_eq!((tally.answered, tally.messages, tally.lost), (3, 3, 0));
    assert_eq!(bot.discord.statuses()[&429], 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_at_discord_are_tried_again_for_answers_and_for_edits() {
    let mut bot = Bot::started().await;
    let faulty = |bot: &Bot| {
        bot.discord.faults(|faults| (faults.errors, faults.error_status, faults.only) = (2, 503, "callback".to_owned()));
    };
    faulty(&bot);
    let seen = bot.answer().await;
    faulty(&bot);
    let pressed = bot.discord.press(bot.ann, &seen, "Helpful").await;
    bot.discord.first_response(pressed).await;
    bot.discord.assert_no_violations();
    let tally = bot.stop().await;
    assert_eq!((tally.answered, tally.lost), (2, 0));
    assert_eq!(bot.discord.statuses()[&503], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_fate_is_unknown_is_sent_again_and_stands_once() {
    let mut bot = Bot::started().await;
    bot.discord.faults(|faults| (faults.cuts, faults.only) = (1, "callback".to_owned()));
    let seen = bot.answer().await;
    bot.callbacks(2).await;
    bot.discord.faults(|faults| (faults.cuts, faults.only) = (1, "messages".to_owned()));
    bot.discord.say(bot.ann, bot.channel, "<@bot> outside of my knee hurts").await;
    bot.discord.next_message(bot.channel).await;
    let tally = bot.stop().await;
    assert_eq!((tally.answered, tally.messages, tally.lost), (1, 1, 0));
    assert_eq!(bot.discord.messages(bot.channel).len(), 1, "the nonce makes the second one the first");
    let callbacks = bot.discord.look(|state| state.interactions[&seen.interaction.expect("a response")].callbacks);
    assert_eq!(callbacks, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_that_comes_twice_is_answered_once_and_is_no_loss() {
    let mut bot = Bot::started().await;
    bot.answer().await;
    assert_eq!(bot.discord.duplicate_last_event(), 1);
    bot.callbacks(2).await;
    let tally = bot.stop().await;
    assert_eq!((tally.answered, tally.again, tally.lost), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_at_once_sheds_questions_and_never_an_emergency() {
    let tuning = limited(|limits| (limits.under_way, limits.sending) = (4, 2));
    let mut bot = Bot::started_with(tuning, None).await;
    bot.discord.faults(|faults| (faults.delay, faults.only) = (Duration::from_millis(400), "callback".to_owned()));
    let mut urgent = Vec::new();
    for number in 0..40 {
        if number % 4 == 3 {
            urgent.push(bot.ask(EMERGENCY).await);
        } else {
            bot.ask(ORDINARY).await;
        }
    }
    for id in &urgent {
        let seen = bot.discord.first_response(*id).await;
        assert!(seen.ephemeral);
    }
    let tally = bot.stop().await;
    assert_eq!((tally.urgent, tally.lost), (10, 0), "{tally:?}");
    assert!(tally.shed > 0 && tally.answered + tally.shed == 40, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_stopped_still_answers_the_emergencies_that_it_was_weighing() {
    // Too much is under way from the first: of each request it is asked whether it is urgent.
    let mut bot = Bot::started_with(limited(|limits| limits.under_way = 0), None).await;
    let first = bot.ask(EMERGENCY).await;
    let seen = bot.discord.first_response(first).await;
    let mut asked = Vec::new();
    for _ in 0..40 {
        asked.push(bot.ask(EMERGENCY).await);
    }
    // This one needs no weighing: when it is answered, the others have come.
    let alert = bot.discord.press(bot.ann, &seen, "Ask people here to help me").await;
    let _ = bot.discord.first_response(alert).await;
    let tally = bot.stop().await;
    assert!(asked.iter().all(|id| bot.answered(*id)), "{tally:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_stopped_finishes_what_is_under_way() {
    let mut bot = Bot::started().await;
    bot.discord.faults(|faults| (faults.delay, faults.only) = (Duration::from_millis(500), "callback".to_owned()));
    let asked = [bot.ask(ORDINARY).await, bot.ask(EMERGENCY).await, bot.ask(ORDINARY).await];
    bot.callbacks(3).await;
    assert!(asked.iter().all(|id| !bot.answered(*id)));
    let tally = bot.stop().await;
    assert!(asked.iter().all(|id| bot.answered(*id)), "{tally:?}");
    assert_eq!(bot.discord.look(|state| state.gateway.connected()), 0, "it said goodbye");
}
