//! What tests sign tokens with. The keys are made for these tests and used nowhere else.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
        RsaKeyPair,
    },
};
use serde_json::{Value, json};
use tasker_identity::{Identity, Keys, Refusal, Settings, Verifier};

pub(crate) const ISSUER: &str = "https://login.example.com";
pub(crate) const AUDIENCE: &str = "tasker";
/// The time of all tests, in seconds since 1970.
pub(crate) const NOW: u64 = 2_000_000_000;

pub(crate) const RSA_PEM: &str = include_str!("../keys/test-only-rsa-2048-public.pem");
pub(crate) const P256_PEM: &str = include_str!("../keys/test-only-p256-public.pem");
pub(crate) const ED25519_PEM: &str = include_str!("../keys/test-only-ed25519-public.pem");

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pkcs8(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| {
    RsaKeyPair::from_pkcs8(&pkcs8(include_str!("../keys/test-only-rsa-2048-private.pem"))).unwrap()
});
static P256: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let key = pkcs8(include_str!("../keys/test-only-p256-private.pem"));
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &SystemRandom::new()).unwrap()
});
static ED25519: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let key = pkcs8(include_str!("../keys/test-only-ed25519-private.pem"));
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key).unwrap()
});

/// The signature of a message by the key of an algorithm.
pub(crate) fn signature(algorithm: &str, message: &[u8]) -> Vec<u8> {
    let rsa = |encoding: &'static dyn RsaEncoding| {
        let mut signature = vec![0; RSA.public().modulus_len()];
        RSA.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    };
    match algorithm {
        "RS256" => rsa(&RSA_PKCS1_SHA256),
        "RS384" => rsa(&RSA_PKCS1_SHA384),
        "RS512" => rsa(&RSA_PKCS1_SHA512),
        "PS256" => rsa(&RSA_PSS_SHA256),
        "PS384" => rsa(&RSA_PSS_SHA384),
        "PS512" => rsa(&RSA_PSS_SHA512),
        "ES256" => P256.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
        "EdDSA" | "Ed25519" => ED25519.sign(message).as_ref().to_vec(),
        other => panic!("nothing signs with {other}"),
    }
}

/// A token of two texts, which may be no JSON.
pub(crate) fn token_of(algorithm: &str, header: &str, payload: impl AsRef<[u8]>) -> String {
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature = signature(algorithm, message.as_bytes());
    format!("{message}.{}", encode(signature))
}

/// A token with a header of `alg` only.
pub(crate) fn token(algorithm: &str, claims: &Value) -> String {
    token_of(algorithm, &json!({ "alg": algorithm }).to_string(), claims.to_string())
}

/// A token with a `kid`.
pub(crate) fn token_by(kid: &str, algorithm: &str, claims: &Value) -> String {
    token_of(algorithm, &json!({ "alg": algorithm, "kid": kid }).to_string(), claims.to_string())
}

/// Claims that are accepted, valid for an hour.
pub(crate) fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": NOW, "exp": NOW + 3600 })
}

/// The accepted claims with another one. `null` removes it.
pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let object = claims.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name)
    } else {
        object.insert(name.to_owned(), value)
    };
    claims
}

/// The public key of an algorithm as a JWK.
pub(crate) fn jwk(kid: &str, algorithm: &str) -> Value {
    match algorithm {
        "ES256" => {
            let point = P256.public_key().as_ref();
            let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
            json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig" })
        }
        "EdDSA" => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(ED25519.public_key()), "kid": kid }),
        _ => {
            let key: PublicKeyComponents<Vec<u8>> = RSA.public().into();
            json!({ "kty": "RSA", "n": encode(key.n), "e": encode(key.e), "kid": kid, "alg": algorithm })
        }
    }
}

pub(crate) fn settings() -> Settings {
    let pem = [RSA_PEM, P256_PEM, ED25519_PEM].map(str::to_owned).to_vec();
    Settings::new(ISSUER, AUDIENCE, Keys::Pem(pem))
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new(settings()).unwrap()
}

/// Verifies a token at the time of the tests with keys that need no fetch.
pub(crate) fn verify(verifier: &Verifier, token: &str) -> Result<Identity, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(verifier.verify(token, at(NOW)))
}
