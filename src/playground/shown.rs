//! A reply as the page takes it: its HTML, for whom it is, and what can be pressed.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{channel::Press, reasons::Reasons};
use crate::{
    knowledge::Replies,
    render::html::to_html,
    reply::{Block, Item, Kind, Level, Reply},
};

/// Who sees a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Only the asker: sharing is offered.
    Private,
    /// Everyone.
    Public,
}

/// A reply on its way to the page.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    kind: Kind,
    level: Level,
    title: String,
    private: bool,
    html: String,
    buttons: Vec<Button>,
    /// Topics to open; the page makes buttons of few and a menu of many.
    choices: Vec<Button>,
    choices_heading: String,
    /// A sentence below the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Milliseconds from the request read to the reply made.
    ms: f64,
    decision: Option<Reasons>,
}

/// Something to press.
#[derive(Debug, Serialize)]
struct Button {
    label: String,
    press: Press,
}

impl Shown {
    /// A reply, with the buttons that belong to it. `took` is how long it took to make.
    pub fn new(reply: &Reply, r: &Replies, place: Place, took: Duration) -> Self {
        let button = |label: &str, press| Button { label: label.to_owned(), press };
        let private = place == Place::Private;
        let mut buttons = Vec::new();
        if let Some(card) = &reply.card {
            if !reply.sources.is_empty() {
                buttons.push(button(&r.button_sources, Press::Sources { topic: card.topic.clone() }));
            }
            buttons.push(button(&r.button_clinics, Press::Clinics));
            if private {
                buttons.push(button(&r.button_share, Press::Share { topic: card.topic.clone() }));
            }
        }
        if reply.kind == Kind::Safety && private {
            // Nobody is alerted unless the asker wants it.
            buttons.push(button(&r.button_alert, Press::Alert));
        }
        let choice = |c: &crate::reply::Choice| button(&c.label, Press::Open { topic: c.topic.clone() });
        // The page's buttons stand for the choices.
        let bare = Reply { choices: Vec::new(), choices_heading: String::new(), ..reply.clone() };
        Self {
            kind: reply.kind,
            level: reply.level,
            title: reply.title.clone(),
            private,
            html: to_html(&bare),
            buttons,
            choices: reply.choices.iter().map(choice).collect(),
            choices_heading: reply.choices_heading.clone(),
            note: None,
            ms: (took.as_secs_f64() * 10_000.0).round() / 10.0,
            decision: None,
        }
    }

    /// With why it is this reply.
    pub fn because(self, reasons: Reasons) -> Self {
        Self { decision: Some(reasons), ..self }
    }

    /// With a sentence below.
    pub fn with_note(self, words: &str) -> Self {
        let items = vec![Item::plain(words)];
        let note = Reply { blocks: vec![Block::Caution { heading: String::new(), items }], ..Reply::new(Kind::Notice, "") };
        Self { note: Some(to_html(&note)), ..self }
    }

    /// With one more button.
    pub fn with_button(mut self, label: &str, press: Press) -> Self {
        self.buttons.push(Button { label: label.to_owned(), press });
        self
    }

    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("all keys are text")
    }
}
