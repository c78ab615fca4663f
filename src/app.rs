//! All that a door calls: a request in, a reply out.

use jiff::civil::Date;

use crate::{
    answer::{self, Decision},
    base::Base,
    club::Club,
    intent::Ranker,
    knowledge::Knowledge,
    reply::Reply,
    request::{Ask, Request},
};

/// The bot. Read-only and shareable between threads.
pub struct App {
    knowledge: Knowledge,
    ranker: Ranker,
    defaults: Club,
}

impl App {
    /// Builds the bot from its base and the operator's default settings.
    pub fn new(base: Base, defaults: Club) -> Self {
        let Base { knowledge, ranker } = base;
        Self { knowledge, ranker, defaults }
    }

    /// What the bot knows.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// Answers a request. `today` is for the review dates that a card shows; nothing else depends on it.
    pub fn handle(&self, request: &Request, today: Date) -> Reply {
        match request {
            Request::Ask(ask) => answer::compose(&self.knowledge, &self.explain(ask), &self.defaults, today),
            Request::LookUp { name } => answer::look_up(&self.knowledge, name, &self.defaults, today),
            Request::Topics => answer::topics(&self.knowledge),
        }
    }

    /// Why a question is answered as it is.
    pub fn explain(&self, ask: &Ask) -> Decision {
        answer::decide(&self.knowledge, &self.ranker, ask)
    }
}
