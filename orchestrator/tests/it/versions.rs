//! Handler versions: which version a task gets, and how to change it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tasker_orchestrator::{
    ComponentPublication, Error, PublishedHandler, Slice, TaskAction, state::TaskState,
};

use crate::fixture::{Fixture, template};

impl Fixture {
    /// Publishes a component, named by a digit, that contains `work` and `other`.
    async fn publish_component(&self, digit: &str, promote: bool) {
        let handlers = ["work", "other"].map(|name| PublishedHandler {
            name: name.to_owned(),
            description: String::new(),
            input_schema: None,
            result_schema: None,
        });
        let component =
            ComponentPublication { digest: digit.repeat(64), size_bytes: 1, handlers: handlers.into() };
        self.orchestrator.catalog.publish_components(&[component], &BTreeMap::new(), promote).await.unwrap();
    }

    /// Returns the digit of the component that a new task of a template uses for its first step.
    async fn current(&self, template: &str) -> String {
        self.create(template, json!({})).await;
        self.dispatched_one().handler.component[..1].to_owned()
    }

    async fn versions(&self) -> Vec<(i32, String, bool)> {
        let versions = self.orchestrator.catalog.handler_versions("work", Slice::all()).await.unwrap();
        versions.into_iter().map(|one| (one.version, one.component[..1].to_owned(), one.is_current)).collect()
    }
}

#[tokio::test]
async fn publish_promote_and_roll_back() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    assert_eq!(fixture.current("one").await, "0");
    fixture.publish_component("1", false).await;
    assert_eq!(fixture.current("one").await, "0", "published is not promoted");
    fixture.orchestrator.catalog.promote_handler("work", 2).await.unwrap();
    assert_eq!(fixture.current("one").await, "1");
    fixture.publish_component("2", true).await;
    assert_eq!(fixture.current("one").await, "2");
    assert_eq!(
        fixture.versions().await,
        [(3, "2".into(), true), (2, "1".into(), false), (1, "0".into(), false)]
    );
    assert_eq!(fixture.orchestrator.catalog.roll_back_handler("work").await.unwrap(), 2);
    assert_eq!(fixture.current("one").await, "1");
    // The same content is not a new version.
    fixture.publish_component("2", false).await;
    assert_eq!(fixture.versions().await.len(), 3);
    let wrong = fixture.orchestrator.catalog.promote_handler("work", 9).await;
    assert!(matches!(&wrong, Err(Error::Refused(told)) if told.contains("it has 3, 2, 1")), "{wrong:?}");
    let wrong = fixture.orchestrator.catalog.promote_handler("wrok", 1).await;
    assert!(matches!(&wrong, Err(Error::NoSuchHandler { .. })), "{wrong:?}");
    assert!(wrong.unwrap_err().to_string().contains("did you mean `work`?"));
    let only = Fixture::new().await;
    let nowhere = only.orchestrator.catalog.roll_back_handler("work").await;
    assert!(matches!(nowhere, Err(Error::Refused(_))), "{nowhere:?}");
}

#[tokio::test]
async fn a_running_task_keeps_what_it_started_with() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("two", &[("a", &[]), ("b", &["a"])])).await;
    fixture.create("two", json!({})).await;
    let a = fixture.dispatched_one();
    fixture.publish_component("1", true).await;
    fixture.complete(&a, json!(1)).await;
    assert_eq!(fixture.dispatched_one().handler.component, "0".repeat(64));
}

#[tokio::test]
async fn a_template_can_pin_a_version() {
    let fixture = Fixture::new().await;
    let pinned: Value = json!({
        "name": "pinned", "version": "1.0.0", "identity_strategy": "always_unique",
        "steps": [{ "name": "a", "handler": { "callable": "work", "version": 1 } }],
    });
    fixture.publish(&pinned.to_string()).await;
    fixture.publish_component("1", true).await;
    assert_eq!(fixture.current("pinned").await, "0");
    let mut unknown = pinned.clone();
    (unknown["name"], unknown["steps"][0]["handler"]["version"]) = (json!("unknown"), json!(7));
    fixture.publish(&unknown.to_string()).await;
    let refused =
        fixture.orchestrator.engine.create_tasks(vec![crate::fixture::request("unknown", &json!({}))]).await;
    assert!(matches!(refused[0], Err(Error::UnknownHandlers { .. })), "{refused:?}");
}

#[tokio::test]
async fn upgrade_moves_a_waiting_task_and_nothing_that_runs() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("two", &[("a", &[]), ("b", &["a"])])).await;
    let task = fixture.create("two", json!({})).await;
    let a = fixture.dispatched_one();
    let upgrade = |version: Option<&str>| TaskAction::Upgrade { version: version.map(str::to_owned) };
    let act = async |action: TaskAction| {
        fixture.orchestrator.engine.operate_on_task(task, &action, "ops", None).await
    };
    let same = act(upgrade(None)).await;
    assert!(
        matches!(&same, Err(Error::Refused(told)) if told.contains("already has that release")),
        "{same:?}"
    );
    fixture.publish_component("1", true).await;
    let running = act(upgrade(None)).await;
    assert!(
        matches!(&running, Err(Error::Refused(told)) if told.contains("1 of its steps are running")),
        "{running:?}"
    );
    act(TaskAction::Pause).await.unwrap();
    fixture.complete(&a, json!(1)).await;
    act(upgrade(None)).await.unwrap();
    act(TaskAction::Resume).await.unwrap();
    let b = fixture.dispatched_one();
    assert_eq!(b.handler.component, "1".repeat(64));
    fixture.complete(&b, json!(1)).await;
    assert_eq!(fixture.task_state(task).await, TaskState::Complete);
    fixture.check_audit(task).await;
}

#[tokio::test]
async fn upgrade_to_another_version_needs_the_same_dag() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("two", &[("a", &[]), ("b", &["a"])])).await;
    let task = fixture.create("two", json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    let publish = async |version: &str, steps: &[(&str, &[&str])]| {
        fixture.publish(&template("two", steps).replace("1.0.0", version)).await;
    };
    publish("1.1.0", &[("a", &[]), ("b", &["a"])]).await;
    publish("2.0.0", &[("a", &[]), ("c", &["a"]), ("b", &["c"])]).await;
    let upgrade = async |version: &str| {
        let action = TaskAction::Upgrade { version: Some(version.to_owned()) };
        fixture.orchestrator.engine.operate_on_task(task, &action, "ops", None).await
    };
    let refused = upgrade("2.0.0").await.unwrap_err().to_string();
    assert!(
        refused.contains("the DAG differs") && refused.contains("step `c` is where `b` was"),
        "{refused}"
    );
    assert!(matches!(upgrade("3.0.0").await, Err(Error::NoSuchTemplate { .. })));
    upgrade("1.1.0").await.unwrap();
    assert_eq!(fixture.orchestrator.reader.task(task).await.unwrap().summary.version, "1.1.0");
}
