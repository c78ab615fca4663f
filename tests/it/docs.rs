//! The pages say what is so: every shell example runs, prints what stands below it, and every link leads to a file.

mod facts;

use std::{
    fs,
    io::Write,
    num::NonZero,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::program::{folder, patella};

/// Lines of shell blocks that are not run: what a reader does before or besides.
const NOT_RUN: [&[&str]; 12] = [
    &["git", "clone"],
    &["cd"],
    &["cargo", "build"],
    &["cargo", "test"],
    &["cargo", "fmt"],
    &["cargo", "clippy"],
    &["cargo", "bench"],
    &[".ci/run"],
    // Serves until it is ended; tests/it/playground/process.rs runs it.
    &["cargo", "run", "--release", "--", "playground"],
    // What an operator does on a server of their own.
    &["export"],
    &["sudo"],
    &["sqlite3"],
];

/// Characters that a shell gives a meaning which this test does not.
const UNSUPPORTED: &str = "$`<>&;()*?[]{}~\\!";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The pages whose examples are run, as paths from the root.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).expect("docs can be read");
    let mut pages: Vec<String> = docs
        .map(|entry| format!("docs/{}", entry.expect("an entry").file_name().to_string_lossy()))
        .filter(|path| path.ends_with(".md"))
        .collect();
    pages.extend(["README.md".to_owned(), "CONTRIBUTING.md".to_owned()]);
    pages.sort();
    pages
}

/// A folder in which the checkout's files seem to lie, for runs that write files of their own.
fn desk() -> PathBuf {
    #[cfg(unix)]
    {
        let desk = folder("pages");
        for entry in fs::read_dir(root()).expect("the checkout can be read") {
            let entry = entry.expect("an entry");
            std::os::unix::fs::symlink(entry.path(), desk.join(entry.file_name())).expect("a link can be made");
        }
        desk
    }
    #[cfg(not(unix))]
    root()
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|e| panic!("{page}: {e}"))
}

/// A fenced block: its language, the number of its first line, its lines, and what stands between it and the block before.
struct Fenced {
    language: String,
    first: usize,
    lines: Vec<String>,
    follows: bool,
}

/// The fenced blocks of a page, less the indentation of their fences (blocks stand in lists too). `follows`: nothing but empty lines stands between a block and the one before it.
fn blocks(page: &str) -> Vec<Fenced> {
    let mut blocks: Vec<Fenced> = Vec::new();
    let mut open = false;
    let mut follows = false;
    let mut indent = 0;
    for (at, line) in page.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            if !open {
                indent = line.len() - line.trim_start().len();
                blocks.push(Fenced { language: language.trim().to_owned(), first: at + 2, lines: Vec::new(), follows });
            }
            open = !open;
            follows = !open;
        } else if open {
            blocks.last_mut().expect("a block is open").lines.push(line.get(indent..).unwrap_or_default().to_owned());
        } else if !line.trim().is_empty() {
            follows = false;
        }
    }
    blocks
}

/// A line of shell as words: one list for each command of a pipe, and the comment at its end.
fn split(line: &str) -> Result<(Vec<Vec<String>>, String), String> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' | '"' => loop {
                let word = word.get_or_insert_default();
                match chars.next().ok_or("a quotation mark is not closed")?.1 {
                    end if end == c => break,
                    '\\' if c == '"' => word.push(chars.next().ok_or("a backslash stands last")?.1),
                    '$' | '`' if c == '"' => return Err("`$` and backquotes are not supported".into()),
                    inner => word.push(inner),
                }
            },
            ' ' | '|' => {
                commands.last_mut().expect("there is one").extend(word.take());
                if c == '|' {
                    commands.push(Vec::new());
                }
            }
            '#' if word.is_none() => {
                return Ok((commands, line[at + 1..].trim().to_owned()));
            }
            c if UNSUPPORTED.contains(c) => return Err(format!("`{c}` is not supported outside quotation marks")),
            c => word.get_or_insert_default().push(c),
        }
    }
    commands.last_mut().expect("there is one").extend(word);
    Ok((commands, String::new()))
}

/// A run of the program: its environment, its arguments, its standard input, and the exit code that the page promises.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    input: String,
    code: i32,
}

/// What a line of a shell block asks for; nothing where it need not run.
fn run_of(line: &str) -> Result<Option<Run>, String> {
    let (mut commands, comment) = split(line)?;
    let mut words = commands.pop().unwrap_or_default();
    let code = match comment.strip_prefix("exit ") {
        Some(code) => code.parse().map_err(|e| format!("{e} in `# exit`"))?,
        None => 0,
    };
    let input = match (commands.pop(), commands.is_empty()) {
        (None, _) if words.is_empty() => return Ok(None),
        (None, _) => String::new(),
        (Some(echo), true) if echo.first().is_some_and(|e| e == "echo") => echo[1..].join(" ") + "\n",
        _ => return Err("only `echo TEXT | patella ...` is supported of pipes".into()),
    };
    let mut variables = Vec::new();
    while let Some((name, value)) = words.first().and_then(|w| w.split_once('=')) {
        variables.push((name.to_owned(), value.to_owned()));
        words.remove(0);
    }
    let starts = |with: &[&str]| words.len() >= with.len() && words.iter().zip(with).all(|(a, b)| a == b);
    let program = [&["cargo", "run", "--release", "--"][..], &["patella"]].into_iter().find(|p| starts(p));
    match program {
        _ if NOT_RUN.iter().any(|p| starts(p)) => Ok(None),
        Some(program) => Ok(Some(Run { variables, arguments: words[program.len()..].to_vec(), input, code })),
        None => Err("neither a run of the program nor one of the few other commands that pages may show".into()),
    }
}

impl Run {
    /// Standard output and standard error together.
    fn carry_out(&self, folder: &Path) -> Result<String, String> {
        let mut command = patella();
        // Pages show runs that open the store; the repository is no place for it.
        command.env("PATELLA_STORE_URL", "sqlite::memory:");
        command.args(&self.arguments).envs(self.variables.iter().cloned()).current_dir(folder);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = piped.expect("the program starts");
        // A program that reads no input may have closed it.
        let _ = child.stdin.take().expect("a pipe").write_all(self.input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match output.status.code() {
            Some(code) if code == self.code => Ok(text),
            code => {
                let lines: Vec<&str> = text.lines().collect();
                let end = lines[lines.len().saturating_sub(10)..].join("\n  ");
                Err(format!("ends with {code:?}, not {}; its last lines:\n  {end}", self.code))
            }
        }
    }
}

/// The first line of an excerpt that the output lacks. Lines stand in the output's order; `...` at a line's end leaves the rest
/// of it out, and alone leaves lines out.
fn missing<'e>(excerpt: &'e [String], output: &str) -> Option<&'e str> {
    let mut left = output.lines();
    excerpt.iter().map(|l| l.trim_end()).filter(|l| !l.is_empty()).find(|line| match line.strip_suffix("...") {
        Some(start) => !start.trim().is_empty() && !left.any(|l| l.starts_with(start.trim_end())),
        None => !left.any(|l| l.trim_end() == *line),
    })
}

/// Where pages show a run, each with the excerpt of its output that stands below it.
type Places = Vec<(String, Vec<String>)>;

/// What pages show, each run once.
fn examples(wrong: &mut Vec<String>) -> Vec<(Run, Places)> {
    let mut examples: Vec<(Run, Places)> = Vec::new();
    for page in pages() {
        // The runs of the block before, as places in `examples`.
        let mut before: Vec<usize> = Vec::new();
        for block in blocks(&read(&page)) {
            if matches!(block.language.as_str(), "bash" | "shell" | "console" | "zsh") {
                wrong.push(format!("{page}:{}: write ```sh, so that the block is tried", block.first));
            }
            if let ("text", true, &[at]) = (block.language.as_str(), block.follows, &before[..]) {
                examples[at].1.last_mut().expect("its own place").1 = block.lines;
                continue;
            }
            before.clear();
            for (at, line) in block.lines.iter().enumerate().filter(|_| block.language == "sh") {
                let place = format!("{page}:{}", block.first + at);
                match run_of(line.trim()) {
                    Ok(Some(run)) => {
                        let known = examples.iter().position(|(other, _)| *other == run);
                        let at = known.unwrap_or_else(|| {
                            examples.push((run, Vec::new()));
                            examples.len() - 1
                        });
                        examples[at].1.push((place, Vec::new()));
                        before.push(at);
                    }
                    Ok(None) => {}
                    Err(why) => wrong.push(format!("{place}: `{line}`: {why}")),
                }
            }
        }
    }
    examples
}

#[test]
fn every_example_of_the_pages_works() {
    let mut wrong = Vec::new();
    let examples = examples(&mut wrong);
    assert!(examples.len() > 10, "the pages were read: {}", examples.len());
    let (next, desk) = (AtomicUsize::new(0), desk());
    let work = || {
        let mut wrong = Vec::new();
        while let Some((run, places)) = examples.get(next.fetch_add(1, Ordering::Relaxed)) {
            let names: Vec<&str> = places.iter().map(|(place, _)| place.as_str()).collect();
            let output = match run.carry_out(&desk) {
                Ok(output) => output,
                Err(why) => {
                    wrong.push(format!("{}: patella {:?} {why}", names.join(", "), run.arguments));
                    continue;
                }
            };
            for (place, excerpt) in places {
                if let Some(line) = missing(excerpt, &output) {
                    wrong.push(format!("{place}: the page quotes `{line}`, which the program does not say there (any more)"));
                }
            }
        }
        wrong
    };
    let workers = thread::available_parallelism().map_or(2, NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        wrong.extend(workers.into_iter().flat_map(|w| w.join().expect("no example panics")));
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The targets of the Markdown links of a page, outside code.
fn links(page: &str) -> Vec<String> {
    let mut fenced = false;
    let mut text = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            text.push_str(line);
            text.push('\n');
        }
    }
    // Every second piece lies between backquotes.
    let prose: String = text.split('`').step_by(2).collect();
    let pieces = prose.split("](").skip(1);
    pieces.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let mut wrong = Vec::new();
    for page in pages().iter().map(String::as_str).chain(["ARCHITECTURE.md", "knowledge/LICENSE.md"]) {
        let folder = Path::new(page).parent().map_or(root(), |p| root().join(p));
        for target in links(&read(page)).iter().filter(|t| !t.contains("://") && !t.starts_with("mailto:")) {
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !folder.join(path).exists() {
                wrong.push(format!("{page}: the link to {target} leads nowhere"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_examples_splits_like_a_shell() {
    let run = |line: &str| run_of(line).map(|run| run.map(|r| (r.arguments, r.input, r.code)));
    let strings = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let is = |words: &[&str], input: &str, code| Ok(Some((strings(words), input.to_owned(), code)));
    assert_eq!(run("patella ask \"my knee's \\\"off\\\"\" # a note"), is(&["ask", "my knee's \"off\""], "", 0));
    assert_eq!(run("cargo run --release -- topic x#1 # exit 1"), is(&["topic", "x#1"], "", 1));
    assert_eq!(run("echo '{\"text\": \"a|b\"}' | patella ask --jsonl"), is(&["ask", "--jsonl"], "{\"text\": \"a|b\"}\n", 0));
    assert_eq!(run("patella ''"), is(&[""], "", 0));
    let named = run_of("PATELLA_REGION=uk patella topics").map(|run| run.map(|r| r.variables));
    assert_eq!(named, Ok(Some(vec![("PATELLA_REGION".to_owned(), "uk".to_owned())])));
    for idle in ["", "# only a note", "cargo test --release", "cd patella"] {
        assert_eq!(run(idle), Ok(None), "{idle}");
    }
    for wrong in ["rm -r knowledge", "patella topics | head", "patella ask 'x", "patella topics > list", "cargo run -- topics"] {
        assert!(run(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_reader_of_pages_sees_blocks_excerpts_and_links() {
    let page = "a [b](c.md#d), `[e](f)`\n```sh\npatella topics\n```\n\n```text\nx\n```\nend\n```text\ny\n```\n";
    assert_eq!(links(page), ["c.md#d"]);
    let seen: Vec<_> = blocks(page).into_iter().map(|b| (b.language, b.first, b.follows)).collect();
    assert_eq!(seen, [("sh".to_owned(), 3, false), ("text".into(), 7, true), ("text".into(), 11, false)]);
    let listed = blocks("1. a\n\n   ```text\n   x\n\n     y\n   ```\n");
    assert_eq!(listed[0].lines, ["x", "", "  y"], "a block in a list loses the list's indentation");
    let output = "one\n\n  two and more\nthree\n";
    let missing = |lines: &[&str]| missing(&lines.iter().map(ToString::to_string).collect::<Vec<_>>(), output).map(str::to_owned);
    assert_eq!(missing(&["one", "", "  two ...", "...", "three"]), None);
    assert_eq!(missing(&["three", "one"]), Some("one".into()), "the order counts");
    assert_eq!(missing(&["  two"]), Some("  two".into()), "a line is whole unless it says otherwise");
}
