//! What people type, as `phrases/` holds it: one line a phrase, one file for each topic, each warning sign (`rf.<name>.txt`), what
//! only sounds like one (`not.<name>.txt`), and what is none of Patella's business. Above each block stands who speaks.

use std::{collections::BTreeMap, ops::Range};

use toml::de::DeTable;

use super::{
    fields::{Fields, as_text},
    problem::Notes,
};
use crate::{
    id::{FlagId, TopicId},
    reply::Level,
};

/// How somebody tells of a warning sign, or of what only sounds like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrasing {
    /// The sign.
    pub flag: FlagId,
    /// Whether the words are of the sign; else they only sound like it.
    pub real: bool,
    /// What the words call for.
    pub level: Level,
    /// Who speaks: a name in `voices.toml`.
    pub voice: String,
    /// What they type.
    pub text: String,
}

/// A file of phrases, read.
pub(super) struct Phrases {
    /// The phrases, with what stands above them.
    pub lines: Vec<Line>,
    /// The names of the voices, each with its place in the file.
    pub voices: Vec<(String, Range<usize>)>,
}

/// One phrase.
pub(super) struct Line {
    pub text: String,
    pub voice: String,
    pub level: Option<Level>,
}

/// Reads a file of phrases. A `#` begins a comment; `# voice: name` and `# level: name` hold for what follows.
pub(super) fn read(text: &str, notes: &mut Notes) -> Phrases {
    let mut phrases = Phrases { lines: Vec::new(), voices: Vec::new() };
    let (mut voice, mut level, mut at) = (String::new(), None, 0);
    for line in text.split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        let line = line.trim();
        if let Some(name) = line.strip_prefix("# voice:") {
            (voice, level) = (name.trim().to_owned(), None);
            phrases.voices.push((voice.clone(), span));
        } else if let Some(name) = line.strip_prefix("# level:") {
            level = Level::from_name(name.trim());
            if level.is_none() {
                notes.error(span, format!("`{}` is no level", name.trim()), "emergency, urgent, routine or none");
            }
        } else if !line.is_empty() && !line.starts_with('#') {
            phrases.lines.push(Line { text: line.to_owned(), voice: voice.clone(), level });
        }
    }
    phrases
}

/// What a file of phrases is about.
pub(super) enum Subject {
    /// A warning sign; whether the lines are of the sign, or only sound like it.
    Sign(FlagId, bool),
    /// A topic.
    Topic(TopicId),
    /// None of Patella's business.
    Nobody,
}

/// The sign that lines only sound like where they sound like none in particular.
pub(super) const ANY: &str = "rf.any";

/// What a file is about, by its name.
pub(super) fn subject(path: &str) -> Subject {
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.strip_suffix(".txt").unwrap_or(file);
    match (name.strip_prefix("rf."), name.strip_prefix("not.")) {
        (Some(name), _) => Subject::Sign(FlagId::new(&format!("rf.{name}")), true),
        (_, Some(name)) => Subject::Sign(FlagId::new(&format!("rf.{name}")), false),
        _ if name == "out-of-scope" => Subject::Nobody,
        _ => Subject::Topic(TopicId::new(name)),
    }
}

/// The lines of such a file as phrasings. A level that does not fit is a problem.
pub(super) fn of_sign(flag: &FlagId, real: bool, lines: Vec<Line>, notes: &mut Notes) -> Vec<Phrasing> {
    let fits = |level: Level| if real { level > Level::None } else { level <= Level::Routine };
    let phrasing = |Line { text, voice, level }: Line| {
        let level = level.unwrap_or(Level::None);
        if !fits(level) {
            let what = format!("\"{text}\" stands below the level `{}`", level.name());
            let mend =
                if real { "write `# level: emergency`, urgent or routine above it" } else { "none or routine, else it is one" };
            notes.error(notes.span_of(&text), what, mend);
        }
        Phrasing { flag: flag.clone(), real, level, voice, text }
    };
    lines.into_iter().map(phrasing).collect()
}

/// The phrasings in a file that is named after a warning sign, or after what sounds like one; `None` for other files.
pub fn phrasings(path: &str, text: &str) -> Option<Vec<Phrasing>> {
    let Subject::Sign(flag, real) = subject(path.ends_with(".txt").then_some(path)?) else { return None };
    let mut notes = Notes::new(path, text);
    let lines = read(text, &mut notes).lines;
    Some(of_sign(&flag, real, lines, &mut notes))
}

/// How somebody asks about a topic, or says something that is none of Patella's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The topic; `None` for what is none of Patella's business.
    pub topic: Option<TopicId>,
    /// Who speaks.
    pub voice: String,
    /// What they type.
    pub text: String,
}

/// The questions in a file that is named after a topic, or after none; `None` for other files.
pub fn asked(path: &str, text: &str) -> Option<Vec<Asked>> {
    let topic = match subject(path.ends_with(".txt").then_some(path)?) {
        Subject::Topic(topic) => Some(topic),
        Subject::Nobody => None,
        Subject::Sign(..) => return None,
    };
    let lines = read(text, &mut Notes::new(path, text)).lines;
    Some(lines.into_iter().map(|Line { text, voice, .. }| Asked { topic: topic.clone(), voice, text }).collect())
}

/// What a voice is held back for: it teaches nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// To set what only unseen lines can set.
    Tune,
    /// To measure with.
    Prove,
}

impl Held {
    /// As it stands in `voices.toml`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "tune" => Some(Self::Tune),
            "prove" => Some(Self::Prove),
            _ => None,
        }
    }
}

/// `voices.toml`: who each voice is, and who is held back.
#[derive(Debug, Clone, Default)]
pub struct Voices {
    who: BTreeMap<String, String>,
    held: BTreeMap<String, Held>,
}

impl Voices {
    /// Whether somebody says who this is.
    pub fn knows(&self, voice: &str) -> bool {
        self.who.contains_key(voice)
    }

    /// What the voice is held back for; `None` where it teaches.
    pub fn held(&self, voice: &str) -> Option<Held> {
        self.held.get(voice).copied()
    }

    /// From the text of `voices.toml`; its problems are those that loading the folder shows.
    pub fn from_toml(text: &str) -> Self {
        let (table, _) = DeTable::parse_recoverable(text);
        read_voices(Fields::new(table.get_ref(), 0..0), &mut Notes::new("voices.toml", text))
    }
}

/// Reads `voices.toml`.
pub(super) fn read_voices(mut fields: Fields<'_>, notes: &mut Notes) -> Voices {
    let mut read = Voices::default();
    for (name, value) in fields.table(notes, "voice").into_iter().flat_map(|mut voices| voices.entries().collect::<Vec<_>>()) {
        match as_text(notes, &name.words, value) {
            Some(who) if who.words.is_empty() => {
                notes.error(name.span, format!("who is `{}`?", name.words), "one sentence on who speaks");
            }
            Some(who) => drop(read.who.insert(name.words, who.words)),
            None => {}
        }
    }
    if let Some(mut held) = fields.table(notes, "held") {
        for (key, why) in [("tune", Held::Tune), ("prove", Held::Prove)] {
            for voice in held.texts(notes, key) {
                if !read.knows(&voice.words) {
                    notes.error(voice.span, format!("nobody says who `{}` is", voice.words), "name a voice of `[voice]`");
                } else if read.held.insert(voice.words.clone(), why).is_some() {
                    notes.error(voice.span, format!("`{}` is held back twice", voice.words), "keep it once");
                }
            }
        }
        held.finish(notes);
    }
    fields.finish(notes);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_file(path: &str, text: &str) -> (Vec<(String, &'static str, String)>, Vec<String>) {
        let mut notes = Notes::new(path, text);
        let Subject::Sign(flag, real) = subject(path) else { panic!("a file of a sign") };
        let lines = read(text, &mut notes).lines;
        let rows = of_sign(&flag, real, lines, &mut notes).into_iter().map(|p| (p.voice, p.level.name(), p.text)).collect();
        (rows, notes.problems.into_iter().map(|p| format!("{}: {}", p.line, p.what)).collect())
    }

    #[test]
    fn voices_and_levels_hold_for_what_follows() {
        let text = "# voice: ann\n# level: urgent\nmy calf\n# a remark\n# level: emergency\nmy chest\n\n# voice: bob\n# level: urgent\nhis calf\n";
        let (rows, problems) = read_file("phrases/rf.dvt.txt", text);
        let row = |voice: &str, level, text: &str| (voice.to_owned(), level, text.to_owned());
        assert_eq!(
            rows,
            [row("ann", "urgent", "my calf"), row("ann", "emergency", "my chest"), row("bob", "urgent", "his calf")]
        );
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn a_level_that_does_not_fit_is_a_problem() {
        let (_, problems) = read_file("phrases/rf.dvt.txt", "# voice: ann\nmy calf\n");
        assert_eq!(problems, ["2: \"my calf\" stands below the level `none`"]);
        let (_, problems) = read_file("phrases/not.dvt.txt", "# voice: ann\n# level: urgent\nmy calf\n# level: bad\n");
        assert_eq!(problems, ["4: `bad` is no level", "3: \"my calf\" stands below the level `urgent`"]);
        let (_, problems) =
            read_file("phrases/not.dvt.txt", "# voice: ann\n# level: routine\nmy old calf\n# level: none\nno calf\n");
        assert_eq!(problems, [""; 0]);
        assert!(phrasings("phrases/pain.front.txt", "x").is_none());
    }
}
