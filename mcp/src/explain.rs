//! Explains why a task does not move: reads what is known about it, and names the cause.

use serde_json::{Value, json};

use crate::{
    call::Call,
    cause::{self, Runs, is_ended},
    failure::Failure,
    path::{Query, path},
    untrusted::separate,
};

/// The most pages of the timeline that are read, each of 1,000 runs. What has not ended comes last.
const PAGES: usize = 10;

pub(crate) async fn task_explain(call: &Call<'_>) -> Result<Value, Failure> {
    let task = call.get(&call.task_path(&[])?).await?;
    let graph = call.get(&call.task_path(&["graph"])?).await?;
    let mut unavailable = Vec::new();
    let has_ended = task["status"].as_str().is_some_and(|status| status != "error" && is_ended(status));
    let runs = if !call.caller.may("steps:read") {
        unavailable.push("the timeline needs the permission steps:read");
        Runs::default()
    } else if has_ended {
        Runs::default()
    } else {
        let (runs, is_complete) = runs(call).await?;
        if !is_complete {
            unavailable.push("the task has so many runs that the last of them were not read");
        }
        runs
    };
    let mut dead_letter = Value::Null;
    if task["has_dlq_entry"] == true {
        if call.caller.may("dlq:read") {
            dead_letter = newest_dead_letter(call).await?;
        } else {
            unavailable.push("the dead letter needs the permission dlq:read");
        }
    }
    let mut explanation = cause::explain(&task, &graph, &runs, call.now);
    explanation.insert("task_id".into(), task["task_id"].clone());
    explanation.insert("unavailable".into(), unavailable.into());
    if let Some(evidence) = explanation.get_mut("evidence") {
        evidence["dead_letter"] = dead_letter;
    }
    Ok(explanation.into())
}

async fn newest_dead_letter(call: &Call<'_>) -> Result<Value, Failure> {
    let path = path(&["v1", "dlq", "task", call.required("task")?])?;
    let mut page = call.get(&format!("{path}?limit=1")).await?;
    let entry = page["items"].get_mut(0).map(Value::take).unwrap_or_default();
    if entry.is_null() {
        return Ok(entry);
    }
    Ok(json!({
        "dlq_entry_id": entry["dlq_entry_id"], "dlq_reason": entry["dlq_reason"],
        "resolution_status": entry["resolution_status"], "created_at": entry["created_at"],
    }))
}

/// Reads the timeline, and says whether that was all of it.
async fn runs(call: &Call<'_>) -> Result<(Runs, bool), Failure> {
    let mut runs = Runs::default();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        let mut query = Query::default();
        query.add("limit", "1000");
        if let Some(cursor) = &cursor {
            query.add("cursor", cursor);
        }
        let mut page = call.get(&format!("{}{}", call.task_path(&["timeline"])?, query.as_str())).await?;
        if let Value::Array(entries) = page["items"].take() {
            for entry in entries {
                let entry = separate(entry, &[]);
                if entry["audit_id"].is_null() {
                    runs.open.push(entry);
                } else if let Some(step) = entry["step"].as_str() {
                    if entry["error_type"].is_null() {
                        runs.failures.remove(step);
                    } else {
                        runs.failures.insert(step.to_owned(), entry);
                    }
                }
            }
        }
        cursor = page["next_cursor"].as_str().map(ToOwned::to_owned);
        if cursor.is_none() {
            return Ok((runs, true));
        }
    }
    Ok((runs, false))
}
