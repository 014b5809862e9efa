//! Who may do what: API keys, roles, namespaces, and what is withheld.

use std::{fs, path::Path};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tasker_api::{Authentication, Doors, Front, RESPONSES_KEPT};
use tasker_orchestrator::access::{Caller, NewKey, Permission, Role};
use tasker_templates::template::parse;

use crate::server::{Answer, Server};

/// The routes that need credentials and no permission.
const FOR_ANY_CALLER: [&str; 2] = ["/v1/me", "/v1/session"];

const NOTHING: &str = "00000000-0000-0000-0000-000000000000";

impl Server {
    async fn with_keys() -> Self {
        Self::start_with(Authentication::Own(None)).await
    }

    async fn ask(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header("x-api-key", key);
        let request = match body {
            Value::Null => request.body(Body::empty()),
            body => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        };
        self.call(request.unwrap()).await
    }

    async fn read(&self, key: &str, path: &str) -> Value {
        let answer = self.ask(key, "GET", path, &Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer.body
    }

    async fn publish(&self, namespace: &str) {
        let template = format!(
            "{{ name: order, namespace_name: {namespace}, version: 1.0.0, steps: [{{ name: a, handler: {{ callable: work }} }}] }}"
        );
        self.orchestrator.catalog.publish_template(&parse(&template).unwrap().template).await.unwrap();
    }

    async fn trigger(&self, namespace: &str, name: &str, task_namespace: &str) {
        let trigger = format!(
            "{{ name: {name}, namespace: {namespace}, pattern: {{ type: [t] }},
                task: {{ name: order, namespace: {task_namespace} }} }}"
        );
        let trigger = tasker_templates::trigger::parse_trigger(&trigger).unwrap();
        self.orchestrator.triggers.publish_trigger(trigger.compiled.trigger()).await.unwrap();
    }

    async fn order(&self, key: &str, namespace: &str) -> Answer {
        let body = json!({ "name": "order", "namespace": namespace, "context": { "secret": 1 } });
        self.ask(key, "POST", "/v1/tasks", &body).await
    }
}

/// A key with the same id, another secret, and the right check.
fn with_another_secret(key: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = key[..55].to_owned();
    text.replace_range(20..21, if &key[20..21] == "a" { "b" } else { "a" });
    let hash = Sha256::digest(text.as_bytes());
    text.extend(hash[..6].iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])));
    assert_ne!(text, key);
    text
}

/// Every route with its permission, from the document.
fn routes() -> Vec<(String, String, Option<Permission>)> {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = ["task_id", "dlq_entry_id", "received_id", "bulk_id", "session_id"]
            .iter()
            .fold(path.clone(), |path, name| path.replace(&format!("{{{name}}}"), NOTHING))
            .replace(['{', '}'], "");
        for (method, operation) in item.as_object().unwrap() {
            let permission =
                operation["x-required-permission"].as_str().map(|name| Permission::from_name(name).unwrap());
            assert!(
                permission.is_some()
                    || operation["security"].is_null()
                    || FOR_ANY_CALLER.contains(&path.as_str()),
                "{method} {path} needs credentials and no permission"
            );
            routes.push((method.to_uppercase(), path.clone(), permission));
        }
    }
    routes
}

#[tokio::test]
async fn each_route_is_open_to_those_roles_that_have_its_permission() {
    let server = Server::with_keys().await;
    let routes = routes();
    assert_eq!(routes.iter().filter(|(.., permission)| permission.is_none()).count(), 7, "{routes:?}");
    for role in Role::ALL {
        let key = server.key(role.as_str(), None).await;
        let has = role.permissions();
        for (method, path, permission) in &routes {
            if path.ends_with("/stream") && permission.is_some_and(|permission| has.contains(&permission)) {
                continue;
            }
            let answer = server.ask(&key, method, path, &Value::Null).await;
            let is_allowed = permission.is_none_or(|permission| has.contains(&permission));
            assert_eq!(
                answer.status != StatusCode::FORBIDDEN,
                is_allowed,
                "{role:?} {method} {path}: {answer:?}"
            );
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{role:?} {method} {path}");
            if let (false, Some(permission)) = (is_allowed, permission) {
                assert!(answer.body["detail"].as_str().unwrap().contains(permission.as_str()), "{answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_valid_key_only_public_routes_respond() {
    let server = Server::with_keys().await;
    let good = server.key("admin", None).await;
    let mut mistyped = good.clone();
    mistyped.replace_range(20..21, if &good[20..21] == "a" { "b" } else { "a" });
    let forged = with_another_secret(&good);
    for (method, path, permission) in routes() {
        let is_public = permission.is_none() && !FOR_ANY_CALLER.contains(&path.as_str());
        // It reads credentials from its body.
        if path == "/v1/session" && method == "POST" {
            continue;
        }
        for key in ["", "tsk_nothing", &mistyped, &forged] {
            let answer = server.ask(key, &method, &path, &Value::Null).await;
            assert_eq!(
                answer.status != StatusCode::UNAUTHORIZED,
                is_public,
                "{method} {path} {key}: {answer:?}"
            );
        }
    }
    let bearer = Request::get("/v1/me").header("authorization", format!("bearer {good}")).body(Body::empty());
    assert_eq!(server.call(bearer.unwrap()).await.status, StatusCode::OK);
    let refused = server.get("/v1/tasks").await;
    assert_eq!(
        (&refused.body["code"], &refused.headers["www-authenticate"]),
        (&json!("unauthenticated"), &"Bearer".parse().unwrap())
    );
}

#[tokio::test]
async fn a_key_of_a_namespace_sees_nothing_of_another() {
    let server = Server::with_keys().await;
    server.publish("shop").await;
    server.publish("billing").await;
    for (namespace, name, task) in
        [("shop", "own", "shop"), ("shop", "other", "billing"), ("billing", "any", "billing")]
    {
        server.trigger(namespace, name, task).await;
    }
    let (admin, shop) = (server.key("admin", None).await, server.key("operator", Some(&["shop"])).await);
    assert_eq!(server.read(&shop, "/v1/triggers/shop/own").await["name"], "own");
    let ids: Vec<String> = {
        let mut ids = Vec::new();
        for namespace in ["shop", "billing"] {
            let created = server.order(&admin, namespace).await;
            ids.push(created.body["task_id"].as_str().unwrap().to_owned());
        }
        ids
    };
    let (own, other) = (&ids[0], &ids[1]);
    let added = json!({ "note": "look" });
    for task in &ids {
        let entry = server.ask(&admin, "POST", &format!("/v1/dlq/task/{task}"), &added).await;
        assert_eq!(entry.status, StatusCode::CREATED, "{entry:?}");
    }
    for list in [
        "/v1/tasks",
        "/v1/templates",
        "/v1/dlq",
        "/v1/dlq/investigation-queue",
        "/v1/dlq/staleness",
        "/v1/triggers",
    ] {
        let seen = server.read(&shop, list).await.to_string();
        assert!(!seen.contains("billing") && !seen.contains(other.as_str()), "{list}: {seen}");
    }
    assert_eq!(server.read(&shop, "/v1/tasks?namespace=billing").await["items"], json!([]));
    assert_eq!(server.read(&shop, "/v1/tasks").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.read(&shop, "/v1/dlq/stats").await["items"][0]["total"], 1);
    assert_eq!(server.read(&admin, "/v1/dlq/stats").await["items"][0]["total"], 2);
    assert_eq!(server.read(&shop, "/v1/handlers").await["namespaces"][0]["name"], "shop");
    assert_eq!(server.read(&shop, &format!("/v1/dlq/task/{other}")).await["items"], json!([]));
    let entry =
        server.read(&admin, &format!("/v1/dlq/task/{other}")).await["items"][0]["dlq_entry_id"].clone();
    let entry = format!("/v1/dlq/entry/{}", entry.as_str().unwrap());
    let action = json!({ "action": "pause" });
    let by_hand = json!({ "action": "resolve_manually", "reason": "no" });
    for (method, path, body) in [
        ("GET", format!("/v1/tasks/{other}"), &Value::Null),
        ("GET", format!("/v1/tasks/{other}?wait_seconds=1"), &Value::Null),
        ("GET", format!("/v1/tasks/{other}/audit"), &Value::Null),
        ("PATCH", format!("/v1/tasks/{other}"), &action),
        ("DELETE", format!("/v1/tasks/{other}"), &Value::Null),
        ("POST", format!("/v1/tasks/{other}/clone"), &json!({})),
        ("GET", format!("/v1/tasks/{other}/workflow_steps"), &Value::Null),
        ("GET", format!("/v1/tasks/{other}/workflow_steps/a"), &Value::Null),
        ("GET", format!("/v1/tasks/{other}/workflow_steps/a/audit"), &Value::Null),
        ("GET", format!("/v1/tasks/{other}/workflow_steps/a/attempts"), &Value::Null),
        ("PATCH", format!("/v1/tasks/{other}/workflow_steps/a"), &by_hand),
        ("POST", format!("/v1/dlq/task/{other}"), &added),
        ("GET", entry.clone(), &Value::Null),
        ("PATCH", entry, &json!({ "resolution_status": "cancelled" })),
        ("GET", "/v1/templates/billing/order/1.0.0".to_owned(), &Value::Null),
        ("GET", "/v1/handlers/billing".to_owned(), &Value::Null),
        ("GET", "/v1/handlers/billing/order".to_owned(), &Value::Null),
        ("GET", "/v1/triggers/billing/any".to_owned(), &Value::Null),
        ("PATCH", "/v1/triggers/billing/any".to_owned(), &json!({ "enabled": false })),
        ("DELETE", "/v1/triggers/billing/any".to_owned(), &Value::Null),
        ("DELETE", "/v1/triggers/shop/other".to_owned(), &Value::Null),
        ("GET", "/v1/triggers/shop/zzz".to_owned(), &Value::Null),
    ] {
        let answer = server.ask(&shop, method, &path, body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {answer:?}");
        let detail = answer.body["detail"].as_str().unwrap();
        let hint = detail.split_once("; ").map_or("", |(_, hint)| hint);
        assert!(!hint.contains("billing") && !hint.contains("default"), "{detail}");
    }
    let refused = server.order(&shop, "billing").await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::NOT_FOUND, &json!("no_such_template")));
    let body = json!({ "name": "order", "namespace": "shop", "context": { "secret": 2 } });
    assert_eq!(server.ask(&shop, "POST", "/v1/tasks", &body).await.status, StatusCode::CREATED);
    assert_eq!(server.read(&shop, &format!("/v1/tasks/{own}")).await["status"], "steps_in_process");
    // Events start tasks of any namespace, and belong to none.
    assert_eq!(server.ask(&shop, "GET", "/v1/events", &Value::Null).await.status, StatusCode::FORBIDDEN);
    let state = server.read(&admin, &format!("/v1/tasks/{other}")).await;
    assert_eq!((&state["status"], &state["paused_at"]), (&json!("steps_in_process"), &Value::Null));
}

#[tokio::test]
async fn documents_are_withheld_from_those_who_may_not_read_them() {
    let server = Server::with_keys().await;
    let (admin, viewer) = (server.key("admin", None).await, server.key("viewer", None).await);
    let task = server.order(&admin, "default").await.body["task_id"].as_str().unwrap().to_owned();
    let done = json!({ "action": "complete_manually", "reason": "by hand", "result": { "secret": 2 } });
    let step = format!("/v1/tasks/{task}/workflow_steps/a");
    assert_eq!(server.ask(&admin, "PATCH", &step, &done).await.status, StatusCode::OK);
    server.ask(&admin, "POST", &format!("/v1/dlq/task/{task}"), &json!({})).await;
    for path in [
        format!("/v1/tasks/{task}"),
        step.clone(),
        format!("/v1/tasks/{task}/workflow_steps"),
        format!("{step}/attempts"),
        format!("/v1/dlq/task/{task}"),
        "/v1/dlq".to_owned(),
        "/v1/dlq/investigation-queue".to_owned(),
    ] {
        let seen = server.read(&viewer, &path).await.to_string();
        assert!(!seen.contains("secret"), "{path}: {seen}");
    }
    assert_eq!(server.read(&viewer, &format!("/v1/tasks/{task}")).await["withheld"], json!(["context"]));
    let whole = server.read(&admin, &format!("/v1/tasks/{task}")).await;
    assert_eq!((&whole["context"], &whole["withheld"]), (&json!({ "secret": 1 }), &Value::Null));
    assert_eq!(server.read(&admin, &step).await["result"], json!({ "secret": 2 }));
    let audit = server.read(&viewer, &format!("/v1/tasks/{task}/audit")).await.to_string();
    assert!(audit.contains("key:a-admin/"), "the audit names who did it: {audit}");
    for (method, path) in [("GET", "/v1/domain-events/stream"), ("POST", "/v1/subscriptions")] {
        let request = NewKey {
            name: "listener".to_owned(),
            permissions: vec!["events:*".to_owned()],
            ..NewKey::default()
        };
        let listener = server.orchestrator.keys.create(&request, &Caller::local()).await.unwrap().secret;
        let subscription =
            json!({ "name": "s", "event": "*", "kind": "webhook", "target": { "url": "https://a.example" } });
        let body = if method == "POST" { &subscription } else { &Value::Null };
        let refused = server.ask(&listener, method, path, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {refused:?}");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_is_revoked_expired_or_rotated() {
    let server = Server::with_keys().await;
    let admin = server.key("admin", None).await;
    let valid =
        async |key: &str| server.ask(key, "GET", "/v1/me", &Value::Null).await.status == StatusCode::OK;
    let create = async |body: Value| server.ask(&admin, "POST", "/v1/keys", &body).await;
    let made = create(json!({ "name": "ci", "roles": ["submitter"] })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let (id, key) = (made.body["key_id"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
    assert!(valid(key).await);
    let rotated =
        server.ask(&admin, "POST", &format!("/v1/keys/{id}/rotate"), &json!({ "overlap_seconds": 0 })).await;
    assert_eq!(rotated.status, StatusCode::CREATED, "{rotated:?}");
    let (successor, text) =
        (rotated.body["key_id"].as_str().unwrap(), rotated.body["secret"].as_str().unwrap());
    assert!(!valid(key).await && valid(text).await);
    let revoked = server.ask(&admin, "DELETE", &format!("/v1/keys/{successor}"), &Value::Null).await;
    assert!(revoked.body["revoked_at"].is_string(), "{revoked:?}");
    assert!(!valid(text).await);
    let again = server.ask(&admin, "POST", &format!("/v1/keys/{successor}/rotate"), &json!({})).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{again:?}");

    let listed = server.read(&admin, "/v1/keys").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    let stored: String = sqlx::query_scalar("SELECT string_agg(k::text, ' ') FROM tasker.api_keys k")
        .fetch_one(&server.database.pool)
        .await
        .unwrap();
    for secret in [key, text, &admin] {
        assert!(!stored.contains(&secret[12..]) && !listed.to_string().contains(&secret[12..]), "{stored}");
    }
    for (body, expected) in [
        (json!({ "name": "x", "roles": ["king"] }), "there is no role `king`"),
        (json!({ "name": "x" }), "no permission"),
        (json!({ "name": "x", "roles": ["viewer"], "expires_at": "2020-01-01T00:00:00Z" }), "next 366 days"),
        (json!({ "name": "x y\u{0}", "roles": ["viewer"] }), "`name`"),
    ] {
        let refused = create(body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
        assert!(refused.body["detail"].as_str().unwrap().contains(expected), "{refused:?}");
    }
}

#[tokio::test]
async fn nobody_creates_a_key_with_more_than_they_have() {
    let server = Server::with_keys().await;
    let request = NewKey {
        name: "clerk".to_owned(),
        roles: vec!["viewer".to_owned()],
        permissions: vec!["keys:*".to_owned()],
        expires_at: Some(chrono::Utc::now() + chrono::TimeDelta::hours(1)),
        ..NewKey::default()
    };
    let clerk = server.orchestrator.keys.create(&request, &Caller::local()).await.unwrap().secret;
    let create = async |roles: &[&str]| {
        server.ask(&clerk, "POST", "/v1/keys", &json!({ "name": "more", "roles": roles })).await
    };
    let refused = create(&["admin"]).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
    let made = create(&["viewer"]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let expires = made.body["expires_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert!(expires <= request.expires_at.unwrap(), "it outlives the key that made it: {made:?}");
    let for_ever = json!({ "name": "more", "roles": ["viewer"], "no_expiry": true });
    let refused = server.ask(&clerk, "POST", "/v1/keys", &for_ever).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    let admin = server.orchestrator.keys.list(tasker_orchestrator::Slice::all()).await.unwrap();
    assert!(admin.iter().all(|key| !key.roles.contains(&"admin".to_owned())));
    server.key("admin", None).await;
    let admin = server.orchestrator.keys.list(tasker_orchestrator::Slice::first(1)).await.unwrap();
    let path = format!("/v1/keys/{}/rotate", admin[0].key_id);
    let stolen = server.ask(&clerk, "POST", &path, &json!({})).await;
    assert_eq!(
        stolen.status,
        StatusCode::FORBIDDEN,
        "rotating a key gives its successor to the caller: {stolen:?}"
    );
}

#[tokio::test]
async fn a_server_without_authentication_knows_who_its_user_is() {
    let server = Server::start().await;
    let me = server.get("/v1/me").await;
    assert_eq!((me.status, &me.body["principal"]["kind"]), (StatusCode::OK, &json!("local")));
    assert_eq!(me.body["permissions"].as_object().unwrap().len(), Permission::ALL.len());
}

/// The routes that read something of a task, for the first step of this one.
fn routes_of_task(task: &str) -> Vec<String> {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let of_task = paths.iter().filter(|(path, item)| path.contains("{task_id}") && !item["get"].is_null());
    let filled =
        |path: &str| path.replace("{task_id}", task).replace("{step}", "a").replace("{attempt}", "1");
    of_task.map(|(path, _)| filled(path)).collect()
}

#[tokio::test]
async fn no_route_of_a_task_shows_another_namespace_or_a_document_that_is_withheld() {
    let server = Server::with_keys().await;
    server.publish("shop").await;
    let operator = server.key("operator", None).await;
    let created = server.order(&operator, "shop").await;
    let task = created.body["task_id"].as_str().unwrap().to_owned();
    let secret = json!({ "secret": "hush" });
    let lines = [(tasker_protocol::LogLevel::Info, "hush")];
    server.end(task.parse().unwrap(), "a", (0, 1), crate::host::complete(&secret), &lines).await;

    let routes = routes_of_task(&task);
    assert!(routes.len() >= 14, "{routes:?}");
    let (billing, viewer, auditor) = (
        server.key("admin", Some(&["billing"])).await,
        server.key("viewer", Some(&["shop"])).await,
        server.key("auditor", Some(&["shop"])).await,
    );
    let mut shown = 0;
    for route in routes {
        let hidden = server.ask(&billing, "GET", &route, &Value::Null).await;
        if !route.contains("/dlq/") {
            assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{route}: {hidden:?}");
        }
        assert!(!hidden.text.contains("hush") && !hidden.text.contains("secret"), "{route}: {hidden:?}");
        let withheld = server.ask(&viewer, "GET", &route, &Value::Null).await;
        assert!([StatusCode::OK, StatusCode::FORBIDDEN].contains(&withheld.status), "{route}: {withheld:?}");
        assert!(
            !withheld.text.contains("hush") && !withheld.text.contains("secret\""),
            "{route}: {withheld:?}"
        );
        let full = server.ask(&auditor, "GET", &route, &Value::Null).await;
        assert_eq!(full.status, StatusCode::OK, "{route}: {full:?}");
        shown += usize::from(full.text.contains("hush") || full.text.contains("secret\""));
    }
    assert!(shown >= 6, "{shown} routes show a document to whoever may read it");
    for route in ["/v1/tasks/count?by=namespace", "/v1/templates/shop/order/1.0.0/graph"] {
        let hidden = server.ask(&billing, "GET", route, &Value::Null).await;
        assert!(
            !hidden.text.contains("\"shop\"") && hidden.body["count"].as_i64().unwrap_or(0) == 0,
            "{route}: {hidden:?}"
        );
    }
}

#[tokio::test]
async fn a_clone_quotes_no_input_to_those_who_may_not_read_it() {
    let server = Server::with_keys().await;
    let template = "{ name: order, namespace_name: shop, version: 2.0.0, input_schema: { properties: { secret: { type: string } } },
        steps: [{ name: a, handler: { callable: work } }] }";
    server.publish("shop").await;
    server.publish_template(template).await;
    let admin = server.key("admin", None).await;
    let body =
        json!({ "name": "order", "namespace": "shop", "version": "1.0.0", "context": { "secret": 4711 } });
    let created = server.ask(&admin, "POST", "/v1/tasks", &body).await;
    let path = format!("/v1/tasks/{}/clone", created.body["task_id"].as_str().unwrap());
    for (role, quotes) in [("operator", true), ("submitter", false)] {
        let key = server.key(role, None).await;
        let refused = server.ask(&key, "POST", &path, &json!({ "version": "2.0.0" })).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
        assert_eq!(refused.text.contains("4711"), quotes, "{role}: {refused:?}");
    }
}

#[tokio::test]
async fn a_kept_response_is_for_those_who_may_see_the_same() {
    let front = Front { responses_kept: 360 * RESPONSES_KEPT, ..Front::default() };
    let server = Server::start_with(Doors { front, ..Authentication::Own(None).into() }).await;
    for namespace in ["shop", "billing"] {
        server.publish(namespace).await;
    }
    let admin = server.key("admin", None).await;
    let shop = server.key("viewer", Some(&["shop"])).await;
    let billing = server.key("viewer", Some(&["billing"])).await;
    let active = async |key: &str| {
        server.read(key, "/v1/analytics/performance").await["active_tasks"].as_i64().unwrap()
    };
    server.order(&admin, "shop").await;
    assert_eq!((active(&admin).await, active(&shop).await, active(&billing).await), (1, 1, 0));
    server.order(&admin, "billing").await;
    assert_eq!((active(&admin).await, active(&shop).await, active(&billing).await), (1, 1, 0));
    // Who sees the same gets the same; who asks something else, something new.
    assert_eq!(active(&server.key("viewer", None).await).await, 1);
    assert_eq!(server.read(&admin, "/v1/analytics/performance?hours=2").await["active_tasks"], 2);
    // The permission is checked each time.
    let refused = server.ask("tsk_wrong", "GET", "/v1/analytics/performance", &Value::Null).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let worker = server.key("submitter", None).await;
    let refused = server.ask(&worker, "GET", "/v1/analytics/performance", &Value::Null).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
}
