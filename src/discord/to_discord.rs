//! A reply as a Discord message: embeds, buttons, menus, held to Discord's limits. What members typed is escaped, and nothing
//! that is sent can ping anybody.

use serde_json::{Value, json};
use serenity::builder::{
    CreateActionRow, CreateButton, CreateEmbed, CreateEmbedFooter, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption,
};
use serenity::model::application::ButtonStyle;

use super::custom_id::Press;
use crate::{
    id::CardKey,
    knowledge::Replies,
    limits,
    render::{marker, worth},
    reply::{Block, Choice, Cited, Clinic, Item, Kind, Level, Number, Reply},
};

/// Characters of a page of a long answer: about two screens of a phone.
const PAGE: usize = 1500;
/// As many neighbors have a button each; more become a menu.
const NEIGHBORS: usize = 4;
/// References named below a safety reply.
const SOURCES_OF_SAFETY: usize = 3;

/// The colors of embeds, beside a title that says the same in words.
mod color {
    pub const ANSWER: u32 = 0x2A_7F_8E;
    pub const TIP: u32 = 0x4F_8A_3C;
    pub const NOTICE: u32 = 0x6B_72_80;
    pub const URGENT: u32 = 0xD9_77_06;
    pub const EMERGENCY: u32 = 0xC6_28_28;
}

/// A message on its way to Discord.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Plain text above the embed; empty for most.
    pub content: String,
    /// The embeds.
    pub embeds: Vec<CreateEmbed>,
    /// The rows of buttons and menus.
    pub rows: Vec<CreateActionRow>,
    /// Whether only the asker sees it. Counts for the first response to an interaction alone.
    pub ephemeral: bool,
}

impl Message {
    /// A short notice: a sentence or two, nothing else.
    pub fn notice(words: impl Into<String>) -> Self {
        Self { content: shorten(&words.into(), limits::MESSAGE_CONTENT), ephemeral: true, ..Self::default() }
    }

    /// The body that Discord takes.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "content": self.content,
            "embeds": self.embeds,
            "components": self.rows,
            // Nobody is ever pinged, whatever a text holds.
            "allowed_mentions": { "parse": [] },
        });
        if self.ephemeral {
            body["flags"] = json!(1 << 6);
        }
        body
    }
}

/// What a door may offer beside the reply's own choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Only the asker sees it: sharing is offered.
    Private,
    /// Everyone sees it.
    Public,
    /// A direct message: private by nature, and it stays.
    Direct,
}

/// A reply as a message. `page` is the page of a long answer, from 0; one past the last shows the last.
pub fn message(reply: &Reply, r: &Replies, place: Place, page: usize) -> Message {
    let Reply {
        kind,
        level,
        flags: _,  // the blocks name the concern
        topics: _, // title and choices name the topics
        title,
        blocks,
        choices,
        choices_heading,
        picture: _, // no reply has one yet; its text twin is in the blocks
        sources,
        sources_heading: _, // the button says it
        audience: _,        // the door has judged it
        card,
        tip: _, // the door adds its buttons
    } = reply;
    // Only a card has buttons that turn pages; all else is one page, and nothing of a safety reply is behind a button.
    let mut pages = if card.is_some() { pages(blocks, sources) } else { Vec::new() };
    let count = pages.len().max(1);
    let page = page.min(count - 1);
    let title = shorten(&titled(title, *kind, *level, r), limits::EMBED_TITLE);
    let footer = shorten(&footer(blocks, r, page, count), limits::EMBED_FOOTER);
    let room = limits::EMBED_DESCRIPTION.min(limits::EMBEDS_TOTAL - units(&title) - units(&footer));
    let description = if pages.is_empty() {
        let mut text = whole(blocks, sources, room);
        let lines = if *kind == Kind::Safety { sources_small(sources) } else { sources_list(sources) };
        push_sources(&mut text, &lines, room);
        text
    } else {
        pages.swap_remove(page)
    };
    let mut embed = CreateEmbed::new().title(title).color(color(*kind, *level));
    if !description.is_empty() {
        embed = embed.description(shorten(&description, room));
    }
    if !footer.is_empty() {
        embed = embed.footer(CreateEmbedFooter::new(footer));
    }
    let content = blocks.iter().find_map(|b| if let Block::Lead(lead) = b { Some(lead_line(lead, blocks)) } else { None });
    Message {
        content: content.unwrap_or_default(),
        embeds: vec![embed],
        rows: rows(reply_buttons(card.as_ref(), sources, r, place, page, count), choices, choices_heading, card.as_ref(), r),
        ephemeral: place == Place::Private,
    }
}

fn color(kind: Kind, level: Level) -> u32 {
    match (kind, level) {
        (Kind::Safety, Level::Emergency) => color::EMERGENCY,
        (Kind::Safety, _) => color::URGENT,
        (Kind::Answer, _) => color::ANSWER,
        (Kind::Tip, _) => color::TIP,
        (Kind::Clarify | Kind::OutOfScope | Kind::Notice | Kind::Apology, _) => color::NOTICE,
    }
}

/// Safety replies carry a sign that no other reply has; it repeats what the title says in words.
fn titled(title: &str, kind: Kind, level: Level, r: &Replies) -> String {
    match (kind, level) {
        // A siren is the wrong sound for somebody in despair.
        (Kind::Safety, _) if title == r.crisis_title => format!("\u{1f49b} {title}"),
        (Kind::Safety, Level::Emergency) => format!("\u{1f6a8} {title}"),
        (Kind::Safety, _) => format!("\u{26a0}\u{fe0f} {title}"),
        _ => title.to_owned(),
    }
}

/// How much is said of a clinic.
#[derive(Clone, Copy)]
enum Detail {
    /// All that is known.
    Full,
    /// Name and phone: what a caller needs, where there is no room for all.
    Short,
}

/// The blocks on one page, with less said of the clinics where all would be too much.
fn whole(blocks: &[Block], sources: &[Cited], room: usize) -> String {
    let text = |detail| {
        let mut text = String::new();
        blocks.iter().for_each(|b| push_paragraph(&mut text, &block(b, sources, detail)));
        text
    };
    let full = text(Detail::Full);
    if units(&full) <= room { full } else { text(Detail::Short) }
}

/// The blocks packed into pages, in order.
fn pages(blocks: &[Block], sources: &[Cited]) -> Vec<String> {
    let mut pages: Vec<String> = Vec::new();
    let fitted = blocks.iter().map(|b| whole(std::slice::from_ref(b), sources, PAGE));
    for text in fitted.filter(|t| !t.is_empty()) {
        match pages.last_mut() {
            Some(page) if units(page) + 2 + units(&text) <= PAGE => push_paragraph(page, &text),
            _ => pages.push(text),
        }
    }
    // A last page of a line or two is not worth a press.
    if let [.., before, last] = pages.as_mut_slice()
        && units(before) + 2 + units(last) <= PAGE + PAGE / 3
    {
        let last = std::mem::take(last);
        push_paragraph(before, &last);
        pages.pop();
    }
    pages
}

fn push_paragraph(page: &mut String, text: &str) {
    if !text.is_empty() {
        if !page.is_empty() {
            page.push_str("\n\n");
        }
        page.push_str(text);
    }
}

/// A block in Discord's Markdown; empty for those that stand elsewhere.
fn block(block: &Block, sources: &[Cited], detail: Detail) -> String {
    let headed = |heading: &str, lines: Vec<String>| {
        let heading = if heading.is_empty() { Vec::new() } else { vec![format!("**{}**", plain(heading))] };
        heading.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
    };
    match block {
        Block::Lead(_) | Block::Note(_) => String::new(),
        Block::Paragraph { heading, items } => headed(heading, items.iter().map(|i| item(i, sources)).collect()),
        Block::Steps { heading, items } => {
            headed(heading, items.iter().enumerate().map(|(at, i)| format!("{}. {}", at + 1, item(i, sources))).collect())
        }
        Block::Bullets { heading, items } => headed(heading, items.iter().map(|i| format!("- {}", item(i, sources))).collect()),
        Block::Caution { heading, items } => headed(heading, items.iter().map(|i| format!("> {}", item(i, sources))).collect()),
        Block::Numbers { heading, numbers } => headed(heading, numbers.iter().map(number).collect()),
        Block::Clinics { heading, clinics } => headed(heading, clinics.iter().map(|c| clinic(c, detail)).collect()),
    }
}

fn item(item: &Item, sources: &[Cited]) -> String {
    let marker = marker(item, sources).map_or(String::new(), |m| format!(" {m}"));
    format!("{}{marker}", plain(&item.text))
}

/// The number first and bold, so that a thumb finds it.
/// The first line, with a number in it that a tap dials.
fn lead_line(lead: &str, blocks: &[Block]) -> String {
    let numbers = blocks.iter().filter_map(|b| if let Block::Numbers { numbers, .. } = b { Some(numbers) } else { None });
    let named = numbers.flatten().map(|n| n.number.as_str()).find(|n| lead.contains(*n));
    let words = plain(lead);
    format!("**{}**", named.map_or_else(|| words.clone(), |n| words.replacen(&plain(n), &dial(n), 1)))
}

/// A phone number that a tap dials; other words as they are ("Text HELLO to 50808"). The form is Discord's, which ignores spaces:
/// <https://docs.discord.com/developers/reference#message-formatting>.
pub fn dial(number: &str) -> String {
    let sole = number.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '+'));
    let groups: Vec<&str> = number.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).collect();
    if !sole || groups.is_empty() {
        return plain(number);
    }
    // "9-8-8" is one number of three digits.
    let parting = if groups.iter().all(|g| g.len() == 1) { "" } else { " " };
    let abroad = if number.trim_start().starts_with(['+']) { "+" } else { "" };
    format!("<tel:{abroad}{}>", groups.join(parting))
}

fn number(number: &Number) -> String {
    let Number { whom, number, note } = number;
    let note = if note.is_empty() { String::new() } else { format!(" ({})", plain(note)) };
    format!("- **{}** {}{note}", dial(number), plain(whom))
}

fn clinic(clinic: &Clinic, detail: Detail) -> String {
    let Clinic { name, phone, hours, languages, link, last_checked } = clinic;
    let mut lines = vec![format!("- **{}**: {}", plain(name), dial(phone))];
    if matches!(detail, Detail::Short) {
        return lines.remove(0);
    }
    if !hours.is_empty() {
        lines.push(format!("  Open: {}", plain(hours)));
    }
    if !languages.is_empty() {
        lines.push(format!("  Languages: {}", plain(&languages.join(", "))));
    }
    if !link.is_empty() {
        lines.push(format!("  <{}>", link.replace(['>', ' ', '\n'], "")));
    }
    lines.push(last_checked.map_or("  Not checked yet".to_owned(), |day| format!("  Last checked: {day}")));
    lines.join("\n")
}

/// Small print on every page: what a chat cannot do, review state, the place in a long answer.
fn footer(blocks: &[Block], r: &Replies, page: usize, count: usize) -> String {
    let notes = blocks.iter().filter_map(|b| if let Block::Note(words) = b { Some(words.as_str()) } else { None });
    let mut lines: Vec<String> = notes.map(str::to_owned).collect();
    if count > 1 {
        lines.push(r.page.replace("{page}", &(page + 1).to_string()).replace("{pages}", &count.to_string()));
    }
    lines.join("\n")
}

/// A reference as a link with its grade.
fn source(source: &Cited) -> String {
    let title = plain(&source.title);
    let named = source
        .link
        .as_ref()
        .map_or(title.clone(), |link| format!("[{}](<{}>)", title.replace(['[', ']'], ""), link.replace([')', '>', ' '], "")));
    let worth = worth(source);
    let worth = if worth.is_empty() { worth } else { format!(" ({worth})") };
    format!("{named}{worth}")
}

/// The references, numbered.
fn sources_list(sources: &[Cited]) -> Vec<String> {
    sources.iter().enumerate().map(|(at, cited)| format!("{}. {}", at + 1, source(cited))).collect()
}

/// The first references in small print.
fn sources_small(sources: &[Cited]) -> Vec<String> {
    sources.iter().take(SOURCES_OF_SAFETY).map(|s| format!("-# {}", source(s))).collect()
}

/// Adds as many lines of references as there is room for; half a link would lead nowhere.
fn push_sources(text: &mut String, lines: &[String], room: usize) {
    let mut parting = if text.is_empty() { "" } else { "\n\n" };
    for line in lines {
        if units(text) + parting.len() + units(line) > room {
            break;
        }
        text.push_str(parting);
        text.push_str(line);
        parting = "\n";
    }
}

fn reply_buttons(
    card: Option<&CardKey>,
    sources: &[Cited],
    r: &Replies,
    place: Place,
    page: usize,
    count: usize,
) -> Vec<CreateButton> {
    let mut buttons = Vec::new();
    let Some(card) = card else { return buttons };
    if page + 1 < count {
        let label = r.button_more.replace("{page}", &(page + 2).to_string()).replace("{pages}", &count.to_string());
        buttons.push(button(&Press::Page { card: card.clone(), page: page + 1 }, &label).style(ButtonStyle::Primary));
    } else if page > 0 {
        buttons.push(button(&Press::Page { card: card.clone(), page: 0 }, &r.button_start));
    }
    if !sources.is_empty() {
        buttons.push(button(&Press::Sources(card.topic.clone()), &r.button_sources));
    }
    buttons.push(button(&Press::Clinics, &r.button_clinics));
    if place == Place::Private {
        buttons.push(button(&Press::Share(card.topic.clone()), &r.button_share));
    }
    buttons
}

/// A gray button. Labels are cut where they are too long for Discord.
pub fn button(press: &Press, label: &str) -> CreateButton {
    CreateButton::new(press.to_custom_id()).label(shorten(label, limits::BUTTON_LABEL)).style(ButtonStyle::Secondary)
}

/// Buttons side by side: five at the most.
pub fn row(buttons: Vec<CreateButton>) -> CreateActionRow {
    CreateActionRow::Buttons(buttons)
}

/// Actions first, then neighbors, then feedback.
fn rows(
    actions: Vec<CreateButton>,
    choices: &[Choice],
    heading: &str,
    card: Option<&CardKey>,
    r: &Replies,
) -> Vec<CreateActionRow> {
    let mut rows = Vec::new();
    if !actions.is_empty() {
        rows.push(row(actions));
    }
    if choices.len() > NEIGHBORS {
        let options = choices.iter().take(limits::SELECT_OPTIONS);
        let options =
            options.map(|c| CreateSelectMenuOption::new(shorten(&c.label, limits::SELECT_OPTION), c.topic.as_str())).collect();
        let menu = CreateSelectMenu::new(Press::OpenChosen.to_custom_id(), CreateSelectMenuKind::String { options });
        rows.push(CreateActionRow::SelectMenu(menu.placeholder(shorten(heading, limits::SELECT_PLACEHOLDER))));
    } else if !choices.is_empty() {
        // Below an answer the first neighbor says why it is there; in a near tie all are equals.
        let label = |at: usize, c: &Choice| {
            if at == 0 && card.is_some() { r.button_not_this.replace("{topic}", &c.label) } else { c.label.clone() }
        };
        let buttons = choices.iter().enumerate();
        let buttons = buttons.map(|(at, c)| button(&Press::Open(c.topic.clone()), &label(at, c))).collect();
        rows.push(row(buttons));
    }
    if let Some(card) = card.filter(|c| c.topic.kind() != "meta") {
        let feedback = |helped, label: &str| button(&Press::Feedback { topic: card.topic.clone(), helped }, label);
        rows.push(row(vec![feedback(true, &r.button_helpful), feedback(false, &r.button_not_helpful)]));
    }
    rows
}

/// The text with every character escaped that Discord would read as mark-up, a mention or a link.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut opens_line = true;
    for (at, c) in text.char_indices() {
        let opened = opens_line;
        opens_line = c == '\n' || opened && c.is_whitespace();
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' => out.extend(['\\', c]),
            '#' | '-' | '+' if opened => out.extend(['\\', c]),
            // `https://` becomes a link by itself, `@everyone` a mention: a space of no width parts them.
            ':' if text[at..].starts_with("://") => out.push_str(":\u{200b}"),
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() && c != '\n' => out.push(' '),
            // Marks that turn the reading direction could show a number backwards.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => out.push(c),
        }
    }
    out
}

/// The length of a text as Discord counts it: in UTF-16 code units.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text cut to a number of characters, with an ellipsis where it was cut. UTF-16 counts, as Discord's does.
pub fn shorten(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let mut used = 1;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += c.len_utf16();
            used <= max
        })
        .collect();
    format!("{}\u{2026}", kept.trim_end())
}
