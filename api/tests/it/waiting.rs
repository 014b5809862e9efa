//! Requests that wait for a task, in a process that ends them.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::json;
use tasker_api::AnswerBy;
use tasker_orchestrator::Creation;

use crate::server::Server;

#[tokio::test]
async fn a_request_that_waits_is_answered_before_its_process_ends() {
    let server = Server::start().await;
    let request = serde_json::from_value(json!({ "name": "order" })).unwrap();
    let Creation::Created(task) = server.orchestrator.create_task(request).await.unwrap() else { panic!() };

    // No host runs the step, so the task does not come to rest.
    let begun = Instant::now();
    let request = Request::get(format!("/v1/tasks/{task}?wait_seconds=30"))
        .extension(AnswerBy(begun + Duration::from_secs(1)))
        .body(Body::empty())
        .unwrap();
    let answer = server.call(request).await;
    let taken = begun.elapsed();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["task_id"], task.to_string());
    assert!(taken >= Duration::from_secs(1) && taken < Duration::from_secs(10), "{taken:?}");
}
