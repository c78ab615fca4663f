//! A body that the bot sent, laid out on a sheet as a member's phone shows it: who, text, card with a bar, buttons.

use serde_json::Value;

use super::{
    sheet::{EDGE, Sheet, Type, WIDTH, ink},
    words::{self, Look, Piece, Sort, width, wrap},
};

const BODY: Type = Type { size: 14.0, fill: ink::TEXT, bold: false };
const TITLE: Type = Type { size: 15.0, fill: ink::TEXT, bold: true };
const QUIET: Type = Type { size: 12.0, fill: ink::QUIET, bold: false };
/// From one base line to the next, for a size of 1.
const LEADING: f64 = 1.38;
/// The flag of a message that only one person sees.
const EPHEMERAL: u64 = 1 << 6;

fn plain(text: &str) -> Vec<Piece> {
    vec![(Look::default(), text.to_owned())]
}

fn bold(text: &str) -> Vec<Piece> {
    vec![(Look { bold: true, ..Look::default() }, text.to_owned())]
}

/// What the member typed, in a box as of a message that is being written.
pub fn typed(sheet: &mut Sheet, text: &[Piece]) {
    let (top, place) = (sheet.y + EDGE, sheet.place());
    sheet.y = top + 8.0;
    paragraph(sheet, EDGE + 12.0, WIDTH - 2.0 * EDGE - 24.0, text, BODY);
    let high = sheet.y + 8.0 - top;
    sheet.rect_at(place, [EDGE, top, WIDTH - 2.0 * EDGE, high, 12.0], ink::CARD, ink::FRAME);
    sheet.y = top + high;
}

/// A first response: `{"type": 4, "data": ...}`.
pub fn message(sheet: &mut Sheet, body: &Value) {
    let data = &body["data"];
    author(sheet);
    let room = WIDTH - 2.0 * EDGE;
    for line in words::read(data["content"].as_str().unwrap_or_default()) {
        marked(sheet, EDGE, room, &line, BODY);
    }
    for embed in data["embeds"].as_array().into_iter().flatten() {
        sheet.y += 6.0;
        card(sheet, embed);
    }
    for row in data["components"].as_array().into_iter().flatten() {
        sheet.y += 8.0;
        buttons(sheet, row);
    }
    if data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0 {
        sheet.y += 6.0;
        paragraph(sheet, EDGE, room, &plain("Only you can see this"), QUIET);
    }
}

/// The bot's name beside a disk with its initial.
fn author(sheet: &mut Sheet) {
    let top = sheet.y + EDGE;
    sheet.circle(EDGE + 15.0, top + 15.0, 15.0, ink::MARK);
    sheet.line(EDGE + 15.0, top + 20.5, &bold("P"), Type { size: 15.0, fill: ink::LIGHT, bold: true }, true);
    sheet.line(EDGE + 40.0, top + 20.0, &bold("Patella"), TITLE, false);
    let name = width("Patella", TITLE.size, true);
    sheet.line(EDGE + 48.0 + name, top + 20.0, &plain("bot"), QUIET, false);
    sheet.y = top + 36.0;
}

/// An embed: a card with a bar in its color.
fn card(sheet: &mut Sheet, embed: &Value) {
    const BAR: f64 = 5.0;
    let (top, place) = (sheet.y, sheet.place());
    let left = EDGE + BAR + 12.0;
    let room = WIDTH - EDGE - 12.0 - left;
    sheet.y += 8.0;
    if let Some(title) = embed["title"].as_str() {
        paragraph(sheet, left, room, &plain(title), TITLE);
        sheet.y += 4.0;
    }
    for line in words::read(embed["description"].as_str().unwrap_or_default()) {
        marked(sheet, left, room, &line, BODY);
    }
    if let Some(footer) = embed["footer"]["text"].as_str() {
        sheet.y += 6.0;
        footer.lines().for_each(|line| paragraph(sheet, left, room, &plain(line), QUIET));
    }
    sheet.y += 8.0;
    let high = sheet.y - top;
    let color = format!("#{:06x}", embed["color"].as_u64().unwrap_or(0));
    // The last one put at the place lies lowest.
    sheet.rect_at(place, [EDGE, top, BAR, high, 2.5], &color, "");
    sheet.rect_at(place, [EDGE, top, WIDTH - 2.0 * EDGE, high, 4.0], ink::CARD, ink::FRAME);
}

/// A line of mark-up with its mark, its quotation bar or its small letters.
fn marked(sheet: &mut Sheet, x: f64, room: f64, line: &words::Marked, kind: Type) {
    const STEP: f64 = 18.0;
    match line.sort {
        Sort::Gap => sheet.y += 8.0,
        Sort::Text => paragraph(sheet, x, room, &line.pieces, kind),
        Sort::Small => paragraph(sheet, x, room, &line.pieces, QUIET),
        Sort::Entry => {
            let base = sheet.y + kind.size * 1.05;
            // Numbers of two digits need more room than a dot.
            let step = STEP.max(width(&line.mark, kind.size, false) + 5.0);
            if !line.mark.is_empty() {
                sheet.line(x, base, &plain(&line.mark), kind, false);
            }
            paragraph(sheet, x + step, room - step, &line.pieces, kind);
            sheet.y += 2.0;
        }
        Sort::Quote => {
            let top = sheet.y;
            paragraph(sheet, x + 12.0, room - 12.0, &line.pieces, kind);
            sheet.rect([x, top + 1.0, 3.0, sheet.y - top, 0.0], ink::FRAME, "");
            sheet.y += 3.0;
        }
    }
}

fn paragraph(sheet: &mut Sheet, x: f64, room: f64, pieces: &[Piece], kind: Type) {
    let pieces: Vec<Piece> = pieces.iter().map(|(l, t)| (Look { bold: l.bold || kind.bold, ..l.clone() }, t.clone())).collect();
    for line in wrap(&pieces, kind.size, room) {
        sheet.line(x, sheet.y + kind.size * 1.05, &line, kind, false);
        sheet.y += kind.size * LEADING;
    }
}

/// A row of buttons, which wraps, or a menu.
fn buttons(sheet: &mut Sheet, row: &Value) {
    const HIGH: f64 = 34.0;
    const BETWEEN: f64 = 8.0;
    let room = WIDTH - 2.0 * EDGE;
    let (mut x, mut top) = (EDGE, sheet.y);
    for part in row["components"].as_array().into_iter().flatten() {
        let menu = part["type"] != 2;
        let label = if menu { &part["placeholder"] } else { &part["label"] };
        let label = label.as_str().unwrap_or_default();
        let (fill, ink) = match part["style"].as_u64() {
            Some(1) => (ink::MARK, ink::LIGHT),
            Some(4) => (ink::DANGER, ink::LIGHT),
            _ => (ink::BUTTON, ink::TEXT),
        };
        let kind = Type { size: 13.5, fill: ink, bold: false };
        let lines = wrap(&plain(label), kind.size, room - 28.0);
        let text = lines.iter().flatten().map(|(_, text)| width(text, kind.size, false)).fold(0.0, f64::max);
        let wide = if menu { room } else { (text + 26.0).min(room) };
        let high = HIGH + (lines.len() as f64 - 1.0) * kind.size * LEADING;
        if x > EDGE && x + wide > EDGE + room {
            (x, top) = (EDGE, sheet.y + BETWEEN - 2.0);
        }
        sheet.rect([x, top, wide, high, 8.0], fill, "");
        for (at, line) in lines.iter().enumerate() {
            sheet.line(x + wide / 2.0, top + 22.0 + at as f64 * kind.size * LEADING, line, kind, true);
        }
        sheet.y = sheet.y.max(top + high);
        x += wide + BETWEEN;
    }
}

/// Suggestions, as many as a phone shows at once.
pub fn suggestions(sheet: &mut Sheet, names: &[&str]) {
    const HIGH: f64 = 40.0;
    let top = sheet.y + 8.0;
    let room = WIDTH - 2.0 * EDGE;
    sheet.rect([EDGE, top, room, HIGH * names.len() as f64, 12.0], ink::CARD, ink::FRAME);
    for (at, name) in names.iter().enumerate() {
        let y = top + at as f64 * HIGH;
        if at > 0 {
            sheet.rect([EDGE + 12.0, y, room - 24.0, 1.0, 0.0], ink::FRAME, "");
        }
        let lines = wrap(&plain(name), BODY.size, room - 24.0);
        assert_eq!(lines.len(), 1, "{name} fits a phone's line");
        sheet.line(EDGE + 12.0, y + 25.0, &lines[0], BODY, false);
    }
    sheet.y = top + HIGH * names.len() as f64;
}

/// What a member typed after a command's name: `/ask question: ...`, the names bold.
pub fn usage(command: &str, option: &str, text: &str) -> Vec<Piece> {
    let mut pieces = bold(&format!("/{command} {option}: "));
    pieces.extend(plain(text));
    pieces
}
