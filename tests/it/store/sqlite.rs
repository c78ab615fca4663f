//! Troubles of a SQLite file: each is told apart, and says what to do.

use std::{error::Error, fs, path::Path};

use patella::{
    id::ClubId,
    store::{self, StoreError},
};
use sqlx::{Connection, SqliteConnection};

use super::{at, bare, folder, full, region};

fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// Opens an address that must fail; the error with all that it says.
async fn refused(url: &str) -> (StoreError, String) {
    match store::open(url).await {
        Ok(_) => panic!("{url} opened"),
        Err(error) => {
            let text = error.to_string();
            (error, text)
        }
    }
}

/// A connection that knows nothing of Patella.
async fn raw(file: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("{}?mode=rwc", url(file))).await.expect("SQLite opens it")
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.expect("SQLite takes it");
}

#[tokio::test]
async fn addresses_that_are_not_understood_are_not_repeated() {
    for url in ["", "patella.db", "mysql://u:secret@h/db", "secret", "user:secret@host"] {
        let (error, text) = refused(url).await;
        assert!(matches!(error, StoreError::Address), "{url}: {error:?}");
        assert!(text.contains("sqlite://patella.db") && !text.contains("secret"), "{text}");
    }
    let (error, _) = refused("sqlite://patella.db?colour=red").await;
    assert!(matches!(error, StoreError::Options(_)) && error.source().is_some(), "{error:?}");
}

#[tokio::test]
async fn a_missing_folder_or_file_is_named() {
    let folder = folder("missing");
    let (error, text) = refused(&url(&folder.join("no/such/patella.db"))).await;
    assert!(matches!(error, StoreError::NoFolder(_)), "{error:?}");
    assert!(text.contains("no/such` does not exist: create it"), "{text}");
    let (error, _) = refused(&format!("{}?mode=ro", url(&folder.join("patella.db")))).await;
    assert!(matches!(error, StoreError::NoFile(_)), "{error:?}");
    let (error, text) = refused(&url(&folder)).await;
    assert!(matches!(error, StoreError::Denied { .. }), "a folder is no file: {error:?}");
    assert!(text.contains("missing"), "{text}");
    assert_eq!(fs::read_dir(&folder).expect("there").count(), 0, "nothing was created");
}

#[tokio::test]
async fn what_is_not_ours_is_left_as_it_is() {
    let folder = folder("foreign");
    let garbage = folder.join("garbage.db");
    fs::write(&garbage, "my training diary\n".repeat(500)).expect("written");
    let foreign = folder.join("foreign.db");
    run(&mut raw(&foreign).await, "CREATE TABLE diary (entry TEXT)").await;
    for file in [garbage, foreign] {
        let before = fs::read(&file).expect("there");
        let (error, text) = refused(&url(&file)).await;
        assert!(matches!(error, StoreError::NotAStore(_)), "{error:?}");
        assert!(text.contains("move it away"), "{text}");
        assert!(fs::read(&file).expect("there") == before, "{} was changed", file.display());
    }
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let file = folder("damaged").join("patella.db");
    let store = store::open(&url(&file)).await.expect("opened");
    store.save_club(ClubId(1), &full()).await.expect("saved");
    store.close().await;
    let mut bytes = fs::read(&file).expect("there");
    // The first page tells the form of the file and stays.
    bytes[4096..].fill(0xa5);
    fs::write(&file, bytes).expect("written");
    let store = store::open(&url(&file)).await.expect("its head is sound");
    let error = store.clubs().await.expect_err("damaged");
    assert!(matches!(error, StoreError::Damaged(_)) && error.source().is_some(), "{error:?}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
    assert!(store.check().await.is_err());
}

#[tokio::test]
async fn a_newer_form_is_refused_and_kept() {
    let file = folder("newer").join("patella.db");
    store::open(&url(&file)).await.expect("opened").close().await;
    run(&mut raw(&file).await, "PRAGMA user_version = 99").await;
    let (error, text) = refused(&url(&file)).await;
    assert!(matches!(error, StoreError::Newer { found: 99, known: 1.. }), "{error:?}");
    assert!(text.contains("update it"), "{text}");
    // Also where it becomes newer below a running program.
    run(&mut raw(&file).await, "PRAGMA user_version = 3").await;
    let store = store::open(&url(&file)).await.expect("opened");
    run(&mut raw(&file).await, "PRAGMA user_version = 98").await;
    let error = store.check().await.expect_err("newer");
    assert!(matches!(error, StoreError::Newer { found: 98, .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_can_only_be_read_is_read_and_says_so() {
    let file = folder("read-only").join("patella.db");
    let store = store::open(&url(&file)).await.expect("opened");
    store.save_club(ClubId(1), &full()).await.expect("saved");
    store.close().await;
    let mut urls = vec![format!("{}?mode=ro", url(&file))];
    let mut permissions = fs::metadata(&file).expect("there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&file, permissions).expect("set");
    if fs::OpenOptions::new().append(true).open(&file).is_err() {
        urls.push(url(&file));
    } else {
        println!("this user may write anything: the file's permissions are not tested");
    }
    for url in urls {
        let store = store::open(&url).await.expect("readable");
        assert_eq!(store.club(ClubId(1)).await.expect("read"), Some(full()));
        let saved = store.save_club(ClubId(1), &region("us")).await.expect_err("read-only");
        let checked = store.check().await.expect_err("read-only");
        for error in [saved, checked] {
            assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
            assert!(error.to_string().contains("write the file and its folder"), "{error}");
        }
        store.close().await;
    }
}

#[tokio::test]
async fn a_lock_of_another_program_is_told_in_time_and_passes() {
    let file = folder("locked").join("patella.db");
    let store = store::open(&url(&file)).await.expect("opened");
    let mut other = raw(&file).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let start = std::time::Instant::now();
    let error = store.save_club(ClubId(1), &full()).await.expect_err("locked");
    assert!(matches!(error, StoreError::Locked(_)), "{error:?}");
    assert!(start.elapsed().as_secs_f32() < 3.0, "Discord's time is not used up");
    assert_eq!(store.clubs().await.expect("readers wait for nobody"), []);
    run(&mut other, "ROLLBACK").await;
    store.save_club(ClubId(1), &full()).await.expect("saved");
}

#[tokio::test]
async fn a_program_that_dies_in_a_write_leaves_the_old_state() {
    let folder = folder("crash");
    let file = folder.join("patella.db");
    let store = store::open(&url(&file)).await.expect("opened");
    store.save_club(ClubId(1), &full()).await.expect("saved");
    let mut other = raw(&file).await;
    // So small a cache writes into the log before the commit.
    run(&mut other, "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE; DELETE FROM clinic").await;
    run(&mut other, "UPDATE club SET region = hex(zeroblob(100000)); INSERT INTO feedback VALUES ('pain.front', 1, 0)").await;
    // The files as a dead program leaves them.
    for name in ["patella.db", "patella.db-wal"] {
        fs::copy(folder.join(name), folder.join(name.replace("patella", "found"))).expect("copied");
    }
    let found = store::open(&url(&folder.join("found.db"))).await.expect("opened");
    assert_eq!(found.clubs().await.expect("read"), [(ClubId(1), full())]);
    assert_eq!(found.feedback().await.expect("read"), []);
    found.check().await.expect("sound");
}

#[tokio::test]
async fn a_store_closed_fits_in_one_file() {
    let folder = folder("closed");
    let file = folder.join("patella.db");
    let store = store::open(&url(&file)).await.expect("opened");
    store.save_club(ClubId(1), &full()).await.expect("saved");
    store.close().await;
    assert!(store.club(ClubId(1)).await.is_err(), "closed is closed");
    fs::rename(&file, folder.join("moved.db")).expect("moved");
    let moved = store::open(&url(&folder.join("moved.db"))).await.expect("opened");
    assert_eq!(moved.club(ClubId(1)).await.expect("read"), Some(full()));
}

#[tokio::test]
async fn what_was_erased_is_in_no_file() {
    let folder = folder("erased");
    let store = store::open(&url(&folder.join("patella.db"))).await.expect("opened");
    let traces = |word: &str| {
        let files = fs::read_dir(&folder).expect("there").map(|entry| fs::read(entry.expect("an entry").path()).expect("read"));
        files.filter(|bytes| bytes.windows(word.len()).any(|w| w == word.as_bytes())).count()
    };
    for (id, name) in [(1, "Quillfeather"), (2, "Brambleshank")] {
        let mut choices = full();
        choices.clinics.push(bare(name));
        store.save_club(ClubId(id), &choices).await.expect("saved");
        assert!(traces(name) > 0, "the test can see what is stored");
    }
    assert!(store.erase_club(ClubId(1)).await.expect("erased"));
    assert_eq!(traces("Quillfeather"), 0);
    assert!(traces("Brambleshank") > 0);
    store.club_left(ClubId(2), at(1)).await.expect("noted");
    assert_eq!(store.erase_left_before(at(2)).await.expect("swept"), [ClubId(2)]);
    assert_eq!(traces("Brambleshank"), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("private");
    let store = store::open(&url(&folder.join("patella.db"))).await.expect("opened");
    store.save_club(ClubId(1), &full()).await.expect("saved");
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("there") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        files += 1;
    }
    assert!(files > 1, "the log was looked at too");
}

/// The form of the tables holds no member, whoever adds to it later.
#[tokio::test]
async fn no_column_is_about_a_member() {
    let file = folder("columns").join("patella.db");
    store::open(&url(&file)).await.expect("opened").close().await;
    let columns = "SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
                   WHERE t.type = 'table' ORDER BY t.name, c.cid";
    let columns: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut raw(&file).await).await.expect("read");
    let allowed = "clinic.club clinic.place clinic.name clinic.phone clinic.hours clinic.languages clinic.link \
                   clinic.last_checked club.id club.region club.visible club.left_at copy.id copy.seen_at feedback.topic \
                   feedback.helped feedback.not_helped lease.name lease.holder lease.until probe.id probe.writes weekly.club weekly.wake_at weekly.version \
                   weekly.state";
    assert_eq!(columns, allowed.split(' ').filter(|c| !c.is_empty()).collect::<Vec<_>>(), "a new column: is it about a member?");
}
