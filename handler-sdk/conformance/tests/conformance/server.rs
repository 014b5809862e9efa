//! An HTTP server that sends a scenario's responses and keeps the requests.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::scenario::Answer;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A server on a port of this machine. Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    running: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (requests.clone(), Arc::new(answers));
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers.clone(), kept.clone()));
            }
        });
        Self { url, requests, running }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// A URL on which nothing listens.
pub(crate) async fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}

async fn serve(stream: TcpStream, answers: Arc<Vec<Answer>>, kept: Arc<Mutex<Vec<Request>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let path = request.path.clone();
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let answer = answers.iter().find(|answer| answer.path == path);
        if write(&mut stream, answer).await.is_none() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let first = line(stream).await?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let header = line(stream).await?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        body.resize(length.parse().ok()?, 0);
        stream.read_exact(&mut body).await.ok()?;
    } else if headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
        loop {
            let size = usize::from_str_radix(&line(stream).await?, 16).ok()?;
            let start = body.len();
            body.resize(start + size, 0);
            stream.read_exact(&mut body[start..]).await.ok()?;
            line(stream).await?;
            if size == 0 {
                break;
            }
        }
    }
    Some(Request { method, path, headers, body })
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

/// Writes a response. None if the connection is over.
async fn write(stream: &mut BufReader<TcpStream>, answer: Option<&Answer>) -> Option<()> {
    let Some(answer) = answer else {
        stream.write_all(b"HTTP/1.1 599 no such path\r\ncontent-length: 0\r\n\r\n").await.ok()?;
        return Some(());
    };
    tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    let body = match (&answer.binary, answer.bytes) {
        (Some(bytes), _) => bytes.clone(),
        (None, Some(letters)) => vec![b'x'; letters],
        (None, None) => answer.body.clone().into_bytes(),
    };
    let mut head = format!("HTTP/1.1 {} status\r\n", answer.status);
    if answer.status != 204 {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    for (name, value) in &answer.headers {
        let _ = write!(head, "{name}: {}\r\n", dated(value));
    }
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(b"\r\n").await.ok()?;
    let sent = if answer.cut { &body[..body.len() / 2] } else { &body };
    stream.write_all(sent).await.ok()?;
    (!answer.cut).then_some(())
}

/// A header with `{date+N}` replaced by the date in so many seconds.
fn dated(value: &str) -> String {
    match value.strip_prefix("{date+").and_then(|rest| rest.strip_suffix('}')) {
        Some(seconds) => {
            let date = Utc::now() + TimeDelta::seconds(seconds.parse().expect("seconds"));
            date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
        }
        None => value.to_owned(),
    }
}
