//! Lifecycle limits of tasks and their actions; dead letters and their resolutions.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_orchestrator::{
    Error, Resolution, Slice, TaskAction,
    access::Scope,
    read::{DlqEntry, DlqFilter},
    state::{StepState, TaskState},
};
use tasker_transport::{Claim, LeaseStore as _, execution_lease};
use uuid::Uuid;

use crate::fixture::Fixture;

/// Creates a task of one step in a template with this lifecycle.
async fn task(fixture: &Fixture, lifecycle: Value) -> Uuid {
    task_of(
        fixture,
        lifecycle,
        json!({ "jitter": false, "backoff_base_ms": 3_600_000, "max_backoff_ms": 3_600_000 }),
    )
    .await
}

async fn task_of(fixture: &Fixture, lifecycle: Value, retry: Value) -> Uuid {
    let name = format!("t{}", fastrand::u64(..));
    let template = json!({
        "name": name, "version": "1.0.0", "identity_strategy": "always_unique", "lifecycle": lifecycle,
        "steps": [{ "name": "a", "handler": { "callable": "work" }, "retry": retry },
                  { "name": "b", "handler": { "callable": "work" }, "dependencies": ["a"] }],
    });
    fixture.publish(&template.to_string()).await;
    fixture.create(&name, json!({ "n": 1 })).await
}

impl Fixture {
    async fn pass(&mut self, minutes: i64) {
        self.advance(TimeDelta::minutes(minutes));
        self.orchestrator.engine.sweep().await.unwrap();
        // Ignore messages that were sent again in the meantime.
        self.steps.take();
    }

    async fn entries(&self, task: Uuid) -> Vec<DlqEntry> {
        let filter = DlqFilter { task_id: Some(task), ..DlqFilter::default() };
        self.orchestrator.reader.dlq_entries(&filter, Slice::first(100)).await.unwrap()
    }

    async fn health(&self, task: Uuid) -> String {
        let all = self.orchestrator.reader.staleness(&Scope::All, 1000).await.unwrap();
        all.into_iter().find(|stale| stale.task_id == task).unwrap().health_status
    }
}

#[tokio::test]
async fn staleness_is_healthy_then_a_warning_then_stale() {
    let mut fixture = Fixture::new().await;
    let task = task(&fixture, json!({ "max_steps_in_process_minutes": 10 })).await;
    assert_eq!(fixture.health(task).await, "healthy");
    fixture.pass(7).await;
    assert_eq!(fixture.health(task).await, "healthy");
    fixture.pass(2).await;
    assert_eq!(fixture.health(task).await, "warning");
    assert!(fixture.entries(task).await.is_empty());
    fixture.pass(1).await;
    assert_eq!(fixture.health(task).await, "stale");
    let entries = fixture.entries(task).await;
    assert_eq!(
        (entries[0].dlq_reason.as_str(), entries[0].resolution_status.as_str()),
        ("staleness_timeout", "pending")
    );
    assert!(entries[0].note.as_ref().unwrap().contains("steps_in_process"));
    // By default the task continues, and no second entry is created.
    assert_eq!(fixture.task_state(task).await, TaskState::StepsInProcess);
    fixture.pass(60).await;
    assert_eq!(fixture.entries(task).await.len(), 1);
}

#[tokio::test]
async fn max_waiting_for_retry_minutes() {
    let mut fixture = Fixture::new().await;
    let task = task(&fixture, json!({ "max_waiting_for_retry_minutes": 5 })).await;
    fixture.fail(&fixture.dispatched_one(), true).await;
    fixture.pass(4).await;
    assert!(fixture.entries(task).await.is_empty());
    fixture.pass(2).await;
    assert!(fixture.entries(task).await[0].note.as_ref().unwrap().contains("waiting_for_retry"));
}

#[tokio::test]
async fn max_waiting_for_dependencies_minutes_and_a_paused_task_is_not_stale() {
    let mut fixture = Fixture::new().await;
    let task = task(&fixture, json!({ "max_waiting_for_dependencies_minutes": 5 })).await;
    fixture.orchestrator.engine.operate_on_task(task, &TaskAction::Pause, "ops", None).await.unwrap();
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::WaitingForDependencies);
    fixture.pass(60).await;
    assert!(fixture.entries(task).await.is_empty(), "the limit does not apply to a paused task");
    // The limit applies again after the pause. Only a lost pause leads to this state.
    sqlx::query("UPDATE tasker.tasks SET paused_at = NULL WHERE task_id = $1")
        .bind(task)
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    fixture.pass(60).await;
    assert!(fixture.entries(task).await[0].note.as_ref().unwrap().contains("waiting_for_dependencies"));
}

#[tokio::test]
async fn staleness_action_error_ends_the_task() {
    let mut fixture = Fixture::new().await;
    let task =
        task(&fixture, json!({ "max_steps_in_process_minutes": 5, "staleness_action": "error" })).await;
    let running = fixture.dispatched_one();
    fixture.pass(5).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Error);
    assert_eq!(fixture.step(task, "a").await.state, StepState::Error);
    assert_eq!(fixture.entries(task).await[0].dlq_reason, "staleness_timeout");
    assert!(!fixture.complete(&running, json!(1)).await, "a report was applied to a task that was given up");
    assert!(fixture.orchestrator.reader.task(task).await.unwrap().summary.completed_at.is_some());
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn staleness_action_none_does_nothing() {
    let mut fixture = Fixture::new().await;
    let task = task(&fixture, json!({ "max_steps_in_process_minutes": 5, "staleness_action": "none" })).await;
    fixture.pass(100).await;
    assert!(fixture.entries(task).await.is_empty());
    assert_eq!(fixture.health(task).await, "stale", "it is stale without an action");
}

#[tokio::test]
async fn max_duration_minutes_and_auto_dlq_on_timeout() {
    let mut fixture = Fixture::new().await;
    let limits = json!({ "max_duration_minutes": 60, "staleness_action": "none" });
    let buried = task(&fixture, limits.clone()).await;
    let mut quiet = limits.clone();
    quiet["auto_dlq_on_timeout"] = json!(false);
    let quiet = task(&fixture, quiet).await;
    fixture.pass(59).await;
    assert!(fixture.entries(buried).await.is_empty());
    fixture.pass(1).await;
    assert!(fixture.entries(buried).await[0].note.as_ref().unwrap().contains("max_duration_minutes"));
    assert!(fixture.entries(quiet).await.is_empty());
    assert_eq!(fixture.task_state(buried).await, TaskState::StepsInProcess);
    // A second report of the same timeout adds no entry.
    let entry = fixture.entries(buried).await[0].dlq_entry_id;
    fixture
        .orchestrator
        .engine
        .update_dlq_entry(entry, Resolution::ManuallyResolved, "ops", None)
        .await
        .unwrap();
    fixture.pass(600).await;
    assert_eq!(fixture.entries(buried).await.len(), 1);
}

#[tokio::test]
async fn auto_fail_on_timeout() {
    let mut fixture = Fixture::new().await;
    let overdue = task(
        &fixture,
        json!({ "max_duration_minutes": 60, "auto_fail_on_timeout": true,
                                         "max_steps_in_process_minutes": 600 }),
    )
    .await;
    let stale =
        task(&fixture, json!({ "max_steps_in_process_minutes": 60, "auto_fail_on_timeout": true })).await;
    let running = fixture.dispatched();
    fixture.pass(61).await;
    // A host may not take the steps any more, and one that runs them stops them.
    let leases: Vec<String> =
        running.iter().map(|step| execution_lease(step.task_id, step.step_index, step.execution)).collect();
    assert_eq!(fixture.leases.acquire(&leases, "host").await.unwrap(), [Claim::Settled; 2]);
    for task in [overdue, stale] {
        assert_eq!(fixture.task_state(task).await, TaskState::Error);
        assert_eq!(fixture.entries(task).await.len(), 1);
        fixture.check_audit(task).await;
    }
    // A task that is blocked by failures also has a limit.
    let blocked = task(&fixture, json!({ "max_duration_minutes": 60, "auto_fail_on_timeout": true })).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    assert_eq!(fixture.task_state(blocked).await, TaskState::BlockedByFailures);
    fixture.pass(61).await;
    assert_eq!(fixture.task_state(blocked).await, TaskState::Error);
    assert_eq!(fixture.entries(blocked).await.len(), 1, "repeated additions create one entry");
    fixture.check_audit(blocked).await;
}

#[tokio::test]
async fn long_legitimate_waits_are_no_staleness() {
    let mut fixture = Fixture::new().await;
    // The template has no limits, and the step may take two hours.
    let name = "slow";
    let template = json!({
        "name": name, "version": "1.0.0", "identity_strategy": "always_unique",
        "steps": [{ "name": "a", "handler": { "callable": "work" }, "timeout_seconds": 7200 }],
    });
    fixture.publish(&template.to_string()).await;
    let task = fixture.create(name, json!({})).await;
    fixture.pass(120).await;
    assert!(fixture.entries(task).await.is_empty());
    assert_eq!(fixture.health(task).await, "healthy");
}

#[tokio::test]
async fn a_step_that_fails_for_good_makes_one_entry_with_everything_in_it() {
    let fixture = Fixture::new().await;
    let task = task(&fixture, json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    let entries = fixture.entries(task).await;
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(entry.dlq_reason, "max_retries_exceeded");
    let snapshot: Value = serde_json::from_str(entry.snapshot.as_ref().unwrap().get()).unwrap();
    assert_eq!(snapshot["task"]["context"], json!({ "n": 1 }));
    assert_eq!(snapshot["task"]["state"], "blocked_by_failures");
    assert_eq!(snapshot["steps"][0]["last_failure"]["message"], "it went wrong");
    assert_eq!(snapshot["steps"][1]["state"], "pending");
}

#[tokio::test]
async fn a_task_that_completes_after_all_takes_its_entry_along() {
    let fixture = Fixture::new().await;
    let task = task(&fixture, json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    fixture.orchestrator.engine.operate_on_task(task, &TaskAction::Redrive, "ops", None).await.unwrap();
    fixture.complete_all().await;
    let entry = &fixture.entries(task).await[0];
    assert_eq!(entry.resolution_status, "manually_resolved");
    // A cancellation resolves the entry as cancelled.
    let other = self::task(&fixture, json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    fixture.orchestrator.engine.cancel(other, "ops", None).await.unwrap();
    assert_eq!(fixture.entries(other).await[0].resolution_status, "cancelled");
}

#[tokio::test]
async fn hosts_that_die_on_a_step_make_it_worker_unavailable() {
    let mut fixture = Fixture::new().await;
    let task = task_of(&fixture, json!({}), json!({ "max_attempts": 1 })).await;
    let step = fixture.dispatched_one();
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&step, 30_000)]).await.unwrap();
    fixture.pass(2).await;
    assert_eq!(fixture.entries(task).await[0].dlq_reason, "worker_unavailable");
}

#[tokio::test]
async fn an_entry_can_be_made_by_hand_and_resolved_in_every_way() {
    let fixture = Fixture::new().await;
    for (resolution, status) in [
        (Resolution::ManuallyResolved, "manually_resolved"),
        (Resolution::PermanentlyFailed, "permanently_failed"),
        (Resolution::Cancelled, "cancelled"),
    ] {
        let task = task(&fixture, json!({})).await;
        let entry = fixture.orchestrator.engine.add_to_dlq(task, "ops", Some("odd")).await.unwrap();
        assert_eq!((entry.dlq_reason.as_str(), entry.note.as_deref()), ("manual_dlq", Some("odd")));
        let again = fixture.orchestrator.engine.add_to_dlq(task, "ops", None).await.unwrap();
        assert_eq!(again.dlq_entry_id, entry.dlq_entry_id, "one pending entry");
        let update = |resolution| {
            fixture.orchestrator.engine.update_dlq_entry(entry.dlq_entry_id, resolution, "me", Some("seen"))
        };
        let looked_at = update(Resolution::Pending).await.unwrap();
        assert_eq!(
            (looked_at.resolution_status.as_str(), looked_at.resolution_notes.as_deref()),
            ("pending", Some("seen"))
        );
        let resolved = update(resolution).await.unwrap();
        assert_eq!(resolved.resolution_status, status);
        assert_eq!(resolved.resolved_by.as_deref(), Some("me"));
        let twice = update(Resolution::ManuallyResolved).await;
        assert!(matches!(twice, Err(Error::Refused(_))), "{twice:?}");
    }
    let nothing =
        fixture.orchestrator.engine.update_dlq_entry(Uuid::nil(), Resolution::Cancelled, "me", None).await;
    assert!(matches!(nothing, Err(Error::NoSuchDlqEntry(_))), "{nothing:?}");
    let nobody = fixture.orchestrator.engine.add_to_dlq(Uuid::nil(), "me", None).await;
    assert!(matches!(nobody, Err(Error::NoSuchTask(_))), "{nobody:?}");
}

#[tokio::test]
async fn requeue_really_runs_it_again() {
    let mut fixture = Fixture::new().await;
    let failed = task(&fixture, json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    let entry = fixture.entries(failed).await[0].dlq_entry_id;
    let requeue = |entry| {
        fixture.orchestrator.engine.update_dlq_entry(entry, Resolution::Requeue, "ops", Some("fixed"))
    };
    assert_eq!(requeue(entry).await.unwrap().resolution_status, "manually_resolved");
    assert_eq!(fixture.complete_all().await, ["a", "b"]);
    assert_eq!(fixture.task_state(failed).await, TaskState::Complete);
    // A requeue sends enqueued steps again.
    let stale = task(&fixture, json!({ "max_steps_in_process_minutes": 5 })).await;
    fixture.steps.take();
    fixture.pass(5).await;
    let entry = fixture.entries(stale).await[0].dlq_entry_id;
    fixture.orchestrator.engine.update_dlq_entry(entry, Resolution::Requeue, "ops", None).await.unwrap();
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(fixture.dispatched_one().step_name, "a");
    assert_eq!(fixture.health(stale).await, "healthy");
    // An ended task cannot be requeued.
    let done = task(&fixture, json!({})).await;
    fixture.complete_all().await;
    let entry = fixture.orchestrator.engine.add_to_dlq(done, "ops", None).await.unwrap().dlq_entry_id;
    let refused = fixture.orchestrator.engine.update_dlq_entry(entry, Resolution::Requeue, "ops", None).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    assert_eq!(fixture.entries(done).await[0].resolution_status, "pending", "a refusal changes nothing");
}

#[tokio::test]
async fn the_investigation_queue_and_the_statistics() {
    let mut fixture = Fixture::new().await;
    let failed = task(&fixture, json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    let by_hand = task(&fixture, json!({ "max_steps_in_process_minutes": 600 })).await;
    fixture.orchestrator.engine.add_to_dlq(by_hand, "ops", None).await.unwrap();
    let stale = task(&fixture, json!({ "max_steps_in_process_minutes": 5 })).await;
    fixture.pass(6).await;
    let queue = fixture.orchestrator.reader.investigation_queue(&Scope::All, 10).await.unwrap();
    let order: Vec<Uuid> = queue.iter().map(|one| one.entry.task_id).collect();
    assert_eq!(order, [stale, failed, by_hand]);
    assert!(queue[1].minutes_in_dlq > 5.9 && queue[1].minutes_in_dlq < 6.1);
    let entry = queue[2].entry.dlq_entry_id;
    fixture
        .orchestrator
        .engine
        .update_dlq_entry(entry, Resolution::ManuallyResolved, "ops", None)
        .await
        .unwrap();
    let statistics = fixture.orchestrator.reader.dlq_statistics(&Scope::All).await.unwrap();
    let of = |reason: &str| statistics.iter().find(|one| one.dlq_reason == reason).unwrap();
    assert_eq!((of("manual_dlq").pending, of("manual_dlq").manually_resolved), (0, 1));
    assert!((of("manual_dlq").average_resolution_minutes.unwrap() - 6.0).abs() < 0.1);
    assert_eq!((of("staleness_timeout").total, of("staleness_timeout").pending), (1, 1));
    let pending = DlqFilter { resolution_status: Some("pending".into()), ..DlqFilter::default() };
    assert_eq!(fixture.orchestrator.reader.dlq_entries(&pending, Slice::first(10)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_failure_that_text_cannot_hold_is_buried_like_any_other() {
    let fixture = Fixture::new().await;
    let task = task(&fixture, json!({})).await;
    let tasker_protocol::Ending::Failed(mut failure) = crate::fixture::failed(false) else { unreachable!() };
    failure.details = Some(tasker_protocol::raw_json(r#"{"text":"\u0000"}"#.to_owned()).unwrap());
    assert!(fixture.report(&fixture.dispatched_one(), tasker_protocol::Ending::Failed(failure)).await);
    assert_eq!(fixture.entries(task).await.len(), 1);
}
