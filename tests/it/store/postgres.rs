//! PostgreSQL: the same story, its own troubles, and the way to it from SQLite and back.

use std::time::Duration;

use jiff::civil::{Time, Weekday};
use patella::{
    club::Club,
    id::PlaceId,
    store::{Clubs, Freshness, StoreError},
    weekly::{Plan, Weeks},
};

use super::*;
use crate::postgres::{self, Cluster};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_in_postgresql() {
    let Some(url) = postgres::database() else { return };
    story(async || store::open(&url).await.expect("opened")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_copies_start_at_once_on_a_new_database() {
    let Some(url) = postgres::database() else { return };
    let opened = futures_util::future::join_all((0..6).map(|_| store::open(&url))).await;
    for store in opened {
        store.expect("one brings it up to date, the others wait").check().await.expect("sound");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_or_refuses_is_told_without_the_password() {
    let Some(cluster) = Cluster::start() else { return };
    for (url, wanted) in [
        ("postgres://u:secret@127.0.0.1:9/db".to_owned(), "cannot be reached"),
        (cluster.url("nowhere"), "refuses the login"),
        ("postgres://u:secret@host:port/db".to_owned(), "not understood"),
    ] {
        let Err(error) = store::open(&url).await else { panic!("{url} opened") };
        let text = error.to_string();
        assert!(text.contains(wanted) && !text.contains("secret"), "{text}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_costs_one_call_and_no_write() {
    let Some(cluster) = Cluster::start() else { return };
    let store = store::open(&cluster.url("postgres")).await.expect("opened");
    store.save_club(ClubId(1), &full()).await.expect("saved");
    cluster.restart();
    // The connections of before are cut; the pool makes new ones.
    let mut read = store.club(ClubId(1)).await;
    for _ in 0..10 {
        if read.is_ok() {
            break;
        }
        read = store.club(ClubId(1)).await;
    }
    assert_eq!(read.expect("it is there again"), Some(full()));
    store.save_club(ClubId(1), &region("uk")).await.expect("saved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_programs_database_is_left_alone() {
    let Some(url) = postgres::database() else { return };
    let pool = sqlx::PgPool::connect(&url).await.expect("the server is there");
    sqlx::raw_sql("CREATE TABLE club (name TEXT)").execute(&pool).await.expect("created");
    let Err(error) = store::open(&url).await else { panic!("it opened") };
    assert!(matches!(error, StoreError::NotAStore(_)), "{error:?}");
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetch_one(&pool).await.expect("read");
    assert_eq!(tables, 1, "nothing was added");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_stored_moves_from_one_kind_to_the_other_and_back() {
    let Some(url) = postgres::database() else { return };
    let sqlite = store::open("sqlite::memory:").await.expect("opened");
    let plan = Plan {
        place: PlaceId(7),
        day: Weekday::Thursday,
        time: Time::constant(18, 30, 0, 0),
        zone: "America/New_York".to_owned(),
        role: None,
    };
    sqlite.save_club(ClubId(1), &full()).await.expect("saved");
    sqlite.save_club(ClubId(2), &region("uk")).await.expect("saved");
    sqlite.club_left(ClubId(2), at(100)).await.expect("noted");
    let weeks = Weeks::start(None, plan, at(1_000)).expect("a known zone");
    sqlite.save_weekly(ClubId(3), &weeks, Some(at(2_000)), None).await.expect("saved").expect("new");
    sqlite.count_feedback(&TopicId::new("pain.outside"), true).await.expect("counted");
    let before = sqlite.export().await.expect("read");
    let read = store::backup::Backup::from_json(&before.to_json()).expect("its own form");
    assert_eq!((before.clubs.len(), &read), (3, &before));
    let postgres = store::open(&url).await.expect("opened");
    postgres.import(&read).await.expect("written");
    assert_eq!(postgres.export().await.expect("read"), before);
    assert!(matches!(postgres.import(&read).await, Err(StoreError::NotEmpty)), "never over what is there");
    let back = store::open("sqlite::memory:").await.expect("opened");
    back.import(&postgres.export().await.expect("read")).await.expect("written");
    assert_eq!(back.export().await.expect("read"), before);
    assert_eq!(back.erase_left_before(at(101)).await.expect("swept"), [ClubId(2)], "dates came along");
}

/// So fresh that nothing is read but what is told, within a test's patience.
fn told_only() -> Freshness {
    let (hour, moment) = (Duration::from_secs(3_600), Duration::from_millis(20));
    Freshness { told: hour, untold: hour, again: (moment, moment) }
}

/// Another copy of the program: its settings in memory, and the store behind.
async fn copy(url: &str) -> Arc<Clubs> {
    Arc::new(Clubs::new(Some(store::open(url).await.expect("opened")), Club::default()))
}

/// Waits until a club's region is in force in a copy.
async fn in_force(clubs: &Clubs, club: ClubId, region: Option<&str>) {
    let wait = async {
        while clubs.of(Some(club)).region.as_deref() != region {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the change arrives");
}

fn choose(name: &str) -> impl FnOnce(&mut Choices) -> Result<(), String> {
    move |choices| {
        choices.region = Some(name.to_owned());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_copy_changes_is_in_force_in_all() {
    let Some(url) = postgres::database() else { return };
    let (one, two) = (copy(&url).await, copy(&url).await);
    let (first, second) = (ClubId(1), ClubId(u64::MAX));
    one.change(first, choose("uk")).await.expect("changed");
    let follower = two.clone();
    let following = tokio::spawn(async move { follower.follow(told_only()).await });
    in_force(&two, first, Some("uk")).await;
    // From here on nothing is read but what is told.
    for (club, name) in [(first, "us"), (second, "eu"), (first, "uk")] {
        one.change(club, choose(name)).await.expect("changed");
        in_force(&two, club, Some(name)).await;
    }
    one.erase(second).await.expect("erased");
    in_force(&two, second, None).await;
    one.store().expect("given").club_left(first, at(100)).await.expect("noted");
    assert_eq!(one.erase_left_before(at(101)).await.expect("swept"), 1);
    in_force(&two, first, None).await;
    following.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_while_nobody_listens_is_seen_all_the_same() {
    let Some(url) = postgres::database() else { return };
    let (one, two) = (copy(&url).await, copy(&url).await);
    let club = ClubId(1);
    let follower = two.clone();
    let following = tokio::spawn(async move { follower.follow(told_only()).await });
    one.change(club, choose("start")).await.expect("changed");
    in_force(&two, club, Some("start")).await;
    let pool = sqlx::PgPool::connect(&url).await.expect("the server is there");
    for round in 0..5 {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'";
        let cut: i64 = sqlx::query_scalar(cut).fetch_one(&pool).await.expect("cut");
        assert_eq!(cut, 1, "one connection listens");
        let name = format!("round {round}");
        one.change(club, choose(&name)).await.expect("changed");
        in_force(&two, club, Some(&name)).await;
        // It listens again: what is told now arrives too.
        let name = format!("after round {round}");
        one.change(club, choose(&name)).await.expect("changed");
        in_force(&two, club, Some(&name)).await;
        let listens = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        let listens: i64 = sqlx::query_scalar(listens).fetch_one(&pool).await.expect("asked");
        assert_eq!(listens, 1);
    }
    following.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_for_a_while_leaves_settings_and_is_followed_again() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.url("postgres");
    let (one, two) = (copy(&url).await, copy(&url).await);
    let club = ClubId(1);
    let follower = two.clone();
    let following = tokio::spawn(async move { follower.follow(told_only()).await });
    one.change(club, choose("uk")).await.expect("changed");
    in_force(&two, club, Some("uk")).await;
    cluster.restart();
    assert_eq!(two.of(Some(club)).region.as_deref(), Some("uk"), "what was read last");
    while one.change(club, choose("us")).await.is_err() {}
    in_force(&two, club, Some("us")).await;
    following.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_after_the_program_is_found_and_its_settings_come_into_force() {
    let Some(cluster) = Cluster::start() else { return };
    let (url, club) = (cluster.url("postgres"), ClubId(1));
    copy(&url).await.change(club, choose("uk")).await.expect("changed");
    cluster.stop();
    let store = store::open_patiently(&url).await.expect("it is away for the moment only");
    let clubs = Arc::new(Clubs::new(Some(store), Club::default()));
    let follower = clubs.clone();
    let following = tokio::spawn(async move { follower.follow(told_only()).await });
    assert!(clubs.change(club, choose("us")).await.is_err(), "nothing can be kept");
    assert!(clubs.refresh().await.is_err() && clubs.store_is_up() == Some(false));
    cluster.restart();
    in_force(&clubs, club, Some("uk")).await;
    clubs.change(club, choose("us")).await.expect("changed");
    assert_eq!(clubs.store_is_up(), Some(true));
    following.abort();

    // Waiting does not mend these.
    for url in [cluster.url("nowhere"), "postgres://u:secret@host:port/db".to_owned()] {
        let error = store::open_patiently(&url).await.err().expect("it is told at once");
        assert!(!error.is_for_now(), "{error:?}");
    }
}
