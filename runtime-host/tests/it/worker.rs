//! The worker between its queues: revoked steps are stopped, poison messages are given up, and large payloads
//! go by claim check.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tasker_protocol::{
    Ending, Execution, FailureOrigin, OrchestratorMessage, Payload, StepDispatch, StepEvent, StepReport,
    decode, encode, raw_json,
};
use tasker_runtime_host::{Ceilings, HostConfig, Worker, WorkerConnections};
use tasker_transport::{
    BlobStore, Claim, DeliveredQueue, Delivery, Depth, FinishedStep, Finisher, LeaseStore, MemoryLeases,
    MemoryQueue, Message, Queue, QueueError, Receipt, execution_lease,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{assert_failed, completed, config, dispatch, host_with};

const TERM: Duration = Duration::from_secs(30);

/// A worker on in-memory queues.
pub(crate) struct Running {
    pub(crate) connections: WorkerConnections,
    stop: CancellationToken,
    worker: tokio::task::JoinHandle<()>,
    _blobs: TempDir,
}

impl Running {
    fn start() -> Self {
        Self::taking_from(Arc::new(MemoryQueue::new("steps", TERM, 1000)))
    }

    fn taking_from(steps: Arc<dyn Queue>) -> Self {
        Self::with(steps, Arc::new(MemoryQueue::new("reports", TERM, 1000)), config())
    }

    fn with(steps: Arc<dyn Queue>, reports: Arc<dyn Queue>, config: HostConfig) -> Self {
        let leases = Arc::new(MemoryLeases::new(steps.visibility(), TERM));
        Self::on(steps, reports, leases, config)
    }

    pub(crate) fn on(
        steps: Arc<dyn Queue>,
        reports: Arc<dyn Queue>,
        leases: Arc<dyn LeaseStore>,
        config: HostConfig,
    ) -> Self {
        let (blobs, finisher) = (tempfile::tempdir().unwrap(), None);
        let blob_store = BlobStore::folder(blobs.path()).unwrap();
        let connections = WorkerConnections { steps, reports, leases, finisher, blobs: blob_store };
        Self::connected(connections, blobs, config)
    }

    fn finishing(reports: Arc<dyn Queue>, finisher: Arc<dyn Finisher>) -> Self {
        let blobs = tempfile::tempdir().unwrap();
        let connections = WorkerConnections {
            steps: Arc::new(MemoryQueue::new("steps", TERM, 1000)),
            reports,
            leases: Arc::new(MemoryLeases::new(TERM, TERM)),
            finisher: Some(finisher),
            blobs: BlobStore::folder(blobs.path()).unwrap(),
        };
        Self::connected(connections, blobs, config())
    }

    fn connected(connections: WorkerConnections, blobs: TempDir, config: HostConfig) -> Self {
        let host = host_with(HostConfig { cancel_grace_ms: 2_000, ..config }, Vec::new());
        let stop = CancellationToken::new();
        let worker = Worker::run(host, connections.clone(), 4, Duration::from_secs(1), stop.clone());
        Self { connections, stop, worker: tokio::spawn(worker), _blobs: blobs }
    }

    pub(crate) async fn send(&self, dispatch: &StepDispatch) {
        let body = encode(dispatch);
        let body = self
            .connections
            .blobs
            .check_in_message(body, self.connections.steps.max_body_bytes())
            .await
            .unwrap();
        self.connections.steps.send(vec![Message::now(body)]).await.unwrap();
    }

    /// The next report of any kind.
    pub(crate) async fn report(&self) -> (String, StepEvent) {
        loop {
            let received = self.connections.reports.receive(1, Duration::from_secs(60)).await.unwrap();
            assert!(!received.is_empty(), "nothing was reported for a minute");
            for delivery in received {
                self.connections.reports.acknowledge(&[delivery.receipt]).await.unwrap();
                let OrchestratorMessage::Report(report) =
                    decode(&self.connections.blobs.check_out_message(delivery.body.clone()).await.unwrap())
                        .unwrap()
                else {
                    continue;
                };
                return (delivery.body, report.event);
            }
        }
    }

    /// The next report of an end.
    pub(crate) async fn ending(&self) -> Execution {
        loop {
            if let (_, StepEvent::Finished(execution)) = self.report().await {
                return *execution;
            }
        }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_step_whose_lease_is_revoked_is_told_and_then_stopped() {
    let running = Running::start();
    // One handler checks for cancellation, the other does not.
    for (execution, handler) in [(1, "wait-for-cancellation"), (2, "spin")] {
        let mut step = dispatch(handler, &json!(null));
        step.execution = execution;
        (step.limits.wall_ms, step.limits.cpu_ms) = (60_000, 60_000);
        running.send(&step).await;
        let (_, first) = running.report().await;
        assert!(matches!(first, StepEvent::Heartbeat(_)), "{first:?}");
        let lease = execution_lease(step.task_id, step.step_index, step.execution);
        let revoked = Instant::now();
        running.connections.leases.revoke(&[lease]).await.unwrap();
        // The end of a cancelled step is not reported, so the test observes the next step in its place.
        if handler == "wait-for-cancellation" {
            assert_eq!(completed(&running.ending().await), "stopped");
        }
        assert!(revoked.elapsed() < Duration::from_secs(10));
    }
    // The endless loop is stopped after its grace period, so stopping does not wait for it.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let stopping = Instant::now();
    running.end().await;
    assert!(stopping.elapsed() < Duration::from_millis(900), "it still ran: {:?}", stopping.elapsed());
}

/// Ends steps in one call, but for the first, which fails after it has sent the report.
struct Forgetful {
    reports: Arc<dyn Queue>,
    calls: AtomicUsize,
}

#[async_trait::async_trait]
impl Finisher for Forgetful {
    async fn finish(&self, steps: &[FinishedStep<'_>], _: &str) -> Result<Vec<Claim>, QueueError> {
        self.reports.send(steps.iter().map(|step| Message::now(step.report.to_owned())).collect()).await?;
        match self.calls.fetch_add(1, Relaxed) {
            0 => Err(QueueError::Full { queue: "reports".to_owned(), capacity: 0 }),
            _ => Ok(Vec::new()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_end_failed_as_a_whole_is_ended_in_parts() {
    let reports: Arc<dyn Queue> = Arc::new(MemoryQueue::new("reports", TERM, 1000));
    let finisher = Arc::new(Forgetful { reports: reports.clone(), calls: AtomicUsize::new(0) });
    let running = Running::finishing(reports, finisher.clone());
    let mut step = dispatch("echo", &json!(null));
    let lease = |step: &StepDispatch| [execution_lease(step.task_id, step.step_index, step.execution)];
    running.send(&step).await;
    // Once by the call that failed, once by the parts.
    for _ in 0..2 {
        completed(&running.ending().await);
    }
    while !running.connections.leases.are_settled(&lease(&step), Duration::ZERO).await.unwrap()[0] {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    step.execution = 2;
    running.send(&step).await;
    completed(&running.ending().await);
    running.end().await;
    assert_eq!(finisher.calls.load(Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_no_host_comes_to_an_end_with_is_given_up() {
    let term = Duration::from_secs(1);
    let running = Running::taking_from(Arc::new(MemoryQueue::new("steps", term, 1000)));
    let step = dispatch("echo", &json!(null));
    let lease = [execution_lease(step.task_id, step.step_index, step.execution)];
    for _ in 0..Worker::MAX_LOST {
        running.connections.leases.acquire(&lease, "a host that dies").await.unwrap();
        tokio::time::sleep(term * 11 / 10).await;
    }
    running.send(&step).await;
    let execution = running.ending().await;
    assert_failed(&execution, FailureOrigin::Host, "PoisonMessage", true, "4 hosts started the step");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_was_handed_back_however_often_is_run() {
    let steps = OddQueue { received_before: 1000, ..OddQueue::new("steps", TERM) };
    let running = Running::taking_from(Arc::new(steps));
    running.send(&dispatch("echo", &json!("run"))).await;
    assert_eq!(completed(&running.ending().await), "run");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_runs_on_when_its_queue_was_away_and_its_lease_was_not() {
    let term = Duration::from_secs(1);
    let steps = Arc::new(OddQueue::new("steps", term));
    let running = Running::taking_from(steps.clone());
    steps.forgets.store(true, Relaxed);
    let mut step = dispatch("sleep", &json!(4_000));
    step.limits.wall_ms = 60_000;
    running.send(&step).await;
    assert_eq!(completed(&running.ending().await), "slept");
    running.end().await;
}

/// Runs one batch as Lambda delivers it. Returns the reports and the names of unfinished messages.
async fn hand_over(deliveries: Vec<Delivery>, time: Duration) -> (Vec<Execution>, Vec<String>) {
    let running = Running::start();
    let behind = running.connections.steps.clone();
    let steps = Arc::new(DeliveredQueue::new(behind));
    steps.hold(&deliveries);
    let connections = WorkerConnections { steps: steps.clone(), ..running.connections.clone() };
    let host = host_with(HostConfig { cancel_grace_ms: 100, ..config() }, Vec::new());
    Worker::run_batch(host, connections, deliveries, Instant::now() + time).await;
    let mut reported = Vec::new();
    for delivery in running.connections.reports.receive(100, Duration::ZERO).await.unwrap() {
        if let OrchestratorMessage::Report(report) = decode(&delivery.body).unwrap()
            && let StepEvent::Finished(execution) = report.event
        {
            reported.push(*execution);
        }
    }
    let mut unfinished: Vec<String> =
        steps.take_unfinished().iter().map(|receipt| receipt.name().to_owned()).collect();
    unfinished.sort();
    running.end().await;
    (reported, unfinished)
}

fn handed(name: &str, execution: u32, handler: &str, wall_ms: u64, receive_count: u32) -> Delivery {
    let mut step = dispatch(handler, &json!(name));
    step.execution = execution;
    (step.limits.wall_ms, step.limits.cpu_ms) = (wall_ms, wall_ms);
    Delivery { body: encode(&step), receipt: Receipt::named(name), receive_count }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_done_but_for_what_finds_too_little_time() {
    let batch = vec![
        handed("quick", 1, "echo", 1_000, 1),
        handed("too long", 2, "echo", 60_000, 1),
        handed("too long again and again", 3, "echo", 60_000, 4),
        Delivery { body: "no step".to_owned(), receipt: Receipt::named("no step"), receive_count: 1 },
    ];
    let (reported, unfinished) = hand_over(batch, Duration::from_secs(20)).await;
    assert_eq!(unfinished, ["no step", "too long"]);
    assert_eq!(reported.len(), 2);
    let failed = reported.iter().find(|run| matches!(run.ending, Ending::Failed(_))).unwrap();
    assert_failed(failed, FailureOrigin::Host, "StepTooLong", false, "60 seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_still_runs_when_the_time_is_up_is_handed_back() {
    let begun = Instant::now();
    // Its limit is just below the batch's time, but its clock starts later.
    let batch = vec![handed("endless", 1, "spin", 2_900, 1), handed("quick", 2, "echo", 1_000, 1)];
    let (reported, unfinished) = hand_over(batch, Duration::from_secs(3)).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // Either its own limit stopped it just in time, or it is handed back. The other one is done.
    assert_eq!(reported.len() + unfinished.len(), 2);
    assert!(reported.iter().any(|run| matches!(run.ending, Ending::Complete(_))));
}

/// A queue in memory that misbehaves on demand.
struct OddQueue {
    queue: MemoryQueue,
    /// Every message is delivered as if it had been received this often before.
    received_before: u32,
    /// Whether calls of `send` and `extend` never return.
    sending_hangs: AtomicBool,
    extending_hangs: AtomicBool,
    /// Whether `extend` finds no receipt valid, as when the messages became visible during an outage.
    forgets: AtomicBool,
    /// The number of messages that were handed back.
    handed_back: AtomicUsize,
}

impl OddQueue {
    fn new(name: &str, term: Duration) -> Self {
        Self {
            queue: MemoryQueue::new(name, term, 1000),
            received_before: 0,
            sending_hangs: AtomicBool::new(false),
            extending_hangs: AtomicBool::new(false),
            forgets: AtomicBool::new(false),
            handed_back: AtomicUsize::new(0),
        }
    }

    async fn hang_if(flag: &AtomicBool) {
        if flag.load(Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait::async_trait]
impl Queue for OddQueue {
    fn max_body_bytes(&self) -> usize {
        self.queue.max_body_bytes()
    }
    fn visibility(&self) -> Duration {
        self.queue.visibility()
    }
    async fn backlog(&self) -> Result<u64, QueueError> {
        self.queue.backlog().await
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        self.queue.depth().await
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        Self::hang_if(&self.sending_hangs).await;
        self.queue.send(messages).await
    }
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let mut received = self.queue.receive(max, wait).await?;
        for delivery in &mut received {
            delivery.receive_count += self.received_before;
        }
        Ok(received)
    }
    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        Self::hang_if(&self.extending_hangs).await;
        if self.forgets.load(Relaxed) {
            return Ok(Vec::new());
        }
        self.queue.extend(receipts).await
    }
    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.queue.acknowledge(receipts).await
    }
    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError> {
        self.handed_back.fetch_add(receipts.len(), Relaxed);
        self.queue.hand_back(receipts, delay).await
    }
}

/// The kind of an ending.
fn kind(ending: &Ending) -> &'static str {
    match ending {
        Ending::Complete(_) => "complete",
        Ending::Branch { .. } => "branch",
        Ending::Batch { .. } => "batch",
        Ending::Checkpoint(_) => "checkpoint",
        Ending::Failed(_) => "failed",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_keeps_every_outcome() {
    // As many steps as may run at once: a full worker stops too.
    let running = Running::start();
    let handlers = ["wait-for-cancellation", "late-branch", "late-batch", "late-checkpoint"];
    for (execution, handler) in (1..).zip(handlers) {
        let mut step = dispatch(handler, &json!(null));
        (step.execution, step.limits.wall_ms) = (execution, 60_000);
        running.send(&step).await;
    }
    for _ in handlers {
        let (_, event) = running.report().await;
        assert!(matches!(event, StepEvent::Heartbeat(_)), "{event:?}");
    }
    let connections = running.connections.clone();
    running.end().await;
    let mut kinds = Vec::new();
    for report in step_reports(&connections).await {
        if let StepEvent::Finished(execution) = report.event {
            kinds.push(kind(&execution.ending));
        }
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["batch", "branch", "checkpoint", "complete"]);
    assert_eq!(connections.steps.backlog().await.unwrap(), 0, "nothing is left to run again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_says_that_it_is_there_and_that_it_leaves() {
    let running = Running::start();
    let mut step = dispatch("wait-for-cancellation", &json!(null));
    step.limits.wall_ms = 60_000;
    running.send(&step).await;
    running.report().await;
    let connections = running.connections.clone();
    // Its first words were received with the report.
    running.end().await;
    let last = messages(&connections).await.into_iter().rev().find_map(|message| match message {
        OrchestratorMessage::Host(status) => Some(status),
        _ => None,
    });
    let last = last.expect("it says that it leaves");
    assert_eq!((last.leaves, last.capacity, last.running, last.components), (true, 4, 0, 1));
    assert!(last.memory_bytes.is_some_and(|bytes| bytes > 1 << 20) && last.cpu_ms.is_some(), "{last:?}");
}

/// The messages that nobody has received.
async fn messages(connections: &WorkerConnections) -> Vec<OrchestratorMessage> {
    let deliveries = connections.reports.receive(100, Duration::ZERO).await.unwrap();
    deliveries.iter().map(|delivery| decode(&delivery.body).unwrap()).collect()
}

/// As [`messages`], those about steps.
pub(crate) async fn step_reports(connections: &WorkerConnections) -> Vec<StepReport> {
    let reports = messages(connections).await.into_iter().filter_map(|message| match message {
        OrchestratorMessage::Report(report) => Some(report),
        _ => None,
    });
    reports.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_after_a_cancellation_is_handed_back() {
    let running = Running::start();
    let mut step = dispatch("late-decline", &json!(null));
    step.limits.wall_ms = 60_000;
    running.send(&step).await;
    running.report().await;
    let connections = running.connections.clone();
    running.end().await;
    assert!(step_reports(&connections).await.is_empty());
    assert_eq!(connections.steps.receive(1, Duration::ZERO).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_hangs_does_not_end_the_lease_of_a_running_step() {
    let term = Duration::from_secs(2);
    for (sending, extending) in [(true, false), (false, true)] {
        let steps = Arc::new(OddQueue::new("steps", term));
        let reports = Arc::new(OddQueue::new("reports", TERM));
        let running = Running::with(steps.clone(), reports.clone(), config());
        let mut step = dispatch("sleep", &json!(60_000));
        step.limits.wall_ms = 60_000;
        running.send(&step).await;
        // One step that ends, so that its report hangs too.
        let mut short = dispatch("echo", &json!(null));
        short.execution = 2;
        reports.sending_hangs.store(sending, Relaxed);
        steps.extending_hangs.store(extending, Relaxed);
        running.send(&short).await;
        tokio::time::sleep(term * 3).await;
        let lease = execution_lease(step.task_id, step.step_index, step.execution);
        let claims = running.connections.leases.acquire(&[lease], "another host").await.unwrap();
        assert_eq!(claims, [Claim::Held], "sending hangs: {sending}, extending hangs: {extending}");
        if sending {
            let received = running.connections.steps.receive(2, Duration::ZERO).await.unwrap();
            assert_eq!(received.len(), 0, "the messages of running steps became visible");
        }
        running.worker.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_receives_no_step_that_it_has_no_memory_for() {
    // Memory for one step with the default limit.
    let config = HostConfig { max_memory_bytes: Some(200 << 20), ..config() };
    let steps = Arc::new(OddQueue::new("steps", TERM));
    let running = Running::with(steps.clone(), Arc::new(MemoryQueue::new("reports", TERM, 1000)), config);
    for execution in 1..=3 {
        let mut step = dispatch("sleep", &json!(1_500));
        step.execution = execution;
        running.send(&step).await;
    }
    running.report().await;
    assert_eq!(steps.backlog().await.unwrap(), 2, "two steps are left to other hosts");
    for _ in 0..3 {
        assert_eq!(completed(&running.ending().await), "slept");
    }
    assert_eq!(steps.handed_back.load(Relaxed), 0);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_step_is_handed_back_until_another_host_or_this_one_has_room() {
    let config = HostConfig { max_memory_bytes: Some(400 << 20), ..config() };
    let steps = Arc::new(OddQueue::new("steps", TERM));
    let running = Running::with(steps.clone(), Arc::new(MemoryQueue::new("reports", TERM, 1000)), config);
    let mut small = dispatch("sleep", &json!(2_000));
    small.limits.memory_bytes = 128 << 20;
    running.send(&small).await;
    running.report().await;
    let mut large = dispatch("echo", &json!("large"));
    (large.execution, large.limits.memory_bytes) = (2, 300 << 20);
    running.send(&large).await;
    assert_eq!(completed(&running.ending().await), "slept");
    assert_eq!(completed(&running.ending().await), "large");
    assert!(steps.handed_back.load(Relaxed) >= 1);
    // No host has this much.
    (large.execution, large.limits.memory_bytes) = (3, 500 << 20);
    running.send(&large).await;
    let execution = running.ending().await;
    assert_failed(&execution, FailureOrigin::Host, "MemoryUnavailable", false, "419430400 bytes");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_for_a_message_goes_by_claim_check_both_ways() {
    let running = Running::start();
    let limit = running.connections.steps.max_body_bytes();
    let large: Value = json!({ "text": "x".repeat(limit + 1) });
    running.send(&dispatch("echo", &large)).await;
    let (body, event) = running.report().await;
    assert!(body.len() <= limit, "the report has {} bytes", body.len());
    let StepEvent::Finished(execution) = event else { panic!("{event:?}") };
    let Ending::Complete(result) = execution.ending else { panic!("{:?}", execution.ending) };
    let result = running.connections.blobs.check_out(result).await.unwrap();
    assert_eq!(result.inline().map(str::len), Some(large.to_string().len()));
    assert!(
        matches!(result, Payload::Inline(json) if json.get() == raw_json(large.to_string()).unwrap().get())
    );
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ceiling_of_the_host_lowers_a_limit_of_the_template() {
    let ceilings = Ceilings { wall_ms: Some(300), memory_bytes: Some(100 << 20), ..Ceilings::default() };
    // The sum of memory of which the default limit would need more.
    let config = HostConfig { ceilings, max_memory_bytes: Some(110 << 20), ..config() };
    let queue = |name| Arc::new(MemoryQueue::new(name, TERM, 1000));
    let running = Running::with(queue("steps"), queue("reports"), config);
    let mut step = dispatch("spin", &json!(null));
    (step.limits.wall_ms, step.limits.cpu_ms) = (60_000, 60_000);
    running.send(&step).await;
    let execution = running.ending().await;
    assert_failed(&execution, FailureOrigin::Limit, "WallTimeExceeded", true, "300 ms");
    running.end().await;
}
