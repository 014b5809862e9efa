//! Which claims are accepted, and what is read from them.

use std::time::Duration;

use serde_json::{Value, json};
use tasker_identity::{ClaimNames, Identity, Refusal, Settings, Verifier};

use crate::sign::{ISSUER, NOW, at, claims, claims_with, settings, token, verifier, verify};

fn claim(name: &str, problem: &'static str) -> Refusal {
    Refusal::Claim { name: name.to_owned(), problem }
}

#[test]
fn claims_that_the_server_does_not_ask_for_are_refused() {
    let verifier = verifier();
    let no_time = "is not a time in seconds since 1970";
    for (name, value, refusal) in [
        ("iss", json!("https://login.example.com/"), Refusal::Issuer),
        ("iss", json!(""), Refusal::Issuer),
        ("iss", json!([ISSUER]), claim("iss", "is not a text")),
        ("iss", Value::Null, claim("iss", "is missing")),
        ("aud", json!("other"), Refusal::Audience),
        ("aud", json!("tasker other"), Refusal::Audience),
        ("aud", json!([]), Refusal::Audience),
        ("aud", json!(["other", "Tasker"]), Refusal::Audience),
        ("aud", json!(["tasker", 1]), claim("aud", "has an element that is not a text")),
        ("aud", json!({"tasker": true}), claim("aud", "is neither a text nor an array")),
        ("aud", Value::Null, claim("aud", "is missing")),
        ("exp", json!(NOW), Refusal::Expired),
        ("exp", json!(NOW - 1), Refusal::Expired),
        ("exp", json!(NOW as f64 + 0.9), Refusal::Expired),
        ("exp", json!(0), Refusal::Expired),
        ("exp", json!((NOW + 60).to_string()), claim("exp", no_time)),
        ("exp", json!(-1), claim("exp", no_time)),
        ("exp", json!(1e300), claim("exp", no_time)),
        ("exp", json!(u64::MAX), claim("exp", no_time)),
        ("exp", Value::Null, claim("exp", "is missing")),
        ("exp", json!(NOW + 24 * 3600 + 1), Refusal::Lifetime),
        ("exp", json!(253_402_300_799_u64), Refusal::Lifetime),
        ("iat", json!(NOW + 31), Refusal::Early("iat")),
        ("iat", json!(NOW - 23 * 3600 - 1), Refusal::Lifetime),
        ("iat", json!(0), Refusal::Lifetime),
        ("iat", json!("now"), claim("iat", no_time)),
        ("nbf", json!(NOW + 31), Refusal::Early("nbf")),
        ("nbf", json!([]), claim("nbf", no_time)),
        ("sub", json!(""), claim("sub", "is not a text, is empty or has control characters")),
        ("sub", json!("a\nb"), claim("sub", "is not a text, is empty or has control characters")),
        ("sub", json!(7), claim("sub", "is not a text, is empty or has control characters")),
        ("sub", Value::Null, claim("sub", "is missing")),
    ] {
        assert!(verify(&verifier, &token("EdDSA", &claims())).is_ok(), "before {name} {value}");
        let changed = token("EdDSA", &claims_with(name, value.clone()));
        assert_eq!(verify(&verifier, &changed), Err(refusal), "{name} {value}");
    }
}

#[test]
fn claims_at_the_edge_are_accepted() {
    let verifier = verifier();
    for (name, value) in [
        ("aud", json!(["other", "tasker"])),
        ("exp", json!(NOW + 1)),
        ("exp", json!(NOW + 24 * 3600)),
        ("exp", json!(NOW as f64 + 1.5)),
        ("iat", json!(NOW + 30)),
        ("iat", json!(NOW - 23 * 3600)),
        ("iat", Value::Null),
        ("nbf", json!(NOW + 30)),
        ("nbf", json!(0)),
    ] {
        let changed = token("EdDSA", &claims_with(name, value.clone()));
        assert!(verify(&verifier, &changed).is_ok(), "{name} {value}");
    }
    // Without `iat` the lifetime counts from now.
    let mut without = claims_with("iat", Value::Null);
    for (seconds, expected) in [(24 * 3600, Ok(())), (24 * 3600 + 1, Err(Refusal::Lifetime))] {
        without["exp"] = json!(NOW + seconds);
        assert_eq!(verify(&verifier, &token("EdDSA", &without)).map(|_| ()), expected, "{seconds}");
    }
}

#[test]
fn leeway_and_lifetime_are_settings() {
    let settings = Settings { leeway: Duration::ZERO, max_lifetime: Duration::from_secs(3600), ..settings() };
    let verifier = Verifier::new(settings).unwrap();
    assert!(verify(&verifier, &token("EdDSA", &claims())).is_ok());
    let early = token("EdDSA", &claims_with("nbf", json!(NOW + 1)));
    assert_eq!(verify(&verifier, &early), Err(Refusal::Early("nbf")));
    let long = token("EdDSA", &claims_with("iat", json!(NOW - 1)));
    assert_eq!(verify(&verifier, &long), Err(Refusal::Lifetime));
}

#[test]
fn an_identity_is_read() {
    let mut full = claims();
    full["email"] = json!("ada@example.com");
    full["email_verified"] = json!(true);
    full["permissions"] = json!("tasks:read tasks:create");
    full["roles"] = json!(["operator", "viewer"]);
    full["namespaces"] = json!(["shop"]);
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let expected = Identity {
        subject: "ada".to_owned(),
        email: Some("ada@example.com".to_owned()),
        display: "ada@example.com".to_owned(),
        issuer: ISSUER.to_owned(),
        permissions: texts(&["tasks:read", "tasks:create"]),
        roles: texts(&["operator", "viewer"]),
        namespaces: Some(texts(&["shop"])),
        expires_at: at(NOW + 3600),
    };
    assert_eq!(verify(&verifier(), &token("EdDSA", &full)), Ok(expected.clone()));
    let bare = Identity {
        email: None,
        display: "ada".to_owned(),
        permissions: vec![],
        roles: vec![],
        namespaces: None,
        ..expected
    };
    assert_eq!(verify(&verifier(), &token("EdDSA", &claims())), Ok(bare.clone()));
    for email in [json!(1), json!(""), json!("a\u{7}"), json!(["ada@example.com"])] {
        let odd = token("EdDSA", &claims_with("email", email));
        assert_eq!(verify(&verifier(), &odd), Ok(bare.clone()), "it is for display only");
    }
}

#[test]
fn absent_namespaces_are_all_and_empty_ones_are_none() {
    let namespaces = |value: Value| {
        let token = token("EdDSA", &claims_with("namespaces", value));
        verify(&verifier(), &token).map(|identity| identity.namespaces)
    };
    assert_eq!(namespaces(Value::Null), Ok(None));
    assert_eq!(namespaces(json!([])), Ok(Some(vec![])));
    assert_eq!(namespaces(json!("")), Ok(Some(vec![])));
    assert_eq!(namespaces(json!("shop")), Ok(Some(vec!["shop".to_owned()])));
    for odd in [json!({}), json!(0), json!(false), json!(["shop", 1]), json!([["shop"]]), json!([""])] {
        assert!(matches!(namespaces(odd.clone()), Err(Refusal::Claim { .. })), "{odd}");
    }
    let null = token("EdDSA", &{
        let mut claims = claims();
        claims["namespaces"] = Value::Null;
        claims
    });
    assert!(verify(&verifier(), &null).is_err(), "null is not the same as absent");
}

#[test]
fn the_names_of_claims_are_settings() {
    let names = ClaimNames {
        permissions: "https://tasker.example/permissions".to_owned(),
        roles: "realm_access.roles".to_owned(),
        namespaces: "cognito:groups".to_owned(),
    };
    let verifier = Verifier::new(Settings { claims: names, ..settings() }).unwrap();
    let mut claims = claims();
    claims["https://tasker.example/permissions"] = json!(["tasks:read"]);
    claims["realm_access"] = json!({ "roles": ["operator"] });
    claims["cognito:groups"] = json!(["shop"]);
    claims["permissions"] = json!(["ignored"]);
    let identity = verify(&verifier, &token("EdDSA", &claims)).unwrap();
    assert_eq!(identity.permissions, ["tasks:read"]);
    assert_eq!(identity.roles, ["operator"]);
    assert_eq!(identity.namespaces, Some(vec!["shop".to_owned()]));
}
