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
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::logs::{Logs, Stream};
use crate::execution::breach::Breach;
use crate::execution::budget::{Budget, Held};

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
    budget: Arc<Budget>,
    written: Arc<Mutex<Written>>,
}

#[derive(Debug, Default)]
struct Written {
    bytes: Vec<u8>,
    /// The memory of the bytes. None before the first one.
    held: Option<Held>,
}

impl Answer {
    pub(crate) fn new(limit: u64, budget: Arc<Budget>) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), budget, written: Arc::default() }
    }

    /// Takes the output. None if it exceeded the limit.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        (written.bytes.len() <= self.limit).then_some(written.bytes)
    }

    /// Keeps one byte above the limit, so that an excess is detected.
    fn write(&self, bytes: &[u8]) -> Result<(), Breach> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let Written { bytes: kept, held } = &mut *written;
        let most = self.limit.saturating_add(1);
        let bytes = &bytes[..bytes.len().min(most.saturating_sub(kept.len()))];
        let needed = kept.len() + bytes.len();
        if needed > kept.capacity() {
            // Doubles, as a vector does, but counts the new buffer before it exists: both do while it is copied.
            let capacity = needed.max(kept.capacity().saturating_mul(2)).min(most);
            let grown = self.budget.hold(capacity as u64)?;
            kept.reserve_exact(capacity - kept.len());
            *held = Some(grown);
        }
        kept.extend_from_slice(bytes);
        Ok(())
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

/// A standard stream on which every write succeeds while the execution has memory, even if its bytes are dropped. A closed one would make
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
    fn take(&self, bytes: &[u8]) -> Result<(), Breach> {
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
        self.take(&bytes).map_err(|breach| StreamError::Trap(breach.into()))
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
        Poll::Ready(self.take(bytes).map(|()| bytes.len()).map_err(std::io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
