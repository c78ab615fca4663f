//! Which signed requests came before: nobody can send one of them again.

use std::collections::{HashSet, VecDeque};

/// Marks of the signatures that were taken, each for a time. It knows no clock: its callers say when.
pub(super) struct Replays {
    /// Seconds for which a mark is kept.
    kept: i64,
    most: usize,
    known: HashSet<[u8; 16]>,
    order: VecDeque<(i64, [u8; 16])>,
}

impl Replays {
    /// Keeps marks for so many seconds, and so many of them at most: then the oldest is forgotten.
    pub(super) fn new(kept: i64, most: usize) -> Self {
        Self { kept, most, known: HashSet::new(), order: VecDeque::new() }
    }

    /// Whether a mark comes for the first time; from now on it is known. `now`: in Unix seconds.
    pub(super) fn is_first(&mut self, mark: [u8; 16], now: i64) -> bool {
        while self.order.front().is_some_and(|(at, _)| *at < now - self.kept || self.order.len() > self.most) {
            if let Some((_, old)) = self.order.pop_front() {
                self.known.remove(&old);
            }
        }
        let first = self.known.insert(mark);
        if first {
            self.order.push_back((now, mark));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_known_for_its_time_and_memory_is_bounded() {
        let mut replays = Replays::new(120, 1_000);
        assert!(replays.is_first([1; 16], 1_000) && !replays.is_first([1; 16], 1_120));
        assert!(replays.is_first([1; 16], 1_121), "its time is over");
        for n in 0..5_000_u16 {
            let mut mark = [0; 16];
            mark[..2].copy_from_slice(&n.to_le_bytes());
            assert!(replays.is_first(mark, 1_121));
            assert!(replays.known.len() <= 1_001 && replays.known.len() == replays.order.len());
        }
        assert!(replays.is_first([1; 16], 1_121), "the oldest are forgotten first");
    }
}
