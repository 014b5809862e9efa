//! Public keys: which are acceptable, which algorithm each fits, and the verification of a signature.

use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RsaPublicKeyComponents, UnparsedPublicKey};

use crate::{algorithm::Algorithm, refusal::Refusal};

/// The maximum number of keys, in a set or as PEM.
pub(crate) const MAX_KEYS: usize = 50;

/// The lengths of an RSA modulus, in bits: shorter ones are broken, longer ones cost too much per token.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point: 4, x, y.
    P256([u8; 65]),
    Ed25519([u8; 32]),
}

/// Why a key is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadKey {
    #[error("its RSA modulus has {0} bits; use a key of 2048 to 8192 bits")]
    RsaBits(usize),
    #[error("its RSA exponent is not an odd number from 3 to 33 bits; use a key with the exponent 65537")]
    RsaExponent,
    #[error("it is not an uncompressed point of P-256; export it uncompressed")]
    Point,
    #[error("an Ed25519 key has 32 bytes, this one {0}; export it again")]
    Ed25519(usize),
}

impl PublicKey {
    /// An RSA key of a big-endian modulus and exponent.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, BadKey> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = bits(n);
        // `ring` rounds up to bytes: it would take 2041 bits.
        if !RSA_BITS.contains(&bits) {
            return Err(BadKey::RsaBits(bits));
        }
        let odd = e.last().is_some_and(|byte| byte & 1 == 1);
        if !odd || !(2..=33).contains(&self::bits(e)) {
            return Err(BadKey::RsaExponent);
        }
        Ok(Self::Rsa { n: n.to_vec(), e: e.to_vec() })
    }

    /// A P-256 key of an uncompressed point.
    pub(crate) fn p256(point: &[u8]) -> Result<Self, BadKey> {
        // Whether the point is on the curve is checked at each verification.
        point.try_into().ok().filter(|point: &[u8; 65]| point[0] == 4).map(Self::P256).ok_or(BadKey::Point)
    }

    /// An Ed25519 key.
    pub(crate) fn ed25519(bytes: &[u8]) -> Result<Self, BadKey> {
        bytes.try_into().map(Self::Ed25519).map_err(|_| BadKey::Ed25519(bytes.len()))
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => algorithm.rsa().is_some(),
            Self::P256(_) => algorithm == Algorithm::Es256,
            Self::Ed25519(_) => algorithm == Algorithm::EdDsa,
        }
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm.rsa()) {
            (Self::Rsa { n, e }, Some(parameters)) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
            (Self::P256(point), None) if algorithm == Algorithm::Es256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            (Self::Ed25519(bytes), None) if algorithm == Algorithm::EdDsa => {
                UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// A key with what its set says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its `kid`.
    pub(crate) id: Option<String>,
    /// Its `alg`: the only algorithm it is for.
    pub(crate) algorithm: Option<Algorithm>,
    /// The key itself.
    pub(crate) public: PublicKey,
}

/// The keys that may have signed a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeySet(pub(crate) Vec<Key>);

impl KeySet {
    /// Whether a key has this `kid`.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Verifies a signature with the key of this `kid`; without one, with every key that fits the algorithm.
    ///
    /// # Errors
    /// No such key, none that fits, or a wrong signature.
    pub(crate) fn verify(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let mut named = self.0.iter().filter(|key| id.is_none() || key.id.as_deref() == id).peekable();
        if named.peek().is_none() {
            return Err(Refusal::UnknownKey);
        }
        let meant =
            |key: &&Key| key.public.fits(algorithm) && key.algorithm.is_none_or(|only| only == algorithm);
        let mut fitting = named.filter(meant).peekable();
        if fitting.peek().is_none() {
            return Err(Refusal::UnfitKey);
        }
        let verified = fitting.any(|key| key.public.verifies(algorithm, message, signature));
        if verified { Ok(()) } else { Err(Refusal::Signature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_is_acceptable_from_2048_to_8192_bits() {
        let modulus = |bits: usize| {
            let mut bytes = vec![0xff; bits.div_ceil(8)];
            bytes[0] >>= bytes.len() * 8 - bits;
            bytes
        };
        let exponent = [1, 0, 1];
        for bits in [8, 1024, 2041, 2047, 8193, 16_384] {
            let refused = PublicKey::rsa(&modulus(bits), &exponent);
            assert_eq!(refused, Err(BadKey::RsaBits(bits)));
        }
        for bits in [2048, 3072, 8192] {
            assert!(PublicKey::rsa(&modulus(bits), &exponent).is_ok(), "{bits}");
        }
        let zeros = [vec![0; 128], modulus(1024)].concat();
        assert_eq!(
            PublicKey::rsa(&zeros, &exponent),
            Err(BadKey::RsaBits(1024)),
            "leading zeros do not count"
        );
        for exponent in [&[][..], &[0], &[1], &[2], &[0, 1], &[1, 0, 0], &[4, 0, 0, 0, 1]] {
            assert_eq!(PublicKey::rsa(&modulus(2048), exponent), Err(BadKey::RsaExponent), "{exponent:?}");
        }
    }

    #[test]
    fn other_keys_have_an_exact_length() {
        let point =
            |first: u8, length: usize| PublicKey::p256(&[&[first][..], &vec![1; length - 1]].concat());
        assert!(point(4, 65).is_ok());
        assert_eq!(point(2, 33), Err(BadKey::Point), "compressed");
        assert_eq!(point(3, 65), Err(BadKey::Point));
        assert!(PublicKey::ed25519(&[1; 32]).is_ok());
        assert_eq!(PublicKey::ed25519(&[1; 33]), Err(BadKey::Ed25519(33)));
    }
}
