//! A small installation over PGMQ, in which the test acts as the host, and work that creates every kind of row.
//!
//! `src/bin/record.rs` fills a database with this work and dumps it. The tests upgrade the dumps and continue the
//! work.
#![forbid(unsafe_code)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::Utc;
use serde_json::{Value, json, value::RawValue};
use tasker_cloud_events::CloudEvent;
use tasker_orchestrator::{
    ComponentPublication, Connections, Creation, Orchestrator, PublishedHandler, Settings, TaskAction,
    TaskRequest,
    events::{SubscriptionKind, SubscriptionRequest},
};
use tasker_protocol::{
    Ending, Execution, Failure, FailureOrigin, Heartbeat, OrchestratorMessage, Payload, StepDispatch,
    StepEvent, StepReport, Usage, VERSION, decode, encode,
};
use tasker_templates::{template, trigger};
use tasker_test_support::TestDatabase;
use tasker_transport::{
    BlobStore, Durability, KeyValueStore, Message, PgmqOutlet, PgmqQueue, PostgresKeyValues, PostgresLeases,
    Queue, REPORTS_QUEUE, STEPS_QUEUE,
};
use tempfile::TempDir;
use uuid::Uuid;

/// The visibility timeout of a received message.
const VISIBILITY: Duration = Duration::from_secs(30);
/// The maximum number of messages per call.
const BATCH: usize = 100;

/// Templates whose tasks create every kind of row. A handler's name is its behaviour.
const TEMPLATES: [&str; 6] = [
    "{ name: linear, version: 1.0.0, identity_strategy: always_unique, steps: [
        { name: a, handler: { callable: work }, publishes_events: [{ name: a.done }] },
        { name: b, handler: { callable: work }, dependencies: [a] } ] }",
    "{ name: failing, version: 1.0.0, identity_strategy: always_unique, steps: [
        { name: a, handler: { callable: fail } }, { name: b, handler: { callable: work }, dependencies: [a] } ] }",
    "{ name: retrying, version: 1.0.0, identity_strategy: always_unique, steps: [
        { name: a, handler: { callable: fail_once }, retry: { backoff_base_ms: 3600000, max_backoff_ms: 3600000 } } ] }",
    "{ name: deciding, version: 1.0.0, identity_strategy: always_unique, steps: [
        { name: decide, type: decision, handler: { callable: choose_left } },
        { name: left, handler: { callable: work }, dependencies: [decide] },
        { name: right, handler: { callable: work }, dependencies: [decide] },
        { name: join, type: deferred_convergence, handler: { callable: work }, dependencies: [left, right] } ] }",
    "{ name: cutting, version: 1.0.0, identity_strategy: always_unique, steps: [
        { name: cut, type: batchable, handler: { callable: cut_in_three },
          batch_config: { parallelism: 2, worker_template: rows, failure_strategy: isolate } },
        { name: rows, type: batch_worker, handler: { callable: count }, dependencies: [cut] },
        { name: sum, handler: { callable: work }, dependencies: [rows] } ] }",
    "{ name: hanging, version: 1.0.0, identity_strategy: always_unique, steps: [
        { name: a, handler: { callable: hang }, retry: { backoff: none } } ] }",
];

const TRIGGER: &str = "{ name: from_orders, pattern: { type: [order.placed] }, task: { name: linear } }";

/// The final state of the tasks of each template.
pub const ENDS: [(&str, &str); 6] = [
    ("cutting", "complete"),
    ("deciding", "complete"),
    ("failing", "blocked_by_failures"),
    ("hanging", "complete"),
    ("linear", "complete"),
    ("retrying", "complete"),
];

/// An orchestrator of this build on a database, and a host.
pub struct Installation {
    /// The orchestrator.
    pub orchestrator: Orchestrator,
    /// The database.
    pub database: TestDatabase,
    steps: PgmqQueue,
    reports: PgmqQueue,
    /// Whether steps of the handler `hang` stay unfinished.
    hangs: bool,
    _blobs: TempDir,
}

impl Installation {
    /// Opens an installation on a migrated database.
    ///
    /// # Panics
    /// If the folder for blobs cannot be created.
    pub fn open(database: TestDatabase) -> Self {
        let blobs = tempfile::tempdir().expect("a folder");
        let pool = &database.pool;
        let connections = Connections {
            pool: pool.clone().into(),
            steps: Arc::new(PgmqQueue::sender(pool.clone(), STEPS_QUEUE, VISIBILITY, Durability::Disk)),
            reports: Arc::new(PgmqQueue::receiver(pool.clone(), REPORTS_QUEUE, VISIBILITY, Durability::Disk)),
            leases: Arc::new(PostgresLeases::new(pool.clone(), VISIBILITY, VISIBILITY)),
            outlets: BTreeMap::from([("queue", Arc::new(PgmqOutlet::new(pool.clone())) as _)]),
            blobs: BlobStore::folder(blobs.path()).expect("a store"),
        };
        let (orchestrator, _) = Orchestrator::new(connections, Settings::default());
        let steps = PgmqQueue::receiver(pool.clone(), STEPS_QUEUE, VISIBILITY, Durability::Disk);
        let reports = PgmqQueue::sender(pool.clone(), REPORTS_QUEUE, VISIBILITY, Durability::Disk);
        Self { orchestrator, database, steps, reports, hangs: false, _blobs: blobs }
    }

    /// Publishes the components, templates and triggers of the work.
    ///
    /// # Panics
    /// If a publication is rejected.
    pub async fn publish(&self) {
        let names = ["work", "fail", "fail_once", "choose_left", "cut_in_three", "count", "hang"];
        let handlers = names.map(|name| PublishedHandler {
            name: name.to_owned(),
            description: String::new(),
            input_schema: None,
            result_schema: None,
        });
        let component =
            ComponentPublication { digest: "0".repeat(64), size_bytes: 1, handlers: handlers.into() };
        self.orchestrator
            .catalog
            .publish_components(&[component], &BTreeMap::new(), true)
            .await
            .expect("published");
        for text in TEMPLATES {
            let parsed = template::parse(text).unwrap_or_else(|problems| panic!("{problems}"));
            self.orchestrator.catalog.publish_template(&parsed.template).await.expect("published");
        }
        let parsed = trigger::parse_trigger(TRIGGER).unwrap_or_else(|problems| panic!("{problems}"));
        self.orchestrator.triggers.publish_trigger(parsed.compiled.trigger()).await.expect("published");
    }

    /// Starts a task of each template, and runs all steps that do not hang.
    ///
    /// # Panics
    /// If a request is rejected.
    pub async fn run_one_of_each(&self) -> Vec<Uuid> {
        let mut tasks = Vec::new();
        for (name, _) in ENDS {
            tasks.push(self.create(name).await);
        }
        self.run().await;
        tasks
    }

    /// Fills a database: tasks in every stored state, undelivered events, buckets, messages in flight.
    ///
    /// # Panics
    /// If a request is rejected.
    pub async fn fill(&mut self) {
        self.publish().await;
        for (name, event) in [("ends", "tasker.task.*"), ("steps", "*")] {
            let request = SubscriptionRequest {
                name: name.to_owned(),
                event: event.to_owned(),
                kind: SubscriptionKind::Queue,
                target: json!({ "queue": name }),
            };
            self.orchestrator.events.subscribe(request).await.expect("subscribed");
        }
        self.hangs = true;
        self.run_one_of_each().await;
        self.orchestrator.events.publish_and_deliver().await.expect("published");
        let event = CloudEvent::new("1", "/orders", "order.placed").expect("an event");
        let other = CloudEvent::new("2", "/orders", "order.lost").expect("an event");
        self.orchestrator.triggers.receive_events(vec![event, other]).await.expect("recorded");
        let paused = self.create("linear").await;
        self.orchestrator
            .engine
            .operate_on_task(paused, &TaskAction::Pause, "recorder", Some("to see it paused"))
            .await
            .expect("paused");
        let cancelled = self.create("linear").await;
        self.orchestrator
            .engine
            .cancel(cancelled, "recorder", Some("to see it cancelled"))
            .await
            .expect("cancelled");
        // Its message stays in the queue.
        self.create("linear").await;
        PostgresKeyValues::new(self.database.pool.clone())
            .increment("default/counts", "orders", 3)
            .await
            .expect("counted");
    }

    /// Creates a task.
    ///
    /// # Panics
    /// If the request is rejected.
    pub async fn create(&self, template: &str) -> Uuid {
        let input = raw(&json!({ "order": 17 }));
        let mut created =
            self.orchestrator.engine.create_tasks(vec![TaskRequest::new(template, input)]).await;
        match created.remove(0).expect("created") {
            Creation::Created(task) | Creation::Duplicate(task) => task,
        }
    }

    /// Acts as the host and the orchestrator's loops until no messages are left.
    ///
    /// # Panics
    /// If the database fails.
    pub async fn run(&self) {
        loop {
            let ran = self.run_steps().await;
            // A report or a timer among these may send a step.
            self.orchestrator.apply_waiting().await;
            if ran + self.run_steps().await == 0 {
                return;
            }
        }
    }

    /// As [`Installation::run`], with the sweep, which finds lost and due work.
    ///
    /// # Panics
    /// If the database fails.
    pub async fn run_to_the_end(&self) {
        loop {
            self.run().await;
            let swept = self.orchestrator.engine.sweep().await.expect("swept");
            if swept.resent + swept.lost + swept.due == 0 {
                return;
            }
        }
    }

    /// Runs the steps in the queue. Returns how many there were.
    async fn run_steps(&self) -> usize {
        let deliveries = self.steps.receive(BATCH, Duration::ZERO).await.expect("received");
        let count = deliveries.len();
        for delivery in deliveries {
            let dispatch: StepDispatch = decode(&delivery.body).expect("a dispatch");
            let report = self.report(&dispatch);
            let body = encode(&OrchestratorMessage::Report(report));
            self.reports.send(vec![Message::now(body)]).await.expect("sent");
            self.steps.acknowledge(&[delivery.receipt]).await.expect("acknowledged");
        }
        count
    }

    fn report(&self, dispatch: &StepDispatch) -> StepReport {
        let now = Utc::now();
        let hangs = self.hangs && dispatch.handler.function == "hang";
        let event = if hangs {
            StepEvent::Heartbeat(Heartbeat {
                started_at: now,
                lease_ms: 1,
                progress: Some("half".to_owned()),
            })
        } else {
            StepEvent::Finished(Box::new(Execution {
                started_at: now,
                finished_at: now,
                usage: Usage::default(),
                logs: Vec::new(),
                ending: ending(dispatch),
            }))
        };
        StepReport {
            version: VERSION,
            task_id: dispatch.task_id,
            step_index: dispatch.step_index,
            execution: dispatch.execution,
            release_id: dispatch.release_id,
            template_step: dispatch.template_step,
            host: "played".to_owned(),
            continues: false,
            after: None,
            event,
        }
    }

    /// Returns the number of tasks by template and state.
    ///
    /// # Panics
    /// If the database fails.
    pub async fn states(&self) -> BTreeMap<(String, String), i64> {
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT name, state, count(*) FROM tasker.tasks GROUP BY name, state")
                .fetch_all(&self.database.pool)
                .await
                .expect("counted");
        rows.into_iter().map(|(name, state, count)| ((name, state), count)).collect()
    }
}

fn ending(dispatch: &StepDispatch) -> Ending {
    let result = Payload::Inline(raw(&json!({ "by": dispatch.step_name })));
    match dispatch.handler.function.as_str() {
        "fail" => Ending::Failed(failure(false)),
        "fail_once" if dispatch.attempt == 1 => Ending::Failed(failure(true)),
        "choose_left" => Ending::Branch { steps: vec!["left".to_owned()], result },
        "cut_in_three" => {
            Ending::Batch { cursors: (0..3).map(|from| raw(&json!({ "from": from }))).collect(), result }
        }
        // The second worker fails and is isolated; the third saves a checkpoint first.
        "count" if dispatch.step_name.ends_with("002") => Ending::Failed(failure(false)),
        "count" if dispatch.step_name.ends_with("003") && dispatch.checkpoint.is_none() => {
            Ending::Checkpoint(result)
        }
        _ => Ending::Complete(result),
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("JSON")
}

fn failure(retryable: bool) -> Failure {
    Failure {
        error_type: "Played".to_owned(),
        message: "as the test wants it".to_owned(),
        retryable,
        retry_after_ms: None,
        details: None,
        origin: FailureOrigin::Handler,
    }
}
