//! Reports: made small enough for their queue, sent until they arrive, and only then is the step off the worker's hands.

use std::time::Instant;

use tasker_protocol::{
    Ending, Execution, OrchestratorMessage, StepDispatch, StepEvent, StepReport, VERSION, encode,
};
use tasker_transport::{BlobError, Message, Receipt};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{RETRY_DELAY, Worker, unrunnable};
use crate::ExecutionControl;

/// How many reports one call sends at most.
const REPORT_BATCH: usize = 100;
/// Results shorter than this stay in a report that is too long: references are no shorter.
const SMALL_PAYLOAD: usize = 1 << 10;

/// A step that has ended.
pub(super) struct Finished {
    pub(super) receipt: Receipt,
    pub(super) lease: String,
    pub(super) body: String,
    /// Held until the report is sent, so that unreported steps are bounded too.
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Worker {
    /// The report of an execution, small enough for the queue. None: it was cancelled while its result could not be
    /// stored.
    pub(super) async fn report(
        &self,
        dispatch: &StepDispatch,
        execution: Execution,
        control: &ExecutionControl,
    ) -> Option<String> {
        let finished = |execution| self.message(dispatch, StepEvent::Finished(Box::new(execution)));
        let body = encode(&finished(execution.clone()));
        if body.len() <= self.0.connections.reports.max_body_bytes() {
            return Some(body);
        }
        loop {
            match self.checked_in(execution.clone(), finished).await {
                Ok(body) => return Some(body),
                Err(error @ BlobError::Unavailable { .. }) => {
                    tracing::warn!(%error, task = %dispatch.task_id, step = %dispatch.step_name,
                        "a result cannot be stored; trying again");
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
        finished: impl Fn(Execution) -> OrchestratorMessage,
    ) -> Result<String, BlobError> {
        let Execution { ending, usage, logs, .. } = execution;
        let execution = Execution { ending: self.check_in(ending).await?, usage, logs, ..execution };
        let limit = self.0.connections.reports.max_body_bytes();
        self.0.connections.blobs.check_in_message(encode(&finished(execution)), limit).await
    }

    async fn check_in(&self, ending: Ending) -> Result<Ending, BlobError> {
        let blobs = &self.0.connections.blobs;
        Ok(match ending {
            Ending::Complete(result) => Ending::Complete(blobs.check_in(result, SMALL_PAYLOAD).await?),
            Ending::Branch { steps, result } => {
                Ending::Branch { steps, result: blobs.check_in(result, SMALL_PAYLOAD).await? }
            }
            Ending::Batch { cursors, result } => {
                Ending::Batch { cursors, result: blobs.check_in(result, SMALL_PAYLOAD).await? }
            }
            Ending::Checkpoint(value) => Ending::Checkpoint(blobs.check_in(value, SMALL_PAYLOAD).await?),
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

    /// Sends reports: what is waiting goes as one batch. A batch is sent until it arrives, because it is the only
    /// trace of work that is done.
    pub(super) async fn report_loop(self, mut finished: mpsc::Receiver<Finished>) {
        let mut batch = Vec::with_capacity(REPORT_BATCH);
        while finished.recv_many(&mut batch, REPORT_BATCH).await > 0 {
            // Steps that are about to end come along: nothing is waited for but their turn.
            tokio::task::yield_now().await;
            while batch.len() < REPORT_BATCH
                && let Ok(more) = finished.try_recv()
            {
                batch.push(more);
            }
            let bodies = || batch.iter().map(|finished| Message::now(finished.body.clone())).collect();
            while let Err(error) = self.0.connections.reports.send(bodies()).await {
                tracing::warn!(%error, reports = batch.len(), "reports cannot be sent; trying again");
                if self.0.ends_at.is_some_and(|ends_at| Instant::now() >= ends_at) {
                    tracing::error!(
                        reports = batch.len(),
                        "no time is left to send reports; their steps will run again"
                    );
                    return;
                }
                tokio::time::sleep(RETRY_DELAY).await;
            }
            let receipts: Vec<Receipt> = batch.iter().map(|finished| finished.receipt.clone()).collect();
            let leases: Vec<String> = batch.iter().map(|finished| finished.lease.clone()).collect();
            self.settle(&receipts, &leases).await;
            for receipt in &receipts {
                self.0.running.remove(receipt);
            }
            batch.clear();
        }
    }

    /// Settles what is reported, so that copies of its message are not run, and drops the message itself. Tries for as
    /// long as nobody else can see the message: whoever gets it from a store that has forgotten the lease would run it
    /// again.
    async fn settle(&self, receipts: &[Receipt], leases: &[String]) {
        let connections = &self.0.connections;
        let until = Instant::now() + connections.steps.visibility();
        let until = self.0.ends_at.map_or(until, |ends_at| ends_at.min(until));
        while let Err(error) = connections.leases.settle(leases, &self.0.holder).await {
            tracing::warn!(%error, "leases could not be settled; a second copy of a message might run");
            if Instant::now() >= until {
                break;
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        while let Err(error) = connections.steps.acknowledge(receipts).await {
            tracing::warn!(%error, "steps could not be acknowledged; they will come again");
            if Instant::now() >= until {
                break;
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }
}
