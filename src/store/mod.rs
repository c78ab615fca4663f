//! What outlives a restart: clubs' choices, weekly tips and counts of feedback. Nothing about a member, ever.
//!
//! [`Store`] is the one face; [`open`] picks what stands behind it. Doors do not wait for it: they ask [`Clubs`].

pub mod backup;
mod follow;
mod late;
#[cfg(feature = "postgres")]
mod postgres;
mod shelf;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{io, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;

use self::{backup::Backup, late::Late};
pub use self::{
    follow::Freshness,
    shelf::{ChangeError, Clubs},
};
use crate::{
    club::Choices,
    id::{ClubId, TopicId},
    weekly::Weeks,
};

/// A topic's thumbs since counting began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The topic that was answered under.
    pub topic: TopicId,
    /// How often "this helped" was pressed.
    pub helped: u64,
    /// How often "this did not help" was pressed.
    pub not_helped: u64,
}

/// Counts the writes of one value: who writes names the one that was read, so that no write is lost under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(i64);

/// A weekly tip that a worker was given for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose.
    pub club: ClubId,
    /// What is stored.
    pub weeks: Weeks,
    /// For [`Store::save_weekly`].
    pub version: Version,
}

/// A weekly tip as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub club: ClubId,
    /// What is stored.
    pub weeks: Weeks,
    /// When the worker is to look at it.
    pub wake: Option<Timestamp>,
    /// The version that was read.
    pub seen: Version,
}

/// What a running copy of the program holds for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is held.
    pub name: String,
    /// By which copy.
    pub holder: u64,
}

/// Tells of changes of clubs' settings, whichever program makes them.
#[async_trait]
pub trait Changes: Send {
    /// Waits for the next one: whose settings changed. Fails where some may have been missed: then somebody else is to listen, and
    /// all is to be read. It may be given up at any time and asked again.
    async fn next(&mut self) -> Result<ClubId, StoreError>;
}

/// Keeps clubs' choices. Each call is whole: it happens entirely or not at all, through a crash or a dropped future too.
/// Every call fails with a [`StoreError`] where the store cannot be reached, read or written.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// All clubs about which anything is stored, in no order.
    async fn clubs(&self) -> Result<Vec<(ClubId, Choices)>, StoreError>;

    /// One club's choices; `None` where nothing is stored about it.
    async fn club(&self, club: ClubId) -> Result<Option<Choices>, StoreError>;

    /// Replaces a club's choices. A club that sets something is there: the day it was left is cleared.
    async fn save_club(&self, club: ClubId, choices: &Choices) -> Result<(), StoreError>;

    /// Erases all that is stored about a club; returns whether anything was.
    async fn erase_club(&self, club: ClubId) -> Result<bool, StoreError>;

    /// Notes that the bot is no longer in a club, if anything is stored about it. A date that is there already stays.
    async fn club_left(&self, club: ClubId, at: Timestamp) -> Result<(), StoreError>;

    /// Notes that the bot is in a club: clears the date of [`Store::club_left`].
    async fn club_present(&self, club: ClubId) -> Result<(), StoreError>;

    /// Brings the dates in line with the clubs that the gateway reports for one shard, `(index, count)`: of the shard's clubs
    /// (`(id >> 22) % count == index`, Discord's rule), those present are cleared and all others were left `at` the latest.
    /// Returns how many are newly found to be left.
    async fn reconcile(&self, present: &[ClubId], shard: (u64, u64), at: Timestamp) -> Result<usize, StoreError>;

    /// Erases the clubs that were left before an instant; returns which.
    async fn erase_left_before(&self, before: Timestamp) -> Result<Vec<ClubId>, StoreError>;

    /// Counts one press of a feedback button. The caller knows that there is such a topic.
    async fn count_feedback(&self, topic: &TopicId, helped: bool) -> Result<(), StoreError>;

    /// All feedback, by topic.
    async fn feedback(&self) -> Result<Vec<Feedback>, StoreError>;

    /// A club's weekly tip, and the version of what was read; `None` where there is none.
    async fn weekly(&self, club: ClubId) -> Result<Option<(Weeks, Version)>, StoreError>;

    /// Writes a club's weekly tip, if nobody wrote it since the version that was `seen` (`None`: since there was none). `wake` is
    /// when the worker is to look at it. Returns the new version, or `None` where somebody else was faster.
    async fn save_weekly(
        &self,
        club: ClubId,
        weeks: &Weeks,
        wake: Option<Timestamp>,
        seen: Option<Version>,
    ) -> Result<Option<Version>, StoreError>;

    /// Writes many at once, which costs little more than one: each as [`Store::save_weekly`] would, and all or none where that
    /// fails. Returns the new versions in the same order.
    async fn save_many(&self, changes: &[Change]) -> Result<Vec<Option<Version>>, StoreError>;

    /// Erases a club's weekly tip; returns whether there was one.
    async fn stop_weekly(&self, club: ClubId) -> Result<bool, StoreError>;

    /// Takes up to `max` weekly tips whose time has come, the oldest first. Nobody else is given them before `until`, and who
    /// writes them meanwhile makes the version that is returned here an old one.
    async fn claim(&self, now: Timestamp, until: Timestamp, max: u32) -> Result<Vec<Claim>, StoreError>;

    /// How the database goes about [`Store::claim`], in its own words: for whoever wonders why it is slow.
    async fn claim_plan(&self) -> Result<String, StoreError>;

    /// Notes that this copy of the program runs, forgets those last heard of before an instant, and counts the rest.
    async fn copies(&self, me: u64, now: Timestamp, gone_before: Timestamp) -> Result<u64, StoreError>;

    /// Takes a lease that is free or over, or goes on holding it, until an instant; returns `false` where another copy holds it.
    async fn lease(&self, name: &str, holder: u64, now: Timestamp, until: Timestamp) -> Result<bool, StoreError>;

    /// Gives a lease back, if it is this copy's.
    async fn release(&self, name: &str, holder: u64) -> Result<(), StoreError>;

    /// Forgets the leases that are over; returns the others, by name.
    async fn leases(&self, now: Timestamp) -> Result<Vec<Lease>, StoreError>;

    /// Listens for changes of clubs' settings from now on; `None` where this kind of store tells of none.
    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, StoreError>;

    /// All that is stored, as it is at one moment.
    async fn export(&self) -> Result<Backup, StoreError>;

    /// Puts a backup into an empty store, entirely or not at all.
    async fn import(&self, backup: &Backup) -> Result<(), StoreError>;

    /// Whether the store can be read and written (it writes) and has this program's form.
    async fn check(&self) -> Result<(), StoreError>;

    /// Finishes what is under way and lets go. Afterwards every call fails, and a SQLite file holds everything by itself.
    async fn close(&self);
}

/// What a driver or the system said.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the store did not do it, and what to do about it. No message holds a club's number, a club's words or a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is of no kind that is understood. It is not repeated: it may hold a password.
    #[error(
        "store.url is not understood: use sqlite://FILE, such as sqlite://patella.db, or postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Address,
    /// The address is of a kind that this build leaves out.
    #[error("this build of Patella has no {kind} store{instead}")]
    NotBuilt {
        /// Its name.
        kind: &'static str,
        /// What to do instead, or empty.
        instead: &'static str,
    },
    /// What follows the file's name in the address is not understood.
    #[error(
        "the options of store.url are not understood: use sqlite://FILE, sqlite://FILE?mode=ro to read only, or postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Options(#[source] Cause),
    /// The folder of the file does not exist.
    #[error("the store's folder `{}` does not exist: create it, or set store.url to another file", .0.display())]
    NoFolder(PathBuf),
    /// There is no file, and the address says not to create one.
    #[error("the store `{}` does not exist", .0.display())]
    NoFile(PathBuf),
    /// The file cannot be created or opened.
    #[error("the store `{}` cannot be opened: let the user that runs Patella read and write the file and its folder", .path.display())]
    Denied {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Cause,
    },
    /// The file can be read but not written.
    #[error("the store is read-only: let the user that runs Patella write the file and its folder")]
    ReadOnly(#[source] Cause),
    /// The file is something else: no database, or another program's.
    #[error("`{}` is not a store of Patella: move it away, or set store.url to another file", .0.display())]
    NotAStore(PathBuf),
    /// A newer Patella has written the store.
    #[error("the store has form {found}, and this Patella knows forms up to {known}: update it, or restore an older backup")]
    Newer {
        /// The form of the store.
        found: i64,
        /// The newest form that this program knows.
        known: i64,
    },
    /// Another program or too many calls at once keep the store busy.
    #[error("the store is locked: end the other program that holds it open, or try again")]
    Locked(#[source] Cause),
    /// The server cannot be reached, or lets nobody in for the moment.
    #[error("the store's server cannot be reached: check store.url, and that the server runs")]
    Unreachable(#[source] Cause),
    /// The server knows no such user, password or database, or does not let the user in.
    #[error("the store's server refuses the login: check user, password and database in store.url, and the user's privileges")]
    Login(#[source] Cause),
    /// There is something in the store that a backup would be put into.
    #[error("the store is not empty: set store.url to a new file or database, and import into that")]
    NotEmpty,
    /// There is no room left.
    #[error("the disk that holds the store is full: make room")]
    Full(#[source] Cause),
    /// What is stored contradicts itself.
    #[error("the store is damaged: stop Patella and restore a backup")]
    Damaged(#[source] Cause),
    /// Anything else.
    #[error("the store failed")]
    Failed(#[source] Cause),
}

impl StoreError {
    /// Whether it may pass without anybody's doing anything about this program or its settings.
    pub fn is_for_now(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Locked(_))
    }

    /// A file-system error at a path.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "only a store in a file has paths"))]
    fn at(path: PathBuf, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(error.into()),
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(error.into()),
            _ => Self::Denied { path, source: error.into() },
        }
    }
}

/// Opens the store that an address names: `postgres://USER:PASSWORD@HOST/DATABASE`, `sqlite://FILE`, `sqlite://FILE?mode=ro`, or
/// `sqlite::memory:` for tests. A file that
/// is not there is created, readable by its owner only; an older form is brought up to date. A file that can only be read opens
/// all the same, so that clubs keep their settings; [`Store::check`] and every write then say [`StoreError::ReadOnly`].
///
/// # Errors
/// Where the address is not understood, or nothing can be read there; see [`StoreError`].
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match url.split_once(':').map_or("", |(scheme, _)| scheme) {
        "sqlite" => open_sqlite(url).await,
        "postgres" | "postgresql" => open_postgres(url).await,
        _ => Err(StoreError::Address),
    }
}

/// As [`open`]; where the store is away for the moment, what is returned fails until it is there, and is then that store. For programs
/// that are to start all the same.
///
/// # Errors
/// As [`open`], where waiting would not help.
pub async fn open_patiently(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match open(url).await {
        Err(error) if error.is_for_now() => {
            tracing::error!(%error, "the store is away: until it is there, clubs have the default settings, and changes cannot be saved");
            Ok(Arc::new(Late::new(url)))
        }
        opened => opened,
    }
}

#[cfg(feature = "sqlite")]
async fn open_sqlite(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(sqlite::Sqlite::open(url).await?))
}

#[cfg(not(feature = "sqlite"))]
async fn open_sqlite(_url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Err(StoreError::NotBuilt { kind: "SQLite", instead: "" })
}

#[cfg(feature = "postgres")]
async fn open_postgres(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(postgres::Postgres::open(url).await?))
}

#[cfg(not(feature = "postgres"))]
async fn open_postgres(_url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Err(StoreError::NotBuilt { kind: "PostgreSQL", instead: ": set store.url to sqlite://patella.db" })
}
