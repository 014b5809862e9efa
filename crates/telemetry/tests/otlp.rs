//! Metrics arrive at a collector, and one that does not respond costs no more than its time.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Duration, Instant},
};

use tasker_telemetry::{MetricsSettings, Temporality, flush, metrics, start, text};

/// Reads a request: its first line, and its body.
fn receive(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let end = request.windows(4).position(|end| end == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&request[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.parse::<usize>().unwrap());
            if request.len() >= end + 4 + length {
                return (head.lines().next().unwrap().to_owned(), request[end + 4..].to_vec());
            }
        }
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "the request ends early");
        request.extend_from_slice(&part[..count]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_what_is_recorded_and_cannot_hold_the_process() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", collector.local_addr().unwrap());
    let settings = MetricsSettings {
        service: "tasker-test",
        version: "1.2.3",
        text: false,
        otlp_endpoint: endpoint,
        temporality: Temporality::Delta,
        traces_sample_ratio: 1.0,
        step_labels: true,
    };
    assert!(start(&settings).unwrap() && text().is_none());
    metrics().unwrap().tasks_blocked.add(3, ["shop".into(), "order".into()]);

    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = collector.accept().unwrap();
        sender.send(receive(&mut stream)).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        drop(stream);
        // The next one gets no response.
        let silent = collector.accept();
        std::thread::sleep(Duration::from_secs(5));
        drop(silent);
    });
    flush(Duration::from_secs(10)).await;
    let (line, body) = requests.try_recv().unwrap();
    assert_eq!(line, "POST /v1/metrics HTTP/1.1");
    let contains = |text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
    for text in
        ["tasker_tasks_blocked", "namespace", "shop", "service.name", "tasker-test", "service.instance.id"]
    {
        assert!(contains(text), "{text} is not in the body");
    }

    metrics().unwrap().tasks_blocked.add(1, ["shop".into(), "order".into()]);
    let began = Instant::now();
    flush(Duration::from_millis(200)).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
