//! Requests that wait for a task, in a process that ends them.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tasker_api::{AnswerBy, router};
use tasker_orchestrator::Creation;
use tasker_test_support::TestDatabase;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::orchestrator::{orchestrator, publish_order};

#[tokio::test]
async fn a_request_that_waits_is_answered_before_its_process_ends() {
    let database = TestDatabase::new().await;
    let blobs = tempfile::tempdir().unwrap();
    let (orchestrator, creations) = orchestrator(database.pool.clone(), &blobs);
    let (creating, stop) = (orchestrator.clone(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move { creating.run_creations(creations, stopped).await });
    publish_order(&orchestrator).await;
    let request = serde_json::from_value(json!({ "name": "order" })).unwrap();
    let Creation::Created(task) = orchestrator.create_task(request).await.unwrap() else { panic!() };

    // No host runs the step, so the task does not come to rest.
    let begun = Instant::now();
    let request = Request::get(format!("/v1/tasks/{task}?wait_seconds=30"))
        .extension(AnswerBy(begun + Duration::from_secs(1)))
        .body(Body::empty())
        .unwrap();
    let answer = router(orchestrator, stop).oneshot(request).await.unwrap();
    let taken = begun.elapsed();
    assert_eq!(answer.status(), StatusCode::OK);
    let shown: Value =
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(shown["task_id"], task.to_string());
    assert!(taken >= Duration::from_secs(1) && taken < Duration::from_secs(10), "{taken:?}");
}
