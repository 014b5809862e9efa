//! Sessions of browsers: begun with an API key, ended by time, by their key or by hand, and safe from pages of other sites.

use axum::{
    body::Body,
    http::{Request, StatusCode, header::SET_COOKIE},
};
use serde_json::{Value, json};
use tasker_api::{Authentication, Doors, Front};
use tasker_orchestrator::access::{Keys, NewSession, Sessions};

use crate::server::{Answer, Server};

/// A page of this server.
const PAGE: &[(&str, &str)] =
    &[("host", "tasker.example"), ("origin", "https://tasker.example"), ("sec-fetch-site", "same-origin")];
/// What our own pages add.
const OURS: (&str, &str) = ("x-tasker-request", "1");

impl Server {
    /// A server that browsers know by this URL.
    async fn at(public_url: &str) -> Self {
        let front = Front { public_url: Some(public_url.parse().unwrap()), ..Front::default() };
        Self::start_with(Doors { front, ..Authentication::Own(None).into() }).await
    }

    /// Sends a request with these headers.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
        };
        self.call(request.body(body).unwrap()).await
    }

    async fn log_in(&self, key: &str) -> Answer {
        self.request("POST", "/v1/session", PAGE, &json!({ "api_key": key })).await
    }

    /// Logs in with a key. Returns the cookie as a browser sends it.
    async fn cookie(&self, key: &str) -> String {
        let answer = self.log_in(key).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        cookie_of(&answer)
    }

    /// The status of a request with a cookie.
    async fn with_cookie(&self, cookie: &str, method: &str, path: &str, more: &[(&str, &str)]) -> Answer {
        let headers: Vec<_> = [("cookie", cookie)].into_iter().chain(more.iter().copied()).collect();
        self.request(method, path, &headers, &Value::Null).await
    }

    /// Whether a session is valid for a process that keeps nothing of it.
    async fn is_valid(&self, cookie: &str) -> bool {
        let pool = tasker_pool::Pool::from(self.database.pool.clone());
        let text = cookie.split_once('=').unwrap().1;
        Sessions::new(pool.clone(), &Keys::new(pool)).verify(text).await.unwrap().is_some()
    }

    async fn change_sessions(&self, change: &str) {
        let change = format!("UPDATE tasker.sessions SET {change}");
        sqlx::query(sqlx::AssertSqlSafe(change)).execute(&self.database.pool).await.unwrap();
    }
}

/// The cookie that a response sets, as a browser sends it.
pub(crate) fn cookie_of(answer: &Answer) -> String {
    let cookies = answer.headers.get_all(SET_COOKIE).into_iter().map(|value| value.to_str().unwrap());
    let mut cookies: Vec<&str> = cookies.filter(|cookie| !cookie.contains("Max-Age=0")).collect();
    let cookie = cookies.pop().unwrap_or_else(|| panic!("{answer:?}"));
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_does_what_its_key_may_and_is_in_a_cookie_that_pages_cannot_read() {
    let server = Server::at("https://tasker.example").await;
    let key = server.key("operator", Some(&["shop"])).await;
    let answer = server.log_in(&key).await;
    let set = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("__Host-tasker=tss_"), "{set}");
    assert_eq!(set.split_once("; ").unwrap().1, "Path=/; HttpOnly; SameSite=Lax; Secure");
    let secret = set.split([';', '=']).nth(1).unwrap();
    assert!(!answer.text.contains(secret), "{answer:?}");
    assert_eq!(answer.body["principal"]["name"], "a-operator");
    let cookie = cookie_of(&answer);
    let by_cookie = server.with_cookie(&cookie, "GET", "/v1/me", &[]).await;
    let by_key = server.with_cookie("", "GET", "/v1/me", &[("x-api-key", &key)]).await;
    assert_eq!(by_cookie.status, StatusCode::OK, "{by_cookie:?}");
    assert_eq!(by_cookie.body, by_key.body);
    let stored: String = sqlx::query_scalar("SELECT string_agg(s::text, ' ') FROM tasker.sessions s")
        .fetch_one(&server.database.pool)
        .await
        .unwrap();
    assert!(!stored.contains(secret) && !stored.contains(&key[12..]), "{stored}");
    // Another cookie of the site, and the name that is for servers without TLS.
    let other = server.with_cookie(&format!("tasker_session={secret}"), "GET", "/v1/me", &[]).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);
    let trail: Vec<(String, String)> =
        sqlx::query_as("SELECT method || ' ' || path, principal FROM tasker.access_audit ORDER BY access_id")
            .fetch_all(&server.database.pool)
            .await
            .unwrap();
    assert_eq!(trail[0], ("POST /v1/session".to_owned(), "a-operator".to_owned()));
}

#[tokio::test]
async fn on_this_machine_a_session_needs_no_tls_and_beyond_it_does() {
    let server = Server::at("http://localhost:8080").await;
    let key = server.key("viewer", None).await;
    let answer = server.request("POST", "/v1/session", &[], &json!({ "api_key": key })).await;
    let set = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("tasker_session=tss_") && !set.contains("Secure"), "{set}");
    let answer = server.with_cookie(&cookie_of(&answer), "GET", "/v1/tasks", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let off = Server::start().await;
    let refused = off.request("POST", "/v1/session", &[], &json!({ "api_key": key })).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::CONFLICT, &json!("not_possible")));
    assert_eq!(off.get("/v1/meta").await.body["logins"], json!([]));
    assert_eq!(server.get("/v1/meta").await.body["logins"], json!(["key"]));
}

#[tokio::test]
async fn a_session_ends_with_its_key_by_time_and_by_hand() {
    let server = Server::at("https://tasker.example").await;
    let admin = server.key("admin", None).await;
    let key = server.key("viewer", None).await;
    let by_hand = server.cookie(&key).await;
    let answer = server.with_cookie(&by_hand, "DELETE", "/v1/session", &[OURS]).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    assert!(answer.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    let ended = server.with_cookie(&by_hand, "GET", "/v1/me", &[]).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    assert!(ended.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "the browser forgets it");
    let none = server.request("DELETE", "/v1/session", &[("x-api-key", &key)], &Value::Null).await;
    assert_eq!(none.status, StatusCode::CONFLICT, "{none:?}");

    let listed = server.cookie(&key).await;
    let sessions = server.request("GET", "/v1/sessions", &[("x-api-key", &admin)], &Value::Null).await;
    let id = sessions.body["items"][0]["session_id"].as_str().unwrap().to_owned();
    assert_eq!(sessions.body["items"].as_array().unwrap().len(), 1, "{sessions:?}");
    assert!(!sessions.text.contains("tss_"));
    let path = format!("/v1/sessions/{id}");
    let forbidden = server.with_cookie(&listed, "DELETE", &path, &[OURS]).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    assert_eq!(
        server.request("DELETE", &path, &[("x-api-key", &admin)], &Value::Null).await.status,
        StatusCode::OK
    );
    let again = server.request("DELETE", &path, &[("x-api-key", &admin)], &Value::Null).await;
    assert_eq!((again.status, &again.body["code"]), (StatusCode::NOT_FOUND, &json!("no_such_session")));
    assert_eq!(server.with_cookie(&listed, "GET", "/v1/me", &[]).await.status, StatusCode::UNAUTHORIZED);

    let timed = server.cookie(&key).await;
    assert!(server.is_valid(&timed).await);
    server.change_sessions("last_used_at = last_used_at - interval '59 minutes'").await;
    assert!(server.is_valid(&timed).await, "and that use counts");
    server.change_sessions("last_used_at = last_used_at - interval '59 minutes'").await;
    assert!(server.is_valid(&timed).await);
    server.change_sessions("last_used_at = last_used_at - interval '61 minutes'").await;
    assert!(!server.is_valid(&timed).await, "an hour without use");
    server.change_sessions("last_used_at = last_used_at + interval '61 minutes', expires_at = expires_at - interval '479 minutes'").await;
    assert!(server.is_valid(&timed).await);
    server.change_sessions("expires_at = expires_at - interval '1 minute'").await;
    assert!(!server.is_valid(&timed).await, "eight hours");
    server.orchestrator.sessions.forget().await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM tasker.sessions")
        .fetch_one(&server.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);

    let of_key = server.cookie(&key).await;
    assert_eq!(server.with_cookie(&of_key, "GET", "/v1/me", &[]).await.status, StatusCode::OK);
    let id = &key[4..12];
    let revoked =
        server.request("DELETE", &format!("/v1/keys/{id}"), &[("x-api-key", &admin)], &Value::Null).await;
    assert_eq!(revoked.status, StatusCode::OK, "{revoked:?}");
    assert_eq!(server.with_cookie(&of_key, "GET", "/v1/me", &[]).await.status, StatusCode::UNAUTHORIZED);
    assert!(!server.is_valid(&of_key).await);
    let sessions = server.request("GET", "/v1/sessions", &[("x-api-key", &admin)], &Value::Null).await;
    assert_eq!(sessions.body["items"], json!([]));
}

#[tokio::test]
async fn the_use_of_a_session_is_written_once_a_minute() {
    let server = Server::at("https://tasker.example").await;
    let cookie = server.cookie(&server.key("viewer", None).await).await;
    let used = async || -> String {
        sqlx::query_scalar("SELECT last_used_at::text || xmin::text FROM tasker.sessions")
            .fetch_one(&server.database.pool)
            .await
            .unwrap()
    };
    let first = used().await;
    assert!(server.is_valid(&cookie).await);
    assert_eq!(used().await, first);
    server.change_sessions("last_used_at = last_used_at - interval '61 seconds'").await;
    let past = used().await;
    let pool = tasker_pool::Pool::from(server.database.pool.clone());
    let sessions = Sessions::new(pool.clone(), &Keys::new(pool));
    let text = cookie.split_once('=').unwrap().1;
    assert!(sessions.verify_again(text).await.unwrap().is_some());
    assert_eq!(used().await, past, "a stream that goes on is no use");
    assert!(sessions.verify(text).await.unwrap().is_some());
    assert_ne!(used().await, past, "and hides none");
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let server = Server::at("https://tasker.example").await;
    let key = server.key("operator", None).await;
    let cookie = server.cookie(&key).await;
    let order = json!({ "name": "order" });
    let create = async |more: &[(&str, &str)]| {
        let headers: Vec<_> = [("cookie", cookie.as_str())].into_iter().chain(more.iter().copied()).collect();
        server.request("POST", "/v1/tasks", &headers, &order).await
    };
    let with_ours: Vec<_> = PAGE.iter().copied().chain([OURS]).collect();
    assert_eq!(create(&with_ours).await.status, StatusCode::CREATED);
    for forged in [
        PAGE.to_vec(),
        vec![OURS, ("origin", "https://evil.example")],
        vec![OURS, ("origin", "null")],
        vec![OURS, ("sec-fetch-site", "cross-site")],
        vec![OURS, ("sec-fetch-site", "same-site")],
    ] {
        let refused = create(&forged).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::FORBIDDEN, &json!("origin_refused")),
            "{forged:?}"
        );
    }
    // What a program sends needs none of it, and comes before a cookie.
    let by_key = create(&[("x-api-key", &key)]).await;
    assert_eq!(by_key.body["code"], "duplicate_task", "it is let through: {by_key:?}");
    let login = [("origin", "https://evil.example")];
    let refused = server.request("POST", "/v1/session", &login, &json!({ "api_key": key })).await;
    assert_eq!(refused.body["code"], "origin_refused", "nobody is logged in as another");
    // Only what is sent as JSON is read, which a form of another site cannot.
    let form = server.request("POST", "/v1/session", &[("content-type", "text/plain")], &Value::Null).await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{form:?}");
}

#[tokio::test]
async fn programs_do_not_use_the_cookie_of_a_browser() {
    let server = Server::at("https://tasker.example").await;
    let cookie = server.cookie(&server.key("operator", None).await).await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    let headers = [
        ("host", "localhost"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2025-06-18"),
    ];
    let with = async |name: &str, value: &str| {
        let headers: Vec<_> = headers.into_iter().chain([(name, value), OURS]).collect();
        server.request("POST", "/mcp", &headers, &list).await.status
    };
    assert_eq!(with("cookie", &cookie).await, StatusCode::UNAUTHORIZED);
    let bearer = format!("Bearer {}", cookie.split_once('=').unwrap().1);
    assert_eq!(with("authorization", &bearer).await, StatusCode::OK);
}

#[tokio::test]
async fn wrong_keys_of_an_address_are_counted_at_the_login_too() {
    let server = Server::at("https://tasker.example").await;
    let key = server.key("viewer", None).await;
    let log_in = async |key: &str| {
        let mut request = Request::post("/v1/session")
            .header("content-type", "application/json")
            .body(Body::from(json!({ "api_key": key }).to_string()))
            .unwrap();
        request.extensions_mut().insert(tasker_api::Peer("192.0.2.7".parse().unwrap()));
        server.call(request).await
    };
    for _ in 0..20 {
        assert_eq!(log_in("tsk_wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = log_in("tsk_wrong").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(log_in(&key).await.status, StatusCode::CREATED, "a valid key passes all the same");
}

#[tokio::test]
async fn a_session_that_has_ended_is_no_wrong_credential() {
    let server = Server::at("https://tasker.example").await;
    let cookie = server.cookie(&server.key("viewer", None).await).await;
    let ended = server.with_cookie(&cookie, "DELETE", "/v1/session", &[OURS]).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT, "{ended:?}");
    let ask = async |name: &str, value: &str| {
        let mut request = Request::get("/v1/me").header(name, value).body(Body::empty()).unwrap();
        request.extensions_mut().insert(tasker_api::Peer("192.0.2.7".parse().unwrap()));
        server.call(request).await
    };
    for _ in 0..25 {
        let answer = ask("cookie", &cookie).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
        assert!(answer.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    }
    // What is no session counts, and is forgotten too.
    for _ in 0..20 {
        assert_eq!(ask("cookie", "__Host-tasker=tss_wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = ask("cookie", "__Host-tasker=tss_wrong").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{refused:?}");
    assert!(refused.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(ask("cookie", &cookie).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_principal_keeps_to_its_pace() {
    let front = Front { requests_per_second: 1, ..Front::default() };
    let server = Server::start_with(Doors { front, ..Authentication::Own(None).into() }).await;
    let (one, other) = (server.key("viewer", None).await, server.key("operator", None).await);
    let me = async |key: &str| server.request("GET", "/v1/me", &[("x-api-key", key)], &Value::Null).await;
    assert_eq!(me(&one).await.status, StatusCode::OK);
    // A busy machine may take a second for one of them, and not for each.
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(me(&one).await);
    }
    let refused = answers.iter().find(|answer| answer.status != StatusCode::OK).expect("one is refused");
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_requests"))
    );
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.headers["ratelimit"], "\"second\";r=0;t=1");
    assert_eq!(refused.headers["ratelimit-policy"], "\"second\";q=1;w=1");
    assert_eq!(me(&other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_ends_with_the_session_that_opened_it() {
    let server = Server::at("https://tasker.example").await;
    let cookie = server.cookie(&server.key("operator", None).await).await;
    let bearer = format!("Bearer {}", cookie.split_once('=').unwrap().1);
    let created =
        server.request("POST", "/v1/tasks", &[("authorization", &bearer)], &json!({ "name": "order" })).await;
    let task = created.body["task_id"].as_str().unwrap();
    let request =
        Request::get(format!("/v1/tasks/{task}/stream")).header("cookie", &cookie).body(Body::empty());
    let stream = server.respond(request.unwrap()).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let ended = server.with_cookie(&cookie, "DELETE", "/v1/session", &[OURS]).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let rest = http_body_util::BodyExt::collect(stream.into_body());
    tokio::time::timeout(std::time::Duration::from_secs(30), rest)
        .await
        .expect("the stream goes on")
        .unwrap();
}

#[tokio::test]
async fn a_caller_has_a_hundred_sessions_and_a_further_one_ends_its_oldest() {
    let server = Server::at("https://tasker.example").await;
    let (key, other) = (server.key("viewer", None).await, server.key("viewer", None).await);
    let (of_other, oldest, next) =
        (server.cookie(&other).await, server.cookie(&key).await, server.cookie(&key).await);
    let caller = server.orchestrator.keys.verify(&key).await.unwrap().unwrap();
    let new = NewSession { caller, address: None, user_agent: None };
    for _ in 2..100 {
        server.orchestrator.sessions.create(&new).await.unwrap();
    }
    assert!(server.is_valid(&oldest).await);
    server.orchestrator.sessions.create(&new).await.unwrap();
    assert!(!server.is_valid(&oldest).await);
    assert!(server.is_valid(&next).await && server.is_valid(&of_other).await);
}
