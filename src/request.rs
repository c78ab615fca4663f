//! What a person can ask, free of any door's vocabulary.

use crate::{
    id::{CardKey, FlagId, TipId, TopicId},
    reply::Level,
};

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
    /// A card as an earlier reply showed it.
    Card(CardKey),
    /// The references of a topic's card.
    Sources {
        /// Which card.
        topic: TopicId,
    },
    /// An earlier safety reply, without the words that raised it.
    Concern {
        /// How soon to be seen.
        level: Level,
        /// The red flags, worst first.
        flags: Vec<FlagId>,
    },
    /// The list of all topics.
    Topics,
    /// The topics of one kind: `cause`, `fault`.
    TopicsOf {
        /// The part of their ids before the dot.
        kind: &'static str,
    },
    /// One prevention tip.
    Tip {
        /// One of the tips' categories; any where `None`.
        category: Option<String>,
        /// Which of the tips that fit: counted around, so that any number will do and the next number gives the next tip.
        turn: u64,
    },
    /// One certain tip.
    ThatTip {
        /// Which.
        tip: TipId,
    },
    /// The clinics that the club trusts.
    Clinics,
    /// What is kept of what people write.
    Privacy,
    /// What can be asked, and how: the table of commands.
    Help,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What was typed. Never logged, never stored.
    pub text: String,
}
