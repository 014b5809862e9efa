//! Which requests are repeated, when, and how often.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tasker_client::{Client, Error, Method};
use uuid::Uuid;

use crate::fake::{Fake, broken, json_of, problem, task, text_of, unavailable};

const ID: Uuid = Uuid::from_u128(7);

#[tokio::test]
async fn reading_is_repeated_after_each_temporary_refusal() {
    let server = Fake::start(|number, _| match number {
        0 => unavailable("0"),
        1 => text_of(502, "a proxy's page"),
        2 => broken(200, "{\"task"),
        _ => json_of(200, &task(&ID.to_string(), "complete")),
    })
    .await;
    assert_eq!(server.client().task(ID).get().await.unwrap().task_id, ID);
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    let ids: BTreeSet<_> = seen.iter().map(|request| request.header("x-request-id").unwrap()).collect();
    assert_eq!(ids.len(), 1, "the attempts are one request");
    assert_eq!(seen[0].header("x-api-key"), Some("tsk_secret"));
}

#[tokio::test]
async fn repetitions_are_bounded() {
    let server = Fake::start(|_, _| unavailable("0")).await;
    let client = server.builder().retries(2).build().unwrap();
    let error = client.task(ID).get().await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("unavailable", Some(503)));
    assert_eq!(error.request_id().as_deref(), Some("00000000-0000-4000-8000-00000000000a"));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn retry_after_is_honoured_within_reason() {
    let asks_for = |pause: String| async move {
        let server = Fake::start(move |number, _| {
            if number == 0 { unavailable(&pause) } else { json_of(200, &task(&ID.to_string(), "complete")) }
        })
        .await;
        let start = Instant::now();
        let result = server.client().task(ID).get().await;
        (result.is_ok(), server.seen().len(), start.elapsed())
    };
    let (is_ok, _, time) = asks_for("1".to_owned()).await;
    assert!(is_ok && time >= Duration::from_secs(1), "{time:?}");
    // To the second.
    let date = |seconds: i64| {
        (Utc::now() + TimeDelta::seconds(seconds)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    let (is_ok, _, time) = asks_for(date(3)).await;
    assert!(is_ok && time >= Duration::from_secs(1), "{time:?}");
    let (is_ok, _, time) = asks_for(date(-30)).await;
    assert!(is_ok && time < Duration::from_secs(10), "{time:?}");
    let (is_ok, requests, time) = asks_for("3600".to_owned()).await;
    assert!(!is_ok && requests == 1 && time < Duration::from_secs(10), "{requests} {time:?}");
}

#[tokio::test]
async fn a_creation_is_repeated_only_with_a_key() {
    let server = Fake::start(|_, _| unavailable("0")).await;
    let client = server.client();
    client.start("shop/order", &json!({})).send().await.unwrap_err();
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].header("idempotency-key")), (1, None));

    client.start("shop/order", &json!({})).idempotency_key("order-1").send().await.unwrap_err();
    let seen = server.seen().split_off(1);
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|request| request.header("idempotency-key") == Some("order-1")));
    // An attempt before may have created the task.
    assert_eq!([seen[0].query(), seen[1].query()], ["", "on_duplicate=return"]);
}

#[tokio::test]
async fn other_changes_get_a_key_and_are_repeated_with_it() {
    let server = Fake::start(|number, _| match number {
        0 => broken(200, ""),
        // The first attempt is still being worked on.
        1 => problem(409, "not_possible"),
        _ => json_of(200, &json!({ "task_id": ID, "cancelled_steps": 1 })),
    })
    .await;
    server.client().task(ID).cancel("no longer wanted & paid").await.unwrap();
    let seen = server.seen();
    let keys: BTreeSet<_> = seen.iter().map(|request| request.header("idempotency-key").unwrap()).collect();
    assert_eq!((seen.len(), keys.len()), (3, 1));
    assert_eq!(seen[0].query(), "reason=no%20longer%20wanted%20%26%20paid");

    let refusing = Fake::start(|_, _| problem(409, "not_possible")).await;
    refusing.client().task(ID).pause("stock").await.unwrap_err();
    assert_eq!(refusing.seen().len(), 1, "a refusal is not repeated");
}

#[tokio::test]
async fn a_response_with_a_secret_is_not_asked_for_twice() {
    let server = Fake::start(|_, _| unavailable("0")).await;
    let client = server.client();
    client.create_key(&tasker_client::types::NewKey::default()).await.unwrap_err();
    client.rotate_key("12345678", &tasker_client::types::KeyRotation::default()).await.unwrap_err();
    client.unsubscribe("audit").await.unwrap_err();
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|request| request.header("idempotency-key").is_none()));
}

#[tokio::test]
async fn a_server_that_does_not_answer_or_not_as_tasker_does() {
    let slow = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", slow.local_addr().unwrap());
    let client = Client::builder(url).timeout(Duration::from_millis(200)).build().unwrap();
    let error = client.me().await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert!(error.request_id().is_some());

    let nobody = Client::builder("http://127.0.0.1:1").retries(0).build().unwrap();
    let error = nobody.me().await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("connection_failed", None), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");

    let teapot = Fake::start(|_, _| text_of(418, "a teapot")).await;
    let error = teapot.client().me().await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("unexpected_response", Some(418)));
    assert!(error.to_string().contains("a teapot"), "{error}");

    let other = Fake::start(|_, _| text_of(200, "[1]")).await;
    let error = other.client().me().await.unwrap_err();
    assert_eq!(error.code(), "undecodable", "{error}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let server = Fake::start(|_, _| problem(500, "internal")).await;
    let client = server.client();
    let codes = [
        client.task(ID).step("..").get().await.unwrap_err(),
        client.trigger("shop", "").await.unwrap_err(),
        client.start("order", &json!({})).idempotency_key("schlüssel\n").send().await.unwrap_err(),
        client.request(Method::GET, "http://other.example/").send::<Value>().await.unwrap_err(),
        client.request(Method::GET, "/v1/../../x?y").send::<Value>().await.unwrap_err(),
        Client::builder("tasker.example").build().unwrap_err(),
        Client::builder("ftp://tasker.example").build().unwrap_err(),
        Client::builder("https://tasker.example").api_key("a\nb").build().unwrap_err(),
    ];
    for error in codes {
        assert_eq!(error.code(), "invalid_call", "{error}");
    }
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_trace_and_a_base_path_are_kept() {
    let server = Fake::start(|_, _| json_of(201, &json!({ "task_id": ID }))).await;
    let client = Client::builder(format!("{}/tasker", server.url)).bearer("a.b.c").build().unwrap();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = client.with_traceparent(trace);
    traced.start("shop/order", &json!({})).version("2.0.0").tag("web").priority(5).send().await.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(seen.uri.path(), "/tasker/v1/tasks");
    assert_eq!(seen.header("traceparent"), Some(trace));
    assert_eq!(seen.header("authorization"), Some("Bearer a.b.c"));
    let expected = json!({
        "namespace": "shop", "name": "order", "context": {}, "version": "2.0.0", "tags": ["web"], "priority": 5,
        "traceparent": trace
    });
    assert_eq!(seen.json(), expected);
}
