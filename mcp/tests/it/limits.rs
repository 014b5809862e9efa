//! The length of answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    client::Client,
    fake::Fake,
    samples::{self, TASK},
};

const LONGEST: usize = 40_000;

#[tokio::test]
async fn a_task_of_10_000_steps_is_inspected_page_by_page() {
    for documents in [false, true] {
        let client = Client::of(Fake::with_steps(10_000)).await;
        let mut seen = BTreeSet::new();
        let mut cursor = Value::Null;
        let mut pages = 0;
        loop {
            let arguments = json!({ "task": TASK, "documents": documents, "limit": 200, "cursor": cursor });
            let answered = client.call("task_inspect", arguments).await;
            assert!(!answered.is_error);
            assert!(answered.bytes <= LONGEST, "{}", answered.bytes);
            let value = answered.value;
            assert_eq!(value["truncated"], true);
            assert!(value["next"].as_str().unwrap().contains("step_inspect"));
            for item in value["items"].as_array().unwrap() {
                assert!(seen.insert(item["step_index"].as_u64().unwrap()), "{item} is there twice");
            }
            pages += 1;
            // Enough pages to see that none is left out.
            match value.get("next_cursor").filter(|_| pages < 20) {
                Some(next) => cursor = next.clone(),
                None => break,
            }
            assert!(value["next"].as_str().unwrap().contains("`cursor`"));
        }
        let count = u64::try_from(seen.len()).unwrap();
        assert!(count >= 20, "{count} items on {pages} pages");
        assert_eq!(seen, (0..count).collect());
    }
}

#[tokio::test]
async fn the_last_page_has_no_cursor() {
    let client = Client::of(Fake::with_steps(30)).await;
    let first = client.get("task_inspect", json!({ "task": TASK })).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 25);
    let last = client.get("task_inspect", json!({ "task": TASK, "cursor": first["next_cursor"] })).await;
    assert_eq!(last["items"].as_array().unwrap().len(), 5);
    assert_eq!(last.get("next_cursor"), None);
}

/// Replaces each text from outside by a long one, and repeats the items of lists.
fn inflate(value: &mut Value, text: &str) {
    match value {
        Value::String(old) if old == samples::OUTSIDE => text.clone_into(old),
        Value::Array(items) => {
            for item in items.iter_mut() {
                inflate(item, text);
            }
            if let [only] = items.as_slice() {
                *items = vec![only.clone(); 30];
            }
        }
        Value::Object(object) => object.values_mut().for_each(|value| inflate(value, text)),
        _ => {}
    }
}

#[tokio::test]
async fn no_answer_is_longer_than_allowed() {
    let routes: BTreeSet<String> = {
        let fake = Fake::new();
        let client = Client::of(fake.clone()).await;
        for (tool, arguments, _) in samples::calls() {
            client.get(tool, arguments).await;
        }
        let requests = fake.requests();
        requests.iter().filter_map(|it| crate::fake::route_of(it.method.as_str(), &it.path)).collect()
    };
    for text in ["x".repeat(6_000), "\"\\\n\u{1}".repeat(1_000), "é🦀".repeat(1_000)] {
        let fake = Fake::new();
        for route in &routes {
            fake.change(route, |body| inflate(body, &text));
        }
        let client = Client::of(fake).await;
        for (tool, arguments, _) in samples::calls() {
            let answered = client.call(tool, arguments).await;
            assert!(!answered.is_error, "{tool}: {}", answered.value);
            assert!(answered.bytes <= LONGEST, "{tool}: {}", answered.bytes);
            assert!(!answered.value.to_string().contains("ask for less"), "{tool} lost everything");
        }
    }
}

#[tokio::test]
async fn long_texts_are_cut_with_a_mark() {
    let fake = Fake::new();
    let document = json!({
        "task_id": TASK, "input": { "text": "y".repeat(5_000), "list": vec![1; 500] }, "results": {}, "is_truncated": false,
    });
    fake.answer("GET /v1/tasks/{task_id}/context", 200, document);
    fake.change("GET /v1/tasks/{task_id}/logs", |page| {
        page["items"][0]["message"] = "z".repeat(5_000).into();
    });
    let client = Client::of(fake).await;
    let logs = client.get("task_logs", json!({ "task": TASK })).await;
    assert!(logs["items"][0]["untrusted"]["message"].as_str().unwrap().ends_with("z… [3000 bytes cut]"));
    assert!(logs["next"].as_str().unwrap().starts_with("Long texts were cut. "));
    let context = client.get("task_context", json!({ "task": TASK })).await;
    assert_eq!(context["truncated"], true);
    let input = &context["untrusted"]["input"];
    assert!(input["text"].as_str().unwrap().ends_with("y… [3000 bytes cut]"));
    assert_eq!(input["list"].as_array().unwrap().last().unwrap(), "… [400 entries cut]");
}

#[tokio::test]
async fn a_large_graph_is_drawn_in_part() {
    let fake = Fake::new();
    fake.change("GET /v1/tasks/{task_id}/graph", |graph| {
        graph["nodes"] = (0..2_000).map(|n| samples::node(&format!("step_{n}"), "complete")).collect();
        graph["edges"] = (1..2_000)
            .map(|n| json!({ "from": format!("step_{}", n - 1), "to": format!("step_{n}"), "taken": true }))
            .collect();
    });
    let answered = Client::of(fake).await.call("task_visualize", json!({ "task": TASK })).await;
    assert!(answered.bytes <= LONGEST);
    assert_eq!(answered.value["truncated"], true);
    assert_eq!(answered.value["steps"], 2_000);
    assert!(answered.value["mermaid"].as_str().unwrap().contains("n1 --> n2"));
}

#[tokio::test]
async fn an_answer_of_very_many_names_fits() {
    let fake = Fake::new();
    let groups: Vec<Value> =
        (0..10_000).map(|n| json!({ "key": format!("shop/template_{n}"), "count": 1 })).collect();
    fake.change("GET /v1/tasks/count", |count| count["groups"] = groups.into());
    fake.change("GET /v1/tasks/{task_id}/workflow_steps/{step}", |step| {
        step["dependencies"] = (0..5_000).map(|n| format!("step_{n}")).collect();
    });
    let client = Client::of(fake).await;
    let counted = client.call("task_count", json!({ "by": "template" })).await;
    assert!(counted.bytes <= LONGEST && counted.value["groups"].as_array().unwrap().len() == 100);
    let inspected = client.call("step_inspect", json!({ "task": TASK, "step": "charge" })).await;
    assert!(inspected.bytes <= LONGEST);
    assert_eq!(inspected.value["truncated"], true);
    assert_eq!(inspected.value["step"]["state"], "error");
}
