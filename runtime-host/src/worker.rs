//! The execution loop: takes steps off the queue, runs them, reports, and keeps its leases while they run.
//!
//! A step passes through: receive → lease → fetch payloads → execute → report → acknowledge. Whatever breaks off in
//! between leaves the message to come back after its visibility time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tasker_protocol::{
    Ending, Execution, Failure, Heartbeat, OrchestratorMessage, Payload, StepDispatch, StepEvent, StepReport,
    Usage, VERSION, decode, encode,
};
use tasker_transport::{BlobStore, Claim, Delivery, LeaseStore, Message, Queue, Receipt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{ExecutionControl, Host};

/// How many steps one call takes off the queue at most.
const RECEIVE_BATCH: u32 = 100;
/// How long one call waits for steps before it asks again.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);
/// How many reports one call sends at most.
const REPORT_BATCH: usize = 100;
/// How often running steps are looked after.
const PULSE: Duration = Duration::from_millis(250);
/// How often a running step is held against its lease: so soon does its handler hear that it is cancelled.
const LEASE_CHECK: Duration = Duration::from_secs(1);
/// A step that has run this long is reported as in progress. Most are done sooner and never need to be.
const FIRST_HEARTBEAT: Duration = Duration::from_millis(500);
/// How long after a failure of the transport the same work is tried again.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// A message that could not be read this often is no message.
const MAX_RECEIVES: u32 = 5;
/// A step that was handed out this often, and that no host came to an end with, has perhaps killed them all.
const MAX_DELIVERIES: u32 = 20;
/// Results shorter than this stay in a report that is too long: references are no shorter.
const SMALL_PAYLOAD: usize = 1 << 10;

/// What a worker is connected to.
#[derive(Clone)]
pub struct WorkerConnections {
    /// The queue of steps to run.
    pub steps: Arc<dyn Queue>,
    /// The queue of reports.
    pub reports: Arc<dyn Queue>,
    /// Who runs what.
    pub leases: Arc<dyn LeaseStore>,
    /// Where payloads lie that are too large for a message.
    pub blobs: BlobStore,
}

/// Runs the steps of a queue on a host. Cheap to clone; clones are the same worker.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    host: Host,
    connections: WorkerConnections,
    /// Names this process towards the leases. Never the same twice: a restarted host holds no old lease.
    holder: String,
    permits: Arc<Semaphore>,
    running: Mutex<HashMap<Receipt, Running>>,
    reports: mpsc::Sender<Finished>,
}

/// A step that this worker has received and not yet reported.
struct Running {
    dispatch: Arc<StepDispatch>,
    lease: String,
    control: ExecutionControl,
    started: Instant,
    started_at: DateTime<Utc>,
    renewed: Instant,
    checked: Instant,
    heartbeat: Option<Instant>,
}

/// A step that has ended.
struct Finished {
    receipt: Receipt,
    lease: String,
    body: String,
    /// Held until the report is sent, so that unreported steps are bounded too.
    _permit: OwnedSemaphorePermit,
}

impl Worker {
    /// A worker that runs at most `max_concurrent` steps at once. Answers it with the reports that it will send.
    fn new(
        host: Host,
        connections: WorkerConnections,
        max_concurrent: usize,
    ) -> (Self, mpsc::Receiver<Finished>) {
        let (reports, finished) = mpsc::channel(max_concurrent.max(1));
        let worker = Inner {
            holder: format!("{}/{}", host.name(), uuid::Uuid::now_v7()),
            host,
            connections,
            permits: Arc::new(Semaphore::new(max_concurrent.max(1))),
            running: Mutex::default(),
            reports,
        };
        (Self(Arc::new(worker)), finished)
    }

    /// Runs until `stop` is cancelled; then lets running steps end for up to `drain`, and cancels the rest.
    pub async fn run(
        host: Host,
        connections: WorkerConnections,
        max_concurrent: usize,
        drain: Duration,
        stop: CancellationToken,
    ) {
        let (worker, finished) = Self::new(host, connections, max_concurrent);
        let reporter = tokio::spawn(worker.clone().report_loop(finished));
        let pulse = tokio::spawn(worker.clone().pulse_loop());
        let executions = TaskTracker::new();
        worker.receive_loop(&executions, &stop).await;
        executions.close();
        if tokio::time::timeout(drain, executions.wait()).await.is_err() {
            worker.abandon();
            executions.wait().await;
        }
        pulse.abort();
        // The reporter ends when the last sender is gone.
        drop(worker);
        let _ = reporter.await;
    }

    async fn receive_loop(&self, executions: &TaskTracker, stop: &CancellationToken) {
        let this = &self.0;
        loop {
            let Ok(first) = Arc::clone(&this.permits).acquire_owned().await else { return };
            let more = (this.permits.available_permits() as u32).min(RECEIVE_BATCH - 1);
            let mut permits: Vec<OwnedSemaphorePermit> = vec![first];
            for _ in 0..more {
                let Ok(permit) = Arc::clone(&this.permits).try_acquire_owned() else { break };
                permits.push(permit);
            }
            let received = tokio::select! {
                () = stop.cancelled() => return,
                received = this.connections.steps.receive(permits.len(), RECEIVE_WAIT) => received,
            };
            match received {
                Ok(deliveries) => self.start(deliveries, permits, executions).await,
                Err(error) => {
                    tracing::warn!(%error, "steps cannot be received; trying again");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// Starts what was received and is nobody else's.
    async fn start(
        &self,
        deliveries: Vec<Delivery>,
        permits: Vec<OwnedSemaphorePermit>,
        executions: &TaskTracker,
    ) {
        let mut readable = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let Delivery { body, receipt, receive_count } = delivery;
            let dispatch = match self.0.connections.blobs.check_out_message(body).await {
                Ok(body) => decode::<StepDispatch>(&body).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match dispatch {
                Ok(dispatch) => readable.push((receipt, lease(&dispatch), dispatch, receive_count)),
                Err(error) => self.refuse(receipt, receive_count, &error).await,
            }
        }
        let leases: Vec<String> = readable.iter().map(|(_, lease, ..)| lease.clone()).collect();
        let claims = match self.0.connections.leases.acquire(&leases, &self.0.holder).await {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(%error, "leases cannot be taken; handing the steps back");
                let receipts: Vec<Receipt> = readable.into_iter().map(|(receipt, ..)| receipt).collect();
                let _ = self.0.connections.steps.hand_back(&receipts, RETRY_DELAY).await;
                return;
            }
        };
        let (mut held, mut settled) = (Vec::new(), Vec::new());
        let mut permits = permits.into_iter();
        for ((receipt, lease, dispatch, receive_count), claim) in readable.into_iter().zip(claims) {
            match (claim, permits.next()) {
                (Claim::Acquired, Some(permit)) => {
                    let control = self.remember(&receipt, &lease, dispatch);
                    let poison = (receive_count > MAX_DELIVERIES).then_some(receive_count);
                    executions.spawn(self.clone().execute(receipt, lease, control, permit, poison));
                }
                (Claim::Settled, _) => settled.push(receipt),
                _ => held.push(receipt),
            }
        }
        self.drop_copies(&held, &settled).await;
    }

    /// Copies of messages whose step somebody else runs, who may yet die, or has run.
    async fn drop_copies(&self, held: &[Receipt], settled: &[Receipt]) {
        let steps = &self.0.connections.steps;
        if !held.is_empty()
            && let Err(error) = steps.hand_back(held, steps.visibility() / 2).await
        {
            tracing::warn!(%error, "copies of messages could not be handed back; they will come again");
        }
        if !settled.is_empty()
            && let Err(error) = steps.acknowledge(settled).await
        {
            tracing::warn!(%error, "copies of messages could not be dropped; they will come again");
        }
    }

    async fn refuse(&self, receipt: Receipt, receive_count: u32, error: &str) {
        let receipts = [receipt];
        let done = if receive_count >= MAX_RECEIVES {
            tracing::error!(%error, "a step message cannot be read and is dropped; the sweep will send it again");
            self.0.connections.steps.acknowledge(&receipts).await
        } else {
            tracing::warn!(%error, "a step message cannot be read; handing it back for a newer host");
            self.0.connections.steps.hand_back(&receipts, RETRY_DELAY).await
        };
        if let Err(error) = done {
            tracing::warn!(%error, "an unreadable message could not be dealt with; it will come again");
        }
    }

    fn remember(&self, receipt: &Receipt, lease: &str, dispatch: StepDispatch) -> ExecutionControl {
        let control = ExecutionControl::new();
        let now = Instant::now();
        let running = Running {
            dispatch: Arc::new(dispatch),
            lease: lease.to_owned(),
            control: control.clone(),
            started: now,
            started_at: Utc::now(),
            renewed: now,
            checked: now,
            heartbeat: None,
        };
        self.running().insert(receipt.clone(), running);
        control
    }

    async fn execute(
        self,
        receipt: Receipt,
        lease: String,
        control: ExecutionControl,
        permit: OwnedSemaphorePermit,
        poison: Option<u32>,
    ) {
        let dispatch = self.running().get(&receipt).map(|running| Arc::clone(&running.dispatch));
        let Some(dispatch) = dispatch else { return };
        let execution = match (poison, self.fetch_payloads(&dispatch).await) {
            (Some(count), _) => unrunnable(
                "PoisonMessage",
                format!("the step was handed out {} times, and no host came to an end with it", count - 1),
            ),
            (None, Ok(None)) => self.0.host.execute(&dispatch, &control).await,
            (None, Ok(Some(fetched))) => self.0.host.execute(&fetched, &control).await,
            (None, Err(error)) => unrunnable("PayloadUnavailable", error.to_string()),
        };
        // What is done is done, and is worth telling: only the first report counts.
        let cancelled = control.is_cancelled() && !matches!(execution.ending, Ending::Complete(_));
        let body = if cancelled { None } else { Some(self.report(&dispatch, execution).await) };
        self.running().remove(&receipt);
        match body {
            Some(body) => {
                let finished = Finished { receipt, lease, body, _permit: permit };
                let _ = self.0.reports.send(finished).await;
            }
            None => {
                // The lease is another host's by now, or this one is stopping: either way the attempt is not ours.
                let leases = [lease];
                let _ = self.0.connections.leases.release(&leases, &self.0.holder).await;
                let _ = self.0.connections.steps.hand_back(&[receipt], Duration::ZERO).await;
            }
        }
    }

    /// The dispatch with its payloads, if any of them lie elsewhere.
    async fn fetch_payloads(
        &self,
        dispatch: &StepDispatch,
    ) -> Result<Option<StepDispatch>, tasker_transport::BlobError> {
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

    /// The report of an execution, small enough for the queue.
    async fn report(&self, dispatch: &StepDispatch, execution: Execution) -> String {
        let (started_at, finished_at) = (execution.started_at, execution.finished_at);
        let body = encode(&self.message(dispatch, StepEvent::Finished(Box::new(execution.clone()))));
        let limit = self.0.connections.reports.max_body_bytes();
        if body.len() <= limit {
            return body;
        }
        let checked_in = async {
            let ending = self.check_in(execution.ending).await?;
            let execution = Execution { ending, usage: execution.usage, logs: execution.logs, ..execution };
            let body = encode(&self.message(dispatch, StepEvent::Finished(Box::new(execution))));
            self.0.connections.blobs.check_in_message(body, limit).await
        };
        checked_in.await.unwrap_or_else(|error| {
            let failed = unrunnable("PayloadUnavailable", format!("the result cannot be stored: {error}"));
            let execution = Execution { started_at, finished_at, ..failed };
            encode(&self.message(dispatch, StepEvent::Finished(Box::new(execution))))
        })
    }

    async fn check_in(&self, ending: Ending) -> Result<Ending, tasker_transport::BlobError> {
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

    fn message(&self, dispatch: &StepDispatch, event: StepEvent) -> OrchestratorMessage {
        OrchestratorMessage::Report(StepReport {
            version: VERSION,
            task_id: dispatch.task_id,
            step_index: dispatch.step_index,
            execution: dispatch.execution,
            release_id: dispatch.release_id,
            definition: dispatch.definition,
            host: self.0.host.name().to_owned(),
            event,
        })
    }

    /// Sends reports: what is waiting goes as one batch. A batch is sent until it arrives, because it is the only
    /// trace of work that is done.
    async fn report_loop(self, mut finished: mpsc::Receiver<Finished>) {
        // Only a sender must keep the channel open, and this one sends nothing.
        let connections = self.0.connections.clone();
        let holder = self.0.holder.clone();
        drop(self);
        let mut batch = Vec::with_capacity(REPORT_BATCH);
        while finished.recv_many(&mut batch, REPORT_BATCH).await > 0 {
            let bodies = || batch.iter().map(|finished| Message::now(finished.body.clone())).collect();
            while let Err(error) = connections.reports.send(bodies()).await {
                tracing::warn!(%error, reports = batch.len(), "reports cannot be sent; trying again");
                tokio::time::sleep(RETRY_DELAY).await;
            }
            let receipts: Vec<Receipt> = batch.iter().map(|finished| finished.receipt.clone()).collect();
            let leases: Vec<String> = batch.iter().map(|finished| finished.lease.clone()).collect();
            batch.clear();
            finish(&connections, &receipts, &leases, &holder).await;
        }
    }

    /// Looks after running steps: prolongs their leases, tells the orchestrator of those that take long, and stops
    /// those whose lease is lost.
    async fn pulse_loop(self) {
        let term = self.0.connections.steps.visibility();
        let mut ticks = tokio::time::interval(PULSE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.send_heartbeats(term).await;
            self.renew(term).await;
            self.check_leases().await;
        }
    }

    async fn send_heartbeats(&self, term: Duration) {
        let now = Instant::now();
        let mut messages = Vec::new();
        for running in self.running().values_mut() {
            let due = match running.heartbeat {
                None => now.duration_since(running.started) >= FIRST_HEARTBEAT,
                Some(last) => now.duration_since(last) >= term / 3,
            };
            if due {
                running.heartbeat = Some(now);
                let heartbeat = Heartbeat {
                    started_at: running.started_at,
                    // If this host dies, its messages are visible after one term: within the second, another host
                    // has taken the attempt over and is heard of.
                    lease_ms: u64::try_from(term.as_millis()).unwrap_or(u64::MAX).saturating_mul(2),
                    progress: running.control.progress(),
                };
                let message = self.message(&running.dispatch, StepEvent::Heartbeat(heartbeat));
                messages.push(Message::now(encode(&message)));
            }
        }
        if !messages.is_empty()
            && let Err(error) = self.0.connections.reports.send(messages).await
        {
            tracing::warn!(%error, "heartbeats could not be sent");
        }
    }

    async fn renew(&self, term: Duration) {
        let now = Instant::now();
        let due: Vec<(Receipt, String)> = self
            .running()
            .iter_mut()
            .filter(|(_, running)| now.duration_since(running.renewed) >= term / 3)
            .map(|(receipt, running)| (receipt.clone(), running.lease.clone()))
            .collect();
        if due.is_empty() {
            return;
        }
        let (receipts, leases): (Vec<Receipt>, Vec<String>) = due.into_iter().unzip();
        let extended = self.0.connections.steps.extend(&receipts).await;
        let renewed = self.0.connections.leases.renew(&leases, &self.0.holder).await;
        let (extended, renewed) = match (extended, renewed) {
            (Ok(extended), Ok(renewed)) => (extended, renewed),
            (Err(error), _) => {
                return tracing::warn!(%error, "visibility could not be prolonged; trying again");
            }
            (_, Err(error)) => return tracing::warn!(%error, "leases could not be renewed; trying again"),
        };
        let mut running = self.running();
        for (receipt, renewed) in receipts.iter().zip(renewed) {
            let Some(step) = running.get_mut(receipt) else { continue };
            if renewed && extended.contains(receipt) {
                step.renewed = now;
            } else {
                tracing::warn!(task = %step.dispatch.task_id, step = %step.dispatch.step_name,
                    "lost the lease on a running step; stopping it");
                step.control.cancel();
            }
        }
    }

    /// Tells handlers whose step was cancelled, and ends them after their grace time.
    async fn check_leases(&self) {
        let now = Instant::now();
        let due: Vec<(Receipt, String)> = self
            .running()
            .iter_mut()
            .filter(|(_, running)| now.duration_since(running.checked) >= LEASE_CHECK)
            .map(|(receipt, running)| {
                running.checked = now;
                (receipt.clone(), running.lease.clone())
            })
            .collect();
        if due.is_empty() {
            return;
        }
        let (receipts, leases): (Vec<Receipt>, Vec<String>) = due.into_iter().unzip();
        let held = match self.0.connections.leases.holds(&leases, &self.0.holder).await {
            Ok(held) => held,
            Err(error) => return tracing::warn!(%error, "leases could not be looked at; trying again"),
        };
        let running = self.running();
        for (receipt, _) in receipts.iter().zip(held).filter(|(_, held)| !held) {
            if let Some(step) = running.get(receipt).filter(|step| !step.control.is_cancelled()) {
                tracing::info!(task = %step.dispatch.task_id, step = %step.dispatch.step_name,
                    "a running step is not wanted any more; stopping it");
                step.control.cancel();
            }
        }
    }

    /// Cancels everything that still runs.
    fn abandon(&self) {
        let running: Vec<ExecutionControl> =
            self.running().values().map(|running| running.control.clone()).collect();
        tracing::warn!(steps = running.len(), "stopping before these steps have ended; they are handed back");
        running.iter().for_each(ExecutionControl::cancel);
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Receipt, Running>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Settles what is reported, so that copies of its message are not run, and drops the message itself. Tries for as long
/// as nobody else can see the message: whoever gets it from a store that has forgotten the lease would run it again.
async fn finish(connections: &WorkerConnections, receipts: &[Receipt], leases: &[String], holder: &str) {
    let until = Instant::now() + connections.steps.visibility();
    while let Err(error) = connections.leases.settle(leases, holder).await {
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

/// The name of the lease on an execution.
fn lease(dispatch: &StepDispatch) -> String {
    tasker_transport::execution_lease(dispatch.task_id, dispatch.step_index, dispatch.execution)
}

/// An execution that never began.
fn unrunnable(error_type: &str, message: String) -> Execution {
    let now = Utc::now();
    Execution {
        started_at: now,
        finished_at: now,
        ending: Ending::Failed(Failure::of_host(error_type, message, true)),
        usage: Usage::default(),
        logs: Vec::new(),
    }
}
