//! PostgreSQL: the same story, its own troubles, and the way to it from SQLite and back.

use jiff::civil::{Time, Weekday};
use patella::{
    id::PlaceId,
    store::StoreError,
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
