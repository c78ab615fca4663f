//! The terminal's door: read a question, ask the app, print the reply.

pub mod arguments;
mod chat;
mod lines;
#[cfg(feature = "web")]
pub mod listen;

use std::io::{self, Write};

use jiff::civil::Date;
use serde_json::{Value, json};

use self::arguments::Simulate;
use crate::{
    answer::RED_FLAGS_FOUND,
    app::App,
    id::{ClubId, FlagId, PlaceId, TopicId},
    render::{
        json::to_json,
        text::{Style, to_text},
    },
    reply::{Audience, Block, Item, Kind, Reply},
    request::{Ask, Request},
    safety::By,
    text::likeness,
    tips::from_day,
    weekly::Plan,
};

/// The phrasings of a warning sign, read when they are asked for.
pub type Phrases<'a> = Box<dyn Fn(&FlagId) -> Vec<String> + 'a>;

/// The door: whom it asks, on which day, and how it prints.
pub struct Terminal<'a> {
    /// Whom to ask.
    pub app: &'a App,
    /// The day, for the review dates that cards show.
    pub today: Date,
    /// How text is laid out.
    pub style: Style,
    /// How people tell of a warning sign; for explanations.
    pub phrases: Phrases<'a>,
}

/// A topic that is not there, with those that have the nearest names.
#[derive(Debug, thiserror::Error)]
#[error("there is no topic `{name}`{}; `patella topics` lists all", did_you_mean(.near))]
pub struct UnknownTopic {
    /// What was asked for.
    pub name: String,
    /// Nearest first, at most three; may be empty.
    pub near: Vec<TopicId>,
}

fn did_you_mean(near: &[TopicId]) -> String {
    let near: Vec<&str> = near.iter().map(TopicId::as_str).collect();
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

impl Terminal<'_> {
    /// Answers a question in text; with `explain`, says why after it.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn ask(&self, text: &str, explain: bool, out: &mut dyn Write) -> io::Result<()> {
        let ask = Ask { text: text.to_owned() };
        self.print(&self.app.handle(&Request::Ask(ask.clone()), self.today), out)?;
        if explain {
            writeln!(out)?;
            self.print(&notice("Why this reply", blocks(self.reasons(&ask))), out)?;
        }
        Ok(())
    }

    /// Answers a question as one JSON object; with `explain`, it has the key `explain` too: a list of headed lists.
    pub fn ask_json(&self, text: &str, explain: bool) -> Value {
        let ask = Ask { text: text.to_owned() };
        let mut value = to_json(&self.app.handle(&Request::Ask(ask.clone()), self.today));
        if explain {
            let headed = |(heading, lines): (String, Vec<String>)| json!({ "heading": heading, "lines": lines });
            value["explain"] = self.reasons(&ask).into_iter().map(headed).collect();
        }
        value
    }

    /// Lists all topics.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn topics(&self, out: &mut dyn Write) -> io::Result<()> {
        self.print(&self.app.handle(&Request::Topics, self.today), out)
    }

    /// One topic's card, by id or title.
    ///
    /// # Errors
    /// Where nothing has that name.
    pub fn topic(&self, name: &str) -> Result<Reply, UnknownTopic> {
        let name = name.trim();
        let reply = self.app.handle(&Request::LookUp { name: name.to_owned() }, self.today);
        // A name that nothing has is answered with the list of topics, which is a notice.
        if reply.kind == Kind::Notice {
            return Err(UnknownTopic { name: name.to_owned(), near: self.near(name) });
        }
        Ok(reply)
    }

    /// Prints when a club's tips would come, and which: instant, local time, tip, one a line.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn simulate(&self, simulate: &Simulate, out: &mut dyn Write) -> io::Result<()> {
        let Simulate { zone, weekday, time, from, weeks: count, club } = simulate;
        let plan = Plan { place: PlaceId(0), day: *weekday, time: *time, zone: zone.clone(), role: None };
        let Some(slot) = plan.slot() else { return Ok(()) };
        for (due, tip) in from_day(&self.app.knowledge().tips, ClubId(*club), plan, *from, *count as usize) {
            let local = due.at.to_zoned(slot.zone.clone());
            writeln!(out, "{} {} {}", due.at, local.strftime("%Y-%m-%dT%H:%M:%S%:z"), tip.id)?;
        }
        out.flush()
    }

    /// Prints a reply.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn print(&self, reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(to_text(reply, &self.style).as_bytes())?;
        out.flush()
    }

    fn reasons(&self, ask: &Ask) -> Vec<(String, Vec<String>)> {
        let decision = self.app.explain(ask);
        let mut lines = decision.lines(self.app.knowledge(), &ask.text);
        let learned = decision.safety.hits.iter().find(|hit| matches!(hit.by, By::Encoder(_)));
        if let Some((near, phrase)) = learned.and_then(|hit| self.nearest(&hit.flag, &ask.text)) {
            let at = lines.iter().position(|(heading, _)| heading == RED_FLAGS_FOUND).map_or(lines.len(), |at| at + 1);
            lines.insert(at, ("Nearest known phrasing".to_owned(), vec![format!("\"{phrase}\" ({near:.2})")]));
        }
        lines
    }

    /// The phrasing of a flag that stands nearest to a text in meaning.
    fn nearest(&self, flag: &FlagId, text: &str) -> Option<(f32, String)> {
        let phrases = (self.phrases)(flag);
        let all: Vec<&str> = phrases.iter().map(String::as_str).collect();
        let near = self.app.net().nearness(text, &all);
        near.into_iter().zip(all).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(near, phrase)| (near, phrase.to_owned()))
    }

    /// The topics whose id, or its part after the dot, is nearest to the name.
    fn near(&self, name: &str) -> Vec<TopicId> {
        const NEAR_MAX: usize = 3;
        const LIKENESS_MIN: f64 = 0.5;
        let name = name.to_lowercase();
        let likeness = |to: &str| likeness(&name, to);
        let mut near: Vec<(f64, &TopicId)> = Vec::new();
        for topic in &self.app.knowledge().topics {
            let id = topic.id.as_str();
            let last = id.rsplit('.').next().unwrap_or(id);
            near.push((likeness(id).max(likeness(last)), &topic.id));
        }
        near.retain(|(likeness, _)| *likeness >= LIKENESS_MIN);
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        near.into_iter().take(NEAR_MAX).map(|(_, id)| id.clone()).collect()
    }
}

/// Headed lists as blocks.
fn blocks(lists: Vec<(String, Vec<String>)>) -> Vec<Block> {
    let block =
        |(heading, lines): (String, Vec<String>)| Block::Bullets { heading, items: lines.into_iter().map(Item::plain).collect() };
    lists.into_iter().map(block).collect()
}

/// Something that this door says about itself, printed like any other reply.
fn notice(title: &str, blocks: Vec<Block>) -> Reply {
    Reply { blocks, audience: Audience::OnlyAsker, ..Reply::new(Kind::Notice, title) }
}
