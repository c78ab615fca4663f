//! What pages list stands in the code: permissions, pictures, settings.

use std::fs;

use super::{read, root};

/// The cells of the table below a heading row, a row each.
#[cfg(feature = "discord")]
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let rows = page.lines().skip_while(|line| *line != heading).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[cfg(feature = "discord")]
#[test]
fn the_readme_lists_the_permissions_that_the_link_asks_for() {
    let asked = patella::discord::register::PERMISSIONS.map(|(_, name, why)| vec![name.to_owned(), why.to_owned()]);
    assert_eq!(table(&read("README.md"), "| permission | what it is for |"), asked);
}

#[cfg(feature = "discord")]
#[test]
fn pictures_are_shown_and_say_in_words_what_they_show() {
    let readme = read("README.md");
    let entries = fs::read_dir(root().join("docs/pictures")).expect("the folder of pictures");
    let names: Vec<String> = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let (before, _) = readme.split_once(&format!("](docs/pictures/{name})")).unwrap_or_else(|| panic!("README shows {name}"));
        let (_, alt) = before.rsplit_once("![").expect("it is shown as a picture");
        assert!(alt.len() > 30, "{name}: `{alt}` says in words what the picture shows");
        // Pixels hold no words; the page's own text has to do.
        if name.ends_with(".svg") {
            let picture = read(&format!("docs/pictures/{name}"));
            assert!(picture.contains("<title") && picture.contains("<desc"), "{name} has a title and a description");
        }
    }
}

/// What the settings know at a place of the file: an unknown key is refused with the list of those that there are.
fn keys(before: &str) -> Vec<String> {
    let refused = patella::config::Config::from_toml("x", &format!("{before}\nnot_a_key = 1\n")).expect_err("an unknown key");
    let (_, known) = refused.what.split_once("expected ").unwrap_or_else(|| panic!("{refused}"));
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_setting_stands_in_the_example_with_a_comment_and_in_the_table() {
    let example = read("config.example.toml");
    let operating = read("docs/operating.md");
    let lines: Vec<&str> = example.lines().collect();
    let mut wrong = Vec::new();
    let mut check = |section: &str, key: &str| {
        let from = if section.is_empty() { 0 } else { lines.iter().position(|l| *l == section).expect("the section") + 1 };
        let within = lines[from..].iter().take_while(|l| !l.starts_with('['));
        let at = within.clone().position(|l| l.starts_with(&format!("{key} ="))).map(|at| from + at);
        let name = section.trim_matches(['[', ']']);
        let name = if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        match at {
            None => wrong.push(format!("config.example.toml lacks `{name}`")),
            // The first key of a clinic is explained by what stands above its section.
            Some(at) if !lines[at - 1].starts_with('#') && !lines[at - 1].starts_with("[[") => {
                wrong.push(format!("config.example.toml: no comment stands above `{name}`"));
            }
            Some(_) if !operating.contains(&format!("`{name}`")) => wrong.push(format!("docs/operating.md lacks `{name}`")),
            Some(_) => {}
        }
    };
    let mut count = 0;
    for key in keys("") {
        let section = [format!("[{key}]"), format!("[[{key}]]")].into_iter().find(|s| lines.contains(&s.as_str()));
        let below = section.as_deref().map_or(vec![key.clone()], keys);
        count += below.len();
        below.iter().for_each(|key| check(section.as_deref().unwrap_or(""), key));
    }
    assert!(count > 10, "the settings were read: {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_variable_of_the_environment_is_described() {
    let asked = std::cell::RefCell::new(Vec::new());
    let ask = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        None
    };
    let _ = patella::config::Config::default().with_env(&ask);
    let asked = asked.into_inner();
    assert!(asked.len() > 4, "{asked:?}");
    let (example, operating) = (read("config.example.toml"), read("docs/operating.md"));
    for name in asked {
        assert!(example.contains(&format!("Environment: {name}.")), "config.example.toml says that {name} stands over a key");
        assert!(operating.contains(&format!("`{name}`")), "docs/operating.md lists {name}");
    }
}
