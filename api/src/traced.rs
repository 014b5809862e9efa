//! Traces requests to the API: of those that came with a trace, and of a share of the others.

use std::time::SystemTime;

use axum::{extract::Request, http::StatusCode};
use tasker_telemetry::{
    Attribute, Span, SpanKind, Tracer,
    trace::{SpanId, TraceId, parse, task_span},
    tracer,
};
use uuid::Uuid;

use crate::{request_id, trace_context::traceparent};

/// A request whose span is exported when it ends.
pub(crate) struct Traced {
    tracer: &'static Tracer,
    trace: TraceId,
    parent: Option<SpanId>,
    start: SystemTime,
    request: Option<String>,
}

impl Traced {
    /// None: this process exports no traces, or not this one.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let tracer = tracer()?;
        let (trace, parent, is_sampled) = match traceparent(request.headers()).and_then(parse) {
            Some((trace, parent, is_sampled)) => (trace, Some(parent), is_sampled),
            None => {
                let trace = Uuid::new_v4().into_bytes();
                (trace, None, tracer.is_sampled(trace))
            }
        };
        let request = request_id::current().map(|id| id.to_string());
        is_sampled.then(|| Self { tracer, trace, parent, start: SystemTime::now(), request })
    }

    /// Exports its span. The response may go on.
    pub(crate) fn ended(self, method: &str, route: &str, status: StatusCode) {
        let mut attributes: Vec<(&'static str, Attribute)> = vec![
            ("http.request.method", method.into()),
            ("http.route", route.into()),
            ("http.response.status_code", i64::from(status.as_u16()).into()),
        ];
        attributes.extend(self.request.map(|request| ("tasker.request.id", request.into())));
        let error = status.is_server_error().then(|| status.to_string());
        self.tracer.record(Span {
            trace: self.trace,
            id: task_span(Uuid::new_v4().into_bytes()),
            parent: self.parent,
            kind: SpanKind::Server,
            name: format!("{method} {route}").into(),
            start: self.start,
            end: SystemTime::now(),
            attributes,
            error,
            links: Vec::new(),
        });
    }
}
