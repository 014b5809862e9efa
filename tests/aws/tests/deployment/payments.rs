//! The payment provider of the example's workflow, played by the test: rejects the first charge of each order
//! and records every request.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

#[derive(Default)]
pub(crate) struct Payments {
    /// Its address, `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// The numbers of requests and charges, by payment token.
    orders: Mutex<BTreeMap<String, (usize, usize)>>,
    answer_after_ms: AtomicU64,
    in_progress: AtomicUsize,
}

impl Payments {
    /// Starts the provider. There is one per process.
    pub(crate) fn start() -> Arc<Self> {
        static STARTED: OnceLock<Arc<Payments>> = OnceLock::new();
        let start = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap().to_string();
            let payments = Arc::new(Self { address, ..Self::default() });
            let answering = payments.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let payments = answering.clone();
                    std::thread::spawn(move || {
                        payments.in_progress.fetch_add(1, Ordering::SeqCst);
                        let _ = payments.answer(stream);
                        payments.in_progress.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            });
            payments
        };
        STARTED.get_or_init(start).clone()
    }

    pub(crate) fn requests(&self, order: &str) -> usize {
        self.orders.lock().unwrap().get(order).map_or(0, |order| order.0)
    }

    pub(crate) fn charges(&self, order: &str) -> usize {
        self.orders.lock().unwrap().get(order).map_or(0, |order| order.1)
    }

    pub(crate) fn in_progress(&self) -> usize {
        self.in_progress.load(Ordering::SeqCst)
    }

    pub(crate) fn answer_after(&self, wait: Duration) {
        self.answer_after_ms.store(wait.as_millis() as u64, Ordering::SeqCst);
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim().to_ascii_lowercase().split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
                None if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body: Value = serde_json::from_slice(&body)?;
        std::thread::sleep(Duration::from_millis(self.answer_after_ms.load(Ordering::SeqCst)));
        let charged = {
            let mut orders = self.orders.lock().unwrap();
            let order = orders.entry(body["token"].as_str().unwrap_or_default().to_owned()).or_default();
            order.0 += 1;
            let charged = order.0 > 1;
            // A repeated request after a successful charge returns success without charging again.
            order.1 = usize::from(charged);
            charged
        };
        let (status, answer) = if charged {
            ("201 Created", r#"{"charge_id":"ch_1"}"#)
        } else {
            ("503 Service Unavailable", r#"{"error":"overloaded, try again"}"#)
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        )
    }
}
