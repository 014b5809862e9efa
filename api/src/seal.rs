//! Seals what a browser keeps for this server: nobody else reads or changes it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::{SecureRandom, SystemRandom},
};

/// Seals and opens texts.
pub(crate) struct Seal(LessSafeKey);

/// The length of the key of a seal, in bytes.
struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        CHACHA20_POLY1305.key_len()
    }
}

impl Seal {
    /// The seal that this secret makes. Whoever has the secret can make and open everything.
    ///
    /// # Panics
    /// Never: the lengths are those of the algorithms.
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut key = [0; 32];
        let derived = Salt::new(HKDF_SHA256, b"tasker seal 1").extract(secret);
        derived
            .expand(&[b"key"], KeyLength)
            .and_then(|key_of| key_of.fill(&mut key))
            .expect("32 bytes can be derived");
        Self(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).expect("the key has 32 bytes")))
    }

    /// Seals a text for a purpose.
    ///
    /// # Panics
    /// The system has no random numbers.
    pub(crate) fn close(&self, purpose: &str, text: &[u8]) -> String {
        let mut sealed = vec![0; NONCE_LEN];
        SystemRandom::new().fill(&mut sealed).expect("the system has random numbers");
        let nonce = Nonce::try_assume_unique_for_key(&sealed).expect("the nonce has its length");
        let mut content = text.to_vec();
        self.0
            .seal_in_place_append_tag(nonce, Aad::from(purpose.as_bytes()), &mut content)
            .expect("a short text can be sealed");
        sealed.extend(content);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens what was sealed for this purpose. None if it was not, or was changed.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, content) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut content = content.to_vec();
        self.0
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut content)
            .ok()
            .map(|text| text.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_with_its_secret_and_purpose_only() {
        let seal = Seal::new(b"secret");
        let sealed = seal.close("login", b"text");
        assert_eq!(seal.open("login", &sealed), Some(b"text".to_vec()));
        assert_eq!(Seal::new(b"secret").open("login", &sealed), Some(b"text".to_vec()));
        assert_eq!(seal.open("another", &sealed), None);
        assert_eq!(Seal::new(b"other").open("login", &sealed), None);
        assert_ne!(seal.close("login", b"text"), sealed);
        for position in 0..sealed.len() - 1 {
            let mut wrong = sealed.clone().into_bytes();
            wrong[position] = if wrong[position] == b'A' { b'B' } else { b'A' };
            assert_eq!(seal.open("login", std::str::from_utf8(&wrong).unwrap()), None, "{position}");
        }
        for wrong in ["", "x", "AAAAAAAAAAAAAAAA", "é"] {
            assert_eq!(seal.open("login", wrong), None, "{wrong}");
        }
    }
}
