//! How fast questions are answered: `cargo bench`.
//!
//! `answer` is the whole way from text to rendered reply. `baseline` is what a first version of such a bot does: one
//! regular expression a topic, made of its asks' words, tried in turn. Compare them as a ratio within one run.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use patella::{
    app::App,
    base::Base,
    club::Club,
    embedded,
    knowledge::Knowledge,
    render,
    request::{Ask, Request},
};
use regex::{Regex, RegexBuilder};

/// About a hundred characters, as the target is stated for.
const QUESTION: &str =
    "outside of my left knee starts to hurt at mile 4 every single run, worse downhill, what can i do about it";

fn app() -> App {
    App::new(
        embedded::base().expect("the embedded knowledge is sound"),
        embedded::encoder().expect("the weights are sound"),
        Club::default(),
    )
}

fn regex_per_topic(knowledge: &Knowledge) -> Vec<Regex> {
    let of_topic = |topic: &patella::knowledge::Topic| {
        let asks: Vec<String> = topic.asks.iter().map(|ask| regex::escape(&ask.to_lowercase())).collect();
        RegexBuilder::new(&asks.join("|"))
            .case_insensitive(true)
            .size_limit(1 << 28)
            .build()
            .expect("escaped asks are a valid pattern")
    };
    knowledge.topics.iter().map(of_topic).collect()
}

fn questions(c: &mut Criterion) {
    let app = app();
    let today = jiff::civil::date(2026, 11, 21);
    let mut group = c.benchmark_group("question");
    group.throughput(Throughput::Elements(1));
    group.bench_function("answer", |b| {
        b.iter(|| {
            let reply = app.handle(&Request::Ask(Ask { text: black_box(QUESTION).to_owned() }), today);
            render::text::to_text(&reply, &render::text::Style::default())
        });
    });
    group.bench_function("decide", |b| b.iter(|| app.explain(&Ask { text: black_box(QUESTION).to_owned() })));
    let long = format!("{} ", QUESTION).repeat(56);
    group.bench_function("decide 6000 characters", |b| b.iter(|| app.explain(&Ask { text: black_box(&long).clone() })));
    let patterns = regex_per_topic(app.knowledge());
    group.bench_function("baseline, a regex per topic", |b| {
        b.iter(|| patterns.iter().filter(|p| p.is_match(black_box(QUESTION))).count());
    });
    group.finish();
}

fn start(c: &mut Criterion) {
    let mut group = c.benchmark_group("start");
    group.sample_size(10);
    group.bench_function("read the base back", |b| b.iter(app));
    let files = embedded::files();
    group.bench_function("baseline, parse and learn", |b| b.iter(|| Base::from_files(&files)));
    group.finish();
}

criterion_group!(benches, questions, start);
criterion_main!(benches);
