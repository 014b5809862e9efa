//! Requests that wait for a task, in a process that ends them.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tasker_api::{AnswerBy, router};
use tasker_orchestrator::{
    ComponentPublication, Connections, Creation, Orchestrator, PublishedHandler, Settings,
};
use tasker_templates::template::parse;
use tasker_test_support::TestDatabase;
use tasker_transport::{BlobStore, MemoryLeases, MemoryQueue};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

#[tokio::test]
async fn a_request_that_waits_is_answered_before_its_process_ends() {
    let database = TestDatabase::new().await;
    let blobs = tempfile::tempdir().unwrap();
    let minute = Duration::from_secs(60);
    let connections = Connections {
        pool: database.pool.clone(),
        login: None,
        steps: Arc::new(MemoryQueue::new("steps", minute, 1000)),
        reports: Arc::new(MemoryQueue::new("reports", minute, 1000)),
        leases: Arc::new(MemoryLeases::new(minute, minute)),
        outlets: BTreeMap::new(),
        blobs: BlobStore::folder(blobs.path()).unwrap(),
    };
    let (orchestrator, creations) = Orchestrator::new(connections, Settings::default());
    let (creating, stop) = (orchestrator.clone(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move { creating.run_creations(creations, stopped).await });
    let work = PublishedHandler {
        name: "work".into(),
        description: String::new(),
        input_schema: None,
        result_schema: None,
    };
    let component = ComponentPublication { digest: "0".repeat(64), size_bytes: 1, handlers: vec![work] };
    orchestrator.catalog.publish_components(&[component], &BTreeMap::new(), true).await.unwrap();
    let template = "{ name: order, version: 1.0.0, steps: [{ name: a, handler: { callable: work } }] }";
    orchestrator.catalog.publish_template(&parse(template).unwrap().template).await.unwrap();
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
