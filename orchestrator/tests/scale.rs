//! The cost of work does not depend on the amount of earlier work.
//!
//! `TASKER_TEST_FINISHED_TASKS=1000000` increases the number of finished tasks.

#[allow(dead_code)]
#[path = "it/fixture.rs"]
mod fixture;
#[allow(dead_code)]
#[path = "it/queues.rs"]
mod queues;

use std::time::{Duration, Instant};

use fixture::{Fixture, request};
use serde_json::json;
use tasker_orchestrator::{Creation, read::TaskFilter};
use tasker_protocol::{Ending, Payload, StepDispatch, raw_json};
use uuid::Uuid;

/// The number of finished tasks in the second measurement.
const FINISHED_TASKS: i64 = 200_000;
/// The number of calls per median and of medians. The lowest median is used, as the least disturbed.
const CALLS: usize = 40;
const ROUNDS: usize = 6;
/// The number of tasks that one call creates, and of reports that one call applies.
const BATCH: usize = 10;
/// The allowed ratio of the costs, and the allowance for the clock of a busy machine.
const TOLERANCE: f64 = 1.2;
const NOISE: Duration = Duration::from_micros(200);

const TEMPLATE: &str = "
name: linear
namespace_name: default
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: a, handler: { callable: work } }
  - { name: b, handler: { callable: work }, dependencies: [a] }
  - { name: c, handler: { callable: work }, dependencies: [b] }
  - { name: d, handler: { callable: work }, dependencies: [c] }
";

/// Copies all rows of a finished task, from every table, with older keys.
const COPY: &str = "
DO $$
DECLARE
    v_table record;
BEGIN
    CREATE TEMPORARY TABLE past ON COMMIT DROP AS
        SELECT (lpad(to_hex(1600000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
                || substr(md5(n::text), 4, 15))::uuid AS task_id
        FROM generate_series(1, COUNT) AS n;
    FOR v_table IN
        SELECT c.table_name, string_agg(quote_ident(c.column_name), ', ') AS columns
        FROM information_schema.columns c
        JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
        WHERE c.table_schema = 'tasker' AND t.table_type = 'BASE TABLE' AND c.is_identity = 'NO'
          AND c.is_generated = 'NEVER' AND c.column_name <> 'task_id'
          AND EXISTS (SELECT 1 FROM information_schema.columns k WHERE k.table_schema = 'tasker'
                      AND k.table_name = c.table_name AND k.column_name = 'task_id')
        GROUP BY c.table_name
    LOOP
        EXECUTE format('INSERT INTO tasker.%I (task_id, %s) SELECT past.task_id, %s FROM tasker.%I model, past
                        WHERE model.task_id = %L ORDER BY past.task_id',
                       v_table.table_name, v_table.columns, v_table.columns, v_table.table_name, 'MODEL');
    END LOOP;
END
$$";

/// The median time of each kind of call.
#[derive(Debug, Clone, Copy)]
struct Costs {
    creation: Duration,
    report: Duration,
    list: Duration,
}

fn done(fixture: &Fixture, dispatches: &[StepDispatch]) -> Vec<tasker_protocol::OrchestratorMessage> {
    let ending = || Ending::Complete(Payload::Inline(raw_json("{\"value\":1}".to_owned()).unwrap()));
    dispatches.iter().map(|dispatch| fixture.finished(dispatch, ending())).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

async fn one_round(fixture: &Fixture) -> Costs {
    let (mut creation, mut report, mut list) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..CALLS {
        let requests = (0..BATCH).map(|n| request("linear", &json!({ "n": n }))).collect();
        let started = Instant::now();
        let created = fixture.orchestrator.engine.create_tasks(requests).await;
        creation.push(started.elapsed());
        assert!(created.iter().all(Result::is_ok), "{created:?}");
        let messages = done(fixture, &fixture.dispatched());
        assert_eq!(messages.len(), BATCH);
        let started = Instant::now();
        let applied = fixture.orchestrator.engine.apply(messages).await.unwrap();
        report.push(started.elapsed());
        assert_eq!(applied.ended, BATCH);
        drop(fixture.dispatched());
        let filter = TaskFilter { namespace: Some("default".to_owned()), ..TaskFilter::default() };
        let started = Instant::now();
        let (tasks, _) = fixture.orchestrator.reader.list_tasks(&filter, 25, None).await.unwrap();
        list.push(started.elapsed());
        assert!(!tasks.is_empty());
    }
    Costs { creation: median(creation), report: median(report), list: median(list) }
}

async fn measure(fixture: &Fixture) -> Costs {
    let mut least = one_round(fixture).await;
    for _ in 1..ROUNDS {
        let costs = one_round(fixture).await;
        least = Costs {
            creation: least.creation.min(costs.creation),
            report: least.report.min(costs.report),
            list: least.list.min(costs.list),
        };
    }
    least
}

/// Creates a complete task.
async fn finished_task(fixture: &Fixture) -> Uuid {
    let created =
        fixture.orchestrator.engine.create_tasks(vec![request("linear", &json!({ "n": 1 }))]).await.remove(0);
    loop {
        let dispatched = fixture.dispatched();
        if dispatched.is_empty() {
            break;
        }
        fixture.orchestrator.engine.apply(done(fixture, &dispatched)).await.unwrap();
    }
    match created.unwrap() {
        Creation::Created(task) => task,
        Creation::Duplicate(task) => panic!("{task} was there before"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_past_makes_nothing_dearer() {
    let wanted = std::env::var("TASKER_TEST_FINISHED_TASKS").ok().and_then(|count| count.parse().ok());
    let wanted: i64 = wanted.unwrap_or(FINISHED_TASKS);
    let fixture = Fixture::new().await;
    fixture.publish(TEMPLATE).await;
    let model = finished_task(&fixture).await;
    let before = measure(&fixture).await;
    let copy = COPY.replace("COUNT", &wanted.to_string()).replace("MODEL", &model.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&fixture.database.pool).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(&fixture.database.pool).await.unwrap();
    let complete = "SELECT count(*) FROM tasker.tasks";
    let tasks: i64 = sqlx::query_scalar(complete).fetch_one(&fixture.database.pool).await.unwrap();
    assert!(tasks > wanted, "only {tasks} tasks are there");
    let after = measure(&fixture).await;
    println!("on an empty database: {before:?}\nafter {wanted} finished tasks: {after:?}");
    for (what, before, after) in [
        ("creation", before.creation, after.creation),
        ("report", before.report, after.report),
        ("list", before.list, after.list),
    ] {
        let allowed = before.mul_f64(TOLERANCE) + NOISE;
        assert!(after <= allowed, "a {what} takes {after:?} after {wanted} tasks, and {before:?} before");
    }
}
