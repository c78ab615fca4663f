//! The curator's bench: what no single file can see of the base. The probe finds examples that another topic steals and red
//! flags that do not fire; coverage shows where each seed claim went; `eval` scores labelled questions.

pub mod calibrate;
pub mod eval;
pub mod suggest;

use crate::{
    app::App,
    knowledge::{Flag, Knowledge, Problem, Severity, Topic},
    reply::Level,
    request::Ask,
    safety::{self, By, Hit, Safety},
};

/// Tries every example and counter-example of every topic, and every line of every flag, against the whole base.
///
/// An example counts as found where its topic is among the first three: within one tap. One that is not first is a warning.
pub fn probe(app: &App) -> Vec<Problem> {
    let knowledge = app.knowledge();
    let mut problems = app.net().unlearned(knowledge);
    for topic in &knowledge.topics {
        for example in &topic.examples {
            problems.extend(example_problem(app, topic, example));
        }
        for counter in &topic.counter_examples {
            let first = first_topic(app, &counter.text);
            if first == topic.id.as_str() {
                let what = format!("counter-example \"{}\" is still answered here", counter.text);
                let mend = format!("it belongs to {} ({}); give that topic asks like it", counter.owner, counter.why);
                problems.push(problem(&topic.path, Severity::Warning, what, mend));
            }
        }
    }
    for flag in &knowledge.flags {
        flag_problems(app, flag, &mut problems);
    }
    problems
}

fn example_problem(app: &App, topic: &Topic, example: &str) -> Option<Problem> {
    let decision = app.explain(&Ask { text: example.to_owned() });
    let quoted = format!("example \"{example}\"");
    if decision.safety.level() >= Level::Urgent {
        let flags: Vec<String> = decision.safety.hits.iter().map(|h| format!("{} by {}", h.flag, h.by)).collect();
        let mend = "narrow the rule if the example is harmless; else take the example out";
        let severity = severity(&decision.safety);
        return Some(problem(&topic.path, severity, format!("{quoted} raises {}", flags.join(", ")), mend.into()));
    }
    let place = decision.topics.iter().position(|t| t.id == topic.id);
    let thief = decision.first_topic().map_or("nothing", |t| t.as_str());
    match place {
        Some(0) => None,
        Some(1 | 2) => {
            let what = format!("{quoted} is answered by {thief} first");
            Some(problem(&topic.path, Severity::Warning, what, "add asks in other words that say the same".into()))
        }
        _ => {
            let what = format!("{quoted} is stolen by {thief}");
            Some(problem(
                &topic.path,
                Severity::Error,
                what,
                "add asks in other words that say the same, or see whose it is".into(),
            ))
        }
    }
}

fn first_topic(app: &App, text: &str) -> String {
    app.explain(&Ask { text: text.to_owned() }).first_topic().map_or(String::new(), ToString::to_string)
}

fn flag_problems(app: &App, flag: &Flag, problems: &mut Vec<Problem>) {
    let knowledge = app.knowledge();
    for say in &flag.says {
        // By the rules alone: the encoder learned these very lines.
        let found = safety::by_rules(knowledge, &knowledge.lexicon.read(say), &|_| true);
        let mine = found.hits.iter().find(|h| h.flag == flag.id);
        if mine.is_none() && found.level() < flag.level {
            let what = format!("\"{say}\" does not raise {}", flag.id);
            problems.push(problem(&flag.path, Severity::Error, what, "widen a rule, or a class in knowledge/words/".into()));
        } else if mine.is_none() {
            let what = format!("\"{say}\" raises {} but not {}", found.hits[0].flag, flag.id);
            problems.push(problem(&flag.path, Severity::Warning, what, "widen a rule if this flag should see it too".into()));
        }
    }
    for look_alike in &flag.look_alikes {
        let found = app.explain(&Ask { text: look_alike.clone() }).safety;
        if let Some(hit) = found.hits.first().filter(|h| h.level >= Level::Urgent) {
            let what = format!("look-alike \"{look_alike}\" raises {} by {}", hit.flag, hit.by);
            problems.push(problem(
                &flag.path,
                severity(&found),
                what,
                "narrow the rule with `none`, teach context.toml the turn of phrase, or train the encoder with more like it"
                    .into(),
            ));
        }
    }
}

/// A rule can be mended at once, where the encoder must be trained anew.
fn severity(found: &Safety) -> Severity {
    let by_rule = |hit: &Hit| hit.level >= Level::Urgent && matches!(hit.by, By::Rule(_));
    if found.hits.iter().any(by_rule) { Severity::Error } else { Severity::Warning }
}

fn problem(path: &str, severity: Severity, what: String, mend: String) -> Problem {
    Problem { severity, path: path.to_owned(), span: 0..0, line: 1, column: 1, what, mend }
}

/// Each seed claim with the cards and tips that carry it, or why none does; a table ready to print.
pub fn coverage(knowledge: &Knowledge) -> String {
    let carried = knowledge.carried_claims();
    let mut lines = Vec::new();
    let (mut with, mut without, mut missing) = (0, 0, 0);
    for claim in &knowledge.claims {
        let carriers = carried.get(&claim.id);
        let where_to = match carriers {
            Some(carriers) => {
                with += 1;
                carriers.join(", ")
            }
            None if claim.not_carried.is_empty() => {
                missing += 1;
                "MISSING".to_owned()
            }
            None => {
                without += 1;
                format!("not carried, {}", claim.not_carried)
            }
        };
        lines.push(format!("{}  {:<12}  {}\n         -> {where_to}", claim.id, claim.verdict, claim.claim));
    }
    lines.push(format!(
        "\n{} claims: {with} carried, {without} not carried with a reason, {missing} missing",
        knowledge.claims.len()
    ));
    lines.join("\n")
}
