//! Following a list of tasks with server-sent events.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_api::Authentication;
use tasker_orchestrator::TaskAction;
use uuid::Uuid;

use crate::{
    host::{complete, failed},
    server::Server,
    stream::{Stream, Told},
};

impl Server {
    async fn follow_list(&self, query: &str, headers: &[(&str, &str)]) -> Stream {
        let mut request = Request::get(format!("/v1/tasks/stream?{query}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Stream::of(response)
    }
}

/// The tasks that an event tells of.
fn tasks(told: &Told) -> Vec<(Uuid, String)> {
    let item = |task: &Value| {
        (task["task_id"].as_str().unwrap().parse().unwrap(), task["status"].as_str().unwrap().to_owned())
    };
    told.data["tasks"].as_array().unwrap().iter().map(item).collect()
}

/// Reads until a task has been told of in this state.
async fn until(stream: &mut Stream, task: Uuid, state: &str) -> Told {
    loop {
        let told = stream.next().await.unwrap();
        assert_eq!(told.name, "changes", "{told:?}");
        if tasks(&told).contains(&(task, state.to_owned())) {
            return told;
        }
    }
}

#[tokio::test]
async fn a_follower_sees_tasks_come_change_and_leave_the_list() {
    let server = Server::start().await;
    let first = server.task_of("order", &json!({ "n": 1 })).await;
    let mut all = server.follow_list("", &[]).await;
    let mut open = server.follow_list("open=true&limit=10", &[]).await;
    let snapshot = all.next().await.unwrap();
    assert_eq!((snapshot.name.as_str(), tasks(&snapshot)[0].0), ("snapshot", first));
    assert_eq!(snapshot.data["tasks"][0]["context"], Value::Null, "lists carry no documents");
    open.next().await.unwrap();
    let second = server.task_of("order", &json!({ "n": 2 })).await;
    for stream in [&mut all, &mut open] {
        until(stream, second, "steps_in_process").await;
    }
    server.end(second, "a", (0, 1), complete(&json!(1)), &[]).await;
    until(&mut all, second, "complete").await;
    let left = open.next().await.unwrap();
    assert_eq!((tasks(&left).len(), &left.data["unmatched"]), (0, &json!([second])));
}

#[tokio::test]
async fn what_happened_during_a_break_follows() {
    let server = Server::start().await;
    let mut stream = server.follow_list("", &[]).await;
    let before = stream.next().await.unwrap().id.unwrap();
    drop(stream);
    let (ended, paused) = (
        server.task_of("order", &json!({ "n": 1 })).await,
        server.task_of("order", &json!({ "n": 2 })).await,
    );
    server.end(ended, "a", (0, 1), failed("Broken", false), &[]).await;
    server.orchestrator.engine.operate_on_task(paused, &TaskAction::Pause, "ada", None).await.unwrap();
    let mut stream = server.follow_list("", &[("last-event-id", &before)]).await;
    let told = stream.next().await.unwrap();
    let mut known = tasks(&told);
    known.sort();
    let mut expected =
        vec![(ended, "blocked_by_failures".to_owned()), (paused, "steps_in_process".to_owned())];
    expected.sort();
    assert_eq!((told.name.as_str(), known), ("changes", expected));
    let is_paused = |task: &Value| task["paused_at"].is_string();
    assert_eq!(told.data["tasks"].as_array().unwrap().iter().filter(|task| is_paused(task)).count(), 1);
}

#[tokio::test]
async fn a_change_that_is_committed_after_a_later_one_is_not_left_out() {
    let server = Server::start().await;
    let (late, soon) = (
        server.task_of("order", &json!({ "n": 1 })).await,
        server.task_of("order", &json!({ "n": 2 })).await,
    );
    let mut slow = server.database.pool.begin().await.unwrap();
    // Its record has a lower number than all that follow.
    sqlx::query("INSERT INTO tasker.audit (task_id, at, event, actor) VALUES ($1, now(), 'tagged', 'slow')")
        .bind(late)
        .execute(&mut *slow)
        .await
        .unwrap();
    let mut stream = server.follow_list("", &[]).await;
    stream.next().await.unwrap();
    let mut record = 0;
    for state in ["steps_in_process", "complete"] {
        if state == "complete" {
            server.end(soon, "a", (0, 1), complete(&json!(1)), &[]).await;
        } else {
            server.orchestrator.engine.operate_on_task(soon, &TaskAction::Pause, "ada", None).await.unwrap();
        }
        let told = until(&mut stream, soon, state).await;
        record = told.id.unwrap().parse::<i64>().unwrap();
    }
    slow.commit().await.unwrap();
    until(&mut stream, late, "steps_in_process").await;
    // Whoever broke off before does not miss it either.
    let record = record.to_string();
    let mut again = server.follow_list("", &[("last-event-id", &record)]).await;
    assert!(tasks(&again.next().await.unwrap()).iter().any(|(task, _)| *task == late));
}

#[tokio::test]
async fn nobody_hears_of_tasks_of_other_namespaces() {
    let server = Server::start_with(Authentication::Own(None)).await;
    for namespace in ["shop", "billing"] {
        server
            .publish_template(&format!(
                "{{ name: order, namespace_name: {namespace}, version: 1.0.0, identity_strategy: always_unique,
                    steps: [{{ name: a, handler: {{ callable: work }} }}] }}"
            ))
            .await;
    }
    let (shop, admin) = (server.key("viewer", Some(&["shop"])).await, server.key("admin", None).await);
    let mut stream = server.follow_list("open=false&tag_any=x", &[("x-api-key", &shop)]).await;
    assert_eq!(tasks(&stream.next().await.unwrap()), []);
    let mut made = Vec::new();
    for namespace in ["billing", "shop"] {
        let body = json!({ "name": "order", "namespace": namespace, "context": {}, "tags": ["x"] });
        let created = server.post("/v1/tasks", &[("x-api-key", &admin)], &body.to_string()).await;
        made.push(created.body["task_id"].as_str().unwrap().to_owned());
    }
    let told = stream.next().await.unwrap();
    assert_eq!((tasks(&told).len(), &told.data["unmatched"]), (0, &json!([made[1]])));
}

#[tokio::test]
async fn too_many_changes_at_once_are_said_to_be_missed() {
    let server = Server::start().await;
    let mut stream = server.follow_list("", &[]).await;
    stream.next().await.unwrap();
    sqlx::query(
        "INSERT INTO tasker.audit (task_id, at, event, actor)
         SELECT gen_random_uuid(), now(), 'tagged', 'many' FROM generate_series(1, 1001)",
    )
    .execute(&server.database.pool)
    .await
    .unwrap();
    let told = stream.next().await.unwrap();
    assert_eq!((told.name.as_str(), &told.data), ("missed", &json!(true)));
    // And the stream goes on.
    let task = server.task_of("order", &json!({})).await;
    until(&mut stream, task, "steps_in_process").await;
}

#[tokio::test]
async fn a_stream_of_a_wrong_list_is_refused() {
    let server = Server::start().await;
    for query in ["colour=red", "limit=0", "limit=1001", "limit=x", "state=done"] {
        let refused = server.get(&format!("/v1/tasks/stream?{query}")).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request")),
            "{query}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_task_that_loses_its_tag_leaves_the_list_of_the_tag() {
    let server = Server::start().await;
    let body = json!({ "name": "order", "context": {}, "tags": ["urgent"] });
    let created = server.post("/v1/tasks", &[], &body.to_string()).await;
    let task: Uuid = created.body["task_id"].as_str().unwrap().parse().unwrap();
    let mut stream = server.follow_list("tag=urgent", &[]).await;
    assert_eq!(tasks(&stream.next().await.unwrap())[0].0, task);
    let action = TaskAction::SetTags { tags: Vec::new() };
    server.orchestrator.engine.operate_on_task(task, &action, "ada", None).await.unwrap();
    let told = stream.next().await.unwrap();
    assert_eq!((tasks(&told).len(), &told.data["unmatched"]), (0, &json!([task])));
}

#[tokio::test]
async fn what_a_transaction_wrote_before_a_gap_is_said_to_be_missed_when_it_ends() {
    let server = Server::start().await;
    let task = server.task_of("order", &json!({})).await;
    let mut slow = server.database.pool.begin().await.unwrap();
    let insert = "INSERT INTO tasker.audit (task_id, at, event, actor) SELECT $1, now(), 'tagged', 'many' FROM generate_series(1, $2)";
    sqlx::query(insert).bind(task).bind(1).execute(&mut *slow).await.unwrap();
    let mut stream = server.follow_list("", &[]).await;
    stream.next().await.unwrap();
    sqlx::query(insert).bind(task).bind(20_001).execute(&server.database.pool).await.unwrap();
    assert_eq!(stream.next().await.unwrap().name, "missed");
    slow.commit().await.unwrap();
    assert_eq!(stream.next().await.unwrap().name, "missed");
}
