//! Requests that are refused before they reach the orchestrator, and a database that is away.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tasker_api::{Authentication, serve};
use tasker_pool::connect;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use crate::orchestrator::orchestrator;

/// Serves the API on loopback, with a database that nothing listens for. Returns its address and the database's port.
async fn serve_without_database() -> (SocketAddr, u16) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = format!("postgres://nobody@127.0.0.1:{closed}/nothing").parse().unwrap();
    let (orchestrator, _) = orchestrator(connect(options, 2), &tempfile::tempdir().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hosts = vec!["tasker.example.com".to_owned()];
    tokio::spawn(serve(listener, orchestrator, Authentication::Off.into(), hosts, CancellationToken::new()));
    (address, closed)
}

/// Returns the status and the body of the response.
async fn get(address: SocketAddr, path: &str, headers: &[&str]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let headers = headers.join("\r\n");
    let request = format!("GET {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn a_page_of_another_site_reaches_nothing_on_this_machine() {
    let (address, _) = serve_without_database().await;
    for allowed in [
        vec!["Host: localhost:8080"],
        vec!["Host: tasker.example.com"],
        vec!["Host: 127.0.0.1:8080", "Origin: http://localhost:3000"],
    ] {
        assert_eq!(get(address, "/health/live", &allowed).await.0, 200, "{allowed:?}");
    }
    for (foreign, expected) in [
        // A name that its owner points at 127.0.0.1.
        (vec!["Host: rebinding.example"], 421),
        (vec!["Host: localhost:8080", "Origin: https://evil.example"], 403),
        (vec!["Host: localhost:8080", "Origin: null"], 403),
    ] {
        let (status, body) = get(address, "/health/live", &foreign).await;
        assert_eq!(status, expected, "{foreign:?}");
        assert!(body.contains("server.hosts"), "{body}");
    }
}

#[tokio::test]
async fn a_nul_character_is_refused_where_it_stands() {
    let (address, _) = serve_without_database().await;
    for (path, place) in [
        ("/v1/tasks?state=complete&name=a%00b", "the parameter `name`"),
        ("/v1/templates/default/a%00/1.0.0", "the path"),
        ("/v1/callables/%00/versions", "the path"),
    ] {
        let (status, body) = get(address, path, &["Host: localhost"]).await;
        assert_eq!(status, 400, "{path}: {body}");
        assert!(body.contains(place), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_of_at_once() {
    let (address, database) = serve_without_database().await;
    let begun = Instant::now();
    let (status, body) = get(address, "/health/ready", &["Host: localhost"]).await;
    assert_eq!(status, 503, "{body}");
    assert!(body.contains(&format!("127.0.0.1:{database}")), "{body}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(get(address, "/health/live", &["Host: localhost"]).await.0, 200);
}
