//! The component that a handler crate is built into: the only code that converts between WIT and the SDK's types.

#![allow(clippy::pedantic, missing_docs, unreachable_pub, unsafe_code, reason = "generated code")]

use crate::{
    bindings::{
        exports::tasker::handler::step_handler::{Guest, HandlerDescription},
        tasker::handler::step_values,
        wasi::logging::logging,
    },
    context::{Context, Facts},
    failure::Failure,
    json::text,
    outcome::Encoded,
    registry::{self, Registration},
};

struct Component;

crate::bindings::export!(Component with_types_in crate::bindings);

impl Guest for Component {
    fn describe() -> Vec<HandlerDescription> {
        let mut handlers: Vec<&Registration> = Vec::new();
        for handler in inventory::iter::<Registration>() {
            // Sorted by name, because the registration order varies. The standard library's sort adds 5 KB to
            // every component.
            let place = handlers.partition_point(|other| other.name < handler.name);
            handlers.insert(place, handler);
        }
        let describe = |handler: &Registration| HandlerDescription {
            name: handler.name.to_owned(),
            description: handler.description.to_owned(),
            input_schema: (handler.input_schema)(),
            result_schema: (handler.result_schema)(),
        };
        handlers.into_iter().map(describe).collect()
    }

    fn handle(
        handler: String,
        context: step_values::StepContext,
    ) -> Result<step_values::Outcome, step_values::Failure> {
        log_to_host();
        registry::run(&handler, &Context::from(context)).map(Into::into).map_err(Into::into)
    }
}

impl From<step_values::StepContext> for Context {
    fn from(context: step_values::StepContext) -> Self {
        Self {
            facts: Facts {
                task_id: context.task_id,
                namespace: context.namespace,
                task_name: context.task_name,
                task_version: context.task_version,
                step_name: context.step_name,
                attempt: context.attempt,
                max_attempts: context.max_attempts,
                correlation_id: context.correlation_id,
                input: context.task_input,
                configuration: context.configuration,
                dependencies: context
                    .dependency_results
                    .into_iter()
                    .map(|dependency| (dependency.step, dependency.result))
                    .collect(),
                cursor: context.cursor,
                checkpoint: context.checkpoint,
                trace_parent: context.trace_parent,
                attributes: context.attributes,
            },
        }
    }
}

impl From<Encoded> for step_values::Outcome {
    fn from(outcome: Encoded) -> Self {
        match outcome {
            Encoded::Complete(result) => Self::Complete(result),
            Encoded::Branch { steps, result } => Self::Branch(step_values::Branch { steps, result }),
            Encoded::Batch { cursors, result } => Self::Batch(step_values::Batch { cursors, result }),
            Encoded::Checkpoint(value) => Self::Checkpoint(value),
        }
    }
}

impl From<Failure> for step_values::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.error_type,
            message: failure.message,
            retryable: failure.retryable,
            retry_after_ms: failure
                .retry_after
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            details: failure.details.as_ref().map(text),
        }
    }
}

/// Sends the `log` facade's records to the host.
struct HostLog;

impl log::Log for HostLog {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = match record.level() {
            log::Level::Error => logging::Level::Error,
            log::Level::Warn => logging::Level::Warn,
            log::Level::Info => logging::Level::Info,
            log::Level::Debug => logging::Level::Debug,
            log::Level::Trace => logging::Level::Trace,
        };
        logging::log(level, record.target(), &record.args().to_string());
    }

    fn flush(&self) {}
}

fn log_to_host() {
    // A second call in the same sandbox fails, because the logger is already set.
    if log::set_logger(&HostLog).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}
