//! More requests than there is room for: they are refused at once, and what was accepted is done.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, header::CONTENT_LENGTH},
};
use serde_json::Value;
use tasker_api::{Authentication, Doors};
use tasker_orchestrator::IntakeLimits;
use tokio::time::Instant;

use crate::server::{Answer, Server};

/// The room for creations, and how many times as many are sent.
const ROOM: usize = 40;
const TIMES: usize = 10;
const INPUT_BYTES: usize = 1 << 20;

/// The memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

/// A request whose body is made while it is read, so that only the server can hold it. `announced`: with its length.
fn creation(number: usize, announced: bool) -> Request<Body> {
    let begin =
        format!(r#"{{"name":"order","idempotency_key":"{number}","context":{{"number":{number},"text":""#);
    let end = r#""}}"#;
    let length = begin.len() + INPUT_BYTES + end.len();
    let filling = std::iter::repeat_with(|| Bytes::from(vec![b'x'; 64 << 10])).take(INPUT_BYTES / (64 << 10));
    let parts = std::iter::once(Bytes::from(begin)).chain(filling).chain([Bytes::from(end)]);
    let body = Body::from_stream(tokio_stream::iter(parts.map(Ok::<_, std::io::Error>)));
    let request = Request::post("/v1/tasks").header("content-type", "application/json");
    let request = if announced { request.header(CONTENT_LENGTH, length) } else { request };
    request.body(body).unwrap()
}

fn check_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(answer.body["code"], "overloaded", "{answer:?}");
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
}

fn message(health: &Value, check: &str) -> String {
    health["checks"][check]["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn ten_times_the_room_is_refused_at_once_and_nothing_accepted_is_lost() {
    let limits =
        IntakeLimits { tasks: ROOM, bytes: ROOM * (INPUT_BYTES + 1024), wait: Duration::from_secs(60) };
    let room_for_bodies = 2 * ROOM * INPUT_BYTES;
    let doors = Doors { max_bodies_bytes: room_for_bodies, ..Authentication::Off.into() };
    let server = Server::start_limited(doors, limits).await;
    let server = std::sync::Arc::new(server);
    let before = resident();
    let mut held = server.database.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE tasker.catalog IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();

    let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let start = Instant::now();
    for number in 0..ROOM * TIMES {
        let (server, sender) = (std::sync::Arc::clone(&server), sender.clone());
        tokio::spawn(async move {
            let answer = server.call(creation(number, number % 2 == 0)).await;
            sender.send((number, answer)).unwrap();
        });
    }
    drop(sender);
    let mut refused = BTreeSet::new();
    while refused.len() < ROOM * (TIMES - 1) {
        let next = tokio::time::timeout(Duration::from_secs(30), answers.recv()).await;
        let (number, answer) = next.expect("refused at once").unwrap();
        check_refused(&answer);
        refused.insert(number);
    }
    let took = start.elapsed();
    let grown = resident().saturating_sub(before);
    eprintln!("{} refused in {took:?}; memory grew by {} MiB", refused.len(), grown >> 20);
    // A waiting creation has its input as text, as a request, and for the blob store.
    assert!(grown < ROOM * INPUT_BYTES * 6, "{grown}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    // The database may be slow to respond on a busy machine.
    let health = server.get("/health/detailed").await;
    assert_ne!(health.body["status"], "ok", "{health:?}");
    assert_eq!(health.body["checks"]["creations"]["status"], "degraded");
    assert!(
        message(&health.body, "creations").contains(&format!("waiting: {ROOM} of {ROOM} tasks")),
        "{health:?}"
    );
    // Batches and events find no room either, and operators do.
    let task = r#"{"tasks":[{"name":"order"}]}"#;
    check_refused(&server.post("/v1/tasks/batch", &[("idempotency-key", "batch")], task).await);
    check_refused(&server.post("/v1/events", &[], "{}").await);
    assert_eq!(server.get("/v1/me").await.status, StatusCode::OK);

    held.rollback().await.unwrap();
    let mut created = BTreeSet::new();
    while let Some((number, answer)) = answers.recv().await {
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        created.insert(number);
    }
    assert_eq!(created.len() + refused.len(), ROOM * TIMES);
    let tasks: i64 = sqlx::query_scalar("SELECT count(*) FROM tasker.tasks")
        .fetch_one(&server.database.pool)
        .await
        .unwrap();
    assert_eq!(tasks as usize, created.len(), "each once, and nothing else");
    // What was refused was not created: its key is new. What was accepted was.
    let (refused, created) = (*refused.first().unwrap(), *created.first().unwrap());
    assert_eq!(server.call(creation(refused, true)).await.status, StatusCode::CREATED);
    assert_eq!(server.call(creation(created, true)).await.status, StatusCode::CONFLICT);
    // A batch that was refused is not kept for its idempotency key.
    let again = server.post("/v1/tasks/batch", &[("idempotency-key", "batch")], task).await;
    assert_eq!(again.body["items"][0]["status"], 201, "{again:?}");
    let health = server.get("/health/detailed").await;
    assert_eq!(health.body["checks"]["creations"]["status"], "ok", "{health:?}");
    assert!(message(&health.body, "creations").starts_with("waiting: 0 of"), "{health:?}");
}

#[tokio::test]
async fn bodies_have_room_together_and_a_slow_one_takes_only_what_it_sent() {
    let doors = Doors { max_bodies_bytes: 100_000, ..Authentication::Off.into() };
    let server = Server::start_limited(doors, IntakeLimits::default()).await;
    let server = std::sync::Arc::new(server);
    let validate = |body: Body, length: Option<usize>| {
        let request = Request::post("/v1/templates/validate").header("content-type", "application/yaml");
        let request =
            length.into_iter().fold(request, |request, length| request.header(CONTENT_LENGTH, length));
        request.body(body).unwrap()
    };
    // One that announces 90,000 bytes and has sent none of them.
    let (slow, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receiver));
    let waiting = std::sync::Arc::clone(&server);
    let request = validate(body, Some(90_000));
    let waiting = tokio::spawn(async move { waiting.call(request).await });
    let text = |length: usize| Body::from("a".repeat(length));
    let whole = server.call(validate(text(80_000), None)).await;
    assert_eq!(whole.status, StatusCode::OK, "{whole:?}");
    slow.send(Ok(Bytes::from("#".repeat(60_000)))).await.unwrap();
    // Until it has been read.
    slow.send(Ok(Bytes::from_static(b"#"))).await.unwrap();
    slow.send(Ok(Bytes::from_static(b"#"))).await.unwrap();
    check_refused(&server.call(validate(text(50_000), Some(50_000))).await);
    check_refused(&server.call(validate(text(50_000), None)).await);
    assert_eq!(server.call(validate(text(30_000), None)).await.status, StatusCode::OK);
    drop(slow);
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
    let whole = server.call(validate(text(99_000), Some(99_000))).await;
    assert_eq!(whole.status, StatusCode::OK, "all room is free again: {whole:?}");
}
