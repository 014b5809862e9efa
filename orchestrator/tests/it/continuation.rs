//! Continuation: a host goes on with the next step of a chain, and the orchestrator sends no message for it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_orchestrator::{
    Applied, StepAction, TaskAction,
    state::{StepState, TaskState},
};
use tasker_protocol::{Ending, OrchestratorMessage, Predecessor, StepDispatch, StepEvent};
use tasker_transport::{Claim, LeaseStore, execution_lease};
use uuid::Uuid;

use crate::fixture::{Fixture, branch, payload, template};

/// The reports of a host that runs a dispatch and goes on to the end of its chain. It completes each step with its name, and the
/// last one goes on to nothing.
fn visit(fixture: &Fixture, first: &StepDispatch, results: &[Value]) -> Vec<OrchestratorMessage> {
    let mut reports = Vec::new();
    let (mut dispatch, mut after) = (first.clone(), None);
    for (position, result) in results.iter().enumerate() {
        let next = dispatch.following(payload(result));
        let continues = position + 1 < results.len();
        let OrchestratorMessage::Report(mut report) =
            fixture.finished(&dispatch, Ending::Complete(payload(result)))
        else {
            unreachable!()
        };
        (report.continues, report.after) = (continues, after);
        after = Some(Predecessor { step_index: dispatch.step_index, finished_at: fixture.now });
        reports.push(OrchestratorMessage::Report(report));
        if continues {
            dispatch = next.unwrap_or_else(|| panic!("nothing follows {}", dispatch.step_name));
        }
    }
    reports
}

async fn chain(fixture: &Fixture, length: usize) -> (Uuid, StepDispatch) {
    let name = |step: usize| char::from(b'a' + step as u8).to_string();
    let steps: Vec<Value> = (0..length)
        .map(|step| {
            json!({ "name": name(step), "handler": { "callable": "work" },
                    "dependencies": step.checked_sub(1).map(name).into_iter().collect::<Vec<_>>() })
        })
        .collect();
    fixture.publish(&json!({ "name": "chain", "version": "1.0.0", "steps": steps }).to_string()).await;
    let task = fixture.create("chain", json!({ "n": 1 })).await;
    (task, fixture.dispatched_one())
}

async fn apply(fixture: &Fixture, reports: Vec<OrchestratorMessage>) -> (usize, usize, usize) {
    let Applied { ended, stale, early } = fixture.orchestrator.engine.apply(reports).await.unwrap();
    (ended, stale, early)
}

#[tokio::test]
async fn a_step_that_a_host_goes_on_with_gets_no_message() {
    let fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 3).await;
    let b = a.following(payload(&json!("from a"))).unwrap();
    assert_eq!((b.step_name.as_str(), b.execution, b.attempt, b.step_index), ("b", 1, 1, 1));
    assert_eq!(b.input.inline(), Some("{\"n\":1}"));
    assert_eq!(b.dependency_results.len(), 1);
    assert_eq!(
        (b.dependency_results[0].step.as_str(), b.dependency_results[0].result.inline()),
        ("a", Some("\"from a\""))
    );

    let mut reports = visit(&fixture, &a, &[json!(1), json!(2)]);
    let last = reports.split_off(1);
    assert_eq!(apply(&fixture, reports).await, (1, 0, 0));
    assert!(fixture.dispatched().is_empty(), "the host has gone on to b");
    let running = fixture.step(task, "b").await;
    assert_eq!((running.state, running.execution), (StepState::Enqueued, 1));
    assert_eq!(apply(&fixture, last).await, (1, 0, 0));
    // It went on no further.
    let c = fixture.dispatched_one();
    assert_eq!((c.step_name.as_str(), c.dependency_results[0].result.inline()), ("c", Some("2")));
    assert!(fixture.complete(&c, json!(3)).await);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn the_reports_of_a_visit_count_in_any_order() {
    let fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 5).await;
    let mut reports = visit(&fixture, &a, &[json!(1), json!(2), json!(3), json!(4), json!(5)]);
    reports.reverse();
    let early = reports.drain(..2).collect();
    assert_eq!(apply(&fixture, early).await, (0, 0, 2), "the reports of d and e come early");
    assert_eq!(apply(&fixture, reports).await, (3, 0, 0), "one batch, in the wrong order");
    assert!(fixture.dispatched().is_empty());
    assert_eq!(fixture.task_state(task).await, TaskState::StepsInProcess);

    let reports = visit(&fixture, &a, &[json!(1), json!(2), json!(3), json!(4), json!(5)]);
    assert_eq!(apply(&fixture, reports.clone()).await, (2, 3, 0), "all of them again");
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    assert_eq!(apply(&fixture, reports).await, (0, 5, 0));
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_host_that_does_not_go_on_after_all_delays_the_step() {
    let mut fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 2).await;
    let mut reports = visit(&fixture, &a, &[json!(1), json!(2)]);
    reports.truncate(1);
    assert_eq!(apply(&fixture, reports).await, (1, 0, 0));
    assert!(fixture.dispatched().is_empty());
    fixture.advance(TimeDelta::seconds(11));
    fixture.orchestrator.engine.sweep().await.unwrap();
    let b = fixture.dispatched_one();
    assert_eq!((b.step_name.as_str(), b.execution), ("b", 1));
    assert!(fixture.complete(&b, json!(2)).await);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_continued_execution_counts_only_if_the_one_before_it_did() {
    let mut fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 2).await;
    // A host runs a, and loses its lease before its reports arrive.
    let of_first_host = visit(&fixture, &a, &[json!("first"), json!("after first")]);
    apply(&fixture, vec![fixture.heartbeat(&a, 1000)]).await;
    fixture.advance(TimeDelta::seconds(2));
    fixture.orchestrator.engine.sweep().await.unwrap();
    fixture.advance(TimeDelta::minutes(1));
    fixture.orchestrator.engine.sweep().await.unwrap();
    let second = fixture.dispatched_one();
    assert_eq!((second.step_name.as_str(), second.execution), ("a", 2));
    assert_eq!(apply(&fixture, of_first_host.clone()).await, (0, 2, 0));

    assert!(second.next.is_empty(), "the numbers of later executions may have been used");
    assert!(fixture.complete(&second, json!("second")).await);
    let b = fixture.dispatched_one();
    assert_eq!((b.step_name.as_str(), b.execution), ("b", 2), "another number than on the first host");
    assert_eq!(apply(&fixture, of_first_host).await, (0, 2, 0));
    assert!(fixture.complete(&b, json!("after second")).await);
    assert_eq!(fixture.step(task, "b").await.result.unwrap().get(), "\"after second\"");
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn two_ends_of_one_execution_do_not_mix() {
    let mut fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 2).await;
    let late = visit(&fixture, &a, &[json!("late"), json!("after late")]);
    fixture.advance(TimeDelta::seconds(1));
    let mut reports = visit(&fixture, &a, &[json!("counts"), json!("after counts")]);
    let last = reports.split_off(1);
    // In one batch, the first report of b is of the end that does not count.
    let mixed = vec![late[1].clone(), reports.remove(0), last[0].clone()];
    assert_eq!(apply(&fixture, mixed).await, (2, 1, 0));
    assert_eq!(apply(&fixture, late).await, (0, 2, 0));
    assert_eq!(fixture.step(task, "b").await.result.unwrap().get(), "\"after counts\"");
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_step_that_a_host_ran_on_a_result_that_does_not_count_runs_again_at_once() {
    let mut fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 2).await;
    let late = visit(&fixture, &a, &[json!("late"), json!("after late")]);
    fixture.advance(TimeDelta::seconds(1));
    let mut reports = visit(&fixture, &a, &[json!("counts"), json!("after counts")]);
    reports.truncate(1);
    assert_eq!(apply(&fixture, reports).await, (1, 0, 0));
    // The other host has the lease of b, so this one could not go on.
    assert_eq!(apply(&fixture, late).await, (0, 2, 0));
    let b = fixture.dispatched_one();
    assert_eq!((b.step_name.as_str(), b.execution, b.attempt), ("b", 2, 1));
    assert_eq!(b.dependency_results[0].result.inline(), Some("\"counts\""));
    let claims = fixture.leases.acquire(&[execution_lease(task, 1, 1)], "anybody").await.unwrap();
    assert_eq!(claims, [Claim::Settled], "the other host is stopped");
    assert!(fixture.complete(&b, json!("after counts")).await);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_decision_on_a_result_that_does_not_count_creates_nothing() {
    let mut fixture = Fixture::new().await;
    let step = |name: &str, kind: &str, parents: &[&str]| json!({ "name": name, "type": kind, "dependencies": parents, "handler": { "callable": "work" } });
    let steps = [
        step("a", "standard", &[]),
        step("d", "decision", &["a"]),
        step("left", "standard", &["d"]),
        step("right", "standard", &["d"]),
    ];
    fixture.publish(&json!({ "name": "decided", "version": "1.0.0", "steps": steps }).to_string()).await;
    let task = fixture.create("decided", json!({})).await;
    let a = fixture.dispatched_one();
    let decided = |fixture: &Fixture, way: &str| {
        let mut reports = visit(fixture, &a, &[json!(way), json!(null)]);
        let OrchestratorMessage::Report(report) = &mut reports[1] else { unreachable!() };
        let StepEvent::Finished(execution) = &mut report.event else { unreachable!() };
        execution.ending = branch(&[way]);
        reports
    };
    let late = decided(&fixture, "left");
    fixture.advance(TimeDelta::seconds(1));
    let mut counts = decided(&fixture, "right");
    let last = counts.split_off(1);
    assert_eq!(apply(&fixture, counts).await, (1, 0, 0));
    assert_eq!(apply(&fixture, vec![late[1].clone(), last[0].clone()]).await, (1, 1, 0));
    assert_eq!(fixture.step_names(task).await, ["a", "d", "right"]);
    assert_eq!(fixture.complete_all().await, ["right"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_pause_lets_the_step_end_that_a_host_has_gone_on_with() {
    let fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 3).await;
    let engine = &fixture.orchestrator.engine;
    engine.operate_on_task(task, &TaskAction::Pause, "ops", None).await.unwrap();
    let reports = visit(&fixture, &a, &[json!(1), json!(2)]);
    assert_eq!(apply(&fixture, reports).await, (2, 0, 0));
    assert!(fixture.dispatched().is_empty());
    assert_eq!(fixture.step(task, "b").await.state, StepState::Complete);
    assert_eq!(fixture.step(task, "c").await.state, StepState::Pending, "nothing else starts");
    engine.operate_on_task(task, &TaskAction::Resume, "ops", None).await.unwrap();
    assert_eq!(fixture.complete_all().await, ["c"]);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_host_that_went_on_in_a_cancelled_task_is_stopped_by_its_heartbeat() {
    let fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 2).await;
    let mut reports = visit(&fixture, &a, &[json!(1), json!(2)]);
    let b = a.following(payload(&json!(1))).unwrap();
    let lease = execution_lease(task, b.step_index, b.execution);
    let held = fixture.leases.acquire(std::slice::from_ref(&lease), "the host").await.unwrap();
    assert_eq!(held, [Claim::Acquired { lost: 0 }]);
    let early = fixture.heartbeat(&b, 30_000);
    let holds = async || fixture.leases.holds(std::slice::from_ref(&lease), "the host").await.unwrap()[0];
    apply(&fixture, vec![early.clone()]).await;
    assert!(holds().await, "the report of a may still come");
    assert_eq!(fixture.step(task, "b").await.state, StepState::Pending);
    fixture.orchestrator.engine.cancel(task, "ops", None).await.unwrap();
    apply(&fixture, vec![early]).await;
    assert!(!holds().await);
    assert_eq!(apply(&fixture, reports.split_off(1)).await, (0, 1, 0));
}

#[tokio::test]
async fn a_step_that_was_completed_by_hand_takes_no_result_of_a_host_that_went_on() {
    let fixture = Fixture::new().await;
    let (task, a) = chain(&fixture, 2).await;
    let reports = visit(&fixture, &a, &[json!("by the host"), json!("after the host")]);
    let by_hand = StepAction::CompleteManually(tasker_orchestrator::Completion {
        result: tasker_protocol::raw_json("\"by hand\"".to_owned()).unwrap(),
        branch: None,
        cursors: None,
    });
    fixture.orchestrator.engine.operate_on_step(task, "a", by_hand, "ops", "because").await.unwrap();
    assert_eq!(apply(&fixture, reports).await, (0, 2, 0));
    let b = fixture.dispatched_one();
    assert_eq!(b.execution, 2, "the host may have the lease of the first");
    assert_eq!(b.dependency_results[0].result.inline(), Some("\"by hand\""));
    assert!(fixture.complete(&b, json!(2)).await);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn only_a_step_that_needs_nothing_else_may_follow() {
    let fixture = Fixture::new().await;
    fixture
        .publish(&template(
            "fan",
            &[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"]), ("e", &["d"])],
        ))
        .await;
    fixture.create("fan", json!({})).await;
    let following = |dispatch: &StepDispatch| -> Vec<String> {
        dispatch.next.iter().map(|next| next.step_name.clone()).collect()
    };
    let a = fixture.dispatched_one();
    assert!(following(&a).is_empty(), "two steps follow a");
    fixture.complete(&a, json!(1)).await;
    for step in fixture.dispatched() {
        assert!(following(&step).is_empty(), "d has two dependencies");
        fixture.complete(&step, json!(1)).await;
    }
    assert_eq!(following(&fixture.dispatched_one()), ["e"]);

    let handler = json!({ "callable": "work" });
    let step = |name: &str, more: Value| {
        let mut step = json!({ "name": name, "handler": handler });
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step
    };
    for (number, (first, second)) in [
        (json!({}), json!({ "continue": false })),
        (json!({ "result_schema": { "type": "number" } }), json!({})),
        (json!({ "type": "decision" }), json!({})),
    ]
    .into_iter()
    .enumerate()
    {
        let mut second = second;
        second["dependencies"] = json!(["a"]);
        let name = format!("excluded{number}");
        let steps = [step("a", first), step("b", second)];
        fixture.publish(&json!({ "name": name, "version": "1.0.0", "steps": steps }).to_string()).await;
        fixture.create(&name, json!({})).await;
        assert!(following(&fixture.dispatched_one()).is_empty(), "{steps:?}");
    }

    let long: Vec<Value> = (0..20)
        .map(|index: u32| {
            let before = index.checked_sub(1).map(|before| format!("s{before}"));
            let more = json!({ "dependencies": before.into_iter().collect::<Vec<_>>() });
            step(&format!("s{index}"), more)
        })
        .collect();
    fixture.publish(&json!({ "name": "long", "version": "1.0.0", "steps": long }).to_string()).await;
    fixture.create("long", json!({})).await;
    assert_eq!(following(&fixture.dispatched_one()).len(), 7, "a visit ends after eight steps");
}
