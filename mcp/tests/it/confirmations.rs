//! Preview and confirmation of tools that write.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tasker_mcp::{Server, Settings};

use crate::{
    client::{Answered, Client, SETTINGS},
    fake::Fake,
    samples::{self, TASK},
};

fn cancel() -> Value {
    json!({ "task": TASK, "reason": "not wanted" })
}

fn confirmed(mut arguments: Value, token: &Value) -> Value {
    arguments["confirm"] = token.clone();
    arguments
}

fn check_refusal(answered: &Answered, fake: &Fake, what: &str) {
    assert!(answered.is_error, "{what}");
    assert_eq!(answered.value["error"]["code"], "confirm_expired", "{what}");
    assert!(answered.value["preview"]["what"].is_string(), "{what}");
    assert!(answered.value["confirm"].is_string(), "{what}");
    assert_eq!(fake.changes(), [], "{what}");
}

#[tokio::test]
async fn a_tool_that_writes_changes_nothing_before_it_is_confirmed_and_then_sends_one_request() {
    for (tool, arguments, change) in samples::calls() {
        let Some((method, path, body)) = change else { continue };
        let fake = Fake::new();
        let client = Client::of(fake.clone()).await;
        let previewed = client.get(tool, arguments.clone()).await;
        assert_eq!(fake.changes(), [], "{tool}");
        for field in ["what", "before", "affected", "warnings"] {
            assert!(previewed["preview"].get(field).is_some(), "{tool} lacks {field}");
        }
        let done = client.get(tool, confirmed(arguments, &previewed["confirm"])).await;
        assert_eq!(done["done"], previewed["preview"]["what"], "{tool}");
        let changes = fake.changes();
        assert_eq!(changes.len(), 1, "{tool}");
        assert_eq!((changes[0].method.as_str(), changes[0].path.as_str()), (method, path.as_str()));
        let sent: Option<Value> = changes[0].body.as_deref().map(|body| serde_json::from_str(body).unwrap());
        assert_eq!(sent, body, "{tool}");
        assert!(changes[0].idempotency_key.is_some(), "{tool}");
    }
}

#[tokio::test]
async fn a_used_token_is_refused() {
    for (tool, arguments, change) in samples::calls() {
        if change.is_none() {
            continue;
        }
        let fake = Fake::new();
        let client = Client::of(fake.clone()).await;
        let token = client.get(tool, arguments.clone()).await["confirm"].clone();
        client.get(tool, confirmed(arguments.clone(), &token)).await;
        assert_eq!(client.refused(tool, confirmed(arguments, &token)).await, "confirm_expired", "{tool}");
        assert_eq!(fake.changes().len(), 1, "{tool}");
    }
}

#[tokio::test]
async fn a_token_is_valid_for_five_minutes() {
    for (seconds, is_valid) in [(0, true), (299, true), (300, false), (86_400, false)] {
        let fake = Fake::new();
        let passed = Arc::new(AtomicI64::new(0));
        let clock = passed.clone();
        let start = Utc::now();
        let server = Server::new(fake.clone(), &SETTINGS)
            .with_clock(move || start + TimeDelta::seconds(clock.load(Ordering::Relaxed)));
        let client = Client::connect(server).await;
        let token = client.get("task_cancel", cancel()).await["confirm"].clone();
        passed.store(seconds, Ordering::Relaxed);
        let answered = client.call("task_cancel", confirmed(cancel(), &token)).await;
        if is_valid {
            assert!(!answered.is_error, "{seconds}");
            assert_eq!(fake.changes().len(), 1);
        } else {
            check_refusal(&answered, &fake, "expired");
        }
    }
}

#[tokio::test]
async fn a_token_of_something_else_is_refused() {
    let fake = Fake::new();
    let client = Client::of(fake.clone()).await;
    let token = client.get("task_cancel", cancel()).await["confirm"].clone();
    // Other arguments.
    let other = json!({ "task": TASK, "reason": "another", "confirm": token });
    check_refusal(&client.call("task_cancel", other).await, &fake, "arguments");
    // Another tool with the same arguments.
    let clone_token = client.get("task_clone", cancel()).await["confirm"].clone();
    check_refusal(&client.call("task_cancel", confirmed(cancel(), &clone_token)).await, &fake, "tool");
    // Another secret.
    let foreign =
        Client::connect(Server::new(fake.clone(), &Settings { write: true, secret: [8; 32] })).await;
    check_refusal(&foreign.call("task_cancel", confirmed(cancel(), &token)).await, &fake, "secret");
    // Nonsense.
    for nonsense in ["", "x", "!!", "AAAAAAAAAAA", &"A".repeat(54), &"A".repeat(9_999)] {
        check_refusal(
            &client.call("task_cancel", confirmed(cancel(), &json!(nonsense))).await,
            &fake,
            nonsense,
        );
    }
    // Another caller.
    fake.change("GET /v1/me", |me| me["principal"]["name"] = "another".into());
    check_refusal(&client.call("task_cancel", confirmed(cancel(), &token)).await, &fake, "caller");
}

#[tokio::test]
async fn a_token_is_refused_after_its_target_changed() {
    type Change = fn(&mut Value);
    const OF_TASK: &str = "GET /v1/tasks/{task_id}";
    const OF_GRAPH: &str = "GET /v1/tasks/{task_id}/graph";
    const OF_STEP: &str = "GET /v1/tasks/{task_id}/workflow_steps/{step}";
    let table: &[(&str, &str, Change)] = &[
        ("task_cancel", OF_TASK, |task| task["status"] = "complete".into()),
        ("task_cancel", OF_TASK, |task| task["steps"]["satisfied"] = 2.into()),
        ("task_operate", OF_TASK, |task| task["paused_at"] = "2026-11-30T11:30:00Z".into()),
        // It moved, and came back to the same state.
        ("task_operate", OF_GRAPH, |graph| graph["nodes"][1]["finished_at"] = "2026-11-30T11:30:00Z".into()),
        ("task_submit", "GET /v1/templates", |page| page["items"][0]["version"] = "2.0.0".into()),
        ("event_send", "POST /v1/triggers/test", |trial| trial["triggers"][0]["enabled"] = false.into()),
        ("step_retry", OF_STEP, |step| step["state"] = "waiting_for_retry".into()),
        ("step_resolve", OF_STEP, |step| step["attempt"] = 4.into()),
        ("step_complete", OF_STEP, |step| step["finished_at"] = "2026-11-30T11:30:00Z".into()),
        ("dlq_update", "GET /v1/dlq/entry/{dlq_entry_id}", |entry| {
            entry["resolution_status"] = "manually_resolved".into();
        }),
        ("event_replay", "GET /v1/events/{received_id}", |event| event["state"] = "started".into()),
        ("trigger_switch", "GET /v1/triggers/{namespace}/{name}", |trigger| {
            trigger["enabled"] = false.into();
        }),
        ("handler_promote", "GET /v1/callables/{callable}/versions", |page| {
            page["items"][0]["is_current"] = false.into();
            page["items"][1]["is_current"] = true.into();
        }),
    ];
    for (tool, route, change) in table {
        let fake = Fake::new();
        let client = Client::of(fake.clone()).await;
        let (_, arguments, _) = samples::calls().into_iter().find(|call| call.0 == *tool).unwrap();
        let token = client.get(tool, arguments.clone()).await["confirm"].clone();
        fake.change(route, change);
        let answered = client.call(tool, confirmed(arguments.clone(), &token)).await;
        check_refusal(&answered, &fake, tool);
        // The new preview's token works.
        client.get(tool, confirmed(arguments, &answered.value["confirm"])).await;
        assert_eq!(fake.changes().len(), 1, "{tool}");
    }
}

#[tokio::test]
async fn processes_with_the_same_secret_accept_each_other_s_tokens() {
    let fake = Fake::new();
    let first = Client::of(fake.clone()).await;
    let second = Client::of(fake.clone()).await;
    let token = first.get("task_clone", cancel()).await["confirm"].clone();
    second.get("task_clone", confirmed(cancel(), &token)).await;
    // What is used is known in one process only. The API tells a repetition by its idempotency key.
    first.get("task_clone", confirmed(cancel(), &token)).await;
    let changes = fake.changes();
    assert_eq!(changes[0].idempotency_key, changes[1].idempotency_key);
    assert!(changes[0].idempotency_key.as_ref().unwrap().is_ascii());
}

#[tokio::test]
async fn a_refusal_of_the_api_uses_the_token_up() {
    let fake = Fake::new();
    let problem = json!({ "code": "already_ended", "detail": "the task has ended", "status": 409 });
    fake.answer("DELETE /v1/tasks/{task_id}", 409, problem);
    let client = Client::of(fake.clone()).await;
    let token = client.get("task_cancel", cancel()).await["confirm"].clone();
    assert_eq!(client.refused("task_cancel", confirmed(cancel(), &token)).await, "already_ended");
    assert_eq!(client.refused("task_cancel", confirmed(cancel(), &token)).await, "confirm_expired");
}

#[tokio::test]
async fn a_token_whose_request_had_no_certain_end_repeats_the_same_request() {
    let fake = Fake::new();
    let away = json!({ "code": "unavailable", "detail": "the database does not respond", "status": 503 });
    fake.answer("POST /v1/tasks/{task_id}/clone", 503, away);
    let client = Client::of(fake.clone()).await;
    let token = client.get("task_clone", cancel()).await["confirm"].clone();
    assert_eq!(client.refused("task_clone", confirmed(cancel(), &token)).await, "unavailable");
    fake.answer("POST /v1/tasks/{task_id}/clone", 201, json!({ "task_id": TASK }));
    client.get("task_clone", confirmed(cancel(), &token)).await;
    let changes = fake.changes();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].idempotency_key, changes[1].idempotency_key, "the server acts once");
    assert_eq!(client.refused("task_clone", confirmed(cancel(), &token)).await, "confirm_expired");
}

#[tokio::test]
async fn a_preview_of_what_does_not_exist_is_refused() {
    let fake = Fake::new();
    fake.answer("GET /v1/tasks/{task_id}", 404, json!({ "code": "no_such_task", "detail": "there is none" }));
    let client = Client::of(fake.clone()).await;
    assert_eq!(client.refused("task_cancel", cancel()).await, "no_such_task");
}

#[tokio::test]
async fn an_own_idempotency_key_stands_alone() {
    let fake = Fake::new();
    let client = Client::of(fake.clone()).await;
    let arguments =
        json!({ "name": "order", "namespace": "shop", "reason": "a test", "idempotency_key": "order-1" });
    let token = client.get("task_submit", arguments.clone()).await["confirm"].clone();
    client.get("task_submit", confirmed(arguments, &token)).await;
    assert_eq!(fake.changes()[0].idempotency_key, None);
    assert!(fake.changes()[0].body.as_ref().unwrap().contains("order-1"));
}

#[tokio::test]
async fn a_preview_of_an_event_says_what_it_starts() {
    let fake = Fake::new();
    let client = Client::of(fake.clone()).await;
    let event =
        json!({ "event": { "specversion": "1.0", "id": "1", "source": "/till", "type": "order.paid" } });
    let previewed = client.get("event_send", event.clone()).await;
    let starts = json!([{ "trigger": "shop/paid", "version": 1, "template": "shop/order" }]);
    assert_eq!(previewed["preview"]["affected"]["starts"], starts);
    assert_eq!(previewed["preview"]["warnings"], json!([]));
    fake.change("POST /v1/triggers/test", |trial| trial["starts"] = false.into());
    let previewed = client.get("event_send", event.clone()).await;
    assert!(previewed["preview"]["warnings"][0].as_str().unwrap().contains("dead letter"));
    fake.permit(&["events:send"]);
    let previewed = client.get("event_send", event.clone()).await;
    assert!(previewed["preview"]["warnings"][0].as_str().unwrap().contains("triggers:read"));
    fake.permit(&["events:send", "triggers:read"]);
    fake.answer("POST /v1/triggers/test", 400, json!({ "code": "invalid_event", "detail": "it has no id" }));
    assert_eq!(client.refused("event_send", event).await, "invalid_event");
}
