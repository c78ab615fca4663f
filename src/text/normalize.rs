//! From what was typed to plain words: Unicode, Discord mark-up, links, emoji, contractions, stretched letters.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::TEXT_MAX;

/// A word before spelling is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawWord {
    /// Lower case, mark-up and apostrophes gone, contraction opened.
    pub text: String,
    /// Bytes of the original.
    pub span: Range<usize>,
    /// What stands between this word and the one before.
    pub before: Break,
}

/// What separates two words, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// A space or nothing.
    None,
    /// A comma, a dash, a bracket, an emoji.
    Comma,
    /// A full stop, a line end, a question mark.
    Sentence,
}

/// A name for comparing: small letters, Latin ones without their marks, a minus as keyboards have it, no space around.
pub fn folded(name: &str) -> String {
    let plain = name.trim().nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    plain.map(|c| if matches!(c, '\u{2212}' | '\u{2013}') { '-' } else { c }).collect()
}

/// Contractions and what they stand for. Written without apostrophe; those in `ONLY_WITH_APOSTROPHE` are words otherwise.
const CONTRACTIONS: &[(&str, &str)] = &[
    ("aint", "is not"),
    ("arent", "are not"),
    ("cannot", "can not"),
    ("cant", "can not"),
    ("couldnt", "could not"),
    ("couldve", "could have"),
    ("didnt", "did not"),
    ("doesnt", "does not"),
    ("dont", "do not"),
    ("hadnt", "had not"),
    ("hasnt", "has not"),
    ("havent", "have not"),
    ("hed", "he would"),
    ("hell", "he will"),
    ("heres", "here is"),
    ("hes", "he is"),
    ("hows", "how is"),
    ("id", "i would"),
    ("ill", "i will"),
    ("im", "i am"),
    ("isnt", "is not"),
    ("itd", "it would"),
    ("itll", "it will"),
    ("its", "it is"),
    ("ive", "i have"),
    ("mustnt", "must not"),
    ("neednt", "need not"),
    ("shant", "shall not"),
    ("shed", "she would"),
    ("shell", "she will"),
    ("shes", "she is"),
    ("shouldnt", "should not"),
    ("shouldve", "should have"),
    ("thats", "that is"),
    ("theres", "there is"),
    ("theyd", "they would"),
    ("theyll", "they will"),
    ("theyre", "they are"),
    ("theyve", "they have"),
    ("wasnt", "was not"),
    ("wed", "we would"),
    ("well", "we will"),
    ("were", "we are"),
    ("werent", "were not"),
    ("weve", "we have"),
    ("whats", "what is"),
    ("whens", "when is"),
    ("wheres", "where is"),
    ("whos", "who is"),
    ("whys", "why is"),
    ("wont", "will not"),
    ("wouldnt", "would not"),
    ("wouldve", "would have"),
    ("yall", "you all"),
    ("youd", "you would"),
    ("youll", "you will"),
    ("youre", "you are"),
    ("youve", "you have"),
];

/// Words in their own right when the apostrophe is missing.
const ONLY_WITH_APOSTROPHE: &[&str] = &["hed", "hell", "id", "ill", "shed", "shell", "wed", "well", "were"];

/// The words of a text in normal form, without spelling correction. Reads at most [`TEXT_MAX`] characters.
///
/// For comparing two phrases; a question is read by [`super::Lexicon::read`].
pub fn plain_words(text: &str) -> Vec<String> {
    raw_words(text).into_iter().map(|w| w.text).collect()
}

/// Splits a text into raw words.
pub fn raw_words(text: &str) -> Vec<RawWord> {
    let mut words = Vec::with_capacity(text.len() / 5 + 1);
    let mut before = Break::None;
    let mut scan = Scanner { text, at: 0, left: TEXT_MAX };
    while let Some((start, c)) = scan.next() {
        if c == '<' && scan.skip_markup(start) {
            continue;
        }
        if is_word(c) {
            if c == 'h' && scan.skip_link(start) {
                before = before.max(Break::Comma);
                continue;
            }
            let end = scan.take_word();
            push_word(&mut words, &text[start..end], start..end, before);
            before = Break::None;
        } else if is_pictograph(c) {
            // A raised thumb or folded hands say something by themselves.
            words.push(RawWord { text: c.to_string(), span: start..scan.at, before: before.max(Break::Comma) });
            before = Break::Comma;
        } else {
            before = before.max(break_of(c));
        }
    }
    words
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    left: usize,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<(usize, char)> {
        let c = self.text[self.at..].chars().next()?;
        self.left = self.left.checked_sub(1)?;
        let start = self.at;
        self.at += c.len_utf8();
        Some((start, c))
    }

    /// Steps over `<@123>`, `<#1>`, `<:name:1>`, `<t:1>`; false if it is none of these.
    fn skip_markup(&mut self, start: usize) -> bool {
        let rest = &self.text[start + 1..];
        let known = ["@", "#", ":", "a:", "t:", "/", "id:", "http"];
        let Some(close) = rest.find('>').filter(|&n| n <= 120) else { return false };
        if !known.iter().any(|k| rest.starts_with(k)) || rest[..close].contains('<') {
            return false;
        }
        self.at = start + 1 + close + 1;
        true
    }

    fn skip_link(&mut self, start: usize) -> bool {
        let rest = &self.text[start..];
        if !rest.starts_with("http://") && !rest.starts_with("https://") {
            return false;
        }
        self.at = start + rest.find(char::is_whitespace).unwrap_or(rest.len());
        true
    }

    /// The end of the word that began just before `at`: letters, digits, and apostrophes between letters.
    fn take_word(&mut self) -> usize {
        let mut end = self.at;
        let mut chars = self.text[self.at..].chars().peekable();
        while let Some(c) = chars.next() {
            let joined = is_apostrophe(c) && chars.peek().is_some_and(|n| n.is_alphabetic());
            let decimal = (c == '.' || c == '/')
                && self.text[..end].ends_with(|p: char| p.is_ascii_digit())
                && chars.peek().is_some_and(char::is_ascii_digit);
            if !(is_word(c) || joined || decimal) || self.left == 0 {
                break;
            }
            self.left -= 1;
            end += c.len_utf8();
        }
        self.at = end;
        end
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{02bc}' | '`' | '\u{00b4}')
}

fn break_of(c: char) -> Break {
    match c {
        '.' | '!' | '?' | '\n' | '\r' | ';' | '\u{2026}' | '\u{3002}' | '\u{ff1f}' => Break::Sentence,
        ',' | ':' | '(' | ')' | '\u{2013}' | '\u{2014}' | '"' | '\u{201c}' | '\u{201d}' | '=' | '+' | '>' => Break::Comma,
        _ => Break::None,
    }
}

fn is_pictograph(c: char) -> bool {
    matches!(c as u32, 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF)
}

fn push_word(words: &mut Vec<RawWord>, typed: &str, span: Range<usize>, before: Break) {
    let mut had_apostrophe = false;
    let lower: String = typed
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(|&c| {
            let apostrophe = is_apostrophe(c);
            had_apostrophe |= apostrophe;
            !apostrophe && !unicode_normalization::char::is_combining_mark(c)
        })
        .collect();
    if lower.is_empty() {
        return;
    }
    let opened = CONTRACTIONS
        .binary_search_by(|(short, _)| (*short).cmp(lower.as_str()))
        .ok()
        .map(|at| CONTRACTIONS[at].1)
        .filter(|_| had_apostrophe || !ONLY_WITH_APOSTROPHE.contains(&lower.as_str()));
    if let Some(opened) = opened {
        for (n, part) in opened.split(' ').enumerate() {
            let before = if n == 0 { before } else { Break::None };
            words.push(RawWord { text: part.to_owned(), span: span.clone(), before });
        }
        return;
    }
    let owner = typed.char_indices().rev().nth(1).filter(|&(_, c)| is_apostrophe(c) && typed.ends_with(['s', 'S']));
    let text = match owner {
        Some(_) => lower[..lower.len() - 1].to_owned(),
        None => squeeze(lower),
    };
    words.push(RawWord { text, span, before });
}

/// Runs of three and more of one letter become two: "soooo" is "soo", which spelling then mends.
fn squeeze(word: String) -> String {
    let stretched = word.as_bytes().windows(3).any(|w| w[0] == w[1] && w[1] == w[2] && w[0].is_ascii_alphabetic());
    if !stretched {
        return word;
    }
    let mut out = String::with_capacity(word.len());
    let (mut last, mut run) = ('\0', 0);
    for c in word.chars() {
        run = if c == last { run + 1 } else { 1 };
        last = c;
        if run <= 2 || !c.is_alphabetic() {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contractions_are_sorted_for_the_search() {
        assert!(CONTRACTIONS.is_sorted_by_key(|(short, _)| *short));
    }

    #[test]
    fn opens_what_people_type() {
        let cases = [
            ("I can\u{2019}t walk", "i can not walk"),
            ("CANT walk", "can not walk"),
            ("feel ill, I'll stop", "feel ill i will stop"),
            ("my knee's sore", "my knee sore"),
            ("soooo sore", "soo sore"),
            ("<@123> **knee** ||hurts|| https://a.example/b?c", "knee hurts"),
            ("a<b 3/10 2.5km", "a b 3/10 2.5km"),
            ("\u{ff4b}nee \u{1F629} cafe\u{301}", "knee \u{1F629} cafe"),
        ];
        for (typed, words) in cases {
            assert_eq!(plain_words(typed).join(" "), words, "{typed}");
        }
    }

    #[test]
    fn spans_point_into_the_original() {
        let typed = "My knee can't bend";
        let words = raw_words(typed);
        let at = |w: &str| words.iter().find(|r| r.text == w).map(|r| &typed[r.span.clone()]);
        assert_eq!(at("not"), Some("can't"));
        assert_eq!(at("bend"), Some("bend"));
    }
}
