//! What a button does, written into its `custom_id`: a version, a letter, and all that is needed to act. So a button of last month
//! works after a restart and an upgrade; one that this program no longer understands is [`Outdated`], which is said kindly.
//!
//! `1|p|2|4800|pain.outside|persistent_pain`. A new meaning gets a new letter; a changed one a new version.

use jiff::civil::Date;

use crate::{
    id::{CardKey, FlagId, TipId, TopicId},
    limits,
    reply::Level,
};

const VERSION: &str = "1";
const FLAG: &str = "rf.";

/// What a button or menu does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Opens a topic's card.
    Open(TopicId),
    /// Opens the topic that was chosen from a menu.
    OpenChosen,
    /// Shows a page of a card, from 0.
    Page {
        /// The card.
        card: CardKey,
        /// Which page.
        page: usize,
    },
    /// Shows a card to everyone: the plain card, with nothing of what the asker wrote.
    Share(TopicId),
    /// Shows a tip to everyone.
    ShareTip(TipId),
    /// Shows a card's references.
    Sources(TopicId),
    /// Shows the clinics.
    Clinics,
    /// Counts whether a topic helped.
    Feedback {
        /// Which topic.
        topic: TopicId,
        /// Whether it did.
        helped: bool,
    },
    /// Shows another tip.
    Tip {
        /// Of this category; any where `None`.
        category: Option<String>,
        /// Which turn.
        turn: u64,
    },
    /// Opens a safety reply that was posted without its concern, for its asker alone.
    Private {
        /// The asker's id: whoever else presses is told so.
        asker: u64,
        /// How soon to be seen.
        level: Level,
        /// Keyed marks of the flags, so that the button does not name the concern either.
        marks: Vec<String>,
    },
    /// Asks the people in the channel for help, in the asker's name.
    Alert,
    /// Posts where such questions can be asked.
    Pointer,
    /// Says why a tip helps, for the presser alone.
    Why(TipId),
    /// Counts whether a tip helped.
    TipFeedback {
        /// Which tip.
        tip: TipId,
        /// Whether it did.
        helped: bool,
    },
    /// Leaves a coming weekly tip out for another.
    Swap(TipId),
    /// Takes that back.
    Unswap(TipId),
    /// Leaves the weekly tip of a date out.
    Skip(Date),
    /// Takes that back.
    Unskip,
    /// Ends the weekly tips.
    StopWeekly,
    /// Erases what is stored about the club.
    Erase,
    /// Removes the clinic whose name has this mark.
    RemoveClinic(String),
    /// Leaves all as it is.
    Cancel,
}

/// A button that this program does not understand: from an older or newer version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outdated;

impl Press {
    /// The button's `custom_id`, at most [`limits::CUSTOM_ID`] characters: a card's flags are left out where they do not fit.
    pub fn to_custom_id(&self) -> String {
        let level = |level: Level| &level.name()[..1];
        let parts: Vec<String> = match self {
            Self::Open(topic) => vec!["t".into(), topic.to_string()],
            Self::OpenChosen => vec!["m".into()],
            Self::Page { card, page } => {
                let flags: Vec<&str> = card.flags.iter().map(|f| f.as_str().strip_prefix(FLAG).unwrap_or(f.as_str())).collect();
                vec!["p".into(), page.to_string(), format!("{:x}", card.details), card.topic.to_string(), flags.join(",")]
            }
            Self::Share(topic) => vec!["e".into(), topic.to_string()],
            Self::ShareTip(tip) => vec!["k".into(), tip.to_string()],
            Self::Sources(topic) => vec!["s".into(), topic.to_string()],
            Self::Clinics => vec!["c".into()],
            Self::Feedback { topic, helped } => vec!["f".into(), if *helped { "y" } else { "n" }.into(), topic.to_string()],
            Self::Tip { category, turn } => vec!["g".into(), turn.to_string(), category.clone().unwrap_or_default()],
            Self::Private { asker, level: l, marks } => vec!["r".into(), asker.to_string(), level(*l).into(), marks.join(",")],
            Self::Alert => vec!["a".into()],
            Self::Pointer => vec!["o".into()],
            Self::Why(tip) => vec!["y".into(), tip.to_string()],
            Self::TipFeedback { tip, helped } => vec!["h".into(), if *helped { "y" } else { "n" }.into(), tip.to_string()],
            Self::Swap(tip) => vec!["w".into(), tip.to_string()],
            Self::Unswap(tip) => vec!["v".into(), tip.to_string()],
            Self::Skip(date) => vec!["j".into(), date.to_string()],
            Self::Unskip => vec!["u".into()],
            Self::StopWeekly => vec!["q".into()],
            Self::Erase => vec!["x".into()],
            Self::RemoveClinic(mark) => vec!["d".into(), mark.clone()],
            Self::Cancel => vec!["n".into()],
        };
        let id = format!("{VERSION}|{}", parts.join("|"));
        if id.len() <= limits::CUSTOM_ID {
            return id;
        }
        // Only a list at the end can be too long: flags of a card, marks of a concern. Whole entries go.
        let end = id[..limits::CUSTOM_ID].rfind([',', '|']).unwrap_or(limits::CUSTOM_ID);
        id[..=end].trim_end_matches(',').to_owned()
    }

    /// What a `custom_id` says.
    ///
    /// # Errors
    /// Where it is none of ours, or of another version.
    pub fn from_custom_id(id: &str) -> Result<Self, Outdated> {
        let mut parts = id.split('|');
        if parts.next() != Some(VERSION) {
            return Err(Outdated);
        }
        let letter = parts.next().ok_or(Outdated)?;
        let mut part = || parts.next().filter(|p| p.len() <= limits::CUSTOM_ID).ok_or(Outdated);
        let number = |text: &str| text.parse::<u64>().map_err(|_| Outdated);
        let list = |text: &str| text.split(',').filter(|p| !p.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        Ok(match letter {
            "t" => Self::Open(TopicId::new(part()?)),
            "m" => Self::OpenChosen,
            "p" => {
                let page = usize::try_from(number(part()?)?).map_err(|_| Outdated)?;
                let details = u64::from_str_radix(part()?, 16).map_err(|_| Outdated)?;
                let topic = TopicId::new(part()?);
                let flags = list(part()?).iter().map(|f| FlagId::new(&format!("{FLAG}{f}"))).collect();
                Self::Page { card: CardKey { topic, details, flags }, page }
            }
            "e" => Self::Share(TopicId::new(part()?)),
            "k" => Self::ShareTip(TipId::new(part()?)),
            "s" => Self::Sources(TopicId::new(part()?)),
            "c" => Self::Clinics,
            "f" => {
                let helped = yes(part()?)?;
                Self::Feedback { topic: TopicId::new(part()?), helped }
            }
            "g" => {
                let turn = number(part()?)?;
                Self::Tip { turn, category: Some(part()?.to_owned()).filter(|c| !c.is_empty()) }
            }
            "r" => {
                let asker = number(part()?)?;
                let level = match part()? {
                    "e" => Level::Emergency,
                    "u" => Level::Urgent,
                    _ => return Err(Outdated),
                };
                Self::Private { asker, level, marks: list(part()?) }
            }
            "a" => Self::Alert,
            "o" => Self::Pointer,
            "y" => Self::Why(TipId::new(part()?)),
            "h" => {
                let helped = yes(part()?)?;
                Self::TipFeedback { tip: TipId::new(part()?), helped }
            }
            "w" => Self::Swap(TipId::new(part()?)),
            "v" => Self::Unswap(TipId::new(part()?)),
            "j" => Self::Skip(part()?.parse().map_err(|_| Outdated)?),
            "u" => Self::Unskip,
            "q" => Self::StopWeekly,
            "x" => Self::Erase,
            "d" => Self::RemoveClinic(part()?.to_owned()),
            "n" => Self::Cancel,
            _ => return Err(Outdated),
        })
    }
}

fn yes(part: &str) -> Result<bool, Outdated> {
    match part {
        "y" => Ok(true),
        "n" => Ok(false),
        _ => Err(Outdated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Press> {
        let topic = || TopicId::new("pain.outside");
        let flags = vec![FlagId::new("rf.persistent_pain"), FlagId::new("rf.night_systemic")];
        vec![
            Press::Open(topic()),
            Press::OpenChosen,
            Press::Page { card: CardKey { topic: topic(), details: (1 << 43) | 2, flags }, page: 2 },
            Press::Page { card: CardKey { topic: topic(), details: 0, flags: vec![] }, page: 0 },
            Press::Share(topic()),
            Press::ShareTip(TipId::new("tip.001")),
            Press::Sources(topic()),
            Press::Clinics,
            Press::Feedback { topic: topic(), helped: true },
            Press::Feedback { topic: topic(), helped: false },
            Press::Tip { category: Some("warm-up".into()), turn: 7 },
            Press::Tip { category: None, turn: u64::MAX },
            Press::Private { asker: u64::MAX, level: Level::Emergency, marks: vec!["0123456789".into(), "abcdef0123".into()] },
            Press::Private { asker: 1, level: Level::Urgent, marks: vec![] },
            Press::Alert,
            Press::Pointer,
            Press::Why(TipId::new("tip.001")),
            Press::TipFeedback { tip: TipId::new("tip.001"), helped: true },
            Press::Swap(TipId::new("tip.001")),
            Press::Unswap(TipId::new("tip.001")),
            Press::Skip(jiff::civil::date(2026, 11, 26)),
            Press::Unskip,
            Press::StopWeekly,
            Press::Erase,
            Press::RemoveClinic("0123456789".into()),
            Press::Cancel,
        ]
    }

    #[test]
    fn every_button_is_read_back() {
        for press in all() {
            let id = press.to_custom_id();
            assert!(id.len() <= limits::CUSTOM_ID, "{id}");
            assert_eq!(Press::from_custom_id(&id), Ok(press), "{id}");
        }
    }

    /// Messages of last month hold these: a change here breaks their buttons.
    #[test]
    fn the_written_form_stays() {
        let ids: Vec<String> = all().iter().map(Press::to_custom_id).collect();
        insta::assert_snapshot!(ids.join("\n"), @r"
        1|t|pain.outside
        1|m
        1|p|2|80000000002|pain.outside|persistent_pain,night_systemic
        1|p|0|0|pain.outside|
        1|e|pain.outside
        1|k|tip.001
        1|s|pain.outside
        1|c
        1|f|y|pain.outside
        1|f|n|pain.outside
        1|g|7|warm-up
        1|g|18446744073709551615|
        1|r|18446744073709551615|e|0123456789,abcdef0123
        1|r|1|u|
        1|a
        1|o
        1|y|tip.001
        1|h|y|tip.001
        1|w|tip.001
        1|v|tip.001
        1|j|2026-11-26
        1|u
        1|q
        1|x
        1|d|0123456789
        1|n
        ");
    }

    #[test]
    fn too_many_flags_leave_the_rest_readable() {
        let flags = (0..9).map(|n| FlagId::new(&format!("rf.a_rather_long_name_{n}"))).collect();
        let card = CardKey { topic: TopicId::new("fault.neglecting-recovery"), details: u64::MAX >> 20, flags };
        let id = Press::Page { card: card.clone(), page: 1 }.to_custom_id();
        assert!(id.len() <= limits::CUSTOM_ID);
        let Ok(Press::Page { card: read, page: 1 }) = Press::from_custom_id(&id) else { panic!("{id}") };
        assert_eq!((&read.topic, read.details), (&card.topic, card.details));
        assert!(!read.flags.is_empty() && read.flags.iter().all(|f| card.flags.contains(f)), "{:?}", read.flags);
    }

    #[test]
    fn what_is_not_ours_is_outdated() {
        for id in
            ["", "1", "1|", "1|z", "2|t|pain.outside", "1|t", "1|f|maybe|pain.outside", "1|p|x|0|a|", "1|p|0|zz|a|", "1|r|1|n|"]
        {
            assert_eq!(Press::from_custom_id(id), Err(Outdated), "{id:?}");
        }
    }
}
