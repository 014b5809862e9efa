//! Streams that break, and waiting where they do not get through.

use std::time::Duration;

use serde_json::json;
use tasker_client::{Document, DomainEvent, ListEvent, Result, TaskEvent, TaskHandle, TaskState};
use uuid::Uuid;

use crate::fake::{Fake, events, json_of, problem, task, text_of};

const ID: Uuid = Uuid::from_u128(7);

fn snapshot(id: &str) -> String {
    format!("event: snapshot\nid: {id}\ndata: {}\n\n", task(&ID.to_string(), "steps_in_process"))
}

fn change(audit_id: i64, position: i32, to: &str, id: Option<&str>) -> String {
    let data = json!({
        "audit_id": audit_id, "position": position, "at": "2030-01-01T12:00:00Z", "from_state": "pending",
        "to_state": to, "event": "e", "actor": "host", "step": "a", "step_index": 0
    });
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: step\n{id}data: {data}\n\n")
}

fn end() -> String {
    format!("event: end\ndata: {}\n\n", json!({ "task_id": ID, "status": "complete" }))
}

async fn all(task: &TaskHandle) -> Result<Vec<String>> {
    let (mut told, mut events) = (Vec::new(), task.watch());
    while let Some(event) = events.next().await {
        told.push(match event? {
            TaskEvent::Snapshot(task) => format!("snapshot {}", task.status),
            TaskEvent::Step(change) => format!("{} {}", change.step.unwrap(), change.to_state),
            TaskEvent::End { status, .. } => format!("end {status}"),
            TaskEvent::Other { name, data } => format!("{name} {data}"),
            other => panic!("{other:?}"),
        });
    }
    Ok(told)
}

#[tokio::test]
async fn a_cut_stream_goes_on_and_nothing_is_told_twice() {
    let server = Fake::start(|number, _| match number {
        // The connection breaks in the middle of an event, after one without an id.
        0 => {
            let text = snapshot("1")
                + ": here\n\n"
                + &change(2, 1, "enqueued", Some("2"))
                + &change(3, 1, "in_progress", None);
            events(&(text + "event: step\ndata: {\"aud"), true)
        }
        // Behind Lambda a stream ends on its own.
        1 => events(&(snapshot("2") + &change(3, 1, "in_progress", None) + ": go on\n\n"), false),
        2 => {
            let later = change(3, 1, "in_progress", None) + &change(3, 2, "complete", Some("3"));
            events(&(snapshot("2") + &later + "event: moon\ndata: 1.50\n\n" + &end()), false)
        }
        _ => problem(500, "internal"),
    })
    .await;
    let told = all(&server.client().task(ID)).await.unwrap();
    let snapshot = "snapshot steps_in_process";
    // The third snapshot says what the second said.
    let expected =
        [snapshot, "a enqueued", "a in_progress", snapshot, "a complete", "moon 1.50", "end complete"];
    assert_eq!(told, expected);
    let last: Vec<_> =
        server.seen().iter().map(|seen| seen.header("last-event-id").map(str::to_owned)).collect();
    assert_eq!(last, [None, Some("2".to_owned()), Some("2".to_owned())]);
}

#[tokio::test]
async fn a_stream_that_only_breaks_ends_with_an_error() {
    let server = Fake::start(|_, _| events(&snapshot("1"), true)).await;
    let client = server.builder().retries(1).build().unwrap();
    let error = all(&client.task(ID)).await.unwrap_err();
    assert_eq!(error.code(), "connection_failed", "{error}");
    assert_eq!(server.seen().len(), 2);

    let gone = Fake::start(|_, _| problem(404, "no_such_task")).await;
    assert_eq!(all(&gone.client().task(ID)).await.unwrap_err().code(), "no_such_task");
    assert_eq!(gone.seen().len(), 1);
}

#[tokio::test]
async fn where_streams_are_refused_requests_wait() {
    let server = Fake::start(|number, seen| {
        if seen.uri.path().ends_with("/stream") {
            return text_of(404, "no such page");
        }
        json_of(
            200,
            &task(&ID.to_string(), if number < 2 { "steps_in_process" } else { "blocked_by_failures" }),
        )
    })
    .await;
    let outcome = server.client().task(ID).wait(Duration::from_secs(20)).await.unwrap();
    assert_eq!((outcome.is_complete(), outcome.status()), (false, &TaskState::BlockedByFailures));
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    let wait: f64 = seen[2].query().strip_prefix("wait_seconds=").unwrap().parse().unwrap();
    assert!(wait > 1.0 && wait < 20.0, "{wait}");
}

#[tokio::test]
async fn published_events_are_heard_and_gaps_are_told() {
    let server = Fake::start(|number, _| match number {
        0 => events("event: domain_event\ndata: {\"id\": 1.50}\n\nevent: missed\ndata: 7\n\n", true),
        1 => problem(503, "unavailable"),
        2 => events(": here\n\nevent: domain_event\ndata: {\"id\": 2}\n\n", false),
        _ => problem(403, "forbidden"),
    })
    .await;
    let mut heard = server.client().watch_events();
    let document = |text: &str| DomainEvent::Event(Document::from_text(text).unwrap());
    let expected = [
        DomainEvent::Connected,
        document("{\"id\": 1.50}"),
        DomainEvent::Missed(Some(7)),
        DomainEvent::Missed(None),
        DomainEvent::Connected,
        document("{\"id\": 2}"),
        DomainEvent::Missed(None),
    ];
    for event in expected {
        assert_eq!(heard.next().await.unwrap().unwrap(), event);
    }
    assert_eq!(heard.next().await.unwrap().unwrap_err().code(), "forbidden");
    assert!(heard.next().await.is_none());
}

#[tokio::test]
async fn a_watched_list_goes_on_after_the_last_change_that_came() {
    let list = |name: &str, id: &str, status: &str| {
        let tasks = json!({ "tasks": [task(&ID.to_string(), status)], "unmatched": [] });
        format!("event: {name}\nid: {id}\ndata: {tasks}\n\n")
    };
    let server = Fake::start(move |number, _| match number {
        0 => events(&(list("snapshot", "5", "steps_in_process") + "event: changes\nid: 6\nda"), true),
        1 => events(&(": here\n\n".to_owned() + &list("changes", "7", "complete")), false),
        2 => events("event: missed\nid: 9\ndata: true\n\n", false),
        _ => problem(403, "forbidden"),
    })
    .await;
    let mut watched = server.client().tasks().open(true).limit(1).watch();
    let mut told = Vec::new();
    while let Some(event) = watched.next().await {
        told.push(match event {
            Ok(ListEvent::Snapshot(list)) => format!("snapshot {}", list.tasks[0].status),
            Ok(ListEvent::Changes(list)) => format!("changes {}", list.tasks[0].status),
            Ok(ListEvent::Missed) => "missed".to_owned(),
            Ok(other) => panic!("{other:?}"),
            Err(error) => error.code().to_owned(),
        });
    }
    assert_eq!(told, ["snapshot steps_in_process", "changes complete", "missed", "forbidden"]);
    let seen = server.seen();
    assert!(seen.iter().all(|request| request.query() == "open=true&limit=1"), "{seen:?}");
    let last: Vec<_> =
        seen.iter().map(|request| request.header("last-event-id").map(ToOwned::to_owned)).collect();
    let of = |id: &str| Some(id.to_owned());
    assert_eq!(last, [None, of("5"), of("7"), of("9")]);
}
