//! Random texts and random changes: nothing panics, and nothing but a signed token passes.

use std::sync::LazyLock;

use proptest::{
    collection::{hash_map, vec},
    prelude::*,
};
use serde_json::{Value, json};
use tasker_identity::Verifier;

use crate::sign::{claims, encode, token, token_of, verifier, verify};

static VERIFIER: LazyLock<Verifier> = LazyLock::new(verifier);
static TOKENS: LazyLock<Vec<String>> =
    LazyLock::new(|| ["RS256", "ES256", "EdDSA"].map(|name| token(name, &claims())).to_vec());

const CLAIMS: [&str; 10] =
    ["iss", "aud", "sub", "exp", "iat", "nbf", "email", "permissions", "roles", "namespaces"];

/// A change to a text of bytes.
#[derive(Debug, Clone)]
enum Change {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Cut(usize),
    Swap(usize, usize),
    Repeat(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..2000_usize;
    let byte = prop_oneof![any::<u8>(), proptest::sample::select(b"AZaz09-_.=+/ {}\"".to_vec())];
    prop_oneof![
        (at.clone(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (at.clone(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
        at.clone().prop_map(Change::Remove),
        at.clone().prop_map(Change::Cut),
        (at.clone(), at.clone()).prop_map(|(one, other)| Change::Swap(one, other)),
        (at.clone(), at).prop_map(|(from, length)| Change::Repeat(from, length)),
    ]
}

fn apply(text: &mut Vec<u8>, change: &Change) {
    if text.is_empty() {
        return;
    }
    let place = |at: usize| at % text.len();
    match *change {
        Change::Replace(at, byte) => {
            let at = place(at);
            text[at] = byte;
        }
        Change::Insert(at, byte) => text.insert(place(at), byte),
        Change::Remove(at) => drop(text.remove(place(at))),
        Change::Cut(at) => text.truncate(place(at)),
        Change::Swap(one, other) => {
            let (one, other) = (place(one), place(other));
            text.swap(one, other);
        }
        Change::Repeat(from, length) => {
            let from = place(from);
            let part = text[from..(from + length % 50).min(text.len())].to_vec();
            text.extend(part);
        }
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map("[a-c.]{0,3}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn random_texts_are_refused(bytes in vec(any::<u8>(), 0..400), text in ".{0,200}") {
        prop_assert!(verify(&VERIFIER, &String::from_utf8_lossy(&bytes)).is_err());
        prop_assert!(verify(&VERIFIER, &text).is_err());
        let three = format!("{}.{}.{}", encode(&bytes), encode(&text), encode(&bytes));
        prop_assert!(verify(&VERIFIER, &three).is_err());
    }

    #[test]
    fn random_signatures_are_refused(signature in vec(any::<u8>(), 0..300), which in 0..3_usize) {
        let (message, _) = TOKENS[which].rsplit_once('.').unwrap();
        let changed = format!("{message}.{}", encode(signature));
        prop_assert!(verify(&VERIFIER, &changed).is_err());
    }

    #[test]
    fn changed_tokens_are_refused(changes in vec(change(), 1..4), which in 0..3_usize) {
        let mut bytes = TOKENS[which].clone().into_bytes();
        for change in &changes {
            apply(&mut bytes, change);
        }
        let changed = String::from_utf8_lossy(&bytes);
        if changed == TOKENS[which] {
            prop_assert!(verify(&VERIFIER, &changed).is_ok());
        } else {
            prop_assert!(verify(&VERIFIER, &changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn signed_nonsense_does_not_panic(
        header in json(),
        values in hash_map(
            proptest::sample::select(CLAIMS.to_vec()),
            json(),
            0..3,
        ),
        payload in vec(any::<u8>(), 0..100),
    ) {
        let _ = verify(&VERIFIER, &token_of("EdDSA", &header.to_string(), claims().to_string()));
        let _ = verify(&VERIFIER, &token_of("EdDSA", r#"{"alg":"EdDSA"}"#, &payload));
        let mut claims = claims();
        for (name, value) in values {
            claims[name] = value;
        }
        let _ = verify(&VERIFIER, &token("EdDSA", &claims));
    }
}
