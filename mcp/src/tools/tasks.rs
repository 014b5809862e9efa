//! Tools that look into tasks.

use serde_json::{Value, json};

use super::fields::{DOCUMENTS, TASK};
use crate::{
    arguments::{Field, Kind, optional},
    call::Call,
    cause::is_at_rest,
    explain,
    failure::Failure,
    list::{CURSOR, LIMIT, List},
    mermaid,
    tool::{READS, Run, Tool},
    untrusted::{separate, without},
};

/// The fields of a task that its requester wrote.
pub(super) const OUTSIDE: &[&str] = &[
    "context",
    "tags",
    "reason",
    "initiator",
    "source_system",
    "correlation_id",
    "parent_correlation_id",
    "attributes",
];
/// The fields of a step that its handler wrote.
pub(super) const OUTSIDE_OF_STEP: &[&str] =
    &["last_failure", "result", "checkpoint", "checkpoint_history", "cursor", "progress"];

/// The most groups of a count that are returned.
const GROUPS: usize = 100;

const STATE: Field =
    optional("state", Kind::Texts, "States, such as blocked_by_failures. Several mean: any of them.");
const FILTERS: &[&str] = &[
    "state",
    "open",
    "namespace",
    "name",
    "version",
    "initiator",
    "source_system",
    "correlation_id",
    "tag",
    "attribute",
    "q",
    "failed_step",
    "error_type",
    "created_after",
    "created_before",
];
const OPEN: Field = optional("open", Kind::Boolean, "Whether the task has not ended.");
const OF_NAMESPACE: Field = optional("namespace", Kind::Text, "The template's namespace.");
const OF_NAME: Field = optional("name", Kind::Text, "The template's name.");
const OF_VERSION: Field = optional("version", Kind::Text, "The template's version.");
const INITIATOR: Field = optional("initiator", Kind::Text, "Who requested the task.");
const SOURCE: Field = optional("source_system", Kind::Text, "The system that the request came from.");
const CORRELATION: Field = optional("correlation_id", Kind::Text, "The correlation id of the request.");
const TAG: Field = optional("tag", Kind::Texts, "Tags. Several mean: all of them.");
const ATTRIBUTE: Field = optional(
    "attribute",
    Kind::Texts,
    "Values of search attributes, such as order_id=DE-1001. Several mean: all of them.",
);
const TEXT: Field = optional(
    "q",
    Kind::Text,
    "The beginning of a task's id, a part of a template's name, or a whole tag, correlation id, initiator or attribute.",
);
const FAILED_STEP: Field = optional(
    "failed_step",
    Kind::Text,
    "A step that has failed for good. Needs open or created_after beside it.",
);
const ERROR_TYPE: Field =
    optional("error_type", Kind::Text, "The type of a failure. Needs open or created_after beside it.");
const CREATED_AFTER: Field =
    optional("created_after", Kind::Text, "A time (RFC 3339), or a past duration such as 2h.");
const CREATED_BEFORE: Field =
    optional("created_before", Kind::Text, "A time (RFC 3339), or a past duration such as 2h.");

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "task_list",
        title: "List tasks",
        description: "Lists tasks, newest first, with their states and the number of their steps by state.",
        route: "GET /v1/tasks",
        permission: Some("tasks:list"),
        fields: &[
            STATE,
            OPEN,
            OF_NAMESPACE,
            OF_NAME,
            OF_VERSION,
            INITIATOR,
            SOURCE,
            CORRELATION,
            TAG,
            ATTRIBUTE,
            TEXT,
            FAILED_STEP,
            ERROR_TYPE,
            CREATED_AFTER,
            CREATED_BEFORE,
            LIMIT,
            CURSOR,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_list(call))),
    },
    Tool {
        name: "task_count",
        title: "Count tasks",
        description: "Counts the newest 10,000 tasks that match filters, by state, namespace or template.",
        route: "GET /v1/tasks/count",
        permission: Some("tasks:list"),
        fields: &[
            optional("by", Kind::Choice(&["state", "namespace", "template"]), "What to count by."),
            STATE,
            OPEN,
            OF_NAMESPACE,
            OF_NAME,
            OF_VERSION,
            INITIATOR,
            SOURCE,
            CORRELATION,
            TAG,
            ATTRIBUTE,
            TEXT,
            FAILED_STEP,
            ERROR_TYPE,
            CREATED_AFTER,
            CREATED_BEFORE,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_count(call))),
    },
    Tool {
        name: "task_inspect",
        title: "Inspect a task",
        description: "Returns a task and its steps, without documents unless asked for. Go on with `next_cursor`.",
        route: "GET /v1/tasks/{task_id}",
        permission: Some("tasks:read"),
        fields: &[TASK, DOCUMENTS, LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_inspect(call))),
    },
    Tool {
        name: "task_explain",
        title: "Explain why a task does not move",
        description: "Says in one paragraph why a task does not move, or that it does, with the evidence: no worker takes \
                      its steps, a step waits for a retry, a step failed for good, it is paused, or it has ended.",
        route: "GET /v1/tasks/{task_id}",
        permission: Some("tasks:read"),
        fields: &[TASK],
        hints: READS,
        run: Run::Read(|call| Box::pin(explain::task_explain(call))),
    },
    Tool {
        name: "task_visualize",
        title: "Draw a task",
        description: "Draws the steps of a task with their states as a Mermaid flowchart.",
        route: "GET /v1/tasks/{task_id}/graph",
        permission: Some("tasks:read"),
        fields: &[TASK],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_visualize(call))),
    },
    Tool {
        name: "task_logs",
        title: "Logs of a task",
        description: "Lists the log lines of a task's ended runs: those of a run together.",
        route: "GET /v1/tasks/{task_id}/logs",
        permission: Some("tasks:context_read"),
        fields: &[
            TASK,
            optional("step", Kind::Text, "Only this step, by name or number."),
            optional("attempt", Kind::Integer(1, 1_000_000), "Only this attempt."),
            optional(
                "level",
                Kind::Text,
                "This severity and above: trace, debug, info, warn, error, critical.",
            ),
            optional("q", Kind::Text, "Only lines that contain this text."),
            optional("after", Kind::Text, "A time (RFC 3339), or a past duration such as 2h."),
            optional("before", Kind::Text, "A time (RFC 3339), or a past duration such as 2h."),
            LIMIT,
            CURSOR,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_logs(call))),
    },
    Tool {
        name: "task_timeline",
        title: "Timeline of a task",
        description: "Lists the runs of a task's steps with times, host and usage, in the order of their ends, then those \
                      that have not ended.",
        route: "GET /v1/tasks/{task_id}/timeline",
        permission: Some("steps:read"),
        fields: &[TASK, LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_timeline(call))),
    },
    Tool {
        name: "task_wait",
        title: "Wait for a task",
        description: "Returns a task when it is at rest (ended, or blocked by failures), or after some seconds.",
        route: "GET /v1/tasks/{task_id}",
        permission: Some("tasks:read"),
        fields: &[TASK, optional("seconds", Kind::Seconds(60), "How long to wait at most, 30 by default.")],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_wait(call))),
    },
    Tool {
        name: "task_context",
        title: "Input and results of a task",
        description: "Returns the input of a task and the results of its completed steps, cut to fit.",
        route: "GET /v1/tasks/{task_id}/context",
        permission: Some("tasks:context_read"),
        fields: &[TASK],
        hints: READS,
        run: Run::Read(|call| Box::pin(task_context(call))),
    },
];

fn task_without_documents(task: Value) -> Value {
    separate(without(task, &["context"]), OUTSIDE)
}

fn step_without_documents(mut step: Value) -> Value {
    let kind = step["last_failure"]["error_type"].take();
    let mut step = without(step, OUTSIDE_OF_STEP);
    step = without(
        step,
        &["task_id", "component", "handler", "dependencies", "template_step", "execution", "withheld"],
    );
    if !kind.is_null() {
        step["error_type"] = kind;
    }
    // Names the error type only if it is one.
    separate(step, &[])
}

fn step_with_documents(step: Value) -> Value {
    separate(without(step, &["task_id", "component"]), OUTSIDE_OF_STEP)
}

async fn task_list(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "Call task_inspect or task_explain with a `task_id`; narrow the list with filters.";
    List::new("/v1/tasks".into(), call.query(FILTERS), task_without_documents, next).read(call).await
}

async fn task_count(call: &Call<'_>) -> Result<Value, Failure> {
    let mut names = vec!["by"];
    names.extend(FILTERS);
    let mut count = call.get(&format!("/v1/tasks/count{}", call.query(&names).as_str())).await?;
    if let Some(groups) = count["groups"].as_array_mut().filter(|groups| groups.len() > GROUPS) {
        groups.truncate(GROUPS);
        count["truncated"] = true.into();
        count["next"] = "The largest groups are shown: narrow the count with filters.".into();
    }
    Ok(count)
}

async fn task_inspect(call: &Call<'_>) -> Result<Value, Failure> {
    let task = call.get(&call.task_path(&[])?).await?;
    let has_documents = call.arguments.is_set("documents");
    let task = if has_documents { separate(task, OUTSIDE) } else { task_without_documents(task) };
    if !call.caller.may("steps:read") {
        return Ok(
            json!({ "task": task, "withheld": ["items"], "next": "The steps need the permission steps:read." }),
        );
    }
    // The task takes half of the answer at most.
    let mut task = json!({ "task": task });
    for level in crate::answer::LEVELS {
        if crate::answer::size(&task) * 2 > crate::answer::room_beside(&Value::Null) {
            crate::answer::shorten(&mut task, level);
        }
    }
    let shape = if has_documents { step_with_documents } else { step_without_documents };
    let next =
        "`items` are its steps. Call step_inspect for one of them, task_explain for what holds the task up.";
    List::new(call.task_path(&["workflow_steps"])?, call.query(&[]), shape, next)
        .beside("task", task["task"].take())
        .read(call)
        .await
}

async fn task_visualize(call: &Call<'_>) -> Result<Value, Failure> {
    let graph = call.get(&call.task_path(&["graph"])?).await?;
    let drawing = mermaid::draw(&graph);
    Ok(json!({
        "mermaid": drawing.text, "steps": drawing.steps, "truncated": drawing.is_cut,
        "next": "Call task_explain for what holds the task up, step_inspect for a step.",
    }))
}

async fn task_logs(call: &Call<'_>) -> Result<Value, Failure> {
    let query = call.query(&["step", "attempt", "level", "q", "after", "before"]);
    let shape = |line| separate(line, &["message", "target"]);
    let next = "Narrow the lines with `step`, `attempt`, `level` or `q`.";
    List::new(call.task_path(&["logs"])?, query, shape, next).read(call).await
}

async fn task_timeline(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "Call step_inspect for a step, step_diff to compare two attempts.";
    List::new(call.task_path(&["timeline"])?, call.query(&[]), |run| separate(run, &[]), next)
        .read(call)
        .await
}

async fn task_wait(call: &Call<'_>) -> Result<Value, Failure> {
    let seconds = call.arguments.get("seconds").and_then(Value::as_f64).unwrap_or(30.0);
    let path = format!("{}?wait_seconds={seconds}", call.task_path(&[])?);
    let task = call.get(&path).await?;
    let is_at_rest = task["status"].as_str().is_some_and(is_at_rest);
    let next = if is_at_rest {
        "The task is at rest. Call task_context for its results, task_explain if it failed."
    } else {
        "The task is not at rest: call task_wait again, or task_explain."
    };
    Ok(json!({ "task": task_without_documents(task), "is_at_rest": is_at_rest, "next": next }))
}

async fn task_context(call: &Call<'_>) -> Result<Value, Failure> {
    let context = call.get(&call.task_path(&["context"])?).await?;
    Ok(separate(context, &["input", "results"]))
}
