//! The context in ordinary tests: values set with the builder are visible to the handler.

use std::time::Duration;

use serde_json::{Value, json};
use tasker_handler::prelude::*;

#[test]
fn everything_has_a_usable_default() {
    let context = Context::builder().build();
    assert_eq!((context.attempt(), context.max_attempts(), context.is_last_attempt()), (1, 3, false));
    assert_eq!(context.input::<Value>().unwrap(), json!({}));
    assert_eq!(context.configuration::<Value>().unwrap(), json!({}));
    assert_eq!(context.dependency_names().count(), 0);
    assert_eq!(context.cursor::<Value>().unwrap(), None);
    assert_eq!(context.checkpoint::<Value>().unwrap(), None);
    assert!(!context.cancelled());
}

#[test]
fn what_the_builder_is_told_the_handler_sees() {
    let builder = Context::builder()
        .step_name("ship")
        .attempt(3, 3)
        .input(json!({ "n": 1 }))
        .configuration(json!({ "limit": 5, "nested": { "deep": [1.5, "x"] } }))
        .cursor(json!([10, 20]))
        .checkpoint("half way")
        .cancelled()
        .remaining_time(Duration::from_secs(2));
    let heartbeats = builder.heartbeats();
    let context = builder.build();
    assert_eq!(context.step_name(), "ship");
    assert!(context.is_last_attempt());
    assert_eq!(context.config::<u8>("limit").unwrap(), 5);
    assert_eq!(context.config::<Value>("nested").unwrap(), json!({ "deep": [1.5, "x"] }));
    assert_eq!(context.config::<Option<u8>>("missing").unwrap(), None);
    assert_eq!(context.cursor::<(u8, u8)>().unwrap(), Some((10, 20)));
    assert_eq!(context.checkpoint::<String>().unwrap().as_deref(), Some("half way"));
    assert!(context.cancelled());
    assert_eq!(context.remaining_time(), Duration::from_secs(2));
    context.heartbeat("almost there");
    assert_eq!(*heartbeats.lock().unwrap(), ["almost there"]);
    assert_eq!(context.idempotency_key(), format!("{}:ship", context.task_id()));
}

#[test]
fn a_key_that_does_not_fit_is_named() {
    let context = Context::builder().configuration(json!({ "limit": "many" })).build();
    let failure = context.config::<u8>("limit").unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("InvalidConfiguration", false));
    assert!(failure.message().contains("`limit`"), "{}", failure.message());
    let failure = context.config::<u8>("missing").unwrap_err();
    assert!(failure.message().contains("`missing`"), "{}", failure.message());
}

#[test]
fn dependencies_are_found_by_name() {
    let context = Context::builder().dependency("reserve", 1).dependency("pay", "receipt").build();
    assert_eq!(context.dependency::<String>("pay").unwrap(), "receipt");
    assert_eq!(context.dependency_names().collect::<Vec<_>>(), ["reserve", "pay"]);
    let failure = context.dependency::<u8>("pay").unwrap_err();
    assert_eq!(failure.error_type(), "InvalidDependencyResult");
    assert!(failure.message().contains("the result of `pay`"), "{}", failure.message());
}

#[test]
fn a_missing_dependency_says_what_is_there_and_what_to_do() {
    let missing = |context: Context| context.dependency::<u8>("ship").unwrap_err().message().to_owned();
    let some = missing(Context::builder().dependency("reserve", 1).dependency("pay", 2).build());
    assert!(some.contains("available: reserve, pay. Add `ship` to its dependencies"), "{some}");
    let none = missing(Context::builder().build());
    assert!(none.contains("available: none."), "{none}");
}

#[test]
fn a_secret_must_be_granted() {
    let context = Context::builder().secret("API_KEY", "s3cret").build();
    assert_eq!(context.secret("API_KEY").unwrap(), "s3cret");
    let failure = context.secret("OTHER").unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("SecretNotGranted", false));
    assert!(failure.message().contains("grants.secrets"), "{}", failure.message());
}
