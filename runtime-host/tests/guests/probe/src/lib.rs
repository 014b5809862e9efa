//! Test handlers, named for their behaviour.

mod behave;
mod hoard;
mod keep;
mod misbehave;
mod reach;

wit_bindgen::generate!({
    inline: "
        package test:probe;
        world probe {
            include tasker:handler/handlers@1.0.0;
            import wasi:config/store@0.2.0-rc.1;
            import wasi:logging/logging@0.1.0-draft;
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:keyvalue/atomics@0.2.0-draft2;
            import wasi:keyvalue/batch@0.2.0-draft2;
        }
    ",
    path: [
        "../../../../handler-sdk/wit", "../../../wit/deps/config", "../../../wit/deps/keyvalue", "../../../wit/deps/logging",
    ],
    generate_all,
});

pub(crate) use exports::tasker::handler::step_handler::{
    Failure, Guest, HandlerDescription, Outcome, StepContext,
};
pub(crate) use tasker::handler::step_values::{Batch, Branch};

/// The return type of a handler.
pub(crate) type Answer = Result<Outcome, Failure>;

struct Probe;

impl Guest for Probe {
    fn describe() -> Vec<HandlerDescription> {
        vec![HandlerDescription {
            name: "echo".into(),
            description: "Returns its input.".into(),
            input_schema: Some("{}".into()),
            result_schema: None,
        }]
    }

    fn handle(handler: String, context: StepContext) -> Answer {
        behave::handle(&handler, &context)
            .or_else(|| misbehave::handle(&handler, &context))
            .or_else(|| reach::handle(&handler, &context))
            .or_else(|| keep::handle(&handler, &context))
            .or_else(|| hoard::handle(&handler, &context))
            .unwrap_or_else(|| Err(failure("NoSuchHandler", &handler)))
    }
}

/// Completes with this JSON document.
pub(crate) fn complete(value: impl Into<String>) -> Answer {
    Ok(Outcome::Complete(value.into()))
}

/// Completes with this string.
pub(crate) fn text(value: &str) -> Answer {
    complete(serde_json::to_string(value).unwrap())
}

/// A permanent failure.
pub(crate) fn failure(error_type: &str, message: &str) -> Failure {
    Failure {
        error_type: error_type.into(),
        message: message.into(),
        retryable: false,
        retry_after_ms: None,
        details: None,
    }
}

export!(Probe);
