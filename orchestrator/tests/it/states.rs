//! The database has the same states as the code, and moves only along their edges.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use tasker_orchestrator::{
    FUNCTION_SET, Slice,
    state::{StepState, TaskState},
};
use tasker_protocol::{OrchestratorMessage, StepDispatch, StepDue, VERSION};
use uuid::Uuid;

use crate::fixture::{Fixture, failed, payload, template};

/// An event on a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Success,
    RetryableFailure,
    PermanentFailure,
    Heartbeat,
    RetryDue,
    Sweep,
    Cancel,
}

const EVENTS: [Event; 7] = [
    Event::Success,
    Event::RetryableFailure,
    Event::PermanentFailure,
    Event::Heartbeat,
    Event::RetryDue,
    Event::Sweep,
    Event::Cancel,
];

/// Returns the state after an event; the same state if the event must change nothing.
fn expected(state: StepState, event: Event) -> StepState {
    use StepState as S;
    match (state, event) {
        (S::Enqueued | S::InProgress, Event::Success) => S::Complete,
        (S::Enqueued | S::InProgress, Event::RetryableFailure) => S::WaitingForRetry,
        (S::Enqueued | S::InProgress, Event::PermanentFailure) => S::Error,
        (S::Enqueued | S::InProgress, Event::Heartbeat) => S::InProgress,
        // The sweep finds a step in progress only after its lease has expired.
        (S::InProgress, Event::Sweep) => S::WaitingForRetry,
        (S::WaitingForRetry, Event::RetryDue | Event::Sweep) => S::Enqueued,
        (S::Complete | S::Cancelled | S::ResolvedManually, Event::Cancel) => state,
        (_, Event::Cancel) => S::Cancelled,
        _ => state,
    }
}

/// Puts a step in its first attempt into a state without the usual events.
async fn put(pool: &PgPool, task: Uuid, state: StepState) {
    let running = matches!(state, StepState::Enqueued | StepState::InProgress);
    let retrying = state == StepState::WaitingForRetry;
    sqlx::query(
        sqlx::AssertSqlSafe(format!("UPDATE tasker.steps SET state = $2, wake_at = CASE WHEN $3 OR $4 THEN {FUNCTION_SET}.now() END,
             next_retry_at = CASE WHEN $4 THEN {FUNCTION_SET}.now() END, finished_at = CASE WHEN $4 THEN {FUNCTION_SET}.now() END
         WHERE task_id = $1 AND step_index = 0")),
    )
    .bind(task)
    .bind(state.as_str())
    .bind(running)
    .bind(retrying)
    .execute(pool)
    .await
    .unwrap();
    let task_state = if running {
        TaskState::StepsInProcess
    } else if retrying {
        TaskState::WaitingForRetry
    } else if state == StepState::Error {
        TaskState::BlockedByFailures
    } else {
        TaskState::WaitingForDependencies
    };
    sqlx::query(
        "UPDATE tasker.tasks SET state = $2, steps_running = $3, steps_retrying = $4, steps_failed = $5,
             steps_satisfied = $6 WHERE task_id = $1",
    )
    .bind(task)
    .bind(task_state.as_str())
    .bind(i32::from(running))
    .bind(i32::from(retrying))
    .bind(i32::from(state == StepState::Error))
    .bind(i32::from(state.satisfies_dependents()))
    .execute(pool)
    .await
    .unwrap();
}

async fn happen(fixture: &Fixture, step: &StepDispatch, event: Event) {
    let orchestrator = &fixture.orchestrator;
    let message = match event {
        Event::Success => fixture.finished(step, tasker_protocol::Ending::Complete(payload(&json!(1)))),
        Event::RetryableFailure => fixture.finished(step, failed(true)),
        Event::PermanentFailure => fixture.finished(step, failed(false)),
        Event::Heartbeat => fixture.heartbeat(step, 60_000),
        Event::RetryDue => OrchestratorMessage::Due(StepDue {
            version: VERSION,
            task_id: step.task_id,
            step_index: step.step_index,
            execution: step.execution,
        }),
        Event::Sweep => {
            orchestrator.engine.sweep().await.unwrap();
            return;
        }
        Event::Cancel => {
            orchestrator.engine.cancel(step.task_id, "test", None).await.unwrap();
            return;
        }
    };
    orchestrator.engine.apply(vec![message]).await.unwrap();
}

#[tokio::test]
async fn every_event_in_every_state_moves_along_an_edge_or_not_at_all() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &["a"])])).await;
    for &state in StepState::ALL.iter().filter(|state| state.is_stored()) {
        for event in EVENTS {
            let task = fixture.create("pair", json!({})).await;
            let step = fixture.dispatched_one();
            put(&fixture.database.pool, task, state).await;
            happen(&fixture, &step, event).await;
            let after = fixture.step(task, "a").await.state;
            assert_eq!(after, expected(state, event), "{state} --{event:?}-->");
            let transitions =
                fixture.orchestrator.reader.transitions(task, Some(0), Slice::all()).await.unwrap();
            for change in transitions.iter().filter(|change| change.event != "created") {
                let from = StepState::from_name(&change.from_state).unwrap();
                let to = StepState::from_name(&change.to_state).unwrap();
                assert!(from.successors().contains(&to), "{state} --{event:?}--> took {from} → {to}");
            }
            if after == state {
                let changes = transitions.iter().filter(|change| change.event != "created").count();
                assert!(changes == 0 || event == Event::Cancel, "{state} --{event:?}--> wrote an audit row");
            }
            // The sweep of the next case must not find due work of this one.
            fixture.orchestrator.engine.cancel(task, "test", None).await.ok();
            sqlx::query("UPDATE tasker.steps SET wake_at = NULL WHERE task_id = $1")
                .bind(task)
                .execute(&fixture.database.pool)
                .await
                .unwrap();
            fixture.dispatched();
            fixture.timers();
        }
    }
    fixture.advance(TimeDelta::hours(1));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap(), tasker_orchestrator::Swept::default());
}

#[test]
fn terminal_states_have_no_successor_but_an_operators() {
    assert!(TaskState::Cancelled.successors().is_empty());
    for state in [TaskState::Complete, TaskState::Error, TaskState::ResolvedManually] {
        // A reset or a rerun.
        assert_eq!(state.successors(), [TaskState::EvaluatingResults], "{state}");
    }
    for state in [StepState::Complete, StepState::Cancelled] {
        assert_eq!(state.successors(), [StepState::Pending], "{state}");
    }
}
