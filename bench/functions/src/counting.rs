//! Counting proxies between a function and AWS or PostgreSQL. They forward everything unchanged.

use std::{
    collections::BTreeMap,
    io::{BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;

use crate::{http::Message, lineage};

/// Counts per operation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counter(Arc<Mutex<BTreeMap<String, u64>>>);

impl Counter {
    fn add(&self, operation: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(operation.to_owned()).or_default() += 1;
    }

    /// Returns the counts since the last call.
    pub(crate) fn take(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts requests to AWS. Returns the address to use instead: `http://127.0.0.1:PORT`.
pub(crate) fn count_requests(endpoint: &str, counter: &Counter) -> Result<String> {
    let upstream = endpoint.trim_start_matches("http://").to_owned();
    let address = listen(&upstream, counter, |client, server, counter| {
        let (mut requests, mut answers) = (BufReader::new(&client), BufReader::new(&server));
        while let Some(request) = Message::read(&mut requests, true)? {
            counter.add(&operation(&request));
            lineage::keep(&request)?;
            request.write(&mut &server)?;
            let Some(answer) = Message::read(&mut answers, request.method() != "HEAD")? else { break };
            answer.write(&mut &client)?;
        }
        Ok(())
    })?;
    Ok(format!("http://{address}"))
}

/// The name of an operation, from the header `X-Amz-Target`, or the method for S3, which does not send it.
fn operation(request: &Message) -> String {
    match request.header("x-amz-target") {
        Some(target) => match target.split_once('.') {
            Some((service, operation)) => {
                let service = service.split('_').next().unwrap_or_default().trim_start_matches("Amazon");
                format!("{service} {operation}")
            }
            None => target.to_owned(),
        },
        None => format!("S3 {}", request.method()),
    }
}

/// Counts how often a PostgreSQL client waits for the server (`round trips`) and lets it parse (`statements
/// parsed`).
pub(crate) fn count_round_trips(server: &str, counter: &Counter) -> Result<String> {
    listen(server, counter, |client, server, counter| {
        let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut answers, &mut back);
            back.shutdown(Shutdown::Both)
        });
        let mut reader = BufReader::new(&client);
        let mut begun = false;
        loop {
            // Every message except the first has a type byte before its length.
            let mut head = vec![0; if begun { 5 } else { 4 }];
            if reader.read_exact(&mut head).is_err() {
                return Ok(server.shutdown(Shutdown::Write)?);
            }
            let length = u32::from_be_bytes(head[head.len() - 4..].try_into()?) as usize;
            let mut rest = vec![0; length.saturating_sub(4)];
            reader.read_exact(&mut rest)?;
            match head.first().filter(|_| begun) {
                Some(b'S' | b'Q') => counter.add("round trips"),
                Some(b'P') => counter.add("statements parsed"),
                // A message of the authentication.
                Some(b'p') => counter.add("round trips to connect"),
                Some(_) => {}
                None => {
                    counter.add("round trips to connect");
                    // The client requested encryption; the connection has not started yet.
                    begun = rest.get(..4) != Some(&80_877_103_u32.to_be_bytes());
                }
            }
            head.extend(rest);
            (&server).write_all(&head)?;
        }
    })
}

/// Connects every client to `upstream` over a separate connection.
fn listen(
    upstream: &str,
    counter: &Counter,
    join: fn(TcpStream, TcpStream, &Counter) -> Result<()>,
) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let (upstream, counter) = (upstream.to_owned(), counter.clone());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&upstream) else { continue };
            let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
            let counter = counter.clone();
            std::thread::spawn(move || join(client, server, &counter));
        }
    });
    Ok(address)
}
