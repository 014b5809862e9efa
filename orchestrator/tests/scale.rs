//! The work of a call does not depend on the amount of earlier work.
//!
//! Counts what PostgreSQL reads, because times depend on what else the machine does. `make bench` measures times.
//! `TASKER_TEST_FINISHED_TASKS=1000000` increases the number of finished tasks.

#[allow(dead_code)]
#[path = "it/fixture.rs"]
mod fixture;
#[allow(dead_code)]
#[path = "it/queues.rs"]
mod queues;

use fixture::{Fixture, request};
use serde_json::json;
use tasker_orchestrator::{
    Creation, Slice,
    read::{LogFilter, TaskFilter},
};
use tasker_protocol::{Ending, Payload, StepDispatch, raw_json};
use uuid::Uuid;

/// The number of finished tasks in the second measurement.
const FINISHED_TASKS: i64 = 200_000;
const CALLS: usize = 40;
/// The number of tasks that one call creates, and of reports that one call applies.
const BATCH: usize = 10;
/// The allowed ratio of rows read, and the rows that background loops may read in a measurement.
const ROWS_TOLERANCE: f64 = 1.1;
const OTHER_ROWS: i64 = 200;
/// The allowed ratio of pages read. An index of many rows has one or two levels more.
const PAGES_TOLERANCE: f64 = 2.0;

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
const COPY: &str = include_str!("copy_task.sql");

/// What PostgreSQL read from tables and indexes during all calls of one kind.
#[derive(Debug, Clone, Copy)]
struct Reads {
    rows: i64,
    pages: i64,
}

/// The reads of each kind of call.
#[derive(Debug, Clone, Copy)]
struct Costs {
    creation: Reads,
    report: Reads,
    list: Reads,
}

fn done(fixture: &Fixture, dispatches: &[StepDispatch]) -> Vec<tasker_protocol::OrchestratorMessage> {
    let ending = || Ending::Complete(Payload::Inline(raw_json("{\"value\":1}".to_owned()).unwrap()));
    dispatches.iter().map(|dispatch| fixture.finished(dispatch, ending())).collect()
}

/// Returns the reads of all ended sessions.
async fn reads(fixture: &Fixture) -> Reads {
    // A session reports its reads when it ends.
    let others = "FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let mut connection = fixture.database.pool.acquire().await.unwrap();
    // This one does not end. What it read before must count now, not in the next measurement.
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut *connection).await.unwrap();
    let end = format!("SELECT count(pg_terminate_backend(pid)) {others}");
    let ended: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(end)).fetch_one(&mut *connection).await.unwrap();
    assert!(ended > 0, "nothing was connected");
    let left = format!("SELECT count(*) {others}");
    loop {
        let left: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(left.clone())).fetch_one(&mut *connection).await.unwrap();
        if left == 0 {
            break;
        }
    }
    let total = "
        SELECT (SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables
                WHERE schemaname = 'tasker')::bigint,
               (SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))
                FROM pg_statio_user_tables WHERE schemaname = 'tasker')::bigint";
    let (rows, pages) = sqlx::query_as(total).fetch_one(&mut *connection).await.unwrap();
    Reads { rows, pages }
}

/// Returns what was read since `before`.
async fn reads_since(fixture: &Fixture, before: &mut Reads) -> Reads {
    let now = reads(fixture).await;
    let since = Reads { rows: now.rows - before.rows, pages: now.pages - before.pages };
    *before = now;
    since
}

async fn measure(fixture: &Fixture) -> Costs {
    sqlx::raw_sql("VACUUM ANALYZE").execute(&fixture.database.pool).await.unwrap();
    let mut last = reads(fixture).await;
    for _ in 0..CALLS {
        let requests = (0..BATCH).map(|n| request("linear", &json!({ "n": n }))).collect();
        let created = fixture.orchestrator.engine.create_tasks(requests).await;
        assert!(created.iter().all(Result::is_ok), "{created:?}");
    }
    let creation = reads_since(fixture, &mut last).await;
    let messages = done(fixture, &fixture.dispatched());
    assert_eq!(messages.len(), CALLS * BATCH);
    for batch in messages.chunks(BATCH) {
        let applied = fixture.orchestrator.engine.apply(batch.to_vec()).await.unwrap();
        assert_eq!(applied.ended, BATCH);
    }
    let report = reads_since(fixture, &mut last).await;
    drop(fixture.dispatched());
    let filter = TaskFilter { namespace: Some("default".to_owned()), ..TaskFilter::default() };
    for _ in 0..CALLS {
        let tasks = fixture.orchestrator.reader.tasks(&filter, Slice::first(25)).await.unwrap();
        assert!(!tasks.is_empty());
    }
    Costs { creation, report, list: reads_since(fixture, &mut last).await }
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

/// Inserts copies of a finished task.
async fn insert_past(fixture: &Fixture, model: Uuid, wanted: i64) {
    let copy = COPY.replace("COUNT", &wanted.to_string()).replace("MODEL", &model.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&fixture.database.pool).await.unwrap();
    let complete = "SELECT count(*) FROM tasker.tasks";
    let tasks: i64 = sqlx::query_scalar(complete).fetch_one(&fixture.database.pool).await.unwrap();
    assert!(tasks > wanted, "only {tasks} tasks are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_statistics_is_read_by_its_indexes() {
    let fixture = Fixture::new().await;
    fixture.publish(TEMPLATE).await;
    for table in ["tasks", "steps", "audit"] {
        let never = format!("ALTER TABLE tasker.{table} SET (autovacuum_enabled = false)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(never)).execute(&fixture.database.pool).await.unwrap();
    }
    let model = finished_task(&fixture).await;
    insert_past(&fixture, model, 20_000).await;
    let mut last = reads(&fixture).await;
    let reader = &fixture.orchestrator.reader;
    assert!(reader.open_steps().await.unwrap().is_empty());
    let health = reads_since(&fixture, &mut last).await;
    assert!(reader.transitions(model, None, Slice::all()).await.unwrap().len() > 10);
    let transitions = reads_since(&fixture, &mut last).await;
    assert_eq!(reader.steps(model, Slice::all()).await.unwrap().len(), 4);
    let steps = reads_since(&fixture, &mut last).await;
    println!("{health:?} {transitions:?} {steps:?}");
    for reads in [health, transitions, steps] {
        assert!(reads.rows < OTHER_ROWS, "{health:?} {transitions:?} {steps:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_past_makes_nothing_dearer() {
    let wanted = std::env::var("TASKER_TEST_FINISHED_TASKS").ok().and_then(|count| count.parse().ok());
    let wanted: i64 = wanted.unwrap_or(FINISHED_TASKS);
    let fixture = Fixture::new().await;
    fixture.publish(TEMPLATE).await;
    let model = finished_task(&fixture).await;
    // The statistics of empty tables give other plans.
    measure(&fixture).await;
    let before = measure(&fixture).await;
    insert_past(&fixture, model, wanted).await;
    let after = measure(&fixture).await;
    println!("on an empty database: {before:?}\nafter {wanted} finished tasks: {after:?}");
    for (what, before, after) in [
        ("creation", before.creation, after.creation),
        ("report", before.report, after.report),
        ("list", before.list, after.list),
    ] {
        let rows = (before.rows as f64 * ROWS_TOLERANCE) as i64 + OTHER_ROWS;
        let pages = (before.pages as f64 * PAGES_TOLERANCE) as i64;
        assert!(
            after.rows <= rows && after.pages <= pages,
            "{CALLS} calls of a {what} read {after:?} after {wanted} tasks, and {before:?} before"
        );
    }
}

/// A page of what has happened to a task, wherever it is, reads about as many rows as it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_long_audit_costs_what_it_holds() {
    const RUNS: i64 = 20_000;
    const PAGE: u32 = 50;
    let fixture = Fixture::new().await;
    fixture.publish(TEMPLATE).await;
    let task = finished_task(&fixture).await;
    let more = "INSERT INTO tasker.audit (task_id, at, event, actor, step_index, attempt, step_states, step_times, detail)
        SELECT task_id, at, event, actor, step_index, attempt, step_states, step_times,
            '{\"usage\":{\"wall_us\":1},\"logs\":[{\"at\":\"2030-01-01T00:00:00Z\",\"level\":\"info\",\"target\":\"t\",\"message\":\"m\"}]}'
        FROM tasker.audit, generate_series(1, $2) WHERE task_id = $1 AND step_index = 0 AND detail IS NOT NULL";
    sqlx::query(more).bind(task).bind(RUNS).execute(&fixture.database.pool).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(&fixture.database.pool).await.unwrap();
    let reader = &fixture.orchestrator.reader;
    let middle = reader.last_record(task).await.unwrap() - RUNS / 2;
    let mut last = reads(&fixture).await;

    let slice = Slice { limit: PAGE, after: Some((middle, i32::MAX)) };
    assert_eq!(reader.timeline(task, slice).await.unwrap().len(), PAGE as usize);
    let timeline = reads_since(&fixture, &mut last).await;
    let slice = Slice { limit: PAGE, after: Some((middle, i32::MAX, i32::MAX)) };
    assert_eq!(reader.transitions(task, None, slice).await.unwrap().len(), PAGE as usize);
    let transitions = reads_since(&fixture, &mut last).await;
    let slice = Slice { limit: PAGE, after: Some((middle, i64::MAX)) };
    assert_eq!(reader.logs(task, &LogFilter::default(), slice).await.unwrap().len(), PAGE as usize);
    let logs = reads_since(&fixture, &mut last).await;
    assert!(reader.last_record(task).await.unwrap() > middle);
    let watch = reads_since(&fixture, &mut last).await;
    println!("{timeline:?} {transitions:?} {logs:?} {watch:?}");
    for reads in [timeline, transitions, logs, watch] {
        assert!(reads.rows < 20 * i64::from(PAGE), "{timeline:?} {transitions:?} {logs:?} {watch:?}");
    }
}

/// Rare and common labels alone, together, and with a text, among many tasks: each page is found without reading them all.
#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_found_among_many_tasks() {
    let wanted = std::env::var("TASKER_TEST_FINISHED_TASKS").ok().and_then(|count| count.parse().ok());
    let wanted: i64 = wanted.unwrap_or(FINISHED_TASKS);
    let fixture = Fixture::new().await;
    fixture.publish(TEMPLATE).await;
    let model = finished_task(&fixture).await;
    insert_past(&fixture, model, wanted).await;
    // Three of all are rare; old ones, so that they do not come first.
    let label = "UPDATE tasker.tasks SET labels = ARRAY['t:web', 'i:ada', 'a:order_id=' || n]
            || CASE WHEN n <= 3 THEN ARRAY['t:rare'] ELSE '{}' END
        FROM (SELECT task_id AS id, row_number() OVER (ORDER BY task_id) AS n FROM tasker.tasks) numbered
        WHERE id = task_id";
    sqlx::raw_sql(label).execute(&fixture.database.pool).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(&fixture.database.pool).await.unwrap();
    let tags = |tags: &[&str]| TaskFilter {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..TaskFilter::default()
    };
    let text = |text: &str| TaskFilter { text: Some(text.to_owned()), ..TaskFilter::default() };
    let attribute =
        TaskFilter { attributes: vec![("order_id".into(), "77".into())], ..TaskFilter::default() };
    let common =
        TaskFilter { initiator: Some("ada".into()), tags: vec!["web".into()], ..TaskFilter::default() };
    let mut last = reads(&fixture).await;
    for (what, filter, expected) in [
        ("a rare tag", tags(&["rare"]), 3),
        ("a common tag", tags(&["web"]), 50),
        ("a rare and a common tag", tags(&["web", "rare"]), 3),
        ("two common labels", common, 50),
        ("an attribute", attribute, 1),
        ("no task's tag", tags(&["none"]), 0),
        ("a rare text", text("rare"), 3),
        ("a common text", text("web"), 50),
        ("a part of a template", text("inea"), 50),
        ("an id", text(&model.to_string()[..18]), 1),
        ("no text", text("nothing"), 0),
    ] {
        let begun = std::time::Instant::now();
        let found = fixture.orchestrator.reader.tasks(&filter, Slice::first(50)).await.unwrap();
        let took = begun.elapsed();
        let read = reads_since(&fixture, &mut last).await;
        println!("{what}: {} in {took:?}, {read:?}", found.len());
        assert_eq!(found.len(), expected, "{what}");
        assert!(read.rows < OTHER_ROWS && read.pages < 200, "{what}: {read:?}");
    }
}
