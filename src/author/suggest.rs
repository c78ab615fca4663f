//! Where a new phrase belongs, and what it would disturb.

use std::{collections::HashMap, fmt};

use crate::{
    app::App,
    base::Base,
    encoder::Encoder,
    knowledge::{File, Voices, asked, phrasings},
    request::Ask,
    safety::By,
    text::plain_words,
};

/// What is to be said of a new phrase.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The phrase.
    pub text: String,
    /// The file that it belongs into, as far as the readers can say.
    pub home: String,
    /// What speaks for that.
    pub why: String,
    /// Phrases that stand next to it, nearest first: nearness, file, phrase.
    pub near: Vec<(f32, String, String)>,
    /// The cards' examples whose first topic would change, were the phrase learned at home: example, before, after. `None` where that
    /// could not be tried: the linear reader learns nothing from phrases of warning signs, and no phrase twice.
    pub disturbed: Option<Vec<(String, String, String)>>,
}

/// Phrases that share words with the new one and are compared by meaning.
const CANDIDATES: usize = 120;
/// Neighbors that are shown.
const NEAR: usize = 5;

/// Says where a phrase belongs. Learns once anew, which takes some seconds.
pub fn suggest(app: &App, files: &[File], encoder: &'static Encoder, text: &str) -> Suggestion {
    let decision = app.explain(&Ask { text: text.to_owned() });
    let near = neighbors(app, files, text);
    let (home, why) = match (decision.safety.hits.first(), decision.first_topic()) {
        (Some(hit), _) if !matches!(hit.by, By::Before) => (format!("phrases/{}.txt", hit.flag), format!("raised by {}", hit.by)),
        (_, Some(topic)) if decision.none < decision.topics[0].confidence => {
            (format!("phrases/{topic}.txt"), format!("confidence {:.2}", decision.topics[0].confidence))
        }
        _ => ("phrases/out-of-scope.txt".to_owned(), format!("nobody's business, {:.2}", decision.none)),
    };
    let disturbed = disturbed(app, files, encoder, &home, text);
    Suggestion { text: text.to_owned(), home, why, near, disturbed }
}

/// All phrases of a folder, with their files.
fn phrases(files: &[File]) -> impl Iterator<Item = (&str, String)> {
    files.iter().filter(|(path, _)| path.starts_with("phrases/")).flat_map(|(path, text)| {
        let signs = phrasings(path, text).unwrap_or_default().into_iter().map(|p| p.text);
        let topics = asked(path, text).unwrap_or_default().into_iter().map(|a| a.text);
        signs.chain(topics).map(|phrase| (path.as_str(), phrase))
    })
}

fn neighbors(app: &App, files: &[File], text: &str) -> Vec<(f32, String, String)> {
    let words = plain_words(text);
    let all: Vec<(&str, String)> = phrases(files).collect();
    let mut counts: HashMap<String, f32> = HashMap::new();
    let shared: Vec<Vec<String>> =
        all.iter().map(|(_, phrase)| plain_words(phrase).into_iter().filter(|w| words.contains(w)).collect()).collect();
    shared.iter().flatten().for_each(|word| *counts.entry(word.clone()).or_default() += 1.0);
    let rarity = |words: &Vec<String>| words.iter().map(|w| (all.len() as f32 / counts[w]).ln()).sum::<f32>();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| rarity(&shared[b]).total_cmp(&rarity(&shared[a])).then(a.cmp(&b)));
    order.truncate(CANDIDATES);
    let candidates: Vec<&str> = order.iter().map(|&at| all[at].1.as_str()).collect();
    let mut near: Vec<(f32, String, String)> = app
        .net()
        .nearness(text, &candidates)
        .into_iter()
        .zip(order)
        .map(|(near, at)| (near, all[at].0.to_owned(), all[at].1.clone()))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    near.truncate(NEAR);
    near
}

fn disturbed(
    app: &App,
    files: &[File],
    encoder: &'static Encoder,
    home: &str,
    text: &str,
) -> Option<Vec<(String, String, String)>> {
    let mut files = files.to_vec();
    let voices =
        files.iter().find(|(path, _)| path == "voices.toml").map(|(_, text)| Voices::from_toml(text)).unwrap_or_default();
    let (_, phrases) = files.iter_mut().find(|(path, text)| path == home && asked(path, text).is_some())?;
    // A voice of its own would have to be described; one that teaches will do to try.
    let teaches = |line: &&str| line.strip_prefix("# voice:").is_some_and(|voice| voices.held(voice.trim()).is_none());
    let voice = phrases.lines().find(teaches)?.to_owned();
    phrases.push_str(&format!("\n{voice}\n{text}\n"));
    let after = App::new(Base::from_files(&files).ok()?, encoder, app.defaults().clone());
    let first = |app: &App, text: &str| {
        let decision = app.explain(&Ask { text: text.to_owned() });
        decision.first_topic().map_or(String::new(), ToString::to_string)
    };
    let examples = app.knowledge().topics.iter().flat_map(|topic| &topic.examples);
    let changed = examples.map(|example| (example.clone(), first(app, example), first(&after, example)));
    Some(changed.filter(|(_, before, after)| before != after).collect())
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\"{}\"\n  belongs into {} ({})", self.text, self.home, self.why)?;
        writeln!(f, "  stands next to")?;
        for (near, path, phrase) in &self.near {
            writeln!(f, "    {near:.2}  {phrase}  ({path})")?;
        }
        let Some(disturbed) = &self.disturbed else {
            return writeln!(
                f,
                "  what it would disturb could not be tried: it stands there, or only the encoder learns from it"
            );
        };
        if disturbed.is_empty() {
            return writeln!(f, "  would disturb no card's example");
        }
        writeln!(f, "  would change the first topic of")?;
        for (example, before, after) in disturbed {
            writeln!(f, "    {example}: {before} -> {after}")?;
        }
        Ok(())
    }
}
