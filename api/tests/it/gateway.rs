//! Callers whom a gateway in front of the API names, through its routes and through MCP.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_api::{Authentication, Gateway, GatewayClaims};
use tasker_identity::ClaimNames;

use crate::server::{Answer, Server};

const OPS: &str = "arn:aws:sts::111122223333:assumed-role/ops/ada";

async fn server() -> Server {
    let iam =
        BTreeMap::from([("arn:aws:sts::111122223333:assumed-role/ops/*".to_owned(), "operator".to_owned())]);
    let gateway = Gateway::new(&iam, BTreeMap::new(), ClaimNames::default(), true).unwrap();
    Server::start_with(Authentication::Gateway(Arc::new(gateway))).await
}

fn arn(user_arn: &str) -> GatewayClaims {
    GatewayClaims::Iam { user_arn: user_arn.to_owned() }
}

impl Server {
    async fn behind_gateway(&self, claims: Option<GatewayClaims>, request: (&str, &str, Value)) -> Answer {
        let (method, path, body) = request;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            // What a client says of itself.
            .header("x-amzn-iam-user-arn", OPS)
            .header("x-api-key", "tsk_forged")
            .body(Body::from(body.to_string()))
            .unwrap();
        request.extensions_mut().extend(
            claims
                .map(|claims| {
                    let mut extensions = axum::http::Extensions::new();
                    extensions.insert(claims);
                    extensions
                })
                .unwrap_or_default(),
        );
        self.call(request).await
    }
}

#[tokio::test]
async fn a_caller_is_whom_the_gateway_names_and_may_do_what_its_role_allows() {
    let server = server().await;
    let me = server.behind_gateway(Some(arn(OPS)), ("GET", "/v1/me", Value::Null)).await;
    assert_eq!(me.body["principal"], json!({ "kind": "iam", "name": OPS }), "{me:?}");
    let created =
        server.behind_gateway(Some(arn(OPS)), ("POST", "/v1/tasks", json!({ "name": "order" }))).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    let path = format!("/v1/tasks/{}", created.body["task_id"].as_str().unwrap());
    let task = server.behind_gateway(Some(arn(OPS)), ("GET", &path, Value::Null)).await;
    assert_eq!(task.body["initiator"], format!("iam:{OPS}"));
    let keys = ("POST", "/v1/keys", json!({ "name": "k", "roles": ["viewer"] }));
    assert_eq!(server.behind_gateway(Some(arn(OPS)), keys).await.status, StatusCode::FORBIDDEN);
    let ci = GatewayClaims::Authorizer(
        json!({ "principal": "ci", "roles": "submitter", "namespaces": ["shop"] })
            .as_object()
            .unwrap()
            .clone(),
    );
    let hidden = server.behind_gateway(Some(ci), ("GET", &path, Value::Null)).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{hidden:?}");
}

#[tokio::test]
async fn nobody_gets_in_whom_the_gateway_does_not_name() {
    let server = server().await;
    for (claims, status, code) in [
        (None, StatusCode::UNAUTHORIZED, "unauthenticated"),
        (Some(arn("arn:aws:iam::111122223333:user/eve")), StatusCode::FORBIDDEN, "forbidden"),
        (
            Some(GatewayClaims::Jwt { claims: BTreeMap::new(), scopes: Vec::new() }),
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
        ),
    ] {
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
        for request in [("GET", "/v1/tasks", Value::Null), ("POST", "/mcp", list)] {
            let answer = server.behind_gateway(claims.clone(), request).await;
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (status, &json!(code)),
                "{claims:?}: {answer:?}"
            );
        }
    }
    let refused = server.request("POST", "/v1/session", &[], &json!({ "api_key": "tsk_x" })).await;
    assert_eq!(refused.body["code"], "not_possible", "{refused:?}");
    let refusals: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tasker.access_audit WHERE outcome = 'denied'")
            .fetch_one(&server.database.pool)
            .await
            .unwrap();
    assert_eq!(refusals, 6);
}

#[tokio::test]
async fn a_tool_of_an_assistant_acts_as_the_caller_whom_the_gateway_names() {
    let server = server().await;
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "task_list", "arguments": {} },
    });
    let answer = server.behind_gateway(Some(arn(OPS)), ("POST", "/mcp", call)).await;
    assert_eq!(
        (answer.status, &answer.body["result"]["isError"]),
        (StatusCode::OK, &json!(false)),
        "{answer:?}"
    );
}
