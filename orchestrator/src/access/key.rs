//! The text of an API key: `tsk_`, 8 characters that name it, 43 that are secret, and 6 that reveal a typing error.

use std::fmt;

use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};

const PREFIX: &str = "tsk_";
const ID: usize = 8;
const SECRET: usize = 43;
const CHECK: usize = 6;
/// The characters of keys: those of Base64 for URLs.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The characters of ids, which people read: two thirds of the alphabet look like others.
const PLAIN: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A key. Its secret is random, with more than 256 bits, so that a fast hash guards it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({}…)", self.id())
    }
}

impl Key {
    /// Makes a key.
    ///
    /// # Panics
    /// The system has no random numbers.
    pub(super) fn random() -> Self {
        let mut random = [0; ID + SECRET];
        SystemRandom::new().fill(&mut random).expect("the system has random numbers");
        let (id, secret) = random.split_at(ID);
        let mut text = PREFIX.to_owned();
        text.extend(id.iter().map(|byte| char::from(PLAIN[usize::from(byte % 32)])));
        text.extend(secret.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])));
        let check = check(&text);
        Self(text + &check)
    }

    /// Reads a key. None if it is none, or has a typing error.
    pub(super) fn read(text: &str) -> Option<Self> {
        let is_whole = text.len() == PREFIX.len() + ID + SECRET + CHECK && text.is_ascii();
        let (key, given) =
            text.starts_with(PREFIX).then_some(text)?.split_at_checked(text.len().checked_sub(CHECK)?)?;
        (is_whole && check(key) == given).then(|| Self(text.to_owned()))
    }

    /// What names it, and is no secret.
    pub(super) fn id(&self) -> &str {
        &self.0[PREFIX.len()..PREFIX.len() + ID]
    }

    /// What is stored of it.
    pub(super) fn digest(&self) -> Vec<u8> {
        digest(&SHA256, self.0.as_bytes()).as_ref().to_vec()
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// The beginning of a hash of the text, for typing errors only.
fn check(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref()[..CHECK].iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_a_typing_error_is_not() {
        let key = Key::random();
        let text = key.clone().into_text();
        assert_eq!(text.len(), 61);
        assert_eq!(Key::read(&text), Some(key.clone()));
        assert!(!format!("{key:?}").contains(&text[12..]), "it is not logged");
        for position in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[position] = if wrong[position] == b'x' { b'y' } else { b'x' };
            assert_eq!(Key::read(std::str::from_utf8(&wrong).unwrap()), None, "{position}");
        }
        for wrong in ["", "tsk_", &text[1..], &format!("{text}a"), &"é".repeat(31)] {
            assert_eq!(Key::read(wrong), None, "{wrong}");
        }
        assert_ne!(Key::random(), Key::random());
    }
}
