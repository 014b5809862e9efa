//! `kill -9` while tasks grow: a decision, a batch after it, and workers with checkpoints. Every branch and every
//! worker exists once, and checkpointed work is not repeated.

use std::{thread, time::Duration};

use serde_json::json;

use crate::{
    cluster::{Cluster, WORKERS},
    project::{Project, counted_handlers},
};

const TASKS: usize = 25;
const BATCH: usize = 15;
const CHECKPOINTS: usize = 2;
/// The decision, the batchable step, its workers, and the sum.
const STEPS: usize = 3 + BATCH;

const TEMPLATE: &str = "
name: growing
namespace_name: system
version: 1.0.0
identity_strategy: caller_provided
steps:
  - { name: choose, type: decision, handler: { callable: choose } }
  - name: cut
    type: batchable
    dependencies: [choose]
    handler: { callable: cut }
    batch_config: { worker_template: row, parallelism: 4 }
  - name: row
    type: batch_worker
    dependencies: [cut]
    handler: { callable: row }
    retry: { max_attempts: 10, backoff_base_ms: 100, max_backoff_ms: 500 }
  - { name: skip, dependencies: [choose], handler: { callable: echo } }
  - { name: total, type: deferred_convergence, dependencies: [row, skip], handler: { callable: echo } }
";

#[test]
fn a_task_that_grows_is_whole_whatever_is_killed() {
    let project = Project::new(&[counted_handlers()]);
    project.write("templates/growing.yaml", TEMPLATE);
    let mut cluster = Cluster::start(project, 3);
    let plan = json!({ "branch": ["cut"], "workers": BATCH, "checkpoints": CHECKPOINTS, "hold_ms": 30 });
    let url = cluster.url.clone();
    thread::scope(|scope| {
        scope.spawn(|| (0..TASKS).for_each(|key| Cluster::create_from(&url, "growing", key, &plan)));
        for turn in 0..6 {
            thread::sleep(Duration::from_millis(700));
            match turn % 3 {
                0 => {
                    cluster.kill_worker(turn % WORKERS);
                    cluster.start_worker(turn % WORKERS);
                }
                1 => {
                    cluster.kill_orchestrator();
                    cluster.start_orchestrator();
                }
                _ => {
                    cluster.kill_database();
                    cluster.start_database();
                }
            }
        }
    });
    cluster.wait_for_complete(TASKS);
    let count = |query| usize::try_from(cluster.count(query)).expect("a count is positive");
    assert_eq!(count("SELECT count(*) FROM tasker.steps"), TASKS * STEPS, "{}", cluster.describe());
    assert_eq!(count("SELECT count(*) FROM tasker.steps WHERE state = 'complete'"), TASKS * STEPS);
    let completions =
        "SELECT count(*) FROM tasker.transitions WHERE to_state = 'complete' AND step_index IS NOT NULL";
    assert_eq!(count(completions), TASKS * STEPS, "a step was completed more than once, or not at all");
    let saved = "SELECT count(*) FROM tasker.audit WHERE event = 'checkpointed'";
    assert_eq!(count(saved), TASKS * BATCH * CHECKPOINTS, "what was saved was done again, or was lost");
    let results = "SELECT count(*) FROM tasker.steps WHERE batch IS NOT NULL AND result::text = '10'";
    assert_eq!(count(results), TASKS * BATCH);
    // Each total contains every worker's result, and nothing of the branch that was not chosen.
    let totals =
        "SELECT count(*) FROM tasker.steps WHERE result::text = '[' || rtrim(repeat('10,', 15), ',') || ']'";
    assert_eq!(count(totals), TASKS);
}
