//! Which tools a caller sees, and what happens with the others.

use std::sync::Arc;

use serde_json::json;
use tasker_mcp::{Server, Settings};

use crate::{
    client::Client,
    fake::{Fake, Unreachable},
    samples::{self, TASK},
};

#[tokio::test]
async fn a_caller_sees_the_tools_of_its_permissions() {
    let table: &[(&[&str], &[&str])] = &[
        (&[], &["connection_status"]),
        (&["dlq:stats"], &["connection_status", "dlq_stats"]),
        (&["tasks:create", "events:send"], &["connection_status", "event_send", "task_clone", "task_submit"]),
        (&["steps:resolve"], &["connection_status", "step_complete", "step_resolve", "step_retry"]),
    ];
    for (permissions, expected) in table {
        let fake = Fake::new();
        fake.permit(permissions);
        let mut names = Client::of(fake).await.names().await;
        names.sort();
        assert_eq!(names, *expected);
    }
}

#[tokio::test]
async fn a_permission_in_no_namespace_is_none() {
    let fake = Fake::new();
    fake.change("GET /v1/me", |me| me["permissions"] = json!({ "dlq:stats": [], "dlq:read": ["shop"] }));
    let names = Client::of(fake).await.names().await;
    assert!(!names.contains(&"dlq_stats".to_owned()));
    assert!(names.contains(&"dlq_queue".to_owned()));
}

#[tokio::test]
async fn a_hidden_tool_is_refused_with_the_reason() {
    let fake = Fake::new();
    fake.permit(&["tasks:read"]);
    let client = Client::of(fake.clone()).await;
    for (tool, arguments, _) in samples::calls() {
        if client.names().await.contains(&tool.to_owned()) {
            continue;
        }
        let answered = client.call(tool, arguments).await;
        assert!(answered.is_error);
        assert_eq!(answered.value["error"]["code"], "forbidden", "{tool}");
        assert!(answered.value["error"]["detail"].as_str().unwrap().contains("permission"), "{tool}");
    }
    assert_eq!(fake.requests(), []);
}

#[tokio::test]
async fn without_the_tier_nothing_that_writes_is_there() {
    let fake = Fake::new();
    let settings = Settings { write: false, secret: [0; 32] };
    let client = Client::connect(Server::new(fake.clone(), &settings)).await;
    let names = client.names().await;
    for (tool, arguments, change) in samples::calls() {
        assert_eq!(names.contains(&tool.to_owned()), change.is_none(), "{tool}");
        if change.is_some() {
            assert_eq!(client.refused(tool, arguments).await, "tool_off");
        }
    }
    assert_eq!(fake.requests(), []);
}

#[tokio::test]
async fn a_server_that_does_not_answer_leaves_the_tool_that_says_so() {
    let client = Client::of(Arc::new(Unreachable)).await;
    assert_eq!(client.names().await, ["connection_status"]);
    let answered = client.call("connection_status", json!({})).await;
    assert!(answered.is_error);
    assert_eq!(answered.value["error"]["code"], "unreachable");
    assert!(answered.value["error"]["detail"].as_str().unwrap().contains("tasker serve"));
    assert_eq!(client.refused("task_inspect", json!({ "task": TASK })).await, "unreachable");
}

#[tokio::test]
async fn a_refused_caller_learns_why() {
    let fake = Fake::new();
    fake.answer("GET /v1/me", 401, json!({ "code": "unauthenticated", "detail": "the key is unknown" }));
    let client = Client::of(fake).await;
    let status = client.get("connection_status", json!({})).await;
    assert_eq!(status["caller_problem"]["error"]["code"], "unauthenticated");
    assert_eq!(status["server"]["authentication"], "own");
    assert_eq!(client.refused("task_list", json!({})).await, "unauthenticated");
}

#[tokio::test]
async fn a_problem_of_the_api_is_an_error_of_the_tool() {
    let fake = Fake::new();
    let problem = json!({
        "type": "urn:tasker:error:no_such_task", "title": "There is no such task", "status": 404, "code": "no_such_task",
        "detail": "there is no task with this id",
    });
    fake.answer("GET /v1/tasks/{task_id}", 404, problem);
    fake.answer("GET /v1/tasks", 502, json!("<html>"));
    let client = Client::of(fake).await;
    let answered = client.call("task_inspect", json!({ "task": TASK })).await;
    assert!(answered.is_error);
    let error = json!({ "code": "no_such_task", "detail": "there is no task with this id", "status": 404 });
    assert_eq!(answered.value["error"], error);
    assert_eq!(client.refused("task_list", json!({})).await, "unexpected_response");
}

#[tokio::test]
async fn wrong_arguments_are_refused_before_any_request() {
    let table = [
        ("task_inspect", json!({})),
        ("task_inspect", json!({ "task": "count" })),
        ("task_inspect", json!({ "task": TASK, "limit": 0 })),
        ("task_inspect", json!({ "task": TASK, "colour": "red" })),
        ("task_wait", json!({ "task": TASK, "seconds": 61 })),
        ("task_list", json!({ "state": "complete" })),
        ("task_operate", json!({ "task": TASK, "action": "explode", "reason": "x" })),
        ("task_operate", json!({ "task": TASK, "action": "rerun", "reason": "x" })),
        ("task_operate", json!({ "task": TASK, "action": "pause", "step": "a", "reason": "x" })),
        ("task_cancel", json!({ "task": TASK })),
        ("handler_promote", json!({ "callable": "c", "action": "promote" })),
        ("dlq_list", json!({ "task": TASK, "resolution_status": "pending" })),
        ("step_inspect", json!({ "task": TASK, "step": ".." })),
    ];
    let fake = Fake::new();
    let client = Client::of(fake.clone()).await;
    for (tool, arguments) in table {
        assert_eq!(client.refused(tool, arguments.clone()).await, "invalid_arguments", "{tool} {arguments}");
    }
    assert_eq!(fake.requests(), []);
}
