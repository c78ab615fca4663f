//! What the bot can say. A reply holds meaning, never a platform's format; renderers turn it into text, HTML, JSON.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{CardKey, FlagId, TipId, TopicId};

/// How soon someone must be seen. Ordered: the highest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Ordinary self-care.
    None,
    /// An answer is fine; it points to a professional.
    Routine,
    /// Stop running, be seen today or within two days.
    Urgent,
    /// Call the emergency number now.
    Emergency,
}

impl Level {
    /// The name as files and JSON write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::Emergency => "emergency",
        }
    }

    /// The level with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Routine, Self::Urgent, Self::Emergency].into_iter().find(|l| l.name() == name)
    }
}

/// How sure a finding is. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Consistent, good studies.
    Strong,
    /// Some good studies.
    Moderate,
    /// Few or poor studies, or opinion.
    Weak,
    /// Studies disagree.
    Conflicting,
}

impl Grade {
    /// The name as files and replies write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Moderate => "moderate",
            Self::Weak => "weak",
            Self::Conflicting => "conflicting",
        }
    }

    /// The grade with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Strong, Self::Moderate, Self::Weak, Self::Conflicting].into_iter().find(|g| g.name() == name)
    }
}

/// What sort of reply it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A card, fitted to the question.
    Answer,
    /// A red flag: what to do now.
    Safety,
    /// A near tie: which of these?
    Clarify,
    /// None of Patella's business, or not understood.
    OutOfScope,
    /// A prevention tip.
    Tip,
    /// Something the bot says about itself: a list, a setting, a confirmation.
    Notice,
    /// Something went wrong on our side.
    Apology,
}

/// Who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The asker decides, or the club's setting does.
    AskersChoice,
    /// Only the asker, whatever was asked for.
    OnlyAsker,
}

/// A sentence or two, with the places in [`Reply::sources`] that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The words.
    pub text: String,
    /// Indexes into the reply's sources.
    pub cites: Vec<usize>,
}

impl Item {
    /// Words that need no source.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), cites: Vec::new() }
    }
}

/// A clinic or practice that a club trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clinic {
    /// Its name.
    pub name: String,
    /// As it is dialed.
    pub phone: String,
    /// Opening hours, or empty.
    #[serde(default)]
    pub hours: String,
    /// Languages spoken.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Web address, or empty.
    #[serde(default)]
    pub link: String,
    /// When someone last checked that it is right.
    #[serde(default)]
    pub last_checked: Option<Date>,
}

/// A phone number with whom it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The region, or who answers.
    pub whom: String,
    /// What to dial or text.
    pub number: String,
    /// What is to be known about it, or empty.
    pub note: String,
}

/// A part of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What to do now, one line; opens a safety reply.
    Lead(String),
    /// Plain sentences.
    Paragraph {
        /// What it is about; empty for none.
        heading: String,
        /// The sentences.
        items: Vec<Item>,
    },
    /// Things to do, in order.
    Steps {
        /// What they are for.
        heading: String,
        /// The steps.
        items: Vec<Item>,
    },
    /// Things side by side.
    Bullets {
        /// What they have in common.
        heading: String,
        /// The things.
        items: Vec<Item>,
    },
    /// What to look out for or to leave alone.
    Caution {
        /// What they are.
        heading: String,
        /// The cautions.
        items: Vec<Item>,
    },
    /// Phone numbers.
    Numbers {
        /// What they are for.
        heading: String,
        /// The numbers.
        numbers: Vec<Number>,
    },
    /// Clinics.
    Clinics {
        /// What to turn to them for.
        heading: String,
        /// The clinics.
        clinics: Vec<Clinic>,
    },
    /// Small print: review state, limits of the bot.
    Note(String),
}

/// A topic to open next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which topic.
    pub topic: TopicId,
    /// What the button or line says.
    pub label: String,
}

/// A picture with the text that stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// A name that doors resolve to bytes.
    pub name: String,
    /// All that the picture shows, in words.
    pub alt: String,
}

/// A reference as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// Authors, year, title, journal in one line.
    pub title: String,
    /// The best grade among the findings that cite it here; `None` where it is cited directly.
    pub grade: Option<Grade>,
    /// Where it can be opened.
    pub link: Option<String>,
    /// Whether a page was read for it.
    pub page_seen: bool,
}

/// A ranked topic with the probability that it is an acceptable answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// Which topic.
    pub id: TopicId,
    /// Calibrated probability, 0 to 1.
    pub confidence: f32,
}

/// What the bot says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What sort of reply.
    pub kind: Kind,
    /// The highest level of the flags found.
    pub level: Level,
    /// Flags found, worst first.
    pub flags: Vec<FlagId>,
    /// Topics, best first, at most five.
    pub topics: Vec<Ranked>,
    /// One line.
    pub title: String,
    /// The body.
    pub blocks: Vec<Block>,
    /// Topics to open next.
    pub choices: Vec<Choice>,
    /// What leads to the choices; empty where there are none.
    pub choices_heading: String,
    /// A picture, if any.
    pub picture: Option<Picture>,
    /// References, numbered by place.
    pub sources: Vec<Cited>,
    /// What stands above the references.
    pub sources_heading: String,
    /// Who may see it.
    pub audience: Audience,
    /// The card that it shows, if it shows one.
    pub card: Option<CardKey>,
    /// The tip that it shows, if it shows one.
    pub tip: Option<TipId>,
}

impl Block {
    /// The sourced items of a block, if it has any.
    pub fn items_mut(&mut self) -> &mut [Item] {
        match self {
            Self::Paragraph { items, .. }
            | Self::Steps { items, .. }
            | Self::Bullets { items, .. }
            | Self::Caution { items, .. } => items,
            Self::Lead(_) | Self::Numbers { .. } | Self::Clinics { .. } | Self::Note(_) => &mut [],
        }
    }

    /// An upper bound of the characters that any renderer needs for the block.
    fn length(&self) -> usize {
        /// Marks around an item: a bullet or number, line ends, emphasis.
        const ITEM: usize = 6;
        let count = |s: &str| s.chars().count();
        match self {
            Self::Lead(text) | Self::Note(text) => count(text) + 2 * ITEM,
            Self::Paragraph { heading, items }
            | Self::Steps { heading, items }
            | Self::Bullets { heading, items }
            | Self::Caution { heading, items } => {
                // Citation marks: "[12, 13]".
                let words: usize = items.iter().map(|i| count(&i.text) + 5 * i.cites.len() + ITEM).sum();
                count(heading) + 2 * ITEM + words
            }
            Self::Numbers { heading, numbers } => {
                let words: usize = numbers.iter().map(|n| count(&n.whom) + count(&n.number) + count(&n.note) + 2 * ITEM).sum();
                count(heading) + 2 * ITEM + words
            }
            Self::Clinics { heading, clinics } => {
                let words = clinics.iter().map(|c| {
                    let languages: usize = c.languages.iter().map(|l| count(l) + 2).sum();
                    count(&c.name) + count(&c.phone) + count(&c.hours) + count(&c.link) + languages + 60
                });
                count(heading) + 2 * ITEM + words.sum::<usize>()
            }
        }
    }
}

impl Reply {
    /// A reply with nothing in it but its kind and title.
    pub fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self {
            kind,
            level: Level::None,
            flags: Vec::new(),
            topics: Vec::new(),
            title: title.into(),
            blocks: Vec::new(),
            choices: Vec::new(),
            choices_heading: String::new(),
            picture: None,
            sources: Vec::new(),
            sources_heading: String::new(),
            audience: Audience::AskersChoice,
            card: None,
            tip: None,
        }
    }

    /// An upper bound of the characters of title, blocks and choices in any renderer.
    pub fn body_length(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Block::length).sum();
        let choices: usize = self.choices.iter().map(|c| c.label.chars().count() + c.topic.as_str().len() + 20).sum();
        self.title.chars().count() + blocks + self.choices_heading.chars().count() + choices + 20
    }

    /// The same with the sources.
    pub fn total_length(&self) -> usize {
        let sources = self.sources.iter();
        let sources: usize = sources.map(|s| s.title.chars().count() + s.link.as_ref().map_or(0, String::len) + 40).sum();
        self.body_length() + self.sources_heading.chars().count() + sources
    }
}
