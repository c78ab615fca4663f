//! All that is stored, as one JSON object: to keep, to look into, to move from one kind of store to another.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Feedback;
use crate::{
    club::Choices,
    id::{ClubId, TopicId},
    weekly::Weeks,
};

/// The form of what is written; one that is newer than the program's is refused.
pub const FORM: u32 = 1;

/// All that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// [`FORM`] of the program that wrote it.
    pub form: u32,
    /// The clubs, by number.
    pub clubs: Vec<Kept>,
    /// How often topics and tips helped.
    pub feedback: Vec<Count>,
}

/// All that is stored about a club.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Which.
    pub club: ClubId,
    /// When the bot was found to have left it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
    /// What it chose.
    pub choices: Choices,
    /// Its weekly tip, and when the worker is to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<Woken>,
}

/// A weekly tip, and when the worker is to look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Woken {
    /// The tip.
    pub weeks: Weeks,
    /// When; never while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
}

/// Presses of the buttons below a topic or tip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The topic or tip.
    pub of: TopicId,
    /// Presses of "helpful".
    pub helped: u64,
    /// Presses of "not helpful".
    pub not_helped: u64,
}

impl From<Feedback> for Count {
    fn from(Feedback { topic, helped, not_helped }: Feedback) -> Self {
        Self { of: topic, helped, not_helped }
    }
}

/// Why a backup cannot be put back.
#[derive(Debug, thiserror::Error)]
pub enum NotABackup {
    /// It is none, or a damaged one.
    #[error("this is no backup of Patella: {0}")]
    Unread(#[from] serde_json::Error),
    /// A newer program wrote it.
    #[error("the backup has form {0}, and this Patella knows forms up to {FORM}: update it first")]
    Newer(u32),
}

impl Backup {
    /// Reads what [`Backup::to_json`] wrote.
    ///
    /// # Errors
    /// Where it is no backup, or a newer program's.
    pub fn from_json(json: &str) -> Result<Self, NotABackup> {
        #[derive(Deserialize)]
        struct Head {
            form: u32,
        }
        let Head { form } = serde_json::from_str(json)?;
        if form > FORM {
            return Err(NotABackup::Newer(form));
        }
        Ok(serde_json::from_str(json)?)
    }

    /// As it is written to a file: JSON that people can read.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("keys are text and numbers are finite");
        json.push('\n');
        json
    }
}
