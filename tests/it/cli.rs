//! The command line as others rely on it: commands, exit codes, streams, JSON.

mod curator;

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// The program, free of what the environment of the tests would tell it.
fn patella(arguments: &[&str]) -> Command {
    let mut command = crate::program::patella();
    command.args(arguments);
    command
}

/// Exit code, standard output, standard error.
fn texts(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    texts(patella(arguments).output().expect("the program starts"))
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = patella(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    texts(child.wait_with_output().expect("it ends"))
}

/// Standard output of a run that succeeds and says nothing else.
fn output(arguments: &[&str]) -> String {
    let (code, out, err) = run(arguments);
    assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
    out
}

/// What a run says on standard error that fails with this code and answers nothing.
fn complaint(arguments: &[&str], expected: i32) -> String {
    let (code, out, err) = run(arguments);
    assert_eq!((code, out.as_str()), (expected, ""), "{arguments:?}: {err}");
    err
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

/// A fresh folder of this name.
fn folder(name: &str) -> PathBuf {
    crate::program::folder(format!("cli/{name}"))
}

fn str(path: &std::path::Path) -> &str {
    path.to_str().expect("the tests' folders have plain names")
}

const KNEE: &str = "the outside of my knee hurts after 5 miles";
const CHEST: &str = "I have crushing chest pain and I nearly passed out on my run";

#[test]
fn ask_answers_in_text() {
    let out = output(&["ask", KNEE]);
    assert!(out.starts_with("Pain on the outside of the knee\n"), "{out}");
    assert!(out.contains("\n  [1] ") && out.contains("(patella topic "), "{out}");
    assert!(!out.contains('\x1b'), "no color into a pipe");
    assert_eq!(output(&["ask", "the", "outside", "of my knee", "hurts after 5 miles"]), out);
    assert_eq!(run_with_input(&["ask", "-"], format!("{KNEE}\n").as_bytes()).1, out);
}

#[test]
fn ask_json_keeps_its_promised_shape() {
    let answer = json(&output(&["ask", "--json", KNEE]));
    assert_eq!((&answer["kind"], &answer["level"]), (&Value::from("answer"), &Value::from("none")));
    assert_eq!(answer["flags"], Value::Array(vec![]));
    assert_eq!(answer["text"], output(&["ask", KNEE]));
    let topics = answer["topics"].as_array().expect("a list");
    assert!((1..=5).contains(&topics.len()));
    assert_eq!(topics[0]["id"], "pain.outside");
    let confidences: Vec<f64> = topics.iter().map(|t| t["confidence"].as_f64().expect("a number")).collect();
    assert!(confidences.iter().all(|c| (0.0..=1.0).contains(c)) && confidences.is_sorted_by(|a, b| a >= b), "{confidences:?}");
    assert!(answer.get("explain").is_none());

    let none = json(&output(&["ask", "--json", "what is the capital of France"]));
    assert_eq!((&none["kind"], &none["topics"]), (&Value::from("out_of_scope"), &Value::Array(vec![])));

    let safety = json(&output(&["ask", "--json", CHEST]));
    assert_eq!((&safety["kind"], &safety["level"]), (&Value::from("safety"), &Value::from("emergency")));
    assert!(safety["flags"][0].as_str().is_some_and(|f| f.starts_with("rf.")), "{safety}");
}

#[test]
fn a_safety_reply_looks_unlike_others() {
    let out = output(&["ask", CHEST]);
    let mut lines = out.lines();
    assert!(lines.next().is_some_and(|l| l.starts_with("!! ")) && lines.next().is_some_and(|l| l.starts_with("!! ")), "{out}");
    assert!(output(&["ask", "--region", "uk", CHEST]).contains("999"));
    assert!(!output(&["ask", KNEE]).contains("!! "));
}

#[test]
fn ask_explains() {
    let out = output(&["ask", "--explain", KNEE]);
    assert!(out.starts_with(&output(&["ask", KNEE])));
    let why = out.split("Why this reply\n").nth(1).expect("the reasons");
    assert!(why.contains("Words that matched") && why.contains("Red flags checked") && why.contains("(runner-up)"), "{why}");
    let value = json(&output(&["ask", "--explain", "--json", KNEE]));
    assert_eq!(value["explain"][0]["heading"], "Decision");
}

#[test]
fn jsonl_answers_line_by_line_and_survives_bad_lines() {
    let mut input = format!("{{\"text\": \"{KNEE}\", \"id\": 1}}\n").into_bytes();
    input.extend(b"no json\n\n\xff\xfe\n{\"text\": 7}\n[]\n{\"question\": \"knee\"}\r\n");
    input.extend(format!("{{\"text\": \"{CHEST}\"}}").bytes()); // the last line ends without a line feed
    let (code, out, err) = run_with_input(&["ask", "--jsonl"], &input);
    assert_eq!((code, err.as_str()), (0, ""));
    let lines: Vec<Value> = out.lines().map(json).collect();
    assert_eq!(lines.len(), 8, "{out}");
    assert_eq!((&lines[0]["kind"], &lines[7]["kind"]), (&Value::from("answer"), &Value::from("safety")));
    for line in &lines[1..7] {
        let keys = line.as_object().expect("an object");
        assert!(keys.len() == 1 && line["error"].is_string(), "{line}");
    }
    assert_eq!(lines[0], json(&output(&["ask", "--json", KNEE])), "one at a time or in a row: the same");
    assert_eq!(run_with_input(&["ask", "--jsonl"], b""), (0, String::new(), String::new()));
}

#[test]
fn jsonl_answers_at_once() {
    let mut child =
        patella(&["ask", "--jsonl"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut out = child.stdout.take().expect("a pipe");
    for _ in 0..2 {
        // Had the answer waited for more input, this would never come back.
        input.write_all(b"{\"text\": \"hello\"}\n").expect("it reads");
        let mut byte = [0];
        while byte != *b"\n" {
            out.read_exact(&mut byte).expect("an answer");
        }
    }
    drop(input);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let mut child = patella(&["ask", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    child.stdin.take().expect("a pipe").write_all(b"{\"text\": \"hello\"}\n").expect("it reads");
    let (code, _, err) = texts(child.wait_with_output().expect("it ends"));
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn chat_opens_what_it_offered() {
    let front = output(&["topic", "pain.front"]);
    let (code, out, err) = run_with_input(&["chat"], b"pain.front\n\n77\n1\nhelp\ntopics\nQUIT\nnever read\n");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with(&front), "an id opens its card: {out}");
    assert!(out.contains("\nThere is no choice 77; type a number from 1 to "), "{out}");
    let offered = front.lines().find(|l| l.starts_with("  1. ") && l.contains("(patella topic ")).expect("a choice");
    let id = offered.rsplit_once("(patella topic ").and_then(|(_, id)| id.strip_suffix(')')).expect("its id");
    assert!(out.contains(&output(&["topic", id])), "number 1 opens {id}: {out}");
    assert!(out.contains("What you can type") && out.ends_with(&output(&["topics"])), "{out}");
    assert!(!out.contains("> "), "no prompt where nobody types");
    let question = run_with_input(&["chat"], format!("{KNEE}\n").as_bytes());
    assert_eq!(question, (0, output(&["ask", KNEE]), String::new()), "the end of the input ends it");
}

#[test]
fn topics_lists_and_topic_opens() {
    let list = output(&["topics"]);
    for id in ["pain.outside", "tip.strength", "care.professional"] {
        assert!(list.contains(id), "{id}");
    }
    let card = output(&["topic", "pain.outside"]);
    assert!(card.starts_with("Pain on the outside of the knee\n"), "{card}");
    let value = json(&output(&["topic", "--json", "pain.outside"]));
    assert_eq!((&value["topics"][0]["id"], &value["text"]), (&Value::from("pain.outside"), &Value::from(card)));
    let err = complaint(&["topic", "pain.outsde"], 1);
    assert!(err.contains("there is no topic `pain.outsde`") && err.contains("did you mean pain.outside"), "{err}");
    let err = complaint(&["topic", "zzzzzzzzzzzz"], 1);
    assert!(!err.contains("did you mean") && err.contains("patella topics"), "{err}");
}

/// No rule knows these words.
#[test]
fn what_the_encoder_raises_is_explained_by_a_known_phrasing() {
    let out = output(&["ask", "--explain", "he went the color of putty on the hill and says it is only indigestion"]);
    assert!(out.contains("(emergency): the encoder, ") && out.contains("Nearest known phrasing"), "{out}");
}

#[test]
fn settings_come_from_file_environment_and_command_line_in_rising_order() {
    let root = folder("settings");
    let file = root.join("config.toml");
    fs::write(&file, "region = \"uk\"\n[[clinic]]\nname = \"Harbor Physio\"\nphone = \"555\"\n").expect("a file");
    let with = ["--config", str(&file), "ask", CHEST];
    assert!(output(&with).contains("999"));
    assert!(output(&["--config", str(&file), "topic", "care.clinic"]).contains("Harbor Physio: 555"));
    assert!(output(&["topic", "care.clinic"]).contains("MVMT Physical Therapy: (646) 588-3833"));
    let (_, out, _) = texts(patella(&with).env("PATELLA_REGION", "au").output().expect("the program starts"));
    assert!(out.contains("000") && !out.contains("999"), "{out}");
    let (_, out, _) =
        texts(patella(&with).env("PATELLA_REGION", "au").args(["--region", "us"]).output().expect("the program starts"));
    assert!(out.contains("911") && !out.contains("000"), "{out}");

    fs::write(&file, "# mine\nregoin = \"uk\"\n").expect("a file");
    let err = complaint(&with, 1);
    assert!(err.contains("config.toml:2:1") && err.contains("regoin") && err.contains("config.example.toml"), "{err}");
    assert!(complaint(&["--config", "no-such.toml", "topics"], 1).contains("no-such.toml"));
    assert!(complaint(&["--region", "atlantis", "topics"], 2).contains("atlantis"));
    let (code, _, err) = texts(patella(&["topics"]).env("PATELLA_REGION", "atlantis").output().expect("the program starts"));
    assert!(code == 1 && err.contains("PATELLA_REGION"), "{err}");
}

#[test]
fn color_is_a_choice() {
    let plain = output(&["topic", "pain.outside"]);
    let colored = output(&["--color", "always", "topic", "pain.outside"]);
    assert!(colored.contains("\x1b[") && !plain.contains('\x1b'));
    let with = |arguments: &[&str], variables: &[(&str, &str)]| {
        texts(patella(arguments).envs(variables.iter().copied()).output().expect("the program starts")).1
    };
    assert_eq!(with(&["topic", "pain.outside"], &[("CLICOLOR_FORCE", "1")]), colored);
    assert_eq!(with(&["topic", "pain.outside"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
    assert_eq!(output(&["--color", "never", "topic", "pain.outside"]), plain);
    assert!(!json(&output(&["--color", "always", "ask", "--json", KNEE]))["text"].as_str().expect("text").contains('\x1b'));
}

#[test]
fn wrong_usage_is_two_and_says_how() {
    for (arguments, says) in [
        (&["ask"][..], "there is no question"),
        (&["ask", ""], "there is no question"),
        (&["ask", " \t "], "there is no question"),
        (&["ask", "--jsonl", KNEE], "standard input"),
        (&["ask", "--json", "--jsonl"], "cannot be used with"),
        (&["ask", "--jsn", KNEE], "--json"),
        (&["topic"], "<ID>"),
        (&["answer", KNEE], "unrecognized subcommand"),
        (&["--color", "sometimes", "topics"], "never"),
        (&["completions", "cobol"], "bash"),
        (&[], "Usage: patella"),
    ] {
        let err = complaint(arguments, 2);
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
    let (code, out, err) = run_with_input(&["ask", "-"], b" \n");
    assert!(code == 2 && out.is_empty() && err.contains("there is no question"), "{err}");
    let (code, out, err) = run_with_input(&["ask", "-"], b"\xff");
    assert!(code == 1 && out.is_empty() && err.contains("UTF-8"), "{err}");
}

#[test]
fn help_shows_examples_and_completions_are_scripts() {
    for command in [&["--help"][..], &["ask", "--help"], &["chat", "--help"], &["knowledge", "check", "--help"], &["eval", "-h"]]
    {
        assert!(output(command).contains("  patella "), "{command:?}");
    }
    assert!(output(&["--version"]).starts_with("patella "));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(output(&["completions", shell]).contains("jsonl"), "{shell}");
    }
}

#[test]
fn tips_are_simulated_over_a_change_of_the_clocks() {
    let simulate = |zone, weekday, time, from, weeks| {
        ["tips", "simulate", "--zone", zone, "--weekday", weekday, "--time", time, "--from", from, "--weeks", weeks]
    };
    let out = output(&simulate("America/New_York", "thu", "18:30", "2026-10-26", "3"));
    let lines: Vec<Vec<&str>> = out.lines().map(|l| l.split(' ').collect()).collect();
    let times: Vec<[&str; 2]> = lines.iter().map(|l| [l[0], l[1]]).collect();
    assert_eq!(
        times,
        [
            ["2026-10-29T22:30:00Z", "2026-10-29T18:30:00-04:00"],
            ["2026-11-05T23:30:00Z", "2026-11-05T18:30:00-05:00"],
            ["2026-11-12T23:30:00Z", "2026-11-12T18:30:00-05:00"],
        ]
    );
    assert!(lines.iter().all(|l| l[2].starts_with("tip.")) && lines[0][2] != lines[1][2], "{out}");
    // The first moment of the first day counts.
    let midnight = output(&simulate("UTC", "Monday", "00:00", "2026-11-23", "1"));
    assert!(midnight.starts_with("2026-11-23T00:00:00Z 2026-11-23T00:00:00+00:00 tip."), "{midnight}");
    for (wrong, said) in [
        (simulate("Amercia/New_York", "thu", "18:30", "2026-10-26", "3"), "did you mean America/New_York"),
        (simulate("UTC", "thirsty", "18:30", "2026-10-26", "3"), "write a day such as"),
        (simulate("UTC", "thu", "half six", "2026-10-26", "3"), "write a time such as"),
        (simulate("UTC", "thu", "18:30", "26.10.2026", "3"), "--from"),
        (simulate("UTC", "thu", "18:30", "2026-10-26", "0"), "--weeks"),
    ] {
        let complaint = complaint(&wrong, 2);
        assert!(complaint.contains(said), "{complaint}");
    }
}
