//! A stand-in for a payment provider: `POST /charges` charges a card. The first call for each order returns
//! 503.
//!
//! Uses only the standard library, to keep the example small.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8099".to_owned());
    let listener = TcpListener::bind(&address)?;
    println!("payment service on http://{address}");
    let seen: Arc<Mutex<HashSet<String>>> = Arc::default();
    for stream in listener.incoming() {
        let (stream, seen) = (stream?, Arc::clone(&seen));
        thread::spawn(move || {
            // Ignore errors of single clients.
            let _ = answer(stream, &seen);
        });
    }
    Ok(())
}

fn answer(mut stream: TcpStream, seen: &Mutex<HashSet<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request_line = String::new();
    reader.read_line(&mut request_line)?;
    let (mut length, mut key) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "idempotency-key" => key = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length.min(1 << 20)];
    reader.read_exact(&mut body)?;
    if !request_line.starts_with("POST /charges ") {
        return respond(&mut stream, "404 Not Found", "", r#"{"error":"only POST /charges is supported"}"#);
    }
    let first = seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
    if first {
        return respond(&mut stream, "503 Service Unavailable", "", r#"{"error":"overloaded, try again"}"#);
    }
    let charge: String = key.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    respond(&mut stream, "201 Created", "", &format!(r#"{{"charge_id":"ch_{charge}","captured":true}}"#))
}

fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{body}"
    )
}
