//! Finding tasks: by tags, correlation ids, search attributes, and by a text that may be any of these.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    host::{complete, failed},
    server::{Answer, Server},
};

const TEMPLATE: &str = "{ name: parcel, namespace_name: shop, version: 1.0.0,
    search_attributes: [{ name: order_id, path: /order/id }, { name: weight, path: /weight }],
    steps: [{ name: a, handler: { callable: work }, retry: { retryable: false } }] }";

impl Server {
    async fn task_with(&self, request: Value) -> Uuid {
        let created = self.post("/v1/tasks", &[], &request.to_string()).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
        created.body["task_id"].as_str().unwrap().parse().unwrap()
    }

    async fn list(&self, query: &str) -> Answer {
        let listed = self.get(&format!("/v1/tasks?{query}")).await;
        assert_eq!(listed.status, StatusCode::OK, "{query}: {listed:?}");
        let counted = self.get(&format!("/v1/tasks/count?{query}")).await;
        assert_eq!(
            counted.body["count"],
            listed.body["items"].as_array().unwrap().len(),
            "{query}: {counted:?}"
        );
        listed
    }

    async fn found(&self, query: &str) -> Vec<Uuid> {
        let listed = self.list(query).await;
        let items = listed.body["items"].as_array().unwrap();
        items.iter().map(|task| task["task_id"].as_str().unwrap().parse().unwrap()).collect()
    }
}

/// A server with three tasks: a parcel with everything, a parcel with nothing, and an order.
async fn three() -> (Server, [Uuid; 3]) {
    let server = Server::start().await;
    server.publish_template(TEMPLATE).await;
    let full = json!({
        "name": "parcel", "namespace": "shop", "context": { "order": { "id": "DE-1" }, "weight": 7 },
        "tags": ["web", "new customer"], "correlation_id": "basket-7", "parent_correlation_id": "visit-3",
        "initiator": "ada", "source_system": "till",
    });
    let full = server.task_with(full).await;
    let bare =
        server.task_with(json!({ "name": "parcel", "namespace": "shop", "context": { "order": 7 } })).await;
    let other =
        server.task_with(json!({ "name": "order", "tags": ["web", "DE-1"], "initiator": "web" })).await;
    (server, [full, bare, other])
}

#[tokio::test]
async fn tasks_are_found_by_what_their_requests_gave() {
    let (server, [full, bare, other]) = three().await;
    for (query, expected) in [
        ("tag=web", vec![other, full]),
        ("tag=web&order=asc", vec![full, other]),
        ("tag=web&tag=new%20customer", vec![full]),
        ("tag_any=new%20customer&tag_any=DE-1", vec![other, full]),
        ("tag=web&name=order", vec![other]),
        ("tag=ada", vec![]),
        ("initiator=ada", vec![full]),
        ("initiator=web", vec![other]),
        ("source_system=till", vec![full]),
        ("correlation_id=basket-7", vec![full]),
        ("parent_correlation_id=visit-3", vec![full]),
        ("correlation_id=visit-3", vec![]),
        ("attribute=order_id%3DDE-1", vec![full]),
        ("attribute=order_id%3DDE-1&attribute=weight%3D7", vec![full]),
        ("attribute=order_id%3D7", vec![]),
        ("attribute=order_id%3D%2525", vec![]),
        ("namespace=shop", vec![bare, full]),
    ] {
        assert_eq!(server.found(query).await, expected, "{query}");
    }
    let listed = server.list("correlation_id=basket-7").await;
    let task = &listed.body["items"][0];
    assert_eq!(task["attributes"], json!({ "order_id": "DE-1", "weight": "7" }));
    assert_eq!(listed.body["applied"], json!({ "limit": 50, "correlation_id": "basket-7" }));
}

#[tokio::test]
async fn a_task_of_the_release_before_is_found_too_and_one_with_long_values() {
    let (server, [full, ..]) = three().await;
    let copy = "INSERT INTO tasker.tasks SELECT (jsonb_populate_record(t, jsonb_build_object(
            'task_id', $2, 'labels', '{}'::text[], 'identity', null))).* FROM tasker.tasks t WHERE task_id = $1";
    let old = Uuid::now_v7();
    sqlx::query(copy).bind(full).bind(old).execute(&server.database.pool).await.unwrap();
    for query in
        ["tag=new%20customer", "initiator=ada", "correlation_id=basket-7", "source_system=till", "q=visit-3"]
    {
        assert_eq!(server.found(query).await, [old, full], "{query}");
    }
    let long = format!("https://shop.example/{}", "x".repeat(4000));
    let long_one = server.task_with(json!({ "name": "order", "source_system": long, "context": 7 })).await;
    assert_eq!(server.found(&format!("source_system={long}")).await, [long_one]);
    assert!(server.found(&format!("source_system={}", &long[..300])).await.is_empty());
}

#[tokio::test]
async fn a_text_finds_whatever_it_may_stand_for_and_says_what() {
    let (server, [full, bare, other]) = three().await;
    let id = full.to_string();
    for (text, expected) in [
        ("DE-1", vec![(other, "tag"), (full, "order_id")]),
        ("web", vec![(other, "tag"), (full, "tag")]),
        ("ada", vec![(full, "initiator")]),
        ("till", vec![(full, "source_system")]),
        ("basket-7", vec![(full, "correlation_id")]),
        ("visit-3", vec![(full, "parent_correlation_id")]),
        ("ARC", vec![(bare, "template"), (full, "template")]),
        ("shop/p", vec![(bare, "template"), (full, "template")]),
        (id.as_str(), vec![(full, "task_id")]),
        ("nothing%25", vec![]),
        ("%25", vec![]),
        ("_", vec![]),
    ] {
        let listed = server.list(&format!("q={text}")).await;
        let items = listed.body["items"].as_array().unwrap();
        let found: Vec<(Uuid, &str)> = items
            .iter()
            .map(|task| {
                (task["task_id"].as_str().unwrap().parse().unwrap(), task["matched"].as_str().unwrap())
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }
    // The beginning of an id, with other filters, from page to page.
    let beginning = &id[..8];
    assert_eq!(server.found(&format!("q={beginning}&namespace=shop")).await, [bare, full]);
    let first = server.get(&format!("/v1/tasks?q={beginning}&limit=1&order=asc")).await.body;
    assert_eq!(first["items"][0]["task_id"], json!(full));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = server.get(&format!("/v1/tasks?q={beginning}&limit=1&order=asc&cursor={cursor}")).await.body;
    assert_eq!(second["items"][0]["task_id"], json!(bare));
}

#[tokio::test]
async fn a_filter_without_an_index_needs_another_beside_it() {
    let (server, [full, bare, other]) = three().await;
    server.end(full, "a", (0, 1), failed("Broken", false), &[]).await;
    server.end(bare, "a", (0, 1), complete(&json!(1)), &[]).await;
    server.call_operation(other, "pause").await;
    for narrow in [
        "paused=true",
        "has_dlq_entry=true",
        "failed_step=a",
        "error_type=Broken",
        "ended_after=1h",
        "ended_before=1h",
    ] {
        for query in
            [narrow.to_owned(), format!("{narrow}&namespace=shop"), format!("{narrow}&state=complete")]
        {
            let refused = server.get(&format!("/v1/tasks?{query}")).await;
            let code = (refused.status, refused.body["code"].as_str());
            assert_eq!(
                code,
                (StatusCode::UNPROCESSABLE_ENTITY, Some("query_too_broad")),
                "{query}: {refused:?}"
            );
        }
    }
    for (query, expected) in [
        ("paused=true&open=true", vec![other]),
        ("paused=false&open=true", vec![full]),
        ("has_dlq_entry=true&created_after=1h", vec![full]),
        ("has_dlq_entry=false&open=true&tag=web", vec![other]),
        ("failed_step=a&open=true", vec![full]),
        ("failed_step=b&open=true", vec![]),
        ("error_type=Broken&state=blocked_by_failures", vec![full]),
        ("error_type=Other&open=true", vec![]),
        ("ended_after=1h&created_after=1h", vec![bare]),
        ("ended_before=1h&created_after=1h", vec![]),
    ] {
        assert_eq!(server.found(query).await, expected, "{query}");
    }
    let refused = server.get("/v1/tasks?attribute=order_id").await;
    assert!(refused.body["detail"].as_str().unwrap().contains("a name and a value"), "{refused:?}");
}

impl Server {
    async fn call_operation(&self, task: Uuid, action: &str) {
        let body = json!({ "action": action, "reason": "a test" }).to_string();
        let request = axum::http::Request::patch(format!("/v1/tasks/{task}"))
            .header("content-type", "application/json");
        let answer = self.call(request.body(axum::body::Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
}
