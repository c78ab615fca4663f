//! The words that Patella knows: classes of words and phrases, built from `knowledge/words/`, and the reading of a text by them.

mod build;

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap as HashMap;
use serde::{Deserialize, Serialize};

use super::{
    Context, Occurrence, Reading, Token,
    context::{self, Trigger},
    english::is_english,
    normalize::{Break, RawWord, raw_words},
    spell::Speller,
};

pub use build::LexiconBuilder;

/// An interned word form or stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Word(pub u32);

impl Word {
    /// A form that occurs nowhere in the knowledge.
    pub const UNKNOWN: Word = Word(u32::MAX);
}

/// A word class, by its place in the lexicon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassId(pub u16);

/// A word class as the files define it.
#[derive(Debug, Clone)]
pub struct ClassDef {
    /// The name that patterns use after `@`.
    pub name: String,
    /// Words and phrases in normal form; may use `@class`, `=exact` and `prefix*`.
    pub words: Vec<String>,
}

/// One thing that a token, or a stretch of tokens, can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Unit {
    /// Any form of a word.
    Stem(Word),
    /// This form only.
    Exact(Word),
    /// Any word that begins so.
    Prefix(Box<str>),
    /// Anything of a class.
    Class(ClassId),
}

#[derive(Serialize, Deserialize)]
struct Phrase {
    units: Vec<Unit>,
    class: ClassId,
}

/// The built lexicon. Read-only; shared by all who read texts.
#[derive(Serialize, Deserialize)]
pub struct Lexicon {
    words: HashMap<Box<str>, Word>,
    stem_of: Vec<Word>,
    #[serde(skip, default = "english")]
    stemmer: Stemmer,
    class_names: Vec<String>,
    phrases: Vec<Phrase>,
    /// Phrases by their rarest word: nearly all phrases of a text's common words never come into question.
    by_rarest: HashMap<Word, Vec<u32>>,
    /// For each class: its phrases that hold no whole word, only classes and prefixes.
    wordless: Vec<Vec<u32>>,
    order: Vec<ClassId>,
    /// For each hidden trigger class: what it opens.
    triggers: Vec<(ClassId, Trigger)>,
    terminator: ClassId,
    idiom: ClassId,
    /// Classes below this number are triggers and their kin, not words that anyone asks for.
    hidden: u16,
    filler: Vec<bool>,
    speller: Speller,
}

/// A row of words without a full stop is cut at the next turn from this many words on ...
const SENTENCE_LONG: usize = 50;
/// ... and anywhere at this many, so that the work a text can cause grows with its length and no faster.
const SENTENCE_MAX: usize = 100;
/// Words at which a rambling message turns to the next thing.
const TURNS: [&str; 9] = ["and", "but", "so", "then", "also", "anyway", "because", "which", "now"];

/// The most words that a filler may stretch a phrase by, between two of its words.
const FILLERS_MAX: usize = 2;

impl Lexicon {
    /// Reads a text: words, sentences, classes, contexts. Total; looks at no more than [`super::TEXT_MAX`] characters.
    pub fn read(&self, text: &str) -> Reading {
        let (tokens, sentences) = self.tokens(text);
        let mut stems: Vec<Word> = tokens.iter().map(|t| t.stem).collect();
        stems.sort_unstable();
        stems.dedup();
        let mut reading = Reading {
            masked: vec![false; tokens.len()],
            tokens,
            sentences,
            occurrences: Vec::new(),
            contexts: Vec::new(),
            class_bits: vec![0; self.class_names.len().div_ceil(64)],
            stems,
        };
        self.find_classes(&mut reading);
        reading.contexts = self.contexts(&reading);
        reading.occurrences.retain(|o| o.class.0 >= self.hidden);
        for o in &reading.occurrences {
            reading.class_bits[usize::from(o.class.0) / 64] |= 1 << (o.class.0 % 64);
        }
        reading
    }

    /// The class with this name.
    pub fn class(&self, name: &str) -> Option<ClassId> {
        self.class_names.iter().position(|n| n == name).map(|at| ClassId(at as u16))
    }

    /// The name of a class.
    pub fn class_name(&self, class: ClassId) -> &str {
        &self.class_names[class.0 as usize]
    }

    /// How many classes there are, hidden ones included; class ids are smaller.
    pub fn class_count(&self) -> usize {
        self.class_names.len()
    }

    /// The interned form of a word that occurs in the knowledge.
    pub fn word(&self, text: &str) -> Word {
        self.words.get(text).copied().unwrap_or(Word::UNKNOWN)
    }

    /// The stem of an interned word.
    pub fn stem(&self, word: Word) -> Word {
        self.stem_of.get(word.0 as usize).copied().unwrap_or(Word::UNKNOWN)
    }

    /// How many interned words there are; word numbers are smaller.
    pub fn word_count(&self) -> usize {
        self.stem_of.len()
    }

    /// Whether the word may stand inside a phrase without breaking it.
    pub fn is_filler(&self, word: Word) -> bool {
        self.filler.get(word.0 as usize).copied().unwrap_or(false)
    }

    /// Reads the units of a phrase as it stands in a file.
    pub(super) fn units_of(&mut self, phrase: &str) -> Result<Vec<Unit>, String> {
        let mut units = Vec::new();
        for part in phrase.split_whitespace() {
            if let Some(name) = part.strip_prefix('@') {
                let class = self.class(name).ok_or_else(|| format!("`@{name}` names no class"))?;
                units.push(Unit::Class(class));
            } else if let Some(exact) = part.strip_prefix('=') {
                units.push(Unit::Exact(self.intern(&exact.to_lowercase())));
            } else if let Some(prefix) = part.strip_suffix('*') {
                units.push(Unit::Prefix(prefix.to_lowercase().into()));
            } else {
                for word in raw_words(part) {
                    let word = self.intern(&word.text);
                    units.push(Unit::Stem(self.stem(word)));
                }
            }
        }
        Ok(units)
    }

    pub(super) fn intern(&mut self, text: &str) -> Word {
        if let Some(&word) = self.words.get(text) {
            return word;
        }
        let word = Word(self.stem_of.len() as u32);
        self.words.insert(text.into(), word);
        self.stem_of.push(word);
        let stem = stem(&self.stemmer, text).into_owned();
        let stem = if stem == text { word } else { self.intern(&stem) };
        self.stem_of[word.0 as usize] = stem;
        word
    }

    fn tokens(&self, text: &str) -> (Vec<Token>, Vec<std::ops::Range<usize>>) {
        let mut tokens: Vec<Token> = Vec::new();
        let mut sentences = Vec::new();
        let mut sentence_start = 0;
        for raw in raw_words(text) {
            let length = tokens.len() - sentence_start;
            let turn = length >= SENTENCE_LONG && (raw.before == Break::Comma || TURNS.contains(&raw.text.as_str()));
            if length > 0 && (raw.before == Break::Sentence || turn || length >= SENTENCE_MAX) {
                sentences.push(sentence_start..tokens.len());
                sentence_start = tokens.len();
            }
            self.push_tokens(raw, &mut tokens);
            if tokens.len() >= usize::from(u16::MAX) - 8 {
                break;
            }
        }
        if tokens.len() > sentence_start {
            sentences.push(sentence_start..tokens.len());
        }
        (tokens, sentences)
    }

    fn push_tokens(&self, raw: RawWord, tokens: &mut Vec<Token>) {
        let after_comma = raw.before >= Break::Comma;
        if let Some(fixed) = self.speller.fix(&raw.text) {
            for (n, part) in fixed.split(' ').enumerate() {
                tokens.push(self.token(part, raw.span.clone(), after_comma && n == 0, true));
            }
            return;
        }
        let known = self.speller.knows(&raw.text) || is_english(&raw.text);
        let mended = if known { None } else { self.speller.correct(&raw.text) };
        match mended {
            Some(better) => {
                for (n, part) in better.split(' ').enumerate() {
                    tokens.push(self.token(part, raw.span.clone(), after_comma && n == 0, true));
                }
            }
            None => tokens.push(self.token(&raw.text, raw.span, after_comma, false)),
        }
    }

    fn token(&self, text: &str, span: std::ops::Range<usize>, after_comma: bool, corrected: bool) -> Token {
        let word = self.word(text);
        let stem = if word == Word::UNKNOWN { self.word(&stem(&self.stemmer, text)) } else { self.stem(word) };
        Token { text: text.into(), word, stem, span, after_comma, corrected }
    }

    fn find_classes(&self, reading: &mut Reading) {
        let mut forms: Vec<Word> = reading.tokens.iter().flat_map(|t| [t.stem, t.word]).collect();
        forms.sort_unstable();
        forms.dedup();
        let in_question = forms.iter().filter_map(|form| self.by_rarest.get(form)).flatten();
        let mut candidates: Vec<(ClassId, u32)> = in_question.map(|&p| (self.phrases[p as usize].class, p)).collect();
        candidates.sort_unstable();
        let mut found: Vec<Vec<Occurrence>> = vec![Vec::new(); self.class_names.len()];
        for &class in &self.order {
            let from = candidates.partition_point(|c| c.0 < class);
            let with_words = candidates[from..].iter().take_while(|c| c.0 == class).map(|&(_, phrase)| phrase);
            let mut here: Vec<Occurrence> = Vec::new();
            for phrase in with_words.chain(self.wordless[class.0 as usize].iter().copied()) {
                self.find_phrase(reading, &found, &self.phrases[phrase as usize], &mut here);
            }
            here.retain(|o| (o.start..o.end).all(|t| !reading.masked[t as usize]));
            here.sort_unstable_by_key(|o| (o.start, o.end));
            here.dedup();
            if class == self.idiom {
                for o in &here {
                    reading.masked[o.start as usize..o.end as usize].fill(true);
                }
            }
            found[class.0 as usize] = here;
        }
        reading.occurrences = found.into_iter().flatten().collect();
    }

    fn find_phrase(&self, reading: &Reading, found: &[Vec<Occurrence>], phrase: &Phrase, here: &mut Vec<Occurrence>) {
        let class = phrase.class;
        let mut from = |start: u16, at: usize| {
            self.extend(reading, found, &phrase.units, 1, at, &mut |end| here.push(Occurrence { class, start, end: end as u16 }));
        };
        match &phrase.units[0] {
            Unit::Class(used) => found[used.0 as usize].iter().for_each(|o| from(o.start, o.end as usize)),
            single => {
                for (at, _) in reading.tokens.iter().enumerate().filter(|(_, token)| fits(single, token)) {
                    from(at as u16, at + 1);
                }
            }
        }
    }

    /// Calls `done` with each end that `units[from..]` can reach when the next word is at `at`.
    fn extend(
        &self,
        reading: &Reading,
        found: &[Vec<Occurrence>],
        units: &[Unit],
        from: usize,
        at: usize,
        done: &mut dyn FnMut(usize),
    ) {
        let Some(unit) = units.get(from) else { return done(at) };
        for at in at..=at + FILLERS_MAX {
            // A phrase lies within one sentence.
            let Some(token) = reading.tokens.get(at).filter(|_| !self.crosses_sentence(reading, at)) else { return };
            match unit {
                Unit::Class(class) => {
                    let all = &found[class.0 as usize];
                    let first = all.partition_point(|o| (o.start as usize) < at);
                    for o in all[first..].iter().take_while(|o| o.start as usize == at) {
                        self.extend(reading, found, units, from + 1, o.end as usize, done);
                    }
                }
                single if fits(single, token) => self.extend(reading, found, units, from + 1, at + 1, done),
                _ => {}
            }
            if !self.is_filler(token.word) {
                return;
            }
        }
    }

    fn crosses_sentence(&self, reading: &Reading, at: usize) -> bool {
        reading.sentences.binary_search_by_key(&at, |s| s.start).is_ok()
    }

    fn contexts(&self, reading: &Reading) -> Vec<Context> {
        let mut found = Vec::new();
        for (class, trigger) in &self.triggers {
            for o in reading.of_class(*class) {
                found.push((trigger, *o));
            }
        }
        let terminators = reading.of_class(self.terminator);
        context::scopes(reading, &found, terminators)
    }
}

fn english() -> Stemmer {
    Stemmer::create(Algorithm::English)
}

/// The Snowball stem. Short words are left whole: "aed" would become "a".
fn stem<'t>(stemmer: &Stemmer, word: &'t str) -> std::borrow::Cow<'t, str> {
    const STEM_MIN: usize = 3;
    let stem = stemmer.stem(word);
    if word.len() <= STEM_MIN || stem.len() < STEM_MIN { word.into() } else { stem }
}

/// Whether a single-word unit fits a token.
pub(super) fn fits(unit: &Unit, token: &Token) -> bool {
    match unit {
        Unit::Stem(stem) => *stem == token.stem,
        Unit::Exact(word) => *word == token.word,
        Unit::Prefix(prefix) => token.text.starts_with(&**prefix),
        Unit::Class(_) => false,
    }
}
