//! Operators' actions: each from every state that allows it and from every other, and the effects that follow at
//! once.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_orchestrator::{
    Cancellation, Completion, Error, Slice, StepAction, TaskAction,
    state::{StepState, TaskState},
};
use tasker_protocol::{StepDispatch, raw_json};
use tasker_transport::{Claim, LeaseStore, execution_lease};
use uuid::Uuid;

use crate::fixture::{Fixture, names, template};

impl Fixture {
    async fn act(&self, task: Uuid, action: TaskAction) -> Result<TaskState, Error> {
        self.orchestrator.engine.operate_on_task(task, &action, "ops", Some("because")).await
    }

    async fn act_on_step(&self, task: Uuid, step: &str, action: StepAction) -> Result<TaskState, Error> {
        self.orchestrator.engine.operate_on_step(task, step, action, "ops", "because").await
    }
}

fn complete_with(result: &Value) -> StepAction {
    let result = raw_json(result.to_string()).unwrap();
    StepAction::CompleteManually(Completion { result, branch: None, cursors: None })
}

fn refusal(result: Result<TaskState, Error>) -> String {
    match result {
        Err(Error::Refused(message)) => message,
        other => panic!("not refused: {other:?}"),
    }
}

/// Creates a task `a → b → c` that is blocked by the failure of `b`.
async fn blocked(fixture: &Fixture) -> Uuid {
    fixture.publish(&template("chain", &[("a", &[]), ("b", &["a"]), ("c", &["b"])])).await;
    let task = fixture.create("chain", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    task
}

async fn in_error(fixture: &Fixture) -> Uuid {
    let task = blocked(fixture).await;
    assert_eq!(fixture.act(task, TaskAction::GiveUp).await.unwrap(), TaskState::Error);
    task
}

#[tokio::test]
async fn reset_for_retry_starts_the_attempts_anew() {
    let fixture = Fixture::new().await;
    for task in [blocked(&fixture).await, in_error(&fixture).await] {
        let state = fixture.act_on_step(task, "b", StepAction::ResetForRetry).await.unwrap();
        assert_eq!(state, TaskState::StepsInProcess);
        let again = fixture.dispatched_one();
        assert_eq!((again.attempt, again.execution), (1, 2));
        let lease = fixture.leases.acquire(&[execution_lease(task, 1, 2)], "host").await.unwrap();
        assert_eq!(lease, [Claim::Acquired { lost: 0 }], "the lease of the first run is still held");
        fixture.complete(&again, json!(2)).await;
        assert_eq!(fixture.complete_all().await, ["c"]);
        assert_eq!(fixture.task_state(task).await, TaskState::Complete);
        fixture.check_audit(task).await;
        let change = fixture.orchestrator.reader.transitions(task, Some(1), Slice::all()).await.unwrap();
        let change = change.iter().find(|change| change.event == "reset_for_retry").unwrap();
        assert_eq!((change.actor.as_str(), change.reason.as_deref()), ("ops", Some("because")));
        assert_eq!((change.from_state.as_str(), change.to_state.as_str()), ("error", "enqueued"));
    }
}

#[tokio::test]
async fn reset_for_retry_needs_a_step_in_error() {
    let fixture = Fixture::new().await;
    let task = blocked(&fixture).await;
    for (step, state) in [("a", "complete"), ("c", "pending")] {
        let told = refusal(fixture.act_on_step(task, step, StepAction::ResetForRetry).await);
        assert!(
            told.contains(&format!(
                "step {step} is {state}; only a step in error, or cancelled with its batch"
            )),
            "{told}"
        );
    }
    let missing = fixture.act_on_step(task, "d", StepAction::ResetForRetry).await;
    assert!(matches!(missing, Err(Error::NoSuchStep(_))), "{missing:?}");
    let nobody = fixture.act_on_step(Uuid::nil(), "a", StepAction::ResetForRetry).await;
    assert!(matches!(nobody, Err(Error::NoSuchTask(_))), "{nobody:?}");
    let silent =
        fixture.orchestrator.engine.operate_on_step(task, "b", StepAction::ResetForRetry, "ops", " ").await;
    assert!(matches!(silent, Err(Error::InvalidRequest { field: "reason", .. })), "{silent:?}");
}

#[tokio::test]
async fn resolve_manually_lets_dependents_run() {
    let fixture = Fixture::new().await;
    let task = blocked(&fixture).await;
    fixture.act_on_step(task, "b", StepAction::ResolveManually).await.unwrap();
    assert_eq!(fixture.step(task, "b").await.state, StepState::ResolvedManually);
    assert_eq!(fixture.complete_all().await, ["c"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn complete_manually_gives_dependents_its_result() {
    let fixture = Fixture::new().await;
    let task = blocked(&fixture).await;
    fixture.act_on_step(task, "b", complete_with(&json!({ "by": "hand" }))).await.unwrap();
    let c = fixture.dispatched_one();
    assert_eq!(c.dependency_results[0].result.inline(), Some(r#"{"by":"hand"}"#));
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn complete_manually_is_held_against_the_schema() {
    let fixture = Fixture::new().await;
    let steps =
        json!([{ "name": "a", "handler": { "callable": "work" }, "result_schema": { "type": "integer" } }]);
    fixture.publish(&json!({ "name": "t", "version": "1.0.0", "steps": steps }).to_string()).await;
    let task = fixture.create("t", json!({})).await;
    let told = fixture.act_on_step(task, "a", complete_with(&json!("seven"))).await.unwrap_err();
    assert!(told.to_string().contains("result_schema"), "{told}");
    assert_eq!(fixture.act_on_step(task, "a", complete_with(&json!(7))).await.unwrap(), TaskState::Complete);
}

#[tokio::test]
async fn a_step_that_is_settled_by_hand_while_it_runs_is_not_settled_twice() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("chain", &[("a", &[]), ("b", &["a"])])).await;
    for action in [StepAction::ResolveManually, complete_with(&json!(1))] {
        let task = fixture.create("chain", json!({})).await;
        let running = fixture.dispatched_one();
        let lease = [execution_lease(task, 0, running.execution)];
        fixture.leases.acquire(&lease, "host").await.unwrap();
        fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&running, 30_000)]).await.unwrap();
        fixture.act_on_step(task, "a", action.clone()).await.unwrap();
        assert!(!fixture.complete(&running, json!(2)).await, "the host's report was applied as well");
        assert_eq!(fixture.leases.holds(&lease, "host").await.unwrap(), [false], "the lease was not revoked");
        let told = refusal(fixture.act_on_step(task, "a", action).await);
        assert!(told.contains("already"), "{told}");
        assert_eq!(fixture.complete_all().await, ["b"]);
        fixture.check_audit(task).await;
    }
}

#[tokio::test]
async fn a_pending_step_can_be_settled_before_its_time() {
    let fixture = Fixture::new().await;
    let task = blocked(&fixture).await;
    fixture.act_on_step(task, "c", StepAction::ResolveManually).await.unwrap();
    assert!(fixture.dispatched().is_empty());
    fixture.act_on_step(task, "b", StepAction::ResetForRetry).await.unwrap();
    assert_eq!(fixture.complete_all().await, ["b"], "c ran although it was resolved");
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_decision_is_completed_by_hand_with_its_branch() {
    let fixture = Fixture::new().await;
    let yaml = "
name: choice
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: choose, type: decision, handler: { callable: work } }
  - { name: left, dependencies: [choose], handler: { callable: work } }
  - { name: right, dependencies: [choose], handler: { callable: work } }
  - { name: join, type: deferred_convergence, dependencies: [left, right], handler: { callable: work } }
";
    fixture.publish(yaml).await;
    let task = fixture.create("choice", json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    let completion = |branch: &str| Completion {
        result: raw_json("1".into()).unwrap(),
        branch: Some(vec![branch.to_owned()]),
        cursors: None,
    };
    let wrong = fixture.act_on_step(task, "choose", StepAction::CompleteManually(completion("up"))).await;
    assert!(matches!(wrong, Err(Error::InvalidResult(_))), "{wrong:?}");
    fixture.act_on_step(task, "choose", StepAction::CompleteManually(completion("left"))).await.unwrap();
    assert_eq!(fixture.complete_all().await, ["left", "join"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
    // Without branch and cursors no steps are created.
    let task = fixture.create("choice", json!({})).await;
    fixture.dispatched();
    fixture.act_on_step(task, "choose", StepAction::ResolveManually).await.unwrap();
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn a_batch_is_completed_by_hand_with_its_cursors() {
    let fixture = Fixture::new().await;
    let yaml = "
name: rows
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: cut, type: batchable, handler: { callable: work } }
  - { name: process, type: batch_worker, dependencies: [cut], handler: { callable: work } }
  - { name: sum, dependencies: [process], handler: { callable: work } }
";
    fixture.publish(yaml).await;
    let task = fixture.create("rows", json!({})).await;
    fixture.dispatched();
    let cursors = Some(vec![raw_json("1".into()).unwrap(), raw_json("2".into()).unwrap()]);
    let completion = Completion { result: raw_json("1".into()).unwrap(), branch: None, cursors };
    fixture.act_on_step(task, "cut", StepAction::CompleteManually(completion)).await.unwrap();
    assert_eq!(fixture.complete_all().await, ["process_001", "process_002", "sum"]);
    fixture.check_audit(task).await;
    // Without cursors there are no workers, and the steps after the batch run.
    let task = fixture.create("rows", json!({})).await;
    fixture.dispatched();
    fixture.act_on_step(task, "cut", StepAction::ResolveManually).await.unwrap();
    assert_eq!(fixture.complete_all().await, ["sum"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn pause_holds_back_what_becomes_ready_and_resume_lets_it_go() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &["a"]), ("x", &[])])).await;
    let task = fixture.create("pair", json!({})).await;
    let running = fixture.dispatched();
    assert_eq!(fixture.act(task, TaskAction::Pause).await.unwrap(), TaskState::StepsInProcess);
    assert!(refusal(fixture.act(task, TaskAction::Pause).await).contains("already paused"));
    // Steps that hosts already have run to their end.
    fixture.complete(&running[0], json!(1)).await;
    fixture.fail(&running[1], true).await;
    fixture.timers();
    assert!(fixture.dispatched().is_empty(), "b was sent while the task is paused");
    fixture.advance(TimeDelta::hours(2));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert!(fixture.dispatched().is_empty(), "the retry of x was sent while the task is paused");
    assert!(fixture.orchestrator.reader.task(task).await.unwrap().summary.paused_at.is_some());
    assert_eq!(fixture.act(task, TaskAction::Resume).await.unwrap(), TaskState::StepsInProcess);
    let b = fixture.dispatched_one();
    assert_eq!(b.step_name, "b");
    fixture.orchestrator.engine.sweep().await.unwrap();
    let x = fixture.dispatched_one();
    assert_eq!((x.step_name.as_str(), x.attempt), ("x", 2));
    fixture.complete(&b, json!(1)).await;
    fixture.complete(&x, json!(1)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    assert!(refusal(fixture.act(task, TaskAction::Resume).await).contains("not paused"));
    assert!(refusal(fixture.act(task, TaskAction::Pause).await).contains("the task is complete"));
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_paused_task_with_nothing_running_waits_and_can_be_cancelled() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &["a"])])).await;
    let task = fixture.create("pair", json!({})).await;
    fixture.act(task, TaskAction::Pause).await.unwrap();
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::WaitingForDependencies);
    fixture.check_audit(task).await;
    let cancelled = fixture.orchestrator.engine.cancel(task, "ops", None).await.unwrap();
    assert_eq!(cancelled, Cancellation::Cancelled { steps: 1 });
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn redrive_runs_what_failed_and_nothing_else() {
    let fixture = Fixture::new().await;
    for task in [blocked(&fixture).await, in_error(&fixture).await] {
        assert_eq!(fixture.act(task, TaskAction::Redrive).await.unwrap(), TaskState::StepsInProcess);
        assert_eq!(fixture.complete_all().await, ["b", "c"]);
        assert_eq!(fixture.task_state(task).await, TaskState::Complete);
        assert!(refusal(fixture.act(task, TaskAction::Redrive).await).contains("the task is complete"));
        fixture.check_audit(task).await;
    }
}

#[tokio::test]
async fn giving_up_and_resolving_need_a_blocked_task() {
    let fixture = Fixture::new().await;
    let task = blocked(&fixture).await;
    assert_eq!(fixture.act(task, TaskAction::ResolveManually).await.unwrap(), TaskState::ResolvedManually);
    fixture.check_audit(task).await;
    assert!(refusal(fixture.act(task, TaskAction::GiveUp).await).contains("only a task that is blocked"));
    assert!(
        refusal(fixture.act(task, TaskAction::ResolveManually).await).contains("only a task that is blocked")
    );
    let told = refusal(fixture.act_on_step(task, "b", StepAction::ResetForRetry).await);
    assert!(told.contains("the task is resolved_manually"), "{told}");
}

#[tokio::test]
async fn rerun_resets_a_step_and_all_that_comes_after_it() {
    let fixture = Fixture::new().await;
    fixture
        .publish(&template(
            "diamond",
            &[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"]), ("e", &[])],
        ))
        .await;
    let task = fixture.create("diamond", json!({})).await;
    fixture.complete_all().await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    let state = fixture.act(task, TaskAction::Rerun { step: "b".into() }).await.unwrap();
    assert_eq!(state, TaskState::StepsInProcess);
    let again = fixture.dispatched_one();
    assert_eq!((again.step_name.as_str(), again.attempt, again.execution), ("b", 1, 2));
    assert_eq!(fixture.step(task, "d").await.state, StepState::Pending);
    assert_eq!(fixture.step(task, "c").await.state, StepState::Complete);
    fixture.complete(&again, json!("new")).await;
    let d = fixture.dispatched_one();
    assert_eq!(d.dependency_results[0].result.inline(), Some("\"new\""));
    fixture.complete(&d, json!(1)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    // The audit keeps the earlier runs.
    let runs = fixture.orchestrator.reader.attempts(task, d.step_index, Slice::all()).await.unwrap();
    assert_eq!(runs.len(), 2);
}

#[tokio::test]
async fn rerun_while_steps_run_makes_their_reports_stale() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("chain", &[("a", &[]), ("b", &["a"])])).await;
    let task = fixture.create("chain", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    let b = fixture.dispatched_one();
    fixture.act(task, TaskAction::Rerun { step: "a".into() }).await.unwrap();
    assert!(!fixture.complete(&b, json!(1)).await);
    assert_eq!(fixture.complete_all().await, ["a", "b"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    let told = refusal(
        fixture.act(fixture.create("chain", json!({})).await, TaskAction::Rerun { step: "b".into() }).await,
    );
    assert!(told.contains("has not run yet"), "{told}");
}

#[tokio::test]
async fn a_decision_that_is_run_again_may_choose_otherwise() {
    let fixture = Fixture::new().await;
    let yaml = "
name: choice
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: choose, type: decision, handler: { callable: work } }
  - { name: left, dependencies: [choose], handler: { callable: work } }
  - { name: right, dependencies: [choose], handler: { callable: work } }
  - { name: join, type: deferred_convergence, dependencies: [left, right], handler: { callable: work } }
";
    fixture.publish(yaml).await;
    let task = fixture.create("choice", json!({})).await;
    fixture.branch(&fixture.dispatched_one(), &["left", "right"]).await;
    let before = fixture.dispatched();
    fixture.act(task, TaskAction::Rerun { step: "choose".into() }).await.unwrap();
    assert_eq!(fixture.step_names(task).await, ["choose"]);
    fixture.branch(&fixture.dispatched_one(), &["right"]).await;
    let right = fixture.dispatched_one();
    assert!(right.execution > before[1].execution, "a number was used twice");
    assert!(!fixture.complete(&before[1], json!("old")).await, "a report of the deleted step was applied");
    fixture.complete(&right, json!("new")).await;
    assert_eq!(fixture.complete_all().await, ["join"]);
    assert_eq!(fixture.step_names(task).await, ["choose", "right", "join"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn a_batch_that_is_run_again_is_cut_anew_and_one_worker_can_run_again_alone() {
    let fixture = Fixture::new().await;
    let yaml = "
name: rows
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: cut, type: batchable, handler: { callable: work } }
  - { name: process, type: batch_worker, dependencies: [cut], handler: { callable: work } }
  - { name: sum, dependencies: [process], handler: { callable: work } }
";
    fixture.publish(yaml).await;
    let task = fixture.create("rows", json!({})).await;
    fixture.batch(&fixture.dispatched_one(), &[json!(1), json!(2), json!(3)]).await;
    fixture.complete_all().await;
    fixture.act(task, TaskAction::Rerun { step: "process_002".into() }).await.unwrap();
    assert_eq!(fixture.complete_all().await, ["process_002", "sum"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.act(task, TaskAction::Rerun { step: "cut".into() }).await.unwrap();
    assert_eq!(fixture.step_names(task).await, ["cut", "sum"]);
    fixture.batch(&fixture.dispatched_one(), &[json!(7)]).await;
    assert_eq!(fixture.complete_all().await, ["process_001", "sum"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn cancelling_tells_the_hosts() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &[])])).await;
    let task = fixture.create("pair", json!({})).await;
    let steps = fixture.dispatched();
    let leases: Vec<String> =
        steps.iter().map(|step| execution_lease(task, step.step_index, step.execution)).collect();
    fixture.leases.acquire(&leases[..1], "host").await.unwrap();
    fixture.orchestrator.engine.cancel(task, "ops", Some("not needed")).await.unwrap();
    assert_eq!(fixture.leases.holds(&leases[..1], "host").await.unwrap(), [false]);
    // A revoked execution that has not started cannot start.
    assert_eq!(fixture.leases.acquire(&leases, "other").await.unwrap(), [Claim::Settled, Claim::Settled]);
}

#[tokio::test]
async fn every_action_is_refused_for_a_cancelled_task() {
    let fixture = Fixture::new().await;
    let task = blocked(&fixture).await;
    fixture.orchestrator.engine.cancel(task, "ops", None).await.unwrap();
    let actions = [
        TaskAction::Pause,
        TaskAction::Resume,
        TaskAction::Redrive,
        TaskAction::GiveUp,
        TaskAction::ResolveManually,
        TaskAction::Rerun { step: "a".into() },
    ];
    for action in actions {
        refusal(fixture.act(task, action).await);
    }
    for action in [StepAction::ResetForRetry, StepAction::ResolveManually, complete_with(&json!(1))] {
        refusal(fixture.act_on_step(task, "b", action).await);
    }
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn steps_go_by_name_and_by_number() {
    let fixture = Fixture::new().await;
    let task = blocked(&fixture).await;
    fixture.act_on_step(task, "1", StepAction::ResetForRetry).await.unwrap();
    let sent: Vec<StepDispatch> = fixture.dispatched();
    assert_eq!(names(&sent), ["b"]);
}
