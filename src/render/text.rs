//! A reply as plain text, enough by itself: for the terminal, and as the `text` of the JSON form.

use textwrap::{Options, WordSeparator, WordSplitter};

use super::{marker, visible, worth};
use crate::reply::{Block, Choice, Cited, Clinic, Item, Kind, Number, Reply};

/// How text is laid out. Color is never needed for the meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Columns at which lines are wrapped; `None` for no wrapping. Links and phone numbers are never broken.
    pub width: Option<usize>,
    /// Whether ANSI escape sequences set off title, headings and small print.
    pub color: bool,
}

/// Below this many columns wrapping would shred the words, so that a narrower terminal wraps by itself.
const MIN_WIDTH: usize = 24;

/// Stands before the title and the lead of a safety reply, and before nothing else, so that it is unlike any other reply even
/// without color.
const SAFETY_BAR: &str = "!! ";

#[derive(Clone, Copy)]
enum Tone {
    Plain,
    Title,
    Alarm,
    Heading,
    Small,
}

impl Tone {
    fn ansi(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Title => "\x1b[1m",
            Self::Alarm => "\x1b[1;31m",
            Self::Heading => "\x1b[1;36m",
            Self::Small => "\x1b[2m",
        }
    }
}

/// The reply as text that ends in a line feed: title, lead, blocks, choices, picture in words, sources.
pub fn to_text(reply: &Reply, style: &Style) -> String {
    let Reply {
        kind,
        level: _,  // the title and the lead say how soon
        flags: _,  // ids for machines; the blocks name the concern
        topics: _, // ranks for machines; title and choices name the topics
        title,
        blocks,
        choices,
        choices_heading,
        picture,
        sources,
        sources_heading,
        audience: _, // whoever reads this text asked for it
        card: _,     // for doors whose buttons outlive a process
        tip: _,      // likewise
    } = reply;
    let mut page = Page { style, out: String::new() };
    let (bar, title_tone, lead_tone) =
        if *kind == Kind::Safety { (SAFETY_BAR, Tone::Alarm, Tone::Alarm) } else { ("", Tone::Title, Tone::Plain) };
    page.line(bar, bar, title_tone, title);
    for block in blocks {
        if let Block::Lead(words) = block {
            page.line(bar, bar, lead_tone, words);
        }
    }
    for block in blocks {
        page.block(block, sources);
    }
    if let Some(picture) = picture {
        page.gap();
        page.line("", "", Tone::Small, &format!("Picture: {}", picture.alt));
    }
    page.choices(choices_heading, choices);
    page.sources(sources_heading, sources);
    page.out
}

/// The text under way.
struct Page<'a> {
    style: &'a Style,
    out: String,
}

impl Page<'_> {
    fn block(&mut self, block: &Block, sources: &[Cited]) {
        match block {
            Block::Lead(_) => {} // stands at the top
            Block::Paragraph { heading, items } => {
                self.heading(heading);
                let indent = if heading.is_empty() { "" } else { "  " };
                self.items(items, sources, |_| indent.to_owned());
            }
            Block::Steps { heading, items } => {
                self.heading(heading);
                self.items(items, sources, |at| format!("  {}. ", at + 1));
            }
            Block::Bullets { heading, items } => {
                self.heading(heading);
                self.items(items, sources, |_| "  - ".to_owned());
            }
            Block::Caution { heading, items } => {
                self.heading(heading);
                self.items(items, sources, |_| "  ! ".to_owned());
            }
            Block::Numbers { heading, numbers } => {
                self.heading(heading);
                for number in numbers {
                    self.number(number);
                }
            }
            Block::Clinics { heading, clinics } => {
                self.heading(heading);
                for clinic in clinics {
                    self.clinic(clinic);
                }
            }
            Block::Note(words) => {
                self.gap();
                self.line("", "", Tone::Small, words);
            }
        }
    }

    fn items(&mut self, items: &[Item], sources: &[Cited], indent: impl Fn(usize) -> String) {
        for (at, item) in items.iter().enumerate() {
            let first = indent(at);
            let rest = " ".repeat(first.len());
            let marker = marker(item, sources).map(|m| format!(" {}", unbroken(&m))).unwrap_or_default();
            self.line(&first, &rest, Tone::Plain, &format!("{}{marker}", item.text));
        }
    }

    fn number(&mut self, number: &Number) {
        let Number { whom, number, note } = number;
        let label = if whom.is_empty() { String::new() } else { format!("{whom}: ") };
        self.line("  ", "    ", Tone::Plain, &format!("{label}{}", unbroken(number)));
        if !note.is_empty() {
            self.line("    ", "    ", Tone::Small, note);
        }
    }

    fn clinic(&mut self, clinic: &Clinic) {
        let Clinic { name, phone, hours, languages, link, last_checked } = clinic;
        self.line("  - ", "    ", Tone::Plain, &format!("{name}: {}", unbroken(phone)));
        let mut more = Vec::new();
        if !hours.is_empty() {
            more.push(format!("Open: {hours}"));
        }
        if !languages.is_empty() {
            more.push(format!("Languages: {}", languages.join(", ")));
        }
        if !link.is_empty() {
            more.push(link.clone());
        }
        more.push(last_checked.map_or("Not checked yet".to_owned(), |day| format!("Last checked: {day}")));
        for words in more {
            self.line("    ", "    ", Tone::Small, &words);
        }
    }

    fn choices(&mut self, heading: &str, choices: &[Choice]) {
        if choices.is_empty() {
            return;
        }
        self.heading(heading);
        for (at, Choice { topic, label }) in choices.iter().enumerate() {
            let open = unbroken(&format!("(patella topic {topic})"));
            self.line(&format!("  {}. ", at + 1), "     ", Tone::Plain, &format!("{label} {open}"));
        }
    }

    fn sources(&mut self, heading: &str, sources: &[Cited]) {
        if sources.is_empty() {
            return;
        }
        self.heading(heading);
        for (at, source) in sources.iter().enumerate() {
            let worth = worth(source);
            let worth = if worth.is_empty() { worth } else { format!(" ({worth})") };
            let first = format!("  [{}] ", at + 1);
            let rest = " ".repeat(first.len());
            self.line(&first, &rest, Tone::Small, &format!("{}{worth}", source.title));
            if let Some(link) = &source.link {
                self.line(&rest, &rest, Tone::Small, link);
            }
        }
    }

    /// An empty line and the heading; the empty line alone where there is no heading.
    fn heading(&mut self, heading: &str) {
        self.gap();
        if !heading.is_empty() {
            self.line("", "", Tone::Heading, heading);
        }
    }

    fn gap(&mut self) {
        self.out.push('\n');
    }

    /// One line, wrapped where a width is set. `first` stands before it and `rest` before the lines that it runs over into.
    fn line(&mut self, first: &str, rest: &str, tone: Tone, words: &str) {
        let words = visible(words);
        match self.style.width {
            None => self.push(first, &words, tone),
            Some(width) => {
                let options = Options::new(width.max(MIN_WIDTH).saturating_sub(rest.len()))
                    .break_words(false)
                    .word_separator(WordSeparator::AsciiSpace)
                    .word_splitter(WordSplitter::NoHyphenation);
                for (at, line) in textwrap::wrap(&words, options).iter().enumerate() {
                    self.push(if at == 0 { first } else { rest }, line, tone);
                }
            }
        }
    }

    fn push(&mut self, indent: &str, words: &str, tone: Tone) {
        let words = words.replace(GLUE, " ");
        let ansi = if self.style.color { tone.ansi() } else { "" };
        let end = if ansi.is_empty() { "" } else { "\x1b[0m" };
        // Trailing spaces only arise from empty words, and would be the one thing that editors and snapshots trip over.
        let line = format!("{indent}{words}");
        self.out.push_str(&format!("{ansi}{}{end}\n", line.trim_end()));
    }
}

/// Stands for a space at which a line must not be broken, until the line is written.
const GLUE: char = '\u{a0}';

/// The words as one, so that wrapping keeps them on one line: `(646) 588-3833`, `[1, 3]`.
fn unbroken(words: &str) -> String {
    words.replace(' ', "\u{a0}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn an_answer_without_width_or_color() {
        insta::assert_snapshot!(to_text(&sample::answer(), &Style::default()), @r#"
        Pain on the outside of the knee

        What it may be
          It may be irritation where the iliotibial band crosses the bone. [1]

        What to try
          1. Halve your weekly distance for two weeks. [1, 2]
          2. Keep to flat ground.

        What to leave for now
          - Long downhills. [2]

        Look out for
          ! A knee that swells or locks.

        A clinic
          - Harbor Physio: (555) 010-0199
            Open: Mo-Fr 8-18
            Languages: English, Spanish
            https://harbor.example/
            Last checked: 2026-11-01

        Not yet reviewed by a clinician.

        Picture: A knee from the side

        Did you mean
          1. Pain at the front (patella topic pain.front)

        Sources
          [1] Willy 2019, Patellofemoral pain (strong evidence)
              https://doi.example/10.1?a=1&b=2
          [2] General knowledge (no page seen)
        "#);
    }

    #[test]
    fn an_emergency_opens_with_the_bar() {
        insta::assert_snapshot!(to_text(&sample::emergency(), &Style::default()), @r#"
        !! This may be an emergency
        !! Call your local emergency number now.

        Emergency numbers
          United States: 911
          Crisis Text Line: text HOME to 741741
            Any hour.

        You wrote: chest pain.
        "#);
    }

    #[test]
    fn wrapping_keeps_the_width_and_whole_numbers() {
        let text = to_text(&sample::answer(), &Style { width: Some(30), color: false });
        for line in text.lines().filter(|l| !l.contains("https://") && !l.contains("patella topic")) {
            assert!(line.chars().count() <= 30, "{line:?}");
        }
        assert!(text.contains("(555) 010-0199\n") && text.contains("[1, 2]\n"), "{text}");
        let narrow = to_text(&sample::answer(), &Style { width: Some(0), color: false });
        assert!(narrow.contains("    https://doi.example/10.1?a=1&b=2\n"), "{narrow}");
    }

    #[test]
    fn color_adds_nothing_but_escapes() {
        for reply in [sample::answer(), sample::emergency()] {
            let colored = to_text(&reply, &Style { width: None, color: true });
            assert!(colored.contains('\x1b'));
            let mut bare = colored;
            for ansi in ["\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;36m", "\x1b[2m"] {
                bare = bare.replace(ansi, "");
            }
            assert_eq!(bare, to_text(&reply, &Style::default()));
        }
    }

    #[test]
    fn what_the_asker_pasted_cannot_steer_the_terminal() {
        let text = to_text(&sample::hostile(), &Style::default());
        assert!(!text.contains('\x1b'), "{text:?}");
    }
}
