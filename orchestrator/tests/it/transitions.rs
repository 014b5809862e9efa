//! Every transition of tasks and steps, as the audit records it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_orchestrator::{
    Completion, Slice, StepAction, TaskAction,
    state::{StepState, TaskState},
};
use tasker_protocol::{StepDispatch, raw_json};
use uuid::Uuid;

use crate::fixture::{Fixture, branch, template};

impl Fixture {
    /// Returns the states that a task has passed through.
    async fn path(&self, task: Uuid) -> Vec<String> {
        self.states(task, None).await
    }

    /// Returns the states that a step has passed through.
    async fn step_path(&self, task: Uuid, step: u32) -> Vec<String> {
        self.states(task, Some(step)).await
    }

    async fn states(&self, task: Uuid, step: Option<u32>) -> Vec<String> {
        let changes = self.orchestrator.reader.transitions(task, step, Slice::all()).await.unwrap();
        let mut states: Vec<String> = Vec::new();
        for change in changes.into_iter().filter(|change| change.step_index == step) {
            match states.last() {
                Some(last) => assert_eq!(*last, change.from_state, "one change begins where the last ended"),
                None => states.push(change.from_state),
            }
            states.push(change.to_state);
        }
        states
    }

    async fn act_on(&self, task: Uuid, action: TaskAction) {
        self.orchestrator.engine.operate_on_task(task, &action, "ops", None).await.unwrap();
    }

    async fn step_act(&self, task: Uuid, step: &str, action: StepAction) {
        self.orchestrator.engine.operate_on_step(task, step, action, "ops", "because").await.unwrap();
    }

    /// Creates a task `a → b` with this lifecycle, and sends `a`.
    async fn chain(&self, lifecycle: &Value) -> (Uuid, StepDispatch) {
        let name = format!("t{}", fastrand::u64(..));
        let mut template: Value =
            serde_json::from_str(&template(&name, &[("a", &[]), ("b", &["a"])])).unwrap();
        template["lifecycle"] = lifecycle.clone();
        self.publish(&template.to_string()).await;
        // Ignore messages of other tasks.
        self.steps.take();
        let task = self.create(&name, json!({})).await;
        (task, self.dispatched_one())
    }

    /// Creates a task `a → b` with step `a` in this state; for `pending`, step `b`.
    async fn standing(&self, state: StepState, lifecycle: &Value) -> Uuid {
        let (task, a) = self.chain(lifecycle).await;
        match state {
            StepState::Pending | StepState::Enqueued => {}
            StepState::InProgress => {
                let beat = self.heartbeat(&a, 86_400_000);
                self.orchestrator.engine.apply(vec![beat]).await.unwrap();
            }
            StepState::WaitingForRetry => assert!(self.fail(&a, true).await),
            StepState::Error => assert!(self.fail(&a, false).await),
            StepState::Complete => assert!(self.complete(&a, json!(1)).await),
            StepState::ResolvedManually => self.step_act(task, "a", StepAction::ResolveManually).await,
            other => panic!("no stored step has the state {other}"),
        }
        let (step, _) = of(state);
        assert_eq!(self.step(task, step).await.state, state);
        task
    }

    /// Returns the last transition of the step in this state.
    async fn last_change(&self, task: Uuid, state: StepState) -> (String, String) {
        let path = self.step_path(task, of(state).1).await;
        match &path[..] {
            [.., from, to] => (from.clone(), to.clone()),
            // A step that was never changed has no transition.
            _ => panic!("no change: {path:?}"),
        }
    }
}

/// Returns the step that is in this state, and its index.
fn of(state: StepState) -> (&'static str, u32) {
    if state == StepState::Pending { ("b", 1) } else { ("a", 0) }
}

fn pair(from: StepState, to: StepState) -> (String, String) {
    (from.to_string(), to.to_string())
}

fn completion() -> StepAction {
    let result = raw_json("1".into()).unwrap();
    StepAction::CompleteManually(Completion { result, branch: None, cursors: None })
}

/// The states of an unsettled step.
const OPEN: [StepState; 5] = [
    StepState::Pending,
    StepState::Enqueued,
    StepState::InProgress,
    StepState::WaitingForRetry,
    StepState::Error,
];

#[tokio::test]
async fn a_task_runs_to_its_end() {
    let fixture = Fixture::new().await;
    let (task, a) = fixture.chain(&json!({})).await;
    fixture.complete(&a, json!(1)).await;
    fixture.complete_all().await;
    assert_eq!(
        fixture.path(task).await,
        [
            "pending",
            "initializing",
            "enqueuing_steps",
            "steps_in_process",
            "evaluating_results",
            "enqueuing_steps",
            "steps_in_process",
            "evaluating_results",
            "complete"
        ]
    );
    fixture.publish(&template("empty", &[])).await;
    let empty = fixture.create("empty", json!({})).await;
    assert_eq!(fixture.path(empty).await, ["pending", "initializing", "complete"]);
}

#[tokio::test]
async fn a_task_whose_steps_still_run_goes_on() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &[])])).await;
    let task = fixture.create("pair", json!({})).await;
    fixture.complete(&fixture.dispatched()[0], json!(1)).await;
    let path = fixture.path(task).await;
    assert_eq!(path[3..], ["steps_in_process", "evaluating_results", "steps_in_process"]);
}

#[tokio::test]
async fn a_task_waits_for_a_retry_and_goes_on() {
    let mut fixture = Fixture::new().await;
    let task = fixture.standing(StepState::WaitingForRetry, &json!({})).await;
    // An operator settles an independent step: the task is evaluated and waits as before.
    fixture.step_act(task, "b", StepAction::ResolveManually).await;
    fixture.advance(TimeDelta::minutes(1));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(
        fixture.path(task).await[3..],
        [
            "steps_in_process",
            "waiting_for_retry",
            "evaluating_results",
            "waiting_for_retry",
            "enqueuing_steps",
            "steps_in_process"
        ]
    );
}

#[tokio::test]
async fn a_task_is_blocked_and_given_up_or_resolved_or_driven_on() {
    let fixture = Fixture::new().await;
    for (action, path) in [
        (TaskAction::GiveUp, vec!["error"]),
        (TaskAction::ResolveManually, vec!["resolved_manually"]),
        (TaskAction::Redrive, vec!["evaluating_results", "enqueuing_steps", "steps_in_process"]),
    ] {
        let task = fixture.standing(StepState::Error, &json!({})).await;
        fixture.act_on(task, action).await;
        let expected =
            ["steps_in_process", "evaluating_results", "blocked_by_failures"].into_iter().chain(path);
        assert_eq!(fixture.path(task).await[3..], expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_task_that_has_ended_is_taken_up_again() {
    let fixture = Fixture::new().await;
    let (complete, a) = fixture.chain(&json!({})).await;
    fixture.complete(&a, json!(1)).await;
    fixture.complete_all().await;
    fixture.act_on(complete, TaskAction::Rerun { step: "b".into() }).await;
    let failed = fixture.standing(StepState::Error, &json!({})).await;
    fixture.act_on(failed, TaskAction::GiveUp).await;
    fixture.step_act(failed, "a", StepAction::ResetForRetry).await;
    let resolved = fixture.standing(StepState::Error, &json!({})).await;
    fixture.act_on(resolved, TaskAction::ResolveManually).await;
    fixture.act_on(resolved, TaskAction::Rerun { step: "a".into() }).await;
    for (task, ended) in [(complete, "complete"), (failed, "error"), (resolved, "resolved_manually")] {
        let path = fixture.path(task).await;
        let expected = [ended, "evaluating_results", "enqueuing_steps", "steps_in_process"];
        assert_eq!(path[path.len() - 4..], expected);
    }
}

#[tokio::test]
async fn a_task_that_is_held_waits_and_is_evaluated_when_it_is_let_go() {
    let fixture = Fixture::new().await;
    let (task, a) = fixture.chain(&json!({})).await;
    fixture.act_on(task, TaskAction::Pause).await;
    fixture.complete(&a, json!(1)).await;
    fixture.act_on(task, TaskAction::Resume).await;
    assert_eq!(
        fixture.path(task).await[3..],
        [
            "steps_in_process",
            "evaluating_results",
            "waiting_for_dependencies",
            "evaluating_results",
            "enqueuing_steps",
            "steps_in_process"
        ]
    );
}

/// Creates a task in each stored state that is not an end.
async fn lasting(fixture: &Fixture, lifecycle: &Value) -> [(TaskState, Uuid); 4] {
    let (held, a) = fixture.chain(lifecycle).await;
    fixture.act_on(held, TaskAction::Pause).await;
    fixture.complete(&a, json!(1)).await;
    let tasks = [
        (TaskState::StepsInProcess, fixture.standing(StepState::Enqueued, lifecycle).await),
        (TaskState::WaitingForDependencies, held),
        (TaskState::WaitingForRetry, fixture.standing(StepState::WaitingForRetry, lifecycle).await),
        (TaskState::BlockedByFailures, fixture.standing(StepState::Error, lifecycle).await),
    ];
    for (state, task) in tasks {
        assert_eq!(fixture.task_state(task).await, state);
    }
    tasks
}

#[tokio::test]
async fn a_task_is_cancelled_wherever_it_stands() {
    let fixture = Fixture::new().await;
    for (state, task) in lasting(&fixture, &json!({})).await {
        fixture.orchestrator.engine.cancel(task, "ops", None).await.unwrap();
        assert_eq!(
            fixture.path(task).await.iter().rev().take(2).collect::<Vec<_>>(),
            ["cancelled", state.as_str()]
        );
    }
}

#[tokio::test]
async fn a_task_that_takes_too_long_ends_in_error_wherever_it_stands() {
    let mut fixture = Fixture::new().await;
    let lifecycle = json!({ "max_duration_minutes": 1, "auto_fail_on_timeout": true });
    let tasks = lasting(&fixture, &lifecycle).await;
    // Due work would move it.
    sqlx::query("UPDATE tasker.steps SET wake_at = NULL").execute(&fixture.database.pool).await.unwrap();
    fixture.advance(TimeDelta::minutes(2));
    fixture.orchestrator.engine.sweep().await.unwrap();
    for (state, task) in tasks {
        assert_eq!(
            fixture.path(task).await.iter().rev().take(2).collect::<Vec<_>>(),
            ["error", state.as_str()]
        );
    }
}

#[tokio::test]
async fn a_step_runs_to_its_end() {
    let fixture = Fixture::new().await;
    let (task, a) = fixture.chain(&json!({})).await;
    fixture.complete(&a, json!(1)).await;
    let expected = ["pending", "enqueued", "in_progress", "enqueued_for_orchestration", "complete"];
    assert_eq!(fixture.step_path(task, 0).await, expected);
}

#[tokio::test]
async fn a_step_fails_waits_runs_again_and_fails_for_good() {
    let mut fixture = Fixture::new().await;
    let (task, a) = fixture.chain(&json!({})).await;
    fixture.fail(&a, true).await;
    fixture.advance(TimeDelta::minutes(1));
    fixture.orchestrator.engine.sweep().await.unwrap();
    fixture.fail(&fixture.dispatched_one(), false).await;
    assert_eq!(
        fixture.step_path(task, 0).await[1..],
        [
            "enqueued",
            "in_progress",
            "enqueued_as_error_for_orchestration",
            "waiting_for_retry",
            "enqueued",
            "in_progress",
            "enqueued_as_error_for_orchestration",
            "error"
        ]
    );
}

#[tokio::test]
async fn a_step_whose_host_falls_silent_has_failed_like_any_other() {
    let mut fixture = Fixture::new().await;
    let (task, a) = fixture.chain(&json!({})).await;
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&a, 1000)]).await.unwrap();
    fixture.advance(TimeDelta::minutes(1));
    fixture.orchestrator.engine.sweep().await.unwrap();
    let expected = ["in_progress", "enqueued_as_error_for_orchestration", "waiting_for_retry"];
    assert_eq!(fixture.step_path(task, 0).await[2..5], expected);
}

#[tokio::test]
async fn a_step_whose_answer_cannot_be_has_failed_like_any_other() {
    let fixture = Fixture::new().await;
    let (task, a) = fixture.chain(&json!({})).await;
    fixture.report(&a, branch(&["b"])).await;
    let expected = ["in_progress", "enqueued_as_error_for_orchestration", "error"];
    assert_eq!(fixture.step_path(task, 0).await[2..], expected);
}

#[tokio::test]
async fn a_step_with_a_checkpoint_is_enqueued_again() {
    let fixture = Fixture::new().await;
    let (task, a) = fixture.chain(&json!({})).await;
    fixture.checkpoint(&a, json!(1)).await;
    let expected = ["in_progress", "enqueued_for_orchestration", "enqueued"];
    assert_eq!(fixture.step_path(task, 0).await[2..], expected);
}

#[tokio::test]
async fn a_step_in_error_is_reset() {
    let fixture = Fixture::new().await;
    let task = fixture.standing(StepState::Error, &json!({})).await;
    fixture.step_act(task, "a", StepAction::ResetForRetry).await;
    let (error, enqueued) = (StepState::Error, StepState::Enqueued);
    assert_eq!(fixture.last_change(task, error).await, pair(error, enqueued));
    // In a paused task it becomes pending.
    let task = fixture.standing(error, &json!({})).await;
    fixture.act_on(task, TaskAction::Pause).await;
    fixture.step_act(task, "a", StepAction::ResetForRetry).await;
    assert_eq!(fixture.last_change(task, error).await, pair(error, StepState::Pending));
}

#[tokio::test]
async fn an_open_step_is_cancelled_with_its_task() {
    let fixture = Fixture::new().await;
    for state in OPEN {
        let task = fixture.standing(state, &json!({})).await;
        fixture.orchestrator.engine.cancel(task, "ops", None).await.unwrap();
        assert_eq!(fixture.last_change(task, state).await, pair(state, StepState::Cancelled));
    }
}

#[tokio::test]
async fn an_open_step_is_resolved_or_completed_by_hand() {
    let fixture = Fixture::new().await;
    for state in OPEN {
        for (action, after) in
            [(StepAction::ResolveManually, StepState::ResolvedManually), (completion(), StepState::Complete)]
        {
            let task = fixture.standing(state, &json!({})).await;
            fixture.step_act(task, of(state).0, action).await;
            assert_eq!(fixture.last_change(task, state).await, pair(state, after));
        }
    }
    let resolved = StepState::ResolvedManually;
    let task = fixture.standing(resolved, &json!({})).await;
    fixture.step_act(task, "a", completion()).await;
    assert_eq!(fixture.last_change(task, resolved).await, pair(resolved, StepState::Complete));
}

#[tokio::test]
async fn a_step_that_runs_or_waits_fails_with_a_task_that_is_given_up() {
    for state in [StepState::Enqueued, StepState::InProgress, StepState::WaitingForRetry] {
        let mut fixture = Fixture::new().await;
        let lifecycle = json!({ "max_duration_minutes": 1, "auto_fail_on_timeout": true });
        let task = fixture.standing(state, &lifecycle).await;
        sqlx::query("UPDATE tasker.steps SET wake_at = NULL").execute(&fixture.database.pool).await.unwrap();
        fixture.advance(TimeDelta::minutes(2));
        fixture.orchestrator.engine.sweep().await.unwrap();
        assert_eq!(fixture.last_change(task, state).await, pair(state, StepState::Error));
    }
}

#[tokio::test]
async fn a_step_goes_back_to_its_place_when_its_task_is_run_again() {
    let fixture = Fixture::new().await;
    let states = [
        StepState::Enqueued,
        StepState::InProgress,
        StepState::WaitingForRetry,
        StepState::Error,
        StepState::Complete,
        StepState::ResolvedManually,
    ];
    for state in states {
        let task = fixture.standing(state, &json!({})).await;
        fixture.act_on(task, TaskAction::Rerun { step: "a".into() }).await;
        let path = fixture.step_path(task, 0).await;
        assert_eq!(path[path.len() - 3..], [state.as_str(), "pending", "enqueued"]);
    }
}

#[tokio::test]
async fn a_worker_that_was_cancelled_with_its_batch_goes_back_to_its_place() {
    let fixture = Fixture::new().await;
    let config = json!({ "failure_strategy": "fail_fast", "parallelism": 1 });
    let template = json!({ "name": "t", "version": "1.0.0", "steps": [
        { "name": "cut", "type": "batchable", "handler": { "callable": "work" }, "batch_config": config },
        { "name": "row", "type": "batch_worker", "dependencies": ["cut"], "handler": { "callable": "work" } } ] });
    fixture.publish(&template.to_string()).await;
    let task = fixture.create("t", json!({})).await;
    fixture.batch(&fixture.dispatched_one(), &[json!(1), json!(2)]).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    let second = fixture.step(task, "row_002").await;
    assert_eq!(second.state, StepState::Cancelled);
    fixture.act_on(task, TaskAction::Redrive).await;
    let path = fixture.step_path(task, second.step_index).await;
    assert_eq!(path[path.len() - 2..], ["cancelled", "pending"]);
}
