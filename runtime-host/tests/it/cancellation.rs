//! An execution can be cancelled and is stopped if it does not end.

use std::time::{Duration, Instant};

use serde_json::json;
use tasker_protocol::FailureOrigin;
use tasker_runtime_host::{ExecutionControl, HostConfig};

use crate::support::{assert_failed, completed, config, dispatch, host, host_with, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_sees_that_it_is_cancelled_and_its_progress_is_seen() {
    let control = ExecutionControl::new();
    let running = tokio::spawn({
        let (host, control) = (host(), control.clone());
        async move { host.execute(&dispatch("wait-for-cancellation", &json!(null)), &control).await }
    });
    while control.progress().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(control.progress().unwrap(), "waiting patiently");
    control.cancel();
    assert_eq!(completed(&running.await.unwrap()), "stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_does_not_look_is_ended_after_the_grace_period() {
    let host = host_with(HostConfig { cancel_grace_ms: 50, ..config() }, Vec::new());
    completed(&run(&host, &dispatch("echo", &json!(null))).await);
    for (handler, input) in [("spin", json!(null)), ("sleep", json!(60_000))] {
        let control = ExecutionControl::new();
        let cancel = control.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            cancel.cancel();
        });
        let start = Instant::now();
        let execution = host.execute(&dispatch(handler, &input), &control).await;
        assert_failed(&execution, FailureOrigin::Host, "Cancelled", true, "cancelled");
        assert!(start.elapsed() < Duration::from_secs(5), "{handler} went on for {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_handler_knows_how_long_it_has() {
    let mut dispatch = dispatch("time-left", &json!(null));
    dispatch.limits.wall_ms = 5_000;
    let left = completed(&run(&host(), &dispatch).await).as_u64().unwrap();
    assert!((1_000..=5_000).contains(&left), "{left}");
}

#[tokio::test]
async fn configuration_and_granted_secrets_are_read_by_name() {
    let mut dispatch = dispatch("configuration", &json!(null));
    dispatch.configuration =
        crate::support::raw(&json!({ "region": "eu", "limits": { "max": 3 }, "payment-key": "not this" }));
    let host = host();
    let answer = completed(&run(&host, &dispatch).await);
    assert_eq!(
        answer,
        json!({ "region": "eu", "limits": "{\"max\":3}", "key": "not this", "far": null, "all": ["limits", "payment-key", "region"] })
    );
    dispatch.grants.secrets = vec!["payment-key".into()];
    assert_eq!(completed(&run(&host, &dispatch).await)["key"], "s3cret");
    // The guest must not see the provider's error.
    dispatch.grants.secrets = vec!["far-away".into()];
    let refused = completed(&run(&host, &dispatch).await);
    assert_eq!(refused["far"]["error"], "Error::Upstream(\"the secret `far-away` cannot be read now\")");
}
