//! Bulk operations through the API: previews, tokens, permissions, namespaces, failures.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_api::Authentication;
use tasker_orchestrator::{
    access::{Caller, NewKey},
    bulk::Bulk,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    host::failed,
    server::{Answer, Server},
};

const BULK: &str = "/v1/tasks/bulk";

impl Server {
    async fn send(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header("x-api-key", key);
        let request = request.header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.call(request.body(body).unwrap()).await
    }

    async fn with_namespaces() -> Self {
        let server = Self::start_with(Authentication::Own(None)).await;
        for namespace in ["shop", "billing"] {
            server
                .publish_template(&format!(
                    "{{ name: order, namespace_name: {namespace}, version: 1.0.0, identity_strategy: always_unique,
                        steps: [{{ name: a, handler: {{ callable: work }} }}] }}"
                ))
                .await;
        }
        server
    }

    /// Creates a task that is blocked by failures.
    async fn blocked_order(&self, key: &str, namespace: &str) -> Uuid {
        let task = self.ordered(key, namespace).await;
        self.end(task, "a", (0, 1), failed("Broken", false), &[]).await;
        task
    }

    async fn ordered(&self, key: &str, namespace: &str) -> Uuid {
        let body =
            json!({ "name": "order", "namespace": namespace, "context": { "n": 4711 }, "initiator": "till" });
        let created = self.send(key, "POST", "/v1/tasks", &body).await;
        created.body["task_id"].as_str().unwrap_or_else(|| panic!("{created:?}")).parse().unwrap()
    }

    async fn preview(&self, key: &str, body: &Value) -> Value {
        let answer = self.send(key, "POST", BULK, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    /// Confirms a preview. Returns the path of the operation.
    async fn confirm(&self, key: &str, preview: &Value) -> String {
        let begun = self.send(key, "POST", BULK, &json!({ "confirm": preview["confirm"] })).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
        assert_eq!(begun.body["state"], "running");
        begun.headers["location"].to_str().unwrap().to_owned()
    }

    /// Lets a worker do all that was confirmed.
    async fn work(&self) {
        let worker = Bulk::new(Arc::clone(&self.orchestrator.engine), 0);
        worker.work(&CancellationToken::new(), None).await.unwrap();
    }

    async fn status(&self, key: &str, task: Uuid) -> Value {
        self.send(key, "GET", &format!("/v1/tasks/{task}"), &Value::Null).await.body["status"].clone()
    }

    async fn key_with(&self, permissions: &[&str]) -> String {
        let permissions = permissions.iter().map(|&permission| permission.to_owned()).collect();
        let request = NewKey { name: "narrow".to_owned(), permissions, ..NewKey::default() };
        self.orchestrator.keys.create(&request, &Caller::local()).await.unwrap().secret
    }
}

#[tokio::test]
async fn an_operation_is_previewed_confirmed_once_and_followed() {
    let server = Server::with_namespaces().await;
    let (admin, other) = (server.key("admin", None).await, server.key("admin", None).await);
    let blocked = [server.blocked_order(&admin, "shop").await, server.blocked_order(&admin, "shop").await];
    let open = server.ordered(&admin, "shop").await;
    let body = json!({
        "action": "give_up", "filter": { "namespace": "shop", "open": true }, "reason": "too late", "actor": "ada",
    });
    let preview = server.preview(&admin, &body).await;
    assert_eq!(preview["matching"], json!({ "count": 3, "capped": false }));
    assert_eq!(preview["impossible"], json!({ "not_blocked": 1 }));
    assert_eq!((&preview["sample"][0]["task_id"], &preview["state"]), (&json!(open), &json!("previewed")));
    server.work().await;
    assert_eq!(server.status(&admin, blocked[0]).await, "blocked_by_failures");
    let later = server.blocked_order(&admin, "shop").await;

    let token = json!({ "confirm": preview["confirm"] });
    let foreign = server.send(&other, "POST", BULK, &token).await;
    assert_eq!((foreign.status, &foreign.body["code"]), (StatusCode::CONFLICT, &json!("confirm_expired")));
    let path = server.confirm(&admin, &preview).await;
    let used = server.send(&admin, "POST", BULK, &token).await;
    assert_eq!((used.status, &used.body["code"]), (StatusCode::CONFLICT, &json!("confirm_expired")));
    server.work().await;
    let after = server.send(&admin, "GET", &path, &Value::Null).await.body;
    assert_eq!(
        (&after["state"], &after["done"], &after["failed"]),
        (&json!("complete"), &json!(2), &json!(1))
    );
    assert!(after["confirm"].is_null() && after["sample"].is_null(), "{after}");
    assert!(after["actor"].as_str().unwrap().ends_with(" for ada"), "{after}");
    for task in blocked {
        assert_eq!(server.status(&admin, task).await, "error");
    }
    assert_eq!(server.status(&admin, later).await, "blocked_by_failures");
    let audit =
        server.send(&admin, "GET", &format!("/v1/tasks/{}/audit", blocked[0]), &Value::Null).await.text;
    assert!(audit.contains(&format!("too late (bulk {})", after["bulk_id"].as_str().unwrap())), "{audit}");

    // The failure is that of the action on the task alone.
    let failures = server.send(&admin, "GET", &format!("{path}/failures"), &Value::Null).await.body;
    let alone = server
        .send(&admin, "PATCH", &format!("/v1/tasks/{open}"), &json!({ "action": "give_up" }))
        .await
        .body;
    assert_eq!(
        failures["items"],
        json!([{ "task_id": open, "code": alone["code"], "message": alone["detail"] }])
    );
    let listed = server.send(&admin, "GET", "/v1/bulk?limit=1", &Value::Null).await.body;
    assert_eq!((&listed["items"][0], &listed["next_cursor"]), (&after, &Value::Null));
    let stopped = server.send(&admin, "DELETE", &path, &Value::Null).await;
    assert_eq!((stopped.status, &stopped.body["code"]), (StatusCode::CONFLICT, &json!("not_possible")));
}

#[tokio::test]
async fn an_operation_is_stopped() {
    let server = Server::with_namespaces().await;
    let admin = server.key("admin", None).await;
    let task = server.ordered(&admin, "shop").await;
    let preview = server.preview(&admin, &json!({ "action": "cancel", "task_ids": [task] })).await;
    let path = server.confirm(&admin, &preview).await;
    for _ in 0..2 {
        let stopped = server.send(&admin, "DELETE", &path, &Value::Null).await;
        assert_eq!((stopped.status, &stopped.body["state"]), (StatusCode::OK, &json!("stopped")));
    }
    server.work().await;
    assert_eq!(server.status(&admin, task).await, "steps_in_process");
}

#[tokio::test]
async fn nobody_acts_on_tasks_or_sees_operations_beyond_their_namespaces() {
    let server = Server::with_namespaces().await;
    let (admin, shop, colleague, viewer) = (
        server.key("admin", None).await,
        server.key("operator", Some(&["shop"])).await,
        server.key("operator", Some(&["shop", "stock"])).await,
        server.key("viewer", Some(&["shop"])).await,
    );
    let (own, other) = (server.ordered(&admin, "shop").await, server.ordered(&admin, "billing").await);
    for (tasks, impossible) in [
        (json!({ "filter": {} }), json!({})),
        (json!({ "task_ids": [own, other] }), json!({ "no_such_task": 1 })),
    ] {
        let mut body = tasks;
        body["action"] = json!("pause");
        let preview = server.preview(&shop, &body).await;
        assert_eq!((&preview["matching"]["count"], &preview["impossible"]), (&json!(1), &impossible));
        assert!(!preview.to_string().contains("billing"), "{preview}");
        let path = server.confirm(&shop, &preview).await;
        server.work().await;
        for key in [&shop, &colleague, &viewer, &admin] {
            let seen = server.send(key, "GET", &path, &Value::Null).await;
            assert_eq!(seen.status, StatusCode::OK, "{seen:?}");
        }
        server.send(&admin, "PATCH", &format!("/v1/tasks/{own}"), &json!({ "action": "resume" })).await;
        let other = server.send(&admin, "GET", &format!("/v1/tasks/{other}"), &Value::Null).await.body;
        assert_eq!(other["paused_at"], Value::Null);
    }
    let body = json!({ "action": "pause", "filter": { "namespace": "billing" } });
    assert_eq!(server.preview(&shop, &body).await["matching"]["count"], 0);

    let preview =
        server.preview(&admin, &json!({ "action": "pause", "filter": { "namespace": "shop" } })).await;
    let path = server.confirm(&admin, &preview).await;
    for (method, path) in
        [("GET", path.clone()), ("DELETE", path.clone()), ("GET", format!("{path}/failures"))]
    {
        let hidden = server.send(&shop, method, &path, &Value::Null).await;
        assert_eq!((hidden.status, &hidden.body["code"]), (StatusCode::NOT_FOUND, &json!("no_such_bulk")));
    }
    let counted = async |key: &str| {
        server.send(key, "GET", "/v1/bulk", &Value::Null).await.body["items"].as_array().unwrap().len()
    };
    assert_eq!((counted(&shop).await, counted(&admin).await), (2, 3));
    let preview = server.preview(&shop, &json!({ "action": "pause", "filter": {} })).await;
    let path = server.confirm(&shop, &preview).await;
    let refused = server.send(&viewer, "DELETE", &path, &Value::Null).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    assert!(refused.body["detail"].as_str().unwrap().contains("tasks:operate"), "{refused:?}");
    assert_eq!(server.send(&colleague, "DELETE", &path, &Value::Null).await.body["state"], "stopped");
}

#[tokio::test]
async fn an_action_needs_its_own_permission_and_the_record_names_it() {
    let server = Server::with_namespaces().await;
    let admin = server.key("admin", None).await;
    server.blocked_order(&admin, "shop").await;
    for (permission, actions) in [
        ("tasks:cancel", ["cancel"].as_slice()),
        ("tasks:create", ["clone"].as_slice()),
        (
            "tasks:operate",
            ["pause", "resume", "redrive", "give_up", "resolve_manually", "rerun", "upgrade", "set_tags"]
                .as_slice(),
        ),
    ] {
        let allowed = server.key_with(&["tasks:list", permission]).await;
        for others in ["tasks:cancel", "tasks:create", "tasks:operate"] {
            let key = server.key_with(&["tasks:list", others]).await;
            for action in actions {
                let arguments = match *action {
                    "rerun" => json!({ "step": "a" }),
                    "set_tags" => json!({ "tags": ["seen"] }),
                    _ => json!({}),
                };
                let body = json!({ "action": action, "filter": {}, "arguments": arguments });
                let answer = server.send(&key, "POST", BULK, &body).await;
                if others == permission {
                    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
                } else {
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{action}: {answer:?}");
                    assert!(answer.text.contains(permission), "{answer:?}");
                }
            }
        }
        let blind = server.key_with(&[permission]).await;
        let body = json!({ "action": actions[0], "filter": {} });
        assert_eq!(server.send(&blind, "POST", BULK, &body).await.status, StatusCode::FORBIDDEN);
        let preview = server.preview(&allowed, &body).await;
        server.confirm(&allowed, &preview).await;
        let records = server.send(&admin, "GET", "/v1/audit?outcome=ok", &Value::Null).await.body;
        let records = records["items"].as_array().unwrap();
        let confirmed: Vec<_> = records.iter().filter(|record| record["path"] == BULK).collect();
        assert_eq!(confirmed[0]["permission"], permission, "{confirmed:?}");
    }
    let records = server.send(&admin, "GET", "/v1/audit?outcome=ok", &Value::Null).await.body;
    let of_bulk = records["items"].as_array().unwrap().iter().filter(|record| record["path"] == BULK);
    assert_eq!(of_bulk.count(), 3, "previews change nothing: {records}");
}

#[tokio::test]
async fn copies_name_who_asked_for_them_and_failures_quote_no_input() {
    let server = Server::with_namespaces().await;
    let (admin, submitter) = (server.key("admin", None).await, server.key("submitter", None).await);
    let task = server.ordered(&admin, "shop").await;
    let stricter = "{ name: order, namespace_name: shop, version: 2.0.0, input_schema: { properties: { n: { type: string } } },
        steps: [{ name: a, handler: { callable: work } }] }";
    server.publish_template(stricter).await;
    let clone = async |arguments: Value| {
        let body =
            json!({ "action": "clone", "task_ids": [task], "arguments": arguments, "reason": "again" });
        let preview = server.preview(&submitter, &body).await;
        let path = server.confirm(&submitter, &preview).await;
        server.work().await;
        path
    };
    let path = clone(json!({ "version": "2.0.0" })).await;
    let failures = server.send(&admin, "GET", &format!("{path}/failures"), &Value::Null).await;
    assert_eq!(failures.body["items"][0]["code"], "invalid_input");
    assert!(!failures.text.contains("4711"), "{failures:?}");
    clone(json!({ "version": "2.0.0", "context": { "n": "4712" } })).await;
    let newest = server.send(&admin, "GET", "/v1/tasks?limit=1", &Value::Null).await.body["items"][0].clone();
    assert_eq!(
        (&newest["version"], &newest["tags"]),
        (&json!("2.0.0"), &json!([format!("rerun-of:{task}")]))
    );
    let (initiator, reason) = (newest["initiator"].as_str().unwrap(), newest["reason"].as_str().unwrap());
    assert!(initiator.starts_with("key:a-submitter/") && reason.starts_with("again (bulk "), "{newest}");
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused() {
    let server = Server::start().await;
    for (body, expected) in [
        (json!({}), "`action` is missing"),
        (json!({ "action": "dance", "filter": {} }), "unknown variant `dance`"),
        (json!({ "action": "pause" }), "`filter` is missing"),
        (json!({ "action": "pause", "filter": { "stat": [] } }), "unknown field `stat`"),
        (json!({ "action": "pause", "filter": { "state": ["asleep"] } }), "`state` is `asleep`"),
        (json!({ "action": "pause", "filter": {}, "arguments": { "step": "a" } }), "does not take"),
        (json!({ "action": "pause", "filter": {}, "max": 100_001 }), "between 1 and 100000"),
        (json!({ "action": "pause", "confirm": "x" }), "send `confirm` alone"),
        (json!({ "action": "pause", "filter": { "order": "asc" } }), "leave out `order`"),
        (json!({ "action": "pause", "filter": { "tag": ["a\0"] } }), "no NUL character"),
        (json!({ "action": "pause", "filter": { "q": "a\0" } }), "no NUL character"),
        (json!({ "action": "pause", "filter": { "tag": vec!["a"; 51] } }), "more than 50 values"),
    ] {
        let refused = server.post(BULK, &[], &body.to_string()).await;
        let detail = refused.body["detail"].as_str().unwrap();
        assert!((400..=422).contains(&refused.status.as_u16()) && detail.contains(expected), "{refused:?}");
    }
    let repeated = json!({ "action": "pause", "filter": {} });
    let preview = server.post(BULK, &[], &repeated.to_string()).await.body;
    let confirm = json!({ "confirm": preview["confirm"] }).to_string();
    let key = [("idempotency-key", "once")];
    let (first, again) = (server.post(BULK, &key, &confirm).await, server.post(BULK, &key, &confirm).await);
    assert_eq!((first.status, again.status), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
    assert_eq!(first.body, again.body);
}
