//! Traces an execution on this host. Its span's id is known before it begins, so that what the handler calls belongs to it.

use tasker_protocol::{Ending, Execution, StepDispatch};
use tasker_telemetry::{
    Attribute, Link, Span, SpanKind, Tracer,
    trace::{SpanId, Trace, execution_span, task_span},
    tracer,
};

use super::calls::Calls;

/// The longest error in a span, in bytes.
const LONGEST_ERROR: usize = 1000;

/// An execution in a process that exports traces.
pub(crate) struct Traced {
    tracer: &'static Tracer,
    trace: Trace,
    span: SpanId,
    /// What the handler passes on.
    pub(super) traceparent: String,
}

impl Traced {
    /// None: this process exports no traces.
    pub(crate) fn of(dispatch: &StepDispatch) -> Option<Self> {
        let tracer = tracer()?;
        let task = dispatch.task_id.into_bytes();
        let trace = tracer.trace_of_task(task, dispatch.traceparent.as_deref());
        let span = execution_span(task, dispatch.step_index, dispatch.execution);
        Some(Self { tracer, trace, span, traceparent: trace.traceparent(span) })
    }

    /// What traces its calls. None: this execution is not sampled.
    pub(crate) fn calls(&self) -> Option<Calls> {
        self.trace.is_sampled.then(|| Calls::below(self.tracer, self.trace.id, self.span))
    }

    /// Exports the span of an execution that ended.
    pub(super) fn ended(&self, host: &str, dispatch: &StepDispatch, execution: &Execution) {
        if !self.trace.is_sampled {
            return;
        }
        let task = dispatch.task_id.into_bytes();
        let number = |number: u64| Attribute::from(i64::try_from(number).unwrap_or(i64::MAX));
        let mut attributes = vec![
            ("messaging.operation.type", "process".into()),
            ("tasker.task.id", dispatch.task_id.to_string().into()),
            ("tasker.namespace", dispatch.namespace.as_str().into()),
            ("tasker.template", dispatch.task_name.as_str().into()),
            ("tasker.version", dispatch.task_version.as_str().into()),
            ("tasker.correlation_id", dispatch.correlation_id.as_str().into()),
            ("tasker.step.name", dispatch.step_name.as_str().into()),
            ("tasker.step.attempt", number(dispatch.attempt.into())),
            ("tasker.step.max_attempts", number(dispatch.max_attempts.into())),
            ("tasker.step.execution", number(dispatch.execution.into())),
            ("tasker.handler", dispatch.handler.callable.as_str().into()),
            ("tasker.component", dispatch.handler.component.as_str().into()),
            ("tasker.host", host.into()),
            ("tasker.usage.cpu_us", number(execution.usage.cpu_us)),
            ("tasker.usage.peak_memory_bytes", number(execution.usage.peak_memory_bytes)),
        ];
        if let Some(sent_at) = dispatch.sent_at {
            // The clocks of two machines may differ.
            let waited = (execution.started_at - sent_at).num_microseconds().unwrap_or(0).max(0);
            attributes.push(("tasker.queue_wait_us", waited.into()));
        }
        let error = match &execution.ending {
            Ending::Failed(failure) => {
                attributes.push(("error.type", failure.error_type.as_str().into()));
                let message = &failure.message;
                Some(message[..message.floor_char_boundary(LONGEST_ERROR)].to_owned())
            }
            _ => None,
        };
        // Numbers begin anywhere: only these follow an execution for sure.
        let why = match (&dispatch.checkpoint, dispatch.attempt) {
            (Some(_), _) => Some("resume"),
            (None, 2..) => Some("retry"),
            (None, _) => None,
        };
        let before = dispatch.execution.saturating_sub(1);
        let span = execution_span(task, dispatch.step_index, before);
        let links = why.map(|why| Link { trace: self.trace.id, span, why });
        self.tracer.record(Span {
            trace: self.trace.id,
            id: self.span,
            parent: Some(task_span(task)),
            kind: SpanKind::Consumer,
            name: format!("step {}", dispatch.step_name).into(),
            start: execution.started_at.into(),
            end: execution.finished_at.into(),
            attributes,
            error,
            links: links.into_iter().collect(),
        });
    }
}
