//! Outbound requests reach granted destinations only, however they are made.

use serde_json::{Value, json};
use tasker_protocol::{Execution, FailureOrigin, StepDispatch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{assert_failed, completed, dispatch, host, run};

/// A server that sends this response to every request.
async fn server(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

fn request(url: &str, http: &[&str], networks: &[&str]) -> StepDispatch {
    let mut dispatch = dispatch("request", &json!(url));
    dispatch.grants.http = http.iter().map(|&grant| grant.to_owned()).collect();
    dispatch.grants.private_networks = networks.iter().map(|&grant| grant.to_owned()).collect();
    dispatch
}

#[track_caller]
fn assert_refused(execution: &Execution, error: &str, log: &str) {
    let answer = completed(execution);
    assert!(answer["refused"].as_str().is_some_and(|refused| refused.contains(error)), "{answer}");
    assert!(
        execution.logs.iter().any(|line| line.message.contains(log)),
        "no log line contains `{log}`: {:#?}",
        execution.logs
    );
}

#[tokio::test]
async fn a_granted_request_is_answered() {
    let port = server(HELLO).await;
    let host = host();
    for name in ["127.0.0.1", "localhost"] {
        let url = format!("http://{name}:{port}/path?query");
        let granted = format!("http://{name}:{port}");
        let execution = run(&host, &request(&url, &[&granted], &["127.0.0.0/8", "::1/128"])).await;
        assert_eq!(completed(&execution), json!({ "got": [200, Value::Null, 5] }), "{:#?}", execution.logs);
    }
}

#[tokio::test]
async fn a_request_that_is_not_granted_is_refused_and_the_log_names_the_grant() {
    let port = server(HELLO).await;
    let host = host();
    let url = format!("http://127.0.0.1:{port}/");
    let needed = format!("add `http://127.0.0.1:{port}`");
    for http in [&["http://127.0.0.1"][..], &["https://127.0.0.1"], &["http://example.com"]] {
        assert_refused(
            &run(&host, &request(&url, http, &["127.0.0.1/32"])).await,
            "HttpRequestDenied",
            &needed,
        );
    }
}

#[tokio::test]
async fn a_request_without_any_grant_fails_the_step() {
    let execution = run(&host(), &request("http://127.0.0.1/", &[], &["127.0.0.1/32"])).await;
    assert_failed(&execution, FailureOrigin::Host, "NotGranted", false, "add the destination");
}

#[tokio::test]
async fn an_address_inside_is_refused_even_when_its_name_is_granted() {
    let port = server(HELLO).await;
    let host = host();
    for (host_part, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "(loopback)"),
        ("2130706433", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[::ffff:127.0.0.1]", "(loopback)"),
        ("169.254.169.254", "(metadata service)"),
        ("[fd00:ec2::254]", "(metadata service)"),
        ("10.0.0.1", "(private)"),
        ("[fe80::1]", "(link-local)"),
        ("100.64.0.1", "(carrier-grade NAT)"),
        ("0.0.0.0", "(unspecified)"),
        ("[64:ff9b::a00:1]", "(NAT64)"),
    ] {
        let url = format!("http://{host_part}:{port}/");
        let granted = format!("http://{host_part}:{port}");
        let execution = run(&host, &request(&url, &[&granted], &[])).await;
        assert_refused(&execution, "DestinationIpProhibited", address);
    }
}

#[tokio::test]
async fn a_redirect_is_the_guests_to_follow_and_judged_again() {
    let redirect = "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
    let port = server(redirect).await;
    let host = host();
    let url = format!("http://127.0.0.1:{port}/");
    let granted = format!("http://127.0.0.1:{port}");
    let execution = run(&host, &request(&url, &[&granted], &["127.0.0.1/32"])).await;
    assert_eq!(completed(&execution), json!({ "got": [302, "http://169.254.169.254/", 0] }));
}

#[tokio::test]
async fn a_request_says_one_host_only() {
    let host = host();
    for url in ["http://user@127.0.0.1/", "http://127.0.0.1@169.254.169.254/"] {
        let answer = completed(&run(&host, &request(url, &["http://127.0.0.1"], &["127.0.0.1/32"])).await);
        assert!(answer["refused"].is_string(), "{url}: {answer}");
    }
}

#[tokio::test]
async fn a_response_is_limited_in_size() {
    let body: &'static str = Box::leak(
        format!("HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n{}", "x".repeat(300_000)).into_boxed_str(),
    );
    let port = server(body).await;
    let config =
        tasker_runtime_host::HostConfig { max_http_response_bytes: 100_000, ..crate::support::config() };
    let host = crate::support::host_with(config, Vec::new());
    let url = format!("http://127.0.0.1:{port}/");
    let granted = format!("http://127.0.0.1:{port}");
    let answer = completed(&run(&host, &request(&url, &[&granted], &["127.0.0.1/32"])).await);
    assert!(
        answer["refused"].as_str().is_some_and(|error| error.contains("body size exceeds limit: 100000")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_server_that_is_silent_is_waited_for_no_longer_than_the_step_may_take() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let granted = format!("http://127.0.0.1:{port}");
    let mut dispatch = request(&url, &[&granted], &["127.0.0.1/32"]);
    dispatch.limits.wall_ms = 300;
    let execution = run(&host(), &dispatch).await;
    assert_eq!(crate::support::failed(&execution).error_type, "WallTimeExceeded");
}
