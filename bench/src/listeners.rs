//! Measures what streams cost: the same load with nobody listening and with 500 listeners, in turn.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Serialize;

use crate::{
    latency::Percentiles,
    server::{Installation, Server},
    shapes::NAMESPACE,
    throughput::{self, Load, TEMPLATE},
};

/// How often all are measured in turn.
const ROUNDS: usize = 7;
/// The tasks of a round's load.
const TASKS: usize = 6000;
/// The number of listeners.
const LISTENERS: usize = 500;
/// How often what has come is read, so that reading itself costs little.
const READ_AFTER: Duration = Duration::from_millis(200);

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Audience {
    Nobody,
    /// Each follows one task that has ended long ago, or the list of what is blocked: as people leave pages open.
    OfPages,
    /// Each follows the list of all tasks.
    OfEverything,
}

/// The figures of an audience: medians of the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Heard {
    audience: Audience,
    steps_per_second: f64,
    /// What all listeners received in a second.
    bytes_per_second: f64,
}

/// Open streams, and the thread that reads them.
struct Listeners {
    stop: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
    reader: JoinHandle<Result<usize>>,
}

/// Measures all audiences. Prints the figures.
pub(crate) fn measure(program: &Path, project: &Path) -> Result<Vec<Heard>> {
    let server = Server::start_with(program, project, Installation::OneProcess, &[])?;
    let agent = Server::agent();
    let task = server.create(&agent, NAMESPACE, TEMPLATE, r#"{"n":0}"#)?;
    server.wait(&agent, &task)?;
    let audiences = [Audience::Nobody, Audience::OfPages, Audience::OfEverything];
    let mut figures = audiences.map(|audience| (audience, Vec::new(), Vec::new()));
    for round in 0..=ROUNDS {
        for (audience, steps, bytes) in &mut figures {
            let listeners = Listeners::open(&server, *audience, &task)?;
            let begin = std::time::Instant::now();
            let found = throughput::run(&server, &Load { tasks: TASKS, ..Load::default() })?;
            let heard = listeners.close(*audience)? as f64 / begin.elapsed().as_secs_f64();
            eprintln!(
                "round {round}: {audience:?} {:.0} steps/s, {heard:.0} bytes/s",
                found.steps_per_second_overall
            );
            // The first round fills caches.
            if round > 0 {
                steps.push(found.steps_per_second_overall);
                bytes.push(heard);
            }
        }
    }
    let heard: Vec<Heard> = figures
        .into_iter()
        .map(|(audience, steps, bytes)| Heard {
            audience,
            steps_per_second: Percentiles::of(steps).p50,
            bytes_per_second: Percentiles::of(bytes).p50,
        })
        .collect();
    println!("{}", table(&heard));
    Ok(heard)
}

impl Listeners {
    fn open(server: &Server, audience: Audience, task: &str) -> Result<Self> {
        let number = if audience == Audience::Nobody { 0 } else { LISTENERS };
        let address = server.address();
        let mut streams = Vec::with_capacity(number);
        for listener in 0..number {
            let path = match audience {
                Audience::OfPages if listener % 2 == 0 => format!("/v1/tasks/{task}/stream"),
                Audience::OfPages => "/v1/tasks/stream?state=blocked_by_failures".to_owned(),
                _ => "/v1/tasks/stream".to_owned(),
            };
            let mut stream =
                TcpStream::connect(&address).with_context(|| format!("connecting to {address}"))?;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n")?;
            let mut status = [0; 12];
            stream.read_exact(&mut status)?;
            ensure!(
                status.ends_with(b" 200"),
                "the stream was refused: {}",
                String::from_utf8_lossy(&status)
            );
            stream.set_nonblocking(true)?;
            streams.push(stream);
        }
        let (stop, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let reader = {
            let (stop, bytes) = (Arc::clone(&stop), Arc::clone(&bytes));
            thread::spawn(move || read(streams, &stop, &bytes))
        };
        Ok(Self { stop, bytes, reader })
    }

    /// Ends the streams. Returns the bytes that came.
    fn close(self, audience: Audience) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        let open = self.reader.join().map_err(|_| anyhow!("the reader panicked"))??;
        // A stream of a task ends, because the task has.
        let expected = match audience {
            Audience::Nobody => 0,
            Audience::OfPages => LISTENERS / 2,
            Audience::OfEverything => LISTENERS,
        };
        ensure!(open >= expected, "{open} of {LISTENERS} streams were open at the end");
        Ok(self.bytes.load(Ordering::Relaxed))
    }
}

/// Reads what comes until `stop`. Returns how many streams are still open.
fn read(mut streams: Vec<TcpStream>, stop: &AtomicBool, bytes: &AtomicU64) -> Result<usize> {
    let mut buffer = vec![0; 1 << 20];
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(READ_AFTER);
        let mut open = Vec::with_capacity(streams.len());
        for mut stream in streams {
            match stream.read(&mut buffer) {
                Ok(0) => {}
                Ok(read) => {
                    bytes.fetch_add(read as u64, Ordering::Relaxed);
                    open.push(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => open.push(stream),
                Err(error) => return Err(error.into()),
            }
        }
        streams = open;
    }
    Ok(streams.len())
}

fn table(heard: &[Heard]) -> String {
    let mut text =
        "| 500 listeners | steps/s | compared with none | bytes/s to all |\n|---|---|---|---|\n".to_owned();
    for one in heard {
        text.push_str(&format!(
            "| {:?} | {:.0} | {:+.1} % | {:.0} |\n",
            one.audience,
            one.steps_per_second,
            100.0 * (one.steps_per_second / heard[0].steps_per_second - 1.0),
            one.bytes_per_second,
        ));
    }
    text
}
