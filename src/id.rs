//! Names of things: a topic, a flag, a tip, a source, a club. Opaque, with a type, so that one cannot be handed over for another.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps an id as it stands in the knowledge files or came from a user; it may name nothing.
            pub fn new(id: &str) -> Self {
                Self(Arc::from(id))
            }

            /// The id as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// A topic that the bot can answer under, `kind.name`: `pain.outside`.
    TopicId;
    /// A red flag: `rf.dvt`.
    FlagId;
    /// A weekly prevention tip: `tip.014`.
    TipId;
    /// A reference that statements cite: `ref.willy2019`.
    SourceId;
    /// A graded finding: `ev.pfp.exercise_cpg`.
    EvidenceId;
    /// A claim of the two articles that Patella began with: `seed.07`.
    SeedId;
    /// A set of phone numbers by region: `help.uk`.
    RegionId;
}

impl TopicId {
    /// The part before the dot: `pain` of `pain.outside`.
    pub fn kind(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(kind, _)| kind)
    }
}

/// A card as it was shown: enough to show it again without the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardKey {
    /// The card.
    pub topic: TopicId,
    /// The details that fitted it, one bit each (`knowledge::Slot::number`).
    pub details: u64,
    /// Routine concerns that it pointed to.
    pub flags: Vec<FlagId>,
}

/// A club: the number of its Discord server. It identifies a community: in the store, in no log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClubId(pub u64);

/// A place where a message can be posted: the number of a Discord channel. In the store, in no log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlaceId(pub u64);

/// A role of a club: the number of a Discord role. In the store, in no log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoleId(pub u64);

impl fmt::Display for ClubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
