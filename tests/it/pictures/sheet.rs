//! A sheet of a phone's width that grows downward, and is written as SVG with real, selectable text.

use std::fmt::Write;

use super::words::{Look, Piece};

/// A phone's width in pixels.
pub const WIDTH: f64 = 360.0;
/// From the edge to what is drawn.
pub const EDGE: f64 = 14.0;

/// The colors of the sheet: our own, with dark letters on light ground.
pub mod ink {
    pub const GROUND: &str = "#f7f5f0";
    pub const FRAME: &str = "#d8d3c7";
    pub const CARD: &str = "#ffffff";
    pub const TEXT: &str = "#23282f";
    pub const QUIET: &str = "#5b636e";
    pub const LINK: &str = "#1d5f9e";
    pub const MARK: &str = "#2a7f8e";
    pub const BUTTON: &str = "#e7e3d9";
    pub const DANGER: &str = "#b3261e";
    pub const LIGHT: &str = "#ffffff";
}

/// How a line of text is written.
#[derive(Clone, Copy)]
pub struct Type {
    pub size: f64,
    pub fill: &'static str,
    pub bold: bool,
}

/// A box in pixels: left, top, width, height, and how round its corners are.
pub type Rect = [f64; 5];

/// What was drawn so far, and how far down it goes.
#[derive(Default)]
pub struct Sheet {
    body: String,
    /// The lower end of what was drawn.
    pub y: f64,
}

impl Sheet {
    pub fn rect(&mut self, [x, y, wide, high, round]: Rect, fill: &str, stroke: &str) {
        let stroke = if stroke.is_empty() { String::new() } else { format!(" stroke=\"{stroke}\"") };
        let _ = writeln!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" rx=\"{round}\" fill=\"{fill}\"{stroke}/>"
        );
    }

    pub fn circle(&mut self, x: f64, y: f64, radius: f64, fill: &str) {
        let _ = writeln!(self.body, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{fill}\"/>");
    }

    /// A line of text on a base line.
    pub fn line(&mut self, x: f64, base: f64, pieces: &[Piece], kind: Type, middle: bool) {
        let anchor = if middle { " text-anchor=\"middle\"" } else { "" };
        let weight = if kind.bold { " font-weight=\"600\"" } else { "" };
        let Type { size, fill, .. } = kind;
        let _ = write!(self.body, "<text x=\"{x:.1}\" y=\"{base:.1}\" font-size=\"{size}\" fill=\"{fill}\"{weight}{anchor}>");
        for (Look { bold, link }, text) in pieces {
            let weight = if *bold { " font-weight=\"700\"" } else { "" };
            let text = escaped(text);
            let _ = match (link.is_empty(), weight.is_empty()) {
                (true, true) => write!(self.body, "{text}"),
                (true, false) => write!(self.body, "<tspan{weight}>{text}</tspan>"),
                (false, _) => {
                    let fill = ink::LINK;
                    write!(self.body, "<a href=\"{}\"><tspan fill=\"{fill}\"{weight}>{text}</tspan></a>", escaped(link))
                }
            };
        }
        self.body.push_str("</text>\n");
    }

    /// What is drawn next to be put below what was drawn before: where a box goes whose height is known only later.
    pub fn place(&self) -> usize {
        self.body.len()
    }

    /// Puts a box at such a place.
    pub fn rect_at(&mut self, place: usize, rect: Rect, fill: &str, stroke: &str) {
        let above = self.body.split_off(place);
        self.rect(rect, fill, stroke);
        self.body.push_str(&above);
    }

    /// The picture. `title` and `about` say in words what it shows.
    pub fn svg(self, title: &str, about: &str) -> String {
        let high = self.y + EDGE;
        let (ground, frame) = (ink::GROUND, ink::FRAME);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{high:.0}\" viewBox=\"0 0 {WIDTH} {high:.0}\" \
             role=\"img\" aria-labelledby=\"title about\" \
             font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"about\">{}</desc>\n\
             <rect x=\"0.5\" y=\"0.5\" width=\"{:.1}\" height=\"{:.1}\" rx=\"18\" fill=\"{ground}\" stroke=\"{frame}\"/>\n{}</svg>\n",
            escaped(title),
            escaped(about),
            WIDTH - 1.0,
            high.round() - 1.0,
            self.body
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
