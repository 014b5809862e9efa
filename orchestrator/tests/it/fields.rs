//! The effect of each template field that no other file tests. A test is named after its field.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_orchestrator::{
    ComponentPublication, Creation, Error, PublishedHandler, Slice,
    read::{DlqFilter, TaskFilter},
    state::{StepState, TaskState},
};
use tasker_protocol::{Ending, Failure, StepDispatch};
use tasker_templates::template::parse;
use uuid::Uuid;

use crate::fixture::{Fixture, failed, request};

/// A template `t` of one step `a` with these further fields.
pub(crate) fn one_step(fields: &Value) -> Value {
    let mut step = json!({ "name": "a", "handler": { "callable": "work" } });
    step.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "name": "t", "version": "1.0.0", "identity_strategy": "always_unique", "steps": [step] })
}

impl Fixture {
    /// Creates a task of a template and returns its first sent step.
    async fn first_step(&self, template: &Value) -> (Uuid, StepDispatch) {
        self.publish(&template.to_string()).await;
        let task = self.create(template["name"].as_str().unwrap(), json!({})).await;
        (task, self.dispatched_one())
    }

    async fn request_of(&self, input: Value, key: Option<&str>) -> Result<Creation, Error> {
        let mut request = request("t", &input);
        request.idempotency_key = key.map(str::to_owned);
        self.orchestrator.engine.create_tasks(vec![request]).await.remove(0)
    }

    /// Returns the number of DLQ entries of a task.
    async fn buried(&self, task: Uuid) -> usize {
        let filter = DlqFilter { task_id: Some(task), ..DlqFilter::default() };
        self.orchestrator.reader.dlq_entries(&filter, Slice::first(10)).await.unwrap().len()
    }
}

fn is_new(creation: &Result<Creation, Error>) -> bool {
    match creation {
        Ok(Creation::Created(_)) => true,
        Ok(Creation::Duplicate(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn namespace_name_keeps_templates_apart() {
    let fixture = Fixture::new().await;
    for (namespace, callable) in [("one", "work"), ("two", "other")] {
        let mut template = one_step(&json!({ "handler": { "callable": callable } }));
        template["namespace_name"] = json!(namespace);
        fixture.publish(&template.to_string()).await;
    }
    let mut of_two = request("t", &json!({}));
    of_two.namespace = "two".to_owned();
    fixture.orchestrator.engine.create_tasks(vec![of_two]).await.remove(0).unwrap();
    let step = fixture.dispatched_one();
    assert_eq!((step.namespace.as_str(), step.handler.callable.as_str()), ("two", "other"));
    let nowhere = fixture.request_of(json!({}), None).await;
    assert!(matches!(nowhere, Err(Error::NoSuchTemplate { .. })), "{nowhere:?}");
}

#[tokio::test]
async fn what_is_for_people_is_kept_as_it_is() {
    let fixture = Fixture::new().await;
    let mut template = one_step(&json!({
        "description": "does it", "system_dependency": "crm",
        "publishes_events": [{ "name": "e", "description": "it was done" }],
    }));
    let words = json!({
        "description": "for whom it is", "metadata": { "author": "Ada", "tags": ["x"], "documentation_url": null, "z": 1 },
        "system_dependencies": { "primary": "crm", "secondary": ["mail"] },
        "domain_events": [{ "name": "e", "description": "it was done" }],
    });
    template.as_object_mut().unwrap().extend(words.as_object().unwrap().clone());
    fixture.publish(&template.to_string()).await;
    let read =
        serde_json::to_value(fixture.orchestrator.reader.template("default", "t", "1.0.0").await.unwrap())
            .unwrap();
    for key in words.as_object().unwrap().keys() {
        assert_eq!(read[key], words[key], "{key}");
    }
    for key in ["description", "system_dependency"] {
        assert_eq!(read["steps"][0][key], template["steps"][0][key], "{key}");
    }
    assert_eq!(read["steps"][0]["publishes_events"][0]["description"], "it was done");
}

#[tokio::test]
async fn identity_strategy_strict() {
    let fixture = Fixture::new().await;
    let mut template = one_step(&json!({}));
    // The strategy is the default.
    template.as_object_mut().unwrap().remove("identity_strategy");
    fixture.publish(&template.to_string()).await;
    assert!(is_new(&fixture.request_of(json!({ "a": 1, "b": 2 }), None).await));
    assert!(
        !is_new(&fixture.request_of(json!({ "b": 2, "a": 1 }), None).await),
        "equal but for the order of keys"
    );
    assert!(is_new(&fixture.request_of(json!({ "a": 1 }), None).await));
    assert!(is_new(&fixture.request_of(json!({ "a": 1 }), Some("key")).await), "a key always wins");
    assert!(!is_new(&fixture.request_of(json!({ "a": 2 }), Some("key")).await), "a key always wins");
}

#[tokio::test]
async fn search_attributes() {
    let fixture = Fixture::new().await;
    let mut template = one_step(&json!({}));
    template["search_attributes"] = json!([{ "name": "order_id", "path": "/order/id" }]);
    fixture.publish(&template.to_string()).await;
    for id in [json!("DE-1"), json!("DE-2"), json!(["DE-1"])] {
        assert!(is_new(&fixture.request_of(json!({ "order": { "id": id } }), None).await));
    }
    let filter = TaskFilter { attributes: vec![("order_id".into(), "DE-1".into())], ..TaskFilter::default() };
    let found = fixture.orchestrator.reader.tasks(&filter, Slice::first(9)).await.unwrap();
    let attributes: Vec<_> = found.iter().map(|task| &task.attributes["order_id"]).collect();
    assert_eq!(attributes, ["DE-1"]);
}

#[tokio::test]
async fn identity_strategy_caller_provided() {
    let fixture = Fixture::new().await;
    let mut template = one_step(&json!({}));
    template["identity_strategy"] = json!("caller_provided");
    fixture.publish(&template.to_string()).await;
    let keyless = fixture.request_of(json!({}), None).await;
    assert!(matches!(keyless, Err(Error::InvalidRequest { field: "idempotency_key", .. })), "{keyless:?}");
    assert!(is_new(&fixture.request_of(json!({ "n": 1 }), Some("one")).await));
    assert!(!is_new(&fixture.request_of(json!({ "n": 2 }), Some("one")).await), "the input does not count");
    assert!(is_new(&fixture.request_of(json!({ "n": 1 }), Some("two")).await));
}

#[tokio::test]
async fn identity_strategy_always_unique() {
    let fixture = Fixture::new().await;
    fixture.publish(&one_step(&json!({})).to_string()).await;
    assert!(is_new(&fixture.request_of(json!({}), None).await));
    assert!(is_new(&fixture.request_of(json!({}), None).await));
    assert!(is_new(&fixture.request_of(json!({}), Some("key")).await));
    assert!(!is_new(&fixture.request_of(json!({}), Some("key")).await), "a key always wins");
}

#[tokio::test]
async fn handler_callable_may_be_any_name_that_is_mapped_to_a_handler() {
    let fixture = Fixture::new().await;
    let callable = "Payments::StepHandlers::Refund";
    let template = one_step(&json!({ "handler": { "callable": callable } }));
    let handler = PublishedHandler {
        name: "refund".into(),
        description: String::new(),
        input_schema: None,
        result_schema: None,
    };
    let component = ComponentPublication { digest: "1".repeat(64), size_bytes: 1, handlers: vec![handler] };
    let aliases = BTreeMap::from([(callable.to_owned(), "refund".to_owned())]);
    fixture.orchestrator.catalog.publish_components(&[component], &aliases, true).await.unwrap();
    let (_, step) = fixture.first_step(&template).await;
    assert_eq!((step.handler.callable.as_str(), step.handler.function.as_str()), (callable, "refund"));
}

#[tokio::test]
async fn handler_initialization_reaches_the_handler() {
    let fixture = Fixture::new().await;
    let handler =
        json!({ "callable": "work", "initialization": { "currency": "EUR", "nested": { "n": [1, 2.5] } } });
    let (_, step) = fixture.first_step(&one_step(&json!({ "handler": handler }))).await;
    let given: Value = serde_json::from_str(step.configuration.get()).unwrap();
    assert_eq!(given, handler["initialization"]);
    let numbers = "name: n\nversion: 1.0.0\nsteps:\n  - { name: a, handler: { callable: work, initialization: { big: 12345678901234567890, long: 123456789012345678901, price: 1.10, deep: [0.12345678901234567891, 1e3] } } }\n";
    fixture.publish(numbers).await;
    fixture.publish(numbers).await;
    fixture.create("n", json!({})).await;
    assert_eq!(
        fixture.dispatched_one().configuration.get().replace(' ', ""),
        r#"{"big":12345678901234567890,"deep":[0.12345678901234567891,1000],"long":123456789012345678901,"price":1.10}"#
    );
}

#[tokio::test]
async fn fields_without_effect_change_nothing() {
    let fixture = Fixture::new().await;
    let (_, plain) = fixture.first_step(&one_step(&json!({ "publishes_events": [{ "name": "e" }] }))).await;
    let mut odd = one_step(&json!({
        "handler": { "callable": "work", "method": "call", "resolver": "class" },
        "publishes_events": [{ "name": "e", "publisher": "Somebody" }],
        "lifecycle": { "max_retries": 9, "max_steps_in_process_minutes": 1 },
    }));
    odd["name"] = json!("odd");
    odd["loaded_from"] = json!("/somewhere");
    let (_, with) = fixture.first_step(&odd).await;
    let comparable = |step: &StepDispatch| {
        let mut step = serde_json::to_value(step).unwrap();
        for key in ["task_id", "release_id", "correlation_id", "task_name", "sent_at"] {
            step[key] = json!(null);
        }
        step
    };
    assert_eq!(comparable(&with), comparable(&plain));
    let told = parse(&odd.to_string()).unwrap().warnings.render("t.yaml");
    assert!(told.contains("warning NO_EFFECT in step `a`: `lifecycle`"), "{told}");
}

#[tokio::test]
async fn retry_retryable_false_allows_one_attempt() {
    let fixture = Fixture::new().await;
    let (task, step) = fixture.first_step(&one_step(&json!({ "retry": { "retryable": false } }))).await;
    fixture.fail(&step, true).await;
    assert_eq!(fixture.step(task, "a").await.state, StepState::Error);
    assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
}

#[tokio::test]
async fn retry_max_attempts_counts_the_first_and_zero_allows_it_too() {
    for (max_attempts, allowed) in [(0, 1), (1, 1), (2, 2)] {
        let mut fixture = Fixture::new().await;
        let template = one_step(&json!({ "retry": { "max_attempts": max_attempts, "backoff": "none" } }));
        let (task, mut step) = fixture.first_step(&template).await;
        for attempt in 1..=allowed {
            assert_eq!((step.attempt, step.max_attempts), (attempt, allowed));
            fixture.fail(&step, true).await;
            if attempt < allowed {
                fixture.advance(TimeDelta::seconds(1));
                fixture.orchestrator.engine.sweep().await.unwrap();
                step = fixture.dispatched_one();
            }
        }
        assert_eq!(fixture.step(task, "a").await.state, StepState::Error, "{max_attempts}");
    }
}

#[tokio::test]
async fn retry_backoff_base_ms() {
    let fixture = Fixture::new().await;
    let (_, step) =
        fixture.first_step(&one_step(&json!({ "retry": { "backoff_base_ms": 700, "jitter": false } }))).await;
    fixture.fail(&step, true).await;
    assert_eq!(fixture.timers().remove(0).0, Duration::from_millis(700));
}

#[tokio::test]
async fn retry_max_backoff_ms_limits_what_a_handler_asks_for_to_ten_times_itself() {
    for (asked, waits) in [(20_000, 20_000), (90_000, 50_000)] {
        let fixture = Fixture::new().await;
        let (_, step) = fixture.first_step(&one_step(&json!({ "retry": { "max_backoff_ms": 5000 } }))).await;
        let Ending::Failed(failure) = failed(true) else { unreachable!() };
        fixture.report(&step, Ending::Failed(Failure { retry_after_ms: Some(asked), ..failure })).await;
        assert_eq!(fixture.timers().remove(0).0, Duration::from_millis(waits), "{asked}");
    }
}

#[tokio::test]
async fn retry_jitter_draws_between_nothing_and_the_formula() {
    // The dice return 0.5; jitter is the default.
    for (jitter, waits) in
        [(json!({}), 500), (json!({ "jitter": true }), 500), (json!({ "jitter": false }), 1000)]
    {
        let fixture = Fixture::new().await;
        let (_, step) = fixture.first_step(&one_step(&json!({ "retry": jitter }))).await;
        fixture.fail(&step, true).await;
        assert_eq!(fixture.timers().remove(0).0, Duration::from_millis(waits));
    }
}

#[tokio::test]
async fn step_timeout_seconds() {
    for (fields, wall_ms) in [(json!({}), 30_000), (json!({ "timeout_seconds": 7 }), 7000)] {
        let fixture = Fixture::new().await;
        let (_, step) = fixture.first_step(&one_step(&fields)).await;
        assert_eq!(step.limits.wall_ms, wall_ms);
    }
}

#[tokio::test]
async fn limits_reach_the_host() {
    let fixture = Fixture::new().await;
    let limits = json!({ "cpu_ms": 11, "memory_bytes": 65_536, "table_elements": 12, "instances": 13, "log_bytes": 14,
                         "result_bytes": 15, "handles": 16 });
    let (_, step) = fixture.first_step(&one_step(&json!({ "limits": limits }))).await;
    let mut given = serde_json::to_value(step.limits).unwrap();
    assert_eq!(given.as_object_mut().unwrap().remove("wall_ms"), Some(json!(30_000)));
    assert_eq!(given, limits);
    // Missing limits are the host's.
    let mut other = one_step(&json!({ "limits": { "cpu_ms": 11 } }));
    other["name"] = json!("other");
    let (_, step) = fixture.first_step(&other).await;
    assert_eq!(step.limits, tasker_protocol::Limits { cpu_ms: 11, ..tasker_protocol::Limits::default() });
}

#[tokio::test]
async fn grants_reach_the_host_and_nothing_is_granted_by_default() {
    let fixture = Fixture::new().await;
    let grants = json!({ "http": ["https://a.example"], "private_networks": ["10.0.0.0/8"], "secrets": ["key"],
                "key_value": ["kept"] });
    let (_, step) = fixture.first_step(&one_step(&json!({ "grants": grants }))).await;
    assert_eq!(serde_json::to_value(&step.grants).unwrap(), grants);
    let mut other = one_step(&json!({}));
    other["name"] = json!("other");
    let (_, step) = fixture.first_step(&other).await;
    assert_eq!(step.grants, tasker_protocol::Grants::default());
}

#[tokio::test]
async fn batch_config_reaches_the_handlers() {
    let fixture = Fixture::new().await;
    let config =
        json!({ "batch_size": 7, "parallelism": 2, "cursor_field": "sku", "failure_strategy": "isolate" });
    let template = json!({ "name": "t", "version": "1.0.0", "identity_strategy": "always_unique", "steps": [
        { "name": "cut", "type": "batchable", "handler": { "callable": "work" }, "batch_config": config },
        { "name": "row", "type": "batch_worker", "dependencies": ["cut"], "handler": { "callable": "work" } } ] });
    let (_, cut) = fixture.first_step(&template).await;
    fixture.batch(&cut, &[json!(1)]).await;
    for step in [cut, fixture.dispatched_one()] {
        let told: Value = serde_json::from_str(step.batch.unwrap().metadata.get()).unwrap();
        for (key, value) in config.as_object().unwrap() {
            assert_eq!(told[key], *value, "{} does not get {key}", step.step_name);
        }
    }
}

#[tokio::test]
async fn environments_change_what_runs_in_them() {
    let mut fixture = Fixture::new().await;
    let mut template = one_step(&json!({
        "handler": { "callable": "work", "initialization": { "kept": 1, "changed": 1 } }, "timeout_seconds": 10,
    }));
    template["environments"] = json!({
        "development": { "steps": [
            { "name": "a", "handler": { "initialization": { "changed": 3 } }, "timeout_seconds": 30 },
            { "name": "ALL", "handler": { "initialization": { "changed": 2, "added": 2 } }, "timeout_seconds": 20,
              "retry": { "backoff": "none", "max_attempts": 2 } },
        ] },
        "production": { "steps": [{ "name": "ALL", "timeout_seconds": 99 }] },
    });
    let (task, step) = fixture.first_step(&template).await;
    let given: Value = serde_json::from_str(step.configuration.get()).unwrap();
    assert_eq!(given, json!({ "kept": 1, "changed": 3, "added": 2 }), "ALL first, then the step's own");
    assert_eq!((step.limits.wall_ms, step.max_attempts), (30_000, 2));
    fixture.fail(&step, true).await;
    fixture.advance(TimeDelta::milliseconds(1));
    fixture.orchestrator.engine.sweep().await.unwrap();
    fixture.fail(&fixture.dispatched_one(), true).await;
    assert_eq!(fixture.step(task, "a").await.state, StepState::Error, "two attempts, without a wait");
}

#[tokio::test]
async fn lifecycle_defaults() {
    let minutes = |fields: &Value| {
        let limits = parse(&one_step(fields).to_string()).unwrap().template.lifecycle_limits();
        [
            limits.max_duration,
            limits.max_waiting_for_dependencies,
            limits.max_waiting_for_retry,
            limits.max_steps_in_process,
        ]
        .map(|limit| limit.as_secs() / 60)
    };
    assert_eq!(minutes(&json!({})), [1440, 60, 30, 30]);
    assert_eq!(
        minutes(&json!({ "timeout_seconds": 7200 })),
        [1440, 60, 30, 240],
        "longer runs are not stale"
    );
    assert_eq!(
        minutes(&json!({ "retry": { "max_backoff_ms": 600_000 } })),
        [1440, 60, 200, 30],
        "nor are longer waits"
    );

    let mut fixture = Fixture::new().await;
    let (running, step) = fixture.first_step(&one_step(&json!({}))).await;
    let mut other = one_step(&json!({ "retry": { "max_attempts": 1 } }));
    other["name"] = json!("quiet");
    other["lifecycle"] = json!({ "staleness_action": "none" });
    let (quiet, _) = fixture.first_step(&other).await;
    fixture.advance(TimeDelta::minutes(29));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(fixture.buried(running).await, 0);
    // A wait of ten times 30 s does not count as stale; half an hour does.
    fixture.fail(&step, true).await;
    sqlx::query("UPDATE tasker.steps SET next_retry_at = NULL, wake_at = NULL WHERE task_id = $1")
        .bind(running)
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    fixture.advance(TimeDelta::minutes(29));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(
        fixture.buried(running).await,
        0,
        "the time in a state counts from when anything last happened"
    );
    fixture.advance(TimeDelta::minutes(2));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(fixture.buried(running).await, 1, "half an hour in waiting_for_retry");
    assert_eq!(fixture.buried(quiet).await, 0);
    fixture.advance(TimeDelta::minutes(1440 - 61));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(fixture.buried(quiet).await, 0);
    fixture.advance(TimeDelta::minutes(2));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(fixture.buried(quiet).await, 1, "a day for the whole task");
    assert!(!fixture.task_state(quiet).await.is_terminal(), "and it continues");
}
