//! The command line as others rely on it: commands, exit codes, streams, JSON.

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

/// A copy of the knowledge in a fresh folder of this name.
fn knowledge(name: &str) -> PathBuf {
    let root = folder(name);
    for (path, text) in patella::embedded::files() {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it lies in the root")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    root
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

#[test]
fn the_embedded_knowledge_is_sound() {
    let (code, out, err) = run(&["knowledge", "check"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.lines().last().is_some_and(|l| l.starts_with("0 errors, ") && l.ends_with(" files")), "{out}");
}

#[test]
fn knowledge_check_shows_each_problem_in_its_place() {
    let root = knowledge("problems");
    let sources = fs::read_to_string(root.join("sources.toml")).expect("the sources");
    fs::write(root.join("sources.toml"), format!("{sources}\n[\"ref.new\"]\ntitel = \"x\"\n")).expect("a file");
    fs::write(root.join("words/bad.toml"), b"[class.a]\nwords = [\"\xe9\"]\n").expect("a file");
    fs::write(root.join(".swp"), b"\xff").expect("a file");
    let (code, out, err) = run(&["knowledge", "check", str(&root)]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let line = sources.lines().count() + 3;
    assert!(out.contains(&format!("{}/sources.toml:{line}:1", str(&root))), "{out}");
    assert!(out.contains("titel = \"x\"") && out.contains("help: "), "the line itself is shown: {out}");
    assert!(out.contains("words/bad.toml:2:11") && out.contains("not UTF-8 text"), "{out}");
    assert!(!out.contains(".swp"), "hidden files are not read: {out}");
    assert!(out.lines().last().is_some_and(|l| l.contains(" errors, ")), "{out}");
    assert_eq!(run(&["--knowledge", str(&root), "knowledge", "check"]), (1, out, err));

    let err = complaint(&["--knowledge", str(&root), "ask", KNEE], 1);
    assert!(err.contains("sources.toml") && err.contains(&format!("run `patella knowledge check {}`", str(&root))), "{err}");
}

#[test]
fn files_of_phrases_must_name_a_sign_and_a_voice() {
    let root = knowledge("phrases");
    let phrases = "# voice: nobody\n# level: urgent\nit hangs by a thread over there\nthe other one hangs over there too\n";
    fs::write(root.join("phrases/rf.dangling.txt"), phrases).expect("a file");
    fs::write(root.join("phrases/pain.elbow.txt"), "# voice: many-members\nelbow sore after a run\n").expect("a file");
    let (code, out, _) = run(&["knowledge", "check", str(&root)]);
    assert_eq!(code, 1, "{out}");
    for said in ["nobody says who `nobody` is", "`pain.elbow` names no topic"] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert_eq!(out.matches("`rf.dangling` is no warning sign").count(), 1, "once a file: {out}");
    assert!(out.contains("phrases/rf.dangling.txt:1:1"), "{out}");
}

/// What teaches twice counts twice.
#[test]
fn near_copies_of_phrases_are_refused_with_both_places() {
    let root = knowledge("copies");
    let path = root.join("phrases/tip.footwear.txt");
    let text = fs::read_to_string(&path).expect("phrases");
    let first =
        text.lines().filter(|line| !line.starts_with('#')).find(|line| line.split(' ').count() > 9).expect("a long phrase");
    fs::write(root.join("phrases/pain.front.txt"), format!("# voice: many-members\n{first} please\n")).expect("a file");
    let (code, out, _) = run(&["knowledge", "check", str(&root)]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("nearly copies") && out.contains("phrases/pain.front.txt"), "{out}");
}

#[test]
fn costs_must_be_whole() {
    let root = knowledge("costs");
    let path = root.join("costs.toml");
    let text = fs::read_to_string(&path).expect("the costs");
    fs::write(&path, text.replace("missed = ", "mist = ").replace("refused = 1.2", "refused = \"dear\"")).expect("a file");
    let (code, out, _) = run(&["knowledge", "check", str(&root)]);
    assert_eq!(code, 1, "{out}");
    for said in ["`missed` is missing", "unknown key `mist`", "`refused` must be a number above zero"] {
        assert!(out.contains(said), "{said}: {out}");
    }
    fs::remove_file(&path).expect("the file goes");
    assert!(run(&["knowledge", "check", str(&root)]).1.contains("costs.toml is missing"));
}

#[test]
fn a_new_phrase_is_given_a_home() {
    let out =
        output(&["knowledge", "suggest", "what shoes should I buy for my sore knees", "he clutched his chest and went grey"]);
    assert!(out.contains("belongs into phrases/tip.footwear.txt") && out.contains("stands next to"), "{out}");
    assert!(out.contains("belongs into phrases/rf.chest_collapse.txt"), "{out}");
    complaint(&["knowledge", "suggest"], 2);
}

#[test]
fn trust_is_fitted_on_voices_held_back() {
    let out = output(&["knowledge", "calibrate"]);
    assert!(out.contains("[trust]\nwords = ") && out.contains("\nencoder = "), "{out}");
    let questions: usize = out.split_whitespace().nth(3).and_then(|n| n.parse().ok()).expect("how many questions");
    assert!(questions > 500, "{out}");
}

/// No rule knows these words.
#[test]
fn what_the_encoder_raises_is_explained_by_a_known_phrasing() {
    let out = output(&["ask", "--explain", "he went the color of putty on the hill and says it is only indigestion"]);
    assert!(out.contains("(emergency): the encoder, ") && out.contains("Nearest known phrasing"), "{out}");
}

#[test]
fn another_knowledge_folder_serves() {
    let root = knowledge("other");
    let path = root.join("topics/pain/outside.toml");
    let text = fs::read_to_string(&path).expect("the topic");
    fs::write(&path, text.replacen("title = \"Pain on the outside", "title = \"Ache on the outside", 1)).expect("a file");
    assert!(output(&["--knowledge", str(&root), "topic", "pain.outside"]).starts_with("Ache on the outside"));
    assert!(output(&["topic", "pain.outside", "--knowledge", str(&root)]).starts_with("Ache on the outside"));
}

#[test]
fn folders_that_hold_no_knowledge_are_named() {
    let empty = folder("empty");
    for (dir, says) in [("no/such/folder", "cannot read"), ("Cargo.toml", "is not a folder"), (str(&empty), "is empty")] {
        for arguments in [vec!["knowledge", "check", dir], vec!["--knowledge", dir, "topics"]] {
            let err = complaint(&arguments, 1);
            assert!(err.contains(dir) && err.contains(says), "{err}");
        }
    }
}

#[test]
fn coverage_accounts_for_every_claim() {
    let out = output(&["knowledge", "coverage"]);
    assert!(out.contains("seed.01") && out.contains("87 claims"), "{out}");
}

#[test]
fn eval_scores_files_together() {
    let root = folder("eval");
    let (a, b) = (root.join("a.jsonl"), root.join("b.jsonl"));
    let line = |text: &str, kind: &str, topics: &str, level: &str| {
        format!("{{\"text\": \"{text}\", \"kind\": \"{kind}\", \"topics\": [{topics}], \"level\": \"{level}\"}}\n")
    };
    fs::write(&a, line(KNEE, "answer", "\"pain.outside\"", "none")).expect("a file");
    fs::write(&b, line(CHEST, "safety", "", "emergency")).expect("a file");
    assert!(output(&["eval", str(&a), str(&b)]).contains("top-1"));
    let scores = json(&output(&["eval", "--json", str(&a), str(&b)]));
    assert_eq!(scores["questions"], 2);
    fs::write(&b, "{\"text\": 7}\n").expect("a file");
    let err = complaint(&["eval", str(&a), str(&b)], 1);
    assert!(err.contains("b.jsonl:1"), "{err}");
    assert!(complaint(&["eval", "no-such-file.jsonl"], 1).contains("no-such-file.jsonl"));
    complaint(&["eval"], 2);
    complaint(&["eval", "--held", "some", str(&a)], 2);
    let signs = folder("signs");
    assert!(complaint(&["eval", str(&signs)], 1).contains("is empty"));
    fs::write(signs.join("rf.chest_collapse.txt"), format!("# voice: ann\n# level: emergency\n{CHEST}\n")).expect("a file");
    fs::write(signs.join("not.chest_collapse.txt"), format!("# voice: ann\n# level: none\n{KNEE}\n")).expect("a file");
    let scores = json(&output(&["eval", "--json", str(&signs)]));
    assert_eq!((&scores["questions"], &scores["flags_found"]["hits"]), (&2.into(), &1.into()));
    let rules = scores["rules"].as_object().expect("rules by name");
    assert!(rules.iter().any(|(name, share)| name.starts_with("rf.chest_collapse: ") && share["hits"] == 1), "{rules:?}");
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
