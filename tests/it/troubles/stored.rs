//! The store: down, and in line with the servers that the bot is in.

use jiff::{SignedDuration, Timestamp};
use patella::{club::Choices, id::ClubId, store, web};

use super::*;
use crate::store::moody::{Mood, Moody};

/// Waits until something is so; there is no bell to wait for.
async fn until<T>(what: &str, mut ready: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(result) = ready().await {
                return result;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("waited for {what}"))
}

/// A store in memory with settings of these clubs.
async fn with_clubs(clubs: &[u64]) -> Arc<dyn Store> {
    let store = store::open("sqlite::memory:").await.expect("a store in memory");
    for club in clubs {
        let choices = Choices { region: Some("us".to_owned()), ..Choices::default() };
        store.save_club(ClubId(*club), &choices).await.expect("it is written");
    }
    store
}

/// The clubs that the bot left; they are forgotten by this.
async fn left(store: &Arc<dyn Store>) -> Vec<ClubId> {
    until("a club that was left", async || {
        let left = store.erase_left_before(Timestamp::now() + SignedDuration::from_hours(1)).await.expect("it answers");
        (!left.is_empty()).then_some(left)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_working_store_questions_are_answered_and_changes_say_so() {
    let down = Moody::new().await;
    down.becomes(Mood::Fails);
    let mut bot = Bot::started_with(hasty(), Some(down)).await;
    let seen = bot.answer().await;
    let pressed = bot.discord.press(bot.ann, &seen, "Helpful").await;
    bot.discord.first_response(pressed).await;
    let urgent = bot.ask(EMERGENCY).await;
    bot.discord.first_response(urgent).await;
    let organizer = bot.discord.add_member(bot.club, "Olga", StandIn::organizer());
    let asked = bot.discord.slash(organizer, bot.channel, "club set", json!({ "region": "us" })).await;
    let seen = bot.discord.first_response(asked).await;
    assert!(text(&seen).contains("my storage does not answer"), "{seen}");
    let tally = bot.stop().await;
    assert_eq!((tally.answered, tally.lost, tally.broken), (4, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_club_that_removes_the_bot_is_noted_as_left_and_an_outage_is_not() {
    let mut bot = Bot::new().await;
    let other = bot.discord.add_guild("Hill Striders");
    let store = with_clubs(&[bot.club.get(), other.get()]).await;
    bot.start(hasty(), Some(store.clone()));
    bot.discord.connected(1).await;
    bot.answer().await;
    bot.discord.guild_unavailable(other);
    bot.discord.guild_delete(bot.club);
    assert_eq!(left(&store).await, [ClubId(bot.club.get())]);
    assert!(store.club(ClubId(other.get())).await.expect("it answers").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_club_that_removed_the_bot_while_it_was_away_is_found_at_the_next_connection() {
    let mut bot = Bot::new().await;
    let gone = 77 << 22;
    let store = with_clubs(&[bot.club.get(), gone]).await;
    bot.start(hasty(), Some(store.clone()));
    assert_eq!(left(&store).await, [ClubId(gone)]);
    assert!(store.club(ClubId(bot.club.get())).await.expect("it answers").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_what_is_stored_is_erased_and_not_before() {
    let mut bot = Bot::new().await;
    let (long_ago, lately) = (77 << 22, 78 << 22);
    let store = with_clubs(&[bot.club.get(), long_ago, lately]).await;
    for (club, days) in [(long_ago, 31), (lately, 29)] {
        let at = Timestamp::now() - SignedDuration::from_hours(days * 24);
        store.club_left(ClubId(club), at).await.expect("it is written");
    }
    bot.start(hasty(), Some(store.clone()));
    until("the sweep", async || store.club(ClubId(long_ago)).await.expect("it answers").is_none().then_some(())).await;
    bot.discord.connected(1).await;
    bot.answer().await;
    for club in [bot.club.get(), lately] {
        assert!(store.club(ClubId(club)).await.expect("it answers").is_some(), "{club}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_club_that_comes_back_is_kept() {
    let mut bot = Bot::new().await;
    let store = with_clubs(&[bot.club.get()]).await;
    let at = Timestamp::now() - SignedDuration::from_hours(29 * 24);
    store.club_left(ClubId(bot.club.get()), at).await.expect("it is written");
    bot.start(hasty(), Some(store.clone()));
    bot.discord.connected(1).await;
    bot.answer().await;
    bot.stop().await;
    let left = store.erase_left_before(Timestamp::now() + SignedDuration::from_hours(1)).await.expect("it answers");
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_without_a_token_hears_what_another_copy_changes_and_shows_its_store() {
    let mut bot = Bot::new().await;
    let store = with_clubs(&[]).await;
    let socket = web::bind(([127, 0, 0, 1], 0).into()).expect("the loopback has a free port");
    let keys = interactions::Keys::parse(&bot.discord.public_key()).expect("a public key");
    let http = Some(interactions::Settings { socket, keys });
    let settings = Settings {
        token: None,
        api: bot.discord.address(),
        shards: None,
        cooldown: Duration::ZERO,
        today,
        http,
        view: bot.view.clone(),
    };
    let soon = Duration::from_millis(20);
    let fresh = Freshness { untold: soon, again: (soon, soon), ..Freshness::default() };
    let moody = Moody::over(store.clone());
    bot.start_as(settings, Tuning { fresh, ..hasty() }, Some(moody.clone()));
    let url = until("an address", async || {
        let said = bot.said.lock().expect("no panic").join("\n");
        Some(said.split("are taken at ").nth(1)?.split_whitespace().next()?.trim_end_matches('.').to_owned())
    });
    bot.discord.set_endpoint(&url.await).await.expect("Discord takes the address");

    let choices = Choices { region: Some("uk".to_owned()), ..Choices::default() };
    store.save_club(ClubId(bot.club.get()), &choices).await.expect("it is written");
    until("the emergency number that was set elsewhere", async || {
        let urgent = bot.ask(EMERGENCY).await;
        text(&bot.discord.first_response(urgent).await).contains("999").then_some(())
    })
    .await;

    let page = super::watched::Page::of(&bot).await;
    assert_eq!(page.until("running").await.1["store"], "up");
    moody.becomes(Mood::Fails);
    until("the store is away", async || (page.until("running").await.1["store"] == "away").then_some(())).await;
    moody.becomes(Mood::Well);
    until("the store is back", async || (page.until("running").await.1["store"] == "up").then_some(())).await;
    bot.stop().await;
}
