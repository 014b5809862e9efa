//! Looking at less, and changing only what is as expected: filters of steps, templates and dead letters, deliveries, checks
//! before a task is created, and preconditions.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    host::{complete, failed},
    server::{Answer, Server},
};

const BATCH: &str = "{ name: chain, version: 1.0.0, steps: [
    { name: a, handler: { callable: work } },
    { name: b, dependencies: [a], handler: { callable: work }, retry: { retryable: false } },
    { name: c, dependencies: [b], handler: { callable: work } }] }";

impl Server {
    async fn change(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A task whose step `b` has failed for good.
    async fn blocked_chain(&self) -> Uuid {
        self.publish_template(BATCH).await;
        let task = self.task_of("chain", &json!({})).await;
        self.end(task, "a", (0, 1), complete(&json!({ "long": "result" })), &[]).await;
        self.end(task, "b", (1, 2), failed("Broken", false), &[]).await;
        task
    }
}

fn names(list: &Answer, field: &str) -> Vec<String> {
    let items = list.body["items"].as_array().unwrap_or_else(|| panic!("{list:?}"));
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

fn assert_refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{answer:?}");
}

#[tokio::test]
async fn steps_are_listed_by_state_and_without_documents() {
    let server = Server::start().await;
    let task = server.blocked_chain().await;
    let list = async |query: &str| server.get(&format!("/v1/tasks/{task}/workflow_steps?{query}")).await;
    assert_eq!(names(&list("failed=true").await, "name"), ["b"]);
    assert_eq!(names(&list("state=complete&state=pending").await, "name"), ["a", "c"]);
    assert_eq!(names(&list("template_step=c").await, "name"), ["c"]);
    let summary = list("fields=summary&limit=1000").await;
    assert_eq!(names(&summary, "name"), ["a", "b", "c"]);
    assert!(!summary.text.contains("result\":{"), "{}", summary.text);
    assert!(list("").await.text.contains("\"long\":\"result\"") || list("").await.text.contains("long"));
    let next = list("failed=false&limit=1").await;
    let cursor = next.body["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(names(&list(&format!("failed=false&limit=1&cursor={cursor}")).await, "name"), ["b"]);
    assert_refused(&list("state=done").await, StatusCode::BAD_REQUEST, "invalid_request");
    assert_refused(&list("failed=true&state=error").await, StatusCode::BAD_REQUEST, "invalid_request");
    assert_refused(&list("limit=1000").await, StatusCode::BAD_REQUEST, "invalid_request");
    assert_refused(&list("template_step=d").await, StatusCode::NOT_FOUND, "no_such_step");
}

#[tokio::test]
async fn an_attempt_is_read_by_its_number() {
    let server = Server::start().await;
    let task = server.blocked_chain().await;
    let attempt = async |step: &str, number: &str| {
        server.get(&format!("/v1/tasks/{task}/workflow_steps/{step}/attempts/{number}")).await
    };
    let first = attempt("b", "1").await;
    assert_eq!(first.body["detail"]["failure"]["error_type"], "Broken", "{first:?}");
    assert_refused(&attempt("b", "2").await, StatusCode::NOT_FOUND, "no_such_step");
    assert_refused(&attempt("b", "x").await, StatusCode::BAD_REQUEST, "invalid_request");
}

#[tokio::test]
async fn a_request_is_checked_without_creating_a_task() {
    let server = Server::start().await;
    server
        .publish_template(
            "{ name: strict, version: 2.1.0, input_schema: { type: object, required: [sku] },
               steps: [{ name: a, handler: { callable: work } }] }",
        )
        .await;
    let check = async |body: Value| server.change("POST", "/v1/tasks/validate", &[], &body).await;
    let fits = check(json!({ "name": "strict", "context": { "sku": "A1" } })).await;
    assert_eq!(
        fits.body,
        json!({ "namespace": "default", "name": "strict", "version": "2.1.0" }),
        "{fits:?}"
    );
    let unfit = check(json!({ "name": "strict", "context": {} })).await;
    assert_refused(&unfit, StatusCode::UNPROCESSABLE_ENTITY, "invalid_input");
    assert_eq!(unfit.body["errors"].as_array().unwrap().len(), 1);
    assert_refused(&check(json!({ "name": "nothing" })).await, StatusCode::NOT_FOUND, "no_such_template");
    let control = check(json!({ "name": "strict", "context": { "sku": 1 }, "tags": ["\u{7}"] })).await;
    assert_refused(&control, StatusCode::BAD_REQUEST, "invalid_request");
    assert_eq!(server.get("/v1/tasks/count").await.body["count"], 0);
}

#[tokio::test]
async fn nothing_changes_that_is_not_as_expected() {
    let server = Server::start().await;
    let task = server.task_of("order", &json!({})).await;
    let path = format!("/v1/tasks/{task}");
    let pause = json!({ "action": "pause", "expected_state": "blocked_by_failures" });
    assert_refused(
        &server.change("PATCH", &path, &[], &pause).await,
        StatusCode::PRECONDITION_FAILED,
        "precondition_failed",
    );
    let wrong = json!({ "action": "pause", "expected_state": "asleep" });
    assert_refused(
        &server.change("PATCH", &path, &[], &wrong).await,
        StatusCode::BAD_REQUEST,
        "invalid_request",
    );
    let read = server.get(&path).await;
    assert_eq!(read.body["paused_at"], Value::Null);
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let pause = json!({ "action": "pause", "expected_state": "steps_in_process" });
    let paused = server.change("PATCH", &path, &[("if-match", &tag)], &pause).await;
    assert_eq!(paused.status, StatusCode::OK, "{paused:?}");
    // It is paused now, and so another than the one that was read.
    for (method, body) in [("PATCH", json!({ "action": "resume" })), ("DELETE", json!({}))] {
        let refused = server.change(method, &path, &[("if-match", &tag)], &body).await;
        assert_refused(&refused, StatusCode::PRECONDITION_FAILED, "precondition_failed");
    }
    let any = server.change("PATCH", &path, &[("if-match", "*")], &json!({ "action": "resume" })).await;
    assert_eq!(any.status, StatusCode::OK, "{any:?}");
    let nothing = format!("/v1/tasks/{}", Uuid::nil());
    let refused = server.change("DELETE", &nothing, &[("if-match", &tag)], &json!({})).await;
    assert_refused(&refused, StatusCode::NOT_FOUND, "no_such_task");
}

#[tokio::test]
async fn templates_are_found_by_a_part_of_their_name_with_versions_and_schema() {
    let server = Server::start().await;
    for version in ["1.0.0", "1.10.0", "1.9.0"] {
        server
            .publish_template(&format!(
                "{{ name: invoice, namespace_name: billing, version: {version}, description: Bills,
                    input_schema: {{ type: object, required: [total] }}, identity_strategy: always_unique,
                    steps: [{{ name: a, handler: {{ callable: work }} }}] }}"
            ))
            .await;
    }
    let found = server.get("/v1/templates?q=G/INV").await;
    assert_eq!(names(&found, "version"), ["1.0.0", "1.10.0", "1.9.0"]);
    assert_eq!(names(&server.get("/v1/templates?q=nothing").await, "version"), [""; 0]);
    for version in [json!("1.0.0"), json!("1.0.0"), Value::Null] {
        let body = json!({ "name": "invoice", "namespace": "billing", "version": version, "context": { "total": 1 } });
        let created = server.change("POST", "/v1/tasks", &[], &body).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    }
    let versions = server.get("/v1/templates/billing/invoice").await.body;
    assert_eq!(versions["latest_version"], "1.10.0");
    let counts: Vec<_> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (version["version"].as_str().unwrap(), version["tasks_24h"].as_i64().unwrap()))
        .collect();
    assert_eq!(counts, [("1.9.0", 0), ("1.10.0", 1), ("1.0.0", 2)]);
    let schema = server.get("/v1/templates/billing/invoice/1.9.0/schema").await.body;
    assert_eq!(schema, json!({ "type": "object", "required": ["total"] }));
    assert_eq!(server.get("/v1/templates/default/order/1.0.0/schema").await.body, json!({}));
    for path in ["/v1/templates/billing/nothing", "/v1/templates/billing/invoice/9.0.0/schema"] {
        assert_refused(&server.get(path).await, StatusCode::NOT_FOUND, "no_such_template");
    }
}

#[tokio::test]
async fn dead_letters_are_filtered_and_resolved_together() {
    let server = Server::start().await;
    let blocked = server.blocked_chain().await;
    let other = server.task_of("order", &json!({})).await;
    let added =
        server.change("POST", &format!("/v1/dlq/task/{other}"), &[], &json!({ "note": "look" })).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    let list = async |query: &str| names(&server.get(&format!("/v1/dlq?{query}")).await, "task_id");
    assert_eq!(list("name=chain").await, [blocked.to_string()]);
    assert_eq!(list("dlq_reason=manual_dlq&namespace=default").await, [other.to_string()]);
    assert_eq!(list("created_before=1h").await, [""; 0]);
    assert_eq!(list("created_after=1h").await.len(), 2);
    assert_refused(&server.get("/v1/dlq?dlq_reason=bad").await, StatusCode::BAD_REQUEST, "invalid_request");
    for path in ["/v1/dlq/stats", "/v1/dlq/investigation-queue", "/v1/dlq/staleness"] {
        let count = async |query: &str| {
            server.get(&format!("{path}{query}")).await.body["items"].as_array().unwrap().len()
        };
        assert!(count("?namespace=default").await > 0, "{path}");
        assert_eq!(
            (count("?namespace=shop").await, count("").await),
            (0, count("?namespace=default").await),
            "{path}"
        );
    }
    let entries = names(&server.get("/v1/dlq").await, "dlq_entry_id");
    let body = json!({
        "dlq_entry_ids": [entries[0], Uuid::nil(), entries[1]],
        "update": { "resolution_status": "permanently_failed", "resolution_notes": "known" },
    });
    let updated = server.change("POST", "/v1/dlq/bulk", &[], &body).await;
    let results: Vec<_> =
        updated.body["items"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(results, [&json!(200), &json!(404), &json!(200)], "{updated:?}");
    assert_eq!(updated.body["items"][1]["problem"]["code"], "no_such_dlq_entry");
    assert_eq!(list("resolution_status=pending").await, [""; 0]);
    let many: Vec<_> = (0..1001).map(|_| Uuid::nil()).collect();
    let body = json!({ "dlq_entry_ids": many, "update": { "resolution_status": "cancelled" } });
    assert_refused(
        &server.change("POST", "/v1/dlq/bulk", &[], &body).await,
        StatusCode::BAD_REQUEST,
        "invalid_request",
    );
}

#[tokio::test]
async fn a_delivery_that_was_given_up_is_tried_again() {
    let server = Server::start().await;
    let target = json!({ "namespace": "default", "name": "order" });
    let body = json!({ "name": "again", "event": "order.*", "kind": "task", "target": target });
    let subscribed = server.change("POST", "/v1/subscriptions", &[], &body).await;
    assert_eq!(server.get("/v1/subscriptions/again").await.body, subscribed.body);
    sqlx::query(
        "INSERT INTO tasker.deliveries (event_id, subscription_id, envelope, attempts, last_error)
         SELECT n, subscription_id, '{}', 24, 'connection refused' FROM tasker.subscriptions, generate_series(7, 8) AS n",
    )
    .execute(&server.database.pool)
    .await
    .unwrap();
    let list = server.get("/v1/subscriptions/again/deliveries").await.body;
    let given_up =
        json!({ "event_id": 8, "attempts": 24, "next_attempt_at": null, "last_error": "connection refused" });
    assert_eq!((&list["items"][0], list["items"].as_array().unwrap().len()), (&given_up, 2));
    let path = |event: u32| format!("/v1/subscriptions/again/deliveries/{event}/retry");
    let retried = server.change("POST", &path(7), &[], &json!({})).await;
    assert_eq!((retried.status, &retried.body["attempts"]), (StatusCode::OK, &json!(0)), "{retried:?}");
    assert!(retried.body["next_attempt_at"].is_string());
    assert_refused(
        &server.change("POST", &path(9), &[], &json!({})).await,
        StatusCode::CONFLICT,
        "not_possible",
    );
    // One that is being delivered now is not sent twice.
    let under_way = "UPDATE tasker.deliveries SET attempts = 1, last_error = NULL, next_attempt_at = now() + interval '1 minute'";
    sqlx::query(under_way).execute(&server.database.pool).await.unwrap();
    assert_refused(
        &server.change("POST", &path(7), &[], &json!({})).await,
        StatusCode::CONFLICT,
        "not_possible",
    );
    let failed = "UPDATE tasker.deliveries SET last_error = 'refused'";
    sqlx::query(failed).execute(&server.database.pool).await.unwrap();
    for _ in 0..2 {
        // The second is the answer to the first.
        let repeated = server.change("POST", &path(7), &[("idempotency-key", "again")], &json!({})).await;
        assert_eq!(repeated.status, StatusCode::OK, "{repeated:?}");
    }
    for path in ["/v1/subscriptions/nobody", "/v1/subscriptions/nobody/deliveries"] {
        assert_refused(&server.get(path).await, StatusCode::NOT_FOUND, "no_such_subscription");
    }
}

#[tokio::test]
async fn dead_events_are_replayed_together() {
    let server = Server::start().await;
    let send = async |id: &str| {
        let event =
            json!({ "specversion": "1.0", "id": id, "source": "/till", "type": "paid", "data": { "n": id } });
        let kind = [("content-type", "application/cloudevents+json")];
        let mut request = Request::post("/v1/events");
        for (name, value) in kind {
            request = request.header(name, value);
        }
        server.call(request.body(Body::from(event.to_string())).unwrap()).await
    };
    for id in ["1", "2", "3"] {
        assert_eq!(send(id).await.body[0]["state"], "unmatched");
    }
    let trigger = "{ name: paid, namespace: shop, pattern: { type: [paid] }, task: { name: order, namespace: default } }";
    let trigger = tasker_templates::trigger::parse_trigger(trigger).unwrap();
    server.orchestrator.triggers.publish_trigger(trigger.compiled.trigger()).await.unwrap();
    let replay = async |body: Value| server.change("POST", "/v1/events/replay", &[], &body).await;
    let some = replay(json!({ "max": 2 })).await;
    assert_eq!(some.body["items"].as_array().unwrap().len(), 2, "{some:?}");
    let older = replay(json!({ "before": some.body["items"][1]["received_id"], "max": 1 })).await;
    assert_eq!(older.body["items"].as_array().unwrap().len(), 1, "{older:?}");
    let rest = replay(json!({ "state": ["unmatched"] })).await;
    assert_eq!(rest.body["items"].as_array().unwrap().len(), 0, "{rest:?}");
    assert_eq!(server.get("/v1/tasks/count").await.body["count"], 3);
    assert_refused(&replay(json!({ "max": 0 })).await, StatusCode::BAD_REQUEST, "invalid_request");
    assert_refused(
        &replay(json!({ "state": ["started"] })).await,
        StatusCode::BAD_REQUEST,
        "invalid_request",
    );
}
