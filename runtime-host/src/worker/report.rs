//! Reports: shortened to the queue's limit and sent until they arrive. Then the step is settled.

use std::time::Instant;

use tasker_protocol::{
    Ending, Execution, OrchestratorMessage, StepDispatch, StepEvent, StepReport, VERSION, encode,
};
use tasker_transport::{BlobError, FinishedStep, INLINE_PAYLOAD, Message};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{RETRY_DELAY, Worker, settle::Reported, unrunnable};
use crate::ExecutionControl;

/// The maximum number of reports per send call.
const REPORT_BATCH: usize = 100;
/// Results below this size stay inline in an oversized report: a reference would not be shorter.
const SMALL_PAYLOAD: usize = 1 << 10;

/// A finished step.
pub(super) struct Finished {
    pub(super) step: Reported,
    pub(super) body: String,
    /// Held until the report is sent, so that unreported steps count against the limit too.
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Worker {
    /// Builds the report of an execution, with a long result by reference. None if it was cancelled while its result
    /// could not be stored.
    pub(super) async fn report(
        &self,
        dispatch: &StepDispatch,
        execution: Execution,
        control: &ExecutionControl,
    ) -> Option<String> {
        let finished = |execution| self.message(dispatch, StepEvent::Finished(Box::new(execution)));
        let body = encode(&finished(execution.clone()));
        if body.len() <= INLINE_PAYLOAD {
            return Some(body);
        }
        let fits = body.len() <= self.0.connections.reports.max_body_bytes();
        let longest = if fits { INLINE_PAYLOAD } else { SMALL_PAYLOAD };
        loop {
            match self.checked_in(execution.clone(), longest, finished).await {
                Ok(body) => return Some(body),
                Err(error @ BlobError::Unavailable { .. }) => {
                    tracing::warn!(%error, task = %dispatch.task_id, step = %dispatch.step_name,
                        "a result cannot be stored; retrying");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                Err(error) => {
                    let (started_at, finished_at) = (execution.started_at, execution.finished_at);
                    let message = format!("the result cannot be stored: {error}");
                    let failed = unrunnable("PayloadUnavailable", message, true);
                    return Some(encode(&finished(Execution { started_at, finished_at, ..failed })));
                }
            }
            if control.is_cancelled() {
                return None;
            }
        }
    }

    async fn checked_in(
        &self,
        execution: Execution,
        longest: usize,
        finished: impl Fn(Execution) -> OrchestratorMessage,
    ) -> Result<String, BlobError> {
        let Execution { ending, usage, logs, .. } = execution;
        let execution = Execution { ending: self.check_in(ending, longest).await?, usage, logs, ..execution };
        let limit = self.0.connections.reports.max_body_bytes();
        self.0.connections.blobs.check_in_message(encode(&finished(execution)), limit).await
    }

    async fn check_in(&self, ending: Ending, longest: usize) -> Result<Ending, BlobError> {
        let blobs = &self.0.connections.blobs;
        Ok(match ending {
            Ending::Complete(result) => Ending::Complete(blobs.check_in(result, longest).await?),
            Ending::Branch { steps, result } => {
                Ending::Branch { steps, result: blobs.check_in(result, longest).await? }
            }
            Ending::Batch { cursors, result } => {
                Ending::Batch { cursors, result: blobs.check_in(result, longest).await? }
            }
            Ending::Checkpoint(value) => Ending::Checkpoint(blobs.check_in(value, longest).await?),
            failed @ Ending::Failed(_) => failed,
        })
    }

    pub(super) fn message(&self, dispatch: &StepDispatch, event: StepEvent) -> OrchestratorMessage {
        OrchestratorMessage::Report(StepReport {
            version: VERSION,
            task_id: dispatch.task_id,
            step_index: dispatch.step_index,
            execution: dispatch.execution,
            release_id: dispatch.release_id,
            template_step: dispatch.template_step,
            host: self.0.host.name().to_owned(),
            event,
        })
    }

    /// Sends reports in batches of those that are waiting. Retries until a batch arrives, because it is the
    /// only record of the work.
    pub(super) async fn report_loop(
        self,
        mut finished: mpsc::Receiver<Finished>,
        reported: mpsc::UnboundedSender<Reported>,
    ) {
        let mut batch = Vec::with_capacity(REPORT_BATCH);
        while finished.recv_many(&mut batch, REPORT_BATCH).await > 0 {
            // Yield once, so that steps that are just finishing join the batch.
            tokio::task::yield_now().await;
            while batch.len() < REPORT_BATCH
                && let Ok(more) = finished.try_recv()
            {
                batch.push(more);
            }
            if self.finish(&batch).await {
                batch.clear();
                continue;
            }
            let bodies = || batch.iter().map(|finished| Message::now(finished.body.clone())).collect();
            while let Err(error) = self.0.connections.reports.send(bodies()).await {
                tracing::warn!(%error, reports = batch.len(), "reports cannot be sent; retrying");
                if self.0.ends_at.is_some_and(|ends_at| Instant::now() >= ends_at) {
                    tracing::error!(
                        reports = batch.len(),
                        "no time is left to send reports; their steps will run again"
                    );
                    return;
                }
                tokio::time::sleep(RETRY_DELAY).await;
            }
            for Finished { step, .. } in batch.drain(..) {
                let _ = reported.send(step);
            }
        }
    }

    /// Reports steps, settles their leases and deletes their messages in one call, where the store has one. Returns whether
    /// that was done; if not, the parts are done one after the other, and repeated until they are.
    async fn finish(&self, batch: &[Finished]) -> bool {
        let Some(finisher) = &self.0.connections.finisher else { return false };
        let finished: Vec<_> = batch
            .iter()
            .map(|one| FinishedStep { report: &one.body, lease: &one.step.lease, receipt: &one.step.receipt })
            .collect();
        if let Err(error) = finisher.finish(&finished, &self.0.holder).await {
            tracing::warn!(%error, reports = batch.len(), "reports could not be sent; trying again");
            return false;
        }
        for one in batch {
            self.0.running.remove(&one.step.receipt);
        }
        true
    }
}
