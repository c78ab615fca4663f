//! The table of commands for the page, and what is suggested while somebody types. The page has no copy of it.

use serde_json::{Value, json};

use super::{Playground, Refusal};
use crate::{
    app::App,
    commands::{self, COMMANDS, Does, Opt, Takes, Who},
    knowledge::CATEGORIES,
    limits,
    schedule::{DAYS, day_name},
    tips::zones,
};

/// All that the page must know before the first word is typed.
pub(super) fn to_json(app: &App) -> Value {
    let mut all = Vec::new();
    for command in COMMANDS {
        let entry = |name: String, description: &str, sort: &str, options: &[Opt]| {
            json!({
                "name": name,
                "description": description,
                "sort": sort,
                "organizers": command.who == Who::ManageServer,
                "options": options.iter().map(option).collect::<Vec<Value>>(),
            })
        };
        match &command.does {
            Does::One(_, options) => all.push(entry(command.name.to_owned(), command.description, "slash", options)),
            Does::Group(subs) => {
                all.extend(subs.iter().map(|s| entry(format!("{} {}", command.name, s.name), s.description, "slash", s.options)))
            }
            Does::Message(_) => {
                // Its description is where the table's lines have it.
                let line = commands::lines().into_iter().find(|l| l.usage.ends_with(command.name));
                all.push(entry(command.name.to_owned(), line.map_or("", |l| l.description), "message", &[]));
            }
        }
    }
    // The operator may have named it otherwise than the list does.
    let region = app.defaults().region.as_deref().and_then(|name| app.knowledge().region(name)?.codes.first());
    let regions = app.knowledge().regions.iter();
    let regions = regions.filter_map(|r| Some(json!({ "code": r.codes.first()?, "name": r.name })));
    json!({
        "commands": all,
        "regions": regions.collect::<Vec<Value>>(),
        "days": DAYS.map(day_name),
        "club": { "region": region, "visible": app.defaults().visible },
    })
}

fn option(opt: &Opt) -> Value {
    let (takes, choices): (Value, Vec<&str>) = match opt.takes {
        Takes::Text(max) => (json!({ "text": max }), Vec::new()),
        Takes::Flag => (json!("flag"), vec!["true", "false"]),
        Takes::Visible => (json!("choice"), vec!["me", "everyone"]),
        Takes::Category => (json!("choice"), CATEGORIES.to_vec()),
        Takes::Topic => (json!("topic"), Vec::new()),
        Takes::Region => (json!("region"), Vec::new()),
        Takes::Zone => (json!("zone"), Vec::new()),
        Takes::Day => (json!("choice"), DAYS.map(day_name).to_vec()),
        // These are of a server's own: nobody can use them here.
        Takes::Clinic | Takes::Channel | Takes::Role | Takes::Tip | Takes::Week => (json!("server"), Vec::new()),
    };
    json!({ "name": opt.name, "description": opt.description, "required": opt.required, "takes": takes, "choices": choices })
}

/// What may be meant by what is being typed for an option.
pub(super) fn suggest(page: &Playground, option: &str, typed: &str) -> Result<Value, Refusal> {
    let pairs: Vec<(String, String)> = match option {
        "topic" => {
            let found = page.app.suggest(typed, limits::SUGGESTIONS).into_iter();
            found.map(|c| (c.label, c.topic.to_string())).collect()
        }
        "zone" => {
            let found = zones::find(typed, (page.now)(), limits::SUGGESTIONS).into_iter();
            found.map(|zone| (zone.label, zone.name)).collect()
        }
        _ => return Err(Refusal::wrong("nothing is suggested for that", "ask for `topic` or `zone`")),
    };
    let choices: Vec<Value> = pairs.into_iter().map(|(label, value)| json!({ "label": label, "value": value })).collect();
    Ok(json!({ "choices": choices }))
}
