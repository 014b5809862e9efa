//! What log lines say of the work that they are about.
//!
//! A line about a task has `task_id`; one about an execution also `step`, `execution`, `trace_id` and `span_id`; one that is written
//! while a request is served has `request_id`. The fields are of spans of `tracing`, so whatever is logged meanwhile has them.

use std::{
    fmt::Display,
    sync::atomic::{AtomicBool, Ordering},
};

use tracing::{Span, error_span, field::Empty};

use crate::trace::{Hex, Trace, execution_span};

/// Whether all that is logged during an execution or a request names it.
static NAMED: AtomicBool = AtomicBool::new(false);

/// From now on, everything that is logged during an execution or a request names it. Without this call no span is made, and
/// only lines that are about an execution by themselves name it.
pub fn name_work() {
    NAMED.store(true, Ordering::Relaxed);
}

/// An execution of a step, for log lines.
#[expect(missing_debug_implementations, reason = "it names something for a moment")]
#[derive(Clone, Copy)]
pub struct ExecutionName<'a> {
    /// The id of the task.
    pub task: [u8; 16],
    /// The same, as text.
    pub task_id: &'a dyn Display,
    /// The name of the step.
    pub step: &'a str,
    /// Its index.
    pub step_index: u32,
    /// The number of the execution.
    pub execution: u32,
    /// The trace context of the task's request.
    pub traceparent: Option<&'a str>,
}

impl ExecutionName<'_> {
    /// A span for a line about the execution itself.
    pub fn span(self) -> Span {
        // Ids are the same in every process, whether it exports traces or not.
        let trace = Trace::of_task(self.task, self.traceparent, 0.0);
        let span = execution_span(self.task, self.step_index, self.execution);
        error_span!(
            target: "tasker",
            "execution",
            task_id = %self.task_id,
            step = self.step,
            execution = self.execution,
            trace_id = %Hex(&trace.id),
            span_id = %Hex(&span),
        )
    }

    /// A span for everything that is logged while it runs. None of its fields is computed unless [`name_work`] was called.
    pub fn while_it_runs(self) -> Span {
        if NAMED.load(Ordering::Relaxed) { self.span() } else { Span::none() }
    }
}

/// A span for everything that is logged while a request is served, as [`ExecutionName::while_it_runs`]. `about` returns the task of
/// its path, and the trace that the request came with.
pub fn request<'a>(id: &dyn Display, about: impl FnOnce() -> (Option<&'a str>, Option<[u8; 16]>)) -> Span {
    if !NAMED.load(Ordering::Relaxed) {
        return Span::none();
    }
    let (task, trace) = about();
    let span = error_span!(target: "tasker", "request", request_id = %id, task_id = Empty, trace_id = Empty);
    if let Some(task) = task {
        span.record("task_id", task);
    }
    if let Some(trace) = trace {
        span.record("trace_id", tracing::field::display(Hex(&trace)));
    }
    span
}
