//! Discord's mark-up, as far as the bot writes it, broken into lines that fit.

/// How a piece of text looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Bold letters.
    pub bold: bool,
    /// Where a link leads; empty for none.
    pub link: String,
}

/// A piece of text with one look.
pub type Piece = (Look, String);

/// What a line of mark-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Ordinary text.
    Text,
    /// An entry of a list.
    Entry,
    /// A quotation.
    Quote,
    /// Small print.
    Small,
    /// An empty line.
    Gap,
}

/// A line of mark-up: what it is, the mark before it ("1.", a dot), its text.
#[derive(Debug, PartialEq, Eq)]
pub struct Marked {
    pub sort: Sort,
    pub mark: String,
    pub pieces: Vec<Piece>,
}

/// Reads mark-up line by line.
pub fn read(text: &str) -> Vec<Marked> {
    text.lines().map(read_line).collect()
}

fn read_line(line: &str) -> Marked {
    let marked = |sort, mark: &str, rest: &str| Marked { sort, mark: mark.to_owned(), pieces: pieces(rest) };
    if line.trim().is_empty() {
        return marked(Sort::Gap, "", "");
    }
    if let Some(rest) = line.strip_prefix("-# ") {
        return marked(Sort::Small, "", rest);
    }
    if let Some(rest) = line.strip_prefix("> ") {
        return marked(Sort::Quote, "", rest);
    }
    if let Some(rest) = line.strip_prefix("- ") {
        return marked(Sort::Entry, "\u{2022}", rest);
    }
    if let Some(rest) = line.strip_prefix("  ") {
        return marked(Sort::Entry, "", rest);
    }
    match line.split_once(". ") {
        Some((number, rest)) if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => {
            marked(Sort::Entry, &format!("{number}."), rest)
        }
        _ => marked(Sort::Text, "", line),
    }
}

/// Bold, links and escaped characters within a line.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut bold = false;
    let mut put = |look: Look, text: &str| match pieces.last_mut() {
        Some((last, so_far)) if *last == look => so_far.push_str(text),
        _ => pieces.push((look, text.to_owned())),
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let plain = Look { bold, link: String::new() };
        if let Some(after) = rest.strip_prefix("**") {
            bold = !bold;
            rest = after;
        } else if let Some((name, link, after)) = link(rest) {
            put(Look { bold, link: link.to_owned() }, &unescaped(name));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\\') {
            let escaped = after.chars().next().map_or(0, char::len_utf8);
            put(plain, &after[..escaped]);
            rest = &after[escaped..];
        } else {
            // Spaces of no width part what would become a link or a mention; nothing shows of them.
            if c != '\u{200b}' {
                put(plain, &rest[..c.len_utf8()]);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    pieces
}

/// `[name](<address>)`, `<address>` or `<tel:number>` at the start of a text: its name, its address, and what follows.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    if let Some(inner) = text.strip_prefix("<https://") {
        let end = inner.find('>')?;
        let address = &text[1..1 + "https://".len() + end];
        return Some((address, address, &inner[end + 1..]));
    }
    if let Some(inner) = text.strip_prefix("<tel:") {
        let (number, after) = inner.split_once('>')?;
        return Some((number, &text[1..5 + number.len()], after));
    }
    let (name, rest) = text.strip_prefix('[')?.split_once("](<")?;
    let (address, rest) = rest.split_once(">)")?;
    (!name.contains('\n')).then_some((name, address, rest))
}

fn unescaped(text: &str) -> String {
    text.replace(['\\', '\u{200b}'], "")
}

/// A line's width in pixels, at a size. Rounded up to the widest of the common fonts: better a short line than one that sticks out.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '\'' | '|' => 0.30,
        ' ' | '.' | ',' | ':' | ';' | '/' | 'f' | '-' => 0.36,
        't' | 'r' | '(' | ')' | '[' | ']' | '!' | '"' => 0.43,
        's' | 'z' | 'c' | 'k' | 'x' | 'v' | 'y' | 'F' | 'L' | '?' => 0.59,
        'w' | 'M' | 'O' | 'Q' | '#' | '+' | '=' | '<' | '>' | '~' => 0.84,
        'm' | 'W' | '@' | '%' => 1.0,
        'A'..='Z' | '&' => 0.75,
        c if c.is_ascii() => 0.64,
        '\u{2022}' => 0.6,
        '\u{fe0f}' => 0.0,
        c if c < '\u{2600}' => 0.7,
        _ => 1.35,
    };
    let weight = if bold { 1.11 } else { 1.0 };
    text.chars().map(em).sum::<f64>() * size * weight
}

/// The pieces broken into lines of at most this width. A word that is longer by itself is broken too.
pub fn wrap(pieces: &[Piece], size: f64, room: f64) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut used = 0.0;
    for word in words(pieces) {
        let wide = |word: &[Piece]| word.iter().map(|(look, text)| width(text, size, look.bold)).sum::<f64>();
        let mut word = word;
        if used > 0.0 && used + wide(&word) > room {
            lines.push(Vec::new());
            used = 0.0;
        }
        if used == 0.0 {
            // A line does not begin with the space before its first word.
            word[0].1 = word[0].1.trim_start().to_owned();
        }
        for (look, text) in word {
            for c in text.chars() {
                let more = width(c.encode_utf8(&mut [0; 4]), size, look.bold);
                if used + more > room && c != ' ' {
                    lines.push(Vec::new());
                    used = 0.0;
                }
                used += more;
                let line = lines.last_mut().expect("there is one");
                match line.last_mut() {
                    Some((last, so_far)) if *last == look => so_far.push(c),
                    _ => line.push((look.clone(), c.to_string())),
                }
            }
        }
    }
    lines
}

/// Words with the spaces before them; a word can have several looks ("**911**,").
fn words(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut words: Vec<Vec<Piece>> = Vec::new();
    for (look, text) in pieces {
        for (at, part) in text.split_inclusive(' ').enumerate() {
            // `split_inclusive` leaves the space at a word's end; here it opens the next one.
            let opened = at > 0 || words.is_empty() || words.last().is_some_and(|w| ends_in_space(w));
            if opened {
                words.push(Vec::new());
            }
            words.last_mut().expect("one was opened").push((look.clone(), part.to_owned()));
        }
    }
    // Move the spaces from the ends of words to the beginnings of the next.
    let mut space = false;
    for word in &mut words {
        if space {
            word[0].1.insert(0, ' ');
        }
        space = ends_in_space(word);
        let last = word.last_mut().expect("a word has a piece");
        last.1 = last.1.trim_end().to_owned();
    }
    words
}

fn ends_in_space(word: &[Piece]) -> bool {
    word.last().is_some_and(|(_, text)| text.ends_with(' '))
}

#[test]
fn marks_are_read_and_lines_fit() {
    let bold = || Look { bold: true, ..Look::default() };
    let entry = &read("- **911** United \\[States\\], [a page](<https://a.example/>)")[0];
    assert_eq!((entry.sort, entry.mark.as_str()), (Sort::Entry, "\u{2022}"));
    assert_eq!(entry.pieces[0], (bold(), "911".to_owned()));
    assert_eq!(entry.pieces[1].1, " United [States], ");
    assert_eq!(entry.pieces[2], (Look { bold: false, link: "https://a.example/".into() }, "a page".to_owned()));
    for (line, sort) in
        [("2. b", Sort::Entry), ("> b", Sort::Quote), ("-# b", Sort::Small), ("", Sort::Gap), ("a. b", Sort::Text)]
    {
        assert_eq!(read_line(line).sort, sort, "{line}");
    }
    let lines = wrap(&pieces("Do **not** run on a swollen knee-or-a-very-long-word-that-never-ends"), 14.0, 100.0);
    for line in &lines {
        let wide: f64 = line.iter().map(|(look, text)| width(text, 14.0, look.bold)).sum();
        assert!(wide <= 100.0 + 14.0 * 0.4, "{line:?} takes {wide}");
    }
    let all: Vec<String> = lines.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
    assert_eq!(all[0], "Do not run");
}
