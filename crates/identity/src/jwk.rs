//! Reads a JSON Web Key Set (RFC 7517): the keys that can verify signatures. Others are left out.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use crate::key::{Key, KeySet, MAX_KEYS, PublicKey};

/// Why a document is not a key set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSet {
    #[error("it is not a JSON object with an array `keys`; set the URL of the key set (`jwks_uri`)")]
    Shape,
    #[error("it has {0} keys; at most {MAX_KEYS} are allowed")]
    TooMany(usize),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Reads a key set. `place` is its URL, for the log.
pub(crate) fn read(body: &[u8], place: &str) -> Result<KeySet, BadSet> {
    let set: Set = serde_json::from_slice(body).map_err(|_| BadSet::Shape)?;
    if set.keys.len() > MAX_KEYS {
        return Err(BadSet::TooMany(set.keys.len()));
    }
    let mut keys = Vec::new();
    for value in set.keys {
        match Jwk::deserialize(value).map_err(|error| error.to_string()).and_then(key) {
            Ok(Some(key)) => keys.push(key),
            Ok(None) => {}
            Err(problem) => tracing::warn!(url = place, problem, "a key of the set cannot be used"),
        }
    }
    Ok(KeySet(keys))
}

/// None for a key of another kind or purpose.
fn key(jwk: Jwk) -> Result<Option<Key>, String> {
    let other_use = jwk.purpose.is_some_and(|purpose| purpose != "sig");
    let other_operation =
        jwk.key_ops.is_some_and(|operations| !operations.iter().any(|name| name == "verify"));
    if other_use || other_operation {
        return Ok(None);
    }
    let algorithm = match jwk.alg.map(|name| name.parse()) {
        Some(Err(_)) => return Ok(None),
        Some(Ok(algorithm)) => Some(algorithm),
        None => None,
    };
    let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => PublicKey::rsa(&bytes("n", jwk.n)?, &bytes("e", jwk.e)?),
        ("EC", Some("P-256")) => {
            PublicKey::p256(&[&[4][..], &coordinate("x", jwk.x)?, &coordinate("y", jwk.y)?].concat())
        }
        ("OKP", Some("Ed25519")) => PublicKey::ed25519(&bytes("x", jwk.x)?),
        _ => return Ok(None),
    };
    let public = public.map_err(|problem| match &jwk.kid {
        Some(id) => format!("the key `{id}`: {problem}"),
        None => format!("a key without `kid`: {problem}"),
    })?;
    Ok(Some(Key { id: jwk.kid, algorithm, public }))
}

fn bytes(name: &str, text: Option<String>) -> Result<Vec<u8>, String> {
    let text = text.ok_or_else(|| format!("`{name}` is missing"))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| format!("`{name}` is not base64url without padding"))
}

/// A coordinate has its full length (RFC 7518, 6.2.1.2). Otherwise x and y could be cut elsewhere.
fn coordinate(name: &str, text: Option<String>) -> Result<Vec<u8>, String> {
    let bytes = bytes(name, text)?;
    if bytes.len() == 32 {
        Ok(bytes)
    } else {
        Err(format!("`{name}` has {} bytes instead of 32", bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(length: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xff; length])
    }

    fn ids(keys: &Value) -> Vec<String> {
        let set = read(json!({ "keys": keys }).to_string().as_bytes(), "test").unwrap();
        set.0.into_iter().map(|key| key.id.unwrap_or_default()).collect()
    }

    #[test]
    fn keys_that_verify_signatures_are_read_and_others_left_out() {
        let ok = |id: &str| json!({"kty": "OKP", "crv": "Ed25519", "x": text(32), "kid": id});
        let with = |id: &str, name: &str, value: Value| {
            let mut key = ok(id);
            key[name] = value;
            key
        };
        let keys = json!([
            {"kty": "RSA", "n": text(256), "e": "AQAB", "kid": "rsa", "use": "sig", "alg": "RS256", "x5c": ["AA=="]},
            {"kty": "EC", "crv": "P-256", "x": text(32), "y": text(32), "kid": "p256", "key_ops": ["verify"]},
            ok("ed25519"),
            {"kty": "OKP", "crv": "Ed25519", "x": text(32)},
            with("encryption", "use", json!("enc")),
            with("operations", "key_ops", json!(["sign"])),
            with("no operations", "key_ops", json!([])),
            with("odd operations", "key_ops", json!("verify")),
            with("algorithm", "alg", json!("RSA-OAEP")),
            with("symmetric", "alg", json!("HS256")),
            with("curve", "crv", json!("X25519")),
            with("kind", "kty", json!("AKP")),
            with("short", "x", json!(text(31))),
            with("padded", "x", json!("////")),
            {"kty": "oct", "k": text(32), "kid": "oct"},
            {"kty": "RSA", "n": text(128), "e": "AQAB", "kid": "rsa 1024"},
            {"kty": "RSA", "e": "AQAB", "kid": "no modulus"},
            {"kty": "EC", "crv": "P-256", "x": text(31), "y": text(33), "kid": "cut elsewhere"},
            {"kty": "EC", "crv": "P-384", "x": text(48), "y": text(48), "kid": "p384"},
            {"kid": "no kind"},
            "text",
            null,
        ]);
        assert_eq!(ids(&keys), ["rsa", "p256", "ed25519", ""]);
        assert_eq!(ids(&json!([])), [""; 0]);
    }

    #[test]
    fn a_document_that_is_no_key_set_is_refused() {
        for body in ["", "<html>", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": null}"#, "{\"keys\": []} x"] {
            assert_eq!(read(body.as_bytes(), "test"), Err(BadSet::Shape), "{body}");
        }
        let many = |count: usize| json!({"keys": vec![json!({"kty": "oct"}); count]}).to_string();
        assert_eq!(read(many(MAX_KEYS).as_bytes(), "test"), Ok(KeySet::default()));
        assert_eq!(read(many(MAX_KEYS + 1).as_bytes(), "test"), Err(BadSet::TooMany(MAX_KEYS + 1)));
    }
}
