//! Continuation: when a step is complete and its report is sent, the host goes on with the step that follows, without a message
//! from the orchestrator.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tasker_protocol::{Ending, Execution, Predecessor, StepDispatch};
use tasker_transport::Claim;
use tokio::sync::oneshot;

use super::{Worker, lease};
use crate::{ExecutionControl, admission::Admitted};

/// A host starts a following step only this long after the first. A pause or a cancellation waits no longer for a step that
/// the orchestrator did not send, and a message costs little beside steps that are longer.
const LONGEST_VISIT: Duration = Duration::from_millis(500);

/// The step that a host goes on with.
pub(super) struct Following {
    pub(super) dispatch: Arc<StepDispatch>,
    pub(super) control: ExecutionControl,
    pub(super) lease: String,
    pub(super) admitted: Admitted,
    pub(super) after: Predecessor,
}

/// A lease to take once the report of the step before is sent, and where to return the claim.
pub(super) struct Handover {
    pub(super) lease: String,
    pub(super) claim: oneshot::Sender<Claim>,
}

impl Worker {
    /// Returns the step to go on with, if this host can start it now. It counts as running from here on.
    pub(super) fn following(
        &self,
        before: &StepDispatch,
        run: &Execution,
        began: Instant,
    ) -> Option<Following> {
        let Ending::Complete(result) = &run.ending else { return None };
        if before.next.is_empty() || began.elapsed() > LONGEST_VISIT || self.0.stop.is_cancelled() {
            return None;
        }
        let host = &self.0.host;
        let next = before.following(result.clone())?;
        let next = StepDispatch { limits: host.limits(next.limits), ..next };
        // Another host may have what this one would wait for.
        if !self.fits(&next) || !host.has_loaded(&next.handler.component) {
            return None;
        }
        let admitted = host.admission().try_admit(next.limits.memory_bytes)?;
        let lease = lease(&next);
        let after = Predecessor { step_index: before.step_index, finished_at: run.finished_at };
        let (dispatch, control) = self.0.running.insert(None, Some(after), &lease, next)?;
        Some(Following { dispatch, control, lease, admitted, after })
    }

    /// Whether this worker holds a lease. Extends it.
    pub(super) async fn holds(&self, lease: &String) -> bool {
        let renewed = self.0.connections.leases.renew(std::slice::from_ref(lease), &self.0.holder).await;
        renewed.is_ok_and(|renewed| renewed == [true])
    }

    /// Takes the leases of steps whose predecessors are reported. If it can't, the orchestrator sends these steps.
    pub(super) async fn take_over(self, handovers: Vec<Handover>) {
        let leases: Vec<String> = handovers.iter().map(|handover| handover.lease.clone()).collect();
        match self.0.connections.leases.acquire(&leases, &self.0.holder).await {
            Ok(claims) => {
                for (handover, claim) in handovers.into_iter().zip(claims) {
                    let _ = handover.claim.send(claim);
                }
            }
            Err(error) => {
                tracing::warn!(%error, steps = leases.len(),
                    "leases cannot be acquired; not going on with the steps that follow");
            }
        }
    }
}
