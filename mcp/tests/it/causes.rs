//! The causes that `task_explain` names.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tasker_mcp::Server;

use crate::{
    client::{Client, SETTINGS},
    fake::Fake,
    samples::{self, NOW, TASK, page, run},
};

/// A case: the state of the task, its runs, and what must be said.
#[derive(Default)]
struct Case {
    status: &'static str,
    paused: bool,
    runs: Value,
    is_blocked: bool,
    cause: &'static str,
    said: &'static [&'static str],
}

fn open(step: &str, state: &str, field: &str, at: &str) -> Value {
    let mut run = run(step, state);
    run[field] = at.into();
    if state == "waiting_for_retry" {
        run["error_type"] = "CardDeclined".into();
    }
    run
}

fn cases() -> Vec<Case> {
    let enqueued = |at: &str| json!([open("charge", "enqueued", "enqueued_at", at)]);
    let due = |at: &str| json!([open("charge", "waiting_for_retry", "next_retry_at", at)]);
    vec![
        Case {
            status: "steps_in_process",
            runs: enqueued("2026-11-30T11:59:00Z"),
            cause: "no_worker",
            said: &["No worker takes", "charge", "for 60 s"],
            ..Case::default()
        },
        Case {
            status: "steps_in_process",
            runs: enqueued("2026-11-30T11:59:59Z"),
            cause: "enqueued",
            said: &["It moves", "charge"],
            ..Case::default()
        },
        Case {
            status: "waiting_for_retry",
            runs: due("2026-11-30T12:00:40Z"),
            cause: "waiting_for_retry",
            said: &[
                "charge is in back-off",
                "attempt 3",
                "CardDeclined",
                "2026-11-30T12:00:40.000Z",
                "in 40 s",
            ],
            ..Case::default()
        },
        Case {
            status: "waiting_for_retry",
            runs: due("2026-11-30T11:59:00Z"),
            cause: "waiting_for_retry",
            said: &["60 s ago", "overdue"],
            ..Case::default()
        },
        Case {
            status: "blocked_by_failures",
            is_blocked: true,
            cause: "blocked_by_failures",
            said: &["charge failed for good with CardDeclined after 3 of 3 attempts", "operator must decide"],
            ..Case::default()
        },
        Case {
            status: "steps_in_process",
            paused: true,
            cause: "paused",
            said: &["operator has paused it"],
            ..Case::default()
        },
        Case { status: "complete", cause: "at_rest", said: &["complete"], ..Case::default() },
        Case { status: "cancelled", cause: "at_rest", said: &["cancelled"], ..Case::default() },
        Case {
            status: "resolved_manually",
            cause: "at_rest",
            said: &["declared it done"],
            ..Case::default()
        },
        Case {
            status: "error",
            is_blocked: true,
            cause: "at_rest",
            said: &["given up in error", "CardDeclined"],
            ..Case::default()
        },
        Case {
            status: "steps_in_process",
            runs: json!([open("charge", "in_progress", "started_at", "2026-11-30T11:59:00Z")]),
            cause: "running",
            said: &["1 step is in progress", "host-1"],
            ..Case::default()
        },
        Case {
            status: "waiting_for_dependencies",
            cause: "waiting_for_dependencies",
            said: &["wait for others"],
            ..Case::default()
        },
    ]
}

fn fake_of(case: &Case) -> std::sync::Arc<Fake> {
    let fake = Fake::new();
    fake.change("GET /v1/tasks/{task_id}", |task| {
        task["status"] = case.status.into();
        if case.paused {
            task["paused_at"] = "2026-11-30T11:30:00Z".into();
        }
    });
    fake.change("GET /v1/tasks/{task_id}/graph", |graph| {
        if let Some(run) = case.runs.get(0) {
            graph["nodes"][1]["state"] = run["state"].clone();
        }
        if !case.is_blocked {
            graph["analysis"]["blocked_by"] = json!([]);
        }
    });
    if !case.is_blocked {
        fake.answer(
            "GET /v1/tasks/{task_id}/timeline",
            200,
            page(&json!(case.runs.as_array().cloned().unwrap_or_default())),
        );
    }
    fake
}

async fn explain(fake: std::sync::Arc<Fake>) -> Value {
    let now: DateTime<Utc> = NOW.parse().unwrap();
    let client = Client::connect(Server::new(fake, &SETTINGS).with_clock(move || now)).await;
    client.get("task_explain", json!({ "task": TASK })).await
}

#[tokio::test]
async fn each_cause_is_named() {
    for case in cases() {
        let explained = explain(fake_of(&case)).await;
        assert_eq!(explained["cause"], case.cause, "{explained}");
        let paragraph = explained["paragraph"].as_str().unwrap();
        for said in case.said {
            assert!(paragraph.contains(said), "`{said}` is not in: {paragraph}");
        }
        assert!(!paragraph.contains("OUTSIDE"));
        assert_eq!(explained["evidence"]["dead_letter"]["dlq_reason"], "max_retries_exceeded");
    }
}

#[tokio::test]
async fn the_causes_are_named_without_the_timeline_too() {
    for case in cases() {
        // Only the timeline says since when.
        if case.cause == "enqueued" {
            continue;
        }
        let fake = fake_of(&case);
        fake.permit(&["tasks:read"]);
        let explained = explain(fake).await;
        assert_eq!(explained["cause"], case.cause, "{explained}");
        assert_eq!(explained["evidence"]["dead_letter"], Value::Null);
        assert!(!explained["unavailable"].as_array().unwrap().is_empty());
        if case.is_blocked {
            assert_eq!(explained["evidence"]["blocked_by"][0]["error_type"], "CardDeclined");
        }
    }
}

#[tokio::test]
async fn a_task_is_drawn() {
    let drawn = Client::of(Fake::new()).await.get("task_visualize", json!({ "task": TASK })).await;
    let expected = "flowchart LR\n  n0[\"check<br/>complete, attempt 3\"]\n  n1[\"charge<br/>error, attempt 3\"]\n  \
                    n2[\"ship<br/>pending, attempt 3\"]\n  n0 --> n1\n  n1 --> n2\n";
    assert_eq!(drawn["mermaid"], expected);
    assert_eq!(samples::graph()["nodes"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn workers_of_a_batch_are_found_in_the_graph() {
    let fake = fake_of(&Case { status: "steps_in_process", ..Case::default() });
    fake.permit(&["tasks:read"]);
    fake.change("GET /v1/tasks/{task_id}/graph", |graph| {
        graph["nodes"][1]["state"] = Value::Null;
        graph["nodes"][1]["group"] = json!({ "total": 3, "by_state": { "complete": 1, "enqueued": 2 } });
    });
    assert_eq!(explain(fake.clone()).await["cause"], "no_worker");
    fake.change("GET /v1/tasks/{task_id}/graph", |graph| {
        graph["nodes"][1]["group"]["by_state"]["in_progress"] = 1.into();
    });
    assert_eq!(explain(fake).await["cause"], "running");
}

#[tokio::test]
async fn what_has_not_ended_is_found_behind_many_runs() {
    let fake = fake_of(&Case { status: "steps_in_process", ..Case::default() });
    let mut first = page(&json!([]));
    first["next_cursor"] = "more".into();
    fake.answer("GET /v1/tasks/{task_id}/timeline", 200, first);
    let explained = explain(fake.clone()).await;
    assert!(explained["unavailable"][0].as_str().unwrap().contains("so many runs"));
    let pages = fake.requests().into_iter().filter(|request| request.path.contains("/timeline")).count();
    assert_eq!(pages, 10);
}
