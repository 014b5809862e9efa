//! Decisions: which steps they create and when, and how unchosen branches affect other steps.

use serde_json::json;
use tasker_orchestrator::state::{StepState, TaskState};
use tasker_protocol::{Ending, StepDispatch};
use uuid::Uuid;

use crate::fixture::{Fixture, branch, failed, names, payload};

/// A decision between two branches, one of which has a further step, and a convergence of both.
const CHOICE: &str = "
name: choice
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: start, handler: { callable: work } }
  - { name: choose, type: decision, dependencies: [start], handler: { callable: work } }
  - { name: left, dependencies: [choose], handler: { callable: work } }
  - { name: right, dependencies: [choose], handler: { callable: work } }
  - { name: right_tail, dependencies: [right], handler: { callable: work } }
  - { name: join, type: deferred_convergence, dependencies: [left, right_tail], handler: { callable: work } }
  - { name: after, dependencies: [join], handler: { callable: work } }
";

/// Creates a task of a template and returns its first sent steps.
async fn begin(fixture: &Fixture, template: &str) -> (Uuid, Vec<StepDispatch>) {
    fixture.publish(template).await;
    let name = template.lines().find_map(|line| line.strip_prefix("name: ")).unwrap();
    let task = fixture.create(name, json!({})).await;
    (task, fixture.dispatched())
}

/// Creates a task of [`CHOICE`] and returns its sent decision.
async fn deciding(fixture: &Fixture) -> (Uuid, StepDispatch) {
    let (task, start) = begin(fixture, CHOICE).await;
    assert_eq!(fixture.step_names(task).await, ["start", "choose"], "only what no decision creates");
    fixture.complete(&start[0], json!(1)).await;
    (task, fixture.dispatched_one())
}

#[tokio::test]
async fn a_branch_is_created_with_all_that_follows_from_it() {
    let fixture = Fixture::new().await;
    let (task, choose) = deciding(&fixture).await;
    assert!(fixture.branch(&choose, &["right"]).await);
    assert_eq!(fixture.step_names(task).await, ["start", "choose", "right", "right_tail", "join", "after"]);
    assert_eq!(fixture.complete_all().await, ["right", "right_tail", "join", "after"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn convergence_waits_for_every_branch_and_gets_the_results_of_those_there_are() {
    let fixture = Fixture::new().await;
    let (_, choose) = deciding(&fixture).await;
    fixture.branch(&choose, &["left", "right"]).await;
    let both = fixture.dispatched();
    assert_eq!(names(&both), ["left", "right"]);
    fixture.complete(&both[0], json!("l")).await;
    assert!(fixture.dispatched().is_empty(), "the convergence ran before its second branch");
    fixture.complete(&both[1], json!("r")).await;
    fixture.complete(&fixture.dispatched_one(), json!("tail")).await;
    let join = fixture.dispatched_one();
    let given: Vec<_> =
        join.dependency_results.iter().map(|given| (given.step.as_str(), given.result.inline())).collect();
    assert_eq!(given, [("left", Some("\"l\"")), ("right_tail", Some("\"tail\""))]);
}

#[tokio::test]
async fn no_branch_creates_nothing_and_the_task_completes() {
    let fixture = Fixture::new().await;
    let (task, choose) = deciding(&fixture).await;
    fixture.branch(&choose, &[]).await;
    assert_eq!(fixture.step_names(task).await, ["start", "choose"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_repeated_report_expands_once() {
    let fixture = Fixture::new().await;
    let (task, choose) = deciding(&fixture).await;
    let (left, right) = (branch(&["left"]), branch(&["right"]));
    let reports = vec![
        fixture.finished(&choose, left.clone()),
        fixture.finished(&choose, right.clone()),
        fixture.finished(&choose, left.clone()),
    ];
    let applied = fixture.orchestrator.engine.apply(reports).await.unwrap();
    assert_eq!((applied.ended, applied.stale), (1, 2));
    assert!(!fixture.report(&choose, right).await, "a late report was applied");
    assert_eq!(fixture.step_names(task).await, ["start", "choose", "left", "join", "after"]);
}

#[tokio::test]
async fn a_branch_that_cannot_be_fails_the_step_and_blocks_the_task() {
    let fixture = Fixture::new().await;
    let too_many: Vec<String> = (0..101).map(|index| format!("s{index}")).collect();
    let too_many: Vec<&str> = too_many.iter().map(String::as_str).collect();
    let cases: [(Ending, &str); 6] = [
        (branch(&["lft"]), "the template has no step `lft`; did you mean `left`?"),
        (branch(&["left", "start"]), "step `start` does not come after the decision"),
        (branch(&["right_tail"]), "also depends on `right`, and no named step creates that"),
        (branch(&too_many), "101 steps; at most 100"),
        (Ending::Complete(payload(&json!(1))), "a step of type `decision` cannot; return `branch`"),
        (Ending::Batch { cursors: Vec::new(), result: payload(&json!(1)) }, "returned `batch`"),
    ];
    for (ending, expected) in cases {
        let (task, choose) = deciding(&fixture).await;
        assert!(fixture.report(&choose, ending).await);
        let step = fixture.step(task, "choose").await;
        let told = step.last_failure.unwrap();
        assert!(told.get().contains(expected), "{expected} is not in {told}");
        assert_eq!(step.state, StepState::Error);
        assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
        assert_eq!(fixture.step_names(task).await, ["start", "choose"]);
        fixture.check_audit(task).await;
    }
}

#[tokio::test]
async fn an_ordinary_step_cannot_branch_or_cut_batches() {
    let fixture = Fixture::new().await;
    for ending in [branch(&["choose"]), Ending::Batch { cursors: Vec::new(), result: payload(&json!(1)) }] {
        let (task, start) = begin(&fixture, CHOICE).await;
        fixture.report(&start[0], ending).await;
        let told = fixture.step(task, "start").await.last_failure.unwrap();
        assert!(told.get().contains("OutcomeNotAllowed"), "{told}");
    }
}

#[tokio::test]
async fn a_failing_decision_is_retried_and_then_decides() {
    let mut fixture = Fixture::new().await;
    let (task, choose) = deciding(&fixture).await;
    fixture.report(&choose, failed(true)).await;
    assert_eq!(fixture.step_names(task).await, ["start", "choose"]);
    fixture.advance(chrono::TimeDelta::seconds(60));
    fixture.orchestrator.engine.sweep().await.unwrap();
    fixture.branch(&fixture.dispatched_one(), &["left"]).await;
    assert_eq!(fixture.complete_all().await, ["left", "join", "after"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

/// A decision that another decision creates, and one convergence of both.
const NESTED: &str = "
name: nested
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: first, type: decision, handler: { callable: work } }
  - { name: plain, dependencies: [first], handler: { callable: work } }
  - { name: deeper, dependencies: [first], handler: { callable: work } }
  - { name: second, type: decision, dependencies: [deeper], handler: { callable: work } }
  - { name: x, dependencies: [second], handler: { callable: work } }
  - { name: y, dependencies: [second], handler: { callable: work } }
  - { name: join, type: deferred_convergence, dependencies: [plain, x, y], handler: { callable: work } }
";

#[tokio::test]
async fn convergence_waits_for_a_nested_decision_that_may_still_reach_it() {
    for (chosen, ran) in [(vec!["x"], vec!["x", "join"]), (vec![], vec!["join"])] {
        let fixture = Fixture::new().await;
        let (task, first) = begin(&fixture, NESTED).await;
        fixture.branch(&first[0], &["plain", "deeper"]).await;
        let both = fixture.dispatched();
        assert_eq!(names(&both), ["deeper", "plain"]);
        fixture.complete(&both[1], json!(1)).await;
        assert!(fixture.dispatched().is_empty(), "the nested decision may still create x or y");
        fixture.complete(&both[0], json!(1)).await;
        let second = fixture.dispatched_one();
        assert_eq!(second.step_name, "second");
        fixture.branch(&second, &chosen).await;
        assert_eq!(fixture.complete_all().await, ran);
        assert_eq!(fixture.task_state(task).await, TaskState::Complete);
        fixture.check_audit(task).await;
    }
}

#[tokio::test]
async fn a_nested_decision_that_is_not_chosen_keeps_nobody_waiting() {
    let fixture = Fixture::new().await;
    let (task, first) = begin(&fixture, NESTED).await;
    fixture.branch(&first[0], &["plain"]).await;
    assert_eq!(fixture.complete_all().await, ["plain", "join"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

/// Two independent decisions with one convergence.
const PARALLEL: &str = "
name: parallel
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: d1, type: decision, handler: { callable: work } }
  - { name: d2, type: decision, handler: { callable: work } }
  - { name: a, dependencies: [d1], handler: { callable: work } }
  - { name: b, dependencies: [d2], handler: { callable: work } }
  - { name: both, dependencies: [a, b], handler: { callable: work } }
  - { name: join, type: deferred_convergence, dependencies: [a, b], handler: { callable: work } }
";

#[tokio::test]
async fn two_decisions_side_by_side_converge_whatever_they_choose_and_when() {
    let choices: [(&[&str], &[&str], &[&str]); 4] = [
        (&["a"], &["b"], &["d1", "d2", "a", "b", "both", "join"]),
        (&["a"], &[], &["d1", "d2", "a", "join"]),
        (&[], &["b"], &["d1", "d2", "b", "join"]),
        (&[], &[], &["d1", "d2"]),
    ];
    for (first, second, steps) in choices {
        for together in [true, false] {
            let fixture = Fixture::new().await;
            let (task, decisions) = begin(&fixture, PARALLEL).await;
            let first = fixture.finished(&decisions[0], branch(first));
            let second = fixture.finished(&decisions[1], branch(second));
            if together {
                fixture.orchestrator.engine.apply(vec![second, first]).await.unwrap();
            } else {
                fixture.orchestrator.engine.apply(vec![first]).await.unwrap();
                for step in fixture.dispatched() {
                    assert_eq!(step.step_name, "a");
                    fixture.complete(&step, json!(1)).await;
                    assert!(
                        fixture.dispatched().is_empty(),
                        "the second decision may still reach the convergence"
                    );
                }
                fixture.orchestrator.engine.apply(vec![second]).await.unwrap();
            }
            fixture.complete_all().await;
            assert_eq!(fixture.step_names(task).await, steps);
            assert_eq!(
                fixture.task_state(task).await,
                TaskState::Complete,
                "{steps:?}, together: {together}"
            );
            fixture.check_audit(task).await;
        }
    }
}

#[tokio::test]
async fn decisions_may_follow_each_other_twenty_deep_and_no_deeper() {
    let template = |depth: usize| {
        let mut text = "name: deep\nversion: 1.0.0\nsteps:\n".to_owned();
        for index in 0..depth {
            let before = if index == 0 { String::new() } else { format!("d{}", index - 1) };
            text += &format!(
                "  - {{ name: d{index}, type: decision, dependencies: [{before}], handler: {{ callable: work }} }}\n"
            );
        }
        text
    };
    assert!(tasker_templates::template::parse(&template(20)).is_ok());
    let problems = tasker_templates::template::parse(&template(21)).unwrap_err();
    assert!(problems.to_string().contains("21 decisions follow each other; at most 20 can"), "{problems}");
}

/// A decision whose branch depends on a step that only another decision can create, and one whose branch depends on a
/// step that an earlier decision may have left out.
const FOREIGN: &str = "
name: foreign
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: d1, type: decision, handler: { callable: work } }
  - { name: a, dependencies: [d1], handler: { callable: work } }
  - { name: b, dependencies: [d1], handler: { callable: work } }
  - { name: join, type: deferred_convergence, dependencies: [a, b], handler: { callable: work } }
  - { name: d2, type: decision, dependencies: [join], handler: { callable: work } }
  - { name: needs_b, dependencies: [d2, b], handler: { callable: work } }
  - { name: d3, type: decision, handler: { callable: work } }
  - { name: needs_a, dependencies: [d3, a], handler: { callable: work } }
";

#[tokio::test]
async fn a_branch_that_needs_what_may_not_be_there_is_refused() {
    let fixture = Fixture::new().await;
    let (task, decisions) = begin(&fixture, FOREIGN).await;
    fixture.branch(&decisions[1], &["needs_a"]).await;
    let told = fixture.step(task, "d3").await.last_failure.unwrap();
    assert!(told.get().contains("`needs_a`, which also depends on `a`"), "{told}");
    fixture.branch(&decisions[0], &["a"]).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    fixture.branch(&fixture.dispatched_one(), &["needs_b"]).await;
    let told = fixture.step(task, "d2").await.last_failure.unwrap();
    assert!(told.get().contains("`needs_b`, which also depends on `b`"), "{told}");
}
