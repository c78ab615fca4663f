//! The store for one machine: one SQLite file.

mod fault;

use std::{
    collections::HashSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, Transaction,
    sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

use self::fault::{fault, unread};
use super::{Feedback, Store, StoreError};
use crate::{
    club::{Choices, Visible},
    id::{ClubId, TopicId},
    reply::Clinic,
};

/// Marks a file as ours in its header: "PTLA".
const APPLICATION: i64 = 0x5054_4c41;
/// What brings a file from one form to the next, in order. The form is the number of those done.
const MIGRATIONS: [&str; 1] = [include_str!("../../../migrations/sqlite/0001_clubs.sql")];
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

type Write = Transaction<'static, sqlx::Sqlite>;
/// A row of a club joined with one of its clinics: club, region, visible; name, phone, hours, languages, link, last checked.
type Row = (
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

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
        // Another program may have done it meanwhile.
        let form: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *write).await.map_err(fault)?;
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

    /// Empties the write-ahead log, which may still hold pages with what was erased. Best effort: the next one does it else.
    async fn forget(&self) {
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await;
    }
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

// SQL that PostgreSQL takes as well, where SQLite lets us.

const CLUBS: &str = "SELECT club.id, region, visible, name, phone, hours, languages, link, last_checked \
                     FROM club LEFT JOIN clinic ON clinic.club = club.id ORDER BY club.id, place";
const CLUB: &str = "SELECT club.id, region, visible, name, phone, hours, languages, link, last_checked \
                    FROM club LEFT JOIN clinic ON clinic.club = club.id WHERE club.id = $1 ORDER BY place";
const SAVE: &str = "INSERT INTO club (id, region, visible) VALUES ($1, $2, $3) \
                    ON CONFLICT (id) DO UPDATE SET region = excluded.region, visible = excluded.visible, left_at = NULL";
const SAVE_CLINIC: &str = "INSERT INTO clinic (club, place, name, phone, hours, languages, link, last_checked) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const ERASE_CLINICS: &str = "DELETE FROM clinic WHERE club = $1";
const ERASE: &str = "DELETE FROM club WHERE id = $1";
const LEFT: &str = "UPDATE club SET left_at = $2 WHERE id = $1 AND left_at IS NULL";
const PRESENT: &str = "UPDATE club SET left_at = NULL WHERE id = $1 AND left_at IS NOT NULL";
// The mask of 42 bits makes the shift a logical one.
const OF_SHARD: &str = "SELECT id, left_at IS NOT NULL FROM club WHERE ((id >> 22) & 4398046511103) % $2 = $1";
const ERASE_LEFT: &str = "DELETE FROM club WHERE left_at < $1 RETURNING id";
const COUNT: &str = "INSERT INTO feedback (topic, helped, not_helped) VALUES ($1, $2, $3) ON CONFLICT (topic) DO UPDATE \
                     SET helped = feedback.helped + excluded.helped, not_helped = feedback.not_helped + excluded.not_helped";
const FEEDBACK: &str = "SELECT topic, helped, not_helped FROM feedback ORDER BY topic";
const PROBE: &str = "UPDATE probe SET writes = writes + 1 WHERE id = 1";

/// An id as its column holds it: the same 64 bits.
fn key(club: ClubId) -> i64 {
    club.0.cast_signed()
}

#[async_trait]
impl Store for Sqlite {
    async fn clubs(&self) -> Result<Vec<(ClubId, Choices)>, StoreError> {
        clubs(sqlx::query_as(CLUBS).fetch_all(&self.reader).await.map_err(fault)?)
    }

    async fn club(&self, club: ClubId) -> Result<Option<Choices>, StoreError> {
        let rows = sqlx::query_as(CLUB).bind(key(club)).fetch_all(&self.reader).await.map_err(fault)?;
        Ok(clubs(rows)?.pop().map(|(_, choices)| choices))
    }

    async fn save_club(&self, club: ClubId, choices: &Choices) -> Result<(), StoreError> {
        let Choices { clinics, region, visible } = choices;
        let mut write = self.write().await?;
        let row = sqlx::query(SAVE).bind(key(club)).bind(region.as_deref()).bind(visible.map(Visible::name));
        row.execute(&mut *write).await.map_err(fault)?;
        sqlx::query(ERASE_CLINICS).bind(key(club)).execute(&mut *write).await.map_err(fault)?;
        for (place, clinic) in (0i64..).zip(clinics) {
            let Clinic { name, phone, hours, languages, link, last_checked } = clinic;
            let languages = serde_json::to_string(languages).map_err(|e| StoreError::Failed(e.into()))?;
            let row = sqlx::query(SAVE_CLINIC).bind(key(club)).bind(place).bind(name.as_str()).bind(phone.as_str());
            let row = row.bind(hours.as_str()).bind(languages).bind(link.as_str()).bind(last_checked.map(|d| d.to_string()));
            row.execute(&mut *write).await.map_err(fault)?;
        }
        write.commit().await.map_err(fault)
    }

    async fn erase_club(&self, club: ClubId) -> Result<bool, StoreError> {
        let erased = sqlx::query(ERASE).bind(key(club)).execute(&self.writer).await.map_err(fault)?.rows_affected() > 0;
        if erased {
            self.forget().await;
        }
        Ok(erased)
    }

    async fn club_left(&self, club: ClubId, at: Timestamp) -> Result<(), StoreError> {
        let left = sqlx::query(LEFT).bind(key(club)).bind(at.as_millisecond());
        left.execute(&self.writer).await.map(drop).map_err(fault)
    }

    async fn club_present(&self, club: ClubId) -> Result<(), StoreError> {
        sqlx::query(PRESENT).bind(key(club)).execute(&self.writer).await.map(drop).map_err(fault)
    }

    async fn reconcile(&self, present: &[ClubId], shard: (u64, u64), at: Timestamp) -> Result<usize, StoreError> {
        let present: HashSet<ClubId> = present.iter().copied().collect();
        let (index, count) = shard;
        let mut write = self.write().await?;
        let rows = sqlx::query_as(OF_SHARD).bind(index.cast_signed()).bind(count.max(1).cast_signed());
        let stored: Vec<(i64, bool)> = rows.fetch_all(&mut *write).await.map_err(fault)?;
        let mut newly = 0;
        for (id, left) in stored {
            let there = present.contains(&ClubId(id.cast_unsigned()));
            if there && left {
                sqlx::query(PRESENT).bind(id).execute(&mut *write).await.map_err(fault)?;
            } else if !there && !left {
                sqlx::query(LEFT).bind(id).bind(at.as_millisecond()).execute(&mut *write).await.map_err(fault)?;
                newly += 1;
            }
        }
        write.commit().await.map_err(fault)?;
        Ok(newly)
    }

    async fn erase_left_before(&self, before: Timestamp) -> Result<Vec<ClubId>, StoreError> {
        let mut write = self.write().await?;
        let ids = sqlx::query_scalar(ERASE_LEFT).bind(before.as_millisecond()).fetch_all(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)?;
        if !ids.is_empty() {
            self.forget().await;
        }
        Ok(ids.into_iter().map(|id: i64| ClubId(id.cast_unsigned())).collect())
    }

    async fn count_feedback(&self, topic: &TopicId, helped: bool) -> Result<(), StoreError> {
        let count = sqlx::query(COUNT).bind(topic.as_str()).bind(i64::from(helped)).bind(i64::from(!helped));
        count.execute(&self.writer).await.map(drop).map_err(fault)
    }

    async fn feedback(&self) -> Result<Vec<Feedback>, StoreError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(FEEDBACK).fetch_all(&self.reader).await.map_err(fault)?;
        let feedback = |(topic, helped, not_helped): (String, i64, i64)| Feedback {
            topic: TopicId::new(&topic),
            helped: helped.cast_unsigned(),
            not_helped: not_helped.cast_unsigned(),
        };
        Ok(rows.into_iter().map(feedback).collect())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.form().await?;
        let written = sqlx::query(PROBE).execute(&self.writer).await.map_err(fault)?.rows_affected();
        if written != 1 {
            return Err(StoreError::Damaged("the row of the health check is missing".into()));
        }
        // The readers are other connections.
        sqlx::query(CLUB).bind(0i64).fetch_optional(&self.reader).await.map(drop).map_err(fault)
    }

    async fn close(&self) {
        // The last connection to close writes the log back into the file.
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Rows in the order of clubs, and of their clinics, to clubs.
fn clubs(rows: Vec<Row>) -> Result<Vec<(ClubId, Choices)>, StoreError> {
    let mut clubs: Vec<(ClubId, Choices)> = Vec::new();
    for (id, region, visible, name, phone, hours, languages, link, last_checked) in rows {
        let id = ClubId(id.cast_unsigned());
        if clubs.last().is_none_or(|(last, _)| *last != id) {
            let visible = visible.as_deref().and_then(Visible::from_name);
            clubs.push((id, Choices { clinics: Vec::new(), region, visible }));
        }
        // A club without clinics is one row with nothing on the clinic's side.
        let (Some(name), Some(phone), Some(hours), Some(languages), Some(link)) = (name, phone, hours, languages, link) else {
            continue;
        };
        let languages = serde_json::from_str(&languages).map_err(|e| StoreError::Damaged(e.into()))?;
        let last_checked = last_checked.map(|d| d.parse::<Date>()).transpose().map_err(|e| StoreError::Damaged(e.into()))?;
        if let Some((_, choices)) = clubs.last_mut() {
            choices.clinics.push(Clinic { name, phone, hours, languages, link, last_checked });
        }
    }
    Ok(clubs)
}

#[cfg(test)]
mod tests {
    use super::*;

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
