//! Arguments cannot leave their place in a path or query.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    client::Client,
    fake::{Fake, route_of},
    samples::TASK,
};

/// The tools with names in their paths, with the route that each may ask, apart from reading a task.
fn calls(odd: &str) -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("handler_versions", json!({ "callable": odd }), "GET /v1/callables/{callable}/versions"),
        (
            "step_inspect",
            json!({ "task": TASK, "step": odd }),
            "GET /v1/tasks/{task_id}/workflow_steps/{step}",
        ),
        (
            "step_audit",
            json!({ "task": TASK, "step": odd }),
            "GET /v1/tasks/{task_id}/workflow_steps/{step}/audit",
        ),
        (
            "template_inspect_remote",
            json!({ "namespace": odd, "name": odd, "version": odd }),
            "GET /v1/templates/{namespace}/{name}/{version}",
        ),
        (
            "trigger_switch",
            json!({ "namespace": odd, "name": odd, "enabled": true }),
            "GET /v1/triggers/{namespace}/{name}",
        ),
        ("task_logs", json!({ "task": TASK, "step": odd, "q": odd }), "GET /v1/tasks/{task_id}/logs"),
        ("task_list", json!({ "namespace": odd, "state": [odd, odd], "cursor": odd }), "GET /v1/tasks"),
        ("task_inspect", json!({ "task": odd }), "none, because it is no UUID"),
        ("dlq_inspect", json!({ "entry": odd }), "none, because it is no UUID"),
        ("event_replay", json!({ "event": odd }), "none, because it is no UUID"),
    ]
}

fn check(odd: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let fake = Fake::new();
        let client = Client::of(fake.clone()).await;
        for (tool, arguments, route) in calls(odd) {
            let before = fake.requests().len();
            client.call(tool, arguments).await;
            for request in &fake.requests()[before..] {
                let path = &request.path;
                assert_eq!(route_of(request.method.as_str(), path).as_deref(), Some(route), "{tool} {odd:?}");
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%/?&=".contains(&byte);
                assert!(path.bytes().all(is_plain), "{path}");
                // Neither this path nor the one that a URL parser makes of it has segments that are resolved.
                let decoded = path.split('?').next().unwrap().to_ascii_lowercase().replace("%2e", ".");
                assert!(decoded.split('/').all(|segment| segment != "." && segment != ".."), "{path}");
                let query = path.split_once('?').map_or("", |(_, query)| query);
                let names = ["step", "q", "limit", "namespace", "state", "cursor"];
                for pair in query.split('&').filter(|pair| !pair.is_empty()) {
                    assert!(names.contains(&pair.split('=').next().unwrap()), "{path}");
                    assert_eq!(pair.matches('=').count(), 1, "{path}");
                }
            }
        }
    });
}

#[test]
fn odd_names_stay_in_their_places() {
    for odd in [
        "",
        ".",
        "..",
        "../..",
        "a/b",
        "a?b=c",
        "a#b",
        "%2e%2e",
        "%2F",
        "a&limit=1",
        "a b",
        "\\..\\",
        "\0",
        "é",
        "count",
        "x\r\nHost: evil",
        "?",
        "//evil.example/",
    ] {
        check(odd);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn arbitrary_names_stay_in_their_places(odd in "[./%?&=#\\\\a-z0-9é\\x00-\\x20]{0,12}|\\PC{0,12}") {
        check(&odd);
    }
}
