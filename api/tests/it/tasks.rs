//! Creating, finding and listing tasks.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tasker_api::Problem;

use crate::server::{Answer, Server};

impl Server {
    async fn create(&self, key: &str, input: &str) -> Answer {
        let body = format!(r#"{{"name":"order","idempotency_key":{key:?},"context":{input}}}"#);
        self.post("/v1/tasks", &[], &body).await
    }

    async fn ids(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("/v1/tasks?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let items = page.body["items"].as_array().unwrap();
        items.iter().map(|task| task["task_id"].as_str().unwrap().to_owned()).collect()
    }
}

fn problem(answer: &Answer) -> Problem {
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{answer:?}");
    let problem: Problem = serde_json::from_value(answer.body.clone()).unwrap();
    assert_eq!(problem.status, answer.status.as_u16());
    problem
}

#[tokio::test]
async fn a_key_that_comes_with_another_input_is_told_from_a_repeated_request() {
    let server = Server::start().await;
    let created = server.create("k", r#"{"id":123456789012345678901,"n":1}"#).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    let task = created.body["task_id"].as_str().unwrap();
    assert_eq!(created.headers["location"], format!("/v1/tasks/{task}"));
    for (input, status, code) in [
        (r#"{ "n": 1, "id": 123456789012345678901 }"#, StatusCode::CONFLICT, "duplicate_task"),
        (r#"{"id":123456789012345678902,"n":1}"#, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
    ] {
        let refused = server.create("k", input).await;
        let problem = problem(&refused);
        assert_eq!((refused.status, problem.code.as_str()), (status, code), "{refused:?}");
        assert_eq!(problem.task_id.map(|id| id.to_string()).as_deref(), Some(task));
    }
}

#[tokio::test]
async fn the_key_may_be_a_header_and_a_repeated_request_may_return_the_task() {
    let server = Server::start().await;
    let body = r#"{"name":"order","context":{"n":1}}"#;
    let first = server.post("/v1/tasks", &[("idempotency-key", "a")], body).await;
    let again = server.post("/v1/tasks?on_duplicate=return", &[("idempotency-key", "a")], body).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    let other = server.post("/v1/tasks", &[("idempotency-key", "b")], body).await;
    assert_eq!(other.status, StatusCode::CREATED);
    let both = r#"{"name":"order","idempotency_key":"a","context":{"n":1}}"#;
    assert_eq!(
        server.post("/v1/tasks", &[("idempotency-key", "a")], both).await.status,
        StatusCode::CONFLICT
    );
    let differ = server.post("/v1/tasks", &[("idempotency-key", "b")], both).await;
    assert_eq!((differ.status, problem(&differ).code.as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
}

#[tokio::test]
async fn tasks_that_arrive_between_two_pages_repeat_and_hide_nothing() {
    let server = Server::start().await;
    let create = async |key: &str| server.create(key, "{}").await.body["task_id"].clone();
    let (first, second, third) = (create("1").await, create("2").await, create("3").await);
    let page = server.get("/v1/tasks?limit=2").await.body;
    assert_eq!((&page["items"][0]["task_id"], &page["items"][1]["task_id"]), (&third, &second));
    assert_eq!(page["applied"], json!({ "limit": 2 }));
    let cursor = page["next_cursor"].as_str().unwrap();
    create("4").await;
    let page = server.get(&format!("/v1/tasks?limit=2&cursor={cursor}")).await.body;
    assert_eq!((&page["items"][0]["task_id"], &page["next_cursor"]), (&first, &Value::Null), "{page}");
    let refused = server.get(&format!("/v1/tasks?open=true&cursor={cursor}")).await;
    assert_eq!(
        (refused.status, problem(&refused).code.as_str()),
        (StatusCode::BAD_REQUEST, "invalid_request")
    );
    let by_number = server.get("/v1/tasks?page=2&per_page=3").await;
    assert_eq!(
        (&by_number.body["items"][0]["task_id"], by_number.headers.contains_key("deprecation")),
        (&first, true)
    );
}

#[tokio::test]
async fn tasks_are_found_by_what_they_are() {
    let server = Server::start().await;
    let mut tasks = Vec::new();
    for key in ["1", "2", "3"] {
        tasks.push(server.create(key, "{}").await.body["task_id"].as_str().unwrap().to_owned());
    }
    tasks.reverse();
    server.orchestrator.engine.cancel(tasks[0].parse().unwrap(), "test", None).await.unwrap();
    assert_eq!(server.ids("open=true").await, tasks[1..]);
    assert_eq!(server.ids("open=false").await, tasks[..1]);
    assert_eq!(server.ids("state=cancelled").await, tasks[..1]);
    assert_eq!(
        server.ids("state=cancelled&state=steps_in_process&state=waiting_for_dependencies").await,
        tasks
    );
    assert_eq!(server.ids("name=order&version=1.0.0&namespace=default").await, tasks);
    assert_eq!(server.ids("version=2.0.0").await, Vec::<String>::new());
    assert_eq!(server.ids("created_after=1h").await, tasks);
    let page = server.get("/v1/tasks?created_after=1h&limit=1").await.body;
    let next = page["next_cursor"].as_str().unwrap();
    assert_eq!(server.ids(&format!("created_after=1h&limit=1&cursor={next}")).await, tasks[1..2]);
    assert_eq!(server.ids("created_before=1h").await, Vec::<String>::new());
    assert_eq!(server.ids("created_before=2999-01-01T00:00:00Z").await, tasks);
    for (query, expected) in [
        ("state=lost", "`state` is `lost`; it must be one of"),
        ("open=true&state=complete", "exclude each other"),
        ("created_after=yesterday", "neither an RFC 3339 time"),
        ("colour=red", "unknown field `colour`"),
    ] {
        let refused = server.get(&format!("/v1/tasks?{query}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(problem(&refused).detail.contains(expected), "{refused:?}");
    }
}

#[tokio::test]
async fn the_steps_and_the_audit_of_a_task_are_read_page_by_page() {
    let server = Server::start().await;
    let task = server.create("1", "{}").await.body["task_id"].as_str().unwrap().to_owned();
    server.orchestrator.engine.cancel(task.parse().unwrap(), "test", Some("over")).await.unwrap();
    for list in ["audit", "workflow_steps/a/audit"] {
        let path = format!("/v1/tasks/{task}/{list}");
        let whole = server.get(&path).await.body["items"].as_array().unwrap().clone();
        assert!(whole.len() > 1, "{whole:?}");
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get(&format!("{path}?limit=1{cursor}")).await.body;
            walked.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(walked, whole, "{path}");
    }
    let steps = server.get(&format!("/v1/tasks/{task}/workflow_steps")).await.body;
    assert_eq!((&steps["items"][0]["name"], &steps["next_cursor"]), (&json!("a"), &Value::Null));
    let refused = server.get(&format!("/v1/tasks/{task}/workflow_steps?limit=201")).await;
    assert!(problem(&refused).detail.contains("at most 200"), "{refused:?}");
    let unknown = server.get("/v1/tasks/00000000-0000-0000-0000-000000000000/audit").await;
    assert_eq!((unknown.status, problem(&unknown).code.as_str()), (StatusCode::NOT_FOUND, "no_such_task"));
}

#[tokio::test]
async fn a_batch_of_requests_creates_what_is_valid() {
    let server = Server::start().await;
    let mut tasks: Vec<Value> = (0..120).map(|n| json!({ "name": "order", "context": { "n": n } })).collect();
    tasks[5] = json!({ "name": "nothing" });
    tasks[6] = json!({ "name": "order", "colour": "red" });
    tasks[7] = tasks[8].clone();
    let answer = server.post("/v1/tasks/batch", &[], &json!({ "tasks": tasks }).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let items = answer.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 120);
    let codes: Vec<(usize, &Value, &Value)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item["status"] != 201)
        .map(|(index, item)| (index, &item["status"], &item["problem"]["code"]))
        .collect();
    assert_eq!(
        codes,
        [
            (5, &json!(404), &json!("no_such_template")),
            (6, &json!(400), &json!("invalid_request")),
            (8, &json!(409), &json!("duplicate_task")),
        ]
    );
    assert_eq!(items[8]["problem"]["task_id"], items[7]["task_id"]);
    assert_eq!(server.ids("limit=1000").await.len(), 117);
    let many = vec![json!({ "name": "order" }); 1001];
    let refused = server.post("/v1/tasks/batch", &[], &json!({ "tasks": many }).to_string()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_clone_has_the_input_of_its_task_and_names_it() {
    let server = Server::start().await;
    let body = r#"{"name":"order","tags":["web"],"priority":7,"correlation_id":"c-1",
        "context":{"id":12345678901234567890.10,"address":{"city":"Rome","zip":"1"}}}"#;
    let task = server.post("/v1/tasks", &[], body).await.body["task_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/tasks/{task}/clone");
    let same = server.post(&path, &[], "{}").await;
    assert_eq!(same.status, StatusCode::CREATED, "{same:?}");
    let changed = server
        .post(&path, &[], r#"{"context":{"address":{"city":"Oslo"}},"reason":"the address was wrong"}"#)
        .await;
    let read = server.get(changed.headers["location"].to_str().unwrap()).await.body;
    assert_eq!(read["context"]["address"], json!({ "city": "Oslo", "zip": "1" }));
    assert_eq!(
        (&read["tags"], &read["priority"], &read["parent_correlation_id"], &read["reason"]),
        (
            &json!(["web", format!("rerun-of:{task}")]),
            &json!(7),
            &json!("c-1"),
            &json!("the address was wrong")
        )
    );
    let key = &[("idempotency-key", "k")];
    let once = server.post(&path, key, "{}").await;
    let again = server.post(&path, key, "{}").await;
    assert_eq!((again.status, &again.body["task_id"]), (StatusCode::CONFLICT, &once.body["task_id"]));
    let unknown = server.post("/v1/tasks/00000000-0000-0000-0000-000000000000/clone", &[], "{}").await;
    assert_eq!(problem(&unknown).code, "no_such_task");
    let version = server.post(&path, &[], r#"{"version":"9.9.9"}"#).await;
    assert_eq!(problem(&version).code, "no_such_template");
}
