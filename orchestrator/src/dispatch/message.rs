//! Builds the message that asks a host to run a step.

use std::time::Duration;

use chrono::Utc;
use serde_json::Value;
use tasker_protocol::{BatchSlice, Payload, StepDispatch, VERSION, encode};
use tasker_templates::template::StepType;
use tasker_transport::{BlobStore, Message};

use crate::{
    catalog::{Release, step_name},
    effect::{BatchPlace, ReadyStep},
    error::Error,
};

/// Payloads shorter than this, in bytes, stay inline in a message that is too long: a reference is not shorter.
const SMALL_PAYLOAD: usize = 1 << 10;

/// Builds the message of a step. `goes_on` adds the steps that may follow in the same visit of a host. If it would exceed
/// `limit` bytes, payloads move to the blob store.
///
/// # Errors
/// [`Error::Damaged`] if the message can never be built. Other errors are temporary.
pub(crate) async fn message(
    step: ReadyStep,
    release: &Release,
    goes_on: bool,
    blobs: &BlobStore,
    limit: usize,
) -> Result<Message, Error> {
    let Some(fixed) = release.steps.get(step.template_step) else {
        return Err(Error::Damaged(format!("release {} has no step {}", release.id, step.template_step)));
    };
    let mut dispatch = StepDispatch {
        version: VERSION,
        task_id: step.task_id,
        step_index: step.step_index,
        execution: step.execution,
        attempt: step.attempt,
        release_id: release.id,
        template_step: step.template_step as u32,
        max_attempts: fixed.max_attempts,
        step_name: step_name(&fixed.name, step.worker.as_ref().map(|worker| worker.number)),
        namespace: release.template.namespace_name.clone(),
        task_name: release.template.name.clone(),
        task_version: release.template.version.clone(),
        correlation_id: step.correlation_id,
        handler: fixed.handler.clone(),
        input: step.input,
        configuration: fixed.configuration.clone(),
        dependency_results: step.dependency_results,
        batch: batch_slice(release, step.template_step, step.worker.as_ref())?,
        cursor: step.worker.and_then(|worker| worker.cursor),
        checkpoint: step.checkpoint,
        limits: fixed.limits,
        grants: fixed.grants.clone(),
        traceparent: step.traceparent,
        sent_at: Some(Utc::now()),
        next: if goes_on { fixed.following.clone() } else { Vec::new() },
    };
    let mut body = encode(&dispatch);
    if body.len() > limit {
        check_in_payloads(&mut dispatch, blobs).await?;
        body = encode(&dispatch);
    }
    let body = blobs.check_in_message(body, limit).await?;
    let work = Some(Duration::from_millis(dispatch.limits.wall_ms));
    Ok(Message { body, delay: Duration::ZERO, group: Some(dispatch.namespace), work })
}

async fn check_in_payloads(dispatch: &mut StepDispatch, blobs: &BlobStore) -> Result<(), Error> {
    let results = dispatch.dependency_results.iter_mut().map(|dependency| &mut dependency.result);
    for payload in results.chain([&mut dispatch.input]).chain(&mut dispatch.checkpoint) {
        let taken = std::mem::replace(payload, Payload::null());
        *payload = blobs.check_in(taken, SMALL_PAYLOAD).await?;
    }
    Ok(())
}

/// Returns the batch part of the message, for a batchable step or one of its workers.
fn batch_slice(
    release: &Release,
    step: usize,
    worker: Option<&BatchPlace>,
) -> Result<Option<BatchSlice>, Error> {
    let batchable = worker.map_or(step, |worker| worker.batch);
    let Some(step) =
        release.template.steps.get(batchable).filter(|step| step.step_type == StepType::Batchable)
    else {
        return Ok(None);
    };
    let config = release.template.batch_config_of(batchable);
    let mut metadata = serde_json::json!({
        "batch_step": step.name,
        "batch_size": config.batch_size,
        "parallelism": config.parallelism,
        "cursor_field": config.cursor_field,
        "failure_strategy": config.failure_strategy,
    });
    if let Some(worker) = worker {
        metadata["worker_number"] = Value::from(worker.number);
        metadata["total_workers"] = Value::from(worker.of);
    }
    let metadata = serde_json::value::to_raw_value(&metadata)
        .map_err(|error| Error::Damaged(format!("the metadata of a batch: {error}")))?;
    Ok(Some(BatchSlice { metadata, is_no_op: worker.is_some_and(|worker| worker.cursor.is_none()) }))
}
