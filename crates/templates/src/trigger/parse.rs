//! Parses a trigger file: schema, pattern and expressions. Every problem has a position.

use std::sync::LazyLock;

use serde_json::Value;

use super::{compiled::CompiledTrigger, model::Trigger};
use crate::{
    reading::{Code, Form, Node, Position, Problems},
    text::{identifier_fault, name_fault, text_fault},
};

static FORM: LazyLock<Form> = LazyLock::new(|| Form::of::<Trigger>("the trigger"));

/// A trigger that can be published.
#[derive(Debug)]
pub struct ParsedTrigger {
    /// The trigger, ready to match events.
    pub compiled: CompiledTrigger,
    /// The position of the template name.
    pub task: Position,
}

/// Parses and validates a trigger in YAML or JSON.
///
/// # Errors
/// Every problem found, with its position.
pub fn parse_trigger(text: &str) -> Result<ParsedTrigger, Problems> {
    let document = Node::read(text)?.document();
    let mut problems = FORM.check(&document);
    let mut fault = |pointer: &str, message: String| {
        problems.error(Code::BadValue, document.position(pointer), None, message);
    };
    let trigger = match document.to::<Trigger>() {
        Ok(trigger) => trigger,
        Err(error) => {
            // The schema check has usually reported this with a position.
            if problems.is_publishable() {
                problems.error(Code::BadValue, document.position(""), None, error);
            }
            return Err(problems.sorted());
        }
    };
    let names = [
        ("/name", "name", Some(&trigger.name)),
        ("/namespace", "namespace", Some(&trigger.namespace)),
        ("/task/name", "task.name", Some(&trigger.task.name)),
        ("/task/namespace", "task.namespace", trigger.task.namespace.as_ref()),
        ("/task/version", "task.version", trigger.task.version.as_ref()),
    ];
    for (pointer, field, name) in names {
        if let Some(message) =
            name.and_then(
                |name| if pointer == "/task/version" { name_fault(name) } else { identifier_fault(name) },
            )
        {
            fault(pointer, format!("`{field}` {message}"));
        }
    }
    let texts = [("description", &trigger.description), ("reason", &trigger.reason)];
    for (field, text) in texts {
        if let Some(message) = text.as_deref().and_then(text_fault) {
            fault(&format!("/{field}"), format!("`{field}` {message}"));
        }
    }
    match CompiledTrigger::new(trigger) {
        Ok(compiled) if problems.is_publishable() => {
            Ok(ParsedTrigger { compiled, task: document.position("/task/name") })
        }
        Ok(_) => Err(problems.sorted()),
        Err(faults) => {
            for (pointer, message) in faults {
                problems.error(Code::BadValue, document.position(&pointer), None, message);
            }
            Err(problems.sorted())
        }
    }
}

/// The JSON Schema of the trigger format, for editors.
pub fn trigger_schema() -> Value {
    FORM.schema.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
name: order_placed
namespace: shop
pattern:
  type: [order.placed]
task: { name: order_fulfillment }
input: |
  {'order_id': data.id}
";

    #[test]
    fn events_that_differ_in_the_last_digit_of_a_long_number_have_different_keys() {
        let text = GOOD.replace("input: |", "idempotency_key: data.id\ninput: |");
        let trigger = parse_trigger(&text).unwrap().compiled;
        let key = |id: &str| {
            let event = format!(
                r#"{{"specversion":"1.0","type":"order.placed","source":"s","id":"1","data":{{"id":{id}}}}}"#
            );
            let event = tasker_cloud_events::CloudEvent::from_json(&event).unwrap();
            trigger.map(&crate::trigger::SeenEvent::new(&event).unwrap()).unwrap().key
        };
        for id in ["123456789012345678901", "-123456789012345678902", "18446744073709551615", "7"] {
            assert_eq!(key(id), id);
        }
    }

    #[test]
    fn faults_are_told_with_their_places() {
        parse_trigger(GOOD).unwrap();
        let cases = [
            (
                ("type: [order.placed]", "typo: {a: 1}"),
                "t.yaml:4:3: error BAD_VALUE: an attribute is a scalar",
            ),
            (
                ("[order.placed]", "[{prefxi: a}]"),
                "t.yaml:4:11: error BAD_VALUE: there is no operator `prefxi`; did you mean",
            ),
            (("[order.placed]", "order.placed"), "t.yaml:4:3: error BAD_VALUE: expected a list"),
            (
                ("data.id}", "dat.id}"),
                "t.yaml:6:1: error BAD_VALUE: `input`: there is no `dat` here; did you mean",
            ),
            (("data.id}", "data.id"), "t.yaml:6:1: error BAD_VALUE: `input`: "),
            (
                ("input: |", "inptu: |"),
                "t.yaml:6:1: error UNKNOWN_FIELD: unknown field `inptu`; did you mean `input`?",
            ),
            (("namespace: shop", "priority: 500"), "t.yaml:2:1: error BAD_VALUE: `priority` is 500"),
            (("name: order_fulfillment", "nome: x"), "t.yaml:5:9: error UNKNOWN_FIELD: unknown field `nome`"),
            (
                ("name: order_placed", "name: \"a\\0b\""),
                "t.yaml:1:1: error BAD_VALUE: `name` must not contain control characters",
            ),
            (
                ("pattern:\n  type: [order.placed]", "pattern: {}"),
                "t.yaml:3:1: error BAD_VALUE: the pattern is empty",
            ),
            (("pattern:\n  type: [order.placed]", "pattern: [a]"), "t.yaml:3:1: error BAD_VALUE"),
        ];
        for ((from, to), expected) in cases {
            let text = GOOD.replace(from, to);
            let told = parse_trigger(&text).map(drop).unwrap_err().render("t.yaml");
            assert!(told.lines().any(|line| line.starts_with(expected)), "{text}\n{told}");
        }
    }
}
