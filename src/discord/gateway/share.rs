//! Which of all shards a process runs.

/// A range of shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// How many there are in all processes.
    pub total: u32,
}

impl Shards {
    /// All of so many.
    pub fn all(total: u32) -> Self {
        let total = total.max(1);
        Self { first: 0, last: total - 1, total }
    }

    /// How many they are.
    pub fn count(&self) -> u32 {
        self.last - self.first + 1
    }
}

/// What this process runs, as the setting says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// These.
    Own(Shards),
    /// All that Discord recommends are run in so many parts; this process runs those that no other copy of the program does.
    Parts(u32),
    /// None: questions come by signed HTTP alone.
    Nothing,
}

/// The share of a setting such as `0-3/8`, `2/8`, `8`, `shared/4` or `none`.
pub fn parse_share(text: &str) -> Option<Share> {
    let text = text.trim();
    if text == "none" {
        return Some(Share::Nothing);
    }
    let (range, total) = text.split_once('/').unwrap_or(("", text));
    let (range, total) = (range.trim(), total.trim().parse().ok().filter(|n| *n > 0)?);
    if range == "shared" {
        return Some(Share::Parts(total));
    }
    let (first, last) = match range.split_once('-') {
        Some((first, last)) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
        None if range.is_empty() => (0, total - 1),
        None => (range.parse().ok()?, range.parse().ok()?),
    };
    (first <= last && last < total).then_some(Share::Own(Shards { first, last, total }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_range_parts_or_nothing() {
        assert_eq!(parse_share("0-3/8"), Some(Share::Own(Shards { first: 0, last: 3, total: 8 })));
        assert_eq!(parse_share(" 2 / 8 "), Some(Share::Own(Shards { first: 2, last: 2, total: 8 })));
        assert_eq!(parse_share("4"), Some(Share::Own(Shards::all(4))));
        assert_eq!(parse_share("shared/4"), Some(Share::Parts(4)));
        assert_eq!(parse_share(" shared / 1 "), Some(Share::Parts(1)));
        assert_eq!(parse_share("none"), Some(Share::Nothing));
        for wrong in ["", "0", "3-1/8", "0-8/8", "a/8", "0-3/", "-1/4", "shared", "shared/0", "shared/", "none/4"] {
            assert_eq!(parse_share(wrong), None, "{wrong}");
        }
    }
}
