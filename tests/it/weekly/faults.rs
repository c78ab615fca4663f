//! What goes wrong between a date and its message: crashes, lost answers, refusals, outages, organizers who change their minds.

use jiff::{SignedDuration, civil::Weekday};
use patella::{
    id::{ClubId, PlaceId, TipId},
    tips::{
        outbox::{Found, News, Posted},
        worker,
    },
    weekly::{Cause, End, Pause, Plan},
};

use super::{Bot, Fate, on_each_store, plan};

const CLUB: ClubId = ClubId(42);
const BEGIN: &str = "2026-11-21T12:00:00Z";

/// A bot whose club's first tip is due, with what its posts meet.
async fn due(store: std::sync::Arc<dyn patella::store::Store>, fates: &[Fate]) -> Bot {
    let bot = Bot::new(store, BEGIN);
    bot.start(CLUB, plan()).await;
    bot.channel.fates(fates.iter().copied());
    bot
}

#[tokio::test]
async fn each_week_has_one_tip_wherever_the_process_dies() {
    on_each_store(async |store| {
        let fates = [Fate::Dies, Fate::ArrivesAndDies, Fate::ArrivesUnheard, Fate::Lost, Fate::Arrives];
        // Each pair of what goes wrong first and then.
        let pairs: Vec<[Fate; 2]> = fates.iter().flat_map(|a| fates.iter().map(move |b| [*a, *b])).collect();
        let bot = due(store, &[]).await;
        for (week, pair) in pairs.iter().enumerate() {
            bot.channel.fates(*pair);
            let date = bot.weeks(CLUB).await.next.expect("not paused").date;
            bot.next_week(CLUB).await;
            for _ in 0..6 {
                bot.clock.forward(SignedDuration::from_mins(5));
                bot.work().await;
            }
            bot.channel.fates.lock().expect("no panic").clear();
            assert_eq!(bot.channel.messages().len(), week + 1, "after {pair:?}");
            let last = bot.weeks(CLUB).await.last.expect("one was posted");
            assert_eq!((last.date, last.end), (date, End::Posted), "after {pair:?}");
        }
        let mut titles: Vec<String> = bot.channel.messages().into_iter().map(|m| m.title).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), pairs.len(), "no tip came twice");
        assert_eq!(bot.channel.told(), [], "nobody is troubled with what passed by itself");
    })
    .await;
}

#[tokio::test]
async fn many_workers_make_one_post_for_each_club() {
    on_each_store(async |store| {
        let bot = Bot::new(store, BEGIN);
        for club in 0..60 {
            bot.start(ClubId(club), plan()).await;
        }
        bot.clock.set(bot.weeks(ClubId(0)).await.next.expect("a date").at + SignedDuration::from_secs(30));
        let workers = [bot.worker(1), bot.worker(2), bot.worker(3)];
        let (a, b, c) = tokio::join!(workers[0].once(), workers[1].once(), workers[2].once());
        let done: usize = [a, b, c].into_iter().map(|done| done.expect("the store answers")).sum();
        assert_eq!(done, 60, "each was worked on once");
        let mut clubs: Vec<u64> = bot.channel.messages().iter().map(|m| m.club.0).collect();
        clubs.sort_unstable();
        assert_eq!(clubs, (0..60).collect::<Vec<u64>>());
        assert_eq!(bot.channel.looks.load(std::sync::atomic::Ordering::Relaxed), 0, "nobody looks for what was never lost");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_tried_again_then_paused_and_told_once() {
    on_each_store(async |store| {
        let refused = Fate::Answer(Posted::Refused(Cause::NoPermission));
        let bot = due(store, &[refused; 4]).await;
        bot.next_week(CLUB).await;
        assert_eq!(bot.weeks(CLUB).await.trouble.map(|t| (t.cause, t.tries)), Some((Cause::NoPermission, 1)));
        for _ in 0..48 {
            bot.clock.forward(SignedDuration::from_mins(30));
            bot.work().await;
        }
        assert_eq!(bot.channel.told(), [(CLUB, News::Paused(Cause::NoPermission))]);
        let weeks = bot.weeks(CLUB).await;
        assert_eq!((weeks.paused, weeks.next, weeks.trouble.map(|t| t.tries)), (Some(Pause::Refused), None, Some(4)));
        assert_eq!(bot.channel.messages(), []);
        // An organizer mends it.
        let (mut weeks, version) = bot.store.weekly(CLUB).await.expect("read").expect("there");
        assert!(weeks.resume(bot.clock.now()));
        let wake = worker::wake(CLUB, &weeks, bot.clock.now());
        bot.store.save_weekly(CLUB, &weeks, wake, Some(version)).await.expect("saved").expect("the same version");
        bot.next_week(CLUB).await;
        assert_eq!(bot.channel.messages().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_that_passes_is_forgotten() {
    on_each_store(async |store| {
        let bot = due(store, &[Fate::Answer(Posted::Refused(Cause::NoChannel)); 2]).await;
        bot.next_week(CLUB).await;
        for _ in 0..4 {
            bot.clock.forward(SignedDuration::from_mins(10));
            bot.work().await;
        }
        let weeks = bot.weeks(CLUB).await;
        assert_eq!((bot.channel.messages().len(), weeks.trouble, weeks.paused), (1, None, None));
        assert_eq!(bot.channel.told(), []);
    })
    .await;
}

#[tokio::test]
async fn a_tip_that_a_new_knowledge_no_longer_has_makes_room_for_another() {
    on_each_store(async |store| {
        let mut bot = due(store, &[Fate::Answer(Posted::Refused(Cause::NoPermission))]).await;
        bot.next_week(CLUB).await;
        let chosen = bot.weeks(CLUB).await.open.expect("it is tried again").tip;
        let mut base = patella::embedded::base().expect("the knowledge inside is sound");
        let gone = base.knowledge.tip(&chosen).expect("it was there").title.clone();
        base.knowledge.tips.retain(|tip| tip.id != chosen);
        let encoder = patella::embedded::encoder().expect("the weights are sound");
        bot.app = std::sync::Arc::new(patella::app::App::new(base, encoder, patella::club::Club::default()));
        for _ in 0..4 {
            bot.clock.forward(SignedDuration::from_mins(10));
            bot.work().await;
        }
        let [posted] = &bot.channel.messages()[..] else { panic!("{:?}", bot.channel.messages()) };
        assert_ne!(posted.title, gone);
        assert_eq!(bot.weeks(CLUB).await.last.map(|last| (last.end, last.tip != chosen)), Some((End::Posted, true)));
    })
    .await;
}

#[tokio::test]
async fn an_outage_is_waited_for_a_day_and_no_longer() {
    on_each_store(async |store| {
        let not_yet = Fate::Answer(Posted::NotYet);
        let bot = due(store, &[not_yet; 1000]).await;
        bot.next_week(CLUB).await;
        let first = bot.weeks(CLUB).await.open.expect("it is tried");
        for _ in 0..23 * 4 {
            bot.clock.forward(SignedDuration::from_mins(15));
            bot.work().await;
        }
        assert_eq!(bot.weeks(CLUB).await.open.expect("still").due, first.due);
        bot.channel.fates.lock().expect("no panic").clear();
        bot.clock.forward(SignedDuration::from_mins(20));
        bot.work().await;
        let messages = bot.channel.messages();
        assert_eq!(messages.len(), 1, "it comes late");
        // The next week the outage lasts longer.
        bot.channel.fates([not_yet; 1000]);
        bot.next_week(CLUB).await;
        let missed = bot.weeks(CLUB).await.open.expect("it is tried");
        for _ in 0..25 * 4 {
            bot.clock.forward(SignedDuration::from_mins(15));
            bot.work().await;
        }
        assert_eq!(bot.channel.told(), [(CLUB, News::Missed(missed.due.date))]);
        bot.channel.fates.lock().expect("no panic").clear();
        let weeks = bot.weeks(CLUB).await;
        assert_eq!(weeks.next.expect("a date").date.weekday(), Weekday::Thursday);
        bot.next_week(CLUB).await;
        let after = bot.channel.messages();
        assert_eq!(after.len(), 2);
        assert_ne!(after[1].title, messages[0].title);
    })
    .await;
}

#[tokio::test]
async fn a_bot_that_was_off_for_a_month_posts_one_tip_not_four() {
    on_each_store(async |store| {
        let bot = due(store, &[]).await;
        bot.clock.forward(SignedDuration::from_hours(30 * 24));
        bot.work().await;
        bot.work().await;
        let told = bot.channel.told();
        assert!(bot.channel.messages().is_empty() && told.len() == 1, "{told:?}");
        bot.next_week(CLUB).await;
        assert_eq!(bot.channel.messages().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn without_the_history_a_lost_answer_never_makes_two_posts() {
    on_each_store(async |store| {
        let bot = due(store, &[Fate::ArrivesUnheard]).await;
        bot.channel.finds.lock().expect("no panic").extend([Found::Refused(Cause::NoHistory); 100]);
        let date = bot.weeks(CLUB).await.next.expect("a date").date;
        bot.next_week(CLUB).await;
        // The first attempt after it is so soon that Discord itself knows the nonce: it is sent, and no second message appears.
        bot.clock.forward(SignedDuration::from_secs(20));
        bot.work().await;
        assert_eq!(bot.channel.messages().len(), 1);
        assert_eq!(bot.weeks(CLUB).await.last.map(|l| (l.date, l.end)), Some((date, End::Posted)));
        // The next week nobody looks for minutes.
        bot.channel.fates([Fate::ArrivesAndDies]);
        let date = bot.weeks(CLUB).await.next.expect("a date").date;
        bot.next_week(CLUB).await;
        bot.clock.forward(SignedDuration::from_mins(30));
        bot.work().await;
        assert_eq!(bot.channel.messages().len(), 2);
        assert_eq!(bot.channel.told(), [(CLUB, News::Unknown(date))]);
        assert_eq!(bot.weeks(CLUB).await.last.map(|l| l.end), Some(End::Unknown));
    })
    .await;
}

#[tokio::test]
async fn a_change_while_a_post_is_under_way_loses_nothing() {
    on_each_store(async |store| {
        let bot = due(store, &[Fate::ArrivesAndDies]).await;
        let date = bot.weeks(CLUB).await.next.expect("a date").date;
        bot.next_week(CLUB).await;
        // Nobody knows yet that it was posted; the organizers move the tips to Saturdays.
        bot.start(CLUB, Plan { day: Weekday::Saturday, ..plan() }).await;
        let weeks = bot.weeks(CLUB).await;
        assert!((weeks.next.expect("a date").date - date).get_days() > 4, "{:?}", weeks.next);
        bot.next_week(CLUB).await;
        let messages = bot.channel.messages();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert_ne!(messages[0].title, messages[1].title);
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_is_changed_or_gone_while_a_post_is_under_way() {
    on_each_store(async |store| {
        let bot = due(store, &[Fate::Dies, Fate::ArrivesAndDies]).await;
        bot.next_week(CLUB).await;
        // Nothing was sent yet; the organizers choose another channel. There it is sent, and nobody hears of it.
        let (mut weeks, version) = bot.store.weekly(CLUB).await.expect("read").expect("there");
        weeks.plan.place = PlaceId(8);
        let wake = Some(bot.clock.now());
        bot.store.save_weekly(CLUB, &weeks, wake, Some(version)).await.expect("saved").expect("the same version");
        for _ in 0..3 {
            bot.clock.forward(SignedDuration::from_mins(5));
            bot.work().await;
        }
        assert_eq!(bot.channel.messages().len(), 1);
        assert_eq!(bot.weeks(CLUB).await.last.map(|l| l.end), Some(End::Posted));
        // The next week nothing was sent either, and the channel is gone.
        bot.channel.fates([Fate::Dies]);
        bot.next_week(CLUB).await;
        bot.channel.finds.lock().expect("no panic").push_back(Found::Refused(Cause::NoChannel));
        bot.clock.forward(SignedDuration::from_mins(5));
        bot.work().await;
        assert_eq!(bot.channel.messages().len(), 2, "what was in it is gone with it");
    })
    .await;
}

#[tokio::test]
async fn what_was_stopped_stays_stopped() {
    on_each_store(async |store| {
        let bot = due(store, &[Fate::Lost]).await;
        bot.next_week(CLUB).await;
        assert!(bot.store.stop_weekly(CLUB).await.expect("stopped"));
        for _ in 0..10 {
            bot.clock.forward(SignedDuration::from_hours(24));
            bot.work().await;
        }
        assert_eq!((bot.channel.messages(), bot.store.weekly(CLUB).await.expect("read")), (Vec::new(), None));
        bot.start(CLUB, plan()).await;
        bot.store.erase_club(CLUB).await.expect("erased");
        assert_eq!(bot.store.weekly(CLUB).await.expect("read"), None, "erasing a club erases its tips");
    })
    .await;
}

#[tokio::test]
async fn pinned_skipped_and_passed_over() {
    on_each_store(async |store| {
        let bot = due(store, &[]).await;
        let (mut weeks, version) = bot.store.weekly(CLUB).await.expect("read").expect("there");
        let first = weeks.next.expect("a date");
        let pinned = TipId::new("tip.100");
        assert!(weeks.skip(first.date));
        weeks.pins.insert(weeks.next.expect("a date").date, pinned.clone());
        let wake = worker::wake(CLUB, &weeks, bot.clock.now());
        bot.store.save_weekly(CLUB, &weeks, wake, Some(version)).await.expect("saved").expect("the same version");
        bot.next_week(CLUB).await;
        let last = bot.weeks(CLUB).await.last.expect("posted");
        assert_eq!((last.tip, (last.date - first.date).get_days()), (pinned, 7));
        assert_eq!(bot.store.save_weekly(CLUB, &weeks, wake, Some(version)).await.expect("read"), None, "an old version");
    })
    .await;
}
