//! An orchestrator in a function: one connection, no loops, and a process that may be frozen between visits.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use tasker_orchestrator::{
    Connections, Error, Orchestrator, Settings,
    events::{SubscriptionKind, SubscriptionRequest},
    state::TaskState,
};
use tasker_pool::{Login, Pool};
use tasker_protocol::{Ending, Payload, encode};
use tasker_templates::template::parse;
use tasker_test_support::TestDatabase;
use tasker_transport::{BlobStore, DeliveredQueue, Delivery, Outlet, PgmqOutlet, Receipt};
use tokio::task::JoinSet;

use crate::{
    fixture::{Fixture, FrozenClock, request, template},
    queues::Mailbox,
};

/// Longer than a connection is used without a test.
const STANDSTILL: Duration = Duration::from_millis(600);

/// Returns the backends of the connections named `visit`.
async fn backends(database: &TestDatabase) -> Vec<i32> {
    sqlx::query_scalar(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'visit'",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn one_connection_serves_all_that_is_asked_at_once() {
    let fixture = Fixture::in_visits().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let mut asked = JoinSet::new();
    for number in 0..20 {
        let orchestrator = fixture.orchestrator.clone();
        asked.spawn(async move {
            let created =
                orchestrator.engine.create_tasks(vec![request("one", &json!({ "n": number }))]).await;
            // Its own transaction, between the statements of the others.
            orchestrator.events.publish_and_deliver().await.unwrap();
            created.into_iter().all(|created| created.is_ok())
        });
    }
    assert!(asked.join_all().await.into_iter().all(|created| created));
    assert_eq!(fixture.complete_all().await.len(), 20);
    assert_eq!(backends(&fixture.database).await.len(), 1);
}

#[tokio::test]
async fn a_connection_that_died_during_a_standstill_is_replaced_unnoticed() {
    let fixture = Fixture::in_visits().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    let before = backends(&fixture.database).await;
    sqlx::query("SELECT pg_terminate_backend($1)")
        .bind(before[0])
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    tokio::time::sleep(STANDSTILL).await;
    fixture.create("one", json!({})).await;
    assert_ne!(backends(&fixture.database).await, before);
}

async fn administer(database: &TestDatabase, statement: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&database.pool).await.unwrap();
}

/// A role whose password is rotated.
struct Rotated {
    options: PgConnectOptions,
    asked: AtomicUsize,
}

#[async_trait]
impl Login for Rotated {
    async fn renewed(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.options.clone())
    }
}

#[tokio::test]
async fn a_password_that_was_rotated_is_read_anew() {
    let database = TestDatabase::new().await;
    let role = format!("rotated_{}", uuid::Uuid::new_v4().simple());
    administer(&database, format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'first'")).await;
    let options: PgConnectOptions = database.url().parse().unwrap();
    let options = options.application_name("visit").username(&role);
    let login = Arc::new(Rotated { options: options.clone().password("second"), asked: AtomicUsize::new(0) });
    let clock = FrozenClock::new();
    let pool = Pool::new(clock.connect(options.password("first"), 1), Some(login.clone()));
    let fixture = Fixture::with_pool(database, clock, pool).await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    // The existing connection continues.
    administer(&fixture.database, format!("ALTER ROLE {role} PASSWORD 'second'")).await;
    fixture.create("one", json!({})).await;
    assert_eq!(login.asked.load(Ordering::SeqCst), 0);
    sqlx::query("SELECT pg_terminate_backend($1)")
        .bind(backends(&fixture.database).await[0])
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    tokio::time::sleep(STANDSTILL).await;
    fixture.create("one", json!({})).await;
    assert_eq!(login.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_lives_is_kept_through_a_standstill() {
    let fixture = Fixture::in_visits().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    let before = backends(&fixture.database).await;
    tokio::time::sleep(STANDSTILL).await;
    fixture.create("one", json!({})).await;
    assert_eq!(backends(&fixture.database).await, before);
}

#[tokio::test]
async fn a_connection_that_dies_under_a_statement_fails_that_one_only() {
    let fixture = Fixture::in_visits().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    // A connection that has been idle for long, as on a busy machine, is checked and replaced.
    let mut failed = Ok(());
    for _ in 0..20 {
        fixture.create("one", json!({})).await;
        sqlx::query("SELECT pg_terminate_backend($1)")
            .bind(backends(&fixture.database).await[0])
            .execute(&fixture.database.pool)
            .await
            .unwrap();
        let created =
            fixture.orchestrator.engine.create_tasks(vec![request("one", &json!({}))]).await.remove(0);
        failed = created.map(drop);
        if failed.is_err() {
            break;
        }
    }
    assert!(matches!(failed, Err(Error::Database(_))), "{failed:?}");
    fixture.create("one", json!({})).await;
}

#[tokio::test]
async fn a_statement_that_is_dropped_in_the_middle_harms_no_other() {
    let fixture = Fixture::in_visits().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let report = fixture.finished(&fixture.dispatched_one(), Ending::Complete(Payload::null()));

    let mut lock = fixture.database.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM tasker.tasks FOR UPDATE").execute(&mut *lock).await.unwrap();
    let waiting = fixture.orchestrator.engine.apply(vec![report.clone()]);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err(),
        "the call did not wait"
    );
    lock.rollback().await.unwrap();

    // The response to the cancelled statement is not read as the response to another.
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    assert_eq!(fixture.orchestrator.engine.apply(vec![report]).await.unwrap().stale, 1);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn what_asks_within_a_transaction_does_not_wait_for_itself() {
    let fixture = Fixture::in_visits().await;
    let asked = fixture.orchestrator.triggers.remove_trigger("default", "nobody");
    let refused = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("it fails at once");
    assert!(matches!(refused, Err(Error::NoSuchTrigger { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_visit_publishes_what_its_reports_had_to_tell() {
    let fixture = Fixture::in_visits().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let blobs = tempfile::tempdir().unwrap();
    let reports = Arc::new(DeliveredQueue::new(fixture.reports.clone()));
    let connections = Connections {
        pool: fixture.database.pool.clone().into(),
        steps: fixture.steps.clone(),
        reports: reports.clone(),
        leases: fixture.leases.clone(),
        outlets: BTreeMap::from([(
            "queue",
            Arc::new(PgmqOutlet::new(fixture.database.pool.clone())) as Arc<dyn Outlet>,
        )]),
        blobs: BlobStore::folder(blobs.path()).unwrap(),
    };
    let (visited, _) = Orchestrator::new(connections, Settings::default());
    let subscription = SubscriptionRequest {
        name: "ends".to_owned(),
        event: "tasker.task.*".to_owned(),
        kind: SubscriptionKind::Queue,
        target: json!({ "queue": "ends" }),
    };
    visited.events.subscribe(subscription).await.unwrap();
    fixture.create("one", json!({})).await;
    let report = fixture.finished(&fixture.dispatched_one(), Ending::Complete(Payload::null()));
    let receipt = Receipt::named("report");
    reports.offer([Delivery { body: encode(&report), receipt, receive_count: 1 }]);
    visited.visit_reports().await.unwrap();
    assert!(reports.take_unfinished().is_empty(), "the report is done with");
    let told: i64 = sqlx::query_scalar("SELECT queue_length FROM pgmq.metrics('ends')")
        .fetch_one(&fixture.database.pool)
        .await
        .unwrap();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_step_longer_than_its_queue_keeps_a_message_is_refused_when_it_is_published() {
    let fixture = Fixture::new().await;
    let blobs = tempfile::tempdir().unwrap();
    let connections = Connections {
        pool: fixture.database.pool.clone().into(),
        steps: Mailbox::with_longest_work(Duration::from_secs(42_900)),
        reports: fixture.reports.clone(),
        leases: fixture.leases.clone(),
        outlets: BTreeMap::new(),
        blobs: BlobStore::folder(blobs.path()).unwrap(),
    };
    let (limited, _) = Orchestrator::new(connections, Settings::default());
    let template = |seconds: u32, environments: &str| {
        let text = format!(
            "name: long\nversion: 1.0.{seconds}\nsteps:\n  - name: a\n    handler: {{ callable: work }}\n    \
             timeout_seconds: {seconds}\n{environments}"
        );
        parse(&text).unwrap_or_else(|problems| panic!("{problems}")).template
    };
    let longer =
        "environments:\n  development:\n    steps:\n      - name: a\n        timeout_seconds: 42901\n";
    for refused in [template(42_901, ""), template(42_899, longer)] {
        match limited.catalog.publish_template(&refused).await {
            Err(Error::InvalidRequest { field: "timeout_seconds", message }) => {
                assert!(message.contains("42901") && message.contains("42900"), "{message}");
            }
            other => panic!("{other:?}"),
        }
        // Other queues keep a message for as long as its host extends it.
        fixture.orchestrator.catalog.publish_template(&refused).await.unwrap();
    }
    limited.catalog.publish_template(&template(42_900, "")).await.unwrap();
}

#[test]
fn an_orchestrator_may_outlive_its_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::in_visits());
    drop(runtime);
    drop(fixture);
}

#[tokio::test]
async fn a_visit_marks_what_has_long_left_and_nothing_else() {
    // With several connections, all on the frozen time.
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    fixture.orchestrator.leave().await.unwrap();
    // This process is not visited again.
    let late = fixture.create("one", json!({})).await;
    fixture.orchestrator.leave().await.unwrap();
    fixture.dispatched();

    fixture.advance(TimeDelta::seconds(60));
    assert_eq!(fixture.orchestrator.visit_all().await.unwrap().resent, 1);
    assert_eq!(fixture.dispatched_one().task_id, late);
    // Once, however often the sweep runs.
    fixture.advance(TimeDelta::seconds(60));
    assert_eq!(fixture.orchestrator.visit_all().await.unwrap().resent, 0);
    // The sweep also recovers a lost message.
    fixture.advance(TimeDelta::seconds(600));
    assert_eq!(fixture.orchestrator.visit_all().await.unwrap().resent, 2);
}
