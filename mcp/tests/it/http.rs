//! MCP over HTTP, without sessions.

use std::sync::{Arc, Mutex};

use http::{Request, StatusCode, request::Parts};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tasker_mcp::{Api, HttpService, http_service};
use tower::ServiceExt;

use crate::{client::SETTINGS, fake::Fake, samples::TASK};

async fn post(service: &HttpService, message: Value, version: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::post("/mcp")
        .header("host", "tasker.example.com")
        .header("origin", "https://console.example.com")
        .header("x-api-key", "tsk_secret")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(version) = version {
        request = request.header("mcp-protocol-version", version);
    }
    let request = request.body(Full::<bytes::Bytes>::from(message.to_string())).unwrap();
    let response = service.clone().oneshot(request).await.unwrap();
    assert!(response.headers().get("mcp-session-id").is_none());
    let status = response.status();
    if status == StatusCode::OK {
        assert_eq!(response.headers()["content-type"], "application/json");
    }
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn service(fake: Arc<Fake>, keys: Arc<Mutex<Vec<String>>>) -> HttpService {
    http_service(&SETTINGS, move |head: &Parts| -> Arc<dyn Api> {
        keys.lock().unwrap().push(head.headers["x-api-key"].to_str().unwrap().to_owned());
        fake.clone()
    })
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments },
    })
}

#[tokio::test]
async fn each_request_stands_for_itself_and_brings_its_credentials() {
    let fake = Fake::new();
    let keys = Arc::new(Mutex::new(Vec::new()));
    let service = service(fake.clone(), keys.clone());
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        },
    });
    let (status, body) = post(&service, initialize, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["result"]["serverInfo"]["name"], "tasker");
    assert_eq!(body["result"]["protocolVersion"], "2025-06-18");
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(post(&service, initialized, Some("2025-06-18")).await.0, StatusCode::ACCEPTED);
    // Neither the same process nor a session is needed.
    let other = self::service(fake, keys.clone());
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let (status, body) = post(&other, list, Some("2025-06-18")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["result"]["tools"].as_array().unwrap().len(), 47);
    let (_, body) = post(&other, call("task_inspect", &json!({ "task": TASK })), Some("2025-06-18")).await;
    assert_eq!(body["result"]["structuredContent"]["task"]["task_id"], TASK);
    assert_eq!(*keys.lock().unwrap(), vec!["tsk_secret"; 4]);
}

#[tokio::test]
async fn a_confirmation_is_used_once_over_several_requests() {
    let fake = Fake::new();
    let service = service(fake.clone(), Arc::default());
    let mut arguments = json!({ "task": TASK, "reason": "a test" });
    let (_, body) = post(&service, call("task_cancel", &arguments), Some("2025-06-18")).await;
    arguments["confirm"] = body["result"]["structuredContent"]["confirm"].clone();
    let (_, body) = post(&service, call("task_cancel", &arguments), Some("2025-06-18")).await;
    assert_eq!(body["result"]["isError"], false);
    let (_, body) = post(&service, call("task_cancel", &arguments), Some("2025-06-18")).await;
    assert_eq!(body["result"]["structuredContent"]["error"]["code"], "confirm_expired");
    assert_eq!(fake.changes().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_no_message_is_refused() {
    let service = service(Fake::new(), Arc::default());
    let (status, _) = post(&service, json!({ "hello": 1 }), None).await;
    assert!(status.is_client_error());
    let request =
        Request::get("/mcp").header("x-api-key", "k").body(Full::<bytes::Bytes>::default()).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn clients_of_the_protocol_without_sessions_are_served_too() {
    let service = service(Fake::new(), Arc::default());
    let mut message = call("task_inspect", &json!({ "task": TASK }));
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let request = Request::post("/mcp")
        .header("x-api-key", "tsk_secret")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "task_inspect")
        .body(Full::<bytes::Bytes>::from(message.to_string()))
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["result"]["structuredContent"]["task"]["task_id"], TASK);
}
