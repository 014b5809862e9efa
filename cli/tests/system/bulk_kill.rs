//! `kill -9` in the middle of a bulk operation: it goes on, and acts on each task once.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::Row;
use tasker_test_support::Counter;
use ureq::Agent;

use crate::{
    cluster::Cluster,
    project::{Project, counted_handlers},
};

const TASKS: usize = 200;
/// Another process takes an operation over half a minute after its process was last heard of.
const PATIENCE: Duration = Duration::from_secs(90);

fn post(url: &str, body: &Value) -> Value {
    let agent: Agent = Agent::config_builder().timeout_global(Some(Duration::from_secs(30))).build().into();
    let mut answer = agent.post(format!("{url}/v1/tasks/bulk")).send_json(body).expect("it is accepted");
    answer.body_mut().read_json().expect("it returns JSON")
}

/// The state of the only operation, and how many tasks it has acted on.
fn progress(cluster: &Cluster) -> (String, i64, i64) {
    let row = &cluster
        .query("SELECT state, done, failed FROM tasker.bulk_operations")
        .expect("the table is there")[0];
    (row.get(0), row.get(1), row.get(2))
}

fn wait(cluster: &Cluster, is_there: impl Fn(&(String, i64, i64)) -> bool) {
    let until = Instant::now() + PATIENCE;
    loop {
        let now = progress(cluster);
        if is_there(&now) {
            return;
        }
        assert!(Instant::now() < until, "{now:?} {}", cluster.describe());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_bulk_operation_acts_on_each_task_once_though_its_process_is_killed() {
    let counter = Counter::start();
    let project = Project::new(&[counted_handlers()]);
    project.add_counted("one", &counter, &[("a", 0, &[])]);
    let mut cluster = Cluster::start(project, 10);
    for task in 0..TASKS {
        Cluster::create(&cluster.url, "one", task);
    }
    cluster.wait_for_complete(TASKS);

    let order = json!({ "action": "rerun", "arguments": { "step": "a" }, "filter": { "name": "one" }, "reason": "again" });
    let preview = post(&cluster.url, &order);
    assert_eq!(preview["matching"]["count"], TASKS, "{preview}");
    assert_eq!(
        cluster.count("SELECT count(*) FROM tasker.audit WHERE reason LIKE 'again%'"),
        0,
        "a preview acts"
    );
    post(&cluster.url, &json!({ "confirm": preview["confirm"] }));
    wait(&cluster, |(_, done, _)| *done >= TASKS as i64 / 4);
    cluster.kill_orchestrator();
    let (state, done, _) = progress(&cluster);
    assert!(state != "complete" && done < TASKS as i64, "it was killed too late: {state} {done}");
    cluster.start_orchestrator();
    wait(&cluster, |(state, ..)| state == "complete");

    assert_eq!(progress(&cluster), ("complete".to_owned(), TASKS as i64, 0));
    let acted = "SELECT count(*) FROM (SELECT task_id FROM tasker.audit
                 WHERE reason LIKE 'again (bulk %' AND task_states IS NOT NULL GROUP BY task_id HAVING count(*) = 1) AS once";
    assert_eq!(cluster.count(acted), TASKS as i64, "a task was rerun more than once, or not at all");
    cluster.wait_for_complete(TASKS);
    let runs =
        "SELECT count(*) FROM tasker.transitions WHERE to_state = 'complete' AND step_index IS NOT NULL";
    assert_eq!(cluster.count(runs), 2 * TASKS as i64);
}
