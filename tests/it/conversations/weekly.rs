//! `/weekly`: an organizer sets the tips up, changes their mind, and the tips come.

use jiff::{SignedDuration, Timestamp};
use patella::{
    id::ClubId,
    tips::outbox::mark,
    weekly::{End, Pause, Weeks},
};

use super::*;
use crate::stand_in::Seen;

by_both_ways!(
    tips_are_set_up_shown_paused_and_ended,
    each_slip_is_named,
    a_channel_that_cannot_take_tips_is_refused_at_the_start,
    zones_tips_and_dates_are_suggested,
    the_next_tip_is_swapped_skipped_and_both_are_undone,
);

fn start(talk: &Talk) -> serde_json::Value {
    json!({ "channel": talk.channel.to_string(), "day": "Thursday", "time": "6:30 pm", "zone": "America/New_York" })
}

fn club(talk: &Talk) -> ClubId {
    ClubId(talk.club.get())
}

async fn weeks(talk: &Talk) -> Weeks {
    let store = talk.bot.store.as_ref().expect("there is a store");
    store.weekly(club(talk)).await.expect("read").expect("started").0
}

/// Changes what is stored, and wakes the worker now.
async fn arrange(talk: &Talk, change: impl FnOnce(&mut Weeks)) {
    let store = talk.bot.store.as_ref().expect("there is a store");
    let (mut weeks, version) = store.weekly(club(talk)).await.expect("read").expect("started");
    change(&mut weeks);
    store.save_weekly(club(talk), &weeks, Some(Timestamp::now()), Some(version)).await.expect("saved").expect("alone");
}

/// Makes the next tip due now.
async fn due_now(talk: &Talk) {
    arrange(talk, |weeks| {
        // The worker looks at the calendar again, so it is the plan that says two minutes ago.
        let zone = weeks.plan.slot().expect("a known zone").zone;
        let local = (Timestamp::now() - SignedDuration::from_mins(2)).to_zoned(zone);
        (weeks.plan.day, weeks.plan.time) = (local.date().weekday(), local.time());
        weeks.next = weeks.plan.slot().expect("a known zone").due(local.date());
    })
    .await;
}

/// Waits until the store says that the last tip ended.
async fn ended(talk: &Talk) -> Weeks {
    let wait = async {
        loop {
            let weeks = weeks(talk).await;
            if weeks.last.is_some() {
                return weeks;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the tip ends in time")
}

fn told(seen: &Seen) -> String {
    seen.to_string()
}

async fn tips_are_set_up_shown_paused_and_ended(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    let none = talk.slash(olga, "weekly show", json!({})).await;
    assert!(told(&none).contains("/weekly start"), "{none}");
    let seen = talk.slash(olga, "weekly start", start(&talk)).await;
    assert!(seen.ephemeral);
    let text = told(&seen);
    let dates = text.matches(":F>").count();
    assert!(text.contains("Thursday at 18:30, America/New") && dates == 3, "{seen}");
    let next = weeks(&talk).await.next.expect("a date");
    assert!(text.contains(&format!("<t:{}:F>", next.at.as_second())), "{seen}");
    let paused = talk.slash(olga, "weekly pause", json!({})).await;
    assert!(told(&paused).contains("/weekly resume"), "{paused}");
    assert_eq!(weeks(&talk).await.paused, Some(Pause::Organizer));
    let on = talk.slash(olga, "weekly resume", json!({})).await;
    assert!(told(&on).contains(":F>"), "{on}");
    let sure = talk.slash(olga, "weekly stop", json!({})).await;
    let kept = talk.press(olga, &sure, "Keep it").await;
    assert!(told(&kept).contains("Nothing was changed"), "{kept}");
    let sure = talk.slash(olga, "weekly stop", json!({})).await;
    talk.press(olga, &sure, "End them").await;
    let none = talk.slash(olga, "weekly show", json!({})).await;
    assert!(told(&none).contains("/weekly start"), "{none}");
    talk.end();
}

async fn each_slip_is_named(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    for (name, wrong, said) in [
        ("time", "half six", "no time that I can read"),
        ("zone", "Amercia/New_York", "Near are America/New"),
        ("zone", "Xyzzy", "Type your city"),
    ] {
        let mut options = start(&talk);
        options[name] = json!(wrong);
        let seen = talk.slash(olga, "weekly start", options).await;
        assert!(told(&seen).contains(said), "{name} {wrong}: {seen}");
    }
    let seen = talk.slash(olga, "weekly pin", json!({ "tip": "tip.100", "week": "2026-11-26" })).await;
    assert!(told(&seen).contains("/weekly start"), "{seen}");
    talk.slash(olga, "weekly start", start(&talk)).await;
    for (options, said) in [
        (json!({ "tip": "tip.999", "week": "2026-11-26" }), "There is no tip"),
        (json!({ "tip": "tip.100", "week": "2020-01-01" }), "none of the coming dates"),
    ] {
        let seen = talk.slash(olga, "weekly pin", options).await;
        assert!(told(&seen).contains(said), "{seen}");
    }
    let ann = talk.runner("Ann");
    let seen = talk.slash(ann, "weekly show", json!({})).await;
    assert!(told(&seen).contains("Only members who may manage this server"), "{seen}");
    assert!(talk.types(ann, "weekly start", "zone", "bos").await.choices.is_empty());
    talk.end();
}

async fn a_channel_that_cannot_take_tips_is_refused_at_the_start(way: Way) {
    use serenity::model::Permissions;
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    let all = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES | Permissions::EMBED_LINKS;
    for (may, said) in [
        (Permissions::empty(), "I may not post there"),
        (all - Permissions::SEND_MESSAGES, "I may not post there"),
        (all - Permissions::EMBED_LINKS, "I may not post there"),
        (all, "I may not read the channel's history"),
    ] {
        let channel = talk.discord().add_channel(talk.club, "closed");
        talk.discord().set_bot_permissions_in(channel, may);
        let mut options = start(&talk);
        options["channel"] = json!(channel.to_string());
        let seen = talk.slash(olga, "weekly start", options.clone()).await;
        assert!(told(&seen).contains("cannot start") && told(&seen).contains(said), "{may:?}: {seen}");
        let none = talk.slash(olga, "weekly show", json!({})).await;
        assert!(told(&none).contains("/weekly start"), "nothing was kept: {none}");
    }
    talk.end();
}

async fn zones_tips_and_dates_are_suggested(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    let zones = talk.types(olga, "weekly start", "zone", "bosto").await;
    assert_eq!(zones.choices[0].1, "America/New_York");
    assert!(zones.choices[0].0.starts_with("Boston (New York, United States), now "), "{zones}");
    talk.slash(olga, "weekly start", start(&talk)).await;
    assert!(!talk.types(olga, "weekly pin", "tip", "squat").await.choices.is_empty());
    let dates = talk.types(olga, "weekly pin", "week", "").await;
    assert_eq!(dates.choices.len(), 12);
    let (third, tip) = (dates.choices[2].1.clone(), "tip.100");
    let seen = talk.slash(olga, "weekly pin", json!({ "tip": tip, "week": third })).await;
    assert!(told(&seen).contains("chosen by this club"), "{seen}");
    talk.end();
}

async fn the_next_tip_is_swapped_skipped_and_both_are_undone(way: Way) {
    let mut talk = Talk::start(way).await;
    let olga = talk.organizer("Olga");
    talk.slash(olga, "weekly start", start(&talk)).await;
    let before = weeks(&talk).await;
    let first = talk.slash(olga, "weekly preview", json!({})).await;
    let swapped = talk.press(olga, &first, "Another tip").await;
    assert_ne!(swapped.embeds[0]["title"], first.embeds[0]["title"]);
    let late = talk.press(olga, &first, "Another tip").await;
    assert!(told(&late).contains("has changed in the meantime"), "pressed twice: {late}");
    let back = talk.press(olga, &swapped, "Undo").await;
    assert_eq!((&back.embeds[0]["title"], weeks(&talk).await), (&first.embeds[0]["title"], before.clone()));
    let skipped = talk.press(olga, &back, "Skip this week").await;
    let next = weeks(&talk).await.next.expect("a date");
    assert_eq!((next.date - before.next.expect("a date").date).get_days(), 7);
    talk.press(olga, &skipped, "Undo").await;
    assert_eq!(weeks(&talk).await.next, before.next);
    talk.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tip_comes_with_its_sources_and_pings_whom_the_club_chose() {
    let mut talk = Talk::start(Way::Gateway).await;
    let (olga, ann) = (talk.organizer("Olga"), talk.runner("Ann"));
    let role = talk.discord().add_role(talk.club, "Tips");
    talk.discord().allow_role(role);
    let mut options = start(&talk);
    options["role"] = json!(role.to_string());
    talk.slash(olga, "weekly start", options).await;
    due_now(&talk).await;
    let seen = talk.all_see().await;
    assert_eq!(seen.raw["content"], format!("<@&{role}>"));
    let weeks = ended(&talk).await;
    assert_eq!(weeks.last.as_ref().map(|l| l.end), Some(End::Posted));
    let last = weeks.last.expect("posted");
    let footer = format!("#{:016x}", mark(club(&talk), last.date));
    assert!(seen.embeds[0]["footer"]["text"].as_str().is_some_and(|text| text.ends_with(&footer)), "{seen}");
    let why = talk.press(ann, &seen, "Why this helps").await;
    assert!(why.ephemeral && told(&why).contains("**Why**"), "{why}");
    let thanks = talk.press(ann, &seen, "Helpful").await;
    assert!(thanks.ephemeral, "{thanks}");
    let store = talk.bot.store.clone().expect("there is a store");
    let counted = async {
        loop {
            let feedback = store.feedback().await.expect("read");
            if let Some(of) = feedback.iter().find(|f| f.topic.as_str() == last.tip.as_str()) {
                return (of.helped, of.not_helped);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), counted).await.expect("counted"), (1, 0));
    talk.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_answer_was_lost_is_found_again() {
    let mut talk = Talk::start(Way::Gateway).await;
    let olga = talk.organizer("Olga");
    talk.slash(olga, "weekly start", start(&talk)).await;
    due_now(&talk).await;
    let first = talk.all_see().await;
    let weeks = ended(&talk).await;
    let last = weeks.last.clone().expect("posted");
    // As after a crash between the post and the note of it.
    arrange(&talk, |weeks| {
        let due = patella::schedule::Due { at: last.at - SignedDuration::from_mins(2), date: last.date };
        weeks.last = None;
        weeks.had.pop();
        weeks.begin(due, last.tip.clone(), 0, last.at - SignedDuration::from_secs(5));
    })
    .await;
    let found = ended(&talk).await;
    assert_eq!(found.last.map(|l| (l.tip, l.end)), Some((last.tip, End::Posted)));
    let posts = talk.discord().messages(talk.channel);
    let tips = posts.iter().filter(|m| m.to_string().contains(first.embeds[0]["title"].as_str().unwrap_or_default())).count();
    assert_eq!(tips, 1, "no second post");
    talk.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_gone_is_told_elsewhere() {
    let mut talk = Talk::start(Way::Gateway).await;
    let olga = talk.organizer("Olga");
    let gone = talk.discord().add_channel(talk.club, "tips");
    let mut options = start(&talk);
    options["channel"] = json!(gone.to_string());
    talk.slash(olga, "weekly start", options).await;
    talk.discord().change(|state| state.channels.remove(&gone));
    arrange(&talk, |weeks| {
        // Three refusals came before.
        for _ in 0..3 {
            weeks.fault(patella::weekly::Cause::NoChannel, Timestamp::now());
        }
    })
    .await;
    due_now(&talk).await;
    let news = talk.all_see().await;
    assert!(told(&news).contains("I paused the weekly tips") && told(&news).contains("the channel is gone"), "{news}");
    let seen = talk.slash(olga, "weekly show", json!({})).await;
    assert!(told(&seen).contains("Discord kept refusing"), "{seen}");
    assert_eq!(weeks(&talk).await.had, Vec::new());
    talk.end();
}
