//! The encoder: what it computes is what was trained, to the bit the same each time, and nothing takes its place.

use std::{fs, path::Path};

use patella::{
    app::App,
    club::Club,
    embedded,
    encoder::{Encoder, Heard},
    render::text::{Style, to_text},
    reply::{Kind, Level},
    request::{Ask, Request},
    safety::{self, By},
};
use serde_json::Value;

fn encoder() -> &'static Encoder {
    embedded::encoder().expect("the weights are sound")
}

fn app() -> App {
    App::new(embedded::base().expect("the embedded knowledge is sound"), encoder(), Club::default())
}

/// Bytes for weights cost something; that must stay small. The sample is of voices that taught nothing.
#[test]
fn it_computes_what_was_trained() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/encoder.jsonl");
    let text = fs::read_to_string(path).expect("the sample is in the repository");
    let sample: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    assert!(sample.len() >= 40, "{} lines", sample.len());
    let (mut same, mut off) = (0, 0.0_f64);
    for line in &sample {
        let heard = encoder().hear([line["text"].as_str().expect("a text")]).remove(0);
        let best = (0..heard.topics.len()).max_by(|&a, &b| heard.topics[a].total_cmp(&heard.topics[b])).expect("topics");
        same += usize::from(encoder().topics()[best] == line["topic"]);
        let levels = line["levels"].as_array().expect("levels");
        off += levels
            .iter()
            .zip(&heard.levels)
            .map(|(want, got)| (want.as_f64().expect("a number") - f64::from(*got)).abs())
            .sum::<f64>();
    }
    let mean = off / (4 * sample.len()) as f64;
    assert!(same * 10 >= sample.len() * 9, "{same} of {} have the same first topic", sample.len());
    assert!(mean < 0.02, "levels are {mean:.4} off on the mean");
}

#[test]
fn the_same_words_give_the_same_bits_alone_and_among_others() {
    let texts = ["my knee hurts", "the far edge of the joint is a hot wire by the third lap, what do I do", "", "\u{1f9b5}?"];
    let together = encoder().hear(texts);
    let bits = |heard: &Heard| heard.topics.iter().chain(&heard.levels).map(|p| p.to_bits()).collect::<Vec<_>>();
    for (text, heard) in texts.iter().zip(&together) {
        assert_eq!(bits(heard), bits(&encoder().hear([*text]).remove(0)), "{text}");
        let sum: f32 = heard.topics.iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    }
}

#[test]
fn weights_that_cannot_be_used_are_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("model/patella.safetensors");
    let whole = fs::read(path).expect("the weights are in the repository");
    let refused = |bytes: Vec<u8>| Encoder::new(Box::leak(bytes.into_boxed_slice())).err().expect("refused").to_string();
    for cut in [0, 7, 1000, whole.len() - 1] {
        let why = refused(whole[..cut].to_vec());
        assert!(why.contains("tools/train/README.md"), "{cut}: {why}");
    }
    // A head that is gone: the name is changed in the header, which keeps its length.
    let at = whole.windows(14).position(|w| w == b"\"topic.weight\"").expect("its name stands in the header");
    let mut other = whole;
    other[at + 1] = b'T';
    let why = refused(other);
    assert!(why.contains("topic.weight"), "{why}");
}

/// Words that no rule knows, a sign in half a sentence, and where the two nets meet.
#[test]
fn either_net_raises_a_flag() {
    let app = app();
    let rules = app.explain(&Ask { text: "my calf is hot and swollen since the flight".into() });
    assert!(matches!(rules.safety.hits[0].by, By::Rule(_)), "{:?}", rules.safety.hits);
    let story = "Went round the lake twice with the club, nice cake after. Dad sat down grey as putty and clammy at the gate, says it is \
                 only wind. We were thinking of new shoes for him anyway, does anyone know a shop that does wide fittings?";
    let reply = app.handle(&Request::Ask(Ask { text: story.into() }), jiff::civil::date(2026, 11, 21));
    assert_eq!(
        (reply.kind, reply.level),
        (Kind::Safety, Level::Emergency),
        "{:?}",
        app.explain(&Ask { text: story.into() }).safety
    );
}

/// Its card comes before everything, and says what to do about the rest.
#[test]
fn a_crisis_that_no_rule_knows_is_heard_beside_another_emergency() {
    let app = app();
    let text = "Crushing chest pain since the hill and my left arm is numb. Everyone would have more room without me, like when you \
                throw out the old sofa. The kids would get over it.";
    let safety = app.explain(&Ask { text: text.into() }).safety;
    let by = |flag: &str| safety.hits.iter().find(|hit| hit.flag.to_string() == flag).map(|hit| &hit.by);
    assert!(matches!(by("rf.chest_collapse"), Some(By::Rule(_))), "{safety:?}");
    assert!(matches!(by("rf.suicidal"), Some(By::Encoder(_))), "{safety:?}");
    let reply = app.handle(&Request::Ask(Ask { text: text.into() }), jiff::civil::date(2026, 11, 21));
    assert_eq!(reply.title, app.knowledge().replies.crisis_title);
    let words = to_text(&reply, &Style::default());
    assert!(words.contains("start CPR"), "{words}");
    // It is not heard in whatever is grave.
    let grave = app.explain(&Ask { text: "bloke just dropped. snoring noise. wont wake".into() }).safety;
    assert!(grave.level() == Level::Emergency && grave.hits.iter().all(|hit| hit.flag.to_string() != "rf.suicidal"), "{grave:?}");
}

/// What stands around the words must not blind the encoder to them. No rule knows these.
#[test]
fn links_dashes_and_a_long_story_hide_no_sign() {
    let app = app();
    let sign = "he went the color of putty on the hill and says it is only indigestion";
    let link = format!("https://photos.example.org/share/{}", "AF1QipNx7".repeat(20));
    let story = "We ran round the lake and had cake after. The weather was lovely for once. ".repeat(6);
    for text in
        [sign.to_owned(), format!("{link} {sign}"), format!("{} {sign}", "-".repeat(95)), format!("{story}{sign}. {story}")]
    {
        let decision = app.explain(&Ask { text: text.clone() });
        let hit = decision.safety.hits.first().unwrap_or_else(|| panic!("nothing found in {text}"));
        assert!(matches!(hit.by, By::Encoder(_)) && hit.level == Level::Emergency, "{hit:?} in {text}");
    }
}

/// A rule that is unsure counts where the encoder finds a sign possible, and nowhere else; both are shown.
#[test]
fn an_unsure_rule_waits_for_the_encoder() {
    let app = app();
    let unsure = |text: &str| {
        let knowledge = app.knowledge();
        let reading = knowledge.lexicon.read(text);
        let level = |possible: bool| safety::by_rules(knowledge, &reading, &|_| possible).level();
        assert!(level(true) >= Level::Urgent && level(false) < Level::Urgent, "only an unsure rule holds on {text}");
        app.explain(&Ask { text: text.to_owned() }).safety
    };
    let harmless = unsure("inside of shoe always collapsed, sore knee same leg, does one cause the other?");
    assert!(harmless.level() < Level::Urgent && !harmless.doubted.is_empty(), "{harmless:?}");
    let real = unsure("My boy's leg looks like a hockey stick, he's 11, slide tackle, ten minutes ago, he's strangely calm");
    assert!(real.level() >= Level::Urgent && real.doubted.is_empty(), "{real:?}");
}
