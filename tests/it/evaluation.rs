//! The quality of the matcher, kept in the open: the scores in `docs/evaluation.md` are those that the program has.
//!
//! `PATELLA_BLESS=1 cargo test --release evaluation` writes the present scores into the page; the change then shows in review.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use patella::{
    app::App,
    author::eval::{self, Scores},
    club::Club,
    embedded,
    text::plain_words,
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn app() -> App {
    App::new(embedded::base().expect("the embedded knowledge is sound"), Club::default())
}

fn scores(paths: &[PathBuf]) -> Scores {
    let read = |p: &PathBuf| (p.display().to_string(), fs::read_to_string(p).expect("a file of labelled questions"));
    let files: Vec<(String, String)> = paths.iter().map(read).collect();
    eval::run(&app(), &files, jiff::civil::date(2026, 11, 21), &|| 0.0).expect("labelled questions")
}

/// Compares a table with the block below its heading in the page; writes it there where blessing was asked for.
fn holds(heading: &str, table: &str) {
    let path = root().join("docs/evaluation.md");
    let page = fs::read_to_string(&path).expect("docs/evaluation.md is in the repository");
    let at = page.find(heading).unwrap_or_else(|| panic!("docs/evaluation.md has no heading `{heading}`"));
    let open = at + page[at..].find("```text\n").expect("a block below the heading") + "```text\n".len();
    let close = open + page[open..].find("```").expect("the block ends");
    if std::env::var_os("PATELLA_BLESS").is_some() {
        fs::write(&path, format!("{}{table}{}", &page[..open], &page[close..])).expect("the page can be written");
        return;
    }
    assert_eq!(
        &page[open..close],
        table,
        "the scores changed: look at what changed with `patella eval`, then PATELLA_BLESS=1 cargo test --release evaluation"
    );
}

/// One test, because all blocks stand in one page.
#[test]
fn scores_are_as_committed() {
    let data = root().join("tests/data");
    holds("## Held-back topics", &scores(&[data.join("held-topics.jsonl")]).table());
    holds("## Held-back red flags", &scores(&[data.join("held-safety.jsonl")]).table());
    holds("## Phrases of warning signs", &scores(&sign_phrases()).table());
    let Some(shared) = shared_eval() else { return };
    let both = scores(&[shared.join("dev.jsonl"), shared.join("dev-safety.jsonl")]);
    holds("## Development questions", &both.table());
    assert!(both.top1.value() >= 0.70 && both.top3.value() >= 0.85, "{}", both.table());
    assert!(both.out_of_scope.value() >= 0.85 && both.wrongly_refused.value() <= 0.08, "{}", both.table());
    assert!(both.missed.is_empty(), "red flags missed: {:#?}", both.missed);
}

/// How people tell of warning signs, and what only sounds like it.
fn sign_phrases() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("knowledge/phrases")).expect("the phrases are in the repository");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("an entry").path()).collect();
    paths.retain(|path| {
        path.file_name().is_some_and(|name| ["rf.", "not."].iter().any(|p| name.to_string_lossy().starts_with(p)))
    });
    paths.sort_unstable();
    assert!(paths.len() >= 100, "two files for each sign");
    paths
}

/// The development questions, where the workplace has them.
fn shared_eval() -> Option<PathBuf> {
    let folder = root().join("../shared/eval");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the development questions are not beside this checkout");
    None
}

fn texts(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("labelled questions");
    let line =
        |l: &str| serde_json::from_str::<serde_json::Value>(l).expect("an object a line")["text"].as_str().map(str::to_owned);
    text.lines().filter(|l| !l.trim().is_empty()).filter_map(line).collect()
}

/// A measure that teaches measures nothing.
#[test]
fn no_examination_line_stands_in_the_knowledge() {
    let app = app();
    let knowledge = app.knowledge();
    let mut taught: HashSet<Vec<String>> = HashSet::new();
    for topic in &knowledge.topics {
        taught.extend(topic.asks.iter().chain(&topic.examples).map(|q| plain_words(q)));
    }
    for flag in &knowledge.flags {
        taught.extend(flag.says.iter().chain(&flag.look_alikes).map(|q| plain_words(q)));
    }
    taught.extend(knowledge.out_of_scope.iter().map(|q| plain_words(q)));
    let mut files = vec![root().join("tests/data/held-topics.jsonl"), root().join("tests/data/held-safety.jsonl")];
    if let Some(shared) = shared_eval() {
        files.extend([shared.join("dev.jsonl"), shared.join("dev-safety.jsonl")]);
    }
    // Greetings and thanks of a word or two are everybody's.
    let copied = |text: &String| plain_words(text).len() > 3 && taught.contains(&plain_words(text));
    let copies: Vec<String> = files.iter().flat_map(|f| texts(f)).filter(copied).collect();
    assert!(copies.is_empty(), "{copies:#?}");
}
