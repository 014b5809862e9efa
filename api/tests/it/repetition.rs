//! Repeated requests: idempotency keys on every unsafe route, and entity tags.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::{Value, json};

use crate::{
    host::failed,
    server::{Answer, Server},
};

impl Server {
    async fn repeat(&self, method: Method, path: &str, key: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("idempotency-key", key)
            .header("content-type", "application/json");
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn blocked(&self) -> String {
        let task = self.task_of("order", &json!({ "n": 1 })).await;
        self.end(task, "a", (0, 1), failed("Broken", false), &[]).await;
        format!("/v1/tasks/{task}")
    }

    async fn redriven(&self, path: &str) -> usize {
        let audit = self.get(&format!("{path}/audit")).await.body;
        let changes = audit["items"].as_array().unwrap();
        changes.iter().filter(|change| change["from_state"] == "error" && change["step_index"] == 0).count()
    }
}

const REDRIVE: &str = r#"{"action":"redrive","reason":"again"}"#;

#[tokio::test]
async fn a_repeated_operation_acts_once_and_gets_the_first_response() {
    let server = Server::start().await;
    let path = server.blocked().await;
    let first = server.repeat(Method::PATCH, &path, "k", REDRIVE).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    let again = server.repeat(Method::PATCH, &path, "k", REDRIVE).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(server.redriven(&path).await, 1);
    for (path, body) in
        [(path.clone(), r#"{"action":"redrive","reason":"other"}"#), (format!("{path}?x"), REDRIVE)]
    {
        let other = server.repeat(Method::PATCH, &path, "k", body).await;
        assert_eq!(
            (other.status, &other.body["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
        );
    }
    // A refusal is a response too.
    let refused = server.repeat(Method::PATCH, &path, "l", REDRIVE).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::CONFLICT, &json!("not_possible")),
        "{refused:?}"
    );
    let again = server.repeat(Method::PATCH, &path, "l", REDRIVE).await;
    assert_eq!((again.status, &again.body), (refused.status, &refused.body));
    assert_eq!(again.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn one_of_many_at_once_acts() {
    let server = Server::start().await;
    let path = server.blocked().await;
    let all = (0..8).map(|_| server.repeat(Method::PATCH, &path, "k", REDRIVE));
    let mut answers = Vec::new();
    for answer in futures_of(all).await {
        answers.push(answer.status);
    }
    assert!(answers.contains(&StatusCode::OK), "{answers:?}");
    assert!(
        answers.iter().all(|status| [StatusCode::OK, StatusCode::CONFLICT].contains(status)),
        "{answers:?}"
    );
    assert_eq!(server.redriven(&path).await, 1);
}

/// Waits for all of them at once.
async fn futures_of<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, done) in &mut all {
            if done.is_none()
                && let std::task::Poll::Ready(output) = one.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if all.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    all.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn what_a_dead_process_began_is_begun_again_and_old_keys_are_free() {
    let server = Server::start().await;
    let path = server.blocked().await;
    assert_eq!(server.repeat(Method::PATCH, &path, "k", REDRIVE).await.status, StatusCode::OK);
    let set = async |change: &str| {
        let change = format!("UPDATE tasker.repeatable_requests SET {change}");
        sqlx::query(sqlx::AssertSqlSafe(change)).execute(&server.database.pool).await.unwrap();
    };
    set("status = NULL").await;
    let at_work = server.repeat(Method::PATCH, &path, "k", REDRIVE).await;
    assert_eq!((at_work.status, &at_work.body["code"]), (StatusCode::CONFLICT, &json!("not_possible")));
    assert!(at_work.body["detail"].as_str().unwrap().contains("being worked on"), "{at_work:?}");
    set("at = at - interval '3 minutes'").await;
    let begun_again = server.repeat(Method::PATCH, &path, "k", REDRIVE).await;
    assert!(!begun_again.body["detail"].as_str().unwrap().contains("being worked on"), "{begun_again:?}");
    set("at = at - interval '25 hours'").await;
    let other = server.repeat(Method::PATCH, &path, "k", r#"{"action":"pause"}"#).await;
    assert_eq!(other.status, StatusCode::OK, "{other:?}");
    set("at = at - interval '25 hours'").await;
    server.orchestrator.repeatable.forget().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM tasker.repeatable_requests")
        .fetch_one(&server.database.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn secrets_are_not_kept_and_odd_keys_are_refused() {
    let server = Server::start().await;
    for (path, key) in
        [("/v1/keys", "k"), ("/v1/subscriptions", "k"), ("/v1/events", ""), ("/v1/events", &"k".repeat(256))]
    {
        let refused = server.repeat(Method::POST, path, key, "{}").await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request")),
            "{path}"
        );
        assert!(refused.body["detail"].as_str().unwrap().contains("Idempotency-Key"), "{refused:?}");
    }
    // What exceeds the limit of a body is refused before anything is kept.
    let long = format!("{{\"action\":\"pause\",\"reason\":\"{}\"}}", "x".repeat(9 << 20));
    let path = server.blocked().await;
    assert_eq!(
        server.repeat(Method::PATCH, &path, "long", &long).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let server = Server::start().await;
    let path = server.blocked().await;
    let first = server.get(&path).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let with = async |known: &str| {
        server.call(Request::get(&path).header("if-none-match", known).body(Body::empty()).unwrap()).await
    };
    for known in [tag.as_str(), "*", &format!("\"other\", W/{tag}")] {
        let unchanged = with(known).await;
        assert_eq!((unchanged.status, unchanged.body), (StatusCode::NOT_MODIFIED, Value::Null), "{known}");
        assert_eq!(unchanged.headers["etag"], tag.as_str());
    }
    assert_eq!(with("\"other\"").await.status, StatusCode::OK);
    assert_eq!(server.repeat(Method::PATCH, &path, "k", REDRIVE).await.status, StatusCode::OK);
    let changed = with(&tag).await;
    assert_eq!((changed.status, &changed.body["status"]), (StatusCode::OK, &json!("steps_in_process")));
    assert!(!server.get("/v1/tasks/nonsense").await.headers.contains_key("etag"));
}
