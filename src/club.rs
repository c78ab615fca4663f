//! A club's settings, as far as replies depend on them, and the limits of what a club may type.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::reply::Clinic;

/// Who sees an answer to `/ask`, unless the asker says otherwise. A safety reply is for the asker alone whatever is set here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visible {
    /// Only the asker.
    #[default]
    Me,
    /// Everyone who reads the channel.
    Everyone,
}

impl Visible {
    /// The name as settings and the option of `/ask` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::Everyone => "everyone",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Me, Self::Everyone].into_iter().find(|v| v.name() == name)
    }
}

/// The settings in force: a club's own over the operator's. A club that chose nothing has the operator's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Club {
    /// Clinics the club trusts, in the order in which they are named.
    pub clinics: Vec<Clinic>,
    /// The region whose numbers are given: a code, id or name of `helplines.toml`.
    pub region: Option<String>,
    /// Who sees an answer to `/ask`.
    pub visible: Visible,
}

impl Club {
    /// These settings, the operator's, with a club's choices over them. A club with clinics of its own has only those.
    pub fn with(&self, choices: &Choices) -> Self {
        let clinics = if choices.clinics.is_empty() { &self.clinics } else { &choices.clinics };
        Self {
            clinics: clinics.clone(),
            region: choices.region.clone().or_else(|| self.region.clone()),
            visible: choices.visible.unwrap_or(self.visible),
        }
    }
}

/// What a club chose itself; what it left alone comes from the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    /// Its clinics, in the order in which they are named; none means the operator's.
    pub clinics: Vec<Clinic>,
    /// Its region: a code, id or name of `helplines.toml`.
    pub region: Option<String>,
    /// Who sees an answer to `/ask`.
    pub visible: Option<Visible>,
}

// The limits are our choice: five full clinics, with all else that a reply says, stay inside one Discord message.

/// Clinics that a club may have.
pub const CLINICS_MAX: usize = 5;
/// Characters of a clinic's name.
pub const NAME_MAX: usize = 80;
/// Characters of its phone number, an extension included.
pub const PHONE_MAX: usize = 40;
/// Digits that a phone number has at least: that of an emergency service has three.
pub const PHONE_DIGITS_MIN: usize = 3;
/// Characters of its opening hours.
pub const HOURS_MAX: usize = 100;
/// Languages that a clinic may name.
pub const LANGUAGES_MAX: usize = 5;
/// Characters of one language's name.
pub const LANGUAGE_MAX: usize = 30;
/// Characters of its web address.
pub const LINK_MAX: usize = 200;
/// Days after which what is said of a clinic wants another look: half a year, our choice.
pub const STALE_DAYS: i32 = 183;

/// A part of a clinic that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClinicField {
    /// [`Clinic::name`].
    Name,
    /// [`Clinic::phone`].
    Phone,
    /// [`Clinic::hours`].
    Hours,
    /// One of [`Clinic::languages`].
    Language,
    /// [`Clinic::link`].
    Link,
}

impl ClinicField {
    /// The name as options and settings write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Hours => "hours",
            Self::Language => "language",
            Self::Link => "link",
        }
    }
}

/// What is wrong with a clinic as it was typed. A door says it to the administrator in words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ClinicFault {
    /// A part that must say something is blank.
    #[error("the {} is empty", .0.name())]
    Blank(ClinicField),
    /// A part is longer than it may be.
    #[error("the {} has more than {max} characters", .field.name())]
    TooLong {
        /// Which part.
        field: ClinicField,
        /// How many characters it may have.
        max: usize,
    },
    /// A part holds a line break, another control character, or a mark that turns the direction of writing.
    #[error("the {} holds a line break or another character that is not seen", .0.name())]
    Unseen(ClinicField),
    /// The phone number has fewer than [`PHONE_DIGITS_MIN`] digits: nobody can dial it.
    #[error("the phone has fewer than {PHONE_DIGITS_MIN} digits")]
    NoNumber,
    /// More than [`LANGUAGES_MAX`] languages.
    #[error("there are more than {LANGUAGES_MAX} languages")]
    TooManyLanguages,
    /// The web address is not one that begins with `http://` or `https://` and has a host.
    #[error("the link is no web address that begins with https:// or http://")]
    NotALink,
}

/// Whether a clinic as typed may be kept.
///
/// # Errors
/// The first fault, in the order of the fields.
pub fn check_clinic(clinic: &Clinic) -> Result<(), ClinicFault> {
    let Clinic { name, phone, hours, languages, link, last_checked: _ } = clinic;
    check_text(name, ClinicField::Name, NAME_MAX, true)?;
    check_text(phone, ClinicField::Phone, PHONE_MAX, true)?;
    if phone.chars().filter(char::is_ascii_digit).count() < PHONE_DIGITS_MIN {
        return Err(ClinicFault::NoNumber);
    }
    check_text(hours, ClinicField::Hours, HOURS_MAX, false)?;
    if languages.len() > LANGUAGES_MAX {
        return Err(ClinicFault::TooManyLanguages);
    }
    for language in languages {
        check_text(language, ClinicField::Language, LANGUAGE_MAX, true)?;
    }
    check_text(link, ClinicField::Link, LINK_MAX, false)?;
    if link.is_empty() || is_link(link) { Ok(()) } else { Err(ClinicFault::NotALink) }
}

fn check_text(text: &str, field: ClinicField, max: usize, needed: bool) -> Result<(), ClinicFault> {
    /// Marks that turn the direction of writing: they can make a number read as another one.
    const TURNS: [char; 12] = [
        '\u{061c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}',
        '\u{2068}', '\u{2069}',
    ];
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || TURNS.contains(&c)) {
        Err(ClinicFault::Unseen(field))
    } else if needed && text.trim().is_empty() {
        Err(ClinicFault::Blank(field))
    } else if text.chars().count() > max {
        Err(ClinicFault::TooLong { field, max })
    } else {
        Ok(())
    }
}

fn is_link(link: &str) -> bool {
    let lower = link.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A name before an `@` makes an address look like another host's.
    let sound = host.contains(char::is_alphanumeric) && !host.contains('@');
    sound && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '\\'))
}

/// Whether a clinic was last checked more than [`STALE_DAYS`] ago, or never.
pub fn is_stale(clinic: &Clinic, today: Date) -> bool {
    clinic.last_checked.is_none_or(|checked| (today - checked).get_days() > STALE_DAYS)
}
