//! Problems: their form, and the id of their request.

use axum::http::StatusCode;
use serde_json::json;
use tasker_api::Problem;
use tasker_templates::template::parse;

use crate::server::Server;

#[tokio::test]
async fn every_refusal_is_a_problem_with_the_id_of_its_request() {
    let server = Server::start().await;
    let known = "018f3b6a-0000-7000-8000-000000000001";
    for (path, headers, body, code) in [
        ("/v1/nothing", &[][..], "{}", "no_such_route"),
        ("/v1/templates", &[], "{}", "no_such_method"),
        ("/v1/tasks", &[], "{", "invalid_request"),
        ("/v1/tasks", &[], r#"{"name":"nothing","context":{}}"#, "no_such_template"),
        ("/v1/tasks?x=1", &[], "{}", "invalid_request"),
        ("/v1/tasks", &[("x-request-id", known)], r#"{"name":"a","contxt":{}}"#, "invalid_request"),
        ("/v1/events", &[], "{}", "invalid_event"),
    ] {
        let answer = server.post(path, headers, body).await;
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}: {answer:?}");
        let problem: Problem = serde_json::from_value(answer.body.clone()).unwrap();
        assert_eq!(
            (problem.code.as_str(), problem.status),
            (code, answer.status.as_u16()),
            "{path}: {problem:?}"
        );
        assert_eq!(problem.kind, format!("urn:tasker:error:{code}"));
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert_eq!(problem.instance, Some(format!("urn:tasker:request:{id}")));
        assert!(headers.is_empty() || id == known, "{id}");
    }
    let mut request = axum::http::Request::post("/v1/tasks");
    request = request.header("content-type", "text/plain").header("x-request-id", "no UUID");
    let answer = server.call(request.body(axum::body::Body::from("{}")).unwrap()).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!("unsupported_media_type"))
    );
    assert_ne!(answer.headers["x-request-id"], "no UUID");
}

#[tokio::test]
async fn an_input_that_breaks_its_schema_is_refused_with_the_place_of_each_fault() {
    let server = Server::start().await;
    let template = "{ name: strict, version: 1.0.0, steps: [], input_schema: { type: object, required: [id],
        properties: { items: { items: { required: [sku] } } } } }";
    server.orchestrator.catalog.publish_template(&parse(template).unwrap().template).await.unwrap();
    let body = r#"{"name":"strict","context":{"items":[{"sku":"a"},{}]}}"#;
    let answer = server.post("/v1/tasks", &[], body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Problem = serde_json::from_value(answer.body).unwrap();
    let mut places: Vec<&str> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["", "/items/1"], "{problem:?}");
}
