//! `wasi:cli`, `wasi:clocks`, `wasi:random` and `wasi:io`: present but empty.
//!
//! No arguments, environment, files or sockets. Standard output and error become log lines. Standard input is
//! empty, except for a command, which reads its context from standard input and writes its result to standard
//! output.

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

/// The maximum number of random bytes per call. Keys and identifiers need dozens.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// The maximum number of bytes per write, which also limits the allocation for `write-zeroes`.
const MAX_WRITE: usize = 64 << 10;

/// The standard streams of a command.
pub(crate) struct StandardInput {
    /// The context as JSON.
    pub(crate) context: Bytes,
    /// Captures the standard output.
    pub(crate) answer: Answer,
}

/// The captured standard output of a command, up to a limit. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    limit: usize,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Answer {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), written: Arc::default() }
    }

    /// Takes the output. None if it exceeded the limit.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        (written.len() <= self.limit).then_some(written)
    }

    /// Keeps one byte above the limit, so that an excess is detected.
    fn write(&self, bytes: &[u8]) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.limit.saturating_add(1).saturating_sub(written.len());
        written.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// The WASI context of one execution.
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

/// A standard stream on which every write succeeds, even if its bytes are dropped. A closed one would make
/// `println!` panic.
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
