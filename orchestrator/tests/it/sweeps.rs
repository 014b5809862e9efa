//! The sweep: what it recovers, what it must leave alone, and that no part of it keeps the others from their work.

use chrono::TimeDelta;
use serde_json::json;
use tasker_orchestrator::{
    Swept,
    state::{StepState, TaskState},
};
use tasker_transport::{LeaseStore as _, execution_lease};

use crate::fixture::{Fixture, request, template};

#[tokio::test]
async fn a_step_whose_report_was_lost_runs_again_in_the_same_attempt() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let first = fixture.dispatched_one();
    let lease = [execution_lease(first.task_id, first.step_index, first.execution)];
    fixture.leases.acquire(&lease, "host").await.unwrap();
    fixture.leases.settle(&lease, "host").await.unwrap();
    // At first the report may still be on its way.
    fixture.advance(TimeDelta::seconds(11));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().resent, 1);
    assert_eq!(fixture.dispatched_one().execution, first.execution);
    fixture.advance(TimeDelta::minutes(6));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().resent, 1);
    assert_eq!(fixture.dispatched_one().execution, first.execution, "its host may have ended it just now");
    // The leases are in memory, with the time of this process.
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(301)).await;
    tokio::time::resume();
    fixture.advance(TimeDelta::minutes(30));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().resent, 1);
    let again = fixture.dispatched_one();
    assert_eq!((again.execution, again.attempt), (first.execution + 1, first.attempt));
    assert!(!fixture.complete(&first, json!(1)).await, "the lost report is stale by now");
    assert!(fixture.complete(&again, json!(2)).await);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_message_that_waits_long_is_sent_again_in_the_same_execution() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    let first = fixture.dispatched_one();
    fixture.advance(TimeDelta::minutes(20));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().resent, 1);
    assert_eq!(fixture.dispatched_one().execution, first.execution, "no host has ended it");
}

#[tokio::test]
async fn steps_of_silent_hosts_never_stand_before_due_retries() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("silent", &[("a", &[])])).await;
    fixture.publish(&template("due", &[("a", &[])])).await;
    let requests = (0..1000).map(|number| request("silent", &json!({ "number": number }))).collect();
    assert!(fixture.orchestrator.engine.create_tasks(requests).await.iter().all(Result::is_ok));
    let beats = fixture.dispatched().iter().map(|step| fixture.heartbeat(step, 1_000)).collect();
    fixture.orchestrator.engine.apply(beats).await.unwrap();
    let task = fixture.create("due", json!({})).await;
    fixture.fail(&fixture.dispatched_one(), true).await;
    fixture.advance(TimeDelta::seconds(60));
    // The first visit judges no host: it does not know what waits in the queue of reports.
    let swept = fixture.orchestrator.visit_all().await.unwrap();
    assert_eq!((swept.due, swept.lost), (1, 0));
    assert_eq!(fixture.dispatched_one().task_id, task);
}

#[tokio::test]
async fn a_step_in_an_unexpected_state_is_set_aside_and_the_others_go_on() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let odd = fixture.create("one", json!({ "n": 1 })).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    let task = fixture.create("one", json!({ "n": 2 })).await;
    fixture.fail(&fixture.dispatched_one(), true).await;
    sqlx::query("UPDATE tasker.steps SET wake_at = '2000-01-01' WHERE task_id = $1")
        .bind(odd)
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    fixture.advance(TimeDelta::seconds(60));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().due, 1);
    assert_eq!(fixture.dispatched_one().task_id, task);
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap(), Swept::default());
    assert_eq!(fixture.step(odd, "a").await.state, StepState::Complete);
}

/// Sweeps once a minute. Returns how many attempts each sweep ended.
async fn visit(fixture: &mut Fixture, minutes: i64) -> Vec<usize> {
    let mut lost = Vec::new();
    for _ in 0..minutes {
        fixture.advance(TimeDelta::minutes(1));
        lost.push(fixture.orchestrator.visit_all().await.unwrap().lost);
    }
    lost
}

#[tokio::test]
async fn no_host_is_judged_while_the_queue_of_reports_is_away_and_for_a_while_after() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    visit(&mut fixture, 5).await;
    fixture.create("one", json!({})).await;
    let step = fixture.dispatched_one();
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&step, 90_000)]).await.unwrap();
    fixture.reports.be_away(true);
    assert_eq!(visit(&mut fixture, 5).await, [0; 5]);
    // No report waits, because none could be sent.
    fixture.reports.be_away(false);
    assert_eq!(visit(&mut fixture, 3).await, [0; 3]);
    assert_eq!(visit(&mut fixture, 1).await, [1]);
}

#[tokio::test]
async fn a_sweep_that_was_away_judges_no_host_for_a_while() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    visit(&mut fixture, 5).await;
    fixture.create("one", json!({})).await;
    let step = fixture.dispatched_one();
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&step, 90_000)]).await.unwrap();
    // The database is away for ten minutes. Its host's heartbeats wait in the queue meanwhile.
    fixture.advance(TimeDelta::minutes(10));
    assert_eq!(visit(&mut fixture, 3).await, [0, 0, 0]);
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&step, 90_000)]).await.unwrap();
    assert_eq!(visit(&mut fixture, 1).await, [0]);
    // Now it is really silent.
    assert_eq!(visit(&mut fixture, 2).await, [1, 0]);
}
