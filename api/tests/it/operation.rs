//! What operators look at beside tasks: namespaces, workers, queues, the configuration; and tags.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tasker_api::{Authentication, ConfigurationEntry, Doors};
use tasker_protocol::{HostStatus, OrchestratorMessage, VERSION};
use uuid::Uuid;

use crate::{
    host::{complete, failed},
    server::Server,
};

fn status(instance: Uuid, host: &str) -> HostStatus {
    HostStatus {
        version: VERSION,
        instance,
        host: host.to_owned(),
        release: "0.1.0".to_owned(),
        platform: "linux/x86_64".to_owned(),
        started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        capacity: 8,
        running: 3,
        components: 2,
        compiles: true,
        cpu_ms: Some(1500),
        memory_bytes: None,
        leaves: false,
    }
}

impl Server {
    async fn hear(&self, status: HostStatus) {
        self.orchestrator.engine.apply(vec![OrchestratorMessage::Host(status)]).await.unwrap();
    }
}

#[tokio::test]
async fn workers_are_listed_as_they_present_themselves() {
    let server = Server::start().await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    server.hear(status(first, "a\u{1b}[31m")).await;
    server.hear(HostStatus { running: 5, ..status(first, "a\u{1b}[31m") }).await;
    server.hear(HostStatus { leaves: true, ..status(second, "b") }).await;
    // From a host with a strange clock.
    let strange = "-200000-01-01T00:00:00Z".parse().unwrap();
    server.hear(HostStatus { started_at: strange, ..status(Uuid::now_v7(), "z") }).await;
    assert_eq!(server.get("/v1/workers?name=z").await.body["items"].as_array().unwrap().len(), 1);
    // A message from before its end, that arrives after it.
    server.hear(status(second, "b")).await;
    let workers = server.get("/v1/workers").await.body;
    let of = |place: usize| {
        let worker = &workers["items"][place];
        ["name", "status", "running", "capacity", "cpu_ms"].map(|field| worker[field].clone())
    };
    assert_eq!(of(0), [json!("a[31m"), json!("present"), json!(5), json!(8), json!(1500)]);
    assert_eq!(of(1), [json!("b"), json!("left"), json!(3), json!(8), json!(1500)]);
    let page = server.get("/v1/workers?limit=1").await.body;
    let next = page["next_cursor"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/workers?limit=1&cursor={next}")).await.body["items"][0]["name"], "b");
    assert_eq!(server.get("/v1/workers?name=b").await.body["items"].as_array().unwrap().len(), 1);
    sqlx::query("UPDATE tasker.hosts SET seen_at = seen_at - interval '91 seconds'")
        .execute(&server.database.pool)
        .await
        .unwrap();
    assert_eq!(server.get("/v1/workers").await.body["items"][0]["status"], "silent");
}

#[tokio::test]
async fn queues_tell_how_much_waits() {
    let server = Server::start().await;
    server.task_of("order", &json!({})).await;
    let queues = server.get("/v1/queues").await.body;
    let names: Vec<&Value> = queues["items"].as_array().unwrap().iter().map(|queue| &queue["name"]).collect();
    assert_eq!(names, ["steps", "reports"]);
    let steps = &queues["items"][0];
    assert_eq!((&steps["ready"], &steps["delayed"], &steps["in_flight"]), (&json!(1), &json!(0), &json!(0)));
    assert!(steps["oldest_seconds"].as_f64().unwrap() >= 0.0);
}

#[tokio::test]
async fn the_configuration_is_for_those_who_may_read_it() {
    let entry = ConfigurationEntry {
        key: "server.listen".to_owned(),
        value: json!("127.0.0.1:8080"),
        source: "default".to_owned(),
    };
    let doors = Doors { configuration: vec![entry], ..Authentication::Own(None).into() };
    let server = Server::start_with(doors).await;
    for (role, status) in
        [("auditor", StatusCode::OK), ("admin", StatusCode::OK), ("viewer", StatusCode::FORBIDDEN)]
    {
        let key = server.key(role, None).await;
        let request = axum::http::Request::get("/v1/config").header("x-api-key", key);
        let answer = server.call(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{role}");
        if status == StatusCode::OK {
            assert_eq!(answer.body["items"][0]["key"], "server.listen");
        }
    }
}

#[tokio::test]
async fn namespaces_say_how_much_happens_in_them() {
    let server = Server::start().await;
    server
        .publish_template(
            "{ name: pay, namespace_name: billing, version: 1.0.0, steps: [
                { name: a, handler: { callable: work } }, { name: b, handler: { callable: work } }] }",
        )
        .await;
    let task = server.task_of("order", &json!({ "n": 1 })).await;
    server.task_of("order", &json!({ "n": 2 })).await;
    server.end(task, "a", (0, 1), complete(&json!(1)), &[]).await;
    let all = server.get("/v1/namespaces").await.body;
    assert_eq!(
        all["items"],
        json!([
            { "name": "billing", "template_count": 1, "handler_count": 1, "open_tasks": 0, "created_24h": 0, "capped": false },
            { "name": "default", "template_count": 1, "handler_count": 1, "open_tasks": 1, "created_24h": 2, "capped": false },
        ])
    );
    assert_eq!(server.get("/v1/namespaces/default").await.body, all["items"][1]);
    let unknown = server.get("/v1/namespaces/shop").await;
    assert_eq!((unknown.status, &unknown.body["code"]), (StatusCode::NOT_FOUND, &json!("no_such_namespace")));
}

#[tokio::test]
async fn a_summary_shows_each_step_without_documents() {
    let server = Server::start().await;
    server
        .publish_template(
            "{ name: chain, version: 1.0.0, steps: [
                { name: a, handler: { callable: work } },
                { name: b, dependencies: [a], handler: { callable: work }, retry: { retryable: false } },
                { name: c, dependencies: [b], handler: { callable: work } }] }",
        )
        .await;
    let task = server.task_of("chain", &json!({ "secret": 4711 })).await;
    server.end(task, "a", (0, 1), complete(&json!("secret result")), &[]).await;
    server.end(task, "b", (1, 2), failed("Broken", false), &[]).await;
    let answer = server.get(&format!("/v1/tasks/{task}/summary")).await;
    assert!(!answer.text.contains("4711") && !answer.text.contains("secret"), "{}", answer.text);
    let summary = answer.body;
    assert_eq!(summary["full_name"], "default.chain@1.0.0");
    assert_eq!(summary["task"]["status"], "blocked_by_failures");
    let step = |place: usize| {
        let step = &summary["steps"][place];
        ["name", "dependencies", "by_state", "error_type"].map(|field| step[field].clone())
    };
    assert_eq!(step(0), [json!("a"), json!([]), json!({ "complete": 1 }), Value::Null]);
    assert_eq!(step(1), [json!("b"), json!(["a"]), json!({ "error": 1 }), json!("Broken")]);
    assert_eq!(step(2), [json!("c"), json!(["b"]), json!({ "pending": 1 }), Value::Null]);
    assert_eq!(summary["dlq_entries"][0]["resolution_status"], "pending");
    for link in summary["links"].as_object().unwrap().values() {
        assert_eq!(server.get(link.as_str().unwrap()).await.status, StatusCode::OK, "{link}");
    }
}

#[tokio::test]
async fn tags_are_replaced_also_of_tasks_that_have_ended() {
    let server = Server::start().await;
    let body = json!({ "name": "order", "context": {}, "tags": ["old", "web"], "initiator": "ada" });
    let created = server.post("/v1/tasks", &[], &body.to_string()).await.body;
    let task: Uuid = created["task_id"].as_str().unwrap().parse().unwrap();
    server.end(task, "a", (0, 1), complete(&json!(1)), &[]).await;
    let set = async |tags: Value| {
        let body = json!({ "action": "set_tags", "tags": tags, "reason": "sorting" }).to_string();
        let request = axum::http::Request::patch(format!("/v1/tasks/{task}"))
            .header("content-type", "application/json");
        server.call(request.body(axum::body::Body::from(body)).unwrap()).await
    };
    assert_eq!(set(json!(["web", "done"])).await.status, StatusCode::OK);
    let found = async |query: &str| {
        let list = server.get(&format!("/v1/tasks?{query}")).await.body;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(found("tag=web&tag=done").await, 1);
    assert_eq!((found("tag=old").await, found("initiator=ada").await), (0, 1));
    assert_eq!(set(json!([])).await.status, StatusCode::OK);
    assert_eq!((found("tag=web").await, found("initiator=ada").await), (0, 1));
    let refused = set(json!(["\u{7}"])).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_request")));
    let audit = server.get(&format!("/v1/tasks/{task}/audit?limit=1000")).await;
    assert_eq!(audit.status, StatusCode::OK);
}

#[tokio::test]
async fn the_priority_of_a_task_is_set_within_its_range() {
    let server = Server::start().await;
    let created =
        server.post("/v1/tasks", &[], &json!({ "name": "order", "context": {} }).to_string()).await.body;
    let path = format!("/v1/tasks/{}", created["task_id"].as_str().unwrap());
    let set = async |priority: Value| {
        let body =
            json!({ "action": "set_priority", "priority": priority, "reason": "it is late" }).to_string();
        let request = axum::http::Request::patch(&path).header("content-type", "application/json");
        server.call(request.body(axum::body::Body::from(body)).unwrap()).await
    };
    let answer = set(json!(100)).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (StatusCode::OK, &json!("steps_in_process")),
        "{answer:?}"
    );
    assert_eq!(server.get(&path).await.body["priority"], 100);
    for wrong in [json!(101), json!(-101), json!(40_000), json!("1"), Value::Null] {
        let refused = set(wrong).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    }
    assert_eq!(server.get(&path).await.body["priority"], 100);
    let recorded: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT event, reason FROM tasker.audit WHERE event <> 'created'")
            .fetch_all(&server.database.pool)
            .await
            .unwrap();
    assert_eq!(recorded, [("prioritized".to_owned(), Some("it is late".to_owned()))]);
}

#[tokio::test]
async fn long_responses_are_compressed_for_those_who_accept_it() {
    use axum::{body::Body, http::Request};

    let server = Server::start().await;
    for n in 0..20 {
        server.task_of("order", &json!({ "n": n })).await;
    }
    let request =
        |path: &str| Request::get(path).header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    let long = server.call(request("/v1/tasks")).await;
    assert_eq!(long.headers["content-encoding"], "gzip");
    let short = server.call(request("/v1/tasks/count")).await;
    assert!(short.headers.get("content-encoding").is_none() && short.body["count"] == 20);
    assert_eq!(long.headers["cache-control"], "private, no-cache");
    let plain = server.get("/v1/tasks").await;
    assert!(plain.headers.get("content-encoding").is_none());
    // A stream arrives as it is written.
    let stream = server.respond(request("/v1/tasks/stream")).await;
    assert!(stream.headers().get("content-encoding").is_none());
}
