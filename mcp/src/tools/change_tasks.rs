//! Tools that create tasks and change them.

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    fields::{REASON, TASK},
    tasks::OUTSIDE,
};
use crate::{
    api::ApiRequest,
    arguments::{Kind, optional, required},
    call::Call,
    cause::is_ended,
    failure::Failure,
    path::Query,
    tool::{Hints, Plan, Run, Tool},
    untrusted::{identifier, separate, without},
};

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "task_submit",
        title: "Start a task",
        description: "Creates a task of a template. Asks for confirmation first.",
        route: "POST /v1/tasks",
        permission: Some("tasks:create"),
        fields: &[
            optional("namespace", Kind::Text, "The template's namespace, `default` by default."),
            required("name", Kind::Text, "The template's name."),
            optional("version", Kind::Text, "The template's version. Default: the latest."),
            optional("context", Kind::Any, "The input."),
            REASON,
            optional("tags", Kind::Texts, "Tags to find the task by."),
            optional("priority", Kind::Integer(-100, 100), "From -100 (last) to 100 (first)."),
            optional("correlation_id", Kind::Text, "Links the task to its cause, across systems."),
            optional("idempotency_key", Kind::Text, "Requests with the same key create one task."),
        ],
        hints: Hints { is_destructive: false, is_idempotent: false },
        run: Run::Write(|call| Box::pin(task_submit(call))),
    },
    Tool {
        name: "task_cancel",
        title: "Cancel a task",
        description: "Cancels a task and its open steps, for good. Asks for confirmation first.",
        route: "DELETE /v1/tasks/{task_id}",
        permission: Some("tasks:cancel"),
        fields: &[TASK, REASON],
        hints: Hints { is_destructive: true, is_idempotent: true },
        run: Run::Write(|call| Box::pin(task_cancel(call))),
    },
    Tool {
        name: "task_operate",
        title: "Operate a task",
        description: "Pauses or resumes a task, redrives its failed steps, gives it up, declares it done, runs it again from a \
                      step, or moves it to another template version. Asks for confirmation first.",
        route: "PATCH /v1/tasks/{task_id}",
        permission: Some("tasks:operate"),
        fields: &[
            TASK,
            required(
                "action",
                Kind::Choice(&[
                    "pause",
                    "resume",
                    "redrive",
                    "give_up",
                    "resolve_manually",
                    "rerun",
                    "upgrade",
                ]),
                "What to do. `redrive` runs the failed steps again, `rerun` a step and all after it.",
            ),
            REASON,
            optional("step", Kind::Text, "For `rerun`: the step, by name or number."),
            optional("version", Kind::Text, "For `upgrade`: the template version. Default: the task's own."),
        ],
        hints: Hints { is_destructive: true, is_idempotent: false },
        run: Run::Write(|call| Box::pin(task_operate(call))),
    },
    Tool {
        name: "task_clone",
        title: "Clone a task",
        description: "Creates a task with the input of another, changed as asked. Asks for confirmation first.",
        route: "POST /v1/tasks/{task_id}/clone",
        permission: Some("tasks:create"),
        fields: &[
            TASK,
            REASON,
            optional("context", Kind::Any, "Changes of the input: a JSON Merge Patch (RFC 7396)."),
            optional("version", Kind::Text, "The template's version. Default: that of the task."),
        ],
        hints: Hints { is_destructive: false, is_idempotent: false },
        run: Run::Write(|call| Box::pin(task_clone(call))),
    },
];

fn shown(task: Value) -> Value {
    separate(without(task, &["context"]), OUTSIDE)
}

/// A task, and what tells whether it has moved since.
pub(super) async fn task_and_fingerprint(call: &Call<'_>) -> Result<(Value, Value), Failure> {
    let task = call.get(&call.task_path(&[])?).await?;
    let graph = call.get(&call.task_path(&["graph"])?).await?;
    // Attempts and times tell a task that moved and came back to the same state.
    let steps: Vec<Value> = graph["nodes"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|node| {
            json!([
                node["id"],
                node["state"],
                node["attempt"],
                node["started_at"],
                node["finished_at"],
                node["group"]
            ])
        })
        .collect();
    let fingerprint = json!([
        task["task_id"],
        task["status"],
        task["version"],
        task["steps"],
        task["paused_at"],
        task["completed_at"],
        steps
    ]);
    Ok((task, fingerprint))
}

async fn task_submit(call: &Call<'_>) -> Result<Plan, Failure> {
    let name = call.required("name")?;
    let namespace = call.arguments.text("namespace").unwrap_or("default");
    let mut warnings = Vec::new();
    let mut versions = Value::Null;
    if call.caller.may("templates:read") {
        let mut query = Query::default();
        query.add("namespace", namespace);
        query.add("name", name);
        query.add("limit", "200");
        let mut page = call.get(&format!("/v1/templates{}", query.as_str())).await?;
        let items = page["items"].take();
        let found: Vec<Value> = items
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|item| item["version"].clone())
            .collect();
        let asked = call.arguments.get("version");
        if found.is_empty() || asked.is_some_and(|asked| !found.contains(asked)) {
            warnings.push("No such template version is published, so that this will be refused.".to_owned());
        }
        versions = found.into();
    } else {
        warnings.push("Whether the template exists was not checked: that needs templates:read.".to_owned());
    }
    let body = call.arguments.pick(&[
        "namespace",
        "name",
        "version",
        "context",
        "reason",
        "tags",
        "priority",
        "correlation_id",
        "idempotency_key",
    ]);
    Ok(Plan {
        what: format!("Creates a task of {}/{}.", identifier(namespace), identifier(name)),
        before: Value::Null,
        after: Some(separate(Value::Object(body.clone()), OUTSIDE)),
        affected: json!({ "tasks_created": 1, "published_versions": versions }),
        warnings,
        fingerprint: versions,
        request: ApiRequest::new(Method::POST, "/v1/tasks").with_json(&Value::Object(body.clone())),
        has_own_key: body.contains_key("idempotency_key"),
        shape: |created| created,
    })
}

async fn task_cancel(call: &Call<'_>) -> Result<Plan, Failure> {
    let (task, fingerprint) = task_and_fingerprint(call).await?;
    let mut warnings = vec!["A cancelled task cannot go on. Steps that run are told to stop.".to_owned()];
    if task["status"].as_str().is_some_and(is_ended) {
        warnings.push("The task has ended, so that this will be refused.".to_owned());
    }
    let path = format!("{}{}", call.task_path(&[])?, call.query(&["reason"]).as_str());
    Ok(Plan {
        what: "Cancels a task and its open steps.".to_owned(),
        after: Some(json!({ "status": "cancelled" })),
        affected: json!({ "task_id": task["task_id"], "open_steps": open_steps(&task) }),
        before: shown(task),
        warnings,
        fingerprint,
        request: ApiRequest::new(Method::DELETE, path),
        has_own_key: false,
        shape: |cancelled| cancelled,
    })
}

/// How many steps of a task are not done.
fn open_steps(task: &Value) -> i64 {
    let count = |name: &str| task["steps"][name].as_i64().unwrap_or_default();
    (count("total") - count("satisfied") - count("failed")).max(0)
}

async fn task_operate(call: &Call<'_>) -> Result<Plan, Failure> {
    let action = call.required("action")?;
    for (name, of) in [("step", "rerun"), ("version", "upgrade")] {
        if call.arguments.text(name).is_some() && action != of {
            return Err(Failure::invalid_arguments(format!("`{name}` is only for the action `{of}`")));
        }
    }
    if action == "rerun" && call.arguments.text("step").is_none() {
        return Err(Failure::invalid_arguments("`step` is missing: the action `rerun` starts from a step"));
    }
    let (task, fingerprint) = task_and_fingerprint(call).await?;
    let warnings: &[&str] = match action {
        "redrive" => &["Failed steps run again, with their side effects."],
        "rerun" => &[
            "The step and all steps after it run again, with their side effects; their results are replaced.",
        ],
        "give_up" => &["The task ends in error."],
        "resolve_manually" => &["The task ends as done, though steps of it have failed."],
        "upgrade" => &["The task goes on with the handlers of another version."],
        _ => &[],
    };
    let what = match action {
        "pause" => "Pauses a task: no further steps are enqueued.",
        "resume" => "Resumes a paused task.",
        "redrive" => "Runs the failed steps of a task again, with their attempts reset.",
        "give_up" => "Ends a task that is blocked by failures in error.",
        "resolve_manually" => "Declares a task done that is blocked by failures.",
        "rerun" => "Resets a step of a task and all steps after it, and runs them again.",
        _ => {
            "Moves a task without running steps to another version of its template, or to the current handlers."
        }
    };
    let after = match action {
        "give_up" => Some(json!({ "status": "error" })),
        "resolve_manually" => Some(json!({ "status": "resolved_manually" })),
        "resume" => Some(json!({ "paused_at": null })),
        _ => None,
    };
    let failed = task["steps"]["failed"].clone();
    Ok(Plan {
        what: what.to_owned(),
        affected: json!({ "task_id": task["task_id"], "open_steps": open_steps(&task), "failed_steps": failed }),
        before: shown(task),
        after,
        warnings: warnings.iter().map(|warning| (*warning).to_owned()).collect(),
        fingerprint,
        request: ApiRequest::new(Method::PATCH, call.task_path(&[])?)
            .with_json(&call.arguments.pick(&["action", "step", "version", "reason"]).into()),
        has_own_key: false,
        shape: |operated| operated,
    })
}

async fn task_clone(call: &Call<'_>) -> Result<Plan, Failure> {
    let task = call.get(&call.task_path(&[])?).await?;
    let body: Map<String, Value> = call.arguments.pick(&["context", "version", "reason"]);
    Ok(Plan {
        what: "Creates a task with the input of another.".to_owned(),
        after: Some(separate(Value::Object(body.clone()), OUTSIDE)),
        affected: json!({ "tasks_created": 1, "task_id": task["task_id"] }),
        warnings: vec!["The new task runs all its steps, with their side effects.".to_owned()],
        // Its input never changes, so that nothing else matters.
        fingerprint: json!([task["task_id"], task["version"]]),
        before: shown(task),
        request: ApiRequest::new(Method::POST, call.task_path(&["clone"])?).with_json(&body.into()),
        has_own_key: false,
        shape: |created| created,
    })
}
