//! `wasi:cli`, `wasi:clocks`, `wasi:random`, `wasi:io`: present and quiet.
//!
//! No arguments, no environment, no files, no sockets. Standard output and error become log lines; standard
//! input is empty, except for a command, which reads its context there and writes its answer to standard output.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::logs::{Logs, Stream};

/// Random bytes per call. Keys and identifiers need dozens.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// Bytes per write. Also what `write-zeroes` may make the host allocate.
const MAX_WRITE: usize = 64 << 10;

/// The standard streams of a command.
pub(crate) struct StandardInput {
    /// The context as JSON.
    pub(crate) context: Bytes,
    /// What it writes to standard output.
    pub(crate) answer: Answer,
}

/// The standard output of a command, up to a limit. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    limit: usize,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Answer {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), written: Arc::default() }
    }

    /// What was written; `None` if it passed the limit.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        (written.len() <= self.limit).then_some(written)
    }

    /// Keeps one byte more than the limit allows: enough to know.
    fn write(&self, bytes: &[u8]) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.limit.saturating_add(1).saturating_sub(written.len());
        written.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// The context of one execution.
pub(crate) fn context(logs: &Logs, command: Option<&StandardInput>) -> WasiCtx {
    let mut builder = WasiCtxBuilder::new();
    builder
        .stderr(Sink { to: To::Logs(logs.clone(), Stream::Error) })
        .max_random_size(MAX_RANDOM_BYTES)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    match command {
        Some(command) => builder
            .stdin(MemoryInputPipe::new(command.context.clone()))
            .stdout(Sink { to: To::Answer(command.answer.clone()) }),
        None => builder.stdout(Sink { to: To::Logs(logs.clone(), Stream::Output) }),
    };
    builder.build()
}

/// A standard stream: every write succeeds, whatever becomes of it. A closed one would make `println!` panic.
#[derive(Clone)]
struct Sink {
    to: To,
}

#[derive(Clone)]
enum To {
    Logs(Logs, Stream),
    Answer(Answer),
}

impl Sink {
    fn take(&self, bytes: &[u8]) {
        match &self.to {
            To::Logs(logs, stream) => logs.write(*stream, bytes),
            To::Answer(answer) => answer.write(bytes),
        }
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_WRITE)
    }
}

#[async_trait::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
