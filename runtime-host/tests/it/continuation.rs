//! Continuation: a worker goes on with the steps that its dispatch names, each after the report of the one before.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tasker_protocol::{
    Ending, NextStep, OrchestratorMessage, Predecessor, StepDispatch, StepEvent, StepReport, decode,
};
use tasker_transport::{Claim, LeaseStore, MemoryLeases, MemoryQueue, execution_lease};

use crate::{
    support::{config, dispatch, raw},
    worker::{Running, step_reports},
};

const TERM: Duration = Duration::from_secs(30);

/// A worker on in-memory queues, and its leases.
fn worker() -> (Running, Arc<MemoryLeases>) {
    let leases = Arc::new(MemoryLeases::new(TERM, TERM));
    let queue = |name| Arc::new(MemoryQueue::new(name, TERM, 1000));
    (Running::on(queue("steps"), queue("reports"), leases.clone(), config()), leases)
}

/// A dispatch of the first handler, after which the others may follow.
fn chain(handlers: &[&str], input: &Value) -> StepDispatch {
    let mut first = dispatch(handlers[0], input);
    for (handler, step_index) in handlers[1..].iter().zip(1..) {
        let like = dispatch(handler, input);
        first.next.push(Arc::new(NextStep {
            step_index,
            max_attempts: 3,
            step_name: format!("step {step_index}"),
            handler: like.handler,
            configuration: raw(&json!({ "is": step_index })),
            limits: like.limits,
            grants: like.grants,
        }));
    }
    first
}

/// The next report of an end.
async fn ended(running: &Running) -> StepReport {
    loop {
        let (body, event) = running.report().await;
        if let (OrchestratorMessage::Report(report), StepEvent::Finished(_)) = (decode(&body).unwrap(), event)
        {
            return report;
        }
    }
}

fn result(report: &StepReport) -> Value {
    let StepEvent::Finished(execution) = &report.event else { panic!("{report:?}") };
    let Ending::Complete(result) = &execution.ending else { panic!("{:?}", execution.ending) };
    serde_json::from_str(result.inline().unwrap()).unwrap()
}

fn predecessor(report: &StepReport) -> Predecessor {
    let StepEvent::Finished(execution) = &report.event else { panic!("{report:?}") };
    Predecessor { step_index: report.step_index, finished_at: execution.finished_at }
}

fn lease_of(first: &StepDispatch, step: u32) -> String {
    execution_lease(first.task_id, step, first.execution)
}

/// Checks that the worker has reported all: the next report is of a step that is sent now.
async fn is_idle(running: &Running) {
    let mut other = dispatch("echo", &json!("idle"));
    other.task_id = uuid::Uuid::now_v7();
    running.send(&other).await;
    let report = ended(running).await;
    assert_eq!((report.task_id, result(&report)), (other.task_id, json!("idle")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_is_run_in_one_visit() {
    let (running, leases) = worker();
    // The worker goes on only to components that it has loaded.
    is_idle(&running).await;
    let first = chain(&["echo", "context", "echo"], &json!({ "n": 1 }));
    running.send(&first).await;
    let mut before = None;
    for (step, continues) in [(0, true), (1, true), (2, false)] {
        let report = ended(&running).await;
        assert_eq!((report.step_index, report.template_step, report.execution), (step, step, 1));
        assert_eq!((report.continues, report.after), (continues, before));
        before = Some(predecessor(&report));
        if step == 1 {
            let context = result(&report);
            assert_eq!(context["step_name"], "step 1", "{context}");
            assert_eq!(context["task_input"], json!({ "n": 1 }));
            assert_eq!(context["configuration"], json!({ "is": 1 }));
            assert_eq!(context["dependency_results"], json!([{ "step": "probe", "result": { "n": 1 } }]));
        }
    }
    is_idle(&running).await;
    let steps = running.connections.steps.clone();
    running.end().await;
    let all: Vec<String> = (0..3).map(|step| lease_of(&first, step)).collect();
    assert_eq!(leases.are_settled(&all, Duration::ZERO).await.unwrap(), [true; 3]);
    assert_eq!(steps.backlog().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_another_host_has_is_left_to_it() {
    let (running, leases) = worker();
    is_idle(&running).await;
    let first = chain(&["echo", "echo"], &json!(1));
    let taken = leases.acquire(&[lease_of(&first, 1)], "another host").await.unwrap();
    assert_eq!(taken, [Claim::Acquired { lost: 0 }]);
    running.send(&first).await;
    assert!(ended(&running).await.continues, "it does not know yet");
    is_idle(&running).await;
    assert_eq!(leases.holds(&[lease_of(&first, 1)], "another host").await.unwrap(), [true]);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_goes_on_only_from_a_short_complete_step_to_what_it_can_start_now() {
    let (running, _) = worker();
    is_idle(&running).await;
    let mut unknown = chain(&["echo", "echo"], &json!(1));
    Arc::make_mut(&mut unknown.next[0]).handler.component = "f".repeat(64);
    let mut large = chain(&["echo", "echo"], &json!(1));
    Arc::make_mut(&mut large.next[0]).limits.memory_bytes = u64::MAX;
    let cases = [
        ("a component that is not loaded", unknown),
        ("memory that the host does not have", large),
        ("a failure", chain(&["decline", "echo"], &json!(1))),
        ("a checkpoint", chain(&["checkpoint", "echo"], &json!(1))),
        ("a long step", chain(&["sleep", "echo"], &json!(600))),
    ];
    for (execution, (name, mut step)) in (10..).zip(cases) {
        step.execution = execution;
        running.send(&step).await;
        let report = ended(&running).await;
        assert_eq!((report.execution, report.continues), (execution, false), "{name}");
        is_idle(&running).await;
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_stops_starts_nothing_more() {
    let (running, leases) = worker();
    is_idle(&running).await;
    let first = chain(&["sleep", "echo"], &json!(300));
    running.send(&first).await;
    while leases.acquire(&[lease_of(&first, 0)], "another host").await.unwrap() != [Claim::Held] {
        leases.release(&[lease_of(&first, 0)], "another host").await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let connections = running.connections.clone();
    running.end().await;
    let mut sent = step_reports(&connections).await;
    assert_eq!(sent.len(), 1);
    let report = sent.remove(0);
    assert_eq!((result(&report), report.continues), (json!("slept"), false));
}
