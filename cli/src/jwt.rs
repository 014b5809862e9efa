//! Makes key pairs for tokens, and signs tokens with them: for tests, and for programs where no identity provider is.

use anyhow::{Context, Result, anyhow, bail};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::{SecureRandom, SystemRandom},
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use serde_json::{Value, json};

/// The structures around keys (RFC 8410, RFC 5480), up to the key itself.
const ED25519_PRIVATE: &[u8] =
    &[0x30, 0x2e, 0x02, 1, 0, 0x30, 5, 0x06, 3, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const ED25519_PUBLIC: &[u8] = &[0x30, 0x2a, 0x30, 5, 0x06, 3, 0x2b, 0x65, 0x70, 0x03, 0x21, 0];
const P256_PUBLIC: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 8, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 3, 1, 7, 0x03, 0x42, 0,
];

/// The algorithm of a key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Algorithm {
    /// Ed25519.
    #[value(name = "EdDSA")]
    EdDsa,
    /// P-256.
    #[value(name = "ES256")]
    Es256,
}

/// A key pair in PEM.
pub(crate) struct Pair {
    pub(crate) private: String,
    pub(crate) public: String,
}

impl Pair {
    /// Makes a key pair.
    pub(crate) fn random(algorithm: Algorithm) -> Result<Self> {
        let random = SystemRandom::new();
        let no_random = |_| anyhow!("the system has no random numbers");
        match algorithm {
            Algorithm::EdDsa => {
                let mut seed = [0; 32];
                random.fill(&mut seed).map_err(no_random)?;
                let pair =
                    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| anyhow!("the key is unusable"))?;
                // The first version of the structure, because not every program reads the second.
                let private = pem("PRIVATE KEY", &[ED25519_PRIVATE, &seed].concat());
                let public = pem("PUBLIC KEY", &[ED25519_PUBLIC, pair.public_key().as_ref()].concat());
                Ok(Self { private, public })
            }
            Algorithm::Es256 => {
                let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                    .map_err(no_random)?;
                let pair =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
                let pair = pair.map_err(|_| anyhow!("the key is unusable"))?;
                let public = pem("PUBLIC KEY", &[P256_PUBLIC, pair.public_key().as_ref()].concat());
                Ok(Self { private: pem("PRIVATE KEY", document.as_ref()), public })
            }
        }
    }
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A private key that signs tokens.
pub(crate) enum Signer {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

impl Signer {
    /// Reads a private key from PEM: Ed25519, P-256, or RSA of 2048 bits and more.
    ///
    /// # Errors
    /// It is none, and what to do.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let body = text
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
            .map(|(body, _)| body.split_ascii_whitespace().collect::<String>());
        let body = body.context(
            "it contains no block `PRIVATE KEY`; `tasker auth generate-keys` makes one, and `openssl pkey` turns another into one",
        )?;
        let bytes = STANDARD.decode(body).ok().context("its block is not base64; copy the whole block")?;
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes) {
            return Ok(Self::Ed25519(pair));
        }
        let random = SystemRandom::new();
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &random) {
            return Ok(Self::P256(pair));
        }
        match rsa::KeyPair::from_pkcs8(&bytes) {
            Ok(pair) => Ok(Self::Rsa(pair)),
            Err(_) => bail!("its block is no Ed25519, P-256 or RSA key of 2048 bits and more"),
        }
    }

    /// Signs a token with these claims.
    pub(crate) fn token(&self, claims: &Value) -> Result<String> {
        let algorithm = match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
            Self::Rsa(_) => "RS256",
        };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": algorithm, "typ": "JWT" })), part(claims));
        let (random, message) = (SystemRandom::new(), text.as_bytes());
        let failed = |_| anyhow!("the token cannot be signed");
        let signature = match self {
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::P256(pair) => pair.sign(&random, message).map_err(failed)?.as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                signature
            }
        };
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use tasker_identity::{Keys, Refusal, Settings, Verifier};

    use super::*;

    #[tokio::test]
    async fn a_signed_token_is_verified_with_the_public_key_of_its_pair_only() {
        let now = UNIX_EPOCH + Duration::from_secs(1_900_000_000);
        let claims =
            json!({ "iss": "i", "aud": "a", "sub": "s", "iat": 1_900_000_000, "exp": 1_900_000_060 });
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let (pair, other) = (Pair::random(algorithm).unwrap(), Pair::random(algorithm).unwrap());
            let token = Signer::read(&pair.private).unwrap().token(&claims).unwrap();
            let verify = async |public: &str| {
                let settings = Settings::new("i", "a", Keys::Pem(vec![public.to_owned()]));
                Verifier::new(settings).unwrap().verify(&token, now).await.map(|identity| identity.subject)
            };
            assert_eq!(verify(&pair.public).await, Ok("s".to_owned()), "{algorithm:?}");
            assert_eq!(verify(&other.public).await, Err(Refusal::Signature), "{algorithm:?}");
        }
        let rsa = include_str!("../../crates/identity/tests/keys/test-only-rsa-2048-private.pem");
        let public = include_str!("../../crates/identity/tests/keys/test-only-rsa-2048-public.pem");
        let token = Signer::read(rsa).unwrap().token(&claims).unwrap();
        let settings = Settings::new("i", "a", Keys::Pem(vec![public.to_owned()]));
        assert!(Verifier::new(settings).unwrap().verify(&token, now).await.is_ok());
        for (wrong, expected) in [
            ("", "generate-keys"),
            (public, "generate-keys"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "Ed25519"),
        ] {
            let refused = Signer::read(wrong).err().unwrap().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
