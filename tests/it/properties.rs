//! What holds for any text at all.

use std::sync::LazyLock;

use patella::{
    app::App,
    club::Club,
    embedded, limits,
    reply::{Block, Clinic, Kind, Level},
    request::{Ask, Request},
};
use proptest::prelude::*;

/// The embedded base with a region and two clinics, as large as replies get.
pub static APP: LazyLock<App> = LazyLock::new(|| {
    let clinic = |name: &str| Clinic {
        name: name.into(),
        phone: "(646) 588-3833".into(),
        hours: "Monday to Friday, 8 am to 7 pm".into(),
        languages: vec!["English".into(), "Spanish".into()],
        link: "https://clinic.example/appointments".into(),
        last_checked: None,
    };
    App::new(
        embedded::base().expect("the embedded knowledge is sound"),
        embedded::encoder().expect("the weights are sound"),
        Club { clinics: vec![clinic("First Clinic"), clinic("Second Clinic")], region: Some("uk".into()), ..Club::default() },
    )
});

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 21);

fn reply_to(text: &str) -> patella::reply::Reply {
    APP.handle(&Request::Ask(Ask { text: text.to_owned() }), TODAY)
}

/// Words that steer into rules and cards, between arbitrary ones.
fn wordy() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("knee"),
        Just("calf"),
        Just("swollen"),
        Just("not"),
        Just("no"),
        Just("chest"),
        Just("pain"),
        Just("can't"),
        Just("walk"),
        Just("years ago"),
        Just("what if"),
        Just(","),
        Just("."),
        Just("but"),
        Just("\n"),
        Just("outside"),
        Just("7/10"),
        Just("2015"),
        Just("https://x.example"),
        Just("<@1>"),
        Just("\u{1F629}"),
        Just("give up"),
        Just("pop"),
        Just("shoes"),
        Just("my friend"),
    ];
    proptest::collection::vec(prop_oneof![word.prop_map(str::to_owned), "\\PC{0,12}"], 0..60).prop_map(|w| w.join(" "))
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    let reply = reply_to(text);
    prop_assert!(!reply.title.is_empty());
    prop_assert!(!reply.blocks.is_empty());
    prop_assert!(reply.body_length() <= limits::REPLY_BODY, "{} characters", reply.body_length());
    prop_assert!(reply.total_length() <= limits::REPLY_TOTAL, "{} characters", reply.total_length());
    prop_assert_eq!(reply.kind == Kind::Safety, reply.level >= Level::Urgent);
    prop_assert!(reply.topics.len() <= 5);
    prop_assert!(reply.topics.iter().all(|t| (0.0..=1.0).contains(&t.confidence)));
    prop_assert!(reply.topics.windows(2).all(|w| w[0].confidence >= w[1].confidence));
    if reply.kind == Kind::Safety {
        prop_assert!(matches!(reply.blocks[0], Block::Lead(_)));
        prop_assert!(reply.choices.is_empty());
    }
    for item in reply.blocks.clone().iter_mut().flat_map(|b| b.items_mut().to_vec()) {
        prop_assert!(item.cites.iter().all(|&c| c < reply.sources.len()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_characters_yield_a_reply_within_limits(text in "\\PC{0,400}") {
        holds(&text)?;
    }

    #[test]
    fn any_row_of_words_yields_a_reply_within_limits(text in wordy()) {
        holds(&text)?;
    }

    #[test]
    fn any_bytes_yield_a_reply_within_limits(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        holds(&String::from_utf8_lossy(&bytes))?;
    }

    /// A red flag stays a red flag whatever harmless sentence stands before or after it.
    #[test]
    fn harmless_sentences_hide_no_red_flag(before in 0_usize..6, after in 0_usize..6, flag in 0_usize..5) {
        let harmless = [
            "", "Which shoes should I buy?", "Parkrun was fun.", "No swelling in the other one.", "My wife says hi.", "It was sunny.",
        ];
        let flags = [
            "I passed out on my run", "I can't put any weight on my leg since the fall", "my calf is swollen and hot, only the left one",
            "I don't want to live anymore", "my knee is locked and won't straighten",
        ];
        let text = format!("{} {}. {}", harmless[before], flags[flag], harmless[after]);
        prop_assert_eq!(reply_to(&text).kind, Kind::Safety, "{}", text);
    }
}

/// The longest text costs at most so many times a question of ordinary length. Counted in words read, not in seconds.
#[test]
fn nothing_beyond_the_limit_is_read() {
    let long = "knee pain ".repeat(5000);
    let reading = APP.knowledge().lexicon.read(&long);
    assert!(reading.tokens.len() <= patella::text::TEXT_MAX / 5, "{}", reading.tokens.len());
    let flag_at_the_end = format!("{} I passed out on my run", "knee pain. ".repeat(500));
    assert!(flag_at_the_end.chars().count() < patella::text::TEXT_MAX);
    assert_eq!(reply_to(&flag_at_the_end).kind, Kind::Safety, "safety reads all of it");
}

/// Rules are only tried where their words occur: that must change nothing but the time.
#[test]
fn gates_close_no_rule_that_holds() {
    let base = embedded::base().expect("the knowledge inside is sound");
    let mut every = embedded::base().expect("the knowledge inside is sound").knowledge;
    every.rules = patella::text::Gates::default();
    let knowledge = &base.knowledge;
    let flags = knowledge.flags.iter().flat_map(|f| f.says.iter().chain(&f.look_alikes));
    let asks = knowledge.topics.iter().flat_map(|t| &t.asks);
    let mut raised = 0;
    for text in flags.chain(asks).chain(&knowledge.out_of_scope) {
        let reading = knowledge.lexicon.read(text);
        let found = patella::safety::by_rules(knowledge, &reading, &|_| true);
        raised += usize::from(!found.hits.is_empty());
        assert_eq!(found, patella::safety::by_rules(&every, &reading, &|_| true), "{text}");
    }
    assert!(raised > 500, "{raised}");
}
