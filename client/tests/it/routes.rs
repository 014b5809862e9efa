//! Each method of the client asks for a route of the document, and each route has a method.

use std::{collections::BTreeSet, fs, future::Future, path::Path};

use serde_json::{Value, json};
use tasker_client::{
    Client,
    types::{
        CallableOperation, DlqAddition, DlqBulkUpdate, DlqUpdate, EventReplay, KeyRotation, NewKey,
        PublicationRequest, Resolution, SubscriptionKind, SubscriptionRequest, TaskBulk, TaskCopy,
        TaskRequest,
    },
};
use uuid::Uuid;

use crate::fake::{Fake, Seen, problem};

const ID: Uuid = Uuid::from_u128(7);

/// Without a method of their own: what browsers, load balancers and Prometheus ask for.
const BY_REQUEST: &[&str] =
    &["POST /v1/session", "DELETE /v1/session", "GET /health/live", "GET /health/ready", "GET /metrics"];

fn document() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/openapi.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The route of the document that a request is for, and whether its parameters are known there.
fn route_of(document: &Value, seen: &Seen) -> Option<String> {
    let path: Vec<&str> = seen.uri.path().split('/').collect();
    let fits = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == path.len()
            && pattern.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
    };
    let method = seen.method.as_str().to_lowercase();
    let paths = document["paths"].as_object().unwrap().iter();
    // The most literal one.
    let found = paths.filter(|(pattern, item)| fits(pattern) && item.get(&method).is_some());
    let (pattern, item) = found.min_by_key(|(pattern, _)| pattern.matches('{').count())?;
    let known: BTreeSet<&str> = item[&method]["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    for pair in seen.query().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap();
        assert!(known.contains(name), "{pattern} has no parameter {name}");
    }
    Some(format!("{} {pattern}", seen.method))
}

/// What the server refuses is still asked for.
async fn ask<T>(call: impl Future<Output = tasker_client::Result<T>>) {
    assert_eq!(call.await.err().expect("the server refuses").code(), "internal");
}

async fn ask_all(client: &Client) {
    let task = client.task(ID);
    let step = task.step("a/b c");
    let input = json!({});
    ask(client.start("shop/order", &input).return_existing().send()).await;
    ask(client.create_tasks(Vec::new())).await;
    ask(client.check_task(&TaskRequest::default())).await;
    let tasks = client.tasks().state("error").open(true).namespace("n").name("t").version("1").initiator("i");
    let day = std::time::Duration::from_secs(24 * 3600);
    let tasks = tasks.source_system("s").created_after(day).created_before(chrono::Utc::now());
    let tasks = tasks.tag("t").correlation_id("c").attribute("order_id", "DE=1").text("x").oldest_first();
    ask(tasks.clone().count_by("state")).await;
    ask(tasks.limit(2).cursor("c").page()).await;
    ask(task.get()).await;
    ask(task.summary()).await;
    ask(client.tasks().tag("t").limit(2).watch().next_or_end()).await;
    ask(task.get_at_rest(day)).await;
    ask(task.cancel("r")).await;
    ask(task.pause("r")).await;
    ask(task.copy(&TaskCopy::default())).await;
    ask(task.input::<Value>()).await;
    ask(task.context()).await;
    ask(task.graph()).await;
    ask(task.timeline().page()).await;
    let lines = task.logs().step("a").attempt(1).level("warn").containing("x").after(day).before(day);
    ask(lines.page()).await;
    ask(task.audit().page()).await;
    ask(task.steps().page()).await;
    ask(task.watch_with_logs().next_or_end()).await;
    ask(task.dlq().page()).await;
    ask(task.add_to_dlq(&DlqAddition::default())).await;
    ask(step.get()).await;
    ask(step.result::<Value>()).await;
    ask(step.reset("r")).await;
    ask(step.resolve("r")).await;
    ask(step.complete(&input, "r")).await;
    ask(step.attempts().page()).await;
    ask(step.attempt(1)).await;
    ask(step.audit().page()).await;
    ask(step.logs().page()).await;
    ask(client.preview_bulk(&TaskBulk::default())).await;
    ask(client.confirm_bulk("t")).await;
    ask(client.bulk_operations().page()).await;
    ask(client.bulk_operation(ID)).await;
    ask(client.bulk_failures(ID).page()).await;
    ask(client.stop_bulk(ID)).await;
    ask(client.templates().namespace("n").name("t").page()).await;
    ask(client.template("n", "t", "1")).await;
    ask(client.template_graph("n", "t", "1")).await;
    ask(client.template_versions("n", "t")).await;
    ask(client.template_schema("n", "t", "1")).await;
    ask(client.validate_template("name: t")).await;
    ask(client.store_component("d", b"\0asm")).await;
    ask(client.publish(&PublicationRequest::default(), true)).await;
    ask(client.namespaces().page()).await;
    ask(client.namespace("n")).await;
    ask(client.handlers()).await;
    ask(client.handlers_of("n")).await;
    ask(client.handler("n", "t", None)).await;
    ask(client.callables().page()).await;
    ask(client.callable_versions("c").page()).await;
    ask(client.operate_on_callable("c", &CallableOperation::RollBack)).await;
    ask(client.dlq().resolution_status("pending").page()).await;
    ask(client.dlq_entry(ID)).await;
    let update =
        DlqUpdate { resolution_status: Resolution::Requeue, resolution_notes: None, resolved_by: None };
    ask(client.update_dlq_entry(ID, &update)).await;
    ask(client.update_dlq_entries(&DlqBulkUpdate { dlq_entry_ids: vec![ID], update })).await;
    ask(client.investigation_queue().page()).await;
    ask(client.stale_tasks().page()).await;
    ask(client.dlq_statistics().page()).await;
    ask(client.send_events(&[&input])).await;
    ask(client.received_events().state("dead").page()).await;
    ask(client.received_event(ID)).await;
    ask(client.replay_event(ID)).await;
    ask(client.replay_events(&EventReplay { state: Vec::new(), max: Some(1), ..EventReplay::default() }))
        .await;
    ask(client.domain_events().page()).await;
    ask(client.watch_events().next_or_end()).await;
    ask(client.subscriptions().page()).await;
    let subscription = SubscriptionRequest {
        name: "s".to_owned(),
        event: "order.*".to_owned(),
        kind: SubscriptionKind::Queue,
        target: tasker_client::Document::default(),
    };
    ask(client.subscribe(&subscription)).await;
    ask(client.subscription("s")).await;
    ask(client.deliveries("s").page()).await;
    ask(client.retry_delivery("s", 7)).await;
    ask(client.unsubscribe("s")).await;
    ask(client.triggers().page()).await;
    ask(client.trigger("n", "t")).await;
    ask(client.switch_trigger("n", "t", false)).await;
    ask(client.remove_trigger("n", "t")).await;
    ask(client.test_triggers(&input, Some("n/t"))).await;
    ask(client.keys().page()).await;
    ask(client.key("k")).await;
    ask(client.create_key(&NewKey::default())).await;
    ask(client.rotate_key("k", &KeyRotation::default())).await;
    ask(client.revoke_key("k")).await;
    ask(client.sessions().page()).await;
    ask(client.end_session(ID)).await;
    ask(client.me()).await;
    ask(client.audit().principal("p").permission("x").outcome("denied").after(day).before(day).page()).await;
    ask(client.configuration().page()).await;
    ask(client.workers().page()).await;
    ask(client.queues().page()).await;
    let analytics =
        client.analytics().from(day).to(chrono::Utc::now()).namespace("n").name("t").version("1").limit(5);
    ask(analytics.performance()).await;
    ask(analytics.bottlenecks(5)).await;
    ask(analytics.throughput("auto", true)).await;
    ask(analytics.steps("p95")).await;
    ask(analytics.tasks("mean")).await;
    ask(analytics.errors()).await;
    ask(analytics.retries()).await;
    ask(analytics.costs()).await;
    ask(client.analytics().hours(2).health()).await;
    ask(client.meta()).await;
    ask(client.health()).await;
    ask(client.detailed_health()).await;
}

/// A stream as a call.
trait NextOrEnd {
    async fn next_or_end(self) -> tasker_client::Result<()>;
}

impl<T> NextOrEnd for tasker_client::Items<T> {
    async fn next_or_end(mut self) -> tasker_client::Result<()> {
        self.next().await.transpose().map(drop)
    }
}

#[tokio::test]
async fn each_method_asks_for_a_route_and_each_route_has_a_method() {
    let (document, server) = (document(), Fake::start(|_, _| problem(500, "internal")).await);
    ask_all(&server.client()).await;
    let mut asked = BTreeSet::new();
    for seen in server.seen() {
        let Some(route) = route_of(&document, &seen) else {
            panic!("no route for {} {}", seen.method, seen.uri)
        };
        let permission = &document["paths"][route.split(' ').next_back().unwrap()]
            [seen.method.as_str().to_lowercase()]["x-required-permission"];
        // Where the API refuses a key, a key decides more than what is repeated, or a repetition changes nothing, there is none.
        let takes_key = !seen.method.is_safe()
            && seen.method != "PUT"
            && route != "POST /v1/tasks"
            && permission != "keys:create"
            && permission != "events:subscribe";
        assert_eq!(seen.header("idempotency-key").is_some(), takes_key, "{route}");
        asked.insert(route);
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let route = format!("{} {path}", method.to_uppercase());
            let is_known = BY_REQUEST.contains(&route.as_str());
            assert!(is_known || asked.contains(&route), "no method of the client asks for {route}");
        }
    }
}
