//! Following a task with server-sent events.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_protocol::LogLevel;
use uuid::Uuid;

use crate::{
    host::{complete, failed},
    server::Server,
    stream::{Stream, Told},
};

impl Server {
    async fn follow(&self, task: Uuid, query: &str, last: Option<&str>) -> Stream {
        let mut request = Request::get(format!("/v1/tasks/{task}/stream{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = self.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Stream::of(response)
    }
}

/// The changes in a stream, as in the audit.
fn changes(told: &[Told]) -> Vec<Value> {
    told.iter()
        .filter(|event| ["task", "step"].contains(&event.name.as_str()))
        .map(|event| event.data.clone())
        .collect()
}

const CHAIN: &str = "{ name: chain, version: 1.0.0, steps: [
    { name: a, handler: { callable: work } },
    { name: b, dependencies: [a], handler: { callable: work }, retry: { retryable: false } }] }";

#[tokio::test]
async fn a_follower_sees_each_change_until_the_task_is_at_rest() {
    let server = Server::start().await;
    server.publish_template(CHAIN).await;
    let task = server.task_of("chain", &json!({ "secret": 1 })).await;
    let mut stream = server.follow(task, "?logs=true", None).await;
    let snapshot = stream.next().await.unwrap();
    assert_eq!((snapshot.name.as_str(), &snapshot.data["task_id"]), ("snapshot", &json!(task)));
    assert_eq!(snapshot.data["context"], Value::Null, "a snapshot has no documents");
    server.end(task, "a", (0, 1), complete(&json!(1)), &[(LogLevel::Info, "working")]).await;
    let first = stream.next().await.unwrap();
    server.end(task, "b", (1, 2), failed("Broken", false), &[]).await;
    let mut told = vec![first];
    told.extend(stream.rest().await);
    let last = told.last().unwrap();
    assert_eq!((last.name.as_str(), &last.data["status"]), ("end", &json!("blocked_by_failures")));
    let log = told.iter().find(|event| event.name == "log").unwrap();
    assert_eq!((&log.data["step"], &log.data["message"]), (&json!("a"), &json!("working")));
    // Nothing is missing, compared with the audit after the snapshot.
    let audit = server.get(&format!("/v1/tasks/{task}/audit?limit=1000")).await.body;
    let record: i64 = snapshot.id.unwrap().parse().unwrap();
    let later = |change: &&Value| change["audit_id"].as_i64().unwrap() > record;
    let expected: Vec<Value> = audit["items"].as_array().unwrap().iter().filter(later).cloned().collect();
    assert!(expected.len() > 6, "{audit}");
    assert_eq!(changes(&told), expected);
    assert!(expected.iter().any(|change| change["step"] == "a"), "{expected:?}");

    // From the middle on, and after the end.
    let middle = told.iter().find_map(|event| event.id.clone()).unwrap();
    let again = server.follow(task, "", Some(&middle)).await.rest().await;
    let after: Vec<Value> = expected
        .iter()
        .filter(|change| change["audit_id"].as_i64().unwrap() > middle.parse().unwrap())
        .cloned()
        .collect();
    assert!(!after.is_empty() && after.len() < expected.len());
    assert_eq!(changes(&again), after);
    assert_eq!(again.last().unwrap().name, "end");
    assert!(again.iter().all(|event| event.name != "log"), "logs come on request");
}

#[tokio::test]
async fn a_pause_is_told_with_a_snapshot_and_the_task_is_followed_further() {
    let server = Server::start().await;
    let task = server.task_of("order", &json!({})).await;
    let mut stream = server.follow(task, "", None).await;
    assert_eq!(stream.next().await.unwrap().data["paused_at"], Value::Null);
    let pause = server.orchestrator.engine.operate_on_task(
        task,
        &tasker_orchestrator::TaskAction::Pause,
        "ada",
        None,
    );
    pause.await.unwrap();
    let paused = stream.next().await.unwrap();
    assert!(paused.name == "snapshot" && paused.data["paused_at"].is_string(), "{paused:?}");
    server.end(task, "a", (0, 1), complete(&json!(1)), &[]).await;
    let rest = stream.rest().await;
    assert_eq!(rest.last().unwrap().name, "end");
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let server = Server::start().await;
    let task = server.task_of("order", &json!({})).await;
    // The id of an event of another task, or of none, does not keep the end away.
    server.end(task, "a", (0, 1), complete(&json!(1)), &[]).await;
    let told = server.follow(task, "", Some("9000000000000000000")).await.rest().await;
    assert_eq!(told.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["snapshot", "end"]);
    let nothing = server.get(&format!("/v1/tasks/{}/stream", Uuid::nil())).await;
    assert_eq!((nothing.status, &nothing.body["code"]), (StatusCode::NOT_FOUND, &json!("no_such_task")));
    let request = Request::get(format!("/v1/tasks/{task}/stream")).header("last-event-id", "x");
    let wrong = server.call(request.body(Body::empty()).unwrap()).await;
    assert_eq!((wrong.status, &wrong.body["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_request")));
}

#[tokio::test]
async fn all_lines_of_a_long_log_come_before_the_end() {
    let server = Server::start().await;
    let task = server.task_of("order", &json!({})).await;
    let stream = server.follow(task, "?logs=true", None).await;
    let lines = vec![(LogLevel::Info, "line"); 1300];
    server.end(task, "a", (0, 1), complete(&json!(1)), &lines).await;
    let told = stream.rest().await;
    assert_eq!(told.iter().filter(|event| event.name == "log").count(), 1300);
    // Before the id of the run's end: a client that goes on after it has them.
    let ends =
        told.iter().position(|event| event.name != "log" && event.name != "snapshot" && event.id.is_some());
    let last_line = told.iter().rposition(|event| event.name == "log");
    assert!(last_line < ends, "{last_line:?} {ends:?}");
}

#[tokio::test]
async fn a_stream_ends_before_the_process_around_it() {
    let server = Server::start().await;
    let task = server.task_of("order", &json!({})).await;
    let until = std::time::Instant::now() + Duration::from_millis(700);
    let request = Request::get(format!("/v1/tasks/{task}/stream"))
        .extension(tasker_api::AnswerBy(until))
        .body(Body::empty());
    let response = server.respond(request.unwrap()).await;
    let stream = Stream::of(response);
    let told = stream.rest().await;
    assert_eq!(told.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["snapshot"]);
}
