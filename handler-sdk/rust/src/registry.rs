//! The handlers of a component: what `#[handler]` registers, and how one is found and run.

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Context, Failure, Outcome, outcome::Encoded};

/// What the schemas are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

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

/// The library's own root schemas are the same, but for what applying transforms costs every component.
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

/// A document as text. Its own `to_string` can indent, too, and every component would carry that.
pub(crate) fn text(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Names one after the other. The library's `join` is made for every kind of list, and far larger.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(name);
    }
    list
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
