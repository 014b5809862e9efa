//! The committed OpenAPI document, and the codes in the documentation.

use std::{env, fs, path::Path};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tasker_api::openapi_document;

use crate::server::Server;

fn committed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")
}

#[test]
fn the_committed_document_is_that_of_the_router() {
    let document = serde_json::to_string_pretty(&openapi_document()).unwrap() + "\n";
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(committed(), &document).unwrap();
    }
    let stored = fs::read_to_string(committed()).unwrap();
    assert!(stored == document, "api/openapi.json is not what the routes say: run with UPDATE_DOCS=1");
}

/// Of two types with one name the document has only the last.
#[test]
fn the_health_of_a_task_is_not_that_of_a_server() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let values = |schema: &str, field: &str| {
        let (mut schema, reference) = (&schemas[schema], "#/components/schemas/");
        if let Some(parts) = schema["allOf"].as_array() {
            schema = parts.iter().find(|part| part["properties"][field].is_object()).unwrap();
        }
        let field = &schema["properties"][field];
        let name = field["$ref"].as_str().unwrap().strip_prefix(reference).unwrap();
        schemas[name]["enum"].clone()
    };
    assert_eq!(values("TaskDetail", "health_status"), json!(["healthy", "recovering", "blocked"]));
    assert_eq!(values("HealthCheck", "status"), json!(["ok", "degraded", "down"]));
}

#[tokio::test]
async fn every_route_of_the_document_is_served_and_describes_its_problems() {
    let server = Server::start().await;
    let document: Value = serde_json::from_str(&fs::read_to_string(committed()).unwrap()).unwrap();
    let mut routes = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let concrete = path
            .replace("{task_id}", "00000000-0000-0000-0000-000000000000")
            .replace("{dlq_entry_id}", "00000000-0000-0000-0000-000000000000")
            .replace("{received_id}", "00000000-0000-0000-0000-000000000000")
            .replace("{session_id}", "00000000-0000-0000-0000-000000000000")
            .replace(['{', '}'], "");
        for (method, operation) in item.as_object().unwrap() {
            if path.ends_with("/stream") {
                continue;
            }
            let request =
                axum::http::Request::builder().method(method.to_uppercase().as_str()).uri(&concrete);
            let answer = server.call(request.body(axum::body::Body::empty()).unwrap()).await;
            let code = answer.body["code"].as_str().unwrap_or_default();
            assert!(!["no_such_route", "no_such_method"].contains(&code), "{method} {path}: {answer:?}");
            let status = answer.status.as_str();
            assert!(
                operation["responses"].get(status).is_some(),
                "{method} {path} returned {status}, which the document does not name: {answer:?}"
            );
            routes += 1;
        }
    }
    assert!(routes >= 50, "{routes}");
    let served = server.get("/openapi.json").await;
    assert_eq!((served.status, served.body), (StatusCode::OK, document));
}

/// Clients are generated with a function for each.
#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = json!(openapi_document());
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let mut names: Vec<&str> =
        operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    assert!(names.contains(&"get_task") && names.contains(&"list_tasks"));
}

#[test]
fn every_code_is_documented() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md")).unwrap();
    let document = json!(openapi_document());
    let codes =
        document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].as_array().unwrap();
    assert!(codes.len() > 25);
    for code in codes {
        let code = code.as_str().unwrap();
        assert!(page.contains(&format!("| `{code}` |")), "docs/api.md does not explain `{code}`");
    }
}
