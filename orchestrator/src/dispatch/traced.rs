//! Traces batches of messages to hosts.

use std::time::SystemTime;

use tasker_telemetry::{Link, Span, SpanKind, trace::task_span, tracer};
use tasker_transport::QueueError;
use uuid::Uuid;

/// The most links of a span that are exported. Collectors drop more than 128.
const MOST_LINKS: usize = 128;

/// A link to the span of a task. None: it is not sampled.
pub(super) fn link(task: Uuid, traceparent: Option<&str>) -> Option<Link> {
    let task = task.into_bytes();
    let trace = tracer()?.trace_of_task(task, traceparent);
    trace.is_sampled.then(|| Link { trace: trace.id, span: task_span(task), why: "task" })
}

/// Exports the span of a batch of messages to hosts, in a trace of its own, if one of their tasks is sampled.
pub(super) fn trace_sent(
    mut links: Vec<Link>,
    messages: usize,
    start: SystemTime,
    error: Option<&QueueError>,
) {
    let Some(tracer) = tracer().filter(|_| !links.is_empty()) else { return };
    links.sort_unstable_by_key(|link| (link.trace, link.span));
    links.dedup();
    links.truncate(MOST_LINKS);
    let trace = Uuid::new_v4().into_bytes();
    tracer.record(Span {
        trace,
        id: task_span(trace),
        parent: None,
        kind: SpanKind::Producer,
        name: "send tasker_steps".into(),
        start,
        end: SystemTime::now(),
        attributes: vec![
            ("messaging.operation.type", "send".into()),
            ("messaging.destination.name", "tasker_steps".into()),
            ("messaging.batch.message_count", i64::try_from(messages).unwrap_or(i64::MAX).into()),
        ],
        error: error.map(ToString::to_string),
        links,
    });
}
