//! What `deploy/` says is so: metrics, settings, files and sections that it names are there.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The words of a text that start so and go on with letters, digits and `_`.
fn words(text: &str, start: &str) -> BTreeSet<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let found = text.match_indices(start).filter(|(at, _)| !text[..*at].ends_with(part));
    found.map(|(at, _)| text[at..].chars().take_while(|c| part(*c)).collect()).collect()
}

/// A text without the lines that are comments.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// The metrics of the operator's page, each with the names under which its values are written.
fn metrics() -> Vec<(String, Vec<String>)> {
    let source = read("src/operator.rs");
    let mut metrics = Vec::new();
    for (call, endings) in [("counters(", &["_total"][..]), ("gauges(", &[""]), ("register(", &["_bucket", "_sum", "_count"])] {
        for (at, _) in source.match_indices(call) {
            let rest = source[at + call.len()..].trim_start().trim_start_matches("&mut ").trim_start_matches("registry,");
            let Some((name, rest)) = rest.trim_start().strip_prefix('"').and_then(|r| r.split_once('"')) else { continue };
            let info = call == "register(" && rest.split(';').next().is_some_and(|r| r.contains("Info::new"));
            let endings = if info { &["_info"][..] } else { endings };
            metrics.push((format!("patella_{name}"), endings.iter().map(|end| format!("patella_{name}{end}")).collect()));
        }
    }
    assert!(source.contains("with_prefix(\"patella\")") && metrics.len() > 8, "the page's metrics were read: {metrics:?}");
    metrics
}

/// The expressions of the dashboard, those of its variables included.
fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana.json")).expect("the dashboard is JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let expressions = targets.map(|target| target["expr"].as_str().expect("an expression").to_owned());
    let variables = dashboard["templating"]["list"].as_array().expect("variables").iter();
    expressions.chain(variables.filter_map(|v| v["definition"].as_str().map(str::to_owned))).collect()
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_metrics_and_labels_that_there_are() {
    let written: BTreeSet<String> = metrics().into_iter().flat_map(|(_, names)| names).collect();
    let counted = ["src/operator.rs", "src/tips/counts.rs", "src/discord/work/tally.rs"].map(read).concat();
    let asked = [dashboard().join("\n"), code(&read("deploy/alerts.yaml"))].concat();
    let unknown: Vec<String> = words(&asked, "patella_").into_iter().filter(|name| !written.contains(name)).collect();
    assert!(unknown.is_empty(), "no metric of src/operator.rs: {unknown:?}");
    for label in ["way", "outcome", "kind", "state", "fate"] {
        for sign in ["=\"", "!=\"", "=~\""] {
            for (at, _) in asked.match_indices(&format!("{label}{sign}")) {
                let values = asked[at + label.len() + sign.len()..].split('"').next().unwrap_or_default();
                for value in values.split('|') {
                    assert!(counted.contains(&format!("\"{value}\"")), "nothing is counted as {label}=\"{value}\"");
                }
            }
        }
    }
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let shown = words(&dashboard().join("\n"), "patella_");
    let missing: Vec<String> =
        metrics().into_iter().filter(|(_, names)| !names.iter().any(|n| shown.contains(n))).map(|(metric, _)| metric).collect();
    assert!(missing.is_empty(), "deploy/grafana.json does not show {missing:?}");
}

#[test]
fn every_alert_says_what_it_is_and_has_a_section_and_tests() {
    let (alerts, runbook, tests) = (read("deploy/alerts.yaml"), read("docs/runbook.md"), read("deploy/alerts.test.yaml"));
    let mut names = Vec::new();
    for alert in alerts.split("- alert: ").skip(1) {
        let name = alert.lines().next().expect("a name").trim();
        for key in ["expr: ", "severity: ", "summary: ", "description: "] {
            assert_eq!(alert.matches(key).count(), 1, "{name}: {key}");
        }
        let page = format!("runbook: docs/runbook.md#{}\n", name.to_lowercase());
        assert!(alert.contains(&page), "{name} names its section");
        let checks: Vec<&str> = tests.lines().filter(|l| l.contains(&format!("alertname=\"{name}\""))).collect();
        let fires = checks.iter().filter(|l| l.contains("exp_samples")).count();
        assert!(fires > 0 && fires < checks.len(), "deploy/alerts.test.yaml says when {name} fires and when not");
        names.push(name);
    }
    assert!(names.len() > 10, "{names:?}");
    let sections: Vec<&str> = runbook.lines().filter_map(|l| l.strip_prefix("## Patella")).collect();
    let short: Vec<&str> = names.iter().map(|n| n.strip_prefix("Patella").expect("alerts are named after the program")).collect();
    assert_eq!(sections, short, "docs/runbook.md has a section for each alert, in their order");
}

#[test]
fn what_is_deployed_names_only_settings_that_there_are() {
    let known = std::cell::RefCell::new(BTreeSet::new());
    let ask = |name: &str| {
        known.borrow_mut().insert(name.to_owned());
        None
    };
    let _ = patella::config::Config::default().with_env(&ask);
    let known = known.into_inner();
    let mut count = 0;
    for path in ["deploy/Dockerfile", "deploy/compose.yaml", "deploy/patella.service"] {
        for name in ["PATELLA_", "DISCORD_"].into_iter().flat_map(|start| words(&read(path), start)) {
            assert!(known.contains(&name), "{path}: {name} is no setting");
            count += 1;
        }
    }
    assert!(count > 3, "some are named: {count}");
}

/// The sources of the COPY lines of the Dockerfile that take from the checkout.
fn copied() -> Vec<String> {
    let dockerfile = read("deploy/Dockerfile");
    let lines = dockerfile.lines().filter_map(|l| l.strip_prefix("COPY ")).filter(|l| !l.contains("--from="));
    lines.flat_map(|l| l.split(' ').rev().skip(1).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_image_is_built_from_what_is_there_and_holds_all_that_the_code_includes() {
    let (copied, ignore) = (copied(), read(".dockerignore"));
    for path in &copied {
        assert!(root().join(path).exists(), "deploy/Dockerfile copies {path}");
        assert!(ignore.lines().any(|l| l == format!("!{path}")), ".dockerignore lets {path} through");
    }
    let mut folders = vec![root().join("src")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let source = fs::read_to_string(&path).expect("a source file");
            for call in ["include_str!(\"", "include_bytes!(\""] {
                for (at, _) in source.match_indices(call) {
                    let name = source[at + call.len()..].split('"').next().unwrap_or_default();
                    let full = folder.join(name).canonicalize().unwrap_or_else(|e| panic!("{}: {name}: {e}", path.display()));
                    let full =
                        full.strip_prefix(root().canonicalize().expect("the checkout")).expect("in the checkout").to_owned();
                    assert!(copied.iter().any(|c| full.starts_with(c)), "deploy/Dockerfile copies {}", full.display());
                    count += 1;
                }
            }
        }
    }
    assert!(count > 3, "files are included: {count}");
}

#[test]
fn images_name_their_version_and_ports_are_open_to_this_machine_alone() {
    let (dockerfile, compose) = (read("deploy/Dockerfile"), code(&read("deploy/compose.yaml")));
    let version = env!("CARGO_PKG_VERSION");
    assert!(dockerfile.contains(&format!("image.version=\"{version}\"")), "the label names {version}");
    assert!(compose.contains(&format!("image: patella:{version}\n")), "compose.yaml names {version}");
    let images = compose.lines().filter_map(|l| l.trim().strip_prefix("image: "));
    let bases = dockerfile.lines().filter_map(|l| l.strip_prefix("FROM ")).filter(|l| l.starts_with("rust"));
    for image in images.chain(bases) {
        let tag = image.split(' ').next().and_then(|i| i.split_once(':')).map(|(_, tag)| tag);
        assert!(
            tag.is_some_and(|tag| tag != "latest" && tag.starts_with(|c: char| c.is_ascii_digit())),
            "{image} names its version"
        );
    }
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert!(dockerfile.contains(&format!("FROM rust:{rust}")), "the image is built with the Rust that Cargo.toml names, {rust}");
    for port in compose.lines().filter_map(|l| l.trim().strip_prefix("ports: ")) {
        assert!(port.starts_with("[\"127.0.0.1:") && !port.contains(','), "{port} is open to this machine alone");
    }
    let build = read("README.md").lines().find_map(|l| l.split_once("**Build** the program: `").map(|(_, l)| l.to_owned()));
    let build = build.and_then(|l| l.split('`').next().map(str::to_owned)).expect("README says how to build");
    assert!(read("tools/release").contains(&format!("\n  {build} --locked\n")), "tools/release runs `{build}`");
    assert!(dockerfile.contains("\nRUN tools/release build\n"), "the image is built by tools/release");
}
