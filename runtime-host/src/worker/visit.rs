//! A visit: a host runs a step that it received, and those that it goes on with.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tasker_protocol::{Ending, Execution, Payload, Predecessor, StepDispatch};
use tasker_transport::{BlobError, Claim, Receipt, outage_delay};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::{
    Worker,
    continuation::{Following, Handover},
    report::{Finished, Part, Report},
    runnable::unrunnable,
    settle::Reported,
};
use crate::about::about;
use crate::{ExecutionControl, admission::Admitted};

/// Fail a step after this many deliveries to hosts that could not read its component: about forty minutes.
const MAX_PUT_OFFS: u32 = 100;

/// A step that this host runs.
pub(super) struct Run {
    /// Its message. None if the host went on with it.
    pub(super) receipt: Option<Receipt>,
    pub(super) receive_count: u32,
    pub(super) lease: String,
    pub(super) dispatch: Arc<StepDispatch>,
    pub(super) control: ExecutionControl,
    pub(super) permit: OwnedSemaphorePermit,
    pub(super) admitted: Option<Admitted>,
    /// The reason not to run it.
    pub(super) unrunnable: Option<Execution>,
    /// The execution from which the host went on to this one.
    pub(super) after: Option<Predecessor>,
}

impl Worker {
    /// Runs a step, and those that follow it in the same visit.
    pub(super) async fn visit(self, first: Run, reports: mpsc::Sender<Finished>) {
        let began = Instant::now();
        let mut next = Some(first);
        while let Some(run) = next {
            next = self.execute(run, began, &reports).await;
        }
    }

    /// Runs a step of a visit. Returns the step to go on with.
    async fn execute(&self, run: Run, began: Instant, reports: &mpsc::Sender<Finished>) -> Option<Run> {
        let Run { receipt, receive_count, lease, dispatch, control, permit, admitted, unrunnable, after } =
            run;
        let execution = match unrunnable {
            Some(execution) => {
                drop(admitted);
                Some(execution)
            }
            None => self.run_step(&lease, &dispatch, receive_count, &control, admitted).await,
        };
        // Report an outcome even after cancellation: it is work that is done, and only the first report counts. A
        // failure may come from the cancellation itself.
        let wanted =
            execution.filter(|run| !control.is_cancelled() || !matches!(run.ending, Ending::Failed(_)));
        let following = wanted
            .as_ref()
            .filter(|_| !control.is_cancelled())
            .and_then(|run| self.following(&dispatch, run, began));
        let report = match wanted {
            Some(execution) => {
                let part = Part { continues: following.is_some(), after };
                self.report(&dispatch, execution, part, &control).await
            }
            None => None,
        };
        if let Some(Report { body, is_as_run }) = report {
            self.0.running.finish(&lease);
            let step = Reported { receipt, lease };
            return match following {
                Some(following) if is_as_run => {
                    let finished = Finished::new(step, body);
                    self.go_on(finished, following, permit, reports).await
                }
                following => {
                    if let Some(following) = following {
                        self.0.running.remove(&following.lease);
                    }
                    let _ =
                        reports.send(Finished { _permit: Some(permit), ..Finished::new(step, body) }).await;
                    None
                }
            };
        }
        // The lease is lost, this host is stopping, or payloads are unavailable: another host runs the
        // attempt.
        self.0.running.remove(&lease);
        if let Some(following) = following {
            self.0.running.remove(&following.lease);
        }
        let _ = self.0.connections.leases.release(&[lease], &self.0.holder).await;
        let delay = if control.is_cancelled() { Duration::ZERO } else { outage_delay(receive_count) };
        if let Some(receipt) = receipt {
            self.hand_back(&[receipt], delay).await;
        }
        None
    }

    /// Reports a step, and takes the one that follows it.
    async fn go_on(
        &self,
        finished: Finished,
        following: Following,
        permit: OwnedSemaphorePermit,
        reports: &mpsc::Sender<Finished>,
    ) -> Option<Run> {
        let Following { dispatch, control, lease, admitted, after } = following;
        let (claim, claimed) = oneshot::channel();
        let handover = Some(Handover { lease: lease.clone(), claim });
        let _ = reports.send(Finished { handover, ..finished }).await;
        // If the claim never comes, the orchestrator sends the step later.
        let lost = match claimed.await {
            Ok(Claim::Acquired { lost }) => lost,
            // Taken by this host, in a call whose answer was lost.
            Ok(Claim::Held) if self.holds(&lease).await => 0,
            _ => {
                self.0.running.remove(&lease);
                return None;
            }
        };
        let unrunnable = self.why_not(&dispatch, 1, lost);
        Some(Run {
            receipt: None,
            receive_count: 1,
            lease,
            dispatch,
            control,
            permit,
            admitted: Some(admitted),
            unrunnable,
            after: Some(after),
        })
    }

    /// Runs a step. None if another host must: its payloads are unavailable, or there is too little time left.
    async fn run_step(
        &self,
        lease: &str,
        dispatch: &StepDispatch,
        receive_count: u32,
        control: &ExecutionControl,
        admitted: Option<Admitted>,
    ) -> Option<Execution> {
        let admitted = match admitted {
            // The others of the batch had the memory. It may be too late now; another host has more time.
            None if self.0.ends_at.is_some() && self.fits(dispatch) => {
                let admitted = tokio::select! {
                    () = control.cancelled() => return None,
                    admitted = self.0.host.admission().admit(dispatch.limits.memory_bytes) => admitted,
                };
                if !self.has_time_for(dispatch) {
                    return None;
                }
                admitted
            }
            admitted => admitted,
        };
        if let Err(error) = self.0.host.prepare_for(dispatch).await
            && error.is_outage()
            && receive_count < MAX_PUT_OFFS
        {
            about(dispatch)
                .in_scope(|| tracing::warn!(%error, "a step's component cannot be read; handing it back"));
            return None;
        }
        match self.fetch_payloads(dispatch).await {
            Ok(fetched) => {
                self.0.running.begin(lease);
                let dispatch = fetched.as_ref().unwrap_or(dispatch);
                Some(self.0.host.execute_admitted(dispatch, control, admitted).await)
            }
            Err(error) if error.is_transient(receive_count) => {
                about(dispatch)
                    .in_scope(|| tracing::warn!(%error, "a step's payloads cannot be read; handing it back"));
                None
            }
            Err(error) => Some(unrunnable("PayloadUnavailable", error.to_string(), true)),
        }
    }

    /// Fetches the payloads. None if all are inline.
    async fn fetch_payloads(&self, dispatch: &StepDispatch) -> Result<Option<StepDispatch>, BlobError> {
        let results = dispatch.dependency_results.iter().map(|dependency| &dependency.result);
        let mut payloads = results.chain([&dispatch.input]).chain(&dispatch.checkpoint);
        if payloads.all(|payload| payload.inline().is_some()) {
            return Ok(None);
        }
        let mut fetched = dispatch.clone();
        let results = fetched.dependency_results.iter_mut().map(|dependency| &mut dependency.result);
        for payload in results.chain([&mut fetched.input]).chain(&mut fetched.checkpoint) {
            let reference = std::mem::replace(payload, Payload::null());
            *payload = self.0.connections.blobs.check_out(reference).await?;
        }
        Ok(Some(fetched))
    }
}
