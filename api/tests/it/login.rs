//! Logins at an OpenID provider: a real one on this machine, and what attackers try.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    http::{Request, StatusCode, header::SET_COOKIE},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tasker_api::{Authentication, CALLBACK, Doors, Front, Login, PublicUrl};
use tasker_identity::{Keys, Provider, ProviderSettings, Settings};
use tasker_test_support::{CLIENT_ID, CLIENT_SECRET, OpenIdProvider};

use crate::{
    server::{Answer, Server},
    sessions::cookie_of,
};

const SITE: &str = "https://tasker.example";

fn settings(provider: &OpenIdProvider) -> ProviderSettings {
    let url: PublicUrl = SITE.parse().unwrap();
    let tokens = Settings::new("", "", Keys::Pem(Vec::new()));
    ProviderSettings {
        issuer: provider.issuer.clone(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.to_owned()),
        scopes: vec!["email".to_owned()],
        redirect_uri: url.to(CALLBACK),
        algorithms: tokens.algorithms,
        leeway: tokens.leeway,
        claims: tokens.claims,
        allow_private: vec!["127.0.0.1/32".parse().unwrap()],
        certificates: Some(std::fs::read_to_string(OpenIdProvider::certificates_path()).unwrap()),
    }
}

async fn server_with(settings: ProviderSettings) -> Server {
    let provider = Provider::new(settings).unwrap();
    let login = Login::new(provider, BTreeMap::new(), true, None).unwrap();
    let front =
        Front { public_url: Some(SITE.parse().unwrap()), login: Some(Arc::new(login)), ..Front::default() };
    Server::start_with(Doors { front, ..Authentication::Own(None).into() }).await
}

async fn server(provider: &OpenIdProvider) -> Server {
    server_with(settings(provider)).await
}

/// A browser's login under way: its cookie, and where it is sent.
struct Begun {
    cookie: String,
    url: String,
}

impl Server {
    async fn begin_login(&self, query: &str) -> Begun {
        let answer = self.get(&format!("/auth/login{query}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        assert_eq!(answer.headers["cache-control"], "no-store");
        Begun { cookie: cookie_of(&answer), url: answer.headers["location"].to_str().unwrap().to_owned() }
    }

    /// Comes back from the provider to `url`.
    async fn come_back(&self, url: &str, cookie: &str) -> Answer {
        let path = url.strip_prefix(SITE).unwrap_or_else(|| panic!("{url}"));
        self.request("GET", path, &[("cookie", cookie), ("sec-fetch-site", "cross-site")], &Value::Null).await
    }

    async fn sessions(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM tasker.sessions")
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }
}

/// Replaces a parameter of a URL.
fn with(url: &str, name: &str, value: &str) -> String {
    let (path, query) = url.split_once('?').unwrap();
    let parameters: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((known, _)) if known == name => format!("{name}={value}"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", parameters.join("&"))
}

/// The code in the page that asks whether a program may log in.
fn code_of(answer: &Answer) -> &str {
    let link = answer.text.split_once("href=\"http://127.0.0.1:4711/?code=");
    link.unwrap_or_else(|| panic!("{answer:?}")).1.split('"').next().unwrap()
}

fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (StatusCode::FORBIDDEN, &json!("login_refused")),
        "{what}: {answer:?}"
    );
    let cookies: Vec<_> = answer.headers.get_all(SET_COOKIE).into_iter().collect();
    assert!(
        cookies.iter().all(|cookie| cookie.to_str().unwrap().contains("Max-Age=0")),
        "{what}: {cookies:?}"
    );
}

#[tokio::test]
async fn a_user_logs_in_at_the_provider_and_gets_a_session() {
    let provider = OpenIdProvider::start();
    let server = server(&provider).await;
    assert_eq!(server.get("/v1/meta").await.body["logins"], json!(["key", "oidc"]));
    let begun = server.begin_login("?return_to=/console/%23/tasks").await;
    assert!(begun.cookie.starts_with("__Host-tasker-login="));
    let sealed = begun.cookie.split_once('=').unwrap().1;
    let state = begun.url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    assert!(!sealed.contains(state), "the browser cannot read it");
    let answer = server.come_back(&provider.log_in(&begun.url), &begun.cookie).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert_eq!(answer.headers["location"], "/console/#/tasks");
    let session = cookie_of(&answer);
    assert!(session.starts_with("__Host-tasker=tss_"), "{session}");
    let me = server.request("GET", "/v1/me", &[("cookie", &session)], &Value::Null).await;
    assert_eq!(me.body["principal"], json!({ "kind": "user", "name": "ada@example.com", "id": "u-1" }));
    assert!(
        me.body["permissions"].get("tasks:operate").is_some()
            && me.body["permissions"].get("keys:create").is_none()
    );
    let trail: (String, String, String) = sqlx::query_as(
        "SELECT path, principal, outcome FROM tasker.access_audit ORDER BY access_id DESC LIMIT 1",
    )
    .fetch_one(&server.database.pool)
    .await
    .unwrap();
    assert_eq!(trail, ("/auth/callback".to_owned(), "ada@example.com".to_owned(), "ok".to_owned()));
    // Without a wish, to the console.
    let begun = server.begin_login("").await;
    let answer = server.come_back(&provider.log_in(&begun.url), &begun.cookie).await;
    assert_eq!(answer.headers["location"], "https://tasker.example/console/");
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 1, "its description is kept");
}

#[tokio::test]
async fn an_answer_to_another_login_is_refused() {
    let provider = OpenIdProvider::start();
    let server = server(&provider).await;
    let (ada, eve) = (server.begin_login("").await, server.begin_login("").await);
    let (back, of_eve) = (provider.log_in(&ada.url), provider.log_in(&eve.url));
    for (what, url, cookie) in [
        ("no cookie", back.clone(), ""),
        ("a wrong state", with(&back, "state", "x"), ada.cookie.as_str()),
        ("eve's answer in ada's browser", of_eve.clone(), ada.cookie.as_str()),
        ("ada's answer with a cookie of eve's", back.clone(), eve.cookie.as_str()),
        ("another issuer", with(&back, "iss", "https://evil.example"), ada.cookie.as_str()),
        (
            "no issuer, though the provider names it",
            back.split("&iss=").next().unwrap().to_owned(),
            ada.cookie.as_str(),
        ),
        ("an error", format!("{}&error=access_denied", with(&back, "code", "")), ada.cookie.as_str()),
        ("no code", back.replace("code=", "c="), ada.cookie.as_str()),
        ("a cookie that is not sealed", back.clone(), "__Host-tasker-login=e30"),
    ] {
        assert_refused(&server.come_back(&url, cookie).await, what);
    }
    let mut changed = ada.cookie.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    assert_refused(&server.come_back(&back, &changed).await, "a changed cookie");
    let sealed = ada.cookie.split_once('=').unwrap().1;
    let twice = format!("{}; __Host-tasker-login={sealed}", ada.cookie);
    assert_refused(&server.come_back(&back, &twice).await, "two cookies of the name");
    assert_eq!(provider.asked("/token"), 0, "the provider is not asked");
    assert_eq!(server.sessions().await, 0);
    // The code of eve in the login of ada: she knows her own state and cookie, and the code is of another challenge.
    let of_eve_code = of_eve.split("code=").nth(1).unwrap().split('&').next().unwrap();
    assert_refused(&server.come_back(&with(&back, "code", of_eve_code), &ada.cookie).await, "another's code");
    let answer = server.come_back(&back, &ada.cookie).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert_refused(&server.come_back(&back, &ada.cookie).await, "the same answer again");
    assert_eq!(server.sessions().await, 1);
}

#[tokio::test]
async fn pages_that_send_browsers_back_without_a_login_hold_up_no_login() {
    let provider = OpenIdProvider::start();
    let server = server(&provider).await;
    let come_back = async |path: &str, cookie: &str| {
        let mut request = Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap();
        request.extensions_mut().insert(tasker_api::Peer("192.0.2.7".parse().unwrap()));
        server.call(request).await
    };
    let begun = server.begin_login("").await;
    for _ in 0..25 {
        assert_refused(&come_back("/auth/callback", "").await, "no cookie");
        assert_refused(&come_back("/auth/callback?code=a&state=b", &begun.cookie).await, "a wrong state");
    }
    let back = provider.log_in(&begun.url);
    let answer = come_back(back.strip_prefix(SITE).unwrap(), &begun.cookie).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
}

#[tokio::test]
async fn a_login_begins_at_the_public_url() {
    let provider = OpenIdProvider::start();
    let server = server(&provider).await;
    let begin = async |host: &str, query: &str| {
        server.request("GET", &format!("/auth/login{query}"), &[("host", host)], &Value::Null).await
    };
    for (query, with_mark) in
        [("", "?sent_here=1"), ("?return_to=/console/%23/tasks", "?return_to=/console/%23/tasks&sent_here=1")]
    {
        let answer = begin("10.0.0.1:8080", query).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
        assert_eq!(answer.headers["location"], format!("{SITE}/auth/login{with_mark}"));
        assert!(!answer.headers.contains_key(SET_COOKIE), "{answer:?}");
        // A proxy that names another host must not be asked for ever.
        assert_eq!(begin("10.0.0.1:8080", with_mark).await.status, StatusCode::SEE_OTHER);
        assert_eq!(begin("tasker.example", query).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_this_login_is_refused() {
    let provider = OpenIdProvider::start();
    let server = server(&provider).await;
    let past = chrono::Utc::now().timestamp() - 600;
    for lie in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "another-client" }),
        json!({ "aud": [CLIENT_ID, "another-client"] }),
        json!({ "azp": "another-client" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "exp": past, "iat": past - 60 }),
        json!({ "sub": "" }),
        json!({ "permissions": ["tasks:raed"] }),
    ] {
        provider.lie(lie.clone());
        let begun = server.begin_login("").await;
        let answer = server.come_back(&provider.log_in(&begun.url), &begun.cookie).await;
        assert_refused(&answer, &lie.to_string());
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(!detail.contains("nonce") && !detail.contains("aud"), "{detail}");
    }
    assert_eq!(server.sessions().await, 0);
    provider.lie(json!({ "aud": [CLIENT_ID, "another-client"], "azp": CLIENT_ID, "roles": [] }));
    let begun = server.begin_login("").await;
    let answer = server.come_back(&provider.log_in(&begun.url), &begun.cookie).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
}

#[tokio::test]
async fn a_login_ends_at_this_server_or_at_a_program_of_the_users_machine() {
    let provider = OpenIdProvider::start();
    let server = server(&provider).await;
    for bad in [
        "return_to=https://evil.example",
        "return_to=//evil.example",
        "return_to=/%5Cevil.example",
        "cli=80",
        "challenge=x",
    ] {
        let answer = server.get(&format!("/auth/login?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}: {answer:?}");
    }
    let verifier = "what only the program knows";
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let begun = server.begin_login(&format!("?cli=4711&challenge={challenge}")).await;
    let answer = server.come_back(&provider.log_in(&begun.url), &begun.cookie).await;
    assert!(!answer.headers.contains_key("location"), "nothing happens without the user's knowing");
    assert!(answer.text.contains("act as <b>ada@example.com</b>"), "{answer:?}");
    let code = code_of(&answer);
    assert!(code.starts_with("tsc_"));
    let cookies: Vec<_> = answer.headers.get_all(SET_COOKIE).into_iter().collect();
    assert!(
        cookies.iter().all(|cookie| cookie.to_str().unwrap().contains("Max-Age=0")),
        "the browser gets no session: {cookies:?}"
    );
    let fetch = async |code: &str, verifier: &str| {
        server.request("POST", "/auth/session", &[], &json!({ "code": code, "verifier": verifier })).await
    };
    let bearer = format!("Bearer {code}");
    let me = server.request("GET", "/v1/me", &[("authorization", &bearer)], &Value::Null).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED, "a code is no session");
    for (code, verifier) in [(code, "another"), ("tsc_wrong", verifier), ("", verifier)] {
        let refused = fetch(code, verifier).await;
        assert_eq!(refused.body["code"], "login_refused", "{refused:?}");
    }
    let fetched = fetch(code, verifier).await;
    assert_eq!(fetched.status, StatusCode::CREATED, "{fetched:?}");
    let bearer = format!("Bearer {}", fetched.body["token"].as_str().unwrap());
    let me = server.request("GET", "/v1/me", &[("authorization", &bearer)], &Value::Null).await;
    assert_eq!(me.body["principal"]["name"], "ada@example.com");
    // A program needs no header of a page.
    let created =
        server.request("POST", "/v1/tasks", &[("authorization", &bearer)], &json!({ "name": "order" })).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    assert_eq!(fetch(code, verifier).await.body["code"], "login_refused", "once");
    // A code that nobody fetched in time.
    let begun = server.begin_login(&format!("?cli=4711&challenge={challenge}")).await;
    let answer = server.come_back(&provider.log_in(&begun.url), &begun.cookie).await;
    let code = code_of(&answer);
    sqlx::query("UPDATE tasker.sessions SET created_at = created_at - interval '121 seconds'")
        .execute(&server.database.pool)
        .await
        .unwrap();
    assert_eq!(fetch(code, verifier).await.body["code"], "login_refused");
}

#[tokio::test]
async fn without_a_provider_that_can_be_trusted_nobody_logs_in() {
    let provider = OpenIdProvider::start();
    let unavailable = async |settings: ProviderSettings, what: &str| {
        let answer = server_with(settings).await.get("/auth/login").await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("auth_unavailable")),
            "{what}"
        );
    };
    unavailable(ProviderSettings { certificates: None, ..settings(&provider) }, "an unknown authority").await;
    // By a name, because an address is refused at once.
    let by_name = provider.issuer.replace("127.0.0.1", "localhost");
    unavailable(
        ProviderSettings { issuer: by_name.clone(), allow_private: Vec::new(), ..settings(&provider) },
        "a private address",
    )
    .await;
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 0, "it was not reached");
    unavailable(ProviderSettings { issuer: by_name, ..settings(&provider) }, "another issuer").await;
    let wrong = ProviderSettings { client_secret: Some("wrong".to_owned()), ..settings(&provider) };
    let server = server_with(wrong).await;
    let begun = server.begin_login("").await;
    assert_refused(&server.come_back(&provider.log_in(&begun.url), &begun.cookie).await, "a wrong secret");
    let without = Server::start_with(Authentication::Own(None)).await;
    for path in ["/auth/login", "/auth/callback?code=a&state=b"] {
        let answer = without.get(path).await;
        assert_eq!(answer.body["code"], "not_possible", "{answer:?}");
    }
}
