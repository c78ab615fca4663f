//! How the lexicon is made from what the files define.

use rustc_hash::FxHashMap as HashMap;

use super::{ClassDef, ClassId, FILLERS_MAX, Lexicon, Phrase, Unit, Word, english};
use crate::text::{
    context::Trigger,
    english::is_english,
    normalize::raw_words,
    spell::{Speller, Spelling},
};

/// Gathers what the files define, then builds the [`Lexicon`].
#[derive(Default)]
pub struct LexiconBuilder {
    /// Word classes.
    pub classes: Vec<ClassDef>,
    /// Words that open a negated, past, hypothetical or news stretch.
    pub triggers: Vec<Trigger>,
    /// Words that end such a stretch.
    pub terminators: Vec<String>,
    /// Phrases that mean nothing by their words.
    pub idioms: Vec<String>,
    /// Words that may stand inside a phrase without breaking it ("really", "the").
    pub fillers: Vec<String>,
    /// Spelling: fixes and names to keep.
    pub spelling: Spelling,
    /// Texts whose words count as known and as candidates for correction: asks, says, cards.
    pub texts: Vec<String>,
}

impl LexiconBuilder {
    /// Builds the lexicon.
    ///
    /// # Errors
    /// One sentence for each class that refers to an unknown class, or to itself by a detour, with the class's name.
    pub fn build(self) -> (Lexicon, Vec<(String, String)>) {
        let mut problems = Vec::new();
        let mut lexicon = Lexicon {
            words: HashMap::default(),
            stem_of: Vec::new(),
            stemmer: english(),
            class_names: Vec::new(),
            phrases: Vec::new(),
            by_rarest: HashMap::default(),
            wordless: Vec::new(),
            order: Vec::new(),
            triggers: Vec::new(),
            terminator: ClassId(0),
            idiom: ClassId(0),
            hidden: 0,
            filler: Vec::new(),
            speller: Speller::default(),
        };
        let mut defs = vec![
            ClassDef { name: "~idiom".into(), words: self.idioms },
            ClassDef { name: "~terminator".into(), words: self.terminators },
        ];
        lexicon.idiom = ClassId(0);
        lexicon.terminator = ClassId(1);
        for trigger in self.triggers {
            let class = ClassId(defs.len() as u16);
            defs.push(ClassDef { name: format!("~{}.{}", trigger.kind.name(), class.0), words: trigger.words.clone() });
            lexicon.triggers.push((class, trigger));
        }
        lexicon.hidden = defs.len() as u16;
        defs.extend(self.classes);
        lexicon.class_names = defs.iter().map(|d| d.name.clone()).collect();
        for (at, def) in defs.iter().enumerate() {
            for phrase in &def.words {
                match lexicon.units_of(phrase) {
                    Ok(units) if units.is_empty() => problems.push((def.name.clone(), format!("`{phrase}` holds no word"))),
                    Ok(units) => lexicon.phrases.push(Phrase { units, class: ClassId(at as u16) }),
                    Err(why) => problems.push((def.name.clone(), why)),
                }
            }
        }
        lexicon.fillers(&self.fillers);
        lexicon.index_phrases();
        lexicon.sort_classes(&mut problems);
        for def in &defs {
            for word in def.words.iter().flat_map(|phrase| phrase.split_whitespace()) {
                if !word.starts_with('@') && !word.ends_with('*') {
                    raw_words(word).iter().for_each(|w| lexicon.speller.trust(&w.text));
                }
            }
        }
        for text in &self.texts {
            raw_words(text).iter().for_each(|w| lexicon.speller.count(&w.text));
        }
        lexicon.speller.finish(self.spelling);
        for word in lexicon.speller.known().map(str::to_owned).collect::<Vec<_>>() {
            lexicon.intern(&word);
        }
        (lexicon, problems)
    }
}

impl Lexicon {
    /// Marks the small words, and takes them out of phrases that hold enough without them: "can not bear the weight" is
    /// found in "can't bear my weight".
    fn fillers(&mut self, fillers: &[String]) {
        let fillers: Vec<Word> = fillers.iter().map(|f| self.intern(f)).collect();
        self.filler = vec![false; self.stem_of.len()];
        for filler in &fillers {
            self.filler[filler.0 as usize] = true;
        }
        // "quite" has the stem "quit", which is no small word.
        let stems: Vec<Word> =
            fillers.iter().map(|f| self.stem(*f)).filter(|s| fillers.contains(s) || !self.is_word(*s)).collect();
        let small = |unit: &Unit| matches!(unit, Unit::Stem(stem) if stems.contains(stem));
        for phrase in &mut self.phrases {
            // Idioms and triggers mean what they say to the letter.
            let exact = phrase.class.0 < self.hidden;
            if exact || phrase.units.iter().filter(|u| !small(u)).count() < 2 {
                continue;
            }
            // A longer run of small words than a text may hold between two others stays, else the phrase could not be found.
            let mut kept: Vec<Unit> = Vec::new();
            for run in phrase.units.chunk_by(|a, b| small(a) == small(b)) {
                if !small(&run[0]) || run.len() > FILLERS_MAX {
                    kept.extend_from_slice(run);
                }
            }
            phrase.units = kept;
        }
    }

    fn is_word(&self, word: Word) -> bool {
        self.words.iter().find(|(_, w)| **w == word).is_some_and(|(text, _)| is_english(text))
    }

    fn index_phrases(&mut self) {
        let literal = |unit: &Unit| match unit {
            Unit::Stem(word) | Unit::Exact(word) => Some(*word),
            Unit::Prefix(_) | Unit::Class(_) => None,
        };
        let mut uses: HashMap<Word, u32> = HashMap::default();
        for word in self.phrases.iter().flat_map(|p| p.units.iter().filter_map(literal)) {
            *uses.entry(word).or_default() += 1;
        }
        self.wordless = vec![Vec::new(); self.class_names.len()];
        for (at, phrase) in self.phrases.iter().enumerate() {
            match phrase.units.iter().filter_map(literal).min_by_key(|word| uses[word]) {
                Some(rarest) => self.by_rarest.entry(rarest).or_default().push(at as u32),
                None => self.wordless[phrase.class.0 as usize].push(at as u32),
            }
        }
    }

    /// Puts classes behind those that their phrases use.
    fn sort_classes(&mut self, problems: &mut Vec<(String, String)>) {
        let mut uses = vec![Vec::new(); self.class_names.len()];
        for phrase in &self.phrases {
            for unit in &phrase.units {
                if let Unit::Class(used) = unit {
                    uses[phrase.class.0 as usize].push(*used);
                }
            }
        }
        let mut state = vec![0u8; uses.len()];
        for at in 0..uses.len() {
            self.visit(ClassId(at as u16), &uses, &mut state, problems);
        }
    }

    fn visit(&mut self, class: ClassId, uses: &[Vec<ClassId>], state: &mut [u8], problems: &mut Vec<(String, String)>) {
        match state[class.0 as usize] {
            2 => return,
            1 => {
                problems.push((self.class_name(class).to_owned(), "the class uses itself by a detour".into()));
                return;
            }
            _ => state[class.0 as usize] = 1,
        }
        for &used in &uses[class.0 as usize] {
            self.visit(used, uses, state, problems);
        }
        state[class.0 as usize] = 2;
        self.order.push(class);
    }
}
