//! The registry of a component's handlers: what `#[handler]` registers, and how handlers are found and run.

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    context::Context,
    failure::Failure,
    json::{listed, text},
    outcome::{Encoded, Outcome},
};

/// The JSON Schema dialect of all schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A handler as registered by `#[handler]`.
pub struct Registration {
    /// Its name.
    pub name: &'static str,
    /// Its purpose.
    pub description: &'static str,
    /// The JSON Schema of its input.
    pub input_schema: fn() -> Option<String>,
    /// The JSON Schema of its result.
    pub result_schema: fn() -> Option<String>,
    /// Runs it.
    pub run: fn(&Context) -> Result<Answer, Failure>,
}

inventory::collect!(Registration);

/// An outcome, ready to leave the component.
pub struct Answer(pub(crate) Encoded);

/// The return types of handlers: `Result<T, _>` with a serializable `T` or an [`Outcome`].
pub trait HandlerResult {
    /// The success type.
    type Success: Success;
    /// Converts the error to a [`Failure`].
    fn into_result(self) -> Result<Self::Success, Failure>;
}

impl<T: Success, E: Into<Failure>> HandlerResult for Result<T, E> {
    type Success = T;
    fn into_result(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}

/// A handler's value on success.
pub trait Success {
    /// The type of its result.
    type Result: Serialize + JsonSchema;
    /// Converts it to an outcome.
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
#[allow(clippy::unnecessary_wraps)] // Handlers without an input have no schema.
pub fn input_schema<T: JsonSchema>() -> Option<String> {
    Some(schema::<T>())
}

/// The schema of a result.
#[allow(clippy::unnecessary_wraps)] // Same type as `input_schema`.
pub fn result_schema<S: Success>() -> Option<String> {
    Some(schema::<S::Result>())
}

/// Equals the library's root schema, but without its transforms, whose code would be part of every component.
fn schema<T: JsonSchema>() -> String {
    let mut generator = SchemaGenerator::default();
    let mut schema = T::json_schema(&mut generator);
    if schema.get("title").is_none() {
        schema.insert("title".to_owned(), Value::String(T::schema_name().into_owned()));
    }
    schema.insert("$schema".to_owned(), Value::String(DIALECT.to_owned()));
    let definitions = generator.take_definitions(false);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    text(schema.as_value())
}

/// Parses the task's input as the handler's input type.
pub fn read_input<T: DeserializeOwned>(context: &Context) -> Result<T, Failure> {
    context.input()
}

/// Serializes a handler's return value.
pub fn answer(result: impl HandlerResult) -> Result<Answer, Failure> {
    let outcome = result.into_result()?.into_outcome();
    outcome.encode().map(Answer).map_err(|error| {
        Failure::permanent("ResultNotSerializable", format!("the result cannot be serialized: {error}"))
    })
}

/// Runs a handler by name.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
pub(crate) fn run(name: &str, context: &Context) -> Result<Encoded, Failure> {
    match inventory::iter::<Registration>().find(|handler| handler.name == name) {
        Some(handler) => (handler.run)(context).map(|answer| answer.0),
        None => {
            let known = listed(inventory::iter::<Registration>().map(|handler| handler.name));
            let message = format!("the component has no handler `{name}`; it has {known}");
            Err(Failure::permanent("UnknownHandler", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Tree {
        name: String,
        weight: Option<f64>,
        branches: Vec<Tree>,
        leaves: BTreeMap<String, Leaf>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    enum Leaf {
        Green,
        Withered { since: u32 },
    }

    #[test]
    fn a_schema_says_what_the_librarys_own_root_schema_says() {
        fn check<T: JsonSchema>() {
            let ours: Value = serde_json::from_str(&schema::<T>()).unwrap();
            assert_eq!(ours, SchemaGenerator::default().into_root_schema_for::<T>().to_value());
        }
        check::<Leaf>();
        check::<Vec<Leaf>>();
        check::<String>();
        check::<()>();
        check::<Value>();
    }

    #[test]
    fn a_type_that_holds_itself_refers_to_its_own_definition() {
        let schema: Value = serde_json::from_str(&schema::<Tree>()).unwrap();
        assert_eq!(schema["properties"]["branches"]["items"]["$ref"], "#/$defs/Tree");
        assert_eq!(schema["$defs"]["Tree"]["type"], "object");
        assert!(schema["$defs"]["Leaf"].is_object());
    }
}
