//! Both ways to apply reports leave the same rows behind: the straight line for ordinary completions, and the general
//! statement.

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tasker_orchestrator::{FUNCTION_SET, state::TaskState};
use uuid::Uuid;

use crate::{
    fixture::{Fixture, template},
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
    assert_eq!(fixture.complete_all().await, ["a", "b", "c", "d"]);
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
                left.push(rows(&world.run().await, &tasks).await);
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
