//! A task as one trace: in a collector that records, and in the requests of its handlers.

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as Attribute,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use uuid::Uuid;

use crate::{
    program::{PATIENCE, Process, run, tasker},
    project::{Project, counted_handlers},
};

/// The head of a request, and its body.
fn receive(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = header(&head, "content-length").map_or(0, |value| value.parse::<usize>().unwrap());
            if request.len() >= end + 4 + length {
                return Some((head, request[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Starts a server that responds with what `answer` says. Returns its URL. It ends with the process.
fn serve(answer: impl Fn(String, Vec<u8>) -> &'static str + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                if let Some((head, body)) = receive(&mut stream) {
                    let status = answer(head, body);
                    let response =
                        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    let _ = stream.write_all(response.as_bytes());
                }
            });
        }
    });
    url
}

/// A collector that keeps every span.
fn collector() -> (String, Arc<Mutex<Vec<Span>>>) {
    let spans = Arc::<Mutex<Vec<Span>>>::default();
    let kept = Arc::clone(&spans);
    let url = serve(move |head, body| {
        if head.starts_with("post /v1/traces") {
            let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("it is OTLP");
            let of_scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
            kept.lock().unwrap().extend(of_scopes.flat_map(|scope| scope.spans));
        }
        "200 OK"
    });
    (url, spans)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn attribute(span: &Span, name: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Attribute::StringValue(text)) => text.clone(),
        Some(Attribute::IntValue(number)) => number.to_string(),
        other => panic!("{name} of {} is {other:?}", span.name),
    }
}

/// A workflow whose first step asks a payment service, and another one that follows.
fn template(payments: &str) -> String {
    format!(
        "name: order
namespace_name: shop
version: 1.0.0
identity_strategy: always_unique
steps:
  - name: pay
    handler: {{ callable: counted, initialization: {{ counter: {payments:?}, hold_ms: 0 }} }}
    grants: {{ http: [{payments:?}], private_networks: [127.0.0.1/32] }}
    retry: {{ max_attempts: 3, backoff: linear, backoff_base_ms: 100 }}
  - {{ name: ship, dependencies: [pay], handler: {{ callable: echo }} }}
"
    )
}

#[test]
fn a_task_is_one_trace_that_its_handlers_requests_belong_to() {
    let requests = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&requests);
    let payments = serve(move |head, _| {
        let mut heard = heard.lock().unwrap();
        heard.push(header(&head, "traceparent").unwrap_or("none").to_owned());
        if heard.len() == 1 { "503 Service Unavailable" } else { "200 OK" }
    });
    let (endpoint, spans) = collector();
    let project = Project::new(&[counted_handlers()]);
    project.write("templates/order.yaml", &template(&payments));
    let mut command = tasker(project.path());
    command
        .arg("dev")
        .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
        .env("TASKER__TELEMETRY__OTLP_ENDPOINT", &endpoint)
        .env("TASKER__TELEMETRY__TRACES_SAMPLE_RATIO", "1.0")
        .env("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut process = Process::start(&mut command);
    let url = process.wait_for("API ");
    let create = ["--json", "task", "run", "shop/order", "--input", "{\"n\":1}"];
    let ended = run(tasker(project.path()).args(create).env("TASKER_URL", &url));
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let task = ended.json();
    let task = task["task_id"].as_str().or_else(|| task[0]["task_id"].as_str()).expect("it has an id");
    let task: Uuid = task.parse().expect("it is a UUID");

    let of_task = |span: &&Span| span.trace_id == task.as_bytes();
    let start = Instant::now();
    let found: Vec<Span> = loop {
        let found: Vec<Span> = spans.lock().unwrap().iter().filter(of_task).cloned().collect();
        let count = |name: &str| found.iter().filter(|span| span.name == name).count();
        if (count("task shop/order"), count("step pay"), count("step ship"), count("instantiate"))
            == (1, 2, 1, 3)
        {
            break found;
        }
        assert!(start.elapsed() < PATIENCE, "only these spans came: {found:#?}");
        thread::yield_now();
    };
    let named = |name: &str| {
        let mut named: Vec<&Span> = found.iter().filter(|span| span.name == name).collect();
        named.sort_by_key(|span| span.start_time_unix_nano);
        named
    };
    let (whole, pay, ship) = (named("task shop/order"), named("step pay"), named("step ship"));
    assert_eq!((whole.len(), pay.len(), ship.len()), (1, 2, 1), "{found:#?}");
    // What an execution calls is below it: the start of its sandbox, and the requests of its handler.
    let calls = named("POST");
    let instances = named("instantiate");
    assert_eq!((calls.len(), instances.len()), (2, 3), "{found:#?}");
    for (call, (pay, status)) in calls.iter().zip([(pay[0], "503"), (pay[1], "200")]) {
        assert_eq!((&call.parent_span_id, call.kind), (&pay.span_id, SpanKind::Client as i32), "{call:#?}");
        assert_eq!(attribute(call, "http.response.status_code"), status);
        assert_eq!(attribute(call, "server.address"), "127.0.0.1");
        assert_eq!(call.status.as_ref().is_some_and(|status| status.code == 2), status == "503", "{call:#?}");
        assert!(call.start_time_unix_nano >= pay.start_time_unix_nano);
    }
    let mut parents: Vec<_> = instances.iter().map(|span| &span.parent_span_id).collect();
    let mut steps = [&pay[0].span_id, &pay[1].span_id, &ship[0].span_id];
    parents.sort();
    steps.sort();
    assert_eq!(parents, steps);
    // A batch of messages has a trace of its own, and leads to the tasks in it.
    let sent: Vec<Span> =
        spans.lock().unwrap().iter().filter(|span| span.name == "send tasker_steps").cloned().collect();
    assert!(!sent.is_empty());
    for sent in sent {
        assert!(sent.trace_id != task.as_bytes() && sent.kind == SpanKind::Producer as i32);
        assert_eq!(
            (&sent.links[0].trace_id[..], &sent.links[0].span_id[..]),
            (&task.as_bytes()[..], &task.as_bytes()[8..])
        );
    }
    let whole = whole[0];
    assert!(whole.parent_span_id.is_empty() && whole.kind == SpanKind::Internal as i32);
    assert_eq!(whole.span_id, task.as_bytes()[8..]);
    assert_eq!(attribute(whole, "tasker.task.state"), "complete");
    for step in [pay[0], pay[1], ship[0]] {
        assert_eq!(step.parent_span_id, whole.span_id, "{step:#?}");
        assert_eq!(step.kind, SpanKind::Consumer as i32);
        assert!(step.end_time_unix_nano >= step.start_time_unix_nano);
        assert_eq!(attribute(step, "tasker.task.id"), task.to_string());
    }
    // The second attempt leads back to the first, which failed.
    assert_eq!(
        [attribute(pay[0], "tasker.step.attempt"), attribute(pay[1], "tasker.step.attempt")],
        ["1", "2"]
    );
    assert_eq!(pay[0].status.as_ref().map(|status| status.code), Some(2), "{:#?}", pay[0]);
    assert!(pay[0].links.is_empty() && pay[1].links.len() == 1);
    assert_eq!(pay[1].links[0].span_id, pay[0].span_id);
    assert!(ship[0].links.is_empty(), "{:#?}", ship[0]);
    // What the payment service does belongs to the attempt that asked it.
    let expected: Vec<String> =
        pay.iter().map(|span| format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id))).collect();
    assert_eq!(*requests.lock().unwrap(), expected);
}

#[test]
fn a_request_with_a_trace_is_traced_however_few_others_are() {
    const CAME: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (endpoint, spans) = collector();
    let project = Project::new(&[counted_handlers()]);
    project.write(
        "templates/order.yaml",
        "name: order\nversion: 1.0.0\nidentity_strategy: always_unique\nsteps: [{ name: ship, handler: { callable: echo } }]\n",
    );
    let mut command = tasker(project.path());
    command
        .arg("dev")
        .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
        .env("TASKER__TELEMETRY__OTLP_ENDPOINT", &endpoint)
        .env("TASKER__TELEMETRY__TRACES_SAMPLE_RATIO", "0.0")
        .env("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut process = Process::start(&mut command);
    let url = process.wait_for("API ");
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let create = |traceparent: Option<&str>| {
        let body = r#"{"name":"order","context":{}}"#;
        let mut request = agent.post(format!("{url}/v1/tasks")).header("content-type", "application/json");
        if let Some(text) = traceparent {
            request = request.header("traceparent", text);
        }
        request.send(body).expect("it is created");
    };
    create(None);
    create(Some(CAME));
    let start = Instant::now();
    let found = loop {
        // Batches of messages have traces of their own.
        let mut found = spans.lock().unwrap().clone();
        found.retain(|span| span.name != "send tasker_steps");
        let has = |name: &str| found.iter().any(|span| span.name == name);
        if has("POST /v1/tasks") && has("task default/order") && has("step ship") {
            break found;
        }
        assert!(start.elapsed() < PATIENCE, "only these spans came: {found:#?}");
        thread::yield_now();
    };
    assert!(found.iter().all(|span| hex(&span.trace_id) == CAME[3..35]), "{found:#?}");
    let of = |name: &str| {
        found.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {found:#?}"))
    };
    for name in ["POST /v1/tasks", "task default/order"] {
        assert_eq!(hex(&of(name).parent_span_id), CAME[36..52], "{name}");
    }
    assert_eq!(of("step ship").parent_span_id, of("task default/order").span_id);
}

#[test]
fn log_lines_name_the_task_that_they_are_about() {
    // It does not respond, so that the step runs until it is cancelled.
    let payments = serve(|_, _| {
        thread::sleep(PATIENCE);
        "200 OK"
    });
    let project = Project::new(&[counted_handlers()]);
    project.write("templates/order.yaml", &template(&payments));
    let mut command = tasker(project.path());
    command
        .args(["dev", "-vv"])
        .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
        .env("TASKER__TELEMETRY__LOG_FORMAT", "json");
    let mut process = Process::start(&mut command);
    let url = process.wait_for("API ");
    let client = |arguments: &[&str]| {
        let ended = run(tasker(project.path()).arg("--json").args(arguments).env("TASKER_URL", &url));
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.json()
    };
    let created = client(&["task", "create", "shop/order", "--input", "{\"n\":1}"]);
    let task = created["task_ids"][0].as_str().expect("it has an id").to_owned();
    let start = Instant::now();
    while client(&["step", "show", &task, "pay"])["state"] != "in_progress" {
        assert!(start.elapsed() < PATIENCE, "{}", process.said());
    }
    client(&["task", "cancel", &task, "--reason", "enough"]);
    process.wait_for("a running step was cancelled");
    let line = |process: &Process, words: &str| {
        let said = process.said();
        let line =
            said.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {said}"));
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let cancelled = line(&process, "a running step was cancelled");
    assert_eq!(
        (&cancelled["level"], &cancelled["target"]),
        (&"INFO".into(), &"tasker_runtime_host::worker::pulse".into())
    );
    assert_eq!((&cancelled["task_id"], &cancelled["step"]), (&task.clone().into(), &"pay".into()));
    assert_eq!((&cancelled["execution"], &cancelled["trace_id"]), (&1.into(), &task.replace('-', "").into()));
    assert_eq!(cancelled["span_id"].as_str().map(str::len), Some(16), "{cancelled}");
    assert!(cancelled["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{cancelled}");
}
