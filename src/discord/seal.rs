//! Marks that stand for red flags in a public button: keyed hashes, so that the button names the concern to nobody but us, and
//! nobody can make one up.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::id::FlagId;

/// Bytes of a mark: enough that fifty flags do not collide, few enough for a `custom_id`.
const BYTES: usize = 5;

/// Makes and reads marks.
pub struct Seal {
    key: [u8; 32],
}

impl Seal {
    /// The key comes from the bot's token, the one secret that every copy of the bot shares. A new token makes old marks
    /// unreadable; their buttons then still say what to do at their level.
    pub fn new(token: &str) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("any length of key will do");
        mac.update(b"patella: marks of flags");
        Self { key: mac.finalize().into_bytes().into() }
    }

    /// The mark of a flag for one asker.
    pub fn mark(&self, asker: u64, flag: &FlagId) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length of key will do");
        mac.update(&asker.to_le_bytes());
        mac.update(flag.as_str().as_bytes());
        mac.finalize().into_bytes()[..BYTES].iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The flags among these that the marks stand for, in the order of the marks.
    pub fn read<'f>(&self, asker: u64, marks: &[String], flags: impl Iterator<Item = &'f FlagId> + Clone) -> Vec<FlagId> {
        marks.iter().filter_map(|mark| flags.clone().find(|flag| self.mark(asker, flag) == *mark).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_by_their_maker_for_their_asker() {
        let flags = ["rf.dvt", "rf.pe", "rf.suicidal"].map(FlagId::new);
        let seal = Seal::new("token");
        let marks = vec![seal.mark(7, &flags[2]), seal.mark(7, &flags[0])];
        assert_eq!(seal.read(7, &marks, flags.iter()), [flags[2].clone(), flags[0].clone()]);
        assert!(seal.read(8, &marks, flags.iter()).is_empty());
        assert!(Seal::new("another").read(7, &marks, flags.iter()).is_empty());
        assert!(!marks[0].contains("suicidal") && marks[0].len() == 2 * BYTES);
    }
}
