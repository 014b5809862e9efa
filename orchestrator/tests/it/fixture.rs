//! A fixture: an orchestrator on a fresh database with frozen time. The test acts as the host.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::{Value, json, value::RawValue};
use sqlx::{
    PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tasker_orchestrator::{
    ComponentPublication, Connections, Creation, Orchestrator, PendingCreations, PublishedHandler, Settings,
    Slice, TaskRequest, make_login,
    read::{StepDetail, Transition},
    state::{StepState, TaskState},
};
use tasker_outbound::Networks;
use tasker_pool::Pool;
use tasker_protocol::{
    ClaimCheck, Ending, Execution, Failure, FailureOrigin, Heartbeat, OrchestratorMessage, Payload,
    StepDispatch, StepEvent, StepReport, Usage, VERSION, decode, raw_json,
};
use tasker_templates::template::parse;
use tasker_test_support::TestDatabase;
use tasker_transport::{BlobStore, Clock, MemoryLeases, Outlet, PgmqOutlet, WebhookOutlet};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::queues::Mailbox;

pub(crate) struct Fixture {
    pub(crate) orchestrator: Orchestrator,
    pub(crate) database: TestDatabase,
    pub(crate) steps: Arc<Mailbox>,
    pub(crate) reports: Arc<Mailbox>,
    pub(crate) leases: Arc<MemoryLeases>,
    pub(crate) now: DateTime<Utc>,
    clock: FrozenClock,
    pub(crate) blobs: TempDir,
    creations: Option<PendingCreations>,
}

/// A clock shared by all connections of a pool.
#[derive(Debug, Clone)]
pub(crate) struct FrozenClock {
    now: Arc<Mutex<DateTime<Utc>>>,
    /// The most reports of a batch that the straight line takes; empty: as many as in production.
    straight_line: String,
}

impl FrozenClock {
    pub(crate) fn new() -> Self {
        let now = Utc.with_ymd_and_hms(2030, 1, 1, 12, 0, 0).unwrap();
        Self { now: Arc::new(Mutex::new(now)), straight_line: String::new() }
    }

    /// Returns this clock for what a process measures itself.
    fn of_process(&self) -> Clock {
        let (start, clock) = (Instant::now(), self.clone());
        let begun = *self.now.lock().unwrap();
        Clock::new(move || start + (*clock.now.lock().unwrap() - begun).to_std().unwrap())
    }

    /// Returns a pool that sets this time on a connection whenever it is taken.
    pub(crate) fn connect(&self, options: PgConnectOptions, max_connections: u32) -> PgPool {
        let (connected, acquired) = (self.clone(), self.clone());
        PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(move |connection, _| {
                let clock = connected.clone();
                Box::pin(async move {
                    tasker_pool::prepare(connection).await?;
                    clock.set(connection).await
                })
            })
            .before_acquire(move |connection, _| {
                let clock = acquired.clone();
                Box::pin(async move { clock.set(connection).await.map(|()| true) })
            })
            .connect_lazy_with(options)
    }

    async fn set(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let now = *self.now.lock().unwrap();
        sqlx::query(
            "SELECT set_config('tasker.now', $1, false), set_config('tasker.straight_line', $2, false)",
        )
        .bind(now.to_rfc3339())
        .bind(&self.straight_line)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Creates the login of the functions and returns its options.
async fn login(database: &TestDatabase) -> PgConnectOptions {
    let role = make_login(&database.pool, "secret").await.unwrap();
    (*database.pool.connect_options()).clone().username(&role).password("secret")
}

impl Fixture {
    /// Creates a fixture whose dice always return 0.5.
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new().await;
        // The least privileged login must be enough for everything that the orchestrator does.
        let clock = FrozenClock::new();
        let pool = clock.connect(login(&database).await, 5);
        Self::with_pool(database, clock, pool.into()).await
    }

    /// Creates a fixture that applies up to this many ordinary completions in a straight line.
    pub(crate) async fn with_straight_line(most: u32) -> Self {
        let database = TestDatabase::new().await;
        let clock = FrozenClock { straight_line: most.to_string(), ..FrozenClock::new() };
        let pool = clock.connect(login(&database).await, 5);
        Self::with_pool(database, clock, pool.into()).await
    }

    /// Creates a fixture whose pool has the rights of the database's owner.
    pub(crate) async fn with_pool_of_owner() -> Self {
        let database = TestDatabase::new().await;
        let clock = FrozenClock::new();
        let pool = clock.connect((*database.pool.connect_options()).clone(), 5);
        Self::with_pool(database, clock, pool.into()).await
    }

    /// Creates a fixture as in a function: with one connection, named `visit`.
    pub(crate) async fn in_visits() -> Self {
        let database = TestDatabase::new().await;
        let clock = FrozenClock::new();
        let pool = clock.connect(login(&database).await.application_name("visit"), 1);
        Self::with_pool(database, clock, Pool::new(pool, None)).await
    }

    /// Creates a fixture with the test's own pool.
    pub(crate) async fn with_pool(mut database: TestDatabase, clock: FrozenClock, pool: Pool) -> Self {
        // The test's own statements use this time too.
        database.pool = clock.connect((*database.pool.connect_options()).clone(), 10);
        let (steps, reports) = (Mailbox::new(), Mailbox::new());
        let leases = Arc::new(MemoryLeases::new(Duration::from_secs(30), Duration::from_secs(600)));
        let blobs = tempfile::tempdir().unwrap();
        let connections = Connections {
            pool,
            steps: steps.clone(),
            reports: reports.clone(),
            leases: leases.clone(),
            outlets: BTreeMap::from([
                (
                    "webhook",
                    Arc::new(WebhookOutlet::new(Networks::default().and_loopback())) as Arc<dyn Outlet>,
                ),
                ("queue", Arc::new(PgmqOutlet::new(database.pool.clone()))),
            ]),
            blobs: BlobStore::folder(blobs.path()).unwrap(),
        };
        let settings = Settings { continuation: true, clock: clock.of_process(), ..Settings::default() };
        let (orchestrator, creations) = Orchestrator::with_dice(connections, settings, Box::new(|| 0.5));
        let handlers = ["work", "other"].map(|name| PublishedHandler {
            name: name.to_owned(),
            description: String::new(),
            input_schema: None,
            result_schema: None,
        });
        let component =
            ComponentPublication { digest: "0".repeat(64), size_bytes: 1, handlers: handlers.into() };
        orchestrator.catalog.publish_components(&[component], &BTreeMap::new(), true).await.unwrap();
        let now = *clock.now.lock().unwrap();
        Self { orchestrator, database, steps, reports, leases, now, clock, blobs, creations: Some(creations) }
    }

    /// Runs the orchestrator's loops until the returned token is cancelled.
    pub(crate) fn run(&mut self) -> CancellationToken {
        let (orchestrator, stop) = (self.orchestrator.clone(), CancellationToken::new());
        let (creations, stopped) = (self.creations.take().expect("it runs once"), stop.clone());
        tokio::spawn(async move { orchestrator.run(creations, stopped).await });
        stop
    }

    pub(crate) fn advance(&mut self, by: TimeDelta) {
        self.now += by;
        *self.clock.now.lock().unwrap() = self.now;
    }

    pub(crate) async fn publish(&self, yaml: &str) {
        let parsed = parse(yaml).unwrap_or_else(|problems| panic!("{problems}"));
        self.orchestrator.catalog.publish_template(&parsed.template).await.unwrap();
    }

    pub(crate) async fn create(&self, template: &str, input: Value) -> Uuid {
        let created =
            self.orchestrator.engine.create_tasks(vec![request(template, &input)]).await.remove(0).unwrap();
        match created {
            Creation::Created(task) => task,
            Creation::Duplicate(task) => panic!("{template} was created before, as {task}"),
        }
    }

    /// Returns the steps that were sent since the last call, by name.
    pub(crate) fn dispatched(&self) -> Vec<StepDispatch> {
        let mut dispatched: Vec<StepDispatch> = self
            .steps
            .take()
            .into_iter()
            .map(|message| decode(&self.fetched(message.body)).unwrap())
            .collect();
        dispatched.sort_by(|left, right| left.step_name.cmp(&right.step_name));
        dispatched
    }

    /// Returns a message's body, read from the blob store if needed. Checks that it fits every queue.
    fn fetched(&self, body: String) -> String {
        assert!(body.len() <= 256 << 10, "a message of {} bytes", body.len());
        match serde_json::from_str::<ClaimCheck>(&body) {
            Ok(check) => std::fs::read_to_string(self.blobs.path().join(check.message.key)).unwrap(),
            Err(_) => body,
        }
    }

    /// Returns the only step that was sent since the last call.
    pub(crate) fn dispatched_one(&self) -> StepDispatch {
        let mut dispatched = self.dispatched();
        assert_eq!(dispatched.len(), 1, "{:?}", names(&dispatched));
        dispatched.remove(0)
    }

    pub(crate) async fn report(&self, dispatch: &StepDispatch, ending: Ending) -> bool {
        let applied = self.orchestrator.engine.apply(vec![self.finished(dispatch, ending)]).await.unwrap();
        applied.ended == 1
    }

    pub(crate) async fn complete(&self, dispatch: &StepDispatch, result: Value) -> bool {
        self.report(dispatch, Ending::Complete(payload(&result))).await
    }

    pub(crate) async fn fail(&self, dispatch: &StepDispatch, retryable: bool) -> bool {
        self.report(dispatch, failed(retryable)).await
    }

    /// Reports the outcome of a decision.
    pub(crate) async fn branch(&self, dispatch: &StepDispatch, steps: &[&str]) -> bool {
        self.report(dispatch, branch(steps)).await
    }

    /// Reports the outcome of a batchable step.
    pub(crate) async fn batch(&self, dispatch: &StepDispatch, cursors: &[Value]) -> bool {
        self.report(dispatch, batch(cursors)).await
    }

    pub(crate) async fn checkpoint(&self, dispatch: &StepDispatch, state: Value) -> bool {
        self.report(dispatch, Ending::Checkpoint(payload(&state))).await
    }

    /// Returns the names of the task's steps, in order.
    pub(crate) async fn step_names(&self, task: Uuid) -> Vec<String> {
        self.orchestrator
            .reader
            .steps(task, Slice::all())
            .await
            .unwrap()
            .into_iter()
            .map(|step| step.name)
            .collect()
    }

    /// Completes steps until no more are sent. Returns their names, in order.
    pub(crate) async fn complete_all(&self) -> Vec<String> {
        let mut completed = Vec::new();
        loop {
            let dispatched = self.dispatched();
            if dispatched.is_empty() {
                return completed;
            }
            for step in dispatched {
                assert!(
                    self.complete(&step, json!(step.step_name)).await,
                    "{} was not accepted",
                    step.step_name
                );
                completed.push(step.step_name);
            }
        }
    }

    pub(crate) fn finished(&self, dispatch: &StepDispatch, ending: Ending) -> OrchestratorMessage {
        let execution = Execution {
            started_at: self.now,
            finished_at: self.now,
            ending,
            usage: Usage::default(),
            logs: Vec::new(),
        };
        report_of(dispatch, StepEvent::Finished(Box::new(execution)))
    }

    pub(crate) fn heartbeat(&self, dispatch: &StepDispatch, lease_ms: u64) -> OrchestratorMessage {
        let heartbeat = Heartbeat { started_at: self.now, lease_ms, progress: Some("half".into()) };
        report_of(dispatch, StepEvent::Heartbeat(heartbeat))
    }

    /// Returns the timer messages that the orchestrator sent, with their delays.
    pub(crate) fn timers(&self) -> Vec<(std::time::Duration, OrchestratorMessage)> {
        self.reports.take().iter().map(|message| (message.delay, decode(&message.body).unwrap())).collect()
    }

    pub(crate) async fn step(&self, task: Uuid, name: &str) -> StepDetail {
        let steps = self.orchestrator.reader.steps(task, Slice::all()).await.unwrap();
        steps.into_iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no step {name}"))
    }

    pub(crate) async fn task_state(&self, task: Uuid) -> TaskState {
        self.orchestrator.reader.task_state(task).await.unwrap()
    }

    /// Checks that every transition is allowed and starts in the state where the previous one ended.
    pub(crate) async fn check_audit(&self, task: Uuid) {
        let transitions = self.orchestrator.reader.transitions(task, None, Slice::all()).await.unwrap();
        for change in &transitions {
            assert!(is_allowed(change), "not allowed: {change:?}");
        }
        let detail = self.orchestrator.reader.task(task).await.unwrap();
        let last = transitions.iter().rfind(|change| change.step_index.is_none());
        assert_eq!(last.unwrap().to_state, detail.summary.status.as_str(), "the task's last change");
        // After a rerun, a step's history contains several runs.
        let rerun = transitions.iter().any(|change| change.event == "rerun");
        for step in
            self.orchestrator.reader.steps(task, Slice::all()).await.unwrap().into_iter().filter(|_| !rerun)
        {
            let path: Vec<&Transition> =
                transitions.iter().filter(|change| change.step_index == Some(step.step_index)).collect();
            if let Some(last) = path.last() {
                assert_eq!(last.to_state, step.state.as_str(), "the last change of {}", step.name);
            }
            let completions = path.iter().filter(|change| change.to_state == "complete").count();
            assert!(completions <= 1, "{} completed {completions} times", step.name);
        }
        self.check_counters(task).await;
    }

    /// Checks that the task's counters match its steps.
    pub(crate) async fn check_counters(&self, task: Uuid) {
        let counts = self.orchestrator.reader.task(task).await.unwrap().summary.steps;
        let steps = self.orchestrator.reader.steps(task, Slice::all()).await.unwrap();
        let count =
            |states: &[StepState]| steps.iter().filter(|step| states.contains(&step.state)).count() as i32;
        assert_eq!(counts.total, steps.len() as i32);
        assert_eq!(counts.satisfied, count(&[StepState::Complete, StepState::ResolvedManually]));
        assert_eq!(counts.running, count(&[StepState::Enqueued, StepState::InProgress]));
        assert_eq!(counts.retrying, count(&[StepState::WaitingForRetry]));
        let isolated = steps.iter().filter(|step| step.isolated).count() as i32;
        assert_eq!(counts.isolated, isolated);
        let cancelled = if self.task_state(task).await == TaskState::Cancelled {
            0
        } else {
            count(&[StepState::Cancelled])
        };
        assert_eq!(counts.failed, count(&[StepState::Error]) - isolated + cancelled);
    }
}

fn is_allowed(change: &Transition) -> bool {
    if change.step_index.is_some() {
        let (from, to) = (StepState::from_name(&change.from_state), StepState::from_name(&change.to_state));
        from.zip(to).is_some_and(|(from, to)| from.successors().contains(&to))
    } else {
        let (from, to) = (TaskState::from_name(&change.from_state), TaskState::from_name(&change.to_state));
        from.zip(to).is_some_and(|(from, to)| from.successors().contains(&to))
    }
}

pub(crate) fn report_of(dispatch: &StepDispatch, event: StepEvent) -> OrchestratorMessage {
    OrchestratorMessage::Report(StepReport {
        version: VERSION,
        task_id: dispatch.task_id,
        step_index: dispatch.step_index,
        execution: dispatch.execution,
        release_id: dispatch.release_id,
        template_step: dispatch.template_step,
        host: "test".to_owned(),
        continues: false,
        after: None,
        event,
    })
}

pub(crate) fn request(template: &str, input: &Value) -> TaskRequest {
    TaskRequest::new(template, RawValue::from_string(input.to_string()).unwrap())
}

pub(crate) fn payload(value: &Value) -> Payload {
    Payload::Inline(raw_json(value.to_string()).unwrap())
}

pub(crate) fn failed(retryable: bool) -> Ending {
    Ending::Failed(Failure {
        error_type: "Test".to_owned(),
        message: "it went wrong".to_owned(),
        retryable,
        retry_after_ms: None,
        details: None,
        origin: FailureOrigin::Handler,
    })
}

pub(crate) fn branch(steps: &[&str]) -> Ending {
    let steps = steps.iter().map(|&step| step.to_owned()).collect();
    Ending::Branch { steps, result: payload(&json!({ "chosen": true })) }
}

pub(crate) fn batch(cursors: &[Value]) -> Ending {
    let cursors = cursors.iter().map(|cursor| raw_json(cursor.to_string()).unwrap()).collect();
    Ending::Batch { cursors, result: payload(&json!({ "cut": true })) }
}

pub(crate) fn names(dispatched: &[StepDispatch]) -> Vec<&str> {
    dispatched.iter().map(|dispatch| dispatch.step_name.as_str()).collect()
}

/// Returns a template with steps `name: dependencies` and retries without jitter.
pub(crate) fn template(name: &str, steps: &[(&str, &[&str])]) -> String {
    let steps: Vec<Value> = steps
        .iter()
        .map(|(name, dependencies)| {
            json!({ "name": name, "dependencies": dependencies, "handler": { "callable": "work" },
                    "retry": { "jitter": false } })
        })
        .collect();
    json!({ "name": name, "version": "1.0.0", "identity_strategy": "always_unique", "steps": steps })
        .to_string()
}
