//! The MCP server at `/mcp`, over real routes.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_api::{Authentication, Doors};

use crate::{
    host::failed,
    server::{Answer, Server},
};

impl Server {
    async fn with_mcp(writes: bool) -> Self {
        Self::start_with(Doors { mcp_writes: writes, ..Authentication::Own(None).into() }).await
    }

    async fn mcp(&self, key: &str, method: &str, parameters: &Value) -> Answer {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let request = Request::post("/mcp")
            .header("host", "localhost")
            .header("x-api-key", key)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .body(Body::from(body.to_string()));
        self.call(request.unwrap()).await
    }

    async fn tool(&self, key: &str, name: &str, arguments: &Value) -> Value {
        let answer = self.mcp(key, "tools/call", &json!({ "name": name, "arguments": arguments })).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body["result"].clone()
    }

    async fn tools(&self, key: &str) -> Vec<String> {
        let answer = self.mcp(key, "tools/list", &json!({})).await;
        let tools = answer.body["result"]["tools"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn each_caller_sees_the_tools_that_it_may_use() {
    let server = Server::with_mcp(true).await;
    let (viewer, operator) = (server.key("viewer", None).await, server.key("operator", None).await);
    let (of_viewer, of_operator) = (server.tools(&viewer).await, server.tools(&operator).await);
    assert!(of_viewer.contains(&"task_list".to_owned()) && of_operator.contains(&"task_cancel".to_owned()));
    for hidden in ["task_cancel", "task_submit", "task_logs", "handler_promote"] {
        assert!(!of_viewer.contains(&hidden.to_owned()), "{of_viewer:?}");
    }
    let only_reading = Server::with_mcp(false).await;
    let key = only_reading.key("admin", None).await;
    let tools = only_reading.tools(&key).await;
    assert!(
        tools.contains(&"task_logs".to_owned()) && !tools.contains(&"task_cancel".to_owned()),
        "{tools:?}"
    );
    let nobody = only_reading.mcp("tsk_wrong", "tools/list", &json!({})).await;
    let trail = only_reading.tool(&key, "access_audit", &json!({})).await.to_string();
    assert!(trail.contains("/mcp") && trail.contains("401"), "a refusal at this door is recorded: {trail}");
    assert_eq!((nobody.status, &nobody.body["code"]), (StatusCode::UNAUTHORIZED, &json!("unauthenticated")));
}

#[tokio::test]
async fn a_task_is_cancelled_after_its_preview_and_once() {
    let server = Server::with_mcp(true).await;
    let operator = server.key("operator", None).await;
    let created = server
        .call(
            Request::post("/v1/tasks")
                .header("x-api-key", &operator)
                .header("content-type", "application/json")
                .body(Body::from(r#"{"name":"order"}"#))
                .unwrap(),
        )
        .await;
    let task = created.body["task_id"].as_str().unwrap().to_owned();
    let wanted = json!({ "task": task, "reason": "a test" });
    let preview = server.tool(&operator, "task_cancel", &wanted).await;
    let token =
        preview["structuredContent"]["confirm"].as_str().unwrap_or_else(|| panic!("{preview}")).to_owned();
    let state = async || server.tool(&operator, "task_inspect", &json!({ "task": task })).await.to_string();
    assert!(!state().await.contains("cancelled"), "a preview changes nothing");
    let mut confirmed = wanted.clone();
    confirmed["confirm"] = json!(token);
    // Nobody else uses the token.
    let other = server.key("operator", None).await;
    let refused = server.tool(&other, "task_cancel", &confirmed).await;
    assert!(refused["isError"] == true && refused.to_string().contains("confirm_expired"), "{refused}");
    let done = server.tool(&operator, "task_cancel", &confirmed).await;
    assert!(done["isError"] != true, "{done}");
    assert!(state().await.contains("cancelled"));
    let again = server.tool(&operator, "task_cancel", &confirmed).await;
    assert!(again["isError"] == true, "{again}");
    // The trail names the key and the program.
    let auditor = server.key("auditor", None).await;
    let trail = server.tool(&auditor, "access_audit", &json!({})).await.to_string();
    assert!(trail.contains("tasker-mcp") && trail.contains("tasks:cancel"), "{trail}");
    assert!(!trail.contains("\"request_id\":null"), "the trail names the MCP request: {trail}");
}

#[tokio::test]
async fn it_is_explained_why_a_task_does_not_move() {
    let server = Server::start().await;
    let task = server.task_of("order", &json!({})).await;
    let explained = async || {
        let answer = server.tool("", "task_explain", &json!({ "task": task })).await;
        answer["structuredContent"].to_string()
    };
    assert!(explained().await.contains("It moves"), "a moment ago");
    sqlx::query("UPDATE tasker.steps SET enqueued_at = enqueued_at - interval '1 minute'")
        .execute(&server.database.pool)
        .await
        .unwrap();
    let waiting = explained().await;
    assert!(waiting.contains("worker") || waiting.contains("host"), "{waiting}");
    server.end(task, "a", (0, 1), failed("CardDeclined", false), &[]).await;
    let blocked = explained().await;
    assert!(blocked.contains("CardDeclined") && blocked.contains('a'), "{blocked}");
}
