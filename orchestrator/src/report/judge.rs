//! Checks an execution's ending against its step: whether the step's type allows it, whether the result matches the
//! schema, and which steps a decision named.

use serde_json::{Value, value::RawValue};
use tasker_protocol::{Ending, Failure, Payload};
use tasker_templates::{did_you_mean, faults, template::StepType};
use tasker_transport::BlobStore;

use crate::{
    catalog::{Release, ReleaseStep},
    error::Error,
};

/// How many steps one decision may name.
const MAX_BRANCHES: usize = 100;
/// How many workers one batch may have.
const MAX_WORKERS: usize = 100_000;

/// An accepted ending.
#[derive(Debug, Clone)]
pub(crate) enum AcceptedEnding {
    /// Completed, with this result.
    Complete(Payload),
    /// A completed decision: these steps of the release follow.
    Branch { steps: Vec<usize>, result: Payload },
    /// A completed batchable step: a worker for each cursor follows.
    Batch { cursors: Vec<Box<RawValue>>, result: Payload },
    /// A checkpoint to run again from.
    Checkpoint(Payload),
}

impl AcceptedEnding {
    pub(crate) fn payload(&self) -> &Payload {
        match self {
            Self::Complete(payload) | Self::Checkpoint(payload) => payload,
            Self::Branch { result, .. } | Self::Batch { result, .. } => result,
        }
    }

    /// Returns a decision's steps, as JSON for the database.
    pub(crate) fn branch(&self) -> Option<String> {
        let Self::Branch { steps, .. } = self else { return None };
        Some(Value::from(steps.clone()).to_string())
    }

    /// Returns a batch's cursors, as JSON for the database.
    pub(crate) fn cursors(&self) -> Option<String> {
        let Self::Batch { cursors, .. } = self else { return None };
        serde_json::to_string(cursors).ok()
    }
}

/// Whether the result is in the blob store.
pub(crate) fn is_by_reference(ending: &Ending) -> bool {
    match ending {
        Ending::Complete(result) | Ending::Branch { result, .. } | Ending::Batch { result, .. } => {
            result.inline().is_none()
        }
        Ending::Checkpoint(_) | Ending::Failed(_) => false,
    }
}

/// Checks an ending against its step. The inner error fails the step permanently.
///
/// # Errors
/// [`Error::Blob`] if the result could not be read. The caller decides whether to check again.
pub(crate) async fn judge(
    release: &Release,
    step: usize,
    ending: Ending,
    blobs: &BlobStore,
) -> Result<Result<AcceptedEnding, Failure>, Error> {
    let Some(fixed) = release.steps.get(step) else {
        // The step is not in this release, so the report will be stale.
        return Ok(Err(Failure::of_host("UnknownStep", "the release has no such step".to_owned(), false)));
    };
    let outcome = match (ending, release.template.steps[step].step_type) {
        (Ending::Failed(failure), _) => return Ok(Err(failure)),
        (Ending::Checkpoint(checkpoint), _) => return Ok(Ok(AcceptedEnding::Checkpoint(checkpoint))),
        (Ending::Branch { steps, result }, StepType::Decision) => match branch(release, step, &steps) {
            Ok(steps) => AcceptedEnding::Branch { steps, result },
            Err(message) => return Ok(Err(Failure::of_host("InvalidBranch", message, false))),
        },
        (Ending::Batch { cursors, result }, StepType::Batchable) => {
            if cursors.len() > MAX_WORKERS {
                let message = format!("{} cursors; a batch has at most {MAX_WORKERS} workers", cursors.len());
                return Ok(Err(Failure::of_host("BatchTooLarge", message, false)));
            }
            AcceptedEnding::Batch { cursors, result }
        }
        (Ending::Complete(result), kind) if !matches!(kind, StepType::Decision | StepType::Batchable) => {
            AcceptedEnding::Complete(result)
        }
        (ending, kind) => return Ok(Err(not_allowed(&ending, kind))),
    };
    Ok(match check_result(fixed, outcome.payload(), blobs).await? {
        Ok(()) => Ok(outcome),
        Err(failure) => Err(failure),
    })
}

fn not_allowed(ending: &Ending, kind: StepType) -> Failure {
    let given = match ending {
        Ending::Complete(_) => "complete",
        Ending::Branch { .. } => "branch",
        Ending::Batch { .. } => "batch",
        Ending::Checkpoint(_) => "checkpoint",
        Ending::Failed(_) => "a failure",
    };
    let wanted = match kind {
        StepType::Decision => "return `branch`, without steps if no step is to follow",
        StepType::Batchable => "return `batch`, without cursors if there is no work",
        _ => "return `complete`, or give the step the type `decision` or `batchable`",
    };
    let message =
        format!("the handler returned `{given}`, which a step of type `{}` cannot; {wanted}", kind.as_str());
    Failure::of_host("OutcomeNotAllowed", message, false)
}

/// Returns the steps that a decision named.
fn branch(release: &Release, decision: usize, names: &[String]) -> Result<Vec<usize>, String> {
    if names.len() > MAX_BRANCHES {
        return Err(format!("the decision named {} steps; at most {MAX_BRANCHES} are allowed", names.len()));
    }
    let steps = &release.template.steps;
    let after = release.graph.descendants(decision);
    let mut named = Vec::with_capacity(names.len());
    for name in names {
        let found = after.iter().copied().find(|&step| steps[step].name == *name);
        let Some(step) = found else {
            let known: Vec<String> = after.iter().map(|&step| steps[step].name.clone()).collect();
            let why = if steps.iter().any(|step| step.name == *name) {
                format!("step `{name}` does not come after the decision")
            } else {
                format!("the template has no step `{name}`")
            };
            return Err(format!("the decision named `{name}`: {why}{}", did_you_mean(name, &known)));
        };
        if steps[step].step_type == StepType::BatchWorker {
            return Err(format!("the decision named `{name}`, a batch worker; name its batchable step"));
        }
        if !named.contains(&step) {
            named.push(step);
        }
    }
    match release.never_ready(decision, &named) {
        Some((step, missing)) => Err(format!(
            "the decision named `{}`, which also depends on `{}`, and no named step creates that; name both, or give \
             `{}` the type `deferred_convergence`",
            steps[step].name, steps[missing].name, steps[step].name
        )),
        None => Ok(named),
    }
}

/// Checks a result against the step's schema.
///
/// # Errors
/// As [`judge`].
pub(crate) async fn check_result(
    step: &ReleaseStep,
    result: &Payload,
    blobs: &BlobStore,
) -> Result<Result<(), Failure>, Error> {
    let Some(schema) = &step.result_schema else { return Ok(Ok(())) };
    let invalid = |message: String| Ok(Err(Failure::of_host("InvalidResult", message, false)));
    let document = blobs.check_out(result.clone()).await?;
    let value: Value = match serde_json::from_str(document.inline().unwrap_or("null")) {
        Ok(value) => value,
        Err(error) => return invalid(format!("the result cannot be read: {error}")),
    };
    let faults = faults(schema, &value);
    if faults.is_empty() {
        return Ok(Ok(()));
    }
    invalid(format!("the result does not fit the step's result_schema:\n{}", faults.join("\n")))
}
