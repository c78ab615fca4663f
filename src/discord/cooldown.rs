//! One question every few seconds a member. Kept in memory only, by a hash whose key changes with every start.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Mutex,
    time::{Duration, Instant},
};

/// Entries are cleared out when there are so many.
const KEPT: usize = 10_000;

/// Who asked when.
pub struct Cooldown {
    length: Duration,
    key: RandomState,
    last: Mutex<HashMap<u64, Instant>>,
}

impl Cooldown {
    /// A cool-down of this length; zero lets everything pass.
    pub fn new(length: Duration) -> Self {
        Self { length, key: RandomState::new(), last: Mutex::default() }
    }

    /// Lets a member's act of a kind pass and starts the wait, or says how much of the wait is left.
    ///
    /// # Errors
    /// The time that is left.
    pub fn pass(&self, kind: &str, member: u64, now: Instant) -> Result<(), Duration> {
        let who = self.key.hash_one((kind, member));
        let mut last = self.last.lock().expect("no holder of this lock panics");
        if let Some(left) = last.get(&who).and_then(|at| self.length.checked_sub(now.saturating_duration_since(*at)))
            && !left.is_zero()
        {
            return Err(left);
        }
        if last.len() >= KEPT {
            last.retain(|_, at| now.saturating_duration_since(*at) < self.length);
        }
        if !self.length.is_zero() {
            last.insert(who, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_waits_and_others_do_not() {
        let cooldown = Cooldown::new(Duration::from_secs(3));
        let start = Instant::now();
        assert_eq!(cooldown.pass("ask", 1, start), Ok(()));
        assert_eq!(cooldown.pass("ask", 2, start), Ok(()));
        assert_eq!(cooldown.pass("share", 1, start), Ok(()));
        assert_eq!(cooldown.pass("ask", 1, start + Duration::from_secs(1)), Err(Duration::from_secs(2)));
        assert_eq!(cooldown.pass("ask", 1, start + Duration::from_secs(3)), Ok(()));
    }

    #[test]
    fn old_entries_are_cleared_out() {
        let cooldown = Cooldown::new(Duration::from_secs(3));
        let start = Instant::now();
        for member in 0..KEPT as u64 {
            assert_eq!(cooldown.pass("ask", member, start), Ok(()));
        }
        assert_eq!(cooldown.pass("ask", u64::MAX, start + Duration::from_secs(9)), Ok(()));
        assert_eq!(cooldown.last.lock().expect("lock").len(), 1);
    }

    #[test]
    fn none_is_none() {
        let cooldown = Cooldown::new(Duration::ZERO);
        let now = Instant::now();
        assert_eq!((cooldown.pass("ask", 1, now), cooldown.pass("ask", 1, now)), (Ok(()), Ok(())));
    }
}
