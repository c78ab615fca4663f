//! What goes wrong below the worker: a store that is full, held, cut off or restarted, rows that cannot be read, rules that change.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use patella::{
    club::Club,
    id::ClubId,
    store::{self, Clubs, Store},
    tips::worker::Worker,
    weekly::End,
};
use sqlx::{Connection, SqliteConnection};

use super::{Bot, Way, new_file, on_each_store, plan};
use crate::{
    postgres::Cluster,
    store::moody::{Moody, Slip},
};

const CLUB: ClubId = ClubId(42);
const BEGIN: &str = "2026-11-21T12:00:00Z";

/// Looks again and again, as the running bot does, for half an hour.
async fn half_an_hour(bot: &Bot) {
    for _ in 0..10 {
        bot.clock.forward(SignedDuration::from_mins(3));
        // What the store refuses, the next look finds.
        let _ = bot.worker(1).once().await;
    }
}

#[tokio::test]
async fn each_week_has_one_tip_whichever_write_goes_wrong() {
    on_each_store(async |store| {
        let moody = Moody::over(store);
        let bot = Bot::new(moody.clone(), BEGIN);
        bot.start(CLUB, plan()).await;
        let mut weeks = 0;
        for slip in [Slip::Full, Slip::Locked, Slip::Cut] {
            // The writes of a week: taken and looked at a day before, taken, noted, ended.
            for well in 0..7 {
                let due = bot.weeks(CLUB).await.next.expect("not paused");
                bot.clock.set(due.at - SignedDuration::from_hours(24));
                moody.slips.lock().expect("no panic").extend(std::iter::repeat_n(Slip::None, well).chain([slip]));
                let _ = bot.worker(1).once().await;
                bot.clock.set(due.at + SignedDuration::from_secs(30));
                let _ = bot.worker(1).once().await;
                half_an_hour(&bot).await;
                moody.slips.lock().expect("no panic").clear();
                weeks += 1;
                let last = bot.weeks(CLUB).await.last.expect("it ended");
                assert_eq!((last.date, last.end), (due.date, End::Posted), "{slip:?} after {well} writes");
                assert_eq!(bot.channel.messages().len(), weeks, "{slip:?} after {well} writes");
            }
        }
        assert_eq!(bot.channel.told(), [], "nobody is troubled with what passed by itself");
    })
    .await;
}

/// Clubs whose tips are due in a store.
async fn due(store: Arc<dyn Store>, clubs: u64) -> Bot {
    let bot = Bot::new(store, BEGIN);
    for club in 0..clubs {
        bot.start(ClubId(club), plan()).await;
    }
    let first = bot.weeks(ClubId(0)).await.next.expect("a date").at;
    bot.clock.set(first + SignedDuration::from_secs(30));
    bot
}

/// A process that posts fifty a second, so that something can happen meanwhile.
fn slow(bot: &Bot) -> Arc<Worker<Way>> {
    let clubs = Arc::new(Clubs::new(Some(bot.store.clone()), Club::default()));
    let clock = bot.clock.clone();
    let clock = Arc::new(move || clock.now());
    Arc::new(Worker::new(bot.app.clone(), clubs, Way(bot.channel.clone()), clock, 1, 50.0).expect("there is a store"))
}

async fn assert_one_each(bot: &Bot, clubs: u64) {
    half_an_hour(bot).await;
    let mut posted: Vec<u64> = bot.channel.messages().iter().map(|m| m.club.0).collect();
    posted.sort_unstable();
    assert_eq!(posted, (0..clubs).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_while_tips_go_out() {
    let Some(cluster) = Cluster::start() else { return };
    let bot = due(store::open(&cluster.url("postgres")).await.expect("opened"), 60).await;
    let worker = slow(&bot);
    let working = tokio::spawn(async move { worker.once().await });
    tokio::time::sleep(Duration::from_millis(400)).await;
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.restart();
        cluster
    });
    let cluster = cluster.await.expect("it restarts");
    // Whether the look in which it happened failed is of no matter.
    let _ = working.await.expect("no panic");
    assert_one_each(&bot, 60).await;
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_holds_while_tips_go_out() {
    let url = new_file("held.db");
    let bot = due(store::open(&url).await.expect("opened"), 40).await;
    let worker = slow(&bot);
    let working = tokio::spawn(async move { worker.once().await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut other = SqliteConnection::connect(&url).await.expect("another program opens it");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("nobody else writes");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("it lets go");
    let _ = working.await.expect("no panic");
    assert_one_each(&bot, 40).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_no_other_club_from_its_tip() {
    let url = new_file("unread.db");
    let bot = due(store::open(&url).await.expect("opened"), 3).await;
    let mut other = SqliteConnection::connect(&url).await.expect("opened");
    let damaged = sqlx::raw_sql("UPDATE weekly SET state = 'of a later version' WHERE club = 1");
    damaged.execute(&mut other).await.expect("changed");
    bot.work().await;
    let mut posted: Vec<u64> = bot.channel.messages().iter().map(|m| m.club.0).collect();
    posted.sort_unstable();
    assert_eq!(posted, [0, 2]);
}

/// A government moves its clocks between two posts; the machine's zone data is brought up to date in between. What is stored is a
/// moment that was worked out by the old rules.
#[tokio::test]
async fn new_rules_of_a_zone_move_a_date_that_was_fixed_by_the_old_ones() {
    for old_rules_said in [-60, -30, 30, 60] {
        on_each_store(async |store| {
            let bot = Bot::new(store, BEGIN);
            bot.start(CLUB, plan()).await;
            let (mut weeks, version) = bot.store.weekly(CLUB).await.expect("read").expect("started");
            let right = weeks.next.expect("a date");
            let wrong = right.at + SignedDuration::from_mins(old_rules_said);
            weeks.next = Some(patella::schedule::Due { at: wrong, ..right });
            let wake = patella::tips::worker::wake(CLUB, &weeks, bot.clock.now());
            bot.store.save_weekly(CLUB, &weeks, wake, Some(version)).await.expect("saved").expect("alone");
            bot.clock.set(right.at - SignedDuration::from_hours(25));
            for _ in 0..27 * 12 {
                bot.clock.forward(SignedDuration::from_mins(5));
                bot.work().await;
            }
            let posted_at: Vec<Timestamp> = bot.channel.messages().iter().map(|m| m.at).collect();
            assert_eq!(posted_at, [right.at + SignedDuration::from_mins(5)], "{old_rules_said} minutes");
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_due_is_found_by_an_index() {
    on_each_store(async |store| {
        let plan = store.claim_plan().await.expect("explained");
        assert!(plan.contains("weekly_wake"), "{plan}");
    })
    .await;
}
