//! What a function records reaches a collector before the visit ends, and a collector that does not respond costs one push.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::mpsc,
    time::{Duration, Instant},
};

use tasker_function_lambda::Telemetry;
use tasker_telemetry::{metrics, tracer};

/// Reads a request: its first line, and its body.
fn receive(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).into_owned();
            let fields = head.lines().filter_map(|line| line.split_once(": "));
            let mut length = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length = length.next().map_or(0, |(_, value)| value.parse::<usize>().unwrap());
            if request.len() >= end + 4 + length {
                return (head.lines().next().unwrap().to_owned(), request[end + 4..].to_vec());
            }
        }
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "the request ends early");
        request.extend_from_slice(&part[..count]);
    }
}

/// Runs a test of this file in a process of its own, whose environment names a collector.
fn alone(test: &str, endpoint: Option<&str>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
    command.env("OTEL_TRACES_SAMPLER_ARG", "1");
    if let Some(endpoint) = endpoint {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    }
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

/// A visit that measures something.
async fn visit(telemetry: &Telemetry) -> Duration {
    let began = Instant::now();
    let done = telemetry.visit(async {
        if let Some(metrics) = metrics() {
            metrics.tasks_blocked.add(1, ["shop".into(), "order".into()]);
        }
        7
    });
    assert_eq!(done.await, 7);
    began.elapsed()
}

#[test]
fn a_visit_ends_when_the_collector_has_what_it_recorded() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in collector.incoming().map_while(Result::ok) {
            sender.send(receive(&mut stream)).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    alone("visits_with_a_collector", Some(&endpoint));
    let requests: Vec<_> = requests.try_iter().filter(|(line, _)| line.contains("/v1/metrics")).collect();
    assert!(requests.len() >= 3, "each visit pushes: {}", requests.len());
    let contains = |text: &str| requests[0].1.windows(text.len()).any(|part| part == text.as_bytes());
    for text in ["tasker_tasks_blocked", "shop", "tasker-test"] {
        assert!(contains(text), "{text} is not in the body");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above, in a process of its own"]
async fn visits_with_a_collector() {
    let telemetry = Telemetry::start("tasker-test");
    assert!(metrics().is_some() && tracer().is_some());
    for _ in 0..3 {
        visit(&telemetry).await;
    }
    // What follows is as when Lambda freezes the process: nothing more is sent.
    println!("1 passed");
    std::process::exit(0);
}

#[test]
fn a_collector_that_does_not_respond_costs_one_push() {
    // Connections are accepted by the system, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    alone("visits_beside_a_silent_collector", Some(&format!("http://{}", silent.local_addr().unwrap())));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above, in a process of its own"]
async fn visits_beside_a_silent_collector() {
    let telemetry = Telemetry::start("tasker-test");
    let first = visit(&telemetry).await;
    assert!(first >= Duration::from_millis(200) && first < Duration::from_secs(5), "{first:?}");
    let others: Vec<Duration> =
        [visit(&telemetry).await, visit(&telemetry).await, visit(&telemetry).await].into();
    assert!(others.iter().all(|other| *other < Duration::from_millis(150)), "{others:?}");
    println!("1 passed");
    std::process::exit(0);
}

#[test]
fn without_a_collector_nothing_is_recorded() {
    alone("visits_without_a_collector", None);
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn visits_without_a_collector() {
    let telemetry = Telemetry::start("tasker-test");
    assert!(metrics().is_none() && tracer().is_none());
    visit(&telemetry).await;
}
