//! Which settings no verifier is built from, and what the messages say.

use serde_json::json;
use tasker_identity::{ClaimNames, Keys, Settings, Verifier};

use crate::sign::{AUDIENCE, ISSUER, P256_PEM, settings};

fn problem(settings: Settings) -> String {
    Verifier::new(settings).unwrap_err().to_string()
}

#[test]
fn a_verifier_is_not_built_from_incomplete_settings() {
    assert!(Verifier::new(settings()).is_ok());
    let private = include_str!("../keys/test-only-p256-private.pem").to_owned();
    let certificate = include_str!("../keys/test-only-localhost-certificate.pem").to_owned();
    let algorithms =
        |name: &str| Settings { algorithms: vec!["ES256".to_owned(), name.to_owned()], ..settings() };
    let pem = |texts: Vec<String>| Settings { keys: Keys::Pem(texts), ..settings() };
    let jwks = |url: &str| Settings { keys: Keys::jwks(url), ..settings() };
    let name = ClaimNames { roles: String::new(), ..ClaimNames::default() };
    for (settings, expected) in [
        (Settings { issuer: String::new(), ..settings() }, "issuer of tokens is empty"),
        (Settings { audience: String::new(), ..settings() }, "audience of tokens is empty"),
        (Settings { algorithms: vec![], ..settings() }, "list of algorithms is empty"),
        (Settings { claims: name, ..settings() }, "name of a claim is empty"),
        (algorithms("HS256"), "`HS256` does not prove who signed"),
        (algorithms("none"), "`none` does not prove who signed"),
        (algorithms("ES512"), "`ES512` is unknown"),
        (algorithms("es256"), "`es256` is unknown"),
        (algorithms(""), "`` is unknown"),
        (pem(vec![]), "no public key"),
        (pem(vec![P256_PEM.to_owned(), "hello".to_owned()]), "public key 2: it contains no PEM block"),
        (pem(vec![private]), "public key 1: its block is a private key"),
        (pem(vec![certificate]), "its block is `CERTIFICATE`"),
        (pem(vec![P256_PEM.repeat(51)]), "there are 51 public keys"),
        (jwks("http://login.example.com/keys"), "must start with https://"),
        (jwks("http://169.254.169.254/"), "must start with https://"),
        (jwks("https://169.254.169.254/"), "metadata service"),
        (jwks("https://10.1.2.3/"), "`jwks_allow_private`"),
        (jwks("https://ada:secret@login.example.com/"), "a user name or password"),
        (jwks("https://ada:secret@login.example.com:99999/"), "is not a URL"),
        (jwks("login.example.com"), "is not a URL"),
        (jwks(""), "is not a URL"),
    ] {
        let problem = problem(settings);
        assert!(problem.contains(expected), "{problem} instead of {expected}");
        assert!(!problem.contains("secret"), "{problem}");
    }
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let defaults = Settings::new(ISSUER, AUDIENCE, Keys::jwks("https://login.example.com/keys"));
    assert_eq!(json!(defaults.algorithms), json!(["RS256", "ES256", "EdDSA"]));
    assert_eq!((defaults.leeway.as_secs(), defaults.max_lifetime.as_secs()), (30, 86_400));
    let Keys::Jwks { refresh, max_stale, allow_private, .. } = defaults.keys else { panic!() };
    assert_eq!((refresh.as_secs(), max_stale.as_secs(), allow_private.len()), (3600, 3600, 0));
}
