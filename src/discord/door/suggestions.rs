//! What is suggested while somebody types.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Response, Visit, callback, shorten};
use crate::{
    commands::{Takes, Verb},
    knowledge::Region,
    limits,
    tips::zones,
};

impl Visit<'_> {
    pub(super) async fn suggestions(&self, takes: Takes, typed: &str) -> Response {
        let app = &self.door.app;
        let pairs: Vec<(String, String)> = match takes {
            Takes::Topic => app.suggest(typed, limits::SUGGESTIONS).into_iter().map(|c| (c.label, c.topic.to_string())).collect(),
            Takes::Region => {
                let regions = app.knowledge().regions.iter();
                let named = |r: &Region| r.codes.first().cloned().map(|code| (r.name.clone(), code));
                let exact = |r: &&Region| r.codes.iter().any(|code| code.eq_ignore_ascii_case(typed));
                match regions.clone().find(exact).and_then(named) {
                    Some(region) => vec![region],
                    None => fitting(regions.filter_map(named).collect(), typed),
                }
            }
            Takes::Clinic if self.incoming.allowed(Verb::ClinicEdit) => {
                let own = self.own_clinics().await.unwrap_or_default();
                fitting(own.into_iter().map(|c| (c.name.clone(), c.name)).collect(), typed)
            }
            Takes::Zone if self.incoming.allowed(Verb::WeeklyStart) => {
                let found = zones::find(typed, Timestamp::now(), limits::SUGGESTIONS);
                found.into_iter().map(|zone| (zone.label, zone.name)).collect()
            }
            Takes::Tip if self.incoming.allowed(Verb::WeeklyPin) => {
                let tips = app.knowledge().tips.iter();
                fitting(tips.map(|tip| (format!("{} ({})", tip.title, tip.category), tip.id.to_string())).collect(), typed)
            }
            Takes::Week if self.incoming.allowed(Verb::WeeklyPin) => fitting(self.coming_dates().await, typed),
            _ => Vec::new(),
        };
        let choice = |(name, value): (String, String)| json!({ "name": shorten(&name, limits::SELECT_OPTION), "value": value });
        let choices: Vec<Value> = pairs.into_iter().take(limits::SUGGESTIONS).map(choice).collect();
        Response { body: json!({ "type": callback::SUGGESTIONS, "data": { "choices": choices } }), urgent: false }
    }
}

/// The pairs of a short list whose names hold what is being typed; all of them where none does, since that may be a slip.
fn fitting(pairs: Vec<(String, String)>, typed: &str) -> Vec<(String, String)> {
    let typed = typed.to_lowercase();
    let fits: Vec<_> = pairs.iter().filter(|(name, _)| name.to_lowercase().contains(&typed)).cloned().collect();
    if fits.is_empty() { pairs } else { fits }
}
