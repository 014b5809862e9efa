//! Both ways to apply reports leave the same rows behind: the straight line for ordinary completions, and the general
//! statement.

use std::time::Instant;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tasker_orchestrator::{FUNCTION_SET, state::TaskState};
use tasker_protocol::Ending;
use uuid::Uuid;

use crate::{
    fixture::{Fixture, payload, template},
    hostile::{World, scenario},
};

/// The number of random histories.
const CASES: u32 = 25;

/// Everything that is stored about these tasks, without what differs between two runs: ids, the name of the template, and when
/// the sweep looks at a task again, which passes over tasks that are locked at the moment.
async fn rows(fixture: &Fixture, tasks: &[Uuid]) -> Vec<Value> {
    let mut rows = Vec::new();
    for task in tasks {
        for query in [
            "SELECT to_jsonb(a) - '{task_id, audit_id}'::text[] FROM tasker.audit a WHERE task_id = $1 ORDER BY audit_id",
            "SELECT to_jsonb(s) - 'task_id' FROM tasker.steps s WHERE task_id = $1 ORDER BY step_index",
            "SELECT to_jsonb(b) - 'task_id' FROM tasker.batches b WHERE task_id = $1 ORDER BY step_index",
            "SELECT to_jsonb(d) - '{task_id, dlq_entry_id, name, snapshot}'::text[] FROM tasker.dlq d
             WHERE task_id = $1 ORDER BY created_at, step_index",
            "SELECT to_jsonb(t) - '{task_id, release_id, name, correlation_id, wake_at}'::text[] FROM tasker.tasks t
             WHERE task_id = $1",
        ] {
            let found: Vec<Value> =
                sqlx::query_scalar(query).bind(task).fetch_all(&fixture.database.pool).await.unwrap();
            rows.extend(found);
        }
    }
    rows
}

#[tokio::test]
async fn ordinary_completions_take_the_straight_line() {
    let fixture = Fixture::new().await;
    fixture
        .publish(&template("diamond", &[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])]))
        .await;
    let general = format!("DROP FUNCTION {FUNCTION_SET}.apply_any");
    sqlx::raw_sql(sqlx::AssertSqlSafe(general)).execute(&fixture.database.pool).await.unwrap();
    let task = fixture.create("diamond", json!({})).await;
    let mut batches = Vec::new();
    while let dispatched = fixture.dispatched()
        && !dispatched.is_empty()
    {
        let complete = |step| fixture.finished(step, Ending::Complete(payload(&json!(1))));
        let reports = dispatched.iter().map(complete).collect();
        assert_eq!(fixture.orchestrator.engine.apply(reports).await.unwrap().ended, dispatched.len());
        batches.push(dispatched.len());
    }
    assert_eq!(batches, [1, 2, 1], "one report by itself, and a batch");
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[test]
fn a_straight_line_leaves_the_rows_of_the_general_statement() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 20,
        ..ProptestConfig::with_cases(CASES)
    };
    let done = TestRunner::new(config).run(&scenario(), |scenario| {
        let (general, straight) = runtime.block_on(async {
            let mut left = Vec::new();
            for most in [0, 1000] {
                let world = World::new(Fixture::with_straight_line(most).await, &scenario).await;
                let tasks = world.tasks.clone();
                left.push(rows(&Box::pin(world.run()).await, &tasks).await);
            }
            let straight = left.pop().unwrap();
            (left.pop().unwrap(), straight)
        });
        for (general, straight) in general.iter().zip(&straight) {
            prop_assert_eq!(general, straight);
        }
        prop_assert_eq!(general.len(), straight.len());
        Ok(())
    });
    if let Err(failure) = done {
        panic!("{failure}");
    }
}

/// Prints how long both ways take for a batch of ordinary completions, by its size. The crossover is the limit in
/// `apply_reports.sql`.
#[tokio::test]
#[ignore = "a measurement: cargo test --release -p tasker-orchestrator --test it crossover -- --ignored --nocapture"]
async fn crossover() {
    const TASKS: usize = 1000;
    let template =
        template("five", &[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["c"]), ("e", &["d"])]);
    println!("reports  straight ms  general ms  ratio");
    let mut fixtures = Vec::new();
    for most in [1000, 0] {
        let fixture = Fixture::with_straight_line(most).await;
        fixture.publish(&template).await;
        fixtures.push(fixture);
    }
    for size in [1, 2, 4, 8, 16, 32, 64, 128] {
        let mut times = Vec::new();
        for fixture in &fixtures {
            for _ in 0..TASKS.min(size * 40) {
                fixture.create("five", json!({})).await;
            }
            let mut of_size = Vec::new();
            let mut waiting = fixture.dispatched();
            while !waiting.is_empty() {
                for batch in waiting.chunks(size).filter(|batch| batch.len() == size) {
                    let reports: Vec<_> = batch
                        .iter()
                        .map(|step| fixture.finished(step, Ending::Complete(payload(&json!({ "n": 1 })))))
                        .collect();
                    let began = Instant::now();
                    let applied = fixture.orchestrator.engine.apply(reports).await.unwrap();
                    of_size.push(began.elapsed().as_secs_f64() * 1000.0);
                    assert_eq!(applied.ended, size);
                }
                waiting = fixture.dispatched();
            }
            of_size.sort_by(f64::total_cmp);
            times.push(of_size[of_size.len() / 2]);
        }
        println!("{size:>7}  {:>11.2}  {:>10.2}  {:>5.2}", times[0], times[1], times[0] / times[1]);
    }
}
