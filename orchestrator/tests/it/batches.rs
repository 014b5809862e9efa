//! Batches: creation of workers, parallelism, failure strategies, checkpoints, convergence.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_orchestrator::{
    Slice, StepAction,
    read::DlqFilter,
    state::{StepState, TaskState},
};
use tasker_protocol::StepDispatch;
use uuid::Uuid;

use crate::fixture::{Fixture, names};

fn template(config: &Value) -> String {
    json!({
        "name": "rows", "version": "1.0.0", "identity_strategy": "always_unique",
        "steps": [
            { "name": "cut", "type": "batchable", "handler": { "callable": "work" }, "batch_config": config },
            { "name": "process", "type": "batch_worker", "dependencies": ["cut"], "handler": { "callable": "work" },
              "retry": { "max_attempts": 2, "jitter": false } },
            { "name": "sum", "type": "deferred_convergence", "dependencies": ["process"],
              "handler": { "callable": "work" } },
        ],
    })
    .to_string()
}

/// Creates a task and completes its batchable step with these cursors. Returns the task and the sent workers.
async fn cut(fixture: &Fixture, config: Value, cursors: &[Value]) -> (Uuid, Vec<StepDispatch>) {
    fixture.publish(&template(&config)).await;
    let task = fixture.create("rows", json!({})).await;
    assert_eq!(fixture.step_names(task).await, ["cut", "sum"], "workers come with the cut");
    assert!(fixture.batch(&fixture.dispatched_one(), cursors).await);
    (task, fixture.dispatched())
}

fn cursors(count: u32) -> Vec<Value> {
    (0..count).map(|index| json!({ "start": index * 10, "end": index * 10 + 10 })).collect()
}

#[tokio::test]
async fn one_worker_for_each_cursor_and_convergence_after_them_all() {
    let fixture = Fixture::new().await;
    // A cursor is any JSON value.
    let given = [json!({ "start": "a", "end": "m" }), json!([1, 2.50]), json!("z")];
    let (task, workers) = cut(&fixture, json!({ "worker_template": "process" }), &given).await;
    assert_eq!(names(&workers), ["process_001", "process_002", "process_003"]);
    for (index, (worker, cursor)) in workers.iter().zip(&given).enumerate() {
        assert_eq!(worker.cursor.as_ref().unwrap().get(), cursor.to_string());
        let batch = worker.batch.as_ref().unwrap();
        let metadata: Value = serde_json::from_str(batch.metadata.get()).unwrap();
        assert_eq!(
            metadata,
            json!({ "batch_step": "cut", "worker_number": index + 1, "total_workers": 3, "batch_size": 1000,
                    "parallelism": 10, "cursor_field": "id", "failure_strategy": "continue_on_failure" })
        );
        assert!(!batch.is_no_op);
        // Each worker also gets the result of the batchable step.
        assert_eq!(worker.dependency_results[0].step, "cut");
    }
    fixture.complete(&workers[2], json!(30)).await;
    fixture.complete(&workers[0], json!(10)).await;
    assert!(fixture.dispatched().is_empty());
    fixture.complete(&workers[1], json!(20)).await;
    let sum = fixture.dispatched_one();
    let given: Vec<_> = sum
        .dependency_results
        .iter()
        .map(|given| (given.step.as_str(), given.result.inline().unwrap()))
        .collect();
    assert_eq!(given, [("process_001", "10"), ("process_002", "20"), ("process_003", "30")]);
    fixture.complete(&sum, json!(60)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn nothing_to_do_is_one_placeholder_worker() {
    let fixture = Fixture::new().await;
    let (task, workers) = cut(&fixture, json!({}), &[]).await;
    assert_eq!(names(&workers), ["process_001"]);
    assert!(workers[0].cursor.is_none());
    assert!(workers[0].batch.as_ref().unwrap().is_no_op);
    assert!(fixture.complete(&workers[0], json!(null)).await);
    assert_eq!(fixture.complete_all().await, ["sum"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn no_more_workers_are_out_than_parallelism_allows() {
    let fixture = Fixture::new().await;
    let (task, mut out) = cut(&fixture, json!({ "parallelism": 3 }), &cursors(8)).await;
    let mut seen = names(&out).iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    while let Some(worker) = out.pop() {
        assert!(out.len() < 3, "{} workers are out", out.len() + 1);
        fixture.complete(&worker, json!(1)).await;
        let next = fixture.dispatched();
        if names(&next) == ["sum"] {
            break;
        }
        seen.extend(names(&next).iter().map(|name| (*name).to_owned()));
        out.extend(next);
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_worker_that_waits_for_its_retry_keeps_its_place() {
    let mut fixture = Fixture::new().await;
    let (task, workers) = cut(&fixture, json!({ "parallelism": 1 }), &cursors(2)).await;
    fixture.fail(&workers[0], true).await;
    assert!(fixture.dispatched().is_empty());
    assert_eq!(fixture.task_state(task).await, TaskState::WaitingForRetry);
    fixture.advance(TimeDelta::seconds(60));
    fixture.orchestrator.engine.sweep().await.unwrap();
    let again = fixture.dispatched_one();
    assert_eq!((again.step_name.as_str(), again.attempt), ("process_001", 2));
    assert!(fixture.complete(&again, json!(1)).await);
    assert_eq!(fixture.complete_all().await, ["process_002", "sum"]);
}

#[tokio::test]
async fn continue_on_failure_finishes_the_others_and_then_waits_for_an_operator() {
    let fixture = Fixture::new().await;
    let (task, workers) = cut(&fixture, json!({ "parallelism": 1 }), &cursors(3)).await;
    fixture.fail(&workers[0], false).await;
    assert_eq!(fixture.complete_all().await, ["process_002", "process_003"]);
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    assert_eq!(fixture.step(task, "sum").await.state, StepState::Pending);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn fail_fast_cancels_the_others() {
    let fixture = Fixture::new().await;
    let (task, workers) =
        cut(&fixture, json!({ "parallelism": 2, "failure_strategy": "fail_fast" }), &cursors(4)).await;
    fixture.fail(&workers[0], false).await;
    assert!(fixture.dispatched().is_empty(), "a worker was sent after the batch had failed");
    for name in ["process_002", "process_003", "process_004"] {
        assert_eq!(fixture.step(task, name).await.state, StepState::Cancelled);
    }
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    assert!(!fixture.complete(&workers[1], json!(1)).await, "a cancelled worker's report was applied");
    fixture.check_audit(task).await;
    // A redrive runs the rest of the batch.
    let action = tasker_orchestrator::TaskAction::Redrive;
    fixture.orchestrator.engine.operate_on_task(task, &action, "me", Some("fixed")).await.unwrap();
    assert_eq!(fixture.complete_all().await.len(), 5);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

/// A report that cancels a large batch must leave most of the 30 seconds that a report may take.
#[tokio::test(flavor = "multi_thread")]
async fn fail_fast_cancels_ten_thousand_workers_in_one_report() {
    let fixture = Fixture::new().await;
    let count = 10_000;
    let config = json!({ "parallelism": 1000, "failure_strategy": "fail_fast" });
    let (task, workers) = cut(&fixture, config, &cursors(count)).await;
    assert_eq!(workers.len(), 1000);
    let begun = std::time::Instant::now();
    assert!(fixture.fail(&workers[0], false).await);
    let took = begun.elapsed();
    println!("cancelled {} workers in {took:?}", count - 1);
    assert!(took < std::time::Duration::from_secs(5), "it took {took:?}");
    let cancelled = "SELECT count(*) FROM tasker.steps WHERE state = 'cancelled'";
    let cancelled: i64 = sqlx::query_scalar(cancelled).fetch_one(&fixture.database.pool).await.unwrap();
    assert_eq!(cancelled, i64::from(count) - 1);
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    assert!(!fixture.complete(&workers[1], json!(1)).await, "a cancelled worker's report was applied");
}

#[tokio::test]
async fn isolate_goes_on_without_the_failed_slice_and_buries_it() {
    let fixture = Fixture::new().await;
    let (task, workers) = cut(&fixture, json!({ "failure_strategy": "isolate" }), &cursors(3)).await;
    fixture.fail(&workers[1], false).await;
    fixture.complete(&workers[0], json!(1)).await;
    fixture.complete(&workers[2], json!(3)).await;
    let sum = fixture.dispatched_one();
    let given: Vec<&str> = sum.dependency_results.iter().map(|given| given.step.as_str()).collect();
    assert_eq!(given, ["process_001", "process_003"]);
    fixture.complete(&sum, json!(4)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    let isolated = fixture.step(task, "process_002").await;
    assert!(isolated.isolated && isolated.state == StepState::Error);
    let entries =
        fixture.orchestrator.reader.dlq_entries(&DlqFilter::default(), Slice::first(10)).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].step_index, Some(isolated.step_index as i32));
    assert_eq!(entries[0].resolution_status, "pending", "the task's completion does not settle the slice");
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_checkpoint_is_saved_and_the_same_attempt_goes_on_from_it() {
    let mut fixture = Fixture::new().await;
    let (task, workers) = cut(&fixture, json!({}), &cursors(1)).await;
    let first = &workers[0];
    assert!(fixture.checkpoint(first, json!({ "next": 4, "sum": 10 })).await);
    assert!(!fixture.checkpoint(first, json!({ "next": 9 })).await, "a repeated report was applied");
    let second = fixture.dispatched_one();
    assert_eq!((second.attempt, second.execution), (first.attempt, first.execution + 1));
    assert_eq!(second.checkpoint.as_ref().unwrap().inline(), Some(r#"{"next":4,"sum":10}"#));
    assert_eq!(second.cursor.as_ref().unwrap().get(), first.cursor.as_ref().unwrap().get());
    assert!(!fixture.complete(first, json!(0)).await, "a late report of the first run was applied");
    // The next attempt also starts from the checkpoint, and so does an attempt after the death of a host.
    fixture.fail(&second, true).await;
    fixture.advance(TimeDelta::seconds(60));
    fixture.orchestrator.engine.sweep().await.unwrap();
    let third = fixture.dispatched_one();
    assert_eq!((third.attempt, third.checkpoint.unwrap().inline()), (2, Some(r#"{"next":4,"sum":10}"#)));
    let step = fixture.step(task, "process_001").await;
    assert_eq!((step.checkpoints, step.checkpoint.unwrap().get()), (1, r#"{"next":4,"sum":10}"#));
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_host_that_dies_after_a_checkpoint_loses_only_what_came_after_it() {
    let mut fixture = Fixture::new().await;
    let (_, workers) = cut(&fixture, json!({}), &cursors(1)).await;
    fixture.checkpoint(&workers[0], json!(7)).await;
    let resumed = fixture.dispatched_one();
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&resumed, 30_000)]).await.unwrap();
    fixture.advance(TimeDelta::seconds(60));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().lost, 1);
    fixture.advance(TimeDelta::seconds(60));
    fixture.orchestrator.engine.sweep().await.unwrap();
    let again = fixture.dispatched_one();
    assert_eq!((again.attempt, again.checkpoint.unwrap().inline()), (2, Some("7")));
}

#[tokio::test]
async fn the_history_of_checkpoints_is_bounded() {
    let fixture = Fixture::new().await;
    let (task, mut workers) = cut(&fixture, json!({}), &cursors(1)).await;
    let mut worker = workers.remove(0);
    for number in 1..=25 {
        assert!(fixture.checkpoint(&worker, json!(number)).await);
        worker = fixture.dispatched_one();
        assert_eq!(worker.attempt, 1);
    }
    let step = fixture.step(task, "process_001").await;
    let history: Vec<Value> = serde_json::from_str(step.checkpoint_history.unwrap().get()).unwrap();
    assert_eq!(step.checkpoints, 25);
    assert_eq!(history.len(), 10);
    assert_eq!(history[9]["number"], 25);
    fixture.complete(&worker, json!("done")).await;
    assert!(fixture.step(task, "process_001").await.checkpoint.is_none());
    assert_eq!(fixture.complete_all().await, ["sum"]);
}

#[tokio::test]
async fn a_failed_worker_can_be_reset_and_takes_its_place_in_line() {
    let fixture = Fixture::new().await;
    let (task, workers) = cut(&fixture, json!({ "parallelism": 1 }), &cursors(3)).await;
    fixture.fail(&workers[0], false).await;
    let second = fixture.dispatched_one();
    let reset = StepAction::ResetForRetry;
    fixture.orchestrator.engine.operate_on_step(task, "process_001", reset, "me", "again").await.unwrap();
    assert!(fixture.dispatched().is_empty(), "the one place is taken");
    fixture.complete(&second, json!(2)).await;
    assert_eq!(fixture.complete_all().await, ["process_001", "process_003", "sum"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn thousands_of_workers_converge() {
    const WORKERS: u32 = 3000;
    let fixture = Fixture::new().await;
    let (task, mut out) = cut(&fixture, json!({ "parallelism": 1000 }), &cursors(WORKERS)).await;
    let mut done = 0;
    while !out.is_empty() && names(&out) != ["sum"] {
        for some in out.chunks(128) {
            let ending = |worker| {
                fixture
                    .finished(worker, tasker_protocol::Ending::Complete(crate::fixture::payload(&json!(1))))
            };
            let applied = fixture.orchestrator.engine.apply(some.iter().map(ending).collect()).await.unwrap();
            done += applied.ended;
        }
        out = fixture.dispatched();
    }
    assert_eq!(done, WORKERS as usize);
    assert_eq!(out[0].dependency_results.len(), WORKERS as usize);
    assert_eq!(out[0].dependency_results[1000].step, "process_1001");
    fixture.complete(&out[0], json!(1)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn the_configuration_may_stand_on_the_worker() {
    let fixture = Fixture::new().await;
    let yaml = "
name: rows
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: cut, type: batchable, dependencies: [], handler: { callable: work } }
  - name: process
    type: batch_worker
    dependencies: [cut]
    handler: { callable: work }
    batch_config: { batch_size: 7, parallelism: 1, worker_template: process, failure_strategy: isolate }
  - { name: sum, type: deferred_convergence, dependencies: [process], handler: { callable: work } }
";
    fixture.publish(yaml).await;
    let task = fixture.create("rows", json!({})).await;
    let cut = fixture.dispatched_one();
    let metadata: Value = serde_json::from_str(cut.batch.as_ref().unwrap().metadata.get()).unwrap();
    assert_eq!(metadata["batch_size"], 7, "the step that cuts knows how");
    fixture.batch(&cut, &cursors(2)).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    assert_eq!(fixture.complete_all().await, ["process_002", "sum"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn what_a_failed_batch_has_cancelled_waits_for_an_operator_too() {
    let fixture = Fixture::new().await;
    let (task, workers) =
        cut(&fixture, json!({ "parallelism": 1, "failure_strategy": "fail_fast" }), &cursors(3)).await;
    fixture.fail(&workers[0], false).await;
    let act = async |step: &str, action| {
        fixture.orchestrator.engine.operate_on_step(task, step, action, "ops", "because").await.unwrap()
    };
    assert_eq!(act("process_001", StepAction::ResolveManually).await, TaskState::BlockedByFailures);
    assert_eq!(act("process_002", StepAction::ResetForRetry).await, TaskState::StepsInProcess);
    assert_eq!(fixture.complete_all().await, ["process_002"]);
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    act("process_003", StepAction::ResetForRetry).await;
    assert_eq!(fixture.complete_all().await, ["process_003", "sum"]);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}
