//! The committed types, and what they accept.

use std::{env, fs, path::Path};

use serde_json::json;
use tasker_client::types::{self, EdgeKind, ProblemCode, TaskAction, TaskOperation};

use crate::generate::generate;

#[test]
fn the_committed_types_are_those_of_the_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(folder.join("../api/openapi.json")).unwrap();
    let text = generate(&serde_json::from_str(&document).unwrap());
    let committed = folder.join("src/types.rs");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&committed, &text).unwrap();
    }
    let stored = fs::read_to_string(committed).unwrap();
    assert!(stored == text, "client/src/types.rs is not what api/openapi.json says: run with UPDATE_DOCS=1");
}

#[test]
fn what_a_later_server_adds_is_accepted() {
    let problem = json!({
        "type": "urn:tasker:error:moon", "title": "", "status": 499, "detail": "wait for it", "code": "moon", "phase": 3
    });
    let problem: types::Problem = serde_json::from_value(problem).unwrap();
    assert_eq!(problem.code, ProblemCode::Other("moon".to_owned()));
    let edge: types::GraphEdge =
        serde_json::from_str(r#"{"from": "a", "to": "b", "type": "detour"}"#).unwrap();
    assert_eq!(edge.r#type.as_str(), "detour");
    assert_eq!(EdgeKind::from("batch"), EdgeKind::Batch);
}

#[test]
fn an_operation_is_one_object() {
    let action = TaskAction::Rerun { step: "ship".to_owned() };
    let operation =
        TaskOperation { action, actor: None, reason: Some("late".to_owned()), expected_state: None };
    let expected = json!({ "action": "rerun", "step": "ship", "reason": "late" });
    assert_eq!(serde_json::to_value(&operation).unwrap(), expected);
}
