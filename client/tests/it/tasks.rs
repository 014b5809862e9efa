//! Tasks of the real API: from a request to a result, and what operators do.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use futures_util::stream;
use serde_json::{Value, json};
use tasker_api::Authentication;
use tasker_client::{Document, StepState, TaskState};

use crate::{
    host::{complete, failed},
    server::Server,
};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_task_is_started_waited_for_and_its_results_are_read() {
    let server = Server::start().await;
    let input = json!({ "order_id": "DE-1001" });
    let start = server.client().start("shop/chain", &input).version("1.0.0").tag("web").priority(5);
    let task = start.reason("a customer").source_system("shop").send().await.unwrap();
    let waiting = tokio::spawn({
        let task = task.clone();
        async move { task.wait(PATIENCE).await }
    });
    server.end(task.id(), "a", complete(r#"{"amount": 12345678901234567890.123456789}"#)).await;
    server.end(task.id(), "b", complete(r#"{"tracking_number": "1Z"}"#)).await;
    let outcome = waiting.await.unwrap().unwrap();
    assert!(outcome.is_complete());
    assert_eq!((&outcome.task.tags[..], outcome.task.priority), (&["web".to_owned()][..], 5));
    assert_eq!(outcome.result::<Value>("b").await.unwrap(), json!({ "tracking_number": "1Z" }));
    let amount: Document = outcome.result("a").await.unwrap();
    assert_eq!(amount.get(), r#"{"amount": 12345678901234567890.123456789}"#);

    assert_eq!(task.input::<Value>().await.unwrap(), input);
    let steps = task.steps().all().await.unwrap();
    assert!(steps.iter().all(|step| step.state == StepState::Complete));
    assert_eq!(steps[0].result.as_ref().unwrap().get(), amount.get());
    assert_eq!(task.context().await.unwrap().results["a"].get(), amount.get());
    let graph = task.graph().await.unwrap();
    assert_eq!((graph.nodes.len(), graph.analysis.critical_path), (2, vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(task.timeline().all().await.unwrap().len(), 2);
    assert_eq!(task.logs().step("b").all().await.unwrap()[0].message, "b at work");
    assert_eq!(task.step("a").attempts().all().await.unwrap()[0].attempt, 1);
    assert!(task.step("a").audit().all().await.unwrap().len() > 1);
    assert!(task.audit().limit(2).all().await.unwrap().len() > 4);
}

#[tokio::test]
async fn an_idempotency_key_creates_one_task() {
    let server = Server::start().await;
    let client = server.client();
    let start = |input: Value| client.start("order", &input).idempotency_key("order-1");
    let first = start(json!({ "n": 1 })).send().await.unwrap();
    let error = start(json!({ "n": 1 })).send().await.unwrap_err();
    assert_eq!(
        (error.code(), error.status(), error.task_id()),
        ("duplicate_task", Some(409), Some(first.id()))
    );
    assert_eq!(start(json!({ "n": 1 })).return_existing().send().await.unwrap().id(), first.id());
    assert_eq!(start(json!({ "n": 2 })).send().await.unwrap_err().code(), "idempotency_key_reused");
}

#[tokio::test]
async fn a_creation_whose_response_is_lost_is_repeated_and_finds_its_task() {
    async fn lose(request: Request, next: Next) -> Response {
        let is_repeated = request.uri().query().is_some();
        let response = next.run(request).await;
        if is_repeated {
            return response;
        }
        let cut = stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
        let mut response = response.map(|_| Body::from_stream(cut));
        response.headers_mut().remove("content-length");
        response
    }
    let server = Server::start_with(Authentication::Off, |router| router.layer(from_fn(lose))).await;
    let client = server.client();
    let task = client.start("order", &json!({})).idempotency_key("order-1").send().await.unwrap();
    let tasks = client.tasks().limit(10).page();
    // Its path has a query, so that its response gets through.
    let ids: Vec<_> = tasks.await.unwrap().items.iter().map(|task| task.task_id).collect();
    assert_eq!(ids, [task.id()]);
}

#[tokio::test]
async fn a_task_is_cancelled_once() {
    let server = Server::start().await;
    let task = server.client().start("order", &json!({})).send().await.unwrap();
    assert_eq!(task.cancel("no longer wanted").await.unwrap().cancelled_steps, 1);
    let outcome = task.wait(PATIENCE).await.unwrap();
    assert_eq!((outcome.is_complete(), outcome.status()), (false, &TaskState::Cancelled));
    let error = task.cancel("again").await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("already_ended", Some(409)), "{error}");
    let reasons: Vec<_> =
        task.audit().all().await.unwrap().into_iter().filter_map(|change| change.reason).collect();
    assert!(reasons.contains(&"no longer wanted".to_owned()), "{reasons:?}");
}

#[tokio::test]
async fn an_operator_pauses_resets_completes_and_gives_up() {
    let server = Server::start().await;
    let client = server.client();
    let task = client.start("shop/chain", &json!({})).send().await.unwrap();
    task.pause("stock").await.unwrap();
    assert!(task.get().await.unwrap().paused_at.is_some());
    task.resume("stock").await.unwrap();
    let early = task.step("b").reset("too early").await.unwrap_err();
    assert_eq!(early.code(), "not_possible", "{early}");
    server.end(task.id(), "a", complete("1")).await;
    server.end(task.id(), "b", failed()).await;
    let outcome = task.wait(PATIENCE).await.unwrap();
    assert_eq!(outcome.status(), &TaskState::BlockedByFailures);
    let missing = outcome.result::<Value>("b").await.unwrap_err();
    assert!(missing.status().is_some_and(|status| (400..500).contains(&status)), "{missing}");
    assert_eq!(task.step("b").reset("the carrier is back").await.unwrap().status, TaskState::StepsInProcess);
    server.end(task.id(), "b", failed()).await;
    task.step("b").complete(&json!({ "tracking_number": "by hand" }), "the carrier called").await.unwrap();
    let outcome = task.wait(PATIENCE).await.unwrap();
    assert_eq!(outcome.result::<Value>("b").await.unwrap(), json!({ "tracking_number": "by hand" }));

    let other = client.start("order", &json!({})).send().await.unwrap();
    server.end(other.id(), "a", failed()).await;
    other.give_up("hopeless").await.unwrap();
    assert_eq!(other.wait(PATIENCE).await.unwrap().status(), &TaskState::Error);
    let copy = other.copy(&tasker_client::types::TaskCopy::default()).await.unwrap();
    assert_eq!(copy.get().await.unwrap().tags, [format!("rerun-of:{}", other.id())]);
}
