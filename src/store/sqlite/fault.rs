//! What SQLite's errors mean to an operator.

use std::path::Path;

use super::StoreError;

/// SQLite's result codes that have something to say to an operator: <https://www.sqlite.org/rescode.html>.
mod code {
    pub const PERMISSION: i32 = 3;
    pub const BUSY: i32 = 5;
    pub const LOCKED: i32 = 6;
    pub const READ_ONLY: i32 = 8;
    pub const DAMAGED: i32 = 11;
    pub const FULL: i32 = 13;
    pub const CANNOT_OPEN: i32 = 14;
    pub const NOT_A_DATABASE: i32 = 26;
}

/// The primary result code, where it is SQLite that failed.
fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// What an error means.
pub fn fault(error: sqlx::Error) -> StoreError {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return StoreError::Locked(error.into());
    }
    match code(&error) {
        Some(code::BUSY | code::LOCKED) => StoreError::Locked(error.into()),
        Some(code::READ_ONLY) => StoreError::ReadOnly(error.into()),
        Some(code::DAMAGED | code::NOT_A_DATABASE) => StoreError::Damaged(error.into()),
        Some(code::FULL) => StoreError::Full(error.into()),
        _ => StoreError::Failed(error.into()),
    }
}

/// What an error means where the file was to be read for the first time.
pub fn unread(path: &Path, error: sqlx::Error) -> StoreError {
    match code(&error) {
        Some(code::NOT_A_DATABASE) => StoreError::NotAStore(path.to_owned()),
        Some(code::CANNOT_OPEN | code::PERMISSION) => StoreError::Denied { path: path.to_owned(), source: error.into() },
        _ => fault(error),
    }
}
