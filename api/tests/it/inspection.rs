//! Looking into tasks: graph, timeline, logs, documents, counts.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tasker_protocol::{Ending, LogLevel, Payload, raw_json};
use uuid::Uuid;

use crate::{
    host::{complete, failed},
    server::Server,
};

const DIAMOND: &str = "{ name: diamond, version: 1.0.0, steps: [
    { name: a, handler: { callable: work } },
    { name: b, dependencies: [a], handler: { callable: work }, retry: { max_attempts: 2 } },
    { name: c, dependencies: [a], handler: { callable: work }, retry: { retryable: false } },
    { name: d, dependencies: [b, c], handler: { callable: work } }] }";
const CHOICE: &str = "{ name: choice, version: 1.0.0, steps: [
    { name: decide, type: decision, handler: { callable: work } },
    { name: left, dependencies: [decide], handler: { callable: work } },
    { name: right, dependencies: [decide], handler: { callable: work } }] }";

impl Server {
    async fn with_diamond() -> (Self, Uuid) {
        let server = Self::start().await;
        server.publish_template(DIAMOND).await;
        let task = server.task_of("diamond", &json!({ "n": 1 })).await;
        (server, task)
    }

    async fn look(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer.body
    }
}

fn node<'a>(graph: &'a Value, id: &str) -> &'a Value {
    graph["nodes"].as_array().unwrap().iter().find(|node| node["id"] == id).unwrap()
}

#[tokio::test]
async fn the_graph_of_a_task_shows_where_it_stands() {
    let (server, task) = Server::with_diamond().await;
    server.end(task, "a", (0, 1), complete(&json!(1)), &[]).await;
    server.end(task, "b", (1, 4), complete(&json!(2)), &[]).await;
    server.end(task, "c", (1, 2), failed("Broken", false), &[]).await;
    let graph = server.look(&format!("/v1/tasks/{task}/graph")).await;
    assert_eq!((&graph["kind"], &graph["mode"]), (&json!("task"), &json!("layered")));
    let states: Vec<&Value> = ["a", "b", "c", "d"].map(|id| &node(&graph, id)["state"]).to_vec();
    assert_eq!(states, ["complete", "complete", "error", "pending"]);
    let levels: Vec<&Value> = ["a", "b", "c", "d"].map(|id| &node(&graph, id)["level"]).to_vec();
    assert_eq!(levels, [&json!(0), &json!(1), &json!(1), &json!(2)]);
    let analysis = &graph["analysis"];
    assert_eq!(analysis["critical_path"], json!(["a", "b"]));
    assert_eq!(analysis["critical_path_seconds"], 4.0);
    assert_eq!(
        analysis["blocked_by"],
        json!([{ "step": "c", "because": "it failed for good in attempt 1 (Broken)" }])
    );
    // Each line begins at its first step and ends at the other.
    for edge in graph["edges"].as_array().unwrap() {
        let (from, to) =
            (node(&graph, edge["from"].as_str().unwrap()), node(&graph, edge["to"].as_str().unwrap()));
        let points = edge["points"].as_array().unwrap();
        let (first, last) = (&points[0], &points[points.len() - 1]);
        let number = |value: &Value| value.as_f64().unwrap();
        assert!((number(&first[0]) - number(&from["x"]) - number(&from["width"])).abs() < 1e-9, "{edge}");
        assert!((number(&last[0]) - number(&to["x"])).abs() < 1e-9, "{edge}");
    }
}

#[tokio::test]
async fn the_graph_shows_which_way_a_decision_went() {
    let server = Server::start().await;
    server.publish_template(CHOICE).await;
    let template = server.look("/v1/templates/default/choice/1.0.0/graph").await;
    assert_eq!(template["kind"], "template");
    assert_eq!(
        (&node(&template, "decide")["created"], &node(&template, "left")["created"]),
        (&json!(true), &json!(false))
    );
    let task = server.task_of("choice", &json!({})).await;
    let taken = |graph: &Value| -> Vec<Value> {
        graph["edges"].as_array().unwrap().iter().map(|edge| edge["taken"].clone()).collect()
    };
    let graph = server.look(&format!("/v1/tasks/{task}/graph")).await;
    assert_eq!(taken(&graph), [Value::Null, Value::Null]);
    assert_eq!(graph["analysis"]["ready"], json!(["decide"]));
    let result = Payload::Inline(raw_json("{}".to_owned()).unwrap());
    server.end(task, "decide", (0, 1), Ending::Branch { steps: vec!["left".into()], result }, &[]).await;
    let graph = server.look(&format!("/v1/tasks/{task}/graph")).await;
    assert_eq!(taken(&graph), [json!(true), json!(false)]);
    assert_eq!(
        (&node(&graph, "left")["created"], &node(&graph, "right")["created"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn the_timeline_has_each_run_and_what_is_open() {
    let (server, task) = Server::with_diamond().await;
    server.end(task, "a", (0, 1), complete(&json!(1)), &[]).await;
    server.end(task, "b", (1, 3), failed("Busy", true), &[]).await;
    let timeline = server.look(&format!("/v1/tasks/{task}/timeline")).await;
    let runs: Vec<Value> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            json!([
                run["step"],
                run["attempt"],
                run["state"],
                run["started_at"],
                run["error_type"],
                run["host"]
            ])
        })
        .collect();
    assert_eq!(
        runs,
        [
            json!(["a", 1, "complete", "2030-01-01T12:00:00Z", null, "the-host"]),
            json!(["b", 1, "waiting_for_retry", "2030-01-01T12:00:01Z", "Busy", "the-host"]),
            // Not ended: `b` waits for its second attempt, `c` for a host.
            json!(["b", 1, "waiting_for_retry", runs[2][3], "Busy", "the-host"]),
            json!(["c", 1, "enqueued", null, null, null]),
        ]
    );
    assert!(timeline["items"][2]["next_retry_at"].is_string() && timeline["items"][2]["audit_id"].is_null());
    assert!(timeline["items"][0]["enqueued_at"].is_string());
    // In pages of one, the same.
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.look(&format!("/v1/tasks/{task}/timeline?limit=1{cursor}")).await;
        walked.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(walked), timeline["items"]);
}

#[tokio::test]
async fn a_run_that_an_operator_ended_is_in_the_timeline_too() {
    let (server, task) = Server::with_diamond().await;
    server.begin(task, "a", 3).await;
    let cancel = server.orchestrator.engine.cancel(task, "ada", None);
    cancel.await.unwrap();
    let timeline = server.look(&format!("/v1/tasks/{task}/timeline")).await;
    let run = &timeline["items"][0];
    assert_eq!(
        (&run["step"], &run["state"], &run["started_at"], &run["host"]),
        (&json!("a"), &json!("cancelled"), &json!("2030-01-01T12:00:03Z"), &json!("the-host")),
        "{timeline}"
    );
    assert!(run["enqueued_at"].is_string() && run["finished_at"].is_string(), "{run}");
    assert_eq!(timeline["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn logs_are_found_by_step_level_and_text_and_read_as_text() {
    let (server, task) = Server::with_diamond().await;
    let lines = [(LogLevel::Info, "Charging"), (LogLevel::Debug, "details"), (LogLevel::Error, "no MONEY")];
    server.end(task, "a", (0, 1), complete(&json!(1)), &lines).await;
    server.end(task, "b", (1, 2), failed("Busy", true), &[(LogLevel::Warn, "busy")]).await;
    let messages = async |query: &str| -> Vec<String> {
        let page = server.look(&format!("/v1/tasks/{task}/logs?{query}")).await;
        let text = |line: &Value| {
            format!("{}:{}", line["step"].as_str().unwrap(), line["message"].as_str().unwrap())
        };
        page["items"].as_array().unwrap().iter().map(text).collect()
    };
    assert_eq!(messages("").await, ["a:Charging", "a:details", "a:no MONEY", "b:busy"]);
    assert_eq!(messages("level=warn").await, ["a:no MONEY", "b:busy"]);
    assert_eq!(messages("step=a&q=money").await, ["a:no MONEY"]);
    assert_eq!(messages("step=b&attempt=2").await, [""; 0]);
    assert_eq!(messages("before=2030-01-01T12:00:02Z&level=info").await, ["a:Charging", "a:no MONEY"]);
    let of_step = server.look(&format!("/v1/tasks/{task}/workflow_steps/b/logs")).await;
    assert_eq!(of_step["items"].as_array().unwrap().len(), 1);
    let text = server.get_text(&format!("/v1/tasks/{task}/logs?format=text&step=b")).await;
    assert_eq!(text, "2030-01-01T12:00:02.000Z WARN     b (attempt 1) test: busy\n");
    let lines = server.get_text(&format!("/v1/tasks/{task}/logs?format=ndjson")).await;
    let parsed: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(parsed.len(), 4);
    for (path, status) in [
        (format!("/v1/tasks/{task}/logs?step=nope"), StatusCode::NOT_FOUND),
        (format!("/v1/tasks/{task}/logs?level=loud"), StatusCode::BAD_REQUEST),
        (format!("/v1/tasks/{task}/workflow_steps/b/logs?step=a"), StatusCode::BAD_REQUEST),
        (format!("/v1/tasks/{}/logs", Uuid::nil()), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(server.get(&path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn long_documents_are_omitted_and_found_by_their_path() {
    let (server, task) = Server::with_diamond().await;
    let long = json!("x".repeat(300 << 10));
    server.end(task, "a", (0, 1), complete(&long), &[]).await;
    server.end(task, "b", (1, 2), complete(&json!({ "id": 7 })), &[]).await;
    let context = server.look(&format!("/v1/tasks/{task}/context")).await;
    assert_eq!((&context["input"], &context["results"]["b"]), (&json!({ "n": 1 }), &json!({ "id": 7 })));
    let omitted = &context["results"]["a"]["$omitted"];
    assert_eq!(omitted["bytes"], long.to_string().len());
    assert_eq!(server.look(omitted["href"].as_str().unwrap()).await, long);
    assert_eq!(server.look(&format!("/v1/tasks/{task}/input")).await, json!({ "n": 1 }));
    let missing = server.get(&format!("/v1/tasks/{task}/workflow_steps/d/result")).await;
    assert_eq!((missing.status, &missing.body["code"]), (StatusCode::NOT_FOUND, &json!("no_such_step")));
}

#[tokio::test]
async fn tasks_are_counted_with_the_filters_of_the_list() {
    let (server, task) = Server::with_diamond().await;
    server.task_of("order", &json!({ "n": 1 })).await;
    server.task_of("order", &json!({ "n": 2 })).await;
    server.end(task, "a", (0, 1), failed("Broken", false), &[]).await;
    let all = server.look("/v1/tasks/count").await;
    assert_eq!(all, json!({ "count": 3, "capped": false }));
    let by_template = server.look("/v1/tasks/count?by=template").await;
    assert_eq!(
        by_template["groups"],
        json!([{ "key": "default/order", "count": 2 }, { "key": "default/diamond", "count": 1 }])
    );
    let blocked = server.look("/v1/tasks/count?state=blocked_by_failures&by=state").await;
    assert_eq!(blocked["groups"], json!([{ "key": "blocked_by_failures", "count": 1 }]));
    assert_eq!(server.get("/v1/tasks/count?by=colour").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(server.get("/v1/tasks/count?nmae=order").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_count_is_capped() {
    let server = Server::start().await;
    server.task_of("order", &json!({ "n": 1 })).await;
    sqlx::query(
        "INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, correlation_id,
             created_at, last_event_at, steps_total)
         SELECT gen_random_uuid(), release_id, namespace, name, version, state, priority, input, correlation_id, created_at,
             last_event_at, steps_total
         FROM tasker.tasks, generate_series(1, 10000)",
    )
    .execute(&server.database.pool)
    .await
    .unwrap();
    let counted = server.look("/v1/tasks/count?by=state").await;
    assert_eq!((&counted["count"], &counted["capped"]), (&json!(10_000), &json!(true)));
    assert_eq!(counted["groups"][0]["count"], 10_000);
}

#[tokio::test]
async fn a_template_is_checked_without_being_published() {
    let server = Server::start().await;
    let check = async |content_type: &str, text: &str| {
        let request =
            axum::http::Request::post("/v1/templates/validate").header("content-type", content_type);
        server.call(request.body(axum::body::Body::from(text.to_owned())).unwrap()).await
    };
    let good = check("application/yaml", DIAMOND).await;
    assert_eq!(good.body, json!({ "valid": true, "problems": [] }));
    let bad = check(
        "application/yaml",
        "name: a\nversion: 1.0.0\nsteps:\n  - name: b\n    dependencies: [c]\n    handler: { callable: h }\n",
    )
    .await;
    assert_eq!((bad.status, &bad.body["valid"]), (StatusCode::OK, &json!(false)));
    let problem = &bad.body["problems"][0];
    assert_eq!(
        (&problem["severity"], &problem["line"], &problem["step"]),
        (&json!("error"), &json!(5), &json!("b"))
    );
    assert_eq!(check("text/plain", DIAMOND).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(server.get("/v1/templates/default/diamond/1.0.0").await.status, StatusCode::NOT_FOUND);
}
