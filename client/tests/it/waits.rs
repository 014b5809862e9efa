//! Waiting for tasks of the real API, and watching them.

use std::time::{Duration, Instant};

use serde_json::json;
use tasker_client::{Error, TaskEvent, TaskState, types::Transition};

use crate::{
    host::{complete, failed},
    server::Server,
};

#[tokio::test]
async fn a_wait_ends_in_time() {
    let server = Server::start().await;
    let task = server.client().start("order", &json!({})).send().await.unwrap();
    let start = Instant::now();
    let error = task.wait(Duration::from_millis(300)).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(error.code(), "wait_timed_out");
    let Error::WaitTimedOut { task_id, state, .. } = error else { panic!("{error}") };
    assert_eq!((task_id, state), (task.id(), TaskState::StepsInProcess));
}

fn key(change: &Transition) -> (i64, Option<u32>, i32, String) {
    (change.audit_id, change.step_index, change.position, change.to_state.clone())
}

#[tokio::test]
async fn a_watcher_sees_each_change_until_the_end() {
    let server = Server::start().await;
    let task = server.client().start("shop/chain", &json!({})).send().await.unwrap();
    let mut events = task.watch_with_logs();
    let Some(Ok(TaskEvent::Snapshot(snapshot))) = events.next().await else { panic!("no snapshot") };
    assert_eq!((snapshot.task_id, snapshot.status), (task.id(), TaskState::StepsInProcess));
    server.end(task.id(), "a", complete("1")).await;
    server.end(task.id(), "b", failed()).await;
    let (mut changes, mut lines, mut end) = (Vec::new(), Vec::new(), None);
    while let Some(event) = events.next().await {
        assert!(end.is_none(), "the end is the last event");
        match event.unwrap() {
            TaskEvent::Task(change) | TaskEvent::Step(change) => changes.push(key(&change)),
            TaskEvent::Log(line) => lines.push(line.message),
            TaskEvent::End { status, .. } => end = Some(status),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(end, Some(TaskState::BlockedByFailures));
    assert_eq!(lines, ["a at work", "b at work"]);
    let audit: Vec<_> = task.audit().all().await.unwrap().iter().map(key).collect();
    // Those before the snapshot are in it.
    assert!(changes.len() > 6, "{changes:?}");
    assert_eq!(changes, audit[audit.len() - changes.len()..], "a change is missing or repeated");
}
