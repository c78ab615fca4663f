//! A reply as a piece of HTML: semantic, without style or script of its own, every text escaped.
//!
//! It holds no `id` attributes: a page may show many replies, and ids must not repeat.

use std::fmt::Write;

use super::{marker, visible, worth};
use crate::reply::{Block, Choice, Cited, Clinic, Item, Kind, Number, Reply};

/// The reply as an `<article>`. A choice is a link to `?topic=ID`, which works without script; `data-kind` and `data-level`
/// are there for style sheets.
pub fn to_html(reply: &Reply) -> String {
    let Reply {
        kind,
        level,
        flags: _,  // ids for machines; the blocks name the concern
        topics: _, // ranks for machines; title and choices name the topics
        title,
        blocks,
        choices,
        choices_heading,
        picture,
        sources,
        sources_heading,
        audience: _, // the page has one reader
        card: _,     // for doors whose buttons outlive a process
        tip: _,      // likewise
    } = reply;
    let mut page = Page::default();
    // A header may not be an alert itself.
    let (alert, end) = if *kind == Kind::Safety { ("<div role=\"alert\">\n", "</div>\n") } else { ("", "") };
    page.push(&format!(
        "<article class=\"reply\" lang=\"en\" data-kind=\"{}\" data-level=\"{}\">\n<header>\n{alert}",
        kind_name(*kind),
        level.name()
    ));
    if !title.is_empty() {
        page.element("h2", title);
    }
    for block in blocks {
        if let Block::Lead(words) = block {
            page.push(&format!("<p class=\"lead\"><strong>{}</strong></p>\n", lead(words, blocks)));
        }
    }
    page.push(&format!("{end}</header>\n"));
    for block in blocks {
        page.block(block, sources);
    }
    if let Some(picture) = picture {
        // The page has no bytes for the picture's name; its words stand for all that it shows.
        page.push(&format!("<figure><figcaption>{}</figcaption></figure>\n", escape(&picture.alt)));
    }
    page.choices(choices_heading, choices);
    // Where there is nothing else, there is nothing to fold them away for.
    page.sources(sources_heading, sources, blocks.is_empty());
    page.push("</article>\n");
    page.out
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Answer => "answer",
        Kind::Safety => "safety",
        Kind::Clarify => "clarify",
        Kind::OutOfScope => "out_of_scope",
        Kind::Tip => "tip",
        Kind::Notice => "notice",
        Kind::Apology => "apology",
    }
}

/// The HTML under way.
#[derive(Default)]
struct Page {
    out: String,
}

impl Page {
    fn block(&mut self, block: &Block, sources: &[Cited]) {
        match block {
            Block::Lead(_) => {} // stands in the header
            Block::Paragraph { heading, items } => self.section("", heading, |page| {
                for item in items {
                    page.push(&format!("<p>{}</p>\n", words(item, sources)));
                }
            }),
            Block::Steps { heading, items } => self.section("", heading, |page| page.list("ol", items, sources)),
            Block::Bullets { heading, items } => self.section("", heading, |page| page.list("ul", items, sources)),
            Block::Caution { heading, items } => {
                self.section(r#" class="caution""#, heading, |page| page.list("ul", items, sources));
            }
            Block::Numbers { heading, numbers } => self.section("", heading, |page| {
                page.push("<ul>\n");
                for number in numbers {
                    page.number(number);
                }
                page.push("</ul>\n");
            }),
            Block::Clinics { heading, clinics } => self.section("", heading, |page| {
                for clinic in clinics {
                    page.clinic(clinic);
                }
            }),
            Block::Note(words) => self.push(&format!("<p><small>{}</small></p>\n", escape(words))),
        }
    }

    fn section(&mut self, attributes: &str, heading: &str, fill: impl FnOnce(&mut Self)) {
        self.push(&format!("<section{attributes}>\n"));
        if !heading.is_empty() {
            self.element("h3", heading);
        }
        fill(self);
        self.push("</section>\n");
    }

    fn list(&mut self, tag: &str, items: &[Item], sources: &[Cited]) {
        self.push(&format!("<{tag}>\n"));
        for item in items {
            self.push(&format!("<li>{}</li>\n", words(item, sources)));
        }
        self.push(&format!("</{tag}>\n"));
    }

    fn number(&mut self, number: &Number) {
        let Number { whom, number, note } = number;
        let label = if whom.is_empty() { String::new() } else { format!("{}: ", escape(whom)) };
        let note = if note.is_empty() { String::new() } else { format!(" <small>{}</small>", escape(note)) };
        self.push(&format!("<li>{label}{}{note}</li>\n", phone_link(number)));
    }

    fn clinic(&mut self, clinic: &Clinic) {
        let Clinic { name, phone, hours, languages, link, last_checked } = clinic;
        self.push(&format!("<address>\n<strong>{}</strong>: {}\n", escape(name), phone_link(phone)));
        if !hours.is_empty() {
            self.push(&format!("<br>Open: {}\n", escape(hours)));
        }
        if !languages.is_empty() {
            self.push(&format!("<br>Languages: {}\n", escape(&languages.join(", "))));
        }
        if !link.is_empty() {
            self.push(&format!("<br>{}\n", web_link(link, link)));
        }
        let checked = last_checked.map_or("Not checked yet".to_owned(), |day| format!("Last checked: <time>{day}</time>"));
        self.push(&format!("<br><small>{checked}</small>\n</address>\n"));
    }

    fn choices(&mut self, heading: &str, choices: &[Choice]) {
        if choices.is_empty() {
            return;
        }
        self.push("<nav>\n");
        if !heading.is_empty() {
            self.element("h3", heading);
        }
        self.push("<ul>\n");
        for Choice { topic, label } in choices {
            self.push(&format!("<li><a href=\"?topic={}\">{}</a></li>\n", percent(topic.as_str()), escape(label)));
        }
        self.push("</ul>\n</nav>\n");
    }

    fn sources(&mut self, heading: &str, sources: &[Cited], open: bool) {
        if sources.is_empty() {
            return;
        }
        let (open, count) = (if open { " open" } else { "" }, sources.len());
        self.push(&format!("<footer>\n<details{open}>\n<summary>{} ({count})</summary>\n<ol>\n", escape(heading)));
        for source in sources {
            let worth = worth(source);
            let worth = if worth.is_empty() { worth } else { format!(" <small>({worth})</small>") };
            let title = source.link.as_ref().map_or_else(|| escape(&source.title), |link| web_link(link, &source.title));
            self.push(&format!("<li>{title}{worth}</li>\n"));
        }
        self.push("</ol>\n</details>\n</footer>\n");
    }

    fn element(&mut self, tag: &str, words: &str) {
        self.push(&format!("<{tag}>{}</{tag}>\n", escape(words)));
    }

    fn push(&mut self, html: &str) {
        self.out.push_str(html);
    }
}

/// An item's words with the places of its sources.
fn words(item: &Item, sources: &[Cited]) -> String {
    let marker = marker(item, sources).map(|m| format!(" <sup>{m}</sup>")).unwrap_or_default();
    format!("{}{marker}", escape(&item.text))
}

/// The first line, with a number in it that a tap dials: one of those that stand below.
fn lead(words: &str, blocks: &[Block]) -> String {
    let numbers = blocks.iter().filter_map(|b| if let Block::Numbers { numbers, .. } = b { Some(numbers) } else { None });
    let named = numbers.flatten().map(|n| n.number.as_str()).find(|n| words.contains(*n));
    match named.and_then(|number| words.split_once(number).map(|around| (around, number))) {
        Some(((before, after), number)) => format!("{}{}{}", escape(before), phone_link(number), escape(after)),
        None => escape(words),
    }
}

/// A link that opens the dialer, where the words are a phone number and nothing else ("text HOME to 741741" is not).
fn phone_link(number: &str) -> String {
    let digits: String = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let dialed = number.chars().all(|c| c.is_ascii_digit() || " +-().\u{a0}".contains(c)) && digits.len() >= 2;
    if dialed { format!("<a href=\"tel:{digits}\">{}</a>", escape(number)) } else { escape(number) }
}

/// A link to the web; plain words where the address is of another sort, such as `javascript:`.
fn web_link(link: &str, label: &str) -> String {
    if link.starts_with("https://") || link.starts_with("http://") {
        format!("<a href=\"{}\" rel=\"noopener noreferrer\">{}</a>", escape(link), escape(label))
    } else {
        escape(label)
    }
}

/// Safe between tags and in a quoted attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Safe as the value of a query.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn an_answer() {
        insta::assert_snapshot!(to_html(&sample::answer()), @r#"
        <article class="reply" lang="en" data-kind="answer" data-level="none">
        <header>
        <h2>Pain on the outside of the knee</h2>
        </header>
        <section>
        <h3>What it may be</h3>
        <p>It may be irritation where the iliotibial band crosses the bone. <sup>[1]</sup></p>
        </section>
        <section>
        <h3>What to try</h3>
        <ol>
        <li>Halve your weekly distance for two weeks. <sup>[1, 2]</sup></li>
        <li>Keep to flat ground.</li>
        </ol>
        </section>
        <section>
        <h3>What to leave for now</h3>
        <ul>
        <li>Long downhills. <sup>[2]</sup></li>
        </ul>
        </section>
        <section class="caution">
        <h3>Look out for</h3>
        <ul>
        <li>A knee that swells or locks.</li>
        </ul>
        </section>
        <section>
        <h3>A clinic</h3>
        <address>
        <strong>Harbor Physio</strong>: <a href="tel:5550100199">(555) 010-0199</a>
        <br>Open: Mo-Fr 8-18
        <br>Languages: English, Spanish
        <br><a href="https://harbor.example/" rel="noopener noreferrer">https://harbor.example/</a>
        <br><small>Last checked: <time>2026-11-01</time></small>
        </address>
        </section>
        <p><small>Not yet reviewed by a clinician.</small></p>
        <figure><figcaption>A knee from the side</figcaption></figure>
        <nav>
        <h3>Did you mean</h3>
        <ul>
        <li><a href="?topic=pain.front">Pain at the front</a></li>
        </ul>
        </nav>
        <footer>
        <details>
        <summary>Sources (2)</summary>
        <ol>
        <li><a href="https://doi.example/10.1?a=1&amp;b=2" rel="noopener noreferrer">Willy 2019, Patellofemoral pain</a> <small>(strong evidence)</small></li>
        <li>General knowledge <small>(no page seen)</small></li>
        </ol>
        </details>
        </footer>
        </article>
        "#);
    }

    #[test]
    fn an_emergency_is_announced_and_its_numbers_dial() {
        let html = to_html(&sample::emergency());
        assert!(html.contains("<div role=\"alert\">"), "{html}");
        assert!(html.contains("<a href=\"tel:911\">911</a>"), "{html}");
        assert!(html.contains("Crisis Text Line: text HOME to 741741 <small>Any hour.</small>"), "{html}");
    }

    #[test]
    fn phone_numbers_lose_their_punctuation_in_the_link_only() {
        assert_eq!(phone_link("(646) 588-3833"), "<a href=\"tel:6465883833\">(646) 588-3833</a>");
        assert_eq!(phone_link("+44 116 123"), "<a href=\"tel:+44116123\">+44 116 123</a>");
        assert_eq!(phone_link("0300 or 999"), "0300 or 999");
    }

    #[test]
    fn nothing_breaks_out() {
        let html = to_html(&sample::hostile());
        assert!(!html.contains("<script") && !html.contains("href=\"javascript:") && !html.contains('\x1b'), "{html}");
        assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;"), "{html}");
        assert!(html.contains("href=\"?topic=%22%3E%3Cscript%3E\""), "{html}");
        assert!(html.matches("href=").count() == html.matches("rel=\"noopener noreferrer\"").count() + 1, "{html}");
    }
}
