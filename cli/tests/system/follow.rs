//! Following over connections that end, as those of a function on AWS do.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
};

use serde_json::{Value, json};

use crate::{
    program::{Process, tasker},
    project::Project,
};

/// Answers one request after another with these events, each on a connection of its own that ends. Returns its URL, and the
/// heads of the requests.
fn server(answers: Vec<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, heads) = channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a client");
            let lines = BufReader::new(stream.try_clone().expect("a reader")).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{answer}"
            )
            .expect("it is sent");
            let _ = sender.send(head.join("\n").to_lowercase());
        }
    });
    (url, heads)
}

fn task(id: u32, status: &str) -> Value {
    json!({
        "task_id": format!("00000000-0000-4000-8000-{id:012}"), "namespace": "shop", "name": "order", "version": "1.0.0",
        "status": status, "priority": 0, "tags": [], "correlation_id": "c", "created_at": "2030-01-01T12:00:00Z",
        "completion_percentage": 0.0, "execution_status": "processing", "recommended_action": "wait_for_completion",
        "health_status": "healthy",
        "steps": { "total": 1, "satisfied": 0, "isolated": 0, "running": 1, "retrying": 0, "failed": 0 }
    })
}

#[test]
fn a_followed_list_goes_on_where_a_connection_ended() {
    let changes = |name: &str, id: u32, task: &str| {
        format!("event: {name}\nid: {id}\ndata: {{\"tasks\":[{task}],\"unmatched\":[]}}\n\n")
    };
    // What this program does not know, and digits that a number of a computer does not have.
    let later = task(1, "complete").to_string().replacen('{', "{\"mass\":12345678901234567890.10,", 1);
    for is_json in [false, true] {
        let answers = vec![
            changes("snapshot", 5, &task(1, "steps_in_process").to_string()),
            ": here\n\n".to_owned() + &changes("changes", 6, &later),
        ];
        let (url, heads) = server(answers);
        let project = Project::new(&[]);
        let format = is_json.then_some("--json");
        let mut follow = Process::start(
            tasker(project.path())
                .args(format)
                .args(["task", "list", "--open", "--follow"])
                .env("TASKER_URL", &url),
        );
        follow.wait_for("steps_in_process");
        follow.wait_for("complete");
        let [first, second] = [heads.recv().expect("a request"), heads.recv().expect("another")];
        assert!(first.starts_with("get /v1/tasks/stream?limit=50&open=true "), "{first}");
        assert!(!first.contains("last-event-id") && second.contains("last-event-id: 5"), "{first}\n{second}");
        // Also while nobody answers any more.
        assert!(follow.interrupt().success(), "Ctrl-C ends it: {}", follow.said());
        assert!(!is_json || follow.said().contains("\"mass\":12345678901234567890.10"), "{}", follow.said());
    }
}

#[test]
fn watched_events_are_heard_again_and_the_gap_is_told() {
    let event = |number: u32| {
        let event = json!({ "type": "order.paid", "source": "/t", "id": number, "data": number });
        format!("event: domain_event\ndata: {event}\n\n")
    };
    let (url, _) = server(vec![event(11), event(12)]);
    let project = Project::new(&[]);
    let mut watch = Process::start(
        tasker(project.path()).args(["--json", "event", "watch", "order.*"]).env("TASKER_URL", &url),
    );
    watch.wait_for("\"data\":11");
    watch.wait_for("the server has ended the connection");
    watch.wait_for("\"data\":12");
}
