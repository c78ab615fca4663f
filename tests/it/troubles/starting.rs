//! A Discord that does not say everything at the start.

use patella::discord::gateway::Stop;

use super::*;

/// A bot started while requests to these routes get this status; the lines it says, once it has answered a question.
async fn started_while(route: &str, status: u16) -> (Bot, String) {
    let mut bot = Bot::new().await;
    bot.discord.faults(|faults| (faults.errors, faults.error_status, faults.only) = (u32::MAX, status, route.to_owned()));
    bot.start(hasty(), None);
    bot.discord.connected(1).await;
    bot.discord.no_faults();
    bot.answer().await;
    let said = bot.said.lock().expect("no panic").join("\n");
    (bot, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_the_bot_is_can_be_learned_in_three_ways() {
    for route in ["GET /applications/@me", "GET /oauth2/applications/@me", "applications/@me", "GET /users/@me"] {
        let (bot, said) = started_while(route, 403).await;
        assert!(said.contains(&format!("client_id={}&", bot.discord.bot())), "{route}: {said}");
        bot.discord.say(bot.ann, bot.channel, "<@bot> outside of my knee hurts").await;
        bot.discord.next_message(bot.channel).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_found_without_the_number_of_shards_and_without_its_public_address() {
    for route in ["GET /gateway/bot", "GET /gateway"] {
        let mut bot = Bot::new().await;
        bot.discord.faults(|faults| {
            (faults.errors, faults.error_status, faults.only) = (1, 404, route.to_owned());
        });
        bot.start(hasty(), None);
        bot.discord.connected(1).await;
        bot.answer().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_registered_unseen_where_discord_does_not_show_them() {
    let (bot, said) = started_while("GET /applications/{id}/commands", 403).await;
    assert!(said.contains("The commands were registered."), "{said}");
    assert!(!bot.discord.commands().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_cannot_be_registered_do_not_keep_the_bot_from_answering() {
    for status in [400, 403, 503] {
        let (bot, said) = started_while("/applications/{id}/commands", status).await;
        assert!(said.contains("could not be registered"), "{status}: {said}");
        assert!(bot.discord.commands().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discord_that_is_down_at_the_start_is_waited_for() {
    let mut bot = Bot::new().await;
    bot.discord.faults(|faults| (faults.errors, faults.error_status) = (40, 502));
    bot.start(hasty(), None);
    bot.discord.connected(1).await;
    bot.answer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_ends_it_at_once() {
    let mut bot = Bot::new().await;
    let (token, api) = (Some("MTA.wrong.token".to_owned()), bot.discord.address());
    bot.start_as(
        Settings { token, api, shards: None, cooldown: Duration::ZERO, today, http: None, view: Default::default() },
        hasty(),
        None,
    );
    assert!(matches!(bot.ended().await, Err(ServeError::Stop(Stop::Token))));
    assert_eq!(bot.discord.statuses(), [(401, 1)].into(), "it asks once");
}
