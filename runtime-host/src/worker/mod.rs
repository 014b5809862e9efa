//! The execution loop: receives steps from the queue, runs them, sends reports, and renews leases meanwhile.
//!
//! The stages of a step: receive → lease → fetch payloads → execute → report → settle. If a stage before the report fails,
//! the message becomes visible again after its visibility timeout.

mod continuation;
mod hand_back;
mod outage;
mod presence;
mod pulse;
mod report;
mod runnable;
mod running;
mod settle;
mod visit;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tasker_protocol::{Limits, StepDispatch, decode};
use tasker_telemetry::metrics;
use tasker_transport::{BlobStore, Claim, Delivery, Finisher, LeaseStore, Opened, Queue, Receipt};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Host, admission::Admitted};
use outage::Overdue;
use report::Finished;
use running::RunningSteps;
use visit::Run;

/// The maximum number of steps per receive call.
const RECEIVE_BATCH: u32 = 100;
/// How long one receive call waits for steps.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);
/// How long a stopping process waits, in addition, for the last receive call and for handing its messages
/// back.
const LAST_REQUEST: Duration = Duration::from_secs(5);
/// The wait before a retry after a transport error.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Give up a step after this many deliveries to hosts with too little time left.
const MAX_MISFITS: u32 = 3;

/// The services that a worker uses.
#[derive(Clone)]
pub struct WorkerConnections {
    /// The queue of steps to run.
    pub steps: Arc<dyn Queue>,
    /// The queue of reports.
    pub reports: Arc<dyn Queue>,
    /// The leases on executions.
    pub leases: Arc<dyn LeaseStore>,
    /// The end of a step in one call, where all three are one store.
    pub finisher: Option<Arc<dyn Finisher>>,
    /// The store of payloads that exceed the message limit.
    pub blobs: BlobStore,
}

/// Runs the steps of a queue on a host. Cheap to clone; clones share one worker.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    host: Host,
    connections: WorkerConnections,
    /// Identifies this process as lease holder. Random, so a restarted host does not own its old leases.
    holder: String,
    permits: Arc<Semaphore>,
    running: RunningSteps,
    overdue: Overdue,
    /// When the process must end, if known.
    ends_at: Option<Instant>,
    /// Cancelled when the process is to start no more steps.
    stop: CancellationToken,
}

/// A step that was received and decoded.
struct Received {
    receipt: Receipt,
    dispatch: StepDispatch,
    receive_count: u32,
    /// Its memory. None if there was no room and it has to wait.
    admitted: Option<Admitted>,
}

/// The background tasks of a worker.
struct Beside {
    reporter: JoinHandle<()>,
    settler: JoinHandle<()>,
    /// The loops that maintain running steps.
    pulse: JoinHandle<()>,
    reports: mpsc::Sender<Finished>,
}

impl Worker {
    /// A step whose lease this many hosts lost fails: no host has ended it, and it may have killed them all. Steps that
    /// were handed back do not count, so that an outage fails none.
    pub const MAX_LOST: u32 = 4;

    /// Creates a worker for up to `max_concurrent` concurrent steps.
    fn new(
        host: Host,
        connections: WorkerConnections,
        max_concurrent: usize,
        ends_at: Option<Instant>,
        stop: CancellationToken,
    ) -> (Self, Beside) {
        let (reports, finished) = mpsc::channel(max_concurrent.max(1));
        let worker = Self(Arc::new(Inner {
            holder: format!("{}/{}", host.name(), uuid::Uuid::now_v7()),
            host,
            connections,
            permits: Arc::new(Semaphore::new(max_concurrent.max(1))),
            running: RunningSteps::default(),
            overdue: Overdue::default(),
            ends_at,
            stop,
        }));
        // Without a limit: each entry is a step that runs, and its permit is already free for another.
        let (reported, settling) = mpsc::unbounded_channel();
        let beside = Beside {
            reporter: tokio::spawn(worker.clone().report_loop(finished, reported)),
            settler: tokio::spawn(worker.clone().settle_loop(settling)),
            pulse: tokio::spawn(worker.clone().pulse_loops()),
            reports,
        };
        (worker, beside)
    }

    /// Runs until `stop` is cancelled. Then waits up to `drain` for running steps and cancels the rest.
    pub async fn run(
        host: Host,
        connections: WorkerConnections,
        max_concurrent: usize,
        drain: Duration,
        stop: CancellationToken,
    ) {
        if let Some(metrics) = metrics() {
            metrics.host_capacity.set(max_concurrent as f64, []);
        }
        let (worker, beside) = Self::new(host, connections, max_concurrent, None, stop.clone());
        let executions = TaskTracker::new();
        let end = CancellationToken::new();
        let presence = tokio::spawn(worker.clone().be_present(max_concurrent, end.clone()));
        worker.receive_loop(&executions, &beside.reports, &stop).await;
        let steps = Arc::clone(&worker.0.connections.steps);
        worker.end(executions, beside, drain).await;
        end.cancel();
        // A queue that is away must not hold the process.
        let _ = tokio::time::timeout(LAST_REQUEST, presence).await;
        if tokio::time::timeout(RECEIVE_WAIT + LAST_REQUEST, steps.end_receiving()).await.is_err() {
            tracing::warn!(
                "the queue does not respond; messages that it still delivers become visible again later"
            );
        }
    }

    /// Runs steps that were already received, all concurrently, and returns by `ends_at`. Hands back steps
    /// that may take longer.
    pub async fn run_batch(
        host: Host,
        connections: WorkerConnections,
        deliveries: Vec<Delivery>,
        ends_at: Instant,
    ) {
        let (worker, beside) =
            Self::new(host, connections, deliveries.len(), Some(ends_at), CancellationToken::new());
        let executions = TaskTracker::new();
        let count = u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
        let permits = Arc::clone(&worker.0.permits);
        let permits: Vec<OwnedSemaphorePermit> =
            (0..count).map_while(|_| Arc::clone(&permits).try_acquire_owned().ok()).collect();
        worker.start(deliveries, permits, &executions, &beside.reports).await;
        worker.end(executions, beside, ends_at.saturating_duration_since(Instant::now())).await;
    }

    async fn end(self, executions: TaskTracker, beside: Beside, drain: Duration) {
        executions.close();
        if tokio::time::timeout(drain, executions.wait()).await.is_err() {
            self.0.running.abandon();
            executions.wait().await;
        }
        // The reporter ends when the last sender is dropped, then the settler. Leases of reported steps are renewed until then.
        drop(beside.reports);
        let _ = beside.reporter.await;
        let _ = beside.settler.await;
        beside.pulse.abort();
    }

    async fn receive_loop(
        &self,
        executions: &TaskTracker,
        reports: &mpsc::Sender<Finished>,
        stop: &CancellationToken,
    ) {
        let this = &self.0;
        loop {
            // A worker that is full must stop too.
            let first = tokio::select! {
                () = stop.cancelled() => return,
                first = Arc::clone(&this.permits).acquire_owned() => first,
            };
            let Ok(first) = first else { return };
            // Room for one step, so that no message is received only to be handed back.
            let room = tokio::select! {
                () = stop.cancelled() => return,
                room = this.room() => room,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.leases_are_renewed() => {}
            }
            let more = (this.permits.available_permits() as u32).min(room - 1).min(RECEIVE_BATCH - 1);
            let mut permits: Vec<OwnedSemaphorePermit> = vec![first];
            for _ in 0..more {
                let Ok(permit) = Arc::clone(&this.permits).try_acquire_owned() else { break };
                permits.push(permit);
            }
            let asked = Instant::now();
            let received = tokio::select! {
                () = stop.cancelled() => return,
                received = this.connections.steps.receive(permits.len(), RECEIVE_WAIT) => received,
            };
            match received {
                Ok(deliveries) => {
                    self.after_silence(asked.elapsed().saturating_sub(RECEIVE_WAIT)).await;
                    self.start(deliveries, permits, executions, reports).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "steps cannot be received; trying again");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = self.queue_is_back(asked) => {}
                    }
                }
            }
        }
    }
}

impl Inner {
    /// Waits for memory for one step with the default limit. Returns for how many there is memory.
    async fn room(&self) -> u32 {
        let admission = self.host.admission();
        let usual = Limits::default().memory_bytes.min(admission.total());
        drop(admission.admit(usual).await);
        u32::try_from(admission.free() / usual).unwrap_or(u32::MAX).max(1)
    }
}

impl Worker {
    /// Starts received steps that no other host has.
    async fn start(
        &self,
        deliveries: Vec<Delivery>,
        permits: Vec<OwnedSemaphorePermit>,
        executions: &TaskTracker,
        reports: &mpsc::Sender<Finished>,
    ) {
        let mut readable: Vec<Received> = Vec::with_capacity(deliveries.len());
        let mut unavailable = Vec::new();
        for opened in self.0.connections.blobs.open_deliveries(deliveries).await {
            let receive_count = opened.delivery.receive_count;
            let dispatch = match opened.body() {
                Ok(body) => decode::<StepDispatch>(body)
                    .map(|step| StepDispatch { limits: self.0.host.limits(step.limits), ..step })
                    .map_err(|error| error.to_string()),
                // The blob store is unavailable; the message may be fine.
                Err(error) if error.is_transient(receive_count) => {
                    tracing::warn!(%error, "a step message cannot be loaded; handing it back");
                    unavailable.push((opened.delivery.receipt, receive_count));
                    continue;
                }
                Err(error) => Err(error.to_string()),
            };
            let Opened { delivery: Delivery { receipt, .. }, .. } = opened;
            match dispatch {
                Ok(dispatch) if receive_count <= MAX_MISFITS && !self.fits(&dispatch) => {
                    self.hand_back(&[receipt], Duration::ZERO).await;
                }
                Ok(dispatch) => {
                    let admitted = self.0.host.admission().try_admit(dispatch.limits.memory_bytes);
                    if admitted.is_none() && receive_count <= MAX_MISFITS && self.0.ends_at.is_none() {
                        // Another host may have room. A step that found none too often waits here.
                        self.hand_back(&[receipt], RETRY_DELAY).await;
                    } else {
                        readable.push(Received { receipt, dispatch, receive_count, admitted });
                    }
                }
                Err(error) => self.refuse(receipt, receive_count, &error).await,
            }
        }
        self.put_off(&unavailable).await;
        if readable.is_empty() {
            return;
        }
        // Its own lease may have ended while the lease store was away, and would not keep this worker from its own steps.
        let own = self.0.running.leases();
        let (copies, readable): (Vec<Received>, Vec<Received>) =
            readable.into_iter().partition(|received| own.contains(&lease(&received.dispatch)));
        let copies: Vec<(Receipt, u32)> =
            copies.into_iter().map(|received| (received.receipt, received.receive_count)).collect();
        self.drop_copies(&copies, &[]).await;
        let leases: Vec<String> = readable.iter().map(|received| lease(&received.dispatch)).collect();
        let claims = match self.0.connections.leases.acquire(&leases, &self.0.holder).await {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(%error, "leases cannot be acquired; handing the steps back");
                let steps = |received: Received| (received.receipt, received.receive_count);
                return self.put_off(&readable.into_iter().map(steps).collect::<Vec<_>>()).await;
            }
        };
        let (mut held, mut settled) = (Vec::new(), Vec::new());
        let mut permits = permits.into_iter();
        for ((received, lease), claim) in readable.into_iter().zip(leases).zip(claims) {
            let Received { receipt, dispatch, receive_count, admitted } = received;
            match (claim, permits.next()) {
                (Claim::Acquired { lost }, Some(permit)) => {
                    let unrunnable = self.why_not(&dispatch, receive_count, lost);
                    let Some((dispatch, control)) =
                        self.0.running.insert(Some(&receipt), None, &lease, dispatch)
                    else {
                        // This host has gone on to the step in the meantime.
                        held.push((receipt, receive_count));
                        continue;
                    };
                    let run = Run {
                        receipt: Some(receipt),
                        receive_count,
                        lease,
                        dispatch,
                        control,
                        permit,
                        admitted,
                        unrunnable,
                        after: None,
                    };
                    executions.spawn(self.clone().visit(run, reports.clone()));
                }
                (Claim::Settled, _) => settled.push(receipt),
                _ => held.push((receipt, receive_count)),
            }
        }
        self.drop_copies(&held, &settled).await;
    }
}

/// The name of the lease on an execution.
fn lease(dispatch: &StepDispatch) -> String {
    tasker_transport::execution_lease(dispatch.task_id, dispatch.step_index, dispatch.execution)
}
