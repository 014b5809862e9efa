//! Tools about dead letters: tasks and steps that need attention, and tasks that have stood still.

use serde_json::{Value, json};

use super::fields::DOCUMENTS;
use crate::{
    api::ApiRequest,
    arguments::{Field, Kind, optional, required},
    call::Call,
    failure::Failure,
    list::{CURSOR, LIMIT, List},
    path::path,
    tool::{Hints, Plan, READS, Run, Tool},
    untrusted::{identifier, separate, without},
};

/// The fields of an entry that people or handlers wrote.
const OUTSIDE: &[&str] = &["actor", "note", "resolved_by", "resolution_notes", "snapshot"];
const ENTRY: Field = required("entry", Kind::Uuid, "The id of the entry.");

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "dlq_list",
        title: "List dead letters",
        description: "Lists the entries of the dead letter queue, newest first, without snapshots unless asked for.",
        route: "GET /v1/dlq",
        permission: Some("dlq:read"),
        fields: &[
            optional("task", Kind::Uuid, "Only the entries of this task. Not with `resolution_status`."),
            optional(
                "resolution_status",
                Kind::Choice(&["pending", "manually_resolved", "permanently_failed", "cancelled"]),
                "Only entries with this resolution.",
            ),
            DOCUMENTS,
            LIMIT,
            CURSOR,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(dlq_list(call))),
    },
    Tool {
        name: "dlq_inspect",
        title: "Inspect a dead letter",
        description: "Returns an entry of the dead letter queue with its snapshot: the task, its steps, their failures.",
        route: "GET /v1/dlq/entry/{dlq_entry_id}",
        permission: Some("dlq:read"),
        fields: &[ENTRY],
        hints: READS,
        run: Run::Read(|call| Box::pin(dlq_inspect(call))),
    },
    Tool {
        name: "dlq_stats",
        title: "Statistics of dead letters",
        description: "Counts the entries of the dead letter queue by reason and resolution.",
        route: "GET /v1/dlq/stats",
        permission: Some("dlq:stats"),
        fields: &[LIMIT],
        hints: READS,
        run: Run::Read(|call| Box::pin(dlq_stats(call))),
    },
    Tool {
        name: "dlq_queue",
        title: "Dead letters to look into",
        description: "Lists the pending entries of the dead letter queue, most urgent first. One page.",
        route: "GET /v1/dlq/investigation-queue",
        permission: Some("dlq:read"),
        fields: &[LIMIT],
        hints: READS,
        run: Run::Read(|call| Box::pin(dlq_queue(call))),
    },
    Tool {
        name: "staleness_check",
        title: "Tasks that stand still",
        description: "Lists tasks that have not ended, by the time since their last change. One page.",
        route: "GET /v1/dlq/staleness",
        permission: Some("dlq:read"),
        fields: &[LIMIT],
        hints: READS,
        run: Run::Read(|call| Box::pin(staleness_check(call))),
    },
    Tool {
        name: "dlq_update",
        title: "Resolve a dead letter",
        description: "Changes the resolution of an entry of the dead letter queue; `requeue` runs the failed work again.",
        route: "PATCH /v1/dlq/entry/{dlq_entry_id}",
        permission: Some("dlq:update"),
        fields: &[
            ENTRY,
            required(
                "resolution_status",
                Kind::Choice(&["pending", "manually_resolved", "permanently_failed", "cancelled", "requeue"]),
                "The new resolution.",
            ),
            optional("resolution_notes", Kind::Text, "Notes for the others."),
        ],
        hints: Hints { is_destructive: true, is_idempotent: false },
        run: Run::Write(|call| Box::pin(dlq_update(call))),
    },
];

fn without_snapshot(entry: Value) -> Value {
    separate(without(entry, &["snapshot"]), OUTSIDE)
}

fn with_snapshot(entry: Value) -> Value {
    separate(entry, OUTSIDE)
}

async fn dlq_list(call: &Call<'_>) -> Result<Value, Failure> {
    let shape = if call.arguments.is_set("documents") { with_snapshot } else { without_snapshot };
    let next = "Call dlq_inspect with a `dlq_entry_id` for its snapshot.";
    let (path, query) = match call.arguments.text("task") {
        Some(_) if call.arguments.text("resolution_status").is_some() => {
            return Err(Failure::invalid_arguments(
                "`task` and `resolution_status` cannot be combined: leave one out",
            ));
        }
        Some(task) => (path(&["v1", "dlq", "task", task])?, call.query(&[])),
        None => ("/v1/dlq".to_owned(), call.query(&["resolution_status"])),
    };
    List::new(path, query, shape, next).read(call).await
}

async fn entry(call: &Call<'_>) -> Result<Value, Failure> {
    call.get(&path(&["v1", "dlq", "entry", call.required("entry")?])?).await
}

async fn dlq_inspect(call: &Call<'_>) -> Result<Value, Failure> {
    Ok(json!({
        "entry": with_snapshot(entry(call).await?),
        "next": "Call task_explain with its `task_id` for how the task stands now.",
    }))
}

async fn dlq_stats(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "Call dlq_queue for the pending entries, most urgent first.";
    List::new("/v1/dlq/stats".into(), call.query(&[]), |item| item, next).of_one_page().read(call).await
}

async fn dlq_queue(call: &Call<'_>) -> Result<Value, Failure> {
    let next =
        "Call dlq_inspect with a `dlq_entry_id` for its snapshot; dlq_list lists all entries, page by page.";
    List::new("/v1/dlq/investigation-queue".into(), call.query(&[]), without_snapshot, next)
        .of_one_page()
        .read(call)
        .await
}

async fn staleness_check(call: &Call<'_>) -> Result<Value, Failure> {
    let next =
        "Call task_explain with a `task_id`; task_list with `open` lists all such tasks, page by page.";
    List::new("/v1/dlq/staleness".into(), call.query(&[]), |item| item, next).of_one_page().read(call).await
}

async fn dlq_update(call: &Call<'_>) -> Result<Plan, Failure> {
    let before = entry(call).await?;
    let status = call.required("resolution_status")?;
    let path = path(&["v1", "dlq", "entry", call.required("entry")?])?;
    let body = Value::Object(call.arguments.pick(&["resolution_status", "resolution_notes"]));
    let mut warnings = Vec::new();
    if status == "requeue" {
        warnings.push(
            "It runs failed steps again, with their side effects; this needs tasks:operate too.".into(),
        );
    }
    if before["resolution_status"] != "pending" {
        warnings.push("The entry is resolved already.".into());
    }
    Ok(Plan {
        what: format!("Sets the resolution of a dead letter to `{}`.", identifier(status)),
        fingerprint: json!([before["resolution_status"], before["resolution_notes"], before["resolved_at"]]),
        affected: json!({ "dlq_entry_id": before["dlq_entry_id"], "task_id": before["task_id"] }),
        before: without_snapshot(before),
        // How a requeued entry ends up is the API's to say.
        after: (status != "requeue").then(|| json!({ "resolution_status": status })),
        warnings,
        request: ApiRequest::new(http::Method::PATCH, path).with_json(&body),
        has_own_key: false,
        shape: without_snapshot,
    })
}
