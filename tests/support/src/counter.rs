//! A small HTTP server that counts executions of handlers, to detect steps that ran twice.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// The number of executions of each step, by `task/step`.
type Executions = Arc<Mutex<HashMap<String, u32>>>;

/// The server. Dropping it stops it.
#[derive(Debug)]
pub struct Counter {
    url: String,
    executions: Executions,
    stopped: Arc<AtomicBool>,
}

impl Counter {
    /// Starts the server.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let (executions, stopped): (Executions, Arc<AtomicBool>) = Default::default();
        let (counted, stop) = (Arc::clone(&executions), Arc::clone(&stopped));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let counted = Arc::clone(&counted);
                thread::spawn(move || answer(stream, &counted));
            }
        });
        Self { url: format!("http://{address}"), executions, stopped }
    }

    /// The URL for handlers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the steps that were executed more than once.
    pub fn repeated(&self) -> Vec<String> {
        let executions = self.executions.lock().unwrap_or_else(PoisonError::into_inner);
        executions
            .iter()
            .filter(|&(_, &count)| count > 1)
            .map(|(step, count)| format!("{step} {count}"))
            .collect()
    }

    /// Returns the number of executions and the number of executed steps.
    pub fn totals(&self) -> (usize, usize) {
        let executions = self.executions.lock().unwrap_or_else(PoisonError::into_inner);
        (executions.values().map(|&count| count as usize).sum(), executions.len())
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

/// Counts a request, and responds after the requested run time.
fn answer(mut stream: TcpStream, executions: &Executions) {
    let mut request = Vec::new();
    let mut chunk = [0_u8; 1024];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&chunk[..count]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    // POST /TASK/STEP?hold_ms=MS HTTP/1.1
    let Some(target) = request.split(' ').nth(1) else { return };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    *executions.lock().unwrap_or_else(PoisonError::into_inner).entry(path.to_owned()).or_default() += 1;
    let hold = query.strip_prefix("hold_ms=").and_then(|hold| hold.parse().ok()).unwrap_or(0);
    thread::sleep(Duration::from_millis(hold));
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    // Closing the socket with unread data would reset the connection.
    let _ = stream.shutdown(Shutdown::Write);
    while matches!(stream.read(&mut chunk), Ok(count) if count > 0) {}
}
