//! Targets of webhooks, played by the test: one that accepts events, and one that never responds.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;

pub(crate) struct Hooks {
    /// The URL of the target that accepts events.
    pub(crate) url: String,
    /// The URL of the one that never responds.
    pub(crate) silent_url: String,
    received: Arc<Mutex<Vec<Value>>>,
    _silent: TcpListener,
}

impl Hooks {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = |listener: &TcpListener| format!("http://{}/hook", listener.local_addr().unwrap());
        let (url, silent_url) = (url(&listener), url(&silent));
        let received = Arc::new(Mutex::new(Vec::new()));
        let receiving = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(event) = read(&stream) {
                    receiving.lock().unwrap().push(event);
                }
            }
        });
        Self { url, silent_url, received, _silent: silent }
    }

    /// Waits for this many events and returns them.
    pub(crate) fn received(&self, count: usize, limit: Duration) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let received = self.received.lock().unwrap().clone();
            if received.len() >= count {
                return received;
            }
            assert!(begun.elapsed() < limit, "{} of {count} webhooks: {received:?}", received.len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn read(stream: &TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut signed) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok()?,
            Some(("tasker-signature", _)) => signed = true,
            None if line.trim().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
    serde_json::from_slice(&body).ok().filter(|_| signed)
}
