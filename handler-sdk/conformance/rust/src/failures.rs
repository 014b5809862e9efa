//! How a handler fails.

use std::{error::Error, fmt, time::Duration};

use tasker_handler::{prelude::*, serde_json::Value};

/// A failure.
#[derive(Deserialize, JsonSchema)]
struct Wanted {
    kind: String,
    error_type: String,
    message: String,
    retry_after_ms: Option<u64>,
    details: Option<Value>,
}

/// Fails as its input says: `permanent`, `retryable` or `retry_after`.
#[handler]
fn fail(_ctx: &Context, input: Wanted) -> Result<(), Failure> {
    let Wanted { kind, error_type, message, retry_after_ms, details } = input;
    let failure = match kind.as_str() {
        "permanent" => Failure::permanent(error_type, message),
        "retry_after" => {
            let wait = Duration::from_millis(retry_after_ms.unwrap_or_default());
            Failure::retry_after(error_type, message, wait)
        }
        _ => Failure::retryable(error_type, message),
    };
    Err(match details {
        Some(details) => failure.with_details(details),
        None => failure,
    })
}

/// The error of some library.
#[derive(Debug)]
struct Broken {
    message: String,
    cause: Option<Box<Broken>>,
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// The messages of an error and of its cause.
#[derive(Deserialize, JsonSchema)]
struct Messages {
    message: String,
    cause: Option<String>,
}

/// Fails with an error that is no failure: one of the user's own type `Broken`, with a cause if the input has one.
#[handler]
fn throw(_ctx: &Context, input: Messages) -> Result<(), Failure> {
    let cause = input.cause.map(|message| Box::new(Broken { message, cause: None }));
    Err(Broken { message: input.message, cause })?;
    Ok(())
}
