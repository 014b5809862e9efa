//! Traces what an execution calls: services, buckets, the engine. Each call is a span below that of the execution.

use std::{
    borrow::Cow,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::SystemTime,
};

use tasker_telemetry::{
    Attribute, Span, SpanKind, Tracer,
    trace::{SpanId, TraceId, task_span},
};
use uuid::Uuid;

/// The most calls of an execution that are traced. A handler may call in a loop for hours, and a trace of a million spans cannot be read.
const MOST: u32 = 128;

/// What traces the calls of an execution.
#[derive(Clone)]
pub(crate) struct Calls {
    tracer: &'static Tracer,
    trace: TraceId,
    parent: SpanId,
    left: Arc<AtomicU32>,
}

/// A call that has begun.
pub(crate) struct Call {
    calls: Calls,
    kind: SpanKind,
    name: Cow<'static, str>,
    start: SystemTime,
    is_over: bool,
}

impl Calls {
    pub(super) fn below(tracer: &'static Tracer, trace: TraceId, parent: SpanId) -> Self {
        Self { tracer, trace, parent, left: Arc::new(AtomicU32::new(MOST)) }
    }

    /// None: the execution has called too often.
    pub(crate) fn begin(&self, kind: SpanKind, name: impl Into<Cow<'static, str>>) -> Option<Call> {
        let less = |left: u32| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok()?;
        Some(Call { calls: self.clone(), kind, name: name.into(), start: SystemTime::now(), is_over: false })
    }
}

impl Call {
    /// Exports its span. `error`: why it failed, if it did.
    pub(crate) fn ended(mut self, attributes: Vec<(&'static str, Attribute)>, error: Option<String>) {
        self.is_over = true;
        self.record(attributes, error);
    }

    fn record(&mut self, attributes: Vec<(&'static str, Attribute)>, error: Option<String>) {
        let calls = &self.calls;
        calls.tracer.record(Span {
            trace: calls.trace,
            id: task_span(Uuid::new_v4().into_bytes()),
            parent: Some(calls.parent),
            kind: self.kind,
            name: mem::take(&mut self.name),
            start: self.start,
            end: SystemTime::now(),
            attributes,
            error,
            links: Vec::new(),
        });
    }
}

/// The execution was stopped meanwhile: by its time limit, a cancellation, or the host.
impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_over {
            self.record(Vec::new(), Some("cut off".to_owned()));
        }
    }
}
