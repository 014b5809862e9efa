//! Lists of the real API.

use std::time::Duration;

use serde_json::json;
use tasker_client::{
    Method, Moment, TaskState,
    types::{HandlerVersion, Health},
};

use crate::server::Server;

#[tokio::test]
async fn a_list_goes_on_over_pages() {
    let server = Server::start().await;
    let client = server.client();
    let mut created = Vec::new();
    for number in 0..25 {
        let start = client.start("order", &json!({ "n": number })).source_system("paging");
        created.push(start.send().await.unwrap().id());
    }
    created.reverse();
    // The same for each page.
    let since = Moment::from(Duration::from_secs(3600));
    let filtered =
        || client.tasks().source_system("paging").namespace("default").created_after(since).limit(10);
    let (mut listed, mut tasks) = (Vec::new(), filtered().stream());
    while let Some(task) = tasks.next().await {
        listed.push(task.unwrap().task_id);
    }
    assert_eq!(listed, created);

    let first = filtered().page().await.unwrap();
    let second = filtered().cursor(first.next_cursor.as_deref().unwrap()).page().await.unwrap();
    let ids: Vec<_> = second.items.iter().map(|task| task.task_id).collect();
    assert_eq!(ids, created[10..20]);
    assert!(second.applied.get().contains("paging"), "{}", second.applied);
    let third = filtered().cursor(second.next_cursor.as_deref().unwrap()).page().await.unwrap();
    assert_eq!((third.items.len(), third.next_cursor), (5, None));

    let none = filtered().state(TaskState::Error).state(TaskState::Cancelled).all().await.unwrap();
    assert!(none.is_empty());
    let count = client.tasks().open(true).count_by("state").await.unwrap();
    assert_eq!((count.count, count.groups[0].key.as_str()), (25, "steps_in_process"));
    // A stream can be used by the adapters of other crates.
    let some: Vec<_> =
        futures_util::StreamExt::collect(futures_util::StreamExt::take(filtered().stream(), 12)).await;
    assert_eq!(some.len(), 12);
}

#[tokio::test]
async fn what_the_catalog_holds_is_listed() {
    let server = Server::start().await;
    let client = server.client();
    let templates = client.templates().all().await.unwrap();
    let names: Vec<_> = templates.iter().map(|template| (&*template.namespace, &*template.name)).collect();
    assert_eq!(names, [("default", "order"), ("shop", "chain")]);
    assert!(client.template("shop", "chain", "1.0.0").await.unwrap().get().contains("\"chain\""));
    assert_eq!(client.template_graph("shop", "chain", "1.0.0").await.unwrap().nodes.len(), 2);
    assert_eq!(client.handlers().await.unwrap().total_namespaces, 2);
    let order = client.handler("shop", "chain", None).await.unwrap().dependency_graph;
    assert_eq!(order.execution_order, ["a", "b"]);
    assert_eq!(client.callables().all().await.unwrap()[0].callable, "work");
    let verdict = client.validate_template("name: broken\nsteps: 5\n").await.unwrap();
    assert!(!verdict.valid && !verdict.problems.is_empty());
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "data": { "amount": 1 }
    });
    let received = client.send_events(&[&event]).await.unwrap();
    assert_eq!(client.received_events().all().await.unwrap()[0].received_id, received[0].received_id);
    assert!(!client.test_triggers(&event, None).await.unwrap().starts);
    assert_eq!(client.meta().await.unwrap().name, "tasker");
    assert_eq!(client.health().await.unwrap().status, "ok");
    let live: Health = client.request(Method::GET, "/health/live").send().await.unwrap();
    assert_eq!(live.status, "ok");
    let versions = client.list::<HandlerVersion>("/v1/callables/work/versions").all().await.unwrap();
    assert!(versions[0].is_current);
}
