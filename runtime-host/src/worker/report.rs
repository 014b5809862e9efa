//! Reports: shortened to the queue's limit and sent until they arrive. Then the step is settled.

use std::time::Instant;

use tasker_protocol::{
    Ending, Execution, OrchestratorMessage, Predecessor, StepDispatch, StepEvent, StepReport, VERSION, encode,
};
use tasker_transport::{BlobError, FinishedStep, INLINE_PAYLOAD, Message};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{RETRY_DELAY, Worker, continuation::Handover, runnable::unrunnable, settle::Reported};
use crate::ExecutionControl;
use crate::about::about;

/// The maximum number of reports per send call.
const REPORT_BATCH: usize = 100;
/// Results below this size stay inline in an oversized report: a reference would not be shorter.
const SMALL_PAYLOAD: usize = 1 << 10;

/// A finished step.
pub(super) struct Finished {
    pub(super) step: Reported,
    pub(super) body: String,
    /// Held until the report is sent, so that unreported steps count against the limit too. None if the step that follows
    /// has it.
    pub(super) _permit: Option<OwnedSemaphorePermit>,
    /// The step to go on with when the report is sent.
    pub(super) handover: Option<Handover>,
}

impl Finished {
    pub(super) fn new(step: Reported, body: String) -> Self {
        Self { step, body, _permit: None, handover: None }
    }
}

/// What a report says about its step's place in a visit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    /// The host goes on with the next step.
    pub(super) continues: bool,
    /// The execution from which it went on to this one.
    pub(super) after: Option<Predecessor>,
}

/// The report of an execution.
pub(super) struct Report {
    pub(super) body: String,
    /// It reports the execution. False if it reports that the result cannot be stored.
    pub(super) is_as_run: bool,
}

impl Worker {
    /// Builds the report of an execution, with a long result by reference. None if it was cancelled while its result
    /// could not be stored.
    pub(super) async fn report(
        &self,
        dispatch: &StepDispatch,
        execution: Execution,
        part: Part,
        control: &ExecutionControl,
    ) -> Option<Report> {
        let finished = |execution| self.message(dispatch, part, StepEvent::Finished(Box::new(execution)));
        let body = encode(&finished(execution.clone()));
        if body.len() <= INLINE_PAYLOAD {
            return Some(Report { body, is_as_run: true });
        }
        let fits = body.len() <= self.0.connections.reports.max_body_bytes();
        let longest = if fits { INLINE_PAYLOAD } else { SMALL_PAYLOAD };
        loop {
            match self.checked_in(execution.clone(), longest, finished).await {
                Ok(body) => return Some(Report { body, is_as_run: true }),
                Err(error @ BlobError::Unavailable { .. }) => {
                    about(dispatch)
                        .in_scope(|| tracing::warn!(%error, "a result cannot be stored; retrying"));
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                Err(error) => {
                    let (started_at, finished_at) = (execution.started_at, execution.finished_at);
                    let message = format!("the result cannot be stored: {error}");
                    let failed = unrunnable("PayloadUnavailable", message, true);
                    let body = encode(&finished(Execution { started_at, finished_at, ..failed }));
                    return Some(Report { body, is_as_run: false });
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

    pub(super) fn message(
        &self,
        dispatch: &StepDispatch,
        Part { continues, after }: Part,
        event: StepEvent,
    ) -> OrchestratorMessage {
        OrchestratorMessage::Report(StepReport {
            version: VERSION,
            task_id: dispatch.task_id,
            step_index: dispatch.step_index,
            execution: dispatch.execution,
            release_id: dispatch.release_id,
            template_step: dispatch.template_step,
            host: self.0.host.name().to_owned(),
            continues,
            after,
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
            if self.finish(&mut batch).await {
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
            let mut handovers = Vec::new();
            for Finished { step, handover, .. } in batch.drain(..) {
                let _ = reported.send(step);
                handovers.extend(handover);
            }
            if !handovers.is_empty() {
                // Beside the next reports.
                tokio::spawn(self.clone().take_over(handovers));
            }
        }
    }

    /// Reports steps, settles their leases, deletes their messages and takes the next leases in one call, where the store has
    /// one. Returns whether that was done; if not, the parts are done one after the other, and repeated until they are.
    async fn finish(&self, batch: &mut [Finished]) -> bool {
        let Some(finisher) = &self.0.connections.finisher else { return false };
        let finished: Vec<_> = batch
            .iter()
            .map(|one| FinishedStep {
                report: &one.body,
                lease: &one.step.lease,
                receipt: one.step.receipt.as_ref(),
                next: one.handover.as_ref().map(|handover| handover.lease.as_str()),
            })
            .collect();
        let claims = match finisher.finish(&finished, &self.0.holder).await {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(%error, reports = batch.len(), "reports could not be sent; trying again");
                return false;
            }
        };
        for (handover, claim) in batch.iter_mut().filter_map(|one| one.handover.take()).zip(claims) {
            let _ = handover.claim.send(claim);
        }
        for one in batch {
            self.0.running.remove(&one.step.lease);
        }
        true
    }
}
