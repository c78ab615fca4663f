//! Holds the code to the table of who may use whom in `ARCHITECTURE.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Module to the modules it may use, from the table.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is in the repository");
    let rows = page.lines().filter(|l| l.starts_with("| ")).map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    // Other tables have no level in their first cell.
    rows.filter(|cells| cells[1].parse::<u8>().is_ok())
        .map(|cells| {
            let may = cells[4].split(',').map(|m| m.trim().to_owned()).filter(|m| m != "-").collect();
            (cells[2].trim_matches('`').to_owned(), may)
        })
        .collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// The modules that a source file names after `crate::`, outside comments.
fn used(source: &str) -> BTreeSet<String> {
    let code: String = source.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let (mut depth, mut word) = (1, String::new());
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    c if depth == 1 && (c.is_alphanumeric() || c == '_') => {
                        word.push(c);
                        continue;
                    }
                    _ => {}
                }
                if depth <= 1 || c == '{' {
                    names.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()));
                }
                if depth == 0 {
                    break;
                }
                if depth > 1 {
                    word.clear();
                }
                if depth == 1 && c == ':' {
                    // `id::TopicId`: only the first name counts.
                    word.push('\0');
                }
            }
        } else {
            names.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names.into_iter().filter(|n| !n.contains('\0')).collect()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    assert!(table.len() > 12, "the table was read: {table:?}");
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        let module = relative.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(may) = table.get(&module) else {
            wrong.push(format!("src/{relative}: `{module}` has no row in ARCHITECTURE.md"));
            continue;
        };
        let source = fs::read_to_string(&file).expect("a source file");
        for name in used(&source) {
            let is_module = table.contains_key(&name);
            if is_module && name != module && !may.contains(&name) {
                wrong.push(format!("src/{relative}: `{module}` may not use `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_use_lines_sees_nested_lists() {
    let source = "use crate::{\n    id::{FlagId, SourceId},\n    reply::Level,\n    text::{Lexicon},\n};\nfn f() { crate::club::g() }\n// crate::store";
    let names: Vec<String> = used(source).into_iter().collect();
    assert_eq!(names, ["club", "id", "reply", "text"]);
}

/// Where foreign names may stand: beginnings of paths below `src`. What is not listed is free; what is listed has one home, so that
/// a crate can be replaced in one place, and so that the core reaches for no clock, file, thread or network.
const HOMES: [(&str, &[&str]); 34] = [
    ("clap", &["terminal/", "main"]),
    ("anstream", &["terminal/", "main"]),
    ("annotate_snippets", &["terminal/", "main"]),
    ("anyhow", &["terminal/", "main"]),
    ("toml::", &["knowledge/", "config.rs"]),
    ("rust_stemmers", &["text/"]),
    ("unicode_normalization", &["text/", "encoder/pieces.rs"]),
    ("rten_gemm", &["encoder/"]),
    ("rayon", &["encoder/"]),
    ("safetensors::", &["encoder/"]),
    // The loader proposes the nearest id where one is misspelled.
    ("rapidfuzz", &["text/", "knowledge/fields.rs"]),
    ("postcard", &["base.rs", "embedded.rs"]),
    ("flate2", &["embedded.rs"]),
    ("serenity", &["discord/gateway/", "discord/door/", "discord/interactions/keys.rs", "discord/to_discord.rs"]),
    ("tokio_tungstenite", &["discord/gateway/"]),
    ("reqwest", &["discord/rest/"]),
    ("twilight_http_ratelimiting", &["discord/rest/"]),
    ("hmac::", &["discord/seal.rs"]),
    ("sha2::", &["discord/seal.rs", "discord/door/club.rs"]),
    ("prometheus_client", &["discord/work/", "operator.rs"]),
    ("sqlx", &["store/"]),
    ("axum", &["web.rs", "playground/", "discord/interactions/", "operator.rs"]),
    ("hyper", &["web.rs"]),
    ("http_body_util", &["web.rs"]),
    ("notify::", &["main/reload.rs"]),
    ("tokio::", &["discord/", "store/", "tips/worker.rs", "web.rs", "playground/", "main/"]),
    ("fastrand::", &["discord/", "store/follow.rs"]),
    ("tracing_subscriber", &["telemetry.rs"]),
    ("tracing::", &["discord/", "store/", "tips/worker.rs", "telemetry.rs", "main/"]),
    // What the system lets this process have open.
    ("fs::", &["main", "store/sqlite/", "web.rs"]),
    ("std::thread", &["main"]),
    ("SystemTime", &["main"]),
    ("Zoned::now", &["main"]),
    // Not the store: its callers say when.
    ("Timestamp::now", &["discord/", "main/playground.rs"]),
];

#[test]
fn foreign_names_stay_in_their_homes() {
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let relative = file.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        let source = fs::read_to_string(&file).expect("a source file");
        for (name, homes) in HOMES.into_iter().filter(|(name, _)| names(&source, name)) {
            seen.insert(name);
            if !homes.iter().any(|home| relative.starts_with(home)) {
                wrong.push(format!("src/{relative} names `{name}`, whose home is {homes:?}"));
            }
        }
    }
    let idle: Vec<&str> = HOMES.map(|(name, _)| name).into_iter().filter(|n| !seen.contains(n) && *n != "SystemTime").collect();
    assert!(idle.is_empty(), "no file names {idle:?} any more: take the rows out");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a source file names something outside comments, as a word of its own.
fn names(source: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    source.lines().filter(|l| !l.trim_start().starts_with("//")).any(|line| {
        line.match_indices(name).any(|(at, _)| {
            let after = &line[at + name.len()..];
            !line[..at].ends_with(word) && (name.ends_with(':') || !after.starts_with(word))
        })
    })
}

#[test]
fn a_name_is_seen_as_a_word_outside_comments() {
    assert!(names("use sqlx::Row;", "sqlx") && names("    std::fs::read(x)", "fs::"));
    assert!(!names("// sqlx is elsewhere", "sqlx") && !names("let my_sqlx2 = 1;", "sqlx") && !names("offs::x", "fs::"));
}
