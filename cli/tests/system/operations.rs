//! Each operation of the API is reached by a command, or is here with the reason why not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::{
    program::{run, tasker},
    project::Project,
};

const ID: &str = "00000000-0000-4000-8000-000000000007";

/// Operations without a command.
const NOT_REACHED: &[(&str, &str)] = &[
    (
        "create_tasks",
        "`task create` sends each input by itself, so that one that cannot be read spoils no other",
    ),
    ("follow_task", "`task watch` draws the task as a whole, which it reads as such"),
    ("get_attempt", "`step show` shows all attempts"),
    ("get_handler", "for clients of earlier versions: `template show` says more"),
    ("get_health", "for load balancers: `system health` says more"),
    ("get_metrics", "for Prometheus: `system health` and `system queues` are for people"),
    ("get_liveness", "for orchestrators of containers"),
    ("get_readiness", "for load balancers"),
    ("get_task_summary", "`task show` says more"),
    ("get_template_graph", "`template graph` draws files, before they are published"),
    ("get_template_schema", "a part of what `template show` prints"),
    ("list_handlers", "for clients of earlier versions: `namespace list` and `template list` say more"),
    ("list_handlers_of_namespace", "for clients of earlier versions: `template list` says more"),
    ("list_step_logs", "`task logs --step` asks for the lines of the task, by step"),
    ("log_in", "for browsers: `login` stores the key"),
    (
        "store_component",
        "`publish --remote` stores only components that the server lacks: tried in commands.rs",
    ),
];

/// The command that reaches an operation. `ID` is an id, `FILE` and `EVENT` are files.
const COMMANDS: &[(&str, &str)] = &[
    ("add_dlq_entry", "dlq add ID"),
    ("bulk_operate", "task bulk pause --all --reason r"),
    ("cancel_task", "task cancel ID"),
    ("clone_task", "task clone ID"),
    ("count_tasks", "task count"),
    ("create_key", "key create --name ci --role viewer"),
    ("create_task", "task create shop/order"),
    ("end_session", "session revoke ID"),
    ("follow_domain_events", "event watch"),
    ("follow_tasks", "task list --follow"),
    ("get_bottlenecks", "analytics bottlenecks --hours 2"),
    ("get_bulk", "bulk show ID"),
    ("get_config", "system config"),
    ("get_costs", "analytics costs"),
    ("get_detailed_health", "system health"),
    ("get_dlq_entry", "dlq show ID"),
    ("get_dlq_statistics", "dlq stats"),
    ("get_error_statistics", "analytics errors --template shop/order"),
    ("get_event", "event received ID"),
    ("get_health_score", "analytics health"),
    ("get_key", "key show k1234567"),
    ("get_me", "key me"),
    ("get_meta", "system info"),
    ("get_namespace", "namespace show shop"),
    ("get_performance", "analytics performance"),
    ("get_retry_statistics", "analytics retries"),
    ("get_step", "step show ID pay"),
    ("get_step_result", "step result ID pay"),
    ("get_step_statistics", "analytics steps --sort mean"),
    ("get_subscription", "event subscription show hook"),
    ("get_task", "task show ID"),
    ("get_task_context", "task context ID"),
    ("get_task_graph", "task graph ID"),
    ("get_task_input", "task input ID"),
    ("get_task_statistics", "analytics tasks"),
    ("get_template", "template show shop/order"),
    ("get_throughput", "analytics throughput --interval 1h"),
    ("get_trigger", "trigger show shop/paid"),
    ("list_access", "audit"),
    ("list_attempts", "step show ID pay"),
    ("list_bulk", "bulk list"),
    ("list_bulk_failures", "bulk failures ID"),
    ("list_callable_versions", "handler versions pay"),
    ("list_callables", "handler list"),
    ("list_deliveries", "event subscription deliveries hook"),
    ("list_dlq_entries", "dlq list"),
    ("list_dlq_entries_of_task", "dlq show ID"),
    ("list_domain_events", "event list"),
    ("list_events", "event received"),
    ("list_investigation_queue", "dlq queue"),
    ("list_keys", "key list"),
    ("list_namespaces", "namespace list"),
    ("list_queues", "system queues"),
    ("list_sessions", "session list"),
    ("list_stale_tasks", "dlq staleness"),
    ("list_step_audit", "step show ID pay --history"),
    ("list_steps", "step list ID"),
    ("list_subscriptions", "event subscriptions"),
    ("list_task_audit", "task history ID"),
    ("list_task_logs", "task logs ID"),
    ("list_tasks", "task list"),
    ("list_template_versions", "template versions shop/order"),
    ("list_templates", "template list"),
    ("list_timeline", "task timeline ID"),
    ("list_triggers", "trigger list"),
    ("list_workers", "system workers"),
    ("log_out", "--profile here logout"),
    ("operate_on_callable", "handler promote pay 2"),
    ("operate_on_step", "step reset ID pay --reason r"),
    ("operate_on_task", "task pause ID"),
    ("publish", "publish --remote"),
    ("remove_trigger", "trigger remove shop/paid"),
    ("replay_event", "event replay ID"),
    ("replay_events", "event replay --all"),
    ("retry_delivery", "event subscription retry hook 7"),
    ("revoke_key", "key revoke k1234567"),
    ("rotate_key", "key rotate k1234567"),
    ("send_events", "event send EVENT"),
    ("stop_bulk", "bulk stop ID"),
    ("subscribe", "event subscribe hook order.* --queue q"),
    ("switch_trigger", "trigger disable shop/paid"),
    ("test_triggers", "event test --published EVENT"),
    ("unsubscribe", "event unsubscribe hook"),
    ("update_dlq_entries", "dlq bulk ID --as cancelled --reason r --yes"),
    ("update_dlq_entry", "dlq resolve ID"),
    ("validate_task", "task validate shop/order"),
    ("validate_template", "template validate --remote FILE"),
];

/// What the server answers before the request in question.
fn answer(method: &str, path: &str, wanted: &str) -> Option<Value> {
    let path = path.split('?').next().unwrap_or_default();
    let time = "2030-01-01T12:00:00Z";
    let entry = json!({
        "dlq_entry_id": ID, "task_id": ID, "namespace": "shop", "name": "order", "dlq_reason": "r", "task_state": "error",
        "actor": "a", "created_at": time, "resolution_status": "pending", "snapshot": {}, "priority": 0, "version": "1.0.0",
    });
    let step = json!({
        "step_index": 0, "name": "pay", "template_step": "pay", "step_type": "standard", "handler": "pay", "state": "complete",
        "attempt": 1, "execution": 1, "max_attempts": 3, "dependencies": [], "component": "c", "task_id": ID,
    });
    let page = |items: Value| json!({ "items": items, "next_cursor": null, "applied": {} });
    let template =
        json!({ "namespace": "shop", "name": "order", "version": "1.0.0", "steps": 1, "published_at": time });
    Some(match (method, path, wanted) {
        ("GET", "/v1/templates", "get_template") => page(json!([template])),
        ("GET", path, "update_dlq_entry") if path.starts_with("/v1/dlq/entry") => entry,
        ("GET", path, "list_step_audit" | "list_attempts") if path.ends_with("/pay") => step,
        ("GET", path, "list_step_audit") if path.ends_with("/attempts") => page(json!([])),
        _ => return None,
    })
}

/// A server that records the requests that it gets: `GET /v1/tasks`. It answers those that a command sends before the operation under
/// test, and returns 404 to all others.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    wanted: Arc<Mutex<&'static str>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (asked, wanted) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(Mutex::new("")));
        let (heard, about) = (Arc::clone(&asked), Arc::clone(&wanted));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a client");
                let mut reader = BufReader::new(stream.try_clone().expect("a reader"));
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).expect("a line") == 0 || line.trim().is_empty() {
                        break;
                    }
                    if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                        length = text.trim().parse().expect("a number");
                    }
                    head += &line;
                }
                reader.read_exact(&mut vec![0; length]).expect("the body");
                let mut words = head.split_whitespace();
                let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let known = answer(method, path, *about.lock().expect("the operation"));
                heard.lock().expect("the requests").push(format!("{method} {path}"));
                let refusal = json!({
                    "type": "urn:tasker:error:no_such_dlq_entry", "title": "", "status": 404, "detail": "not here",
                    "code": "no_such_dlq_entry",
                });
                let (status, kind, body) = match known {
                    Some(body) => ("200 OK", "application/json", body.to_string()),
                    None => ("404 Not Found", "application/problem+json", refusal.to_string()),
                };
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                )
                .expect("it is sent");
            }
        });
        Self { url, asked, wanted }
    }
}

/// Whether a request is one to this route: `/v1/tasks/{task_id}`.
fn is_to(request: &str, method: &str, route: &str) -> bool {
    let Some((asked, path)) = request.split_once(' ') else { return false };
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let wanted: Vec<&str> = route.split('/').collect();
    asked == method
        && parts.len() == wanted.len()
        && parts.iter().zip(&wanted).all(|(part, wanted)| wanted.starts_with('{') || part == wanted)
}

#[test]
fn each_operation_is_reached_by_a_command_or_not_for_a_reason() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/openapi.json");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(document).expect("the document")).expect("JSON");
    let mut operations = BTreeMap::new();
    for (route, methods) in document["paths"].as_object().expect("routes") {
        for (method, operation) in methods.as_object().expect("methods") {
            if let Some(id) = operation["operationId"].as_str() {
                operations.insert(id.to_owned(), (method.to_uppercase(), route.clone()));
            }
        }
    }
    let said: Vec<&str> = COMMANDS.iter().chain(NOT_REACHED).map(|(id, _)| *id).collect();
    let distinct: BTreeSet<&str> = said.iter().copied().collect();
    assert_eq!(said.len(), distinct.len(), "an operation is listed once");
    let known: BTreeSet<&str> = operations.keys().map(String::as_str).collect();
    assert_eq!(distinct, known, "list each operation in COMMANDS, or in NOT_REACHED with the reason");

    let server = Server::start();
    let project = Project::new(&[]);
    let event = json!({ "specversion": "1.0", "type": "t", "source": "/s", "id": "1" });
    project.write("event.json", &event.to_string());
    project.write("order.yaml", "name: order\n");
    let session = format!("tss_{}", "a".repeat(43));
    project.write("tasker/profiles.toml", &format!("[here]\nurl = {:?}\ntoken = {session:?}\n", server.url));
    let file = |name: &str| project.path().join(name).display().to_string();
    for (id, command) in COMMANDS {
        *server.wanted.lock().expect("the operation") = id;
        server.asked.lock().expect("the requests").clear();
        let words = command.split(' ').map(|word| match word {
            "ID" => ID.to_owned(),
            "EVENT" => file("event.json"),
            "FILE" => file("order.yaml"),
            word => word.to_owned(),
        });
        let mut process = tasker(project.path());
        process.args(words).env("XDG_CONFIG_HOME", project.path());
        if !command.contains("--profile") {
            process.env("TASKER_URL", &server.url);
        }
        let ended = run(&mut process);
        let (method, route) = &operations[*id];
        let asked = server.asked.lock().expect("the requests").clone();
        let is_reached = asked.iter().any(|request| is_to(request, method, route));
        assert!(is_reached, "`tasker {command}` asked {asked:?}, not {method} {route}: {ended:#?}");
    }
}
