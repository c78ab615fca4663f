//! What PostgreSQL's errors mean to an operator.

use super::StoreError;

/// What an error means, by its code: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub fn fault(error: sqlx::Error) -> StoreError {
    let Some(code) = error.as_database_error().and_then(|e| e.code()).map(|code| code.into_owned()) else {
        return match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => {
                StoreError::Unreachable(error.into())
            }
            _ => StoreError::Failed(error.into()),
        };
    };
    match code.as_str() {
        // Lock not available, canceled (its time was up), deadlock, serialization failure.
        "55P03" | "57014" | "40P01" | "40001" => StoreError::Locked(error.into()),
        "25006" => StoreError::ReadOnly(error.into()),
        "53100" => StoreError::Full(error.into()),
        // No such database, no such schema, no privilege.
        "3D000" | "3F000" | "42501" => StoreError::Login(error.into()),
        code if code.starts_with("28") => StoreError::Login(error.into()),
        code if code.starts_with("XX") => StoreError::Damaged(error.into()),
        // Shutting down, starting up, too many connections, a broken connection.
        code if code.starts_with("57P") || code.starts_with("53") || code.starts_with("08") => {
            StoreError::Unreachable(error.into())
        }
        _ => StoreError::Failed(error.into()),
    }
}
