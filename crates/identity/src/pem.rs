//! Reads public keys from PEM texts: `PUBLIC KEY` (RSA, P-256, Ed25519) and `RSA PUBLIC KEY`.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::key::{BadKey, PublicKey};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

// The contents of `AlgorithmIdentifier` (RFC 3279, RFC 5480, RFC 8410).
const RSA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
const P256: &[u8] =
    &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const ED25519: &[u8] = &[0x06, 3, 0x2b, 0x65, 0x70];

/// Why a PEM text gives no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadPem {
    #[error("it contains no PEM block; it must contain a line `-----BEGIN PUBLIC KEY-----`")]
    NoBlock,
    #[error("its block `{0}` has no line `-----END {0}-----`; copy the whole block")]
    NoEnd(String),
    #[error(
        "its block is a private key; write the public key only (`openssl pkey -pubout`), and replace this pair"
    )]
    Private,
    #[error(
        "its block is `{0}`; write a block `PUBLIC KEY` (`openssl pkey -pubout`, `openssl x509 -pubkey`)"
    )]
    Label(String),
    #[error("its block is not base64; copy the whole block")]
    Base64,
    #[error("its block is no RSA, P-256 or Ed25519 public key; use a key of such a kind")]
    Kind,
    #[error(transparent)]
    Key(#[from] BadKey),
}

/// Reads all keys of a PEM text, at least one. Text outside of the blocks does not matter.
pub(crate) fn read(text: &str) -> Result<Vec<PublicKey>, BadPem> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some((_, block)) = rest.split_once("-----BEGIN ") {
        let (label, block) = block.split_once("-----").ok_or(BadPem::NoBlock)?;
        let end = format!("-----END {label}-----");
        let (body, after) = block.split_once(&end).ok_or_else(|| BadPem::NoEnd(label.to_owned()))?;
        keys.push(key(label, body)?);
        rest = after;
    }
    if keys.is_empty() { Err(BadPem::NoBlock) } else { Ok(keys) }
}

fn key(label: &str, body: &str) -> Result<PublicKey, BadPem> {
    let read = match label {
        "PUBLIC KEY" => subject_public_key,
        "RSA PUBLIC KEY" => rsa,
        _ if label.ends_with("PRIVATE KEY") => return Err(BadPem::Private),
        _ => return Err(BadPem::Label(label.to_owned())),
    };
    let body: String = body.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(body).map_err(|_| BadPem::Base64)?;
    Ok(read(&bytes).ok_or(BadPem::Kind)??)
}

/// `SubjectPublicKeyInfo` (RFC 5280). None for another structure.
fn subject_public_key(bytes: &[u8]) -> Option<Result<PublicKey, BadKey>> {
    let mut parts = Der::whole(bytes)?;
    let algorithm = parts.take(SEQUENCE)?;
    // The first byte counts the unused bits.
    let key = parts.take(BIT_STRING)?.strip_prefix(&[0])?;
    parts.end()?;
    match algorithm {
        RSA => rsa(key),
        P256 => Some(PublicKey::p256(key)),
        ED25519 => Some(PublicKey::ed25519(key)),
        _ => None,
    }
}

/// `RSAPublicKey` (RFC 8017). None for another structure.
fn rsa(bytes: &[u8]) -> Option<Result<PublicKey, BadKey>> {
    let mut parts = Der::whole(bytes)?;
    let [n, e] = [parts.take(INTEGER)?, parts.take(INTEGER)?];
    parts.end()?;
    let positive = |number: &[u8]| number.first().is_some_and(|first| *first < 0x80);
    (positive(n) && positive(e)).then(|| PublicKey::rsa(n, e))
}

/// What is left of a DER structure.
struct Der<'bytes>(&'bytes [u8]);

impl<'bytes> Der<'bytes> {
    /// The parts of the sequence that fills the bytes.
    fn whole(bytes: &'bytes [u8]) -> Option<Self> {
        let mut outer = Self(bytes);
        let parts = outer.take(SEQUENCE)?;
        outer.end()?;
        Some(Self(parts))
    }

    /// Takes the content of the next element, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'bytes [u8]> {
        let rest = self.0.strip_prefix(&[tag])?;
        let (length, rest) = match rest {
            [length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
            [0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
            [0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RSA_SPKI: &str = include_str!("../tests/keys/test-only-rsa-2048-public.pem");
    const RSA_PKCS1: &str = include_str!("../tests/keys/test-only-rsa-2048-public-pkcs1.pem");
    const RSA_1024: &str = include_str!("../tests/keys/test-only-rsa-1024-public.pem");
    const RSA_PRIVATE: &str = include_str!("../tests/keys/test-only-rsa-2048-private.pem");
    const P256_SPKI: &str = include_str!("../tests/keys/test-only-p256-public.pem");
    const P384_SPKI: &str = include_str!("../tests/keys/test-only-p384-public.pem");
    const ED25519_SPKI: &str = include_str!("../tests/keys/test-only-ed25519-public.pem");
    const CERTIFICATE: &str = include_str!("../tests/keys/test-only-localhost-certificate.pem");

    #[test]
    fn every_kind_of_public_key_is_read() {
        let one = |text: &str| read(text).unwrap().remove(0);
        assert!(matches!(one(RSA_SPKI), PublicKey::Rsa { n, e } if n.len() == 256 && e == [1, 0, 1]));
        assert_eq!(one(RSA_PKCS1), one(RSA_SPKI));
        assert!(matches!(one(P256_SPKI), PublicKey::P256(_)));
        assert!(matches!(one(ED25519_SPKI), PublicKey::Ed25519(_)));
        let several =
            format!("The old key:\r\n{RSA_PKCS1}\nthe new one:\n{}", P256_SPKI.replace('\n', "\r\n"));
        assert_eq!(read(&several).unwrap(), [one(RSA_SPKI), one(P256_SPKI)]);
    }

    #[test]
    fn other_texts_are_refused() {
        let bad_base64 = P256_SPKI.replace("\nM", "\n*");
        let cut = P256_SPKI.split("-----END").next().unwrap();
        let longer = format!("{}{}", "-----BEGIN PUBLIC KEY-----\nMAA=\n", "-----END PUBLIC KEY-----");
        for (text, problem) in [
            ("", BadPem::NoBlock),
            ("hello", BadPem::NoBlock),
            ("-----BEGIN PUBLIC KEY", BadPem::NoBlock),
            (cut, BadPem::NoEnd("PUBLIC KEY".to_owned())),
            (RSA_PRIVATE, BadPem::Private),
            (CERTIFICATE, BadPem::Label("CERTIFICATE".to_owned())),
            (&bad_base64, BadPem::Base64),
            (&longer, BadPem::Kind),
            (P384_SPKI, BadPem::Kind),
            (RSA_1024, BadPem::Key(BadKey::RsaBits(1024))),
        ] {
            assert_eq!(read(text), Err(problem), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = (subject_public_key(&bytes), rsa(&bytes));
        }

        #[test]
        fn no_changed_byte_makes_the_reader_panic(at in 0..294_usize, to in any::<u8>()) {
            let body: String = RSA_SPKI.lines().filter(|line| !line.starts_with('-')).collect();
            let mut bytes = STANDARD.decode(body).unwrap();
            bytes[at] = to;
            let _ = subject_public_key(&bytes);
        }
    }
}
