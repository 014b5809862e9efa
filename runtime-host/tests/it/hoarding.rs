//! No guest stores data in the host beyond its memory limit, whatever call it uses. The memory of the host process is
//! measured: each guest runs in a process of its own, so that nothing else uses memory there.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tasker_protocol::{Ending, Execution, FailureOrigin, StepDispatch};
use tasker_transport::MemoryKeyValues;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::support::{assert_failed, completed, config, dispatch, dispatch_of, failed, host, host_with, run};

/// The memory limit of the measured guests.
const LIMIT: u64 = 64 << 20;

/// Names the guest to the child process.
const GUEST: &str = "TASKER_TEST_GUEST";

/// Handlers of the probe that hoard, and how each must end. The first word is the handler.
const GUESTS: [(&str, &str); 15] = [
    ("hoard-requests", "MemoryLimitExceeded"),
    ("hoard-parts-of-requests", "complete"),
    ("hoard-headers", "MemoryLimitExceeded"),
    ("hoard-small-headers", "MemoryLimitExceeded"),
    ("hoard-headers-of-requests", "MemoryLimitExceeded"),
    ("hoard-bodies", "MemoryLimitExceeded"),
    ("hoard-responses", "MemoryLimitExceeded"),
    ("hoard-logs", "MemoryLimitExceeded"),
    ("hoard-escapes", "MemoryLimitExceeded"),
    ("hoard-output", "MemoryLimitExceeded"),
    ("hoard-streams", "MemoryLimitExceeded"),
    ("hoard-timers", "MemoryLimitExceeded"),
    ("hoard-texts", "handler"),
    ("hoard-memory", "MemoryLimitExceeded"),
    ("write-endlessly", "MemoryLimitExceeded"),
];

/// A command that writes to standard output for ever.
fn endless_command() -> Vec<u8> {
    wat::parse_str(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
                (loop $again
                    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
                    (br $again))))"#,
    )
    .unwrap()
}

/// Limits under which only memory can end a guest that hoards.
fn unlimited_but_for_memory(dispatch: &mut StepDispatch, memory: u64) {
    let limits = &mut dispatch.limits;
    (limits.wall_ms, limits.cpu_ms) = (120_000, 120_000);
    (limits.log_bytes, limits.result_bytes) = (1 << 40, 1 << 40);
    (limits.handles, limits.memory_bytes) = (u32::MAX, memory);
    dispatch.grants.http = vec!["http://example.com".to_owned()];
    dispatch.grants.private_networks = vec!["127.0.0.1/32".to_owned()];
    dispatch.grants.key_value = vec!["cache".to_owned()];
}

fn hoarding(handler: &str, input: &Value, memory: u64) -> StepDispatch {
    let mut dispatch = dispatch(handler, input);
    unlimited_but_for_memory(&mut dispatch, memory);
    dispatch
}

/// A server whose responses fill the buffers of a client, and that closes each connection.
async fn generous_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (headers, body) = ("h".repeat(50_000), "b".repeat(60_000));
    let response = format!(
        "HTTP/1.1 200 OK\r\nx: {headers}\r\nconnection: close\r\ncontent-length: 60000\r\n\r\n{body}"
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let response = response.clone();
            tokio::spawn(async move {
                // Unread parts of the request would reset the connection.
                let mut request = [0; 4096];
                while let Ok(Ok(1..)) = timeout(Duration::from_millis(20), stream.read(&mut request)).await {}
                let _ = stream.write_all(response.as_bytes()).await;
            });
        }
    });
    port
}

/// A value of `/proc/self/status`, in bytes.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let kilobytes: u64 = line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().unwrap();
    kilobytes << 10
}

/// How an execution ended, in a word.
fn word(execution: &Execution) -> &str {
    match &execution.ending {
        Ending::Complete(_) => "complete",
        Ending::Failed(failure) if failure.origin == FailureOrigin::Handler => "handler",
        Ending::Failed(failure) => &failure.error_type,
        _ => "other",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs one guest in a process of its own, which the next test starts"]
async fn one_guest() {
    let handler = std::env::var(GUEST).expect("the next test names a guest");
    let command = endless_command();
    let host =
        host_with(config(), vec![command.clone()]).with_key_values(Arc::new(MemoryKeyValues::default()));
    let server = format!("127.0.0.1:{}", generous_server().await);
    let input = json!(server);
    let mut dispatch = match handler.as_str() {
        "write-endlessly" => dispatch_of(&command, "any", &input),
        handler => dispatch(handler, &input),
    };
    unlimited_but_for_memory(&mut dispatch, LIMIT);
    dispatch.grants.http.push(format!("http://{server}"));
    completed(&run(&host, &crate::support::dispatch("echo", &json!(1))).await);
    host.prepare(&dispatch.handler.component).await.unwrap();

    // Resets the peak.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS");
    let execution = run(&host, &dispatch).await;
    let grown = status("VmHWM").saturating_sub(before);
    println!("grown {grown} {} {}", word(&execution), execution.usage.peak_memory_bytes);
    assert!(
        matches!(word(&execution), "complete" | "handler" | "MemoryLimitExceeded"),
        "{:#?}",
        execution.ending
    );
}

#[test]
fn what_a_guest_makes_the_host_hold_stays_within_its_memory_limit() {
    // Builds the probe and fills the cache of compiled components before anything is measured.
    let _ = &*crate::support::PROBE;
    for (guest, ending) in GUESTS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "hoarding::one_guest", "--ignored", "--nocapture"])
            .env(GUEST, guest)
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        let report = output.lines().find_map(|line| line.split_once("grown ")).map(|(_, report)| report);
        let words: Vec<&str> = report.map(|report| report.split(' ').collect()).unwrap_or_default();
        let [grown, ended, counted] = words[..] else {
            panic!("{guest}: {output}\n{}", String::from_utf8_lossy(&child.stderr))
        };
        let (grown, counted): (u64, u64) = (grown.parse().unwrap(), counted.parse().unwrap());
        println!("{guest}: {ended}, {grown} bytes, {counted} counted");
        assert_eq!(ended, ending, "{guest}");
        assert!(grown <= LIMIT / 4 * 5, "{guest} made the host hold {grown} bytes with a limit of {LIMIT}");
        assert!(counted <= LIMIT, "{guest}: {counted}");
        // Small resources are limited in number by the memory that they would take.
        let is_small = ["hoard-streams", "hoard-timers"].contains(&guest);
        if ending == "MemoryLimitExceeded" && !is_small {
            // A buffer that doubles is stopped before it would pass the limit.
            assert!(counted >= LIMIT / 10 * 7, "{guest} was stopped at {counted} bytes");
        }
    }
}

#[tokio::test]
async fn the_host_accepts_no_part_of_a_request_that_has_megabytes() {
    let execution = run(&host(), &hoarding("hoard-parts-of-requests", &json!(null), LIMIT)).await;
    assert_eq!(completed(&execution), 0);
}

#[tokio::test]
async fn values_count_while_the_host_has_them() {
    let host = host().with_key_values(Arc::new(MemoryKeyValues::default()));
    // The guest has 4 MB of values and the host has a copy of them.
    let stored = run(&host, &hoarding("hoard-entries", &json!(10), 16 << 20)).await;
    assert_eq!(completed(&stored), "stored");
    let counted = stored.usage.peak_memory_bytes;
    assert!((8_000_000..16 << 20).contains(&counted), "{counted}");
    // The guest alone stays below each limit.
    for (handler, input, memory) in [
        ("hoard-swaps", json!(null), 6 << 20),
        ("hoard-entries", json!(10), 8 << 20),
        ("hoard-answers", json!(null), 5 << 20),
    ] {
        let execution = run(&host, &hoarding(handler, &input, memory)).await;
        assert_failed(
            &execution,
            FailureOrigin::Limit,
            "MemoryLimitExceeded",
            false,
            "raise `limits.memory_bytes`",
        );
    }
}

#[tokio::test]
async fn what_the_host_held_is_in_the_reported_peak() {
    let host = host();
    let quiet = run(&host, &dispatch("echo", &json!(1))).await.usage.peak_memory_bytes;
    let mut flood = dispatch("flood-logs", &json!(10_000));
    flood.limits.log_bytes = 8 << 20;
    let execution = run(&host, &flood).await;
    let kept: u64 = execution.logs.iter().map(|line| line.message.len() as u64).sum();
    assert!(kept > 7 << 20, "{kept}");
    let loud = execution.usage.peak_memory_bytes;
    assert!(loud >= quiet + kept, "{quiet} bytes without logs, {loud} with {kept} bytes of logs");
}

#[tokio::test]
async fn a_step_without_a_destination_cannot_create_a_request() {
    let host = host();
    for handler in ["hoard-requests", "hoard-bodies"] {
        let execution = run(&host, &dispatch(handler, &json!(null))).await;
        assert_failed(&execution, FailureOrigin::Host, "NotGranted", false, "grants.http");
        assert!(execution.usage.peak_memory_bytes < 8 << 20, "{:?}", execution.usage);
    }
    // Importing the interface is harmless: the probe does, and so is the use of headers.
    completed(&run(&host, &dispatch("echo", &json!(1))).await);
    let execution = run(&host, &dispatch("hoard-headers", &json!(null))).await;
    assert_eq!(failed(&execution).origin, FailureOrigin::Limit);
}
