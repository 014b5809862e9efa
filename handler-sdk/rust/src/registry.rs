//! The handlers of a component: what `#[handler]` registers, and how one is found and run.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Context, Failure, Outcome, outcome::Encoded};

/// A handler, as `#[handler]` registers it.
pub struct Registration {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// JSON Schema of its input.
    pub input_schema: fn() -> Option<String>,
    /// JSON Schema of its result.
    pub result_schema: fn() -> Option<String>,
    /// Runs it.
    pub run: fn(&Context) -> Result<Answer, Failure>,
}

inventory::collect!(Registration);

/// An outcome on its way out of the component.
pub struct Answer(pub(crate) Encoded);

/// What a handler may return: `Result<T, _>` with a serialisable `T`, or with an [`Outcome`].
pub trait HandlerResult {
    /// The `T`.
    type Success: Success;
    /// Itself, with the failure in its common form.
    fn into_result(self) -> Result<Self::Success, Failure>;
}

impl<T: Success, E: Into<Failure>> HandlerResult for Result<T, E> {
    type Success = T;
    fn into_result(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}

/// The value of a handler that did not fail.
pub trait Success {
    /// What its result looks like.
    type Result: Serialize + JsonSchema;
    /// The outcome that it stands for.
    fn into_outcome(self) -> Outcome<Self::Result>;
}

impl<T: Serialize + JsonSchema> Success for T {
    type Result = T;
    fn into_outcome(self) -> Outcome<T> {
        Outcome::Complete(self)
    }
}

impl<T: Serialize + JsonSchema> Success for Outcome<T> {
    type Result = T;
    fn into_outcome(self) -> Outcome<T> {
        self
    }
}

/// The schema of an input.
#[allow(clippy::unnecessary_wraps)] // The registration has room for handlers without one.
pub fn input_schema<T: JsonSchema>() -> Option<String> {
    Some(schema::<T>())
}

/// The schema of a result.
#[allow(clippy::unnecessary_wraps)] // As above.
pub fn result_schema<S: Success>() -> Option<String> {
    Some(schema::<S::Result>())
}

fn schema<T: JsonSchema>() -> String {
    schemars::SchemaGenerator::default().into_root_schema_for::<T>().to_value().to_string()
}

/// Reads the task's input as the type that a handler takes.
pub fn read_input<T: DeserializeOwned>(context: &Context) -> Result<T, Failure> {
    context.input()
}

/// What a handler returned, on its way out.
pub fn answer(result: impl HandlerResult) -> Result<Answer, Failure> {
    let outcome = result.into_result()?.into_outcome();
    outcome.encode().map(Answer).map_err(|error| {
        Failure::permanent("ResultNotSerializable", format!("the result cannot be written as JSON: {error}"))
    })
}

/// Runs the handler of that name.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
pub(crate) fn run(name: &str, context: &Context) -> Result<Encoded, Failure> {
    match inventory::iter::<Registration>().find(|handler| handler.name == name) {
        Some(handler) => (handler.run)(context).map(|answer| answer.0),
        None => {
            let known: Vec<&str> = inventory::iter::<Registration>().map(|handler| handler.name).collect();
            let message = format!("the component has no handler `{name}`; it has {}", known.join(", "));
            Err(Failure::permanent("UnknownHandler", message))
        }
    }
}
