//! What stands before a server: proxies that name the client, and the URL that browsers know it by.

use std::net::SocketAddr;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_api::{Authentication, Doors, Front, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::server::{Answer, Server};

/// Serves a server's orchestrator on loopback.
async fn listen(server: &Server, front: Front) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let doors = Doors { front, ..Authentication::Own(None).into() };
    tokio::spawn(serve(listener, server.orchestrator.clone(), doors, Vec::new(), stop.clone()));
    (address, stop.drop_guard())
}

/// Sends a request. Returns the status, the head and the body of the response.
async fn send(address: SocketAddr, request: &str, headers: &[&str], body: &str) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let headers = [headers, &[""]].concat().join("\r\n");
    let text = format!(
        "{request} HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_client_behind_a_trusted_proxy_is_counted_by_its_own_address() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let (address, _stop) = listen(&server, Front { trusted_proxies, ..Front::default() }).await;
    let guess = async |chain: &str| {
        let chain = format!("X-Forwarded-For: {chain}");
        send(address, "GET /v1/me", &["Host: localhost", "X-API-Key: tsk_wrong", &chain], "").await.0
    };
    for number in 0..20 {
        // The client writes what it wants, and the proxy adds its address.
        assert_eq!(guess(&format!("203.0.113.{number}, 192.0.2.7")).await, 401);
    }
    assert_eq!(guess("203.0.113.99, 192.0.2.7").await, 429);
    assert_eq!(guess("192.0.2.8").await, 401, "another client is not held back");
    let addresses: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT host(address) FROM tasker.access_audit ORDER BY 1")
            .fetch_all(&server.database.pool)
            .await
            .unwrap();
    assert_eq!(addresses, ["192.0.2.7", "192.0.2.8"]);
    // Whoever is no trusted proxy says nothing of others.
    let (address, _stop) = listen(&server, Front::default()).await;
    for number in 0..20 {
        let chain = format!("X-Forwarded-For: 192.0.2.{number}");
        send(address, "GET /v1/me", &["Host: localhost", "X-API-Key: tsk_wrong", &chain], "").await;
    }
    let refused = send(
        address,
        "GET /v1/me",
        &["Host: localhost", "X-API-Key: tsk_wrong", "X-Forwarded-For: 192.0.2.99"],
        "",
    );
    assert_eq!(refused.await.0, 429);
}

#[tokio::test]
async fn browsers_reach_a_server_on_loopback_by_its_public_url_and_then_by_tls_only() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let login = json!({ "api_key": server.key("viewer", None).await }).to_string();
    let (address, _stop) = listen(&server, Front::default()).await;
    let (status, head, _) = send(address, "POST /v1/session", &["Host: localhost"], &login).await;
    assert!(status == 201 && head.contains("set-cookie: tasker_session=tss_"), "{head}");
    let by_name = ["Host: tasker.example", "Origin: https://tasker.example"];
    assert_eq!(send(address, "POST /v1/session", &by_name, &login).await.0, 421);
    let image = ["Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"];
    let (status, _, problem) = send(address, "GET /v1/meta", &image, "").await;
    assert_eq!((status, &problem["code"]), (403, &json!("origin_refused")), "{problem}");
    let front = Front { public_url: Some("https://tasker.example".parse().unwrap()), ..Front::default() };
    let (address, _stop) = listen(&server, front).await;
    let (status, head, _) = send(address, "POST /v1/session", &by_name, &login).await;
    assert!(status == 201 && head.contains("set-cookie: __host-tasker=tss_"), "{head}");
    let (_, _, meta) = send(address, "GET /v1/meta", &["Host: tasker.example"], "").await;
    assert_eq!(meta["logins"], json!(["key"]));
    // Beyond this machine, and without TLS.
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], listener.local_addr().unwrap().port()));
    let stop = CancellationToken::new();
    let doors = Doors::from(Authentication::Own(None));
    tokio::spawn(serve(listener, server.orchestrator.clone(), doors, Vec::new(), stop.clone()));
    let (status, head, problem) = send(address, "POST /v1/session", &["Host: localhost"], &login).await;
    assert!(status == 409 && !head.contains("set-cookie"), "{head}");
    assert!(problem["detail"].as_str().unwrap().contains("server.public_url"), "{problem}");
    stop.cancel();
}

#[tokio::test]
async fn pages_of_named_sites_may_use_the_api_and_others_may_not() {
    let origin = "https://app.example.com";
    let front = Front { cors_origins: vec![origin.parse().unwrap()], ..Front::default() };
    let server = Server::start_with(Doors { front, ..Authentication::Own(None).into() }).await;
    let key = server.key("viewer", None).await;
    let ask = async |method: &str, origin: &str| {
        let request = Request::builder().method(method).uri("/v1/tasks").header("origin", origin);
        let request = request.header("access-control-request-method", "GET");
        let request = request.header("access-control-request-headers", "x-api-key");
        server.call(request.header("x-api-key", &key).body(Body::empty()).unwrap()).await
    };
    let allowed = |answer: &Answer| answer.headers.get("access-control-allow-origin").cloned();
    let asked = ask("OPTIONS", origin).await;
    assert_eq!((asked.status, allowed(&asked).unwrap()), (StatusCode::OK, origin.parse().unwrap()));
    assert!(asked.headers["access-control-allow-headers"].to_str().unwrap().contains("x-api-key"));
    // A page's cookies are not sent.
    assert!(asked.headers.get("access-control-allow-credentials").is_none());
    let read = ask("GET", origin).await;
    assert_eq!((read.status, allowed(&read).unwrap()), (StatusCode::OK, origin.parse().unwrap()));
    for method in ["OPTIONS", "GET"] {
        assert_eq!(allowed(&ask(method, "https://evil.example").await), None, "{method}");
    }
    // Without the setting there is no answer to such a question.
    let closed = Server::start().await;
    let request = Request::builder().method("OPTIONS").uri("/v1/tasks").header("origin", origin);
    assert_eq!(
        closed.call(request.body(Body::empty()).unwrap()).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
