//! What a person can ask, free of any door's vocabulary.

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A question in the asker's own words.
    Ask(Ask),
    /// One topic's card, by id, title or the words people use for it.
    LookUp {
        /// What the asker typed or chose.
        name: String,
    },
    /// The list of all topics.
    Topics,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What was typed. Never logged, never stored.
    pub text: String,
}
