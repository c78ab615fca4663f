//! Whether a request comes from Discord: its signature, by the application's public keys.

use serenity::interactions_endpoint::Verifier;

/// Characters of a public key and of a signature.
const KEY: usize = 64;
const SIGNATURE: usize = 128;
/// What is verified where there is no signature that could be right: as much work as with one, and never right.
const NONE: [u8; 64] = [0x0b; 64];
/// The order of the curve's main subgroup, its first byte the lowest. A signature whose second half is no smaller is turned away
/// by the verifier unread, which could be told by the time that it takes.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0x10,
];

/// The public keys of the application: one, or two while it is being replaced.
#[derive(Clone)]
pub struct Keys {
    verifiers: Vec<Verifier>,
    text: String,
}

/// Why a public key cannot be used. It does not show the key: what was put there by mistake may be the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "public key {number} of {of} {wrong}\n\
     It is the 64 digits and letters from 0 to f below Public Key, on the page General Information of your application in the \
     Developer Portal; several with commas between."
)]
pub struct KeyError {
    /// Which one, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// What is wrong with it.
    pub wrong: String,
}

impl Keys {
    /// Reads public keys in hexadecimal with commas between.
    ///
    /// # Errors
    /// At the first that is none, or that anyone could sign for.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let texts: Vec<&str> = text.split(',').map(str::trim).collect();
        let of = texts.len();
        let verifiers = texts.iter().enumerate().map(|(at, text)| {
            let error = |wrong: String| KeyError { number: at + 1, of, wrong };
            let bytes = key_bytes(text).map_err(error)?;
            let verifier = Verifier::try_new(bytes).map_err(|_| error("is no point of the curve Ed25519.".to_owned()))?;
            if is_weak(&verifier) {
                return Err(error("is one that anyone can make signatures for.".to_owned()));
            }
            Ok(verifier)
        });
        Ok(Self { verifiers: verifiers.collect::<Result<_, _>>()?, text: texts.join(",").to_ascii_lowercase() })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.verifiers.len()
    }

    /// The keys as text. They are no secret.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether one of the keys signed this. Each is tried, whatever came: the time that it takes tells nothing.
    pub(super) fn signed(&self, signature: Option<Signature>, timestamp: &str, body: &[u8]) -> bool {
        let text = hex(&signature.map_or(NONE, |signature| signature.0));
        let right = self.verifiers.iter().filter(|key| key.verify(&text, timestamp, body).is_ok()).count();
        signature.is_some() && right > 0
    }
}

fn key_bytes(text: &str) -> Result<[u8; 32], String> {
    let length = text.chars().count();
    if length != KEY {
        return Err(format!("has {length} characters, not {KEY}."));
    }
    bytes(text).ok_or_else(|| "holds a character that is no digit and no letter from a to f.".to_owned())
}

/// A key of small order: for one signature in eight that consists of nothing, any message is signed. `000...0` is such a key.
fn is_weak(key: &Verifier) -> bool {
    let mut nothing = [0; 64];
    nothing[0] = 1;
    let nothing = hex(&nothing);
    (0..200).any(|n: u8| key.verify(&nothing, &n.to_string(), &[]).is_ok())
}

/// A signature that could be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signature([u8; 64]);

impl Signature {
    /// Reads one in hexadecimal; `None` where it is none, whatever was signed.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let signature: [u8; 64] = (text.len() == SIGNATURE).then(|| bytes(text))??;
        signature[32..].iter().rev().lt(ORDER.iter().rev()).then_some(Self(signature))
    }

    /// Its first bytes, by which it can be known again. They depend on every letter of what was signed, like a hash, and unlike
    /// the text of a header there is one way alone to write them.
    pub(super) fn mark(self) -> [u8; 16] {
        let mut mark = [0; 16];
        mark.copy_from_slice(&self.0[..16]);
        mark
    }
}

/// Bytes from hexadecimal digits, and nothing but those: `u8::from_str_radix` takes a sign as well.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from(DIGITS[usize::from(half)])).collect()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    fn public(key: &SigningKey) -> String {
        hex(key.verifying_key().as_bytes())
    }

    fn signature(key: &SigningKey, message: &[u8]) -> String {
        hex(&key.sign(message).to_bytes())
    }

    #[test]
    fn keys_that_are_none_are_named_and_not_shown() {
        let good = public(&SigningKey::from_bytes(&[1; 32]));
        let wrong = |text: &str| Keys::parse(text).err().map(|e| (e.number, e.of, e.wrong)).expect(text);
        assert_eq!(wrong(""), (1, 1, "has 0 characters, not 64.".to_owned()));
        assert_eq!(wrong(&format!("{good},")), (2, 2, "has 0 characters, not 64.".to_owned()));
        assert_eq!(wrong(&format!("{good}, {}", &good[1..])), (2, 2, "has 63 characters, not 64.".to_owned()));
        assert!(wrong(&format!("{}g", &good[1..])).2.contains("no letter from a to f"));
        assert!(wrong(&"+1".repeat(32)).2.contains("no letter from a to f"));
        assert!(wrong(&format!("02{}", "00".repeat(31))).2.contains("no point"));
        let secret = "MTA.a-token.by-mistake";
        assert!(!Keys::parse(secret).err().expect("no key").to_string().contains(secret));
        let two = Keys::parse(&format!(" {} ,{}", good.to_uppercase(), public(&SigningKey::from_bytes(&[2; 32])))).expect("two");
        assert!(two.count() == 2 && two.as_str().starts_with(&good));
    }

    /// All points of small order, as curve25519-dalek lists them, and two more ways to write some.
    #[test]
    fn keys_that_anyone_can_sign_for_are_refused() {
        let ends = ["00", "80"];
        let mut weak: Vec<String> = ends.iter().map(|end| format!("{}{end}", "00".repeat(31))).collect();
        weak.push(format!("01{}", "00".repeat(31)));
        weak.push(format!("ec{}7f", "ff".repeat(30)));
        weak.push(format!("ed{}7f", "ff".repeat(30)));
        weak.push(format!("ee{}7f", "ff".repeat(30)));
        for end in ["05", "85"] {
            weak.push(format!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc{end}"));
        }
        for end in ["7a", "fa"] {
            weak.push(format!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03{end}"));
        }
        for key in weak {
            let wrong = Keys::parse(&key).err().unwrap_or_else(|| panic!("{key} was taken")).wrong;
            assert!(wrong.contains("anyone can make signatures"), "{key}: {wrong}");
        }
    }

    #[test]
    fn what_is_signed_is_time_and_body_by_any_of_the_keys() {
        let (one, other, third) = ([1; 32], [2; 32], [3; 32]);
        let [one, other, third] = [one, other, third].map(|seed| SigningKey::from_bytes(&seed));
        let keys = Keys::parse(&format!("{},{}", public(&one), public(&other))).expect("keys");
        let read = |text: &str| Signature::from_hex(text);
        for key in [&one, &other] {
            let text = signature(key, b"17{}");
            assert!(keys.signed(read(&text), "17", b"{}"));
            assert!(keys.signed(read(&text.to_uppercase()), "17", b"{}"));
            assert_eq!(read(&text).map(Signature::mark), read(&text.to_uppercase()).map(Signature::mark));
            assert!(!keys.signed(read(&text), "18", b"{}") && !keys.signed(read(&text), "17", b"{} "));
            assert!(!keys.signed(None, "17", b"{}"));
        }
        assert!(!keys.signed(read(&signature(&third, b"17{}")), "17", b"{}"));
    }

    #[test]
    fn a_signature_that_cannot_be_right_is_none() {
        let good = signature(&SigningKey::from_bytes(&[1; 32]), b"17{}");
        assert!(Signature::from_hex(&good).is_some());
        // The same, with the order added to its second half: right for a verifier that does not look.
        let mut twin: [u8; 64] = bytes(&good).expect("hexadecimal");
        let mut carry = 0;
        for (byte, add) in twin[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        for text in [
            hex(&twin),
            format!("{}{}", &good[..64], hex(&ORDER)),
            "f".repeat(128),
            good[2..].to_owned(),
            format!("{good}00"),
            format!("+1{}", &good[2..]),
            format!("é{}", &good[2..]),
            String::new(),
        ] {
            assert_eq!(Signature::from_hex(&text), None, "{text}");
        }
        let mut last = ORDER;
        last[0] -= 1;
        assert!(Signature::from_hex(&format!("{}{}", &good[..64], hex(&last))).is_some());
        assert!(Signature::from_hex(&hex(&NONE)).is_some(), "it is worth the verifier's work");
    }
}
