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
    knowledge::{Held, Voices},
    reply::Kind,
    request::{Ask, Request},
    text::plain_words,
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn app() -> App {
    App::new(
        embedded::base().expect("the embedded knowledge is sound"),
        embedded::encoder().expect("the weights are sound"),
        Club::default(),
    )
}

fn scores(app: &App, paths: &[PathBuf], held: Option<(&Voices, Held)>) -> Scores {
    let read = |p: &PathBuf| (p.display().to_string(), fs::read_to_string(p).expect("a file of labelled questions"));
    let files: Vec<(String, String)> = paths.iter().map(read).collect();
    eval::run(app, &files, held, jiff::civil::date(2026, 11, 21), &|| 0.0).expect("labelled questions")
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
    assert!(
        alike(&page[open..close], table),
        "{heading}: the scores changed: look at what changed with `patella eval`, then PATELLA_BLESS=1 cargo test --release \
         evaluation\n{}\nnow\n{table}",
        &page[open..close]
    );
}

/// Whether two texts are the same but for numbers that differ by next to nothing: another processor rounds the last bit of the
/// encoder's sums otherwise, which may turn a question in a thousand.
fn alike(a: &str, b: &str) -> bool {
    const SHARE: f64 = 0.006;
    const COUNT: f64 = 3.0;
    let words = |text: &str| {
        let part = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '<' | '>');
        text.split(part).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let (a, b) = (words(a), words(b));
    let near = |(a, b): (&String, &String)| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => (x - y).abs() <= if x.abs() <= 1.0 && y.abs() <= 1.0 { SHARE } else { COUNT },
        _ => a == b,
    };
    a.len() == b.len() && a.iter().zip(&b).all(near)
}

#[test]
fn only_next_to_nothing_is_alike() {
    assert!(alike("top-1  0.813 (335 of 412)", "top-1  0.815 (336 of 412)"));
    assert!(!alike("top-1  0.813 (335 of 412)", "top-1  0.833 (343 of 412)"));
    assert!(!alike("top-1  0.813", "top-2  0.813") && !alike("top-1  0.813", "top-1"));
}

/// One test, because all blocks stand in one page.
#[test]
fn scores_are_as_committed() {
    let app = app();
    let data = root().join("tests/data");
    let voices = fs::read_to_string(root().join("knowledge/voices.toml")).expect("voices.toml is in the repository");
    let voices = Voices::from_toml(&voices);
    let proof = scores(&app, &phrases(), Some((&voices, Held::Prove)));
    assert!(proof.questions > 2_000 && proof.voices.len() > 4, "{} questions of {:?}", proof.questions, proof.voices.keys());
    holds("## Voices that taught nothing", &format!("{}\n{}", proof.table(), proof.by_voice()));
    drawn("reliability.svg", &reliability(&proof.reliability));
    let topics = scores(&app, &[data.join("held-topics.jsonl")], None);
    holds("## Held-back topics", &topics.table());
    let safety = scores(&app, &[data.join("held-safety.jsonl")], None);
    holds("## Held-back red flags", &safety.table());
    let Some(shared) = shared_eval() else { return };
    let both = scores(&app, &[shared.join("dev.jsonl"), shared.join("dev-safety.jsonl")], None);
    holds("## Development questions", &both.table());
    assert!(both.top1.value() >= 0.70 && both.top3.value() >= 0.85, "{}", both.table());
    assert!(both.out_of_scope.value() >= 0.85 && both.wrongly_refused.value() <= 0.08, "{}", both.table());
    assert!(both.missed.is_empty(), "red flags missed: {:#?}", both.missed);
}

/// What each labelled question is answered with: a change of the corpus shows in this file which of them changed card.
#[test]
fn answers_are_as_committed() {
    let app = app();
    let mut table = String::from("file\tanswered\tquestion\n");
    for name in ["held-topics", "held-safety"] {
        for text in texts(&root().join(format!("tests/data/{name}.jsonl"))) {
            let reply = app.handle(&Request::Ask(Ask { text: text.clone() }), jiff::civil::date(2026, 11, 21));
            let first = match reply.kind {
                Kind::Safety => reply.flags.first().map(|flag| format!("{} {flag}", reply.level.name())),
                Kind::Answer => reply.topics.first().map(|topic| topic.id.to_string()),
                Kind::Clarify => reply.topics.first().map(|topic| format!("{}?", topic.id)),
                _ => None,
            };
            let first = first.unwrap_or_else(|| "nothing".to_owned());
            table.push_str(&format!("{name}\t{first}\t{}\n", text.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    let path = root().join("docs/answers.tsv");
    if std::env::var_os("PATELLA_BLESS").is_some() {
        fs::write(&path, table).expect("the table can be written");
        return;
    }
    let committed = fs::read_to_string(&path).expect("docs/answers.tsv is in the repository");
    let changed: Vec<String> =
        committed.lines().zip(table.lines()).filter(|(a, b)| a != b).map(|(a, b)| format!("- {a}\n+ {b}")).collect();
    // As `alike`: a few in a thousand may turn on another processor.
    let few = table.lines().count() * 3 / 1_000;
    assert!(
        changed.len() <= few && committed.lines().count() == table.lines().count(),
        "answers changed; PATELLA_BLESS=1 writes them:\n{}",
        changed.join("\n")
    );
}

/// Confidence against the share that was right, a dot a tenth, as large as it has answers; the line is where both are the same.
fn reliability(bins: &[(f64, usize, usize); 10]) -> String {
    const SIDE: f64 = 320.0;
    const EDGE: f64 = 44.0;
    let x = |v: f64| EDGE + v * SIDE;
    let y = |v: f64| EDGE / 2.0 + (1.0 - v) * SIDE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\" font-family=\"sans-serif\" font-size=\"11\" role=\"img\">\n\
         <title>Confidence of an answer against the share of answers that were right</title>\n\
         <rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/>\n\
         <path d=\"M{1} {2}L{3} {4}\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>\n",
        SIDE + 1.5 * EDGE,
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    for tenth in 0..=5 {
        let v = f64::from(tenth) / 5.0;
        svg.push_str(&format!(
            "<path d=\"M{0} {1}H{2}M{3} {4}V{5}\" stroke=\"#eee\"/><text x=\"{6}\" y=\"{7}\" text-anchor=\"end\">{v:.1}</text>\
             <text x=\"{3}\" y=\"{8}\" text-anchor=\"middle\">{v:.1}</text>\n",
            x(0.0),
            y(v),
            x(1.0),
            x(v),
            y(0.0),
            y(1.0),
            x(0.0) - 6.0,
            y(v) + 4.0,
            y(0.0) + 15.0
        ));
    }
    for &(sum, count, right) in bins.iter().filter(|(_, count, _)| *count > 0) {
        let (confidence, share) = (sum / count as f64, right as f64 / count as f64);
        let radius = 2.0 + (count as f64).sqrt() / 2.0;
        svg.push_str(&format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" fill=\"#1668b0\" fill-opacity=\"0.75\"><title>{right} of {count}</title></circle>\n",
            x(confidence),
            y(share)
        ));
    }
    svg.push_str(&format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">confidence of the answer</text>\n\
         <text transform=\"translate(12 {}) rotate(-90)\" text-anchor=\"middle\">share that was right</text>\n</svg>\n",
        x(0.5),
        y(0.0) + 32.0,
        y(0.5)
    ));
    svg
}

/// Compares a picture with the committed one; writes it where blessing was asked for.
fn drawn(name: &str, picture: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("PATELLA_BLESS").is_some() {
        fs::write(&path, picture).expect("the picture can be written");
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(alike(&committed, picture), "docs/{name} is not what the scores are; PATELLA_BLESS=1 draws it anew");
}

/// All files of phrases.
fn phrases() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("knowledge/phrases")).expect("the phrases are in the repository");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("an entry").path()).collect();
    paths.sort_unstable();
    assert!(paths.len() >= 150, "a file for each topic, two for each sign");
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
