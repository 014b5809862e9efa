//! A guest can access only its own step: no other execution, nothing of the machine.

use serde_json::json;

use crate::support::{completed, config, dispatch, host, host_with, run};

#[tokio::test]
async fn nothing_in_memory_outlives_a_call() {
    let host = host();
    for _ in 0..50 {
        assert_eq!(completed(&run(&host, &dispatch("count-calls", &json!(null))).await), 0);
    }
}

/// The pool has one slot, so the second execution reuses the memory of the first.
#[tokio::test]
async fn a_guest_finds_no_trace_of_the_one_before_it() {
    let host = host_with(tasker_runtime_host::HostConfig { max_concurrent: 1, ..config() }, Vec::new());
    let secret = json!("customer-4711-card-number");
    for _ in 0..3 {
        assert_eq!(completed(&run(&host, &dispatch("leave-traces", &secret)).await), 1 << 20);
        assert_eq!(completed(&run(&host, &dispatch("read-everything", &secret)).await), 0);
    }
}

#[tokio::test]
async fn there_are_no_files_no_environment_and_no_arguments() {
    let host = host();
    for path in ["/etc/passwd", "etc/passwd", "../../../etc/passwd", "/proc/self/environ", ".", "/"] {
        let answer = completed(&run(&host, &dispatch("open-file", &json!(path))).await);
        assert!(answer["refused"].is_string(), "{path}: {answer}");
    }
    let answer = completed(&run(&host, &dispatch("environment", &json!(null))).await);
    assert_eq!(answer, json!({ "variables": [], "arguments": [] }));
}

#[tokio::test]
async fn there_are_no_sockets() {
    let host = host();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for (handler, target) in [
        ("connect", address.as_str()),
        ("connect", "1.1.1.1:443"),
        ("connect", "localhost:5432"),
        ("send-datagram", "8.8.8.8:53"),
    ] {
        let answer = completed(&run(&host, &dispatch(handler, &json!(target))).await);
        assert!(answer["refused"].is_string(), "{handler} {target}: {answer}");
    }
}

#[tokio::test]
async fn random_numbers_differ_from_one_execution_to_the_next() {
    let host = host();
    let first = completed(&run(&host, &dispatch("random", &json!(null))).await);
    let second = completed(&run(&host, &dispatch("random", &json!(null))).await);
    assert_ne!(first, second);
    assert_ne!(first[0], first[1]);
}
