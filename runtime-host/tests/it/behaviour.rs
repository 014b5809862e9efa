//! Guarantees for handlers.

use serde_json::json;
use tasker_protocol::{DependencyResult, Ending, FailureOrigin, LogLevel, Payload};

use crate::support::{completed, dispatch, failed, host, raw, run};

#[tokio::test]
async fn a_handler_reads_its_input_and_answers_json_text_unchanged() {
    let host = host();
    // Numbers keep every digit, and keys keep their order.
    let mut dispatch = dispatch("echo", &json!(null));
    let text = r#"{"z":1.10,"a":12345678901234567890123,"é":"\u0000"}"#;
    dispatch.input = Payload::Inline(serde_json::from_str(text).unwrap());
    let execution = run(&host, &dispatch).await;
    let Ending::Complete(result) = &execution.ending else { panic!("{execution:#?}") };
    assert_eq!(result.inline(), Some(text));
    assert!(execution.usage.peak_memory_bytes >= 64 << 10);
    assert!(execution.usage.cpu_us <= execution.usage.wall_us);
}

#[tokio::test]
async fn a_handler_is_told_everything_about_its_step() {
    let mut dispatch = dispatch("context", &json!({ "order": 1 }));
    dispatch.configuration = raw(&json!({ "region": "eu" }));
    dispatch.dependency_results =
        vec![DependencyResult { step: "first".into(), result: Payload::Inline(raw(&json!([1, 2]))) }];
    dispatch.cursor = Some(raw(&json!({ "start": 0, "end": 10 })));
    dispatch.checkpoint = Some(Payload::Inline(raw(&json!(7))));
    dispatch.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    assert_eq!(
        completed(&run(&host(), &dispatch).await),
        json!({
            "task_id": "01900000-0000-7000-8000-000000000001",
            "namespace": "tests", "task_name": "probing", "task_version": "1.0.0", "step_name": "probe",
            "attempt": 1, "max_attempts": 3, "correlation_id": "c-1",
            "task_input": { "order": 1 },
            "configuration": { "region": "eu" },
            "dependency_results": [{ "step": "first", "result": [1, 2] }],
            "cursor": { "start": 0, "end": 10 },
            "checkpoint": 7,
            "trace_parent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "attributes": {},
        })
    );
}

#[tokio::test]
async fn every_outcome_and_a_failure_arrive_as_they_are() {
    let host = host();
    let ending = async |function: &str| run(&host, &dispatch(function, &json!(null))).await.ending;
    assert!(matches!(ending("branch").await, Ending::Branch { steps, .. } if steps == ["left"]));
    assert!(matches!(ending("batch").await, Ending::Batch { cursors, .. } if cursors[1].get() == "[10,20]"));
    assert!(
        matches!(ending("checkpoint").await, Ending::Checkpoint(state) if state.inline() == Some(r#"{"row":7}"#))
    );
    let execution = run(&host, &dispatch("decline", &json!(null))).await;
    let failure = failed(&execution);
    assert_eq!(failure.origin, FailureOrigin::Handler);
    assert_eq!((failure.error_type.as_str(), failure.message.as_str()), ("CardDeclined", "not enough money"));
    assert_eq!((failure.retryable, failure.retry_after_ms), (true, Some(1500)));
    assert_eq!(failure.details.as_ref().unwrap().get(), r#"{"code":51}"#);
}

#[tokio::test]
async fn what_a_handler_says_is_captured_with_its_level() {
    let execution = run(&host(), &dispatch("speak", &json!(null))).await;
    let lines: Vec<_> =
        execution.logs.iter().map(|line| (line.level, line.target.as_str(), line.message.as_str())).collect();
    assert_eq!(
        lines,
        [
            (LogLevel::Info, "stdout", "to standard output"),
            (LogLevel::Warn, "stderr", "to standard error"),
            (LogLevel::Critical, "orders", "to the log"),
        ]
    );
}
