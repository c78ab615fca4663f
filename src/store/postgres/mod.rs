//! The store for many machines: a PostgreSQL database.

mod changes;
mod fault;
#[path = "../sql.rs"]
#[allow(clippy::duplicate_mod, reason = "compiled once for each kind, whose SQL and errors it uses")]
mod sql;

use std::{path::PathBuf, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Transaction,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

use tokio::time::timeout;

use self::{
    changes::{Listener, tell},
    fault::fault,
};
use super::{Changes, StoreError};

/// What brings a database from one form to the next, in order. The form is the number of those done.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../../migrations/postgres/0001_all.sql"), include_str!("../../../migrations/postgres/0002_lease.sql")];
/// The lock under which one copy of the program brings the database up to date while the others wait: "PATELLA" in ASCII.
const MIGRATING: i64 = 0x0050_4154_454c_4c41;
/// How long a call waits for a connection.
const TURN: Duration = Duration::from_secs(5);
/// Connections of one copy of the program: settings are in memory, so that few are enough. One of them listens for changes.
const CONNECTIONS: u32 = 8;

/// For `sql.rs`: the kind of store that it is a part of.
use Postgres as Own;

/// Takes what is due and not yet taken, the oldest first; what another copy is just taking is passed over.
const CLAIM: &str = "UPDATE weekly SET wake_at = $2, version = version + 1 WHERE club IN \
                     (SELECT club FROM weekly WHERE wake_at <= $1 ORDER BY wake_at, club LIMIT $3 FOR UPDATE SKIP LOCKED) \
                     RETURNING club, state, version";

/// Asks how a query is done, and the column that says so.
const EXPLAIN: &str = "EXPLAIN";
const EXPLAINED: &str = "QUERY PLAN";

/// Begins to read all as it is at one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

type Database = sqlx::Postgres;
type Write = Transaction<'static, Database>;

/// A database that any number of copies of the program share.
pub struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Opens the database that the address names; see [`super::open`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(|e| StoreError::Options(e.into()))?;
        let options = options
            .application_name("patella")
            // A call that takes longer has met a lock or a fault: nobody waits for it any more (`shelf`).
            .options([("statement_timeout", "5000"), ("lock_timeout", "1000"), ("idle_in_transaction_session_timeout", "10000")])
            .disable_statement_logging();
        // A pool only says that it waited in vain; one connection says why.
        let first = timeout(TURN, options.connect()).await.map_err(|late| StoreError::Unreachable(late.into()))?;
        drop(first.map_err(fault)?.close().await);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(TURN).connect_lazy_with(options);
        let store = Self { pool };
        store.migrate().await?;
        Ok(store)
    }

    /// Refuses what is not ours or newer than this program, before anything is written; brings what is older up to date.
    async fn migrate(&self) -> Result<(), StoreError> {
        let known = MIGRATIONS.len() as i64;
        if self.form().await? == known {
            return Ok(());
        }
        let mut write = self.write().await?;
        // Others that start at the same time wait here, and longer than a lock may usually take.
        sqlx::raw_sql("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0").execute(&mut *write).await.map_err(fault)?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATING).execute(&mut *write).await.map_err(fault)?;
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS patella (form BIGINT NOT NULL)").execute(&mut *write).await.map_err(fault)?;
        let form: Option<i64> =
            sqlx::query_scalar("SELECT form FROM patella").fetch_optional(&mut *write).await.map_err(fault)?;
        // A newer program may have come first: its form is not to be marked as ours.
        let found = form.unwrap_or(0);
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        for sql in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
            sqlx::raw_sql(*sql).execute(&mut *write).await.map_err(fault)?;
        }
        sqlx::raw_sql("DELETE FROM patella").execute(&mut *write).await.map_err(fault)?;
        sqlx::query("INSERT INTO patella (form) VALUES ($1)").bind(known).execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// The form of the database: how many migrations it has had.
    async fn form(&self) -> Result<i64, StoreError> {
        let tables = "SELECT to_regclass('patella') IS NOT NULL, to_regclass('club') IS NOT NULL";
        let (ours, others): (bool, bool) = sqlx::query_as(tables).fetch_one(&self.pool).await.map_err(fault)?;
        if !ours {
            let not_ours = || StoreError::NotAStore(PathBuf::from("the database of store.url"));
            return if others { Err(not_ours()) } else { Ok(0) };
        }
        let form: Option<i64> = sqlx::query_scalar("SELECT form FROM patella").fetch_optional(&self.pool).await.map_err(fault)?;
        let (found, known) = (form.unwrap_or(0), MIGRATIONS.len() as i64);
        if found > known { Err(StoreError::Newer { found, known }) } else { Ok(found) }
    }

    fn reader(&self) -> &PgPool {
        &self.pool
    }

    fn writer(&self) -> &PgPool {
        &self.pool
    }

    async fn write(&self) -> Result<Write, StoreError> {
        self.pool.begin().await.map_err(fault)
    }

    /// Fails where the database is not ours or newer than this program.
    async fn is_ours(&self) -> Result<(), StoreError> {
        self.form().await.map(drop)
    }

    async fn listen(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        let listening = timeout(TURN, Listener::open(&self.pool)).await;
        let listener = listening.map_err(|late| StoreError::Unreachable(late.into()))??;
        Ok(Some(Box::new(listener)))
    }

    /// The server's vacuum overwrites what was erased in its own time.
    #[expect(clippy::unused_async, reason = "the other kind waits here")]
    async fn forget(&self) {}
}
