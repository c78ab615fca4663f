//! Why a call fails.

/// Why a call has no answer. Says nothing of what was sent or where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// Discord does not want it: an answer that is neither success nor worth repeating.
    #[error("Discord refused the request: status {status}, code {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Discord's JSON error code, 0 if there is none.
        code: u64,
    },
    /// The bot token is missing or was refused; no call that needs it is tried again.
    #[error("Discord does not accept the bot token")]
    Token,
    /// [`super::Call::give_up`] passed; whether Discord acted is not known.
    #[error("no answer from Discord in time")]
    Late,
    /// No connection, or none that lasted, after all retries.
    #[error("Discord cannot be reached")]
    Unreachable,
    /// Errors on Discord's side after all retries, or a success that cannot be read.
    #[error("Discord is faulty: status {status}")]
    Faulty {
        /// The HTTP status.
        status: u16,
    },
    /// Too many requests were invalid of late; nothing was sent.
    #[error("held back after too many invalid requests")]
    Stopped,
    /// The base address or a path cannot be used; says why, without it.
    #[error("the address cannot be used: {0}")]
    BadAddress(String),
}
