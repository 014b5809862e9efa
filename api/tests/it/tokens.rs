//! Tokens of an identity provider: who they name, and what those may do.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chrono::Utc;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use tasker_api::{Authentication, Tokens};
use tasker_identity::{Document, FetchError, Keys, Settings, Source, Verifier};

use crate::server::{Answer, Server};

const ISSUER: &str = "https://idp.example";
const AUDIENCE: &str = "tasker";

/// An identity provider with one key.
struct Provider(Ed25519KeyPair);

impl Provider {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    /// The public key in PEM.
    fn pem(&self) -> String {
        // The algorithm's identifier (RFC 8410), then the key.
        let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        der.extend(self.0.public_key().as_ref());
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
    }

    /// A token for Ada with these claims beside those that every token has.
    fn token(&self, claims: &Value) -> String {
        let now = Utc::now().timestamp();
        let mut payload = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "email": "ada@example.com", "email_verified": true, "iat": now, "exp": now + 600,
        });
        payload.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&json!({ "alg": "EdDSA", "typ": "JWT" })), encode(&payload));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn tokens(&self, is_strict: bool) -> Authentication {
        let verifier = Verifier::new(Settings::new(ISSUER, AUDIENCE, Keys::Pem(vec![self.pem()]))).unwrap();
        let roles = BTreeMap::from([
            ("ops".to_owned(), vec!["operator".to_owned(), "keys:read".to_owned()]),
            ("viewer".to_owned(), vec!["tasks:list@shop".to_owned()]),
        ]);
        Authentication::Own(Some(Arc::new(Tokens::new(verifier, roles, is_strict).unwrap())))
    }
}

impl Server {
    async fn with_token(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// The permissions of a token, or the status of the refusal.
    async fn permissions(&self, token: &str) -> Result<Vec<(String, Value)>, StatusCode> {
        let answer = self.with_token(token, "GET", "/v1/me", "").await;
        match answer.status {
            StatusCode::OK => {
                let permissions = answer.body["permissions"].as_object().unwrap().clone();
                Ok(permissions.into_iter().collect())
            }
            status => Err(status),
        }
    }
}

#[tokio::test]
async fn a_token_names_a_user_whom_the_audit_names_too() {
    let provider = Provider::new();
    let server = Server::start_with(provider.tokens(true)).await;
    let token = provider.token(&json!({ "roles": ["ops", "offline_access"] }));
    let me = server.with_token(&token, "GET", "/v1/me", "").await;
    assert_eq!(me.body["principal"], json!({ "kind": "user", "name": "ada@example.com", "id": "u-1" }));
    let created = server.with_token(&token, "POST", "/v1/tasks", r#"{"name":"order"}"#).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    let path = format!("/v1/tasks/{}", created.body["task_id"].as_str().unwrap());
    let pause = server.with_token(&token, "PATCH", &path, r#"{"action":"pause","actor":"grace"}"#).await;
    assert_eq!(pause.status, StatusCode::OK, "{pause:?}");
    let audit = server.with_token(&token, "GET", &format!("{path}/audit"), "").await;
    let actors: Vec<&str> = audit.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["actor"].as_str().unwrap())
        .collect();
    assert!(
        actors.iter().all(|actor| !actor.contains("grace") || *actor == "user:ada@example.com/u-1 for grace"),
        "{actors:?}"
    );
    let task = server.with_token(&token, "GET", &path, "").await;
    assert_eq!(task.body["initiator"], "user:ada@example.com/u-1", "{task:?}");
    let unverified = provider.token(&json!({ "email_verified": false }));
    let me = server.with_token(&unverified, "GET", "/v1/me", "").await;
    assert_eq!(me.body["principal"]["name"], "u-1", "an address that nobody has verified is no name");
    assert_eq!(
        server.with_token(&token, "POST", "/v1/keys", r#"{"name":"k"}"#).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn what_a_token_grants_comes_from_its_claims() {
    let provider = Provider::new();
    let server = Server::start_with(provider.tokens(true)).await;
    let granted = async |claims: Value| server.permissions(&provider.token(&claims)).await;
    let named = |permissions: &[&str], scope: &Value| -> Vec<(String, Value)> {
        permissions.iter().map(|name| ((*name).to_owned(), scope.clone())).collect()
    };
    assert_eq!(granted(json!({})).await, Ok(Vec::new()), "a token without claims may do nothing");
    assert_eq!(
        granted(json!({ "permissions": "tasks:read tasks:list" })).await,
        Ok(named(&["tasks:list", "tasks:read"], &Value::Null))
    );
    // A role of the settings takes the place of the built-in one.
    assert_eq!(granted(json!({ "roles": ["viewer"] })).await, Ok(named(&["tasks:list"], &json!(["shop"]))));
    let limited = granted(json!({ "roles": ["submitter"], "namespaces": ["shop"] })).await.unwrap();
    assert!(limited.contains(&("tasks:create".to_owned(), json!(["shop"]))), "{limited:?}");
    assert!(!limited.iter().any(|(name, _)| name == "events:send"), "{limited:?}");
    assert_eq!(granted(json!({ "roles": ["ops"], "namespaces": [] })).await, Ok(Vec::new()));
    assert_eq!(granted(json!({ "permissions": ["tasks:raed"] })).await, Err(StatusCode::UNAUTHORIZED));
    let lenient = Server::start_with(provider.tokens(false)).await;
    let token = provider.token(&json!({ "permissions": ["tasks:raed", "tasks:read"] }));
    assert_eq!(lenient.permissions(&token).await, Ok(named(&["tasks:read"], &Value::Null)));
}

#[tokio::test]
async fn a_refused_token_learns_no_reason_and_keys_still_work() {
    let (provider, other) = (Provider::new(), Provider::new());
    let server = Server::start_with(provider.tokens(true)).await;
    let good = provider.token(&json!({ "roles": ["ops"] }));
    assert!(server.permissions(&good).await.is_ok());
    let past = Utc::now().timestamp() - 60;
    let mut answers = Vec::new();
    for token in [
        other.token(&json!({ "roles": ["ops"] })),
        provider.token(&json!({ "aud": "another" })),
        provider.token(&json!({ "iss": "https://evil.example" })),
        provider.token(&json!({ "exp": past, "iat": past - 600 })),
        provider.token(&json!({ "exp": Utc::now().timestamp() + 90_000 })),
        good[..good.len() - 4].to_owned(),
        "x".to_owned(),
        "x".repeat(9000),
    ] {
        let answer = server.with_token(&token, "GET", "/v1/me", "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
        answers.push(answer.body["detail"].clone());
    }
    answers.dedup();
    assert_eq!(answers, ["the token is not valid"]);
    // A token that was good a moment ago ends when it expires.
    let brief = provider.token(&json!({ "roles": ["ops"], "exp": Utc::now().timestamp() + 2 }));
    assert!(server.permissions(&brief).await.is_ok());
    let begun = std::time::Instant::now();
    while server.permissions(&brief).await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "an expired token is accepted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let nothing = server.get("/v1/me").await;
    assert_eq!(
        (nothing.status, nothing.headers["www-authenticate"].to_str().unwrap()),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
    let key = server.key("viewer", None).await;
    assert!(server.permissions(&key).await.is_ok());
}

/// An identity provider that does not respond.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl Source for Silent {
    async fn fetch(&self) -> Result<Document, FetchError> {
        Err(FetchError::new("no response".to_owned()))
    }
}

#[tokio::test]
async fn without_the_providers_keys_tokens_wait_and_health_says_so() {
    let keys = Keys::Jwks {
        url: "https://idp.example/keys".to_owned(),
        refresh: Duration::from_secs(3600),
        max_stale: Duration::from_secs(3600),
        allow_private: Vec::new(),
    };
    let verifier = Verifier::with_source(Settings::new(ISSUER, AUDIENCE, keys), Arc::new(Silent)).unwrap();
    let tokens = Tokens::new(verifier, BTreeMap::new(), true).unwrap();
    let server = Server::start_with(Authentication::Own(Some(Arc::new(tokens)))).await;
    let answer = server.with_token(&Provider::new().token(&json!({})), "GET", "/v1/me", "").await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("auth_unavailable"))
    );
    let key = server.key("operator", None).await;
    let health = server.with_token(&key, "GET", "/health/detailed", "").await;
    assert!(health.body["tokens"].as_str().unwrap().contains("idp.example"), "{health:?}");
}
