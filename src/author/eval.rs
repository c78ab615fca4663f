//! Scores labelled questions (one JSON object a line: text, kind, topics, level, part, tags).
//!
//! The rules of scoring are the contract's: what counts as in scope, right, within one tap, asked back, wrongly refused,
//! missed and false alarm.

use std::{collections::BTreeMap, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    knowledge::{Asked, Held, Phrasing, Voices, asked, phrasings},
    reply::{Kind, Level, Reply},
    request::Ask,
    safety::{By, Safety},
};

/// A line that is no labelled question.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {why}")]
pub struct EvalError {
    file: String,
    line: usize,
    why: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn names(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
struct Label {
    text: String,
    kind: OneOrMany,
    #[serde(default)]
    topics: Vec<String>,
    level: OneOrMany,
    #[serde(default)]
    part: Option<String>,
    #[serde(skip)]
    voice: Option<String>,
}

/// A phrasing of a warning sign says what it calls for, and no topic.
impl From<Phrasing> for Label {
    fn from(phrasing: Phrasing) -> Self {
        let part = if phrasing.real { "flags" } else { "negatives" };
        let kind = if phrasing.level >= Level::Urgent { "safety" } else { "answer" };
        Self {
            text: phrasing.text,
            kind: OneOrMany::One(kind.to_owned()),
            topics: Vec::new(),
            level: OneOrMany::One(phrasing.level.name().to_owned()),
            part: Some(part.to_owned()),
            voice: Some(phrasing.voice),
        }
    }
}

/// A question below a topic wants that topic first. What is a card on a part that Patella covers only in brief may be refused.
impl From<Asked> for Label {
    fn from(asked: Asked) -> Self {
        let kinds: &[&str] = match &asked.topic {
            None => &["out_of_scope"],
            Some(topic) if topic.kind() == "injury" => &["answer", "out_of_scope"],
            Some(_) => &["answer"],
        };
        Self {
            text: asked.text,
            kind: OneOrMany::Many(kinds.iter().map(ToString::to_string).collect()),
            topics: asked.topic.iter().map(ToString::to_string).collect(),
            level: OneOrMany::One(Level::None.name().to_owned()),
            part: None,
            voice: Some(asked.voice),
        }
    }
}

/// A share: so many of so many.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Share {
    /// How many were so.
    pub hits: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    fn count(&mut self, hit: bool) {
        self.of += 1;
        self.hits += usize::from(hit);
    }

    /// From 0 to 1; 0 of nothing.
    pub fn value(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({} of {})", self.value(), self.hits, self.of)
    }
}

/// The scores of some files together.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Scores {
    /// Questions read.
    pub questions: usize,
    /// In scope: the first topic is right.
    pub top1: Share,
    /// In scope: right within one tap, among the first three.
    pub top3: Share,
    /// Lines to be answered, and nothing else: asked back.
    pub asked_back: Share,
    /// In scope and not to be refused: refused.
    pub wrongly_refused: Share,
    /// Out of scope: nothing answered.
    pub out_of_scope: Share,
    /// Red flags (urgent, emergency): found.
    pub flags_found: Share,
    /// Found with a level that the label lists.
    pub level_right: Share,
    /// Lines without a red flag: a safety reply all the same. By part of the file; `ordinary` where it has none.
    pub false_alarms: BTreeMap<String, Share>,
    /// Expected calibration error of the first topic's confidence, ten bins.
    pub calibration_error: f64,
    /// Red flags that were missed.
    pub missed: Vec<String>,
    /// Lines that raised a false alarm, with the flags.
    pub alarmed: Vec<String>,
    /// Expected first topic, answered topic, how often; most frequent first.
    pub confusions: Vec<(String, String, usize)>,
    /// Lines answered wrongly: expected, got, text.
    pub wrong: Vec<(String, String, String)>,
    /// Each tenth of confidence from the lowest on: the sum of the confidences of the answers in it, how many, how many right.
    pub reliability: [(f64, usize, usize); 10],
    /// By who speaks, where the file says so: right within one tap and first, flags found, false alarms.
    pub voices: BTreeMap<String, VoiceScores>,
    /// Written rules that held at the level urgent or emergency, whether or not they counted: how often on a line that calls for
    /// it, of how many lines. By flag and name; what a rule's `unsure` rests on.
    pub rules: BTreeMap<String, Share>,
    /// Median time of a question, in microseconds.
    pub median_us: f64,
}

/// How one voice is understood.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct VoiceScores {
    /// In scope: the first topic is right.
    pub top1: Share,
    /// In scope: right within one tap.
    pub top3: Share,
    /// Red flags found.
    pub flags_found: Share,
    /// Safety replies to lines that call for none.
    pub false_alarms: Share,
}

/// Scores files of `(name, text)`; of phrases, where `held` says so, those of voices held back for that. `clock` gives seconds and
/// serves the time per question only.
///
/// # Errors
/// At the first line that is no labelled question.
pub fn run(
    app: &App,
    files: &[(String, String)],
    held: Option<(&Voices, Held)>,
    today: Date,
    clock: &dyn Fn() -> f64,
) -> Result<Scores, EvalError> {
    let mut scores = Scores::default();
    let mut times = Vec::new();
    let mut confusions: BTreeMap<(String, String), usize> = BTreeMap::new();
    let wanted = |label: &Label| match (held, &label.voice) {
        (Some((voices, why)), Some(voice)) => voices.held(voice) == Some(why),
        _ => true,
    };
    for (file, text) in files {
        for label in labels(file, text)?.into_iter().filter(wanted) {
            let started = clock();
            let decision = app.explain(&Ask { text: label.text.clone() });
            let reply = app.reply_to(&decision, app.defaults(), today);
            times.push((clock() - started) * 1e6);
            count_rules(&label, &decision.safety, &mut scores.rules);
            score(label, &reply, &mut scores, &mut confusions);
        }
    }
    times.sort_by(f64::total_cmp);
    scores.median_us = times.get(times.len() / 2).copied().unwrap_or(0.0);
    let total: usize = scores.reliability.iter().map(|(_, n, _)| n).sum();
    let gap = |&(sum, n, right): &(f64, usize, usize)| (sum - right as f64).abs() / if n == 0 { 1.0 } else { total as f64 };
    scores.calibration_error = scores.reliability.iter().map(gap).sum();
    scores.confusions = confusions.into_iter().map(|((a, b), n)| (a, b, n)).collect();
    scores.confusions.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
    Ok(scores)
}

/// Counts the rules that held on a line, unless its label leaves open whether they should.
fn count_rules(label: &Label, safety: &Safety, rules: &mut BTreeMap<String, Share>) {
    let levels: Vec<Level> = label.level.names().iter().filter_map(|name| Level::from_name(name)).collect();
    let right = levels.iter().all(|level| *level >= Level::Urgent);
    if levels.is_empty() || !right && levels.iter().any(|level| *level >= Level::Urgent) {
        return;
    }
    let counted = safety.hits.iter().filter(|hit| hit.level >= Level::Urgent).filter_map(|hit| match &hit.by {
        By::Rule(name) => Some((&hit.flag, name)),
        _ => None,
    });
    for (flag, name) in counted.chain(safety.doubted.iter().map(|(flag, name)| (flag, name))) {
        rules.entry(format!("{flag}: {name}")).or_default().count(right);
    }
}

/// The questions of a file: phrases where it is named after a warning sign or a topic, else labelled lines.
fn labels(file: &str, text: &str) -> Result<Vec<Label>, EvalError> {
    if !text.trim_start().starts_with('{') {
        if let Some(phrasings) = phrasings(file, text) {
            return Ok(phrasings.into_iter().map(Label::from).collect());
        }
        if let Some(asked) = asked(file, text) {
            return Ok(asked.into_iter().map(Label::from).collect());
        }
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let label = |(at, line): (usize, &str)| {
        let why = |e: serde_json::Error| format!("{e}; labels are described in docs/evaluation.md");
        serde_json::from_str(line).map_err(|e| EvalError { file: file.to_owned(), line: at + 1, why: why(e) })
    };
    lines.map(label).collect()
}

fn score(label: Label, reply: &Reply, scores: &mut Scores, confusions: &mut BTreeMap<(String, String), usize>) {
    let kinds = label.kind.list();
    let levels: Vec<Level> = label.level.list().iter().filter_map(|l| Level::from_name(l)).collect();
    let lists = |kind: &str| kinds.iter().any(|k| k == kind);
    scores.questions += 1;
    let danger = |l: &Level| *l >= Level::Urgent;
    let is_safety = reply.kind == Kind::Safety;
    let mut voice = label.voice.as_ref().map(|voice| scores.voices.entry(voice.clone()).or_default());
    if !levels.is_empty() && levels.iter().all(danger) {
        scores.flags_found.count(is_safety);
        if let Some(voice) = voice {
            voice.flags_found.count(is_safety);
        }
        if is_safety {
            scores.level_right.count(levels.contains(&reply.level));
        } else {
            scores.missed.push(label.text);
        }
        return;
    }
    if !levels.iter().any(danger) {
        let part = label.part.clone().unwrap_or_else(|| "ordinary".into());
        scores.false_alarms.entry(part).or_default().count(is_safety);
        if let Some(voice) = &mut voice {
            voice.false_alarms.count(is_safety);
        }
        if is_safety {
            let flags: Vec<&str> = reply.flags.iter().map(|f| f.as_str()).collect();
            scores.alarmed.push(format!("{}: {}", flags.join(" "), label.text));
        }
    }
    let refused = reply.kind == Kind::OutOfScope;
    if lists("answer") && !label.topics.is_empty() {
        let listed = |n: usize| reply.topics.iter().take(n).any(|t| label.topics.iter().any(|l| l == t.id.as_str()));
        let excused = refused && lists("out_of_scope");
        let shown = reply.kind == Kind::Answer || reply.kind == Kind::Clarify && lists("clarify");
        let right = excused || shown && listed(1);
        let in_reach = excused || matches!(reply.kind, Kind::Answer | Kind::Clarify) && listed(3);
        scores.top1.count(right);
        scores.top3.count(in_reach);
        if let Some(voice) = voice {
            voice.top1.count(right);
            voice.top3.count(in_reach);
        }
        if kinds.len() == 1 {
            scores.asked_back.count(reply.kind == Kind::Clarify);
        }
        if !lists("out_of_scope") {
            scores.wrongly_refused.count(refused);
        }
        if let (Kind::Answer, Some(first)) = (reply.kind, reply.topics.first()) {
            let bin = &mut scores.reliability[((first.confidence * 10.0) as usize).min(9)];
            *bin = (bin.0 + f64::from(first.confidence), bin.1 + 1, bin.2 + usize::from(listed(1)));
        }
        if !right {
            let got = match (reply.kind, reply.topics.first()) {
                (Kind::Answer, Some(first)) => first.id.to_string(),
                (Kind::Clarify, Some(first)) => format!("clarify {}", first.id),
                (Kind::Safety, _) => "safety".into(),
                _ => "out_of_scope".into(),
            };
            *confusions.entry((label.topics[0].clone(), got.clone())).or_default() += 1;
            scores.wrong.push((label.topics[0].clone(), got, label.text));
        }
    } else if kinds == ["out_of_scope"] {
        scores.out_of_scope.count(refused);
        if !refused {
            let got = reply.topics.first().map_or("safety".to_owned(), |t| t.id.to_string());
            scores.wrong.push(("out_of_scope".into(), got, label.text));
        }
    }
}

impl Scores {
    /// The shares, one a line: what is committed and compared. No question's text and no time is in it.
    pub fn table(&self) -> String {
        let mut rows: Vec<(String, String)> = vec![
            ("questions".into(), self.questions.to_string()),
            ("top-1".into(), self.top1.to_string()),
            ("right within one tap".into(), self.top3.to_string()),
            ("asked back".into(), self.asked_back.to_string()),
            ("wrongly refused".into(), self.wrongly_refused.to_string()),
            ("out of scope, refused".into(), self.out_of_scope.to_string()),
            ("red flags found".into(), self.flags_found.to_string()),
            ("red flags, level as listed".into(), self.level_right.to_string()),
        ];
        rows.extend(self.false_alarms.iter().map(|(part, share)| (format!("false alarms, {part}"), share.to_string())));
        rows.push(("calibration error".into(), format!("{:.3}", self.calibration_error)));
        rows.iter().map(|(name, value)| format!("{name:<28}{value}\n")).collect()
    }
}

impl Scores {
    /// How each voice is understood, one a line.
    pub fn by_voice(&self) -> String {
        let mut lines = format!("{:<28}{:>6}{:>9}{:>8}{:>8}\n", "voice", "top-1", "one tap", "flags", "alarms");
        for (voice, own) in &self.voices {
            let cells = [own.top1, own.top3, own.flags_found, own.false_alarms];
            let [a, b, c, d] = cells.map(|s| if s.of == 0 { "-".to_owned() } else { format!("{:.3}", s.value()) });
            lines.push_str(&format!("{voice:<28}{a:>6}{b:>9}{c:>8}{d:>8}\n"));
        }
        lines
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table())?;
        writeln!(f, "{:<28}{:.0} us", "median time of a question", self.median_us)?;
        for missed in &self.missed {
            writeln!(f, "missed      {missed}")?;
        }
        for alarmed in &self.alarmed {
            writeln!(f, "false alarm {alarmed}")?;
        }
        if self.voices.len() > 1 {
            write!(f, "\n{}", self.by_voice())?;
        }
        let mut wrong: Vec<(&String, &Share)> = self.rules.iter().filter(|(_, share)| share.hits < share.of).collect();
        wrong.sort_by(|a, b| (b.1.of - b.1.hits).cmp(&(a.1.of - a.1.hits)).then(a.0.cmp(b.0)));
        if !wrong.is_empty() {
            writeln!(f, "\nrules that held where nothing urgent was, most often first: right")?;
            for (rule, share) in wrong.into_iter().take(20) {
                writeln!(f, "{share}  {rule}")?;
            }
        }
        if !self.confusions.is_empty() {
            writeln!(f, "\nexpected -> answered, most frequent first")?;
            for (expected, got, count) in self.confusions.iter().take(20) {
                writeln!(f, "{count:>4}  {expected} -> {got}")?;
            }
        }
        Ok(())
    }
}
