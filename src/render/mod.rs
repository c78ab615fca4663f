//! A [`Reply`](crate::reply::Reply) as plain text, JSON and HTML: one file a form.
//!
//! Each renderer opens with an exhaustive `let Reply { .. } = reply`, so that a new field cannot be forgotten: what a form
//! drops, it drops by name and with a reason. Renderers choose no words of the bot's; the few that stand here name grades and
//! places, as a reference list does.

pub mod html;
pub mod json;
#[cfg(test)]
mod sample;
pub mod text;

use std::borrow::Cow;

use crate::reply::{Cited, Item};

/// The places in the list of sources that an item rests on, from 1, each once: `[1, 3]`; `None` where it cites nothing.
/// A place beyond the list is left out: a marker must lead somewhere.
pub fn marker(item: &Item, sources: &[Cited]) -> Option<String> {
    let mut places: Vec<usize> = item.cites.iter().filter(|&&at| at < sources.len()).map(|at| at + 1).collect();
    places.sort_unstable();
    places.dedup();
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    (!places.is_empty()).then(|| format!("[{}]", places.join(", ")))
}

/// What a reader should know about a source's worth: `strong evidence`, `no page seen`, both, or nothing.
pub fn worth(source: &Cited) -> String {
    let grade = source.grade.map(|g| format!("{} evidence", g.name()));
    let unseen = (!source.page_seen).then(|| "no page seen".to_owned());
    let parts: Vec<String> = grade.into_iter().chain(unseen).collect();
    parts.join("; ")
}

/// The text with nothing in it that could steer a terminal or turn a line around. Replies may quote the asker, and an asker
/// may paste escape sequences.
fn visible(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.chars().any(|c| steers(c) || turns(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|&c| !turns(c)).map(|c| if steers(c) { ' ' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::Grade;

    #[test]
    fn markers_are_sorted_unique_and_lead_somewhere() {
        let source = Cited { title: "A".into(), grade: Some(Grade::Strong), link: None, page_seen: true };
        let sources = [source.clone(), source.clone(), source];
        let item = |cites: &[usize]| Item { text: String::new(), cites: cites.to_vec() };
        assert_eq!(marker(&item(&[2, 0, 2]), &sources).as_deref(), Some("[1, 3]"));
        assert_eq!(marker(&item(&[7]), &sources), None);
        assert_eq!(marker(&item(&[]), &sources), None);
    }

    #[test]
    fn escape_sequences_and_turned_lines_do_not_pass() {
        assert_eq!(visible("knee\u{1b}[31m\r\npain\u{202e}!"), "knee [31m  pain!");
        assert!(matches!(visible("genou gauche, 膝"), Cow::Borrowed(_)));
    }
}
