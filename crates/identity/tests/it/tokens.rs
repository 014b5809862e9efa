//! Which tokens are accepted, and which changes to one make it refused.

use ring::{
    hmac,
    signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey},
};
use serde_json::json;
use tasker_identity::{Keys, Refusal, Settings, SettingsError, Verifier};

use crate::sign::{
    AUDIENCE, ED25519_PEM, ISSUER, P256_PEM, RSA_PEM, claims, encode, settings, signature, token, token_by,
    token_of, verifier, verify,
};

const ALGORITHMS: [&str; 3] = ["RS256", "ES256", "EdDSA"];

#[test]
fn tokens_of_every_default_algorithm_pass() {
    for algorithm in ALGORITHMS {
        let identity = verify(&verifier(), &token(algorithm, &claims())).unwrap();
        assert_eq!((identity.subject.as_str(), identity.issuer.as_str()), ("ada", ISSUER), "{algorithm}");
        let named = token_by("any", algorithm, &claims());
        assert!(verify(&verifier(), &named).is_ok(), "{algorithm}: a `kid` does not matter for PEM");
    }
    assert!(verify(&verifier(), &token("Ed25519", &claims())).is_ok(), "the newer name of EdDSA");
}

#[test]
fn an_algorithm_is_accepted_only_if_the_settings_allow_it() {
    let all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA"];
    for allowed in all {
        let verifier =
            Verifier::new(Settings { algorithms: vec![allowed.to_owned()], ..settings() }).unwrap();
        for algorithm in all {
            let verified = verify(&verifier, &token(algorithm, &claims())).map(|_| ());
            let expected = if algorithm == allowed { Ok(()) } else { Err(Refusal::Algorithm) };
            assert_eq!(verified, expected, "{algorithm} where {allowed} is allowed");
        }
    }
}

/// What is done to a token that passes.
struct Change {
    name: &'static str,
    token: String,
    refusal: Refusal,
}

fn changes(algorithm: &str) -> Vec<Change> {
    let good = token(algorithm, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signed] = parts[..] else { panic!("{good}") };
    let object = || Refusal::Malformed("a part is not a JSON object, or has a member twice");
    let base64 = || Refusal::Malformed("a part is not base64url without padding");
    let three = || Refusal::Malformed("it does not have three parts");
    let change = |name, token, refusal| Change { name, token, refusal };
    let with_header =
        |header: serde_json::Value| token_of(algorithm, &header.to_string(), claims().to_string());
    let with_payload =
        |payload: &[u8]| token_of(algorithm, &json!({ "alg": algorithm }).to_string(), payload);
    let hmac = |key: &str, name: &str| {
        let message = format!("{}.{payload}", encode(json!({ "alg": name }).to_string()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        format!("{message}.{}", encode(hmac::sign(&key, message.as_bytes())))
    };
    let unsigned = |name: &str| format!("{}.{payload}", encode(json!({ "alg": name }).to_string()));
    let text = claims().to_string();
    let inside = &text[1..text.len() - 1];
    let other = claims().to_string().replace("ada", "eve");
    let wrong = {
        let mut bytes = signature(algorithm, format!("{header}.{payload}").as_bytes());
        bytes[7] ^= 1;
        encode(bytes)
    };
    let elsewhere = signature(algorithm, b"another message");
    let mut changes = vec![
        change("alg none without signature", format!("{}.", unsigned("none")), Refusal::Algorithm),
        change("alg none with the signature", format!("{}.{signed}", unsigned("none")), Refusal::Algorithm),
        change("alg nOnE", format!("{}.", unsigned("nOnE")), Refusal::Algorithm),
        change("an unknown alg", format!("{}.{signed}", unsigned("RS1")), Refusal::Algorithm),
        change("an alg in lower case", format!("{}.{signed}", unsigned("rs256")), Refusal::Algorithm),
        change("HS256 with the RSA PEM", hmac(RSA_PEM, "HS256"), Refusal::Algorithm),
        change("HS256 with the trimmed RSA PEM", hmac(RSA_PEM.trim(), "HS256"), Refusal::Algorithm),
        change("HS256 with the P-256 PEM", hmac(P256_PEM, "HS256"), Refusal::Algorithm),
        change("HS256 with the Ed25519 PEM", hmac(ED25519_PEM, "HS256"), Refusal::Algorithm),
        change("no alg", with_header(json!({})), Refusal::Malformed("its header has no text `alg`")),
        change(
            "alg as a list",
            with_header(json!({ "alg": [algorithm] })),
            Refusal::Malformed("its header has no text `alg`"),
        ),
        change(
            "kid as a number",
            with_header(json!({ "alg": algorithm, "kid": 1 })),
            Refusal::Malformed("`kid` in its header is not a text"),
        ),
        change(
            "an unknown crit",
            with_header(json!({ "alg": algorithm, "crit": ["x"], "x": 1 })),
            Refusal::Critical,
        ),
        change(
            "a known crit",
            with_header(json!({ "alg": algorithm, "crit": ["b64"], "b64": true })),
            Refusal::Critical,
        ),
        change("an empty crit", with_header(json!({ "alg": algorithm, "crit": [] })), Refusal::Critical),
        change("another payload", format!("{header}.{}.{signed}", encode(&other)), Refusal::Signature),
        change("a changed signature", format!("{header}.{payload}.{wrong}"), Refusal::Signature),
        change("another signature", format!("{header}.{payload}.{}", encode(elsewhere)), Refusal::Signature),
        change("no signature", format!("{header}.{payload}."), Refusal::Signature),
        change("zeros as signature", format!("{header}.{payload}.{}", encode([0; 64])), Refusal::Signature),
        change(
            "another header",
            format!("{}.{payload}.{signed}", encode(json!({ "alg": algorithm, "a": 1 }).to_string())),
            Refusal::Signature,
        ),
        change("an empty text", String::new(), three()),
        change("two parts", format!("{header}.{payload}"), three()),
        change("a dot at the end", format!("{good}."), three()),
        change("a dot at the start", format!(".{good}"), three()),
        change("four parts", format!("{good}.{signed}"), three()),
        change("five parts", format!("{header}..{payload}..{signed}"), three()),
        change("an empty payload", format!("{header}..{signed}"), Refusal::Signature),
        change("an empty header", format!(".{payload}.{signed}"), object()),
        change("padding", format!("{header}.{payload}.{signed}=="), base64()),
        change("a space", format!("{good} "), base64()),
        change("a line end", format!("{good}\n"), base64()),
        change("standard base64", format!("{header}.{payload}.+/{signed}"), base64()),
        change("a header that is no base64", format!("!.{payload}.{signed}"), base64()),
        change("Bearer", format!("Bearer {good}"), base64()),
        change("a payload that is an array", with_payload(b"[1]"), object()),
        change("a payload that is a text", with_payload(b"\"x\""), object()),
        change("a payload that is null", with_payload(b"null"), object()),
        change("a payload that is no JSON", with_payload(b"hello"), object()),
        change("a payload that is no UTF-8", with_payload(b"{\"sub\":\"\xff\"}"), object()),
        change("more after the payload", with_payload(format!("{text}{{}}").as_bytes()), object()),
        change(
            "a duplicate claim",
            with_payload(format!("{{{inside},\"sub\":\"eve\"}}").as_bytes()),
            object(),
        ),
        change(
            "an escaped duplicate",
            with_payload(format!("{{{inside},\"s\\u0075b\":\"eve\"}}").as_bytes()),
            object(),
        ),
        change(
            "a duplicate inside",
            with_payload(format!("{{{inside},\"a\":[{{\"b\":1,\"b\":2}}]}}").as_bytes()),
            object(),
        ),
        change(
            "a deep payload",
            with_payload(format!("{{{inside},\"a\":{}}}", "[".repeat(2000)).as_bytes()),
            object(),
        ),
        change("a header that is an array", token_of(algorithm, "[]", &text), object()),
        change(
            "a duplicate in the header",
            token_of(algorithm, &format!(r#"{{"alg":"none","alg":"{algorithm}"}}"#), &text),
            object(),
        ),
        change(
            "a long token",
            with_payload(format!("{{{inside},\"x\":\"{}\"}}", "x".repeat(7000)).as_bytes()),
            Refusal::TooLong,
        ),
    ];
    for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
        // The header of one algorithm with the signature of another.
        let header = json!({ "alg": other }).to_string();
        changes.push(change(
            "a header of another algorithm",
            token_of(algorithm, &header, &text),
            Refusal::Signature,
        ));
    }
    changes
}

#[test]
fn every_change_to_a_token_makes_it_refused() {
    let verifier = verifier();
    for algorithm in ALGORITHMS {
        for Change { name, token: changed, refusal } in changes(algorithm) {
            assert!(verify(&verifier, &token(algorithm, &claims())).is_ok(), "{algorithm}: before {name}");
            assert_eq!(verify(&verifier, &changed), Err(refusal), "{algorithm}: {name}");
        }
    }
}

#[test]
fn a_token_has_at_most_8_kib() {
    let mut claims = claims();
    claims["x"] = json!("");
    let length = |claims: &serde_json::Value| token("EdDSA", claims).len();
    while length(&claims) < 8 * 1024 {
        let more = (8 * 1024 - length(&claims)) / 2 + 1;
        claims["x"] = json!("x".repeat(claims["x"].as_str().unwrap().len() + more));
    }
    while length(&claims) > 8 * 1024 {
        claims["x"] = json!("x".repeat(claims["x"].as_str().unwrap().len() - 1));
    }
    assert!(length(&claims) > 8 * 1024 - 3);
    assert!(verify(&verifier(), &token("EdDSA", &claims)).is_ok());
    claims["x"] = json!("x".repeat(claims["x"].as_str().unwrap().len() + 2));
    assert_eq!(verify(&verifier(), &token("EdDSA", &claims)), Err(Refusal::TooLong));
}

#[test]
fn an_alg_must_fit_the_key() {
    for (pem, fitting) in [(RSA_PEM, "RS256"), (P256_PEM, "ES256"), (ED25519_PEM, "EdDSA")] {
        let settings = Settings::new(ISSUER, AUDIENCE, Keys::Pem(vec![pem.to_owned()]));
        let verifier = Verifier::new(settings).unwrap();
        for algorithm in ALGORITHMS {
            let verified = verify(&verifier, &token(algorithm, &claims())).map(|_| ());
            let expected = if algorithm == fitting { Ok(()) } else { Err(Refusal::UnfitKey) };
            assert_eq!(verified, expected, "{algorithm} with a key for {fitting}");
            // Signed by the key, but with another algorithm in the header.
            let header = json!({ "alg": algorithm }).to_string();
            let verified = verify(&verifier, &token_of(fitting, &header, claims().to_string())).map(|_| ());
            assert_eq!(verified, expected, "{algorithm} signed with {fitting}");
        }
    }
}

#[test]
fn keys_in_the_header_are_not_looked_at() {
    let own =
        json!({ "alg": "EdDSA", "jwk": crate::sign::jwk("x", "EdDSA"), "jku": "https://evil.example/" });
    let signed = token_of("EdDSA", &own.to_string(), claims().to_string());
    assert!(verify(&verifier(), &signed).is_ok(), "the key is configured");
    let rsa_only = Settings::new(ISSUER, AUDIENCE, Keys::Pem(vec![RSA_PEM.to_owned()]));
    assert_eq!(verify(&Verifier::new(rsa_only).unwrap(), &signed), Err(Refusal::UnfitKey));
}

#[test]
fn a_member_with_a_name_of_the_json_library_is_like_any_other() {
    let mut claims = claims();
    claims["permissions"] = json!({ "$serde_json::private::RawValue": "[\"tasks:read\"]" });
    let problem = verify(&verifier(), &token("EdDSA", &claims)).unwrap_err();
    assert!(matches!(problem, Refusal::Claim { .. }), "{problem}");
}

#[test]
fn a_key_of_1024_bits_is_refused() {
    let pem = include_str!("../keys/test-only-rsa-1024-public.pem");
    let signed = include_str!("../keys/test-only-rsa-1024.jwt");
    // The token itself is fine.
    let (message, signature) = signed.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, rsa_key(pem));
    key.verify(message.as_bytes(), &decode(signature)).unwrap();
    let refused =
        Verifier::new(Settings::new(ISSUER, AUDIENCE, Keys::Pem(vec![pem.to_owned()]))).unwrap_err();
    let SettingsError::Pem { number: 1, problem } = refused else { panic!("{refused}") };
    assert!(problem.contains("1024 bits"), "{problem}");
    assert_eq!(verify(&verifier(), signed), Err(Refusal::Signature));
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The `RSAPublicKey` at the end of a 1024-bit `PUBLIC KEY`.
pub(crate) fn rsa_key(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let bytes = decode(&body.replace('+', "-").replace('/', "_").replace('=', ""));
    bytes[22..].to_vec()
}
