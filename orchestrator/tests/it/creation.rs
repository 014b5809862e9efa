//! Creation of tasks: rejection, identity, pinning of releases.

use std::collections::BTreeMap;

use serde_json::json;
use tasker_orchestrator::{
    ComponentPublication, Creation, Error, Publication, PublishedHandler, Slice, TaskRequest,
    state::TaskState,
};
use tasker_templates::template::parse;

use crate::fixture::{Fixture, request, template};

fn strategy(strategy: &str) -> String {
    json!({ "name": "t", "version": "1.0.0", "identity_strategy": strategy,
            "steps": [{ "name": "a", "handler": { "callable": "work" } }] })
    .to_string()
}

#[tokio::test]
async fn a_task_without_steps_is_complete_at_once() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("empty", &[])).await;
    let task = fixture.create("empty", json!({})).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn an_input_that_breaks_the_schema_is_refused_with_every_fault() {
    let fixture = Fixture::new().await;
    let yaml = json!({ "name": "t", "version": "1.0.0", "steps": [],
        "input_schema": { "type": "object", "required": ["id"], "properties": { "n": { "type": "integer" } } } });
    fixture.publish(&yaml.to_string()).await;
    let refused =
        fixture.orchestrator.engine.create_tasks(vec![request("t", &json!({ "n": "x" }))]).await.remove(0);
    let Err(Error::InvalidInput(violations)) = refused else { panic!("{refused:?}") };
    let places: Vec<&str> = violations.list.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(places, ["", "/n"], "{violations:?}");
}

#[tokio::test]
async fn an_unknown_template_is_named_with_what_there_is() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("shipping", &[])).await;
    let error = fixture
        .orchestrator
        .engine
        .create_tasks(vec![request("shiping", &json!({}))])
        .await
        .remove(0)
        .unwrap_err();
    assert!(error.to_string().contains("did you mean `default/shipping`"), "{error}");
    let versioned = TaskRequest { version: Some("9.0.0".into()), ..request("shipping", &json!({})) };
    let error = fixture.orchestrator.engine.create_tasks(vec![versioned]).await.remove(0).unwrap_err();
    assert!(error.to_string().contains("there are 1.0.0"), "{error}");
}

#[tokio::test]
async fn a_handler_that_nobody_holds_is_told_before_anything_is_created() {
    let fixture = Fixture::new().await;
    let yaml = json!({ "name": "t", "version": "1.0.0",
                       "steps": [{ "name": "a", "handler": { "callable": "wrok" } }] });
    fixture.publish(&yaml.to_string()).await;
    let error =
        fixture.orchestrator.engine.create_tasks(vec![request("t", &json!({}))]).await.remove(0).unwrap_err();
    assert!(error.to_string().contains("step `a`") && error.to_string().contains("`work`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_identical_requests_at_once_make_one_task() {
    let fixture = Fixture::new().await;
    fixture.publish(&strategy("strict")).await;
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let orchestrator = fixture.orchestrator.clone();
            tokio::spawn(async move {
                orchestrator
                    .engine
                    .create_tasks(vec![request("t", &json!({ "b": 1, "a": 2 }))])
                    .await
                    .remove(0)
                    .unwrap()
            })
        })
        .collect();
    let (mut created, mut tasks) = (0, Vec::new());
    for request in requests {
        match request.await.unwrap() {
            Creation::Created(task) => {
                created += 1;
                tasks.push(task);
            }
            Creation::Duplicate(task) => tasks.push(task),
        }
    }
    tasks.dedup();
    assert_eq!((created, tasks.len()), (1, 1), "created {created} of {tasks:?}");
}

#[tokio::test]
async fn identical_requests_in_one_batch_make_one_task() {
    let fixture = Fixture::new().await;
    fixture.publish(&strategy("strict")).await;
    let requests = vec![request("t", &json!(1)), request("t", &json!(2)), request("t", &json!(1))];
    let created = fixture.orchestrator.engine.create_tasks(requests).await;
    let created: Vec<Creation> = created.into_iter().map(Result::unwrap).collect();
    let Creation::Created(first) = created[0] else { panic!("{created:?}") };
    assert!(matches!(created[1], Creation::Created(second) if second != first));
    assert_eq!(created[2], Creation::Duplicate(first));
    assert_eq!(fixture.dispatched().len(), 2);
}

#[tokio::test]
async fn a_caller_provided_identity_needs_its_key() {
    let fixture = Fixture::new().await;
    fixture.publish(&strategy("caller_provided")).await;
    let keyed =
        |key: &str, n: u32| TaskRequest { idempotency_key: Some(key.into()), ..request("t", &json!(n)) };
    let created = fixture
        .orchestrator
        .engine
        .create_tasks(vec![keyed("k", 1), keyed("k", 2), keyed("l", 1), request("t", &json!(1))])
        .await;
    assert!(matches!(created[0], Ok(Creation::Created(_))));
    assert!(matches!(created[1], Ok(Creation::Duplicate(_))));
    assert!(matches!(created[2], Ok(Creation::Created(_))));
    assert!(matches!(created[3], Err(Error::InvalidRequest { field: "idempotency_key", .. })));
}

#[tokio::test]
async fn a_published_version_never_changes() {
    let fixture = Fixture::new().await;
    let first = parse(&template("t", &[("a", &[])])).unwrap().template;
    let other = parse(&template("t", &[("b", &[])])).unwrap().template;
    let orchestrator = &fixture.orchestrator;
    assert_eq!(orchestrator.catalog.publish_template(&first).await.unwrap(), Publication::Published);
    assert_eq!(orchestrator.catalog.publish_template(&first).await.unwrap(), Publication::Unchanged);
    assert!(matches!(orchestrator.catalog.publish_template(&other).await, Err(Error::VersionTaken { .. })));
}

#[tokio::test]
async fn a_running_task_keeps_the_code_that_it_was_created_with() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("two", &[("a", &[]), ("b", &["a"])])).await;
    fixture.create("two", json!({})).await;
    let a = fixture.dispatched_one();
    let handler = PublishedHandler {
        name: "work".to_owned(),
        description: String::new(),
        input_schema: None,
        result_schema: None,
    };
    let newer = ComponentPublication { digest: "1".repeat(64), size_bytes: 1, handlers: vec![handler] };
    fixture.orchestrator.catalog.publish_components(&[newer], &BTreeMap::new(), true).await.unwrap();
    fixture.complete(&a, json!(1)).await;
    assert_eq!(fixture.dispatched_one().handler.component, "0".repeat(64), "the running task");
    fixture.create("two", json!({})).await;
    assert_eq!(fixture.dispatched_one().handler.component, "1".repeat(64), "the next task");
}

#[tokio::test]
async fn without_a_version_the_latest_release_is_meant() {
    let fixture = Fixture::new().await;
    for version in ["1.9.0", "1.10.0", "2.0.0-beta.1"] {
        let yaml = template("t", &[("a", &[])]).replace("1.0.0", version);
        fixture.publish(&yaml).await;
    }
    fixture.create("t", json!({})).await;
    assert_eq!(fixture.dispatched_one().task_version, "1.10.0");
}

#[tokio::test]
async fn a_large_input_travels_by_reference_and_reads_as_itself() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let input = json!({ "text": "x".repeat(300 << 10) });
    let task = fixture.create("one", input.clone()).await;
    assert!(fixture.dispatched_one().input.inline().is_none());
    let detail = fixture.orchestrator.reader.task(task).await.unwrap();
    assert_eq!(detail.context.unwrap().get(), input.to_string());
}

#[tokio::test]
async fn ancestors_are_given_once_each_where_the_template_asks() {
    let fixture = Fixture::new().await;
    // A chain of diamonds: each doubles the number of paths.
    let mut steps = vec![json!({ "name": "j0", "handler": { "callable": "work" } })];
    for rung in 1..=20 {
        let previous = format!("j{}", rung - 1);
        for side in ["l", "r"] {
            let name = format!("{side}{rung}");
            steps
                .push(json!({ "name": name, "dependencies": [previous], "handler": { "callable": "work" } }));
        }
        steps.push(
            json!({ "name": format!("j{rung}"), "dependencies": [format!("l{rung}"), format!("r{rung}")],
                           "ancestors": rung == 20, "handler": { "callable": "work" } }),
        );
    }
    fixture.publish(&json!({ "name": "ladder", "version": "1.0.0", "steps": steps }).to_string()).await;
    fixture.create("ladder", json!({})).await;
    loop {
        let ready = fixture.dispatched();
        if let Some(last) = ready.iter().find(|step| step.step_name == "j20") {
            assert_eq!(last.dependency_results.len(), 60);
            break;
        }
        for step in ready {
            assert!(step.dependency_results.len() <= 2);
            fixture.complete(&step, json!(1)).await;
        }
    }
}

#[tokio::test]
async fn a_publication_is_what_the_next_request_is_checked_and_identified_by() {
    let fixture = Fixture::new().await;
    let version = |version: &str, required: &str| {
        json!({ "name": "t", "version": version, "input_schema": { "required": [required] },
                "steps": [{ "name": "a", "handler": { "callable": "work" } }] })
        .to_string()
    };
    fixture.publish(&version("1.0.0", "old")).await;
    fixture.create("t", json!({ "old": 1 })).await;
    fixture.publish(&version("2.0.0", "new")).await;
    // Valid only for the new version, which is not yet in the cache.
    fixture.create("t", json!({ "new": 1 })).await;
    let both = json!({ "old": 1, "new": 1 });
    fixture.publish(&version("3.0.0", "new")).await;
    fixture.create("t", both.clone()).await;
    let again = fixture.orchestrator.engine.create_tasks(vec![request("t", &both)]).await.remove(0);
    assert!(matches!(again, Ok(Creation::Duplicate(_))), "{again:?}");
    let old =
        fixture.orchestrator.engine.create_tasks(vec![request("t", &json!({ "old": 1 }))]).await.remove(0);
    assert!(matches!(old, Err(Error::InvalidInput(_))), "{old:?}");
}

#[tokio::test]
async fn an_input_that_cannot_be_stored_harms_no_other() {
    let fixture = Fixture::new().await;
    fixture.publish(&strategy("always_unique")).await;
    // Deeper than PostgreSQL's JSON parser supports.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = TaskRequest::new("t", serde_json::value::RawValue::from_string(deep).unwrap());
    let created = fixture.orchestrator.engine.create_tasks(vec![request("t", &json!(1)), deep]).await;
    assert!(matches!(created[0], Ok(Creation::Created(_))), "{created:?}");
    assert!(matches!(created[1], Err(Error::InvalidRequest { field: "context", .. })), "{created:?}");
}

#[tokio::test]
async fn queries_are_answered_while_every_connection_for_the_work_waits() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let task = fixture.create("one", json!({})).await;
    let mut lock = fixture.database.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE tasker.tasks IN EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..10 {
        let engine = fixture.orchestrator.engine.clone();
        waiting
            .spawn(async move { engine.create_tasks(vec![request("one", &json!({ "n": number }))]).await });
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let query = fixture.orchestrator.reader.steps(task, Slice::all());
    let answered = tokio::time::timeout(std::time::Duration::from_secs(5), query).await;
    assert_eq!(answered.expect("it waits for the work").unwrap().len(), 1);
    lock.rollback().await.unwrap();
    assert!(waiting.join_all().await.into_iter().flatten().all(|created| created.is_ok()));
}
