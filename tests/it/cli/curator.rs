//! The curator's bench: knowledge that is checked, measured and read from a folder.

use super::*;

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
