//! Creating and listing tasks.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tasker_api::router;
use tasker_test_support::TestDatabase;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::orchestrator::{orchestrator, publish_order};

struct Server {
    router: Router,
    _database: TestDatabase,
    _blobs: TempDir,
}

impl Server {
    async fn start() -> Self {
        let database = TestDatabase::new().await;
        let blobs = tempfile::tempdir().unwrap();
        let (orchestrator, creations) = orchestrator(database.pool.clone(), &blobs);
        let (creating, stop) = (orchestrator.clone(), CancellationToken::new());
        let stopped = stop.clone();
        tokio::spawn(async move { creating.run_creations(creations, stopped).await });
        publish_order(&orchestrator).await;
        Self { router: router(orchestrator, stop), _database: database, _blobs: blobs }
    }

    async fn call(&self, request: Request<Body>) -> (StatusCode, Value) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn create(&self, key: &str, input: &str) -> (StatusCode, Value) {
        let body = format!(r#"{{"name":"order","idempotency_key":{key:?},"context":{input}}}"#);
        let request = Request::post("/v1/tasks").header("content-type", "application/json");
        self.call(request.body(Body::from(body)).unwrap()).await
    }

    async fn list(&self, query: &str) -> Value {
        self.call(Request::get(format!("/v1/tasks?{query}")).body(Body::empty()).unwrap()).await.1
    }
}

#[tokio::test]
async fn a_key_that_comes_with_another_input_is_told_from_a_repeated_request() {
    let server = Server::start().await;
    let (status, created) = server.create("k", r#"{"id":123456789012345678901,"n":1}"#).await;
    assert_eq!(status, StatusCode::CREATED, "{created}");
    for (input, code) in [
        (r#"{ "n": 1, "id": 123456789012345678901 }"#, "duplicate_task"),
        (r#"{"id":123456789012345678902,"n":1}"#, "idempotency_key_reused"),
    ] {
        let (status, told) = server.create("k", input).await;
        assert_eq!((status, &told["error"]["code"]), (StatusCode::CONFLICT, &json!(code)), "{told}");
        assert_eq!(told["error"]["task_id"], created["task_id"]);
    }
}

#[tokio::test]
async fn tasks_that_arrive_between_two_pages_repeat_and_hide_nothing() {
    let server = Server::start().await;
    let create = async |key: &str| server.create(key, "{}").await.1["task_id"].clone();
    let (first, second, third) = (create("1").await, create("2").await, create("3").await);
    let page = server.list("per_page=2").await;
    assert_eq!((&page["tasks"][0]["task_id"], &page["tasks"][1]["task_id"]), (&third, &second));
    assert_eq!(page["has_more"], true);
    create("4").await;
    let page = server.list(&format!("per_page=2&after={}", second.as_str().unwrap())).await;
    assert_eq!((&page["tasks"][0]["task_id"], &page["has_more"]), (&first, &json!(false)), "{page}");
}
