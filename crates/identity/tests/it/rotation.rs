//! Keys of a URL come and go: which tokens pass, and how often the set is fetched.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tasker_identity::{Document, FetchError, Identity, Keys, Refusal, Settings, Source, Verifier};

use crate::{
    sign::{AUDIENCE, ISSUER, NOW, at, claims, encode, jwk, token, token_by},
    tokens::rsa_key,
};

/// A set that a test changes. None: it cannot be fetched.
#[derive(Debug, Default)]
struct Set {
    keys: Mutex<Option<Value>>,
    fetches: Mutex<usize>,
}

impl Set {
    fn publish(&self, keys: Value) {
        *self.keys.lock().unwrap() = Some(keys);
    }

    fn fail(&self) {
        *self.keys.lock().unwrap() = None;
    }

    fn fetches(&self) -> usize {
        *self.fetches.lock().unwrap()
    }
}

#[async_trait]
impl Source for Set {
    async fn fetch(&self) -> Result<Document, FetchError> {
        *self.fetches.lock().unwrap() += 1;
        let keys = self.keys.lock().unwrap().clone();
        let keys = keys.ok_or_else(|| FetchError::new("no connection"))?;
        Ok(Document { body: json!({ "keys": keys }).to_string().into_bytes(), max_age: None })
    }
}

fn verifier(keys: Value) -> (Arc<Set>, Verifier) {
    let set = Arc::new(Set::default());
    set.publish(keys);
    let settings = Settings::new(ISSUER, AUDIENCE, Keys::jwks("https://login.example.com/keys"));
    (set.clone(), Verifier::with_source(settings, set).unwrap())
}

/// A token that is valid at this many seconds after the time of the tests.
fn claims_at(seconds: u64) -> Value {
    let mut claims = claims();
    claims["iat"] = json!(NOW + seconds);
    claims["exp"] = json!(NOW + seconds + 3600);
    claims
}

async fn verify(verifier: &Verifier, kid: &str, algorithm: &str, seconds: u64) -> Result<Identity, Refusal> {
    verifier.verify(&token_by(kid, algorithm, &claims_at(seconds)), at(NOW + seconds)).await
}

#[tokio::test]
async fn a_kid_picks_the_key_and_without_one_every_fitting_key_is_tried() {
    let other = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode([7; 32]), "kid": "other" });
    let keys = json!([other, jwk("rsa", "RS256"), jwk("p256", "ES256"), jwk("ed25519", "EdDSA")]);
    let (set, verifier) = verifier(keys);
    for (kid, algorithm) in [("rsa", "RS256"), ("p256", "ES256"), ("ed25519", "EdDSA")] {
        assert!(verify(&verifier, kid, algorithm, 0).await.is_ok(), "{kid}");
        let unnamed = verifier.verify(&token(algorithm, &claims()), at(NOW)).await;
        assert!(unnamed.is_ok(), "{algorithm} without `kid`");
    }
    assert_eq!(verify(&verifier, "other", "EdDSA", 0).await, Err(Refusal::Signature));
    assert_eq!(verify(&verifier, "rsa", "EdDSA", 0).await, Err(Refusal::UnfitKey));
    assert_eq!(set.fetches(), 1);
    assert_eq!(verify(&verifier, "RSA", "RS256", 0).await, Err(Refusal::UnknownKey));
}

#[tokio::test]
async fn a_key_is_for_its_own_algorithm_only() {
    let keys = json!([jwk("rsa", "PS256")]);
    let set = Arc::new(Set::default());
    set.publish(keys);
    let mut settings = Settings::new(ISSUER, AUDIENCE, Keys::jwks("https://login.example.com/keys"));
    settings.algorithms = vec!["RS256".to_owned(), "PS256".to_owned()];
    let verifier = Verifier::with_source(settings, set).unwrap();
    assert!(verify(&verifier, "rsa", "PS256", 0).await.is_ok());
    assert_eq!(verify(&verifier, "rsa", "RS256", 0).await, Err(Refusal::UnfitKey));
}

#[tokio::test]
async fn a_new_key_works_within_one_request() {
    let (set, verifier) = verifier(json!([jwk("old", "RS256")]));
    assert!(verify(&verifier, "old", "RS256", 0).await.is_ok());
    set.publish(json!([jwk("old", "RS256"), jwk("new", "ES256")]));
    assert!(verify(&verifier, "new", "ES256", 10).await.is_ok());
    assert!(verify(&verifier, "old", "RS256", 10).await.is_ok(), "both are published");
    assert_eq!(set.fetches(), 2);
}

#[tokio::test]
async fn a_removed_key_is_refused_from_then_on() {
    let (set, verifier) = verifier(json!([jwk("old", "RS256")]));
    assert!(verify(&verifier, "old", "RS256", 0).await.is_ok());
    set.publish(json!([jwk("new", "ES256")]));
    assert!(verify(&verifier, "old", "RS256", 2879).await.is_ok(), "it is not known yet");
    assert_eq!(verify(&verifier, "old", "RS256", 2880).await, Err(Refusal::UnknownKey));
    assert!(verify(&verifier, "new", "ES256", 2880).await.is_ok());
    set.publish(json!([]));
    assert_eq!(verify(&verifier, "new", "ES256", 2 * 2880).await, Err(Refusal::UnknownKey));
}

#[tokio::test]
async fn a_thousand_random_kids_cause_two_fetches() {
    let (set, verifier) = verifier(json!([jwk("known", "EdDSA")]));
    assert!(verify(&verifier, "known", "EdDSA", 0).await.is_ok());
    for number in 0..1000 {
        let refused = verify(&verifier, &format!("random {number}"), "EdDSA", 0).await;
        assert_eq!(refused, Err(Refusal::UnknownKey));
    }
    assert_eq!(set.fetches(), 2);
    assert!(verify(&verifier, "known", "EdDSA", 0).await.is_ok());
}

#[tokio::test]
async fn random_kids_cause_two_fetches_a_minute_whether_they_succeed_or_not() {
    for fails in [false, true] {
        let (set, verifier) = verifier(json!([jwk("known", "EdDSA")]));
        assert!(verify(&verifier, "known", "EdDSA", 0).await.is_ok());
        if fails {
            set.fail();
        }
        let token = |number: u64| token_by(&format!("random {number}"), "EdDSA", &claims());
        let mut at_start = vec![set.fetches()];
        for second in 0..300 {
            for part in 0..3 {
                let _ = verifier.verify(&token(second * 3 + part), at(NOW + second)).await;
            }
            at_start.push(set.fetches());
        }
        for minute in at_start.windows(60) {
            assert!(minute[59] - minute[0] <= 2, "{minute:?}");
        }
        assert!((5..=11).contains(&set.fetches()), "{}", set.fetches());
    }
}

#[tokio::test]
async fn a_kid_that_was_not_found_is_not_looked_for_again_for_five_minutes() {
    let (set, verifier) = verifier(json!([jwk("known", "EdDSA")]));
    assert!(verify(&verifier, "known", "EdDSA", 0).await.is_ok());
    for (seconds, fetches) in [(60, 2), (120, 2), (359, 2), (360, 3), (361, 3)] {
        assert_eq!(verify(&verifier, "gone", "EdDSA", seconds).await, Err(Refusal::UnknownKey));
        assert_eq!(set.fetches(), fetches, "{seconds}");
    }
}

#[tokio::test]
async fn a_failed_fetch_keeps_the_keys_until_they_are_too_stale() {
    let (set, verifier) = verifier(json!([jwk("a", "EdDSA")]));
    assert!(verify(&verifier, "a", "EdDSA", 0).await.is_ok());
    set.fail();
    // Due after 2,880 s, and in use for another hour.
    for seconds in [2880, 3000, 6480] {
        assert!(verify(&verifier, "a", "EdDSA", seconds).await.is_ok(), "{seconds}");
        assert_eq!(verifier.ready(at(NOW + seconds)), Ok(()));
    }
    assert_eq!(verify(&verifier, "b", "EdDSA", 6480).await, Err(Refusal::UnknownKey));
    assert_eq!(set.fetches(), 4);
    assert_eq!(verify(&verifier, "a", "EdDSA", 6481).await, Err(Refusal::Unavailable));
    let problem = verifier.ready(at(NOW + 6481)).unwrap_err().to_string();
    assert_eq!(problem, "the keys of https://login.example.com/keys are unavailable: no connection");
    set.publish(json!([jwk("a", "EdDSA")]));
    assert!(verify(&verifier, "a", "EdDSA", 6600).await.is_ok());
    assert_eq!(verifier.ready(at(NOW + 6600)), Ok(()));
}

#[tokio::test]
async fn a_kid_is_looked_for_again_after_a_failed_fetch() {
    let (set, verifier) = verifier(json!([jwk("old", "RS256")]));
    assert!(verify(&verifier, "old", "RS256", 0).await.is_ok());
    set.fail();
    assert_eq!(verify(&verifier, "new", "EdDSA", 100).await, Err(Refusal::UnknownKey));
    set.publish(json!([jwk("new", "EdDSA")]));
    assert_eq!(verify(&verifier, "new", "EdDSA", 129).await, Err(Refusal::UnknownKey));
    assert!(verify(&verifier, "new", "EdDSA", 130).await.is_ok());
}

#[tokio::test]
async fn an_unusable_document_is_a_failed_fetch() {
    let (set, verifier) = verifier(json!([jwk("a", "EdDSA")]));
    assert!(verify(&verifier, "a", "EdDSA", 0).await.is_ok());
    for document in [json!(null), json!({}), json!(vec![jwk("b", "EdDSA"); 51])] {
        set.publish(document.clone());
        assert!(verify(&verifier, "a", "EdDSA", 6480).await.is_ok(), "{document}");
    }
    assert_eq!(verify(&verifier, "a", "EdDSA", 6481).await, Err(Refusal::Unavailable));
}

#[tokio::test]
async fn keys_that_were_never_fetched_are_unavailable() {
    let (set, verifier) = verifier(json!([]));
    set.fail();
    assert!(verifier.ready(at(NOW)).unwrap_err().to_string().contains("have not been fetched yet"));
    for _ in 0..100 {
        assert_eq!(verify(&verifier, "a", "EdDSA", 0).await, Err(Refusal::Unavailable));
        let unnamed = verifier.verify(&token("EdDSA", &claims()), at(NOW)).await;
        assert_eq!(unnamed, Err(Refusal::Unavailable));
    }
    assert_eq!(set.fetches(), 1);
    set.publish(json!([jwk("a", "EdDSA")]));
    assert_eq!(verify(&verifier, "a", "EdDSA", 29).await, Err(Refusal::Unavailable));
    assert!(verify(&verifier, "a", "EdDSA", 30).await.is_ok());
}

#[tokio::test]
async fn a_token_that_no_key_could_verify_causes_no_fetch() {
    let (set, verifier) = verifier(json!([jwk("a", "EdDSA")]));
    let none = format!("{}.{}.", encode(r#"{"alg":"none","kid":"x"}"#), encode("{}"));
    for refused in ["", "a.b.c", none.as_str(), &token("RS512", &claims()), &"x".repeat(9000)] {
        assert!(verifier.verify(refused, at(NOW)).await.is_err(), "{refused}");
    }
    assert_eq!(set.fetches(), 0);
}

#[tokio::test]
async fn a_key_of_1024_bits_is_left_out_of_a_set() {
    let signed = include_str!("../keys/test-only-rsa-1024.jwt");
    let key = rsa_key(include_str!("../keys/test-only-rsa-1024-public.pem"));
    // SEQUENCE, INTEGER of 129 bytes whose first is 0, INTEGER 65537.
    let n = encode(&key[7..7 + 128]);
    let weak = json!({ "kty": "RSA", "n": n, "e": "AQAB", "kid": "rsa-1024" });
    let (_, verifier) = verifier(json!([weak, jwk("a", "EdDSA")]));
    assert!(verify(&verifier, "a", "EdDSA", 0).await.is_ok());
    assert_eq!(verifier.verify(signed, at(NOW)).await, Err(Refusal::UnknownKey));
}

#[tokio::test]
async fn the_age_that_the_response_says_counts() {
    #[derive(Debug)]
    struct Aged(Set);
    #[async_trait]
    impl Source for Aged {
        async fn fetch(&self) -> Result<Document, FetchError> {
            let document = self.0.fetch().await?;
            Ok(Document { max_age: Some(Duration::from_secs(600)), ..document })
        }
    }
    let aged = Arc::new(Aged(Set::default()));
    aged.0.publish(json!([jwk("a", "EdDSA")]));
    let settings = Settings::new(ISSUER, AUDIENCE, Keys::jwks("https://login.example.com/keys"));
    let verifier = Verifier::with_source(settings, aged.clone()).unwrap();
    for (seconds, fetches) in [(0, 1), (479, 1), (480, 2), (959, 2), (960, 3)] {
        assert!(verify(&verifier, "a", "EdDSA", seconds).await.is_ok());
        assert_eq!(aged.0.fetches(), fetches, "{seconds}");
    }
}
