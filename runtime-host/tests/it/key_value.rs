//! Key-value buckets: what handlers can store, and what they cannot access.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use tasker_protocol::{FailureOrigin, StepDispatch};
use tasker_runtime_host::Host;
use tasker_transport::{Entry, KeyPage, KeyValueError, KeyValueStore, MemoryKeyValues};

use crate::support::{assert_failed, completed, dispatch, host, run};

fn host_with_buckets() -> Host {
    host().with_key_values(Arc::new(MemoryKeyValues::default()))
}

fn granted(function: &str, input: &Value) -> StepDispatch {
    let mut dispatch = dispatch(function, input);
    dispatch.grants.key_value = vec!["kept".to_owned()];
    dispatch
}

fn script(operations: &Value) -> StepDispatch {
    granted("key-value", &json!({ "bucket": "kept", "do": operations }))
}

async fn answers(host: &Host, operations: Value) -> Value {
    completed(&run(host, &script(&operations)).await)
}

#[tokio::test]
async fn what_a_handler_keeps_the_next_execution_finds() {
    let host = host_with_buckets();
    let kept =
        answers(&host, json!([["get", "a"], ["exists", "a"], ["set", "a", "one"], ["get", "a"]])).await;
    assert_eq!(kept, json!([null, false, null, "one"]));
    let found = answers(&host, json!([["exists", "a"], ["get", "a"], ["delete", "a"], ["get", "a"]])).await;
    assert_eq!(found, json!([true, "one", null, null]));
}

#[tokio::test]
async fn many_keys_go_in_one_call() {
    let host = host_with_buckets();
    let done = answers(
        &host,
        json!([
            ["set-many", [["a", "1"], ["b", "2"], ["a", "3"]]],
            ["get-many", ["b", "c", "a", "b"]],
            ["keys", null],
            ["keys", "a"],
            ["delete-many", ["a", "a", "c"]],
            ["keys", null],
        ]),
    )
    .await;
    assert_eq!(done[1], json!([["b", "2"], null, ["a", "3"], ["b", "2"]]), "the last value given counts");
    assert_eq!(done[2], json!({ "keys": ["a", "b"], "cursor": null }));
    assert_eq!(done[3], json!({ "keys": ["b"], "cursor": null }));
    assert_eq!(done[5], json!({ "keys": ["b"], "cursor": null }));
}

#[tokio::test]
async fn numbers_are_counted_up_and_values_swapped_if_nobody_was_faster() {
    let host = host_with_buckets();
    let done = answers(
        &host,
        json!([
            ["increment", "n", 5],
            ["increment", "n", -2],
            ["swap", "s", "first"],
            ["swap", "s", "second"],
            ["swap", "s", "third", "somebody's"],
            ["get", "s"],
            ["increment", "s", 1],
        ]),
    )
    .await;
    assert_eq!((&done[0], &done[1]), (&json!(5), &json!(3)));
    assert_eq!(done[2], json!({ "saw": null, "swapped": true }));
    assert_eq!(done[3], json!({ "saw": "first", "swapped": true }));
    assert_eq!(done[4], json!({ "saw": "second", "now": "somebody's" }));
    assert_eq!(done[5], json!("somebody's"));
    assert!(done[6]["refused"].as_str().unwrap().contains("not a whole number"), "{}", done[6]);
}

#[tokio::test]
async fn a_bucket_that_is_not_granted_is_not_opened_and_the_log_names_the_grant() {
    let host = host_with_buckets();
    for bucket in ["other", "", "kept/../other", "KEPT"] {
        let mut dispatch = granted("key-value", &json!({ "bucket": bucket, "do": [] }));
        let execution = run(&host, &dispatch).await;
        assert_eq!(completed(&execution), json!({ "refused": "access-denied" }));
        let line = execution.logs.iter().find(|line| line.target == "tasker:key-value").expect("a log line");
        assert!(
            line.message.contains(&format!("add `{bucket}` to the step's `grants.key_value`")),
            "{}",
            line.message
        );
        dispatch.grants.key_value.clear();
        assert_eq!(completed(&run(&host, &dispatch).await), json!({ "refused": "access-denied" }));
    }
    // A name that could reach another namespace is invalid even if it is granted.
    let mut sly = granted("key-value", &json!({ "bucket": "a/b", "do": [] }));
    sly.grants.key_value = vec!["a/b".to_owned()];
    assert_eq!(completed(&run(&host, &sly).await), json!({ "refused": "access-denied" }));
}

#[tokio::test]
async fn namespaces_do_not_share_buckets() {
    let host = host_with_buckets();
    let mut theirs = script(&json!([["set", "a", "theirs"]]));
    theirs.namespace = "others".to_owned();
    completed(&run(&host, &theirs).await);
    assert_eq!(answers(&host, json!([["get", "a"], ["keys", null]])).await[0], json!(null));
}

#[tokio::test]
async fn keys_and_values_have_their_limits() {
    let long = "k".repeat(1025);
    let done = answers(
        &host_with_buckets(),
        json!([
            ["get", ""],
            ["set", long, "v"],
            ["set", "a\0b", "v"],
            ["set", "large", 400_000],
            ["set", "larger", 400_001],
            ["swap", "larger", 400_001],
            ["keys", long],
            ["keys", null],
        ]),
    )
    .await;
    // One key, repeated often enough to return gigabytes.
    let many: Vec<&str> = std::iter::repeat_n("large", 20_000).collect();
    let host = host_with_buckets();
    let bomb = answers(
        &host,
        json!([["set", "large", 400_000], ["get-many", many], ["get-many", ["large", "large"]]]),
    )
    .await;
    assert!(bomb[1]["refused"].as_str().unwrap().contains("ask for fewer"), "{}", bomb[1]);
    assert_eq!(bomb[2].as_array().unwrap().len(), 2);
    for refused in [0, 1, 2, 4, 5, 6] {
        assert!(done[refused]["refused"].is_string(), "{refused}: {}", done[refused]);
    }
    assert_eq!(done[7]["keys"], json!(["large"]));
}

#[tokio::test]
async fn a_host_holds_only_so_much_for_one_execution() {
    let host = host_with_buckets();
    let look = |count: u64| granted("look-many", &json!({ "bucket": "kept", "count": count }));
    assert_eq!(completed(&run(&host, &look(16)).await), json!({ "Ok": 16 }));
    let refused = completed(&run(&host, &look(17)).await);
    assert!(refused["Err"].as_str().unwrap().contains("16 compare-and-swap handles"), "{refused}");
    let mut open = granted("open-many", &json!({ "bucket": "kept", "count": 101 }));
    open.limits.handles = 100;
    assert_failed(&run(&host, &open).await, FailureOrigin::Limit, "HandleLimitExceeded", false, "100");
}

#[tokio::test]
async fn a_host_without_a_store_says_so() {
    let execution = run(&host(), &script(&json!([]))).await;
    assert_eq!(completed(&execution), json!({ "refused": "no-such-store" }));
    assert!(execution.logs.iter().any(|line| line.message.contains("no key-value store")));
}

/// A store that is unavailable, with a detailed error.
struct Away;

fn away<T>() -> Result<T, KeyValueError> {
    Err(KeyValueError::Unavailable("arn:aws:dynamodb:somewhere:secret-account".into()))
}

#[async_trait]
impl KeyValueStore for Away {
    async fn get(
        &self,
        _: &str,
        _: &[String],
    ) -> Result<std::collections::HashMap<String, Entry>, KeyValueError> {
        away()
    }
    async fn exists(&self, _: &str, _: &str) -> Result<bool, KeyValueError> {
        away()
    }
    async fn set(&self, _: &str, _: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError> {
        away()
    }
    async fn delete(&self, _: &str, _: &[String]) -> Result<(), KeyValueError> {
        away()
    }
    async fn keys(&self, _: &str, _: Option<&str>) -> Result<KeyPage, KeyValueError> {
        away()
    }
    async fn increment(&self, _: &str, _: &str, _: i64) -> Result<i64, KeyValueError> {
        away()
    }
    async fn swap(&self, _: &str, _: &str, _: Option<uuid::Uuid>, _: Vec<u8>) -> Result<bool, KeyValueError> {
        away()
    }
}

#[tokio::test]
async fn what_a_provider_says_of_itself_is_kept_from_the_guest() {
    let host = host().with_key_values(Arc::new(Away));
    let operations = json!([
        ["get", "a"],
        ["set", "a", "b"],
        ["delete", "a"],
        ["exists", "a"],
        ["keys", null],
        ["increment", "a", 1],
        ["swap", "a", "b"],
        ["get-many", ["a"]]
    ]);
    for answer in answers(&host, operations).await.as_array().unwrap() {
        assert_eq!(*answer, json!({ "refused": "the key-value store is unavailable" }));
    }
}
