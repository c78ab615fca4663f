//! The store for one machine: one SQLite file.

mod fault;
#[path = "../sql.rs"]
#[allow(clippy::duplicate_mod, reason = "compiled once for each kind, whose SQL and errors it uses")]
mod sql;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, Transaction,
    sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

use self::fault::{fault, unread};
use super::{Changes, StoreError};
use crate::id::ClubId;

/// Marks a file as ours in its header: "PTLA".
const APPLICATION: i64 = 0x5054_4c41;
/// What brings a file from one form to the next, in order. The form is the number of those done.
const MIGRATIONS: [&str; 3] = [
    include_str!("../../../migrations/sqlite/0001_clubs.sql"),
    include_str!("../../../migrations/sqlite/0002_weekly.sql"),
    include_str!("../../../migrations/sqlite/0003_lease.sql"),
];
/// How long a call waits for another program's write. Below the time that a change of settings is given (`shelf`), so that a
/// lock is reported as one and not as slowness.
const BUSY: Duration = Duration::from_millis(1_000);
/// How long a call waits for its turn inside this program.
const TURN: Duration = Duration::from_secs(5);
/// Connections that read. Each is a thread; what is read is small.
const READERS: u32 = 2;

/// A SQLite file. Writes go through one connection, so that they queue in order and never meet each other's locks; reads have
/// their own and wait for nobody (write-ahead log).
pub struct Sqlite {
    writer: SqlitePool,
    reader: SqlitePool,
    path: PathBuf,
}

/// For `sql.rs`: the kind of store that it is a part of.
use Sqlite as Own;

/// Takes what is due and not yet taken, the oldest first. One connection writes: nobody else takes the same.
const CLAIM: &str = "UPDATE weekly SET wake_at = $2, version = version + 1 WHERE club IN \
                     (SELECT club FROM weekly WHERE wake_at <= $1 ORDER BY wake_at, club LIMIT $3) \
                     RETURNING club, state, version";

/// Asks how a query is done, and the column that says so.
const EXPLAIN: &str = "EXPLAIN QUERY PLAN";
const EXPLAINED: &str = "detail";

/// Begins to read all as it is at one moment.
const SNAPSHOT: &str = "BEGIN";

type Database = sqlx::Sqlite;
type Write = Transaction<'static, Database>;

impl Sqlite {
    /// Opens or creates the file that the address names; see [`super::open`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url).map_err(|e| StoreError::Options(e.into()))?;
        let options = options
            .foreign_keys(true)
            .busy_timeout(BUSY)
            // Not NORMAL, which may lose the last writes in a power cut: "saved" must be true, and writes are few.
            .synchronous(SqliteSynchronous::Full)
            // What a club erased is overwritten, not only unlinked.
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        let path = options.get_filename().to_owned();
        let (name, query) = url.split_once('?').unwrap_or((url, ""));
        let has = |option: &str| query.split('&').any(|o| o == option);
        let in_memory = name.ends_with(":memory:") || has("mode=memory");
        let pool = SqlitePoolOptions::new().acquire_timeout(TURN);
        let (writer, reader) = if in_memory {
            // A database in memory belongs to its connection: there is one, and it is never closed. (The pool would close one
            // that it is testing for a caller who gives up.)
            let pool = pool.max_connections(1).idle_timeout(None).max_lifetime(None).test_before_acquire(false);
            let pool = pool.connect_lazy_with(options.shared_cache(false));
            (pool.clone(), pool)
        } else {
            find(&path, !has("mode=ro") && !has("mode=rw"))?;
            let writer = pool.clone().max_connections(1).after_release(|connection, _| Box::pin(is_at_rest(connection)));
            let writer = writer.connect_lazy_with(options.clone());
            (writer, pool.max_connections(READERS).connect_lazy_with(options))
        };
        let store = Self { writer, reader, path };
        store.migrate().await?;
        Ok(store)
    }

    /// Refuses what is not ours or newer than this program, before anything is written; brings what is older up to date.
    async fn migrate(&self) -> Result<(), StoreError> {
        let known = MIGRATIONS.len() as i64;
        if self.form().await? == known {
            return Ok(());
        }
        // Of the file, once and for all. Without it readers wait for writers, which is no reason not to start.
        let _ = sqlx::query("PRAGMA journal_mode = WAL").execute(&self.writer).await;
        let mut write = self.write().await?;
        // Another program may have done it meanwhile, or a newer one more.
        let form: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *write).await.map_err(fault)?;
        if form > known {
            return Err(StoreError::Newer { found: form, known });
        }
        for sql in MIGRATIONS.iter().skip(usize::try_from(form).unwrap_or(usize::MAX)) {
            sqlx::raw_sql(*sql).execute(&mut *write).await.map_err(fault)?;
        }
        // A pragma takes no argument by placeholder; the numbers are this file's constants.
        let mark = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {known}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(mark)).execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// The form of the file: how many migrations it has had.
    async fn form(&self) -> Result<i64, StoreError> {
        let mark = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) \
                    FROM pragma_application_id, pragma_user_version";
        let (application, form, tables): (i64, i64, i64) =
            sqlx::query_as(mark).fetch_one(&self.writer).await.map_err(|e| unread(&self.path, e))?;
        let known = MIGRATIONS.len() as i64;
        if application != APPLICATION && (application, form, tables) != (0, 0, 0) {
            return Err(StoreError::NotAStore(self.path.clone()));
        }
        if form > known { Err(StoreError::Newer { found: form, known }) } else { Ok(form) }
    }

    /// A transaction that holds the write lock from its start, so that what it reads cannot change below it. Dropped without a
    /// commit, it never was.
    async fn write(&self) -> Result<Write, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault)
    }

    fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Fails where the file is not ours or newer than this program.
    async fn is_ours(&self) -> Result<(), StoreError> {
        self.form().await.map(drop)
    }

    #[expect(clippy::unused_async, reason = "the other kind waits here")]
    async fn listen(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        Ok(None)
    }

    /// Empties the write-ahead log, which may still hold pages with what was erased. Best effort: the next one does it else.
    async fn forget(&self) {
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await;
    }
}

/// A file tells nobody that it changed.
#[expect(clippy::unused_async, reason = "the other kind waits here")]
async fn tell(_write: &mut Write, _club: ClubId) -> Result<(), StoreError> {
    Ok(())
}

/// Whether a connection may go back to its pool. On a full disk SQLite rolls back by itself; the driver then still counts a
/// transaction and would refuse to begin another on this connection for good.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // The rollback of a dropped transaction comes before the answer.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Looks for the file, and creates it for its owner only; the log beside it gets the same permissions from SQLite.
fn find(path: &Path, create: bool) -> Result<(), StoreError> {
    let denied = |error| StoreError::at(path.to_owned(), error);
    let there = fs::exists(path).map_err(denied)?;
    if there {
        return if path.is_dir() { Err(denied(ErrorKind::IsADirectory.into())) } else { Ok(()) };
    }
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(StoreError::NoFolder(folder.to_owned()));
    }
    if !create {
        return Err(StoreError::NoFile(path.to_owned()));
    }
    let mut new = fs::OpenOptions::new();
    new.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    new.open(path).map(drop).map_err(denied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{club::Choices, id::ClubId, store::Store};

    /// In here, because only the store's own connection can be told that its disk is small.
    #[tokio::test]
    async fn a_full_disk_is_told_and_passes() {
        let name = format!("patella-full-{}.db", std::process::id());
        let url = format!("sqlite://{}", std::env::temp_dir().join(name).display());
        let store = Sqlite::open(&url).await.expect("opened");
        // Below the present size the limit becomes the present size.
        sqlx::query("PRAGMA max_page_count = 1").execute(&store.writer).await.expect("set");
        let large = Choices { region: Some("x".repeat(1_000_000)), ..Choices::default() };
        let error = store.save_club(ClubId(1), &large).await.expect_err("there is no room");
        assert!(matches!(error, StoreError::Full(_)), "{error:?}");
        assert_eq!(store.clubs().await.expect("read"), []);
        // The limit went with the connection.
        store.save_club(ClubId(1), &large).await.expect("there is room again");
        assert_eq!(store.clubs().await.expect("read"), [(ClubId(1), large)]);
        store.close().await;
        fs::remove_file(&store.path).expect("removed");
    }
}
