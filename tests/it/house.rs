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
    let rows = page.lines().filter(|l| l.starts_with("| ") && l.contains('`'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
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

/// Core files must not reach for clocks, files, threads or foreign crates that have their home elsewhere.
#[test]
fn foreign_names_stay_in_their_homes() {
    let homes: [(&str, &[&str]); 8] = [
        ("clap", &["terminal", "main"]),
        ("anstream", &["terminal", "main"]),
        ("annotate_snippets", &["terminal", "main"]),
        ("rust_stemmers", &["text"]),
        ("sqlx", &["store"]),
        ("std::fs", &["terminal", "main", "store"]),
        ("SystemTime", &["terminal", "main"]),
        ("Zoned::now", &["terminal", "main"]),
    ];
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        let module = relative.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        let source = fs::read_to_string(&file).expect("a source file");
        for (name, allowed) in homes {
            let used = source.lines().any(|l| !l.trim_start().starts_with("//") && l.contains(name));
            if used && !allowed.contains(&module.as_str()) {
                wrong.push(format!("src/{relative} names `{name}`, whose home is {allowed:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
