//! Tools that change steps by hand.

use http::Method;
use serde_json::{Value, json};

use super::{
    fields::{REASON, STEP, TASK},
    tasks::OUTSIDE_OF_STEP,
};
use crate::{
    api::ApiRequest,
    arguments::{Kind, optional, required},
    call::Call,
    failure::Failure,
    tool::{Hints, Plan, Run, Tool},
    untrusted::{separate, without},
};

const ROUTE: &str = "PATCH /v1/tasks/{task_id}/workflow_steps/{step}";

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "step_retry",
        title: "Retry a step",
        description: "Resets a failed step, so that it runs again with all its attempts. Asks for confirmation first.",
        route: ROUTE,
        permission: Some("steps:resolve"),
        fields: &[TASK, STEP, REASON],
        hints: Hints { is_destructive: true, is_idempotent: false },
        run: Run::Write(|call| Box::pin(step_retry(call))),
    },
    Tool {
        name: "step_resolve",
        title: "Resolve a step",
        description: "Declares a step done without a result, so that its task goes on. Asks for confirmation first.",
        route: ROUTE,
        permission: Some("steps:resolve"),
        fields: &[TASK, STEP, REASON],
        hints: Hints { is_destructive: true, is_idempotent: true },
        run: Run::Write(|call| Box::pin(step_resolve(call))),
    },
    Tool {
        name: "step_complete",
        title: "Complete a step",
        description: "Completes a step with a result given by hand, so that its task goes on. Asks for confirmation first.",
        route: ROUTE,
        permission: Some("steps:resolve"),
        fields: &[
            TASK,
            STEP,
            REASON,
            required("result", Kind::Any, "The result."),
            optional("branch", Kind::Texts, "Of a decision: the names of the steps to run next."),
            optional("cursors", Kind::Values, "Of a batchable step: one cursor per worker."),
        ],
        hints: Hints { is_destructive: true, is_idempotent: true },
        run: Run::Write(|call| Box::pin(step_complete(call))),
    },
];

async fn step_retry(call: &Call<'_>) -> Result<Plan, Failure> {
    let warning = "The step runs again, with its side effects.";
    plan(call, "reset_for_retry", "Resets a step, so that it runs again.", None, warning).await
}

async fn step_resolve(call: &Call<'_>) -> Result<Plan, Failure> {
    let warning = "Steps after it run without its result.";
    let after = json!({ "state": "resolved_manually" });
    plan(call, "resolve_manually", "Declares a step done without a result.", Some(after), warning).await
}

async fn step_complete(call: &Call<'_>) -> Result<Plan, Failure> {
    let warning = "Steps after it run with this result.";
    let given = Value::Object(call.arguments.pick(&["result", "branch", "cursors"]));
    let after = json!({ "state": "complete", "untrusted": given });
    plan(call, "complete_manually", "Completes a step with a result given by hand.", Some(after), warning)
        .await
}

async fn plan(
    call: &Call<'_>,
    action: &'static str,
    what: &str,
    after: Option<Value>,
    warning: &str,
) -> Result<Plan, Failure> {
    let step = call.get(&call.step_path(&[])?).await?;
    let mut body = call.arguments.pick(&["reason", "result", "branch", "cursors"]);
    body.insert("action".into(), action.into());
    let fingerprint = json!([
        step["task_id"],
        step["step_index"],
        step["state"],
        step["attempt"],
        step["execution"],
        step["enqueued_at"],
        step["started_at"],
        step["finished_at"],
        step["next_retry_at"],
    ]);
    Ok(Plan {
        what: what.to_owned(),
        affected: json!({ "task_id": step["task_id"], "step": step["name"], "step_index": step["step_index"] }),
        before: separate(
            without(step, &["component", "checkpoint", "checkpoint_history", "cursor"]),
            OUTSIDE_OF_STEP,
        ),
        after,
        warnings: vec![warning.to_owned()],
        fingerprint,
        request: ApiRequest::new(Method::PATCH, call.step_path(&[])?).with_json(&body.into()),
        has_own_key: false,
        shape: |operated| operated,
    })
}
