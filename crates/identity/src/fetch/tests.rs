//! Tests of fetching by real sockets: what is fetched, and what is never connected to.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread::JoinHandle,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use ureq::tls::{Certificate, RootCerts};

use super::*;

const CERTIFICATE: &str = include_str!("../../tests/keys/test-only-localhost-certificate.pem");
const PRIVATE_KEY: &str = include_str!("../../tests/keys/test-only-localhost-private.pem");

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn was_dialled(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_ok()
}

/// Answers one request. Returns its port, and the request's head.
fn server(answer: Vec<u8>) -> (u16, JoinHandle<String>) {
    let (listener, port) = listener();
    let certificates = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(PRIVATE_KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let served = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
            head.push(byte[0]);
        }
        // The client may end the connection before it has read everything.
        let _ = stream.write_all(&answer);
        stream.conn.send_close_notify();
        let _ = stream.flush();
        String::from_utf8(head).unwrap()
    });
    (port, served)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A source that may reach this machine, and trusts the certificate of the tests.
fn here(port: u16, timeout: Duration) -> Https {
    let certificate = Certificate::from_pem(CERTIFICATE.as_bytes()).unwrap();
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[certificate])).build();
    let url = format!("https://127.0.0.1:{port}/keys");
    Https::with(&url, vec!["127.0.0.1/32".parse().unwrap()], tls, timeout).unwrap()
}

fn problem(source: &Https) -> String {
    source.get().unwrap_err().to_string()
}

#[tokio::test]
async fn a_set_is_fetched_with_its_age() {
    let (port, served) = server(answer("200 OK", "Cache-Control: public, max-age=600\r\n", b"{\"keys\":[]}"));
    let fetched = here(port, TIMEOUT).fetch().await.unwrap();
    assert_eq!(
        fetched,
        Document { body: b"{\"keys\":[]}".to_vec(), max_age: Some(Duration::from_secs(600)) }
    );
    assert!(served.join().unwrap().starts_with("GET /keys HTTP/1.1\r\n"));
}

#[test]
fn only_https_urls_of_allowed_addresses_are_accepted() {
    let refused = |url: &str| Https::new(url, Vec::new()).map(|_| ()).unwrap_err();
    assert!(Https::new("https://login.example.com/keys", Vec::new()).is_ok());
    for url in ["", "keys", "/keys", "https://", "login.example.com/keys"] {
        assert_eq!(refused(url), BadUrl::Invalid, "{url}");
    }
    for url in
        ["http://login.example.com/", "http://169.254.169.254/", "file:///etc/keys", "ftp://example.com/"]
    {
        assert!(matches!(refused(url), BadUrl::Scheme(_)), "{url}");
    }
    assert_eq!(refused("https://user:secret@login.example.com/"), BadUrl::Credentials);
    for url in [
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.1.2.3/keys",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
    ] {
        assert!(matches!(refused(url), BadUrl::Address(_)), "{url}");
    }
    let inside = |url: &str| Https::new(url, vec!["10.1.0.0/16".parse().unwrap()]);
    assert!(inside("https://10.1.2.3/keys").is_ok());
    assert!(inside("https://10.2.2.3/keys").is_err());
    assert!(inside("http://10.1.2.3/keys").is_err());
}

#[test]
fn a_name_with_an_address_that_is_not_allowed_is_never_connected_to() {
    let (listener, port) = listener();
    let source = Https::new(&format!("https://localhost:{port}/"), Vec::new()).unwrap();
    let problem = problem(&source);
    assert!(problem.contains("loopback") && problem.contains("jwks_allow_private"), "{problem}");
    assert!(!was_dialled(&listener));
}

#[test]
fn a_redirect_is_not_followed() {
    let (target, target_port) = listener();
    for location in [
        format!("https://127.0.0.1:{target_port}/"),
        format!("http://127.0.0.1:{target_port}/"),
        "http://169.254.169.254/".to_owned(),
    ] {
        for status in
            ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
        {
            let (port, served) =
                server(answer(status, &format!("location: {location}\r\n"), b"{\"keys\":[]}"));
            let problem = problem(&here(port, TIMEOUT));
            assert!(problem.contains("redirects"), "{status} to {location}: {problem}");
            served.join().unwrap();
        }
    }
    assert!(!was_dialled(&target));
}

#[test]
fn other_responses_are_refused() {
    let limit = MAX_BODY as usize;
    for (answer, expected) in [
        (answer("500 Internal Server Error", "", b"{\"keys\":[]}"), "500"),
        (answer("404 Not Found", "", b""), "404"),
        (answer("204 No Content", "", b""), "204"),
        (answer("200 OK", "", &vec![b' '; limit + 1]), "256 KiB"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}".to_vec(), "check the URL"),
        (b"hello".to_vec(), "check the URL"),
    ] {
        let (port, served) = server(answer);
        let problem = problem(&here(port, TIMEOUT));
        assert!(problem.contains(expected), "{problem} instead of {expected}");
        served.join().unwrap();
    }
    let (port, served) = server(answer("200 OK", "", &vec![b' '; limit]));
    assert_eq!(here(port, TIMEOUT).get().unwrap().body.len(), limit);
    served.join().unwrap();
}

#[test]
fn a_server_without_a_trusted_certificate_is_refused() {
    let (port, served) = server(answer("200 OK", "", b"{\"keys\":[]}"));
    let url = format!("https://127.0.0.1:{port}/");
    let source = Https::new(&url, vec!["127.0.0.1/32".parse().unwrap()]).unwrap();
    assert!(problem(&source).contains("certificate"), "{}", problem(&source));
    assert_eq!(served.join().unwrap(), "", "nothing is sent to it");
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    // The system accepts connections for it.
    let (_listener, port) = listener();
    let problem = problem(&here(port, Duration::from_millis(50)));
    assert!(problem.contains("timeout"), "{problem}");
    // A connection without TLS.
    let (listener, port) = self::listener();
    let plain = std::thread::spawn(move || {
        let (mut socket, _): (TcpStream, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"keys\":[]}").unwrap();
    });
    assert!(here(port, TIMEOUT).get().is_err());
    plain.join().unwrap();
}

#[test]
fn the_age_of_a_response_is_the_shortest_that_its_header_says() {
    for (values, expected) in [
        (&[][..], None),
        (&["public"], None),
        (&["max-age=300"], Some(300)),
        (&["public, Max-Age=\"300\" , must-revalidate"], Some(300)),
        (&["max-age=300", "max-age=60"], Some(60)),
        (&["no-store"], Some(0)),
        (&["no-cache, max-age=300"], Some(0)),
        (&["max-age=-1"], None),
        (&["max-age=99999999999999999999"], None),
        (&["s-maxage=5"], None),
    ] {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CACHE_CONTROL, value.parse().unwrap());
        }
        assert_eq!(max_age(&headers), expected.map(Duration::from_secs), "{values:?}");
    }
}
