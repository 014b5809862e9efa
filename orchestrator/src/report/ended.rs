//! The end of an execution: the checked outcome, and its form in the database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tasker_protocol::{Execution, Failure, LogLine, Predecessor, Usage};
use uuid::Uuid;

use super::judge::AcceptedEnding;
use crate::{
    catalog::Release,
    database::{columns::columns, set::composite},
    measure::Way,
};

/// The end of an execution, as it will be stored.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) task_id: Uuid,
    pub(crate) step_index: u32,
    pub(crate) execution: u32,
    /// The release and the template step that the outcome was checked against. None if it was not checked.
    pub(crate) release_id: Option<(Uuid, u32)>,
    pub(crate) event: &'static str,
    pub(crate) actor: String,
    pub(crate) reason: Option<String>,
    pub(crate) run: Option<Execution>,
    /// Whether the host goes on with the next step.
    pub(crate) continues: bool,
    /// The execution from which the host went on to this one.
    pub(crate) after: Option<Predecessor>,
    pub(crate) outcome: Result<AcceptedEnding, Failure>,
    /// That release, for metrics.
    pub(crate) release: Option<Arc<Release>>,
}

/// The audit data of an execution beside its states.
#[derive(Serialize)]
struct Detail<'a> {
    usage: &'a Usage,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    logs: &'a [LogLine],
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
}

/// `tasker_f.report`: the end of an execution for the database, with the fields in that type's order.
pub(super) struct Report {
    task_id: Uuid,
    step_index: i32,
    execution: i32,
    release_id: Option<Uuid>,
    template_step: Option<i32>,
    result: Option<String>,
    result_blob: Option<String>,
    is_checkpoint: bool,
    branch: Option<String>,
    cursors: Option<String>,
    failure: Option<String>,
    retryable: Option<bool>,
    retry_after_ms: Option<i64>,
    event: String,
    actor: String,
    reason: Option<String>,
    detail: Option<String>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    dice: f64,
    continues: bool,
    after_step: Option<i32>,
    after_end: Option<DateTime<Utc>>,
}

composite!(Report, "tasker_f.report", { task_id, step_index, execution, release_id, template_step, result, result_blob, is_checkpoint, branch, cursors, failure, retryable, retry_after_ms, event, actor, reason, detail, started_at, finished_at, dice, continues, after_step, after_end });

impl Ended {
    /// How it ended, for metrics.
    pub(super) fn way(&self) -> Way<'_> {
        match &self.outcome {
            Ok(AcceptedEnding::Complete(_)) => Way::Complete,
            Ok(AcceptedEnding::Branch { steps, .. }) => Way::Decided(steps.len()),
            Ok(AcceptedEnding::Batch { cursors, .. }) => Way::Cut(cursors.len()),
            Ok(AcceptedEnding::Checkpoint(_)) => Way::Checkpoint,
            Err(failure) => Way::Failed(failure),
        }
    }

    pub(super) fn report(&self, dice: f64) -> Report {
        let outcome = self.outcome.as_ref().ok();
        let failure = self.outcome.as_ref().err();
        let (result, result_blob) = outcome.map_or((None, None), |outcome| columns(outcome.payload()));
        Report {
            task_id: self.task_id,
            step_index: self.step_index as i32,
            execution: self.execution as i32,
            release_id: self.release_id.map(|(release, _)| release),
            template_step: self.release_id.map(|(_, step)| step as i32),
            result,
            result_blob,
            is_checkpoint: matches!(outcome, Some(AcceptedEnding::Checkpoint(_))),
            branch: outcome.and_then(AcceptedEnding::branch),
            cursors: outcome.and_then(AcceptedEnding::cursors),
            failure: failure.and_then(json),
            retryable: failure.map(|failure| failure.retryable),
            retry_after_ms: failure
                .and_then(|failure| failure.retry_after_ms)
                .map(|wait| i64::try_from(wait).unwrap_or(i64::MAX)),
            event: self.event.to_owned(),
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            detail: self.detail(),
            started_at: self.run.as_ref().map(|run| run.started_at),
            finished_at: self.run.as_ref().map(|run| run.finished_at),
            dice,
            continues: self.continues && matches!(outcome, Some(AcceptedEnding::Complete(_))),
            after_step: self.after.map(|after| after.step_index.cast_signed()),
            after_end: self.after.map(|after| after.finished_at),
        }
    }

    fn detail(&self) -> Option<String> {
        let run = self.run.as_ref();
        let failure = self.outcome.as_ref().err();
        if run.is_none() && failure.is_none() {
            return None;
        }
        let usage = run.map_or_else(Usage::default, |run| run.usage);
        json(&Detail { usage: &usage, logs: run.map_or(&[], |run| &run.logs), failure })
    }
}

fn json<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_string(value).ok()
}
