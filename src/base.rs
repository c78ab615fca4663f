//! The bot's base: the knowledge and what was learned from it, as one value that can be written when the program is built and
//! read back when it starts. Reading back takes a twentieth of the time that parsing and learning take.

use serde::{Deserialize, Serialize};

use crate::{
    intent::Ranker,
    knowledge::{File, Knowledge, Problem, Severity},
};

/// Knowledge without errors, and the ranker that learned from it.
#[derive(Serialize, Deserialize)]
pub struct Base {
    /// What the bot knows.
    pub knowledge: Knowledge,
    /// How it ranks topics.
    pub ranker: Ranker,
}

impl Base {
    /// Learns from knowledge without errors.
    pub fn new(knowledge: Knowledge) -> Self {
        let ranker = Ranker::new(&knowledge);
        Self { knowledge, ranker }
    }

    /// Reads files and learns from them.
    ///
    /// # Errors
    /// Every problem of the files, where any of them is an error.
    pub fn from_files(files: &[File]) -> Result<Self, Vec<Problem>> {
        let (knowledge, problems) = Knowledge::load(files);
        if problems.iter().any(|p| p.severity == Severity::Error) { Err(problems) } else { Ok(Self::new(knowledge)) }
    }

    /// The base as bytes, for this version of the program only.
    ///
    /// # Errors
    /// None in practice; those of the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_allocvec(self)
    }

    /// A base from bytes that the same version wrote.
    ///
    /// # Errors
    /// Where the bytes are no base of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}
