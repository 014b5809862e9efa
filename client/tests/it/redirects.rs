//! Responses that are redirects, what the other host learns, and responses as they are.

use axum::{http::StatusCode, response::IntoResponse};
use serde_json::{Value, json};
use tasker_client::Method;
use uuid::Uuid;

use crate::fake::{Fake, json_of, problem, text_of};

const ID: Uuid = Uuid::from_u128(7);

#[tokio::test]
async fn a_large_response_is_fetched_elsewhere_without_credentials() {
    let bucket = Fake::start(|_, _| text_of(200, r#"{"rows": [1, 2, 3]}"#)).await;
    let link = format!("{}/signed?X-Amz-Signature=abc", bucket.url);
    let server =
        Fake::start(move |_, _| (StatusCode::SEE_OTHER, [("location", link.clone())]).into_response()).await;
    let result: Value =
        server.client().with_traceparent("00-a-b-01").task(ID).result("import").await.unwrap();
    assert_eq!(result, json!({ "rows": [1, 2, 3] }));
    let seen = bucket.seen().remove(0);
    assert_eq!(seen.uri.path_and_query().unwrap(), "/signed?X-Amz-Signature=abc");
    for name in ["x-api-key", "authorization", "traceparent", "x-request-id", "idempotency-key"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn the_server_itself_keeps_the_credentials() {
    let server = Fake::start(|number, _| match number {
        0 => (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        _ => json_of(200, &json!(5)),
    })
    .await;
    assert_eq!(server.client().task(ID).result::<u32>("import").await.unwrap(), 5);
    let seen = server.seen().remove(1);
    assert_eq!((seen.uri.path(), seen.header("x-api-key")), ("/elsewhere", Some("tsk_secret")));
}

#[tokio::test]
async fn an_unsafe_request_is_not_sent_elsewhere() {
    let other = Fake::start(|_, _| json_of(200, &json!({}))).await;
    let link = other.url.clone();
    let server = Fake::start(move |_, _| {
        (StatusCode::PERMANENT_REDIRECT, [("location", link.clone())]).into_response()
    })
    .await;
    let error = server.client().task(ID).cancel("customer").await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("unexpected_response", Some(308)), "{error}");
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server = Fake::start(|_, _| (StatusCode::FOUND, [("location", "/v1/me")]).into_response()).await;
    let error = server.client().me().await.unwrap_err();
    assert_eq!(error.code(), "unexpected_response", "{error}");
    assert!(server.seen().len() < 6);
}

#[tokio::test]
async fn any_response_is_an_answer() {
    let server = Fake::start(|number, _| match number {
        0 => problem(409, "already_ended"),
        _ => text_of(418, "tea"),
    })
    .await;
    let client = server.builder().user_agent("tea/1").build().unwrap();
    let ask = async || client.request(Method::GET, "/v1/tasks").answer().await.unwrap();
    let refused = ask().await;
    assert_eq!(refused.status(), 409);
    assert_eq!(serde_json::from_slice::<Value>(refused.body()).unwrap()["code"], "already_ended");
    assert_eq!(refused.parse::<Value>().unwrap_err().code(), "already_ended");
    assert_eq!(ask().await.into_body().unwrap_err().status(), Some(418));
    assert_eq!(server.seen()[0].header("user-agent"), Some("tea/1"));
}
