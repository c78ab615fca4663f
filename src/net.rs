//! The encoder's reading of a question: which topics its words stand near to, and whether they sound like a warning sign, whatever
//! words they are. It knows no rule and no class; [`crate::safety`] and [`crate::intent`] weigh it beside what they read.
//!
//! Sentences are read together and alone: alone, so that a sign in one sentence of a long story is not talked down by the others.

use std::ops::Range;

use crate::{
    encoder::{Encoder, Heard, PIECES_MAX},
    id::FlagId,
    knowledge::{Knowledge, Problem, Severity},
    reply::Level,
    text::Reading,
};

/// The encoder, fitted to a base.
pub struct Net {
    encoder: &'static Encoder,
    /// For each of the encoder's topics: its place in [`Knowledge::topics`], or after all of them for nobody's business.
    places: Vec<Option<usize>>,
    /// For each of the encoder's flags but the first, which is none.
    flags: Vec<Option<Sign>>,
}

/// A flag of the base, as far as an alarm needs it.
struct Sign {
    id: FlagId,
    crisis: bool,
    /// Whether it, or a rule of it, has the level urgent; emergency.
    levels: [bool; 2],
}

/// What the encoder makes of a question.
#[derive(Debug, Clone, Default)]
pub struct Impression {
    /// The probability of each of [`Knowledge::topics`], and last that it is nobody's business. Not a number where the encoder has not
    /// learned the topic; empty where there is no word.
    pub topics: Vec<f32>,
    /// The largest probability that any stretch, together or alone, calls for care within two days: what is possible at all.
    pub share: f32,
    /// The most alarming stretch of the text; `None` where there is no word, or where it is most like a sign that the base lacks.
    pub alarm: Option<Alarm>,
    /// The most alarming stretch that is all but surely about a crisis (suicide, self-harm), whatever else alarms more.
    pub crisis: Option<Alarm>,
}

/// A stretch that may be about a warning sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Which sign it is most like.
    pub flag: FlagId,
    /// Urgent or emergency, whichever is likelier.
    pub level: Level,
    /// The probability that the words call for care within two days, as among the lines that the encoder learned from.
    pub share: f32,
    /// Whether the words are all but surely about a crisis.
    pub crisis: bool,
    /// Its tokens.
    pub tokens: Range<usize>,
}

/// A window holds at most so many words: about as many as the encoder reads at once.
const WORDS_MAX: usize = 56;
/// A sentence that is longer is parted, and each part begins so many words before the last one ended.
const OVERLAP: usize = 14;
/// Sentences shorter than this, in words, are not read alone.
const ALONE_MIN: usize = 3;
/// At most so many sentences are read alone, spread over the text, so that the longest text stays cheap.
const ALONE_MAX: usize = 24;
/// Windows that are computed at once: more need more memory and save nothing.
const BATCH: usize = 8;
/// Without its neighbors a sentence alarms too readily: its odds are divided by this. Chosen on the voices of `tune`, so that a
/// sentence alone adds more signs than false alarms.
const ALONE_ODDS: f32 = 30.0;
/// A crisis is shown only where the words are at least this much like one: its card says nothing of an emergency that nobody found.
const CRISIS_MIN: f32 = 0.5;
/// Beside another emergency a crisis is heard from here on. Below it, hardly more crises are found after a sentence on chest pain, but
/// lines about other signs ("leave me be", "won't wake") are taken for one.
const CRISIS_BESIDE: f32 = 0.98;
/// What stands between two words is read with them up to so many bytes: marks, but no link and no row of dashes.
const GAP_MAX: usize = 4;

impl Net {
    /// Fits the encoder to a base. Topics and flags that it has not learned are left to the rules and the linear reader.
    pub fn new(encoder: &'static Encoder, knowledge: &Knowledge) -> Self {
        let place = |name: &String| match name.as_str() {
            "out-of-scope" => Some(knowledge.topics.len()),
            id => knowledge.topic_place(id),
        };
        let flag = |name: &String| {
            let flag = knowledge.flag(&FlagId::new(name))?;
            let has = |level| flag.level == level || flag.rules.iter().any(|rule| rule.level == level);
            Some(Sign { id: flag.id.clone(), crisis: flag.crisis, levels: [has(Level::Urgent), has(Level::Emergency)] })
        };
        Self {
            encoder,
            places: encoder.topics().iter().map(place).collect(),
            flags: encoder.flags().iter().skip(1).map(flag).collect(),
        }
    }

    /// Whether the encoder has learned a flag.
    pub fn knows(&self, flag: &FlagId) -> bool {
        self.flags.iter().flatten().any(|sign| sign.id == *flag)
    }

    /// Topics and flags of the base that the encoder has not learned: warnings for who edits it.
    pub fn unlearned(&self, knowledge: &Knowledge) -> Vec<Problem> {
        let topics = (0..knowledge.topics.len()).filter(|at| !self.places.contains(&Some(*at)));
        let topics = topics.map(|at| (&knowledge.topics[at].path, knowledge.topics[at].id.to_string()));
        let flags = knowledge.flags.iter().filter(|f| !self.knows(&f.id));
        let flags = flags.map(|f| (&f.path, f.id.to_string()));
        let problem = |(path, id): (&String, String)| Problem {
            severity: Severity::Warning,
            path: path.clone(),
            span: 0..0,
            line: 1,
            column: 1,
            what: format!("the encoder has not learned \"{id}\""),
            mend: "until it is trained anew (tools/train/README.md), rules and the linear reader alone know it".to_owned(),
        };
        topics.chain(flags).map(problem).collect()
    }

    /// Reads a question.
    pub fn hear(&self, knowledge: &Knowledge, text: &str, reading: &Reading) -> Impression {
        let nobody = knowledge.topics.len();
        let (together, alone) = self.windows(text, reading);
        if together.is_empty() {
            return Impression::default();
        }
        let heard = self.hear_windows(text, reading, &together);
        let mut topics = vec![0.0; nobody + 1];
        for window in &heard {
            topics.iter_mut().zip(self.topics(window, nobody)).for_each(|(sum, p)| *sum += p / together.len() as f32);
        }
        for (place, p) in topics.iter_mut().enumerate() {
            if !self.places.contains(&Some(place)) {
                *p = f32::NAN;
            }
        }
        let heard_alone = self.hear_windows(text, reading, &alone);
        let share = heard.iter().chain(&heard_alone).map(danger).fold(0.0, f32::max);
        let alarms = heard.iter().zip(&together).filter_map(|(heard, tokens)| self.alarm(heard, tokens.clone()));
        let alone = heard_alone.iter().zip(&alone).filter_map(|(heard, tokens)| self.alarm(heard, tokens.clone()));
        let alone = alone.map(|alarm| Alarm { share: sobered(alarm.share), ..alarm });
        // Among what alarms at all the worse comes first, then the likelier.
        let from = knowledge.costs.alarm_from();
        let rank = |alarm: &Alarm| (alarm.share >= from).then_some(alarm.level);
        let order = |a: &&Alarm, b: &&Alarm| rank(a).cmp(&rank(b)).then(a.share.total_cmp(&b.share));
        let alarms: Vec<Alarm> = alarms.chain(alone).collect();
        Impression {
            topics,
            share,
            alarm: alarms.iter().max_by(order).cloned(),
            crisis: alarms.iter().filter(|alarm| alarm.crisis).max_by(order).cloned(),
        }
    }

    /// The words of an alarm that alarm the most: what a reply may quote.
    pub fn telling(&self, text: &str, reading: &Reading, alarm: &Alarm) -> Range<usize> {
        const WORDS: usize = 8;
        const STEP: usize = 3;
        let tokens = &alarm.tokens;
        if tokens.len() <= WORDS {
            return tokens.clone();
        }
        let last = tokens.end - WORDS;
        let starts = (tokens.start..last).step_by(STEP).chain([last]);
        let parts: Vec<Range<usize>> = starts.map(|start| start..start + WORDS).collect();
        let heard = self.hear_windows(text, reading, &parts);
        let loudest = heard.iter().zip(parts).max_by(|a, b| danger(a.0).total_cmp(&danger(b.0)));
        loudest.map_or(tokens.clone(), |(_, part)| part)
    }

    /// How near in meaning each of some phrases stands to a text: 1 for the same.
    pub fn nearness(&self, text: &str, phrases: &[&str]) -> Vec<f32> {
        let place = |text: &str| self.encoder.hear([text]).pop().map(|heard| heard.place).unwrap_or_default();
        let own = place(text);
        phrases.iter().map(|phrase| own.iter().zip(place(phrase)).map(|(a, b)| a * b).sum()).collect()
    }

    fn hear_windows(&self, text: &str, reading: &Reading, windows: &[Range<usize>]) -> Vec<Heard> {
        let texts: Vec<String> = windows.iter().map(|tokens| wording(text, reading, tokens)).collect();
        texts.chunks(BATCH).flat_map(|batch| self.encoder.hear(batch.iter().map(String::as_str))).collect()
    }

    /// The windows of a text, in words: neighboring sentences together, then each sentence alone where there are several.
    fn windows(&self, text: &str, reading: &Reading) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
        let mut parts: Vec<Range<usize>> = Vec::new();
        for sentence in reading.sentences.iter().filter(|s| !s.is_empty()) {
            let mut start = sentence.start;
            while sentence.end - start > WORDS_MAX {
                parts.push(start..start + WORDS_MAX);
                start += WORDS_MAX - OVERLAP;
            }
            parts.push(start..sentence.end);
        }
        let mut together: Vec<Range<usize>> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            match together.last_mut() {
                Some(window) if part.end - window.start <= WORDS_MAX => window.end = part.end,
                // A window begins with the sentence before, where both have room: what belongs together may be told in two.
                Some(_) if part.end - parts[at - 1].start <= WORDS_MAX => together.push(parts[at - 1].start..part.end),
                _ => together.push(part.clone()),
            }
        }
        let several = parts.len() > 1;
        let mut alone: Vec<Range<usize>> =
            parts.into_iter().filter(|part| several && part.len() >= ALONE_MIN && !together.contains(part)).collect();
        if alone.len() > ALONE_MAX {
            alone = (0..ALONE_MAX).map(|n| alone[n * alone.len() / ALONE_MAX].clone()).collect();
        }
        let fit =
            |windows: Vec<Range<usize>>| windows.into_iter().flat_map(|window| self.fitting(text, reading, window)).collect();
        (fit(together), fit(alone))
    }

    /// A window whose words fall into more pieces than the encoder reads at once, halved until it does not.
    fn fitting(&self, text: &str, reading: &Reading, window: Range<usize>) -> Vec<Range<usize>> {
        if window.len() < 2 || self.encoder.pieces(&wording(text, reading, &window)) <= PIECES_MAX {
            return vec![window];
        }
        let middle = window.start + window.len() / 2;
        let mut halves = self.fitting(text, reading, window.start..middle);
        halves.extend(self.fitting(text, reading, middle..window.end));
        halves
    }

    /// The sign and the level that go together best; none where the words are most like a sign that the base does not have.
    fn alarm(&self, heard: &Heard, tokens: Range<usize>) -> Option<Alarm> {
        let signs = self.flags.iter().zip(&heard.flags[1..]);
        if signs.clone().max_by(|a, b| a.1.total_cmp(b.1))?.0.is_none() {
            return None;
        }
        let levels = [(Level::Urgent, heard.levels[2]), (Level::Emergency, heard.levels[3])];
        let pairs = signs.filter_map(|(sign, p)| sign.as_ref().map(|sign| (sign, *p)));
        let pairs = pairs.filter(|(sign, p)| !sign.crisis || *p >= CRISIS_MIN);
        let pairs = pairs.flat_map(|(sign, p)| {
            let fits = levels.into_iter().zip(sign.levels).filter(|(_, fits)| *fits);
            fits.map(move |((level, share), _)| (sign, level, p, p * share))
        });
        let (sign, level, likeness, _) = pairs.max_by(|a, b| a.3.total_cmp(&b.3))?;
        let crisis = sign.crisis && likeness >= CRISIS_BESIDE;
        Some(Alarm { flag: sign.id.clone(), level, share: danger(heard), crisis, tokens })
    }

    /// In the order of the base, nobody's business last; the share of what the base does not have falls to none of them.
    fn topics(&self, heard: &Heard, nobody: usize) -> Vec<f32> {
        let mut topics = vec![0.0; nobody + 1];
        for (place, p) in self.places.iter().zip(&heard.topics) {
            if let Some(place) = place {
                topics[*place] += p;
            }
        }
        topics
    }
}

/// The probability that words call for care within two days.
fn danger(heard: &Heard) -> f32 {
    heard.levels[2] + heard.levels[3]
}

/// The probability of a sentence that was read alone.
fn sobered(share: f32) -> f32 {
    share / (share + ALONE_ODDS * (1.0 - share))
}

/// Some words as they were typed, with the marks between them and after them; without links and the like.
fn wording(text: &str, reading: &Reading, tokens: &Range<usize>) -> String {
    let mut out = String::new();
    let mut at = reading.tokens[tokens.start].span.start;
    for token in &reading.tokens[tokens.clone()] {
        // Two words of one contraction stand in the same place.
        if token.span.end <= at {
            continue;
        }
        if token.span.start > at {
            out.push_str(text.get(at..token.span.start).filter(|gap| gap.len() <= GAP_MAX).unwrap_or(" "));
        }
        out.push_str(text.get(token.span.start.max(at)..token.span.end).unwrap_or_default());
        at = token.span.end;
    }
    let end = reading.tokens.get(tokens.end).map_or(text.len(), |next| next.span.start);
    out.push_str(text.get(at..end).filter(|gap| gap.len() <= GAP_MAX).unwrap_or_default());
    out
}
