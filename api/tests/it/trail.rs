//! The trail: who did what, why, from where.

use std::net::IpAddr;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_api::{Authentication, Peer};
use uuid::Uuid;

use crate::server::{Answer, Server};

const HOME: &str = "192.0.2.7";

impl Server {
    async fn send_from(&self, address: &str, key: &str, method: &str, path: &str, body: &str) -> Answer {
        let address: IpAddr = address.parse().unwrap();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", key)
            .header("user-agent", "tests/1")
            .header("content-type", "application/json")
            .extension(Peer(address));
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn trail(&self, key: &str, query: &str) -> Vec<Value> {
        let answer = self.send_from(HOME, key, "GET", &format!("/v1/audit?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn the_trail_says_who_did_what_why_and_from_where() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let (operator, viewer, auditor) = (
        server.key("operator", None).await,
        server.key("viewer", None).await,
        server.key("auditor", None).await,
    );
    let created = server.send_from(HOME, &operator, "POST", "/v1/tasks", r#"{"name":"order"}"#).await;
    let path = format!("/v1/tasks/{}", created.body["task_id"].as_str().unwrap());
    let pause = r#"{"action":"pause","reason":"the bank is closed","actor":"ada"}"#;
    assert_eq!(server.send_from(HOME, &operator, "PATCH", &path, pause).await.status, StatusCode::OK);
    assert_eq!(server.send_from(HOME, &viewer, "PATCH", &path, pause).await.status, StatusCode::FORBIDDEN);
    let nothing = format!("/v1/tasks/{}", Uuid::nil());
    assert_eq!(server.send_from(HOME, &operator, "DELETE", &nothing, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        server.send_from(HOME, "tsk_nonsense", "GET", &path, "").await.status,
        StatusCode::UNAUTHORIZED
    );

    let trail = server.trail(&auditor, "").await;
    let told: Vec<Value> = trail
        .iter()
        .map(|record| {
            json!([record["principal"]["name"], record["method"], record["outcome"], record["status"]])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([null, "GET", "denied", 401]),
            json!(["a-operator", "DELETE", "failed", 404]),
            json!(["a-viewer", "PATCH", "denied", 403]),
            json!(["a-operator", "PATCH", "ok", 200]),
        ],
        "reading, and creating a task, are not among them"
    );
    let paused = &trail[3];
    assert_eq!(
        (&paused["path"], &paused["permission"], &paused["reason"], &paused["on_behalf_of"]),
        (&json!(path), &json!("tasks:operate"), &json!("the bank is closed"), &json!("ada"))
    );
    assert_eq!((&paused["address"], &paused["user_agent"]), (&json!(HOME), &json!("tests/1")));
    assert!(paused["request_id"].is_string() && paused["principal"]["id"].is_string());

    assert_eq!(server.trail(&auditor, "outcome=denied&principal=a-viewer").await.len(), 1);
    assert_eq!(server.trail(&auditor, "permission=tasks:cancel").await.len(), 1);
    assert_eq!(server.trail(&auditor, "before=1h").await.len(), 0);
    assert_eq!(server.trail(&auditor, "limit=1").await, trail[..1]);
    for (key, query, status) in
        [(&viewer, "", StatusCode::FORBIDDEN), (&auditor, "permission=nope", StatusCode::BAD_REQUEST)]
    {
        let answer = server.send_from(HOME, key, "GET", &format!("/v1/audit?{query}"), "").await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[tokio::test]
async fn an_address_that_guesses_keys_is_stopped_and_others_are_not() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let (viewer, auditor) = (server.key("viewer", None).await, server.key("auditor", None).await);
    let guess = async |address: &str, key: &str| server.send_from(address, key, "GET", "/v1/me", "").await;
    for _ in 0..20 {
        assert_eq!(guess("192.0.2.1", "tsk_wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let stopped = guess("192.0.2.1", "tsk_wrong").await;
    assert_eq!(
        (stopped.status, &stopped.body["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_requests"))
    );
    assert_eq!(stopped.headers["retry-after"], "60");
    // Many callers may share an address, and one that names nobody guesses nothing.
    assert_eq!(guess("192.0.2.1", &viewer).await.status, StatusCode::OK);
    let nobody = Request::get("/v1/me").extension(Peer("192.0.2.1".parse().unwrap())).body(Body::empty());
    assert_eq!(server.call(nobody.unwrap()).await.status, StatusCode::UNAUTHORIZED);
    // Guessing fills the trail only so far, whatever is sent and from wherever.
    server.send_from("192.0.2.1", "tsk_wrong", "DELETE", "/v1/tasks/x", "").await;
    assert_eq!(server.trail(&auditor, "").await.len(), 10);
    for network in 0..120 {
        server
            .send_from(&format!("2001:db8:0:{network:x}::1"), "tsk_wrong", "DELETE", "/v1/tasks/x", "")
            .await;
    }
    assert_eq!(server.trail(&auditor, "limit=1000").await.len(), 100);
}

#[tokio::test]
async fn records_are_forgotten_after_400_days() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let (viewer, auditor) = (server.key("viewer", None).await, server.key("auditor", None).await);
    for _ in 0..2 {
        server.send_from(HOME, &viewer, "GET", "/v1/keys", "").await;
    }
    let age = "UPDATE tasker.access_audit SET at = at - interval '401 days'
               WHERE access_id = (SELECT min(access_id) FROM tasker.access_audit)";
    sqlx::query(age).execute(&server.database.pool).await.unwrap();
    server.orchestrator.trail.forget().await.unwrap();
    assert_eq!(server.trail(&auditor, "").await.len(), 1);
}
