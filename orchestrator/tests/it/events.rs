//! Domain events: when they are published, their format, and their delivery to each kind of subscriber.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc,
    time::Duration,
};

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::{Row, postgres::PgListener};
use tasker_cloud_events::CloudEvent;
use tasker_orchestrator::{
    Error, FUNCTION_SET, Slice, TaskAction, TaskRequest,
    events::{SubscriptionKind, SubscriptionRequest},
    read::TaskFilter,
};
use tasker_protocol::raw_json;
use tasker_transport::webhook_signature;

use crate::fixture::{Fixture, failed};

fn template(events: &Value) -> String {
    json!({
        "name": "order", "version": "1.0.0", "identity_strategy": "always_unique",
        "domain_events": [{ "name": "order.declared", "schema": { "type": "object", "required": ["id"] } }],
        "steps": [{ "name": "pay", "handler": { "callable": "work" }, "publishes_events": events,
                    "retry": { "max_attempts": 2, "jitter": false } }],
    })
    .to_string()
}

impl Fixture {
    async fn listen_for(&self, name: &str, event: &str, kind: SubscriptionKind, target: Value) {
        let request = SubscriptionRequest { name: name.into(), event: event.into(), kind, target };
        self.orchestrator.events.subscribe(request).await.unwrap();
    }

    /// Returns the event that the next notification names. The notification itself holds an id only.
    async fn told(&self, heard: &mut PgListener) -> Value {
        let notification = heard.recv().await.unwrap();
        let (kind, id) = notification.payload().split_once(' ').unwrap();
        let id: Vec<i64> = vec![id.parse().unwrap()];
        let (outbox, fast) = if kind == "fast" { (vec![], id) } else { (id, vec![]) };
        let read = format!("SELECT {FUNCTION_SET}.told_events($1, $2)");
        let read = sqlx::query_scalar(sqlx::AssertSqlSafe(read)).bind(outbox).bind(fast);
        let event: String = read.fetch_one(&self.database.pool).await.unwrap();
        serde_json::from_str(&event).unwrap()
    }

    async fn waiting_in(&self, queue: &str) -> i64 {
        let length = sqlx::query_scalar("SELECT queue_length FROM pgmq.metrics($1)").bind(queue);
        length.fetch_one(&self.database.pool).await.unwrap()
    }

    /// Returns the events in a queue, in order.
    async fn queued(&self, queue: &str) -> Vec<Value> {
        self.orchestrator.events.publish_and_deliver().await.unwrap();
        let rows = sqlx::query("SELECT message FROM pgmq.read($1, 60, 100) ORDER BY msg_id")
            .bind(queue)
            .fetch_all(&self.database.pool)
            .await
            .unwrap();
        rows.iter().map(|row| row.get("message")).collect()
    }
}

/// Returns the types of received events, sorted by event id, because deliveries run concurrently.
fn types(events: &[Value]) -> Vec<&str> {
    let mut events: Vec<(i64, &str)> = events
        .iter()
        .map(|event| (event["id"].as_str().unwrap().parse().unwrap(), event["type"].as_str().unwrap()))
        .collect();
    events.sort_unstable();
    events.into_iter().map(|(_, name)| name).collect()
}

#[tokio::test]
async fn each_condition_is_met_by_its_endings_and_no_other() {
    let mut fixture = Fixture::new().await;
    let conditions = ["success", "failure", "retryable_failure", "permanent_failure", "always"];
    let events: Vec<Value> =
        conditions.iter().map(|name| json!({ "name": format!("on.{name}"), "condition": name })).collect();
    fixture.publish(&template(&json!(events))).await;
    fixture.listen_for("all", "on.*", SubscriptionKind::Queue, json!({ "queue": "all_events" })).await;
    fixture.create("order", json!({})).await;
    let first = fixture.dispatched_one();
    fixture.report(&first, failed(true)).await;
    assert_eq!(
        types(&fixture.queued("all_events").await),
        ["on.failure", "on.retryable_failure", "on.always"]
    );
    fixture.advance(TimeDelta::minutes(1));
    fixture.orchestrator.engine.sweep().await.unwrap();
    fixture.report(&fixture.dispatched_one(), failed(true)).await;
    assert_eq!(
        types(&fixture.queued("all_events").await),
        ["on.failure", "on.permanent_failure", "on.always"]
    );
    fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!({ "paid": 1 })).await;
    assert_eq!(types(&fixture.queued("all_events").await), ["on.success", "on.always"]);
}

#[tokio::test]
async fn an_event_is_a_cloud_event_with_the_result_as_its_data() {
    let fixture = Fixture::new().await;
    fixture.publish(&template(&json!([{ "name": "order.paid" }]))).await;
    fixture.listen_for("q", "order.paid", SubscriptionKind::Queue, json!({ "queue": "paid" })).await;
    let task = fixture.create("order", json!({})).await;
    let pay = fixture.dispatched_one();
    fixture.complete(&pay, json!({ "amount": 12.50 })).await;
    // Stale reports publish nothing.
    fixture.complete(&pay, json!({ "amount": 99 })).await;
    let events = fixture.queued("paid").await;
    assert_eq!(events.len(), 1);
    let mut event = events.into_iter().next().unwrap();
    assert!(event["id"].is_string() && event["time"].is_string());
    (event["id"], event["time"]) = (json!(null), json!(null));
    assert_eq!(
        event,
        json!({ "specversion": "1.0", "id": null, "type": "order.paid", "source": "/tasker/default/order",
                "subject": format!("{task}/pay"), "time": null, "datacontenttype": "application/json",
                "taskid": task, "taskname": "order", "taskversion": "1.0.0", "tasknamespace": "default",
                "stepname": "pay", "stepstate": "complete", "attempt": 1, "correlationid": task.to_string(),
                "data": { "amount": 12.5 } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_does_not_answer_keeps_nothing_from_the_others() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template(&json!([{ "name": "order.paid" }]))).await;
    // Accepts connections and never responds.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = json!({ "url": format!("http://{}/", silent.local_addr().unwrap()) });
    fixture.listen_for("silent", "order.paid", SubscriptionKind::Webhook, target).await;
    for _ in 0..100 {
        fixture.create("order", json!({})).await;
        fixture.complete(&fixture.dispatched_one(), json!({})).await;
    }
    fixture.listen_for("quick", "order.paid", SubscriptionKind::Queue, json!({ "queue": "quick" })).await;
    let stop = fixture.run();
    let told = async {
        while fixture.waiting_in("quick").await < 100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // The silent subscriber's timeout is at least 15 seconds.
    tokio::time::timeout(Duration::from_secs(10), told)
        .await
        .expect("the fast subscriber receives all events");
    stop.cancel();
}

#[tokio::test]
async fn a_payload_that_breaks_its_schema_is_not_published_and_fails_nothing() {
    let fixture = Fixture::new().await;
    let events = json!([
        { "name": "order.own", "schema": { "type": "object", "required": ["amount"] } },
        { "name": "order.declared" },
        { "name": "order.free" },
    ]);
    fixture.publish(&template(&events)).await;
    fixture.listen_for("q", "order.*", SubscriptionKind::Queue, json!({ "queue": "orders" })).await;
    let task = fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!({ "id": 7 })).await;
    assert_eq!(types(&fixture.queued("orders").await), ["order.declared", "order.free"]);
    let refused = fixture.orchestrator.events.events(Slice::first(10)).await.unwrap();
    let refused = refused.iter().find(|event| event.name == "order.own").unwrap();
    assert!(refused.error.as_ref().unwrap().contains("\"amount\" is a required property"), "{refused:?}");
    assert!(fixture.task_state(task).await.is_terminal());
}

#[tokio::test]
async fn delivery_modes_durable_fast_and_broadcast() {
    let fixture = Fixture::new().await;
    let events = json!([
        { "name": "e.durable", "delivery_mode": "durable" },
        { "name": "e.fast", "delivery_mode": "fast" },
        { "name": "e.broadcast", "delivery_mode": "broadcast" },
    ]);
    fixture.publish(&template(&events)).await;
    fixture.listen_for("q", "e.*", SubscriptionKind::Queue, json!({ "queue": "e" })).await;
    let mut heard = PgListener::connect_with(&fixture.database.pool).await.unwrap();
    heard.listen("tasker_event_ids").await.unwrap();
    fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    // Fast events arrive before the outbox is published.
    let first = fixture.told(&mut heard).await;
    assert_eq!((&first["type"], &first["data"]), (&json!("e.fast"), &json!(1)));
    assert_eq!(
        types(&fixture.queued("e").await),
        ["e.durable", "e.broadcast"],
        "durable ones outlive a crash"
    );
    let mut also = Vec::new();
    for _ in 0..2 {
        also.push(fixture.told(&mut heard).await["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(also, ["e.durable", "e.broadcast"]);
}

#[tokio::test]
async fn a_listener_reads_an_event_of_any_size() {
    let fixture = Fixture::new().await;
    fixture
        .publish(&template(&json!([{ "name": "e.large" }, { "name": "e.fast", "delivery_mode": "fast" }])))
        .await;
    let mut heard = PgListener::connect_with(&fixture.database.pool).await.unwrap();
    heard.listen("tasker_event_ids").await.unwrap();
    let request = TaskRequest {
        correlation_id: Some("\"".repeat(256)),
        ..TaskRequest::new("order", raw_json("{}".to_owned()).unwrap())
    };
    fixture.orchestrator.engine.create_tasks(vec![request]).await.remove(0).unwrap();
    let result = json!("x".repeat(20_000));
    fixture.complete(&fixture.dispatched_one(), result.clone()).await;
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    for name in ["e.fast", "e.large"] {
        let event = fixture.told(&mut heard).await;
        assert_eq!((&event["type"], &event["data"]), (&json!(name), &result));
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_stored_blocks_no_other() {
    let fixture = Fixture::new().await;
    fixture
        .publish(&template(&json!([{ "name": "e.good" }, { "name": "e.bad" }, { "name": "e.also" }])))
        .await;
    fixture.listen_for("q", "e.*", SubscriptionKind::Queue, json!({ "queue": "e" })).await;
    sqlx::query("ALTER TABLE tasker.deliveries ADD CHECK (envelope ->> 'type' <> 'e.bad')")
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    assert_eq!(types(&fixture.queued("e").await), ["e.good", "e.also"]);
    let events = fixture.orchestrator.events.events(Slice::first(10)).await.unwrap();
    let bad = events.iter().find(|event| event.name == "e.bad").unwrap();
    assert!(bad.published_at.is_some() && bad.error.as_ref().unwrap().contains("cannot store"), "{bad:?}");
}

#[tokio::test]
async fn names_and_ids_are_short_and_hold_no_control_characters() {
    let fixture = Fixture::new().await;
    fixture.publish(&template(&json!([]))).await;
    let plain = || TaskRequest::new("order", raw_json("{}".to_owned()).unwrap());
    let long = Some("x".repeat(257));
    let escape = Some("\u{1b}]52;c;ZXZpbA==\u{7}".to_owned());
    for (field, request) in [
        ("correlation_id", TaskRequest { correlation_id: long.clone(), ..plain() }),
        ("parent_correlation_id", TaskRequest { parent_correlation_id: long.clone(), ..plain() }),
        ("initiator", TaskRequest { initiator: escape.clone(), ..plain() }),
        ("source_system", TaskRequest { source_system: escape.clone(), ..plain() }),
        ("reason", TaskRequest { reason: escape.clone(), ..plain() }),
        ("tags", TaskRequest { tags: vec![escape.clone().unwrap()], ..plain() }),
        ("idempotency_key", TaskRequest { idempotency_key: Some("a\0b".to_owned()), ..plain() }),
        (
            "context",
            TaskRequest::new("order", raw_json(format!("{}1{}", "[".repeat(128), "]".repeat(128))).unwrap()),
        ),
    ] {
        match fixture.orchestrator.engine.create_tasks(vec![request]).await.remove(0) {
            Err(Error::InvalidRequest { field: refused, .. }) => assert_eq!(refused, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

/// Responds to each request with the next status, and passes on the request. With 503 it asks for two minutes.
fn server(statuses: Vec<u16>) -> (String, mpsc::Receiver<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                headers.push(line.trim().to_owned());
            }
            let length = header(&headers, "content-length").parse().unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let later = if status == 503 { "retry-after: 120\r\n" } else { "" };
            write!(stream, "HTTP/1.1 {status} X\r\n{later}content-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            sender.send((headers, String::from_utf8(body).unwrap())).unwrap();
        }
    });
    (url, requests)
}

fn header(headers: &[String], name: &str) -> String {
    let found = headers.iter().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    found.unwrap_or_else(|| panic!("no {name} in {headers:?}"))
}

#[tokio::test]
async fn a_webhook_is_signed_and_tried_until_it_arrives() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template(&json!([{ "name": "order.paid" }]))).await;
    let (url, requests) = server(vec![500, 503, 200]);
    let secret = "a secret of some length";
    fixture
        .listen_for("hook", "order.paid", SubscriptionKind::Webhook, json!({ "url": url, "secret": secret }))
        .await;
    fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!({ "amount": 3 })).await;
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    let (headers, body) = requests.recv_timeout(Duration::from_secs(10)).unwrap();
    let signature = header(&headers, "tasker-signature");
    let at: u64 = signature.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
    let delivery = header(&headers, "tasker-delivery");
    assert_eq!(signature, webhook_signature(secret, at, &delivery, &body));
    assert_ne!(signature, webhook_signature("another secret, also long", at, &delivery, &body));
    assert_ne!(signature, webhook_signature(secret, at, "another delivery", &body));
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(event["data"], json!({ "amount": 3 }));
    let waiting = &fixture.orchestrator.events.events(Slice::first(1)).await.unwrap()[0];
    assert_eq!(waiting.pending_deliveries, 1);
    assert!(waiting.last_error.as_ref().unwrap().contains("returned 500"), "{waiting:?}");
    // Not before it is due; then until it succeeds.
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    assert!(requests.try_recv().is_err());
    fixture.advance(TimeDelta::seconds(2));
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    requests.recv_timeout(Duration::from_secs(10)).unwrap();
    // Not before the target is ready again.
    fixture.advance(TimeDelta::seconds(110));
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    assert!(requests.try_recv().is_err());
    fixture.advance(TimeDelta::seconds(11));
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    let (again, body_again) = requests.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(header(&again, "tasker-delivery"), header(&headers, "tasker-delivery"));
    assert_eq!(body_again, body);
    assert_eq!(fixture.orchestrator.events.events(Slice::first(1)).await.unwrap()[0].pending_deliveries, 0);
}

#[tokio::test]
async fn a_delivery_that_never_arrives_is_given_up_and_kept_for_two_weeks() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template(&json!([{ "name": "order.paid" }]))).await;
    // No process listens on this address.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = json!({ "url": format!("http://{nobody}/") });
    fixture.listen_for("hook", "order.paid", SubscriptionKind::Webhook, target).await;
    fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!(1)).await;
    for _ in 0..24 {
        fixture.orchestrator.events.publish_and_deliver().await.unwrap();
        fixture.advance(TimeDelta::hours(1));
    }
    let event = &fixture.orchestrator.events.events(Slice::first(1)).await.unwrap()[0];
    assert_eq!((event.pending_deliveries, event.failed_deliveries), (0, 1), "{event:?}");
    fixture.advance(TimeDelta::days(12));
    fixture.orchestrator.visit_all().await.unwrap();
    assert_eq!(fixture.orchestrator.events.events(Slice::first(1)).await.unwrap()[0].failed_deliveries, 1);
    fixture.advance(TimeDelta::days(2));
    fixture.orchestrator.visit_all().await.unwrap();
    assert!(
        fixture.orchestrator.events.events(Slice::first(1)).await.unwrap().is_empty(),
        "it ends with its event"
    );
}

#[tokio::test]
async fn an_event_starts_one_task_however_often_it_is_delivered() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template(&json!([{ "name": "order.paid" }]))).await;
    let follow_up = json!({ "name": "follow_up", "version": "1.0.0", "identity_strategy": "strict",
                            "steps": [{ "name": "a", "handler": { "callable": "work" } }] });
    fixture.publish(&follow_up.to_string()).await;
    fixture.listen_for("starter", "order.paid", SubscriptionKind::Task, json!({ "name": "follow_up" })).await;
    let cause = fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!({ "amount": 3 })).await;
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    // As if the result of the delivery had been lost.
    let event = fixture.orchestrator.events.events(Slice::first(1)).await.unwrap()[0].event_id;
    sqlx::query(
        sqlx::AssertSqlSafe(format!("INSERT INTO tasker.deliveries (event_id, subscription_id, envelope, next_attempt_at)
         SELECT e.event_id, s.subscription_id, {FUNCTION_SET}.cloud_event(e.event_id::text, e.name, e.at, e.task_id, e.release_id,
             e.template_step, NULL, e.attempt, e.step_state, e.correlation_id, e.payload), {FUNCTION_SET}.now()
         FROM tasker.events e, tasker.subscriptions s WHERE e.event_id = $1")),
    )
    .bind(event)
    .execute(&fixture.database.pool)
    .await
    .unwrap();
    fixture.advance(TimeDelta::minutes(2));
    fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    let filter = TaskFilter { name: Some("follow_up".into()), ..TaskFilter::default() };
    let started = fixture.orchestrator.reader.tasks(&filter, Slice::first(10)).await.unwrap();
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].parent_correlation_id, Some(cause.to_string()));
    let context: Value = serde_json::from_str(
        fixture.orchestrator.reader.task(started[0].task_id).await.unwrap().context.unwrap().get(),
    )
    .unwrap();
    assert_eq!(context["data"], json!({ "amount": 3 }));
}

#[tokio::test]
async fn subscriptions_are_checked_listed_and_ended() {
    let fixture = Fixture::new().await;
    let wrong = [
        ("Order Paid", SubscriptionKind::Queue, json!({ "queue": "q" }), "event"),
        ("a", SubscriptionKind::Queue, json!({ "queue": "tasker_steps" }), "target"),
        ("a", SubscriptionKind::Queue, json!({ "queue": "Q; DROP TABLE" }), "target"),
        ("a", SubscriptionKind::Webhook, json!({ "url": "ftp://example.com" }), "target"),
        ("a", SubscriptionKind::Webhook, json!({ "url": "http://example.com", "secret": "short" }), "target"),
        ("a", SubscriptionKind::Webhook, json!({ "uri": "http://example.com" }), "target"),
    ];
    for (event, kind, target, field) in wrong {
        let request =
            SubscriptionRequest { name: "x".into(), event: event.into(), kind, target: target.clone() };
        match fixture.orchestrator.events.subscribe(request).await {
            Err(Error::InvalidRequest { field: told, .. }) => assert_eq!(told, field),
            other => panic!("{event} {target}: {other:?}"),
        }
    }
    let request = |name: &str| SubscriptionRequest {
        name: name.into(),
        event: "a.*".into(),
        kind: SubscriptionKind::Webhook,
        target: json!({ "url": "https://example.com/hook" }),
    };
    let made = fixture.orchestrator.events.subscribe(request("x")).await.unwrap();
    assert_eq!(made.target["secret"].as_str().unwrap().len(), 64, "a secret is generated and returned once");
    let twice = fixture.orchestrator.events.subscribe(request("x")).await;
    assert!(matches!(twice, Err(Error::Refused(_))), "{twice:?}");
    let listed = fixture.orchestrator.events.subscriptions(Slice::all()).await.unwrap();
    assert_eq!(listed[0].target["secret"], "***");
    let missing = SubscriptionRequest {
        kind: SubscriptionKind::Task,
        target: json!({ "name": "nothing" }),
        ..request("y")
    };
    let missing = fixture.orchestrator.events.subscribe(missing).await;
    assert!(matches!(missing, Err(Error::NoSuchTemplate { .. })), "{missing:?}");
    fixture.orchestrator.events.unsubscribe("x").await.unwrap();
    let gone = fixture.orchestrator.events.unsubscribe("x").await;
    assert!(matches!(gone, Err(Error::NoSuchSubscription(_))), "{gone:?}");
}

#[tokio::test]
async fn what_text_cannot_hold_holds_up_nobody() {
    let fixture = Fixture::new().await;
    let events = json!([{ "name": "e.durable" }, { "name": "e.fast", "delivery_mode": "fast" }]);
    fixture.publish(&template(&events)).await;
    let mut heard = PgListener::connect_with(&fixture.database.pool).await.unwrap();
    heard.listen("tasker_event_ids").await.unwrap();
    let (url, requests) = server(vec![200, 200]);
    fixture.listen_for("hook", "e.*", SubscriptionKind::Webhook, json!({ "url": url })).await;
    for text in ["\u{0}", &"\u{0}".repeat(9000)] {
        fixture.create("order", json!({})).await;
        assert!(fixture.complete(&fixture.dispatched_one(), json!({ "text": text })).await);
        fixture.orchestrator.events.publish_and_deliver().await.unwrap();
        let (_, body) = requests.recv_timeout(Duration::from_secs(10)).unwrap();
        let event: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(event["data"]["text"], *text);
        for name in ["e.fast", "e.durable"] {
            let event = fixture.told(&mut heard).await;
            assert_eq!((&event["type"], event["data"]["text"].as_str()), (&json!(name), Some(text)));
        }
    }
}

#[tokio::test]
async fn a_task_that_comes_to_rest_is_told_of_to_whoever_asked_for_that() {
    let fixture = Fixture::new().await;
    fixture.publish(&template(&json!([{ "name": "order.paid" }]))).await;
    let empty = json!({ "name": "empty", "version": "1.0.0", "identity_strategy": "always_unique" });
    fixture.publish(&empty.to_string()).await;
    let events = async || fixture.orchestrator.events.events(Slice::first(100)).await.unwrap().len();
    // Without a subscription nothing is written. `*` matches all events of steps.
    fixture.listen_for("all", "*", SubscriptionKind::Queue, json!({ "queue": "all" })).await;
    fixture.create("empty", json!({})).await;
    fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!({})).await;
    assert_eq!(events().await, 1);
    fixture.listen_for("ends", "tasker.task.*", SubscriptionKind::Queue, json!({ "queue": "ends" })).await;
    fixture
        .listen_for("failed", "tasker.task.failed", SubscriptionKind::Queue, json!({ "queue": "failed" }))
        .await;
    let mut expected = vec![("tasker.task.completed", fixture.create("empty", json!({})).await)];
    let completed = fixture.create("order", json!({})).await;
    fixture.complete(&fixture.dispatched_one(), json!({ "amount": 3 })).await;
    expected.push(("tasker.task.completed", completed));
    let cancelled = fixture.create("order", json!({})).await;
    fixture.orchestrator.engine.cancel(cancelled, "ada", None).await.unwrap();
    expected.push(("tasker.task.cancelled", cancelled));
    fixture.dispatched();
    let failed = fixture.create("order", json!({})).await;
    fixture.fail(&fixture.dispatched_one(), false).await;
    expected.push(("tasker.task.blocked", failed));
    fixture.orchestrator.engine.operate_on_task(failed, &TaskAction::GiveUp, "ada", None).await.unwrap();
    expected.push(("tasker.task.failed", failed));
    let mut told = fixture.queued("ends").await;
    told.sort_by_key(|event| event["id"].as_str().and_then(|id| id.parse::<i64>().ok()));
    let ends: Vec<(&str, String)> = told
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["subject"].as_str().unwrap().to_owned()))
        .collect();
    let expected: Vec<(&str, String)> =
        expected.into_iter().map(|(name, task)| (name, task.to_string())).collect();
    assert_eq!(ends, expected);
    assert_eq!(
        (&told[1]["data"]["status"], &told[1]["data"]["steps"]["satisfied"]),
        (&json!("complete"), &json!(1))
    );
    assert_eq!(told[1].get("stepname"), None, "it belongs to no step");
    // A delivered event can be received again.
    for event in &told {
        CloudEvent::from_json(&event.to_string()).unwrap_or_else(|error| panic!("{error}: {event}"));
    }
    assert_eq!(fixture.queued("failed").await.len(), 1);
    let all: Vec<Value> = fixture.queued("all").await;
    assert!(all.iter().all(|event| event["type"] == "order.paid"), "{all:?}");
    let request = SubscriptionRequest {
        name: "loop".into(),
        event: "tasker.task.*".into(),
        kind: SubscriptionKind::Task,
        target: json!({ "name": "empty" }),
    };
    let refused = fixture.orchestrator.events.subscribe(request).await;
    assert!(matches!(refused, Err(Error::InvalidRequest { field: "event", .. })), "{refused:?}");
}
