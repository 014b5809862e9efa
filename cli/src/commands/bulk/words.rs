//! Bulk operations in words.

use chrono::{DateTime, Utc};
use tasker_orchestrator::{
    bulk::{BulkAction, BulkOperation, BulkState},
    read::TaskSummary,
};

use crate::output::table;

/// The head of a list.
pub(super) const HEAD: [&str; 8] =
    ["OPERATION", "ACTION", "STATE", "TASKS", "DONE", "FAILED", "BEGAN (UTC)", "REASON"];

/// What is done with the tasks.
pub(super) fn verb(action: BulkAction) -> String {
    action.as_str().replace('_', " ")
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// What an operation would do.
pub(super) fn preview(preview: &BulkOperation) -> String {
    let count = preview.matching.count;
    if count == 0 {
        return "no task matches".to_owned();
    }
    let mut lines = vec![format!("{}: {count} tasks match", verb(preview.action))];
    if preview.matching.capped {
        lines[0] = format!(
            "{}: more than {count} tasks match; only the newest {count} are concerned",
            verb(preview.action)
        );
    }
    for (reason, count) in preview.impossible.iter().flatten() {
        lines.push(match reason.as_str() {
            "no_such_task" => format!("  {count} named ones do not exist"),
            reason => format!("  not possible now for {count}: {}", reason.replace('_', " ")),
        });
    }
    let row = |task: &TaskSummary| {
        vec![
            task.task_id.to_string(),
            format!("{}/{}", task.namespace, task.name),
            task.status.to_string(),
            moment(task.created_at),
        ]
    };
    let rows: Vec<_> = preview.sample.iter().map(row).collect();
    lines.push(table(&["TASK", "TEMPLATE", "STATUS", "CREATED (UTC)"], &rows));
    if count > rows.len() as i64 {
        lines.push(format!("… and {} more", count - rows.len() as i64));
    }
    lines.join("\n")
}

fn state(state: BulkState) -> &'static str {
    match state {
        BulkState::Previewed => "previewed",
        BulkState::Running => "running",
        BulkState::Stopped => "stopped",
        BulkState::Complete => "complete",
    }
}

/// How far an operation is.
pub(super) fn progress(now: &BulkOperation) -> String {
    let (worked, count) = (now.done + now.failed, now.matching.count);
    format!(
        "{} {}: {worked} of {count}, {} done, {} failed ({})",
        verb(now.action),
        state(now.state),
        now.done,
        now.failed,
        now.bulk_id
    )
}

/// Everything about an operation.
pub(super) fn whole(now: &BulkOperation) -> String {
    let mut lines = vec![progress(now), format!("  by {}", now.actor)];
    lines.extend(now.reason.as_ref().map(|reason| format!("  because: {reason}")));
    lines.extend(now.filter.as_ref().map(|filter| format!("  of the tasks: {filter}")));
    lines.extend(now.confirmed_at.map(|at| format!("  began {} UTC", moment(at))));
    lines.extend(now.ended_at.map(|at| format!("  ended {} UTC", moment(at))));
    lines.join("\n")
}

/// An operation in a list.
pub(super) fn row(now: &BulkOperation) -> Vec<String> {
    vec![
        now.bulk_id.to_string(),
        verb(now.action),
        state(now.state).to_owned(),
        now.matching.count.to_string(),
        now.done.to_string(),
        now.failed.to_string(),
        now.confirmed_at.map(moment).unwrap_or_default(),
        now.reason.clone().unwrap_or_default(),
    ]
}
