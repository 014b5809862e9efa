//! Reports: their effects on the step, the steps after it, and the task.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tasker_orchestrator::{
    Cancellation, Error, Swept,
    state::{StepState, TaskState},
};
use tasker_protocol::{Ending, Payload};

use crate::fixture::{Fixture, failed, names, template};

#[tokio::test]
async fn steps_run_in_the_order_of_their_dependencies_and_get_their_results() {
    let fixture = Fixture::new().await;
    fixture
        .publish(&template("diamond", &[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["c", "b"])]))
        .await;
    let task = fixture.create("diamond", json!({ "n": 1.50 })).await;

    let a = fixture.dispatched_one();
    assert_eq!((a.step_name.as_str(), a.attempt, a.input.inline()), ("a", 1, Some("{\"n\":1.5}")));
    assert!(fixture.complete(&a, json!("from a")).await);
    let branches = fixture.dispatched();
    assert_eq!(names(&branches), ["b", "c"]);
    assert_eq!(branches[0].dependency_results[0].result.inline(), Some("\"from a\""));
    assert!(fixture.complete(&branches[1], json!({ "from": "c" })).await);
    assert!(fixture.dispatched().is_empty(), "d ran before b");
    assert!(fixture.complete(&branches[0], json!(["b"])).await);
    let d = fixture.dispatched_one();
    let results: Vec<_> = d
        .dependency_results
        .iter()
        .map(|result| (result.step.as_str(), result.result.inline().unwrap()))
        .collect();
    assert_eq!(results, [("c", "{\"from\":\"c\"}"), ("b", "[\"b\"]")]);
    assert_eq!(fixture.task_state(task).await, TaskState::StepsInProcess);
    assert!(fixture.complete(&d, json!(null)).await);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    let detail = fixture.orchestrator.reader.task(task).await.unwrap();
    assert!(detail.summary.completed_at.is_some(), "completed_at is set");
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn both_dependencies_reported_in_one_batch_enqueue_the_step_once() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("join", &[("a", &[]), ("b", &[]), ("c", &["a", "b"])])).await;
    let task = fixture.create("join", json!({})).await;
    let first = fixture.dispatched();
    let reports =
        first.iter().map(|step| fixture.finished(step, Ending::Complete(Payload::null()))).collect();
    assert_eq!(fixture.orchestrator.engine.apply(reports).await.unwrap().ended, 2);
    assert_eq!(fixture.dispatched_one().step_name, "c");
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn only_the_first_report_of_an_attempt_counts() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("two", &[("a", &[]), ("b", &["a"])])).await;
    let task = fixture.create("two", json!({})).await;
    let a = fixture.dispatched_one();
    let reports = vec![
        fixture.finished(&a, Ending::Complete(crate::fixture::payload(&json!(1)))),
        fixture.finished(&a, Ending::Complete(crate::fixture::payload(&json!(2)))),
        fixture.finished(&a, failed(false)),
    ];
    let applied = fixture.orchestrator.engine.apply(reports).await.unwrap();
    assert_eq!((applied.ended, applied.stale), (1, 2));
    assert!(!fixture.complete(&a, json!(3)).await, "a late report was applied");
    assert_eq!(fixture.step(task, "a").await.result.unwrap().get(), "1");
    assert_eq!(fixture.dispatched_one().step_name, "b");
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_retryable_failure_waits_and_runs_again() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let first = fixture.dispatched_one();
    assert!(fixture.fail(&first, true).await);
    assert_eq!(fixture.step(task, "a").await.state, StepState::WaitingForRetry);
    assert_eq!(fixture.task_state(task).await, TaskState::WaitingForRetry);
    let (delay, due) = fixture.timers().remove(0);
    assert_eq!(delay, Duration::from_secs(1), "the first wait is the base");

    // An early timer only sets the timer again.
    fixture.orchestrator.engine.apply(vec![due.clone()]).await.unwrap();
    assert!(fixture.dispatched().is_empty());
    assert_eq!(fixture.timers().remove(0).0, Duration::from_secs(1));

    fixture.advance(TimeDelta::seconds(1));
    fixture.orchestrator.engine.apply(vec![due.clone(), due]).await.unwrap();
    let second = fixture.dispatched_one();
    assert_eq!(second.attempt, 2);
    assert!(
        !fixture.complete(&first, json!(1)).await,
        "a report of the first attempt was applied to the second"
    );
    assert!(fixture.complete(&second, json!(2)).await);
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn the_last_attempt_fails_for_good_and_blocks_the_task() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("two", &[("a", &[]), ("b", &["a"])])).await;
    let task = fixture.create("two", json!({})).await;
    for attempt in 1..=3 {
        let step = fixture.dispatched_one();
        assert_eq!(step.attempt, attempt);
        assert!(fixture.fail(&step, true).await);
        fixture.advance(TimeDelta::minutes(1));
        fixture.orchestrator.engine.sweep().await.unwrap();
    }
    assert!(fixture.dispatched().is_empty());
    assert_eq!(fixture.step(task, "a").await.state, StepState::Error);
    assert_eq!(fixture.step(task, "b").await.state, StepState::Pending);
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_permanent_failure_is_not_tried_again_and_lets_running_steps_end() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &[]), ("c", &["a", "b"])])).await;
    let task = fixture.create("pair", json!({})).await;
    let steps = fixture.dispatched();
    assert!(fixture.fail(&steps[0], false).await);
    assert_eq!(fixture.task_state(task).await, TaskState::StepsInProcess);
    assert!(fixture.complete(&steps[1], json!(1)).await);
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn backoffs_grow_as_the_template_says_and_stop_at_the_cap() {
    for (backoff, waits) in [
        ("none", [0, 0, 0, 0, 0]),
        ("linear", [1000, 2000, 3000, 4000, 5000]),
        ("exponential", [1000, 2000, 4000, 6000, 6000]),
        ("fibonacci", [1000, 1000, 2000, 3000, 5000]),
    ] {
        let mut fixture = Fixture::new().await;
        let yaml = json!({ "name": "t", "version": "1.0.0", "steps": [{
            "name": "a", "handler": { "callable": "work" },
            "retry": { "max_attempts": 6, "backoff": backoff, "max_backoff_ms": 6000, "jitter": false },
        }]});
        fixture.publish(&yaml.to_string()).await;
        fixture.create("t", json!({})).await;
        for wait in waits {
            let step = fixture.dispatched_one();
            fixture.fail(&step, true).await;
            assert_eq!(
                fixture.timers().remove(0).0,
                Duration::from_millis(wait),
                "{backoff} {}",
                step.attempt
            );
            fixture.advance(TimeDelta::minutes(1));
            fixture.orchestrator.engine.sweep().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_handler_may_say_when_to_come_back() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    let Ending::Failed(failure) = failed(true) else { unreachable!() };
    let ending = Ending::Failed(tasker_protocol::Failure { retry_after_ms: Some(77_000), ..failure });
    fixture.report(&fixture.dispatched_one(), ending).await;
    assert_eq!(fixture.timers().remove(0).0, Duration::from_secs(77));
}

#[tokio::test]
async fn a_result_that_breaks_its_schema_fails_the_step_for_good() {
    let fixture = Fixture::new().await;
    let yaml = json!({ "name": "t", "version": "1.0.0", "steps": [{
        "name": "a", "handler": { "callable": "work" },
        "result_schema": { "type": "object", "required": ["total"] },
    }]});
    fixture.publish(&yaml.to_string()).await;
    let task = fixture.create("t", json!({})).await;
    assert!(fixture.complete(&fixture.dispatched_one(), json!({ "sum": 1 })).await);
    let step = fixture.step(task, "a").await;
    assert_eq!(step.state, StepState::Error);
    let failure = step.last_failure.unwrap();
    assert!(failure.get().contains("InvalidResult") && failure.get().contains("total"), "{failure}");
}

#[tokio::test]
async fn an_outcome_that_the_step_cannot_have_fails_it_visibly() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let branch = Ending::Branch { steps: vec!["x".into()], result: Payload::null() };
    assert!(fixture.report(&fixture.dispatched_one(), branch).await);
    assert_eq!(fixture.step(task, "a").await.state, StepState::Error);
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
}

#[tokio::test]
async fn one_result_that_the_database_cannot_store_harms_no_other() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &[])])).await;
    let task = fixture.create("pair", json!({})).await;
    let steps = fixture.dispatched();
    // Deeper than PostgreSQL's JSON parser supports.
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep = Ending::Complete(Payload::Inline(tasker_protocol::raw_json(deep).unwrap()));
    let reports = vec![
        fixture.finished(&steps[0], deep),
        fixture.finished(&steps[1], Ending::Complete(Payload::null())),
    ];
    assert_eq!(fixture.orchestrator.engine.apply(reports).await.unwrap().ended, 2);
    assert_eq!(fixture.step(task, "a").await.state, StepState::Error);
    assert_eq!(fixture.step(task, "b").await.state, StepState::Complete);
}

#[tokio::test]
async fn a_message_that_never_left_is_sent_by_the_sweep() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    let lost = fixture.dispatched_one();
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap(), Swept::default(), "too early");
    fixture.advance(TimeDelta::seconds(11));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().resent, 1);
    let again = fixture.dispatched_one();
    assert_eq!((again.step_name, again.attempt), (lost.step_name, lost.attempt));
}

#[tokio::test]
async fn a_host_that_falls_silent_loses_the_attempt() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let first = fixture.dispatched_one();
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&first, 30_000)]).await.unwrap();
    let step = fixture.step(task, "a").await;
    assert_eq!((step.state, step.progress.as_deref()), (StepState::InProgress, Some("half")));
    fixture.advance(TimeDelta::seconds(20));
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&first, 30_000)]).await.unwrap();
    fixture.advance(TimeDelta::seconds(20));
    assert_eq!(
        fixture.orchestrator.engine.sweep().await.unwrap().lost,
        0,
        "the second heartbeat prolonged the lease"
    );
    fixture.advance(TimeDelta::seconds(11));
    assert_eq!(fixture.orchestrator.engine.sweep().await.unwrap().lost, 1);
    assert_eq!(fixture.step(task, "a").await.state, StepState::WaitingForRetry);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_cancelled_task_stays_cancelled() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("two", &[("a", &[]), ("b", &["a"])])).await;
    let task = fixture.create("two", json!({})).await;
    let a = fixture.dispatched_one();
    let cancelled = fixture.orchestrator.engine.cancel(task, "me", Some("not needed")).await.unwrap();
    assert_eq!(cancelled, Cancellation::Cancelled { steps: 2 });
    assert!(!fixture.complete(&a, json!(1)).await, "a report was applied to a cancelled step");
    assert!(fixture.dispatched().is_empty());
    assert_eq!(fixture.task_state(task).await, TaskState::Cancelled);
    let again = fixture.orchestrator.engine.cancel(task, "me", None).await.unwrap();
    assert_eq!(again, Cancellation::AlreadyEnded(TaskState::Cancelled));
    fixture.check_audit(task).await;
    let nobody = fixture.orchestrator.engine.cancel(uuid::Uuid::nil(), "me", None).await.unwrap_err();
    assert!(matches!(nobody, Error::NoSuchTask(_)));
}

#[tokio::test]
async fn a_task_that_fails_while_another_step_waits_goes_on_with_that_step() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("pair", &[("a", &[]), ("b", &[])])).await;
    let task = fixture.create("pair", json!({})).await;
    let steps = fixture.dispatched();
    fixture.fail(&steps[0], true).await;
    assert_eq!(fixture.task_state(task).await, TaskState::StepsInProcess);
    fixture.fail(&steps[1], false).await;
    assert_eq!(fixture.task_state(task).await, TaskState::WaitingForRetry);
    fixture.advance(TimeDelta::seconds(5));
    fixture.orchestrator.engine.sweep().await.unwrap();
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn a_message_that_is_too_large_goes_by_claim_check() {
    let fixture = Fixture::new().await;
    let parents: Vec<String> = (0..400).map(|index| format!("p{index}")).collect();
    let mut steps: Vec<_> =
        parents.iter().map(|name| json!({ "name": name, "handler": { "callable": "work" } })).collect();
    steps.push(json!({ "name": "all", "dependencies": parents, "handler": { "callable": "work" } }));
    steps.push(json!({ "name": "one", "dependencies": ["p399"], "handler": { "callable": "work" } }));
    fixture.publish(&json!({ "name": "t", "version": "1.0.0", "steps": steps }).to_string()).await;
    let task = fixture.create("t", json!({})).await;
    // Each is too short for a reference; together they exceed a message.
    let result = crate::fixture::payload(&json!("x".repeat(900)));
    let first = fixture.dispatched();
    let reports = first.iter().map(|step| fixture.finished(step, Ending::Complete(result.clone()))).collect();
    fixture.orchestrator.engine.apply(reports).await.unwrap();
    let sent = fixture.dispatched();
    assert_eq!(names(&sent), ["all", "one"]);
    assert_eq!(sent[0].dependency_results.len(), 400);
    for step in &sent {
        fixture.complete(step, json!(1)).await;
    }
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
}

#[tokio::test]
async fn a_checkpoint_keeps_the_progress_that_was_reported() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let step = fixture.dispatched_one();
    fixture.orchestrator.engine.apply(vec![fixture.heartbeat(&step, 60_000)]).await.unwrap();
    assert!(fixture.checkpoint(&step, json!({ "at": 7 })).await);
    assert_eq!(fixture.step(task, "a").await.progress.as_deref(), Some("half"));
}

#[tokio::test]
async fn an_attempt_ends_however_often_it_saves_a_checkpoint() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    // One checkpoint is left, or no time.
    for (number, used) in ["attempt_checkpoints = 9999", "attempt_ms = 24 * 3600 * 1000"].iter().enumerate() {
        let task = fixture.create("one", json!({ "number": number })).await;
        let mut step = fixture.dispatched_one();
        sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE tasker.steps SET {used} WHERE task_id = $1")))
            .bind(task)
            .execute(&fixture.database.pool)
            .await
            .unwrap();
        let mut continued = 0;
        while fixture.checkpoint(&step, json!(continued)).await
            && let Some(next) = fixture.dispatched().pop()
        {
            (step, continued) = (next, continued + 1);
            assert!(continued < 3, "{used}: it is continued for ever");
        }
        let ended = fixture.step(task, "a").await;
        assert_eq!((ended.state, ended.attempt), (StepState::Error, 1), "{used}");
        let failure = ended.last_failure.unwrap();
        assert!(failure.get().contains("CheckpointLimit"), "{failure}");
        fixture.check_audit(task).await;
    }
}

#[tokio::test]
async fn a_new_attempt_may_save_checkpoints_again() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let step = fixture.dispatched_one();
    sqlx::query("UPDATE tasker.steps SET attempt_checkpoints = 10000")
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    fixture.fail(&step, true).await;
    fixture.advance(TimeDelta::seconds(60));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert!(fixture.checkpoint(&fixture.dispatched_one(), json!(1)).await);
    assert_eq!(fixture.step(task, "a").await.state, StepState::Enqueued);
}
