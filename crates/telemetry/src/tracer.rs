//! Exports spans in batches. What there is no room for is dropped and counted by the exporter: nobody waits for it.

use std::time::Duration;

use opentelemetry::{
    InstrumentationScope, KeyValue, Value,
    trace::{Link, SpanContext, SpanKind as OtelKind, Status, TraceFlags, TraceState},
};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _},
};

use crate::{
    settings::StartError,
    span::{Attribute, Span, SpanKind},
    trace::{SpanId, Trace, TraceId, is_among},
};

/// Why a span is linked to another one.
const LINK: &str = "tasker.link";

/// What exports spans.
#[derive(Debug)]
pub struct Tracer {
    processor: BatchSpanProcessor,
    ratio: f64,
    scope: InstrumentationScope,
}

impl Tracer {
    pub(crate) fn new(
        exporter: opentelemetry_otlp::SpanExporter,
        resource: &Resource,
        ratio: f64,
        scope: &'static str,
    ) -> Result<Self, StartError> {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(StartError(format!(
                "`telemetry.traces_sample_ratio` is {ratio}; it must be from 0 (no trace) to 1 (every trace)"
            )));
        }
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(resource);
        Ok(Self { processor, ratio, scope: InstrumentationScope::builder(scope).build() })
    }

    /// The trace of a task: see [`Trace::of_task`].
    pub fn trace_of_task(&self, task: [u8; 16], traceparent: Option<&str>) -> Trace {
        Trace::of_task(task, traceparent, self.ratio)
    }

    /// Whether a new trace with this random id is sampled.
    pub fn is_sampled(&self, id: TraceId) -> bool {
        is_among(id, self.ratio)
    }

    /// Exports a span of a sampled trace.
    pub fn record(&self, span: Span) {
        let context = |trace: TraceId, id: SpanId| {
            let is_remote = false;
            SpanContext::new(
                opentelemetry::TraceId::from_bytes(trace),
                opentelemetry::SpanId::from_bytes(id),
                TraceFlags::SAMPLED,
                is_remote,
                TraceState::NONE,
            )
        };
        let links = span
            .links
            .iter()
            .map(|link| Link::new(context(link.trace, link.span), vec![KeyValue::new(LINK, link.why)], 0));
        let mut of_links = SpanLinks::default();
        of_links.links = links.collect();
        let attributes = span.attributes.into_iter().map(|(name, value)| {
            KeyValue::new(
                name,
                match value {
                    Attribute::Text(text) => Value::String(text.into()),
                    Attribute::Integer(number) => Value::I64(number),
                },
            )
        });
        self.processor.on_end(SpanData {
            span_context: context(span.trace, span.id),
            parent_span_id: span
                .parent
                .map_or(opentelemetry::SpanId::INVALID, opentelemetry::SpanId::from_bytes),
            parent_span_is_remote: span.parent.is_some(),
            span_kind: match span.kind {
                SpanKind::Server => OtelKind::Server,
                SpanKind::Client => OtelKind::Client,
                SpanKind::Producer => OtelKind::Producer,
                SpanKind::Consumer => OtelKind::Consumer,
                SpanKind::Internal => OtelKind::Internal,
            },
            name: span.name,
            start_time: span.start,
            end_time: span.end.max(span.start),
            attributes: attributes.collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: of_links,
            status: span.error.map_or(Status::Unset, Status::error),
            instrumentation_scope: self.scope.clone(),
        });
    }

    pub(crate) fn flush(&self) {
        // What the collector misses is logged by the exporter.
        let _ = self.processor.force_flush();
    }

    pub(crate) fn stop(&self, within: Duration) {
        let _ = self.processor.shutdown_with_timeout(within);
    }
}
