//! A trigger that is ready for events: its pattern and its expressions compiled, and what they make of one event.

use serde_json::{Value, value::RawValue};
use tasker_cloud_events::{CloudEvent, EventData};

use super::{
    expression::{Expression, Variables},
    model::Trigger,
    pattern::{Finding, Pattern},
};

/// The longest source or reason that a task is given, in characters; ten times what people read.
const MAX_WORDS: usize = 1000;

/// A trigger that is ready for events.
#[derive(Debug)]
pub struct CompiledTrigger {
    trigger: Trigger,
    pattern: Pattern,
    input: Option<Expression>,
    idempotency_key: Option<Expression>,
    correlation_id: Option<Expression>,
}

/// An event as patterns and expressions see it.
#[derive(Debug)]
pub struct SeenEvent<'a> {
    event: &'a CloudEvent,
    /// The attributes by their names, and `data`.
    whole: Value,
}

impl<'a> SeenEvent<'a> {
    /// Reads an event's data.
    pub fn new(event: &'a CloudEvent) -> Result<Self, String> {
        let mut whole: serde_json::Map<String, Value> =
            event.attributes().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        match event.data() {
            EventData::None => {}
            EventData::Json(json) => {
                let data = serde_json::from_str(json.get())
                    .map_err(|error| format!("the event's data cannot be read: {error}"))?;
                whole.insert("data".to_owned(), data);
            }
            EventData::Binary(base64) => {
                whole.insert("data".to_owned(), Value::from(base64.as_str()));
            }
        }
        Ok(Self { event, whole: Value::Object(whole) })
    }
}

/// What a trigger makes of an event.
#[derive(Debug)]
pub struct Mapped {
    /// The task to create.
    pub task: MappedTask,
    /// Events for which this is equal start one task between them.
    pub key: String,
}

/// A task as a trigger asks for it.
#[derive(Debug)]
pub struct MappedTask {
    /// The template's namespace.
    pub namespace: String,
    /// The template's name.
    pub name: String,
    /// The template's version; the latest when absent.
    pub version: Option<String>,
    /// The input.
    pub context: Box<RawValue>,
    /// Which trigger asks.
    pub initiator: String,
    /// The event's source.
    pub source_system: String,
    /// Why, for people.
    pub reason: String,
    /// Words to find the task by.
    pub tags: Vec<String>,
    /// From -100 (last) to 100 (first).
    pub priority: i16,
    /// Ties the task to its cause; the task's own id when absent.
    pub correlation_id: Option<String>,
    /// The correlation id that the event carries.
    pub parent_correlation_id: Option<String>,
    /// W3C trace context that the event carries.
    pub traceparent: Option<String>,
}

impl CompiledTrigger {
    /// Compiles a trigger.
    ///
    /// # Errors
    /// Every fault, with its place as a JSON pointer into the trigger.
    pub fn new(trigger: Trigger) -> Result<Self, Vec<(String, String)>> {
        let mut faults = Vec::new();
        let pattern = Pattern::compile(&trigger.pattern).map_err(|found| {
            faults.extend(found.into_iter().map(|(pointer, fault)| (format!("/pattern{pointer}"), fault)));
        });
        let mut expression = |field: &str, source: &Option<String>| {
            let compiled = Expression::compile(source.as_ref()?);
            compiled.map_err(|fault| faults.push((format!("/{field}"), format!("`{field}`: {fault}")))).ok()
        };
        let input = expression("input", &trigger.input);
        let idempotency_key = expression("idempotency_key", &trigger.idempotency_key);
        let correlation_id = expression("correlation_id", &trigger.correlation_id);
        match pattern {
            Ok(pattern) if faults.is_empty() => {
                Ok(Self { trigger, pattern, input, idempotency_key, correlation_id })
            }
            _ => Err(faults),
        }
    }

    /// The trigger.
    pub fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Whether it is for this event.
    pub fn matches(&self, event: &SeenEvent<'_>) -> bool {
        self.pattern.matches(&event.whole)
    }

    /// What its pattern asks of this event, element by element.
    pub fn explain(&self, event: &SeenEvent<'_>) -> Vec<Finding> {
        self.pattern.explain(&event.whole)
    }

    /// The task that this event asks for.
    ///
    /// # Errors
    /// Which expression failed, and why.
    pub fn map(&self, event: &SeenEvent<'_>) -> Result<Mapped, String> {
        let variables =
            if self.input.is_some() || self.idempotency_key.is_some() || self.correlation_id.is_some() {
                Some(event.variables()?)
            } else {
                None
            };
        let evaluate = |field: &str, expression: &Option<Expression>| match (expression, &variables) {
            (Some(expression), Some(variables)) => {
                expression.evaluate(variables).map(Some).map_err(|error| format!("`{field}`: {error}"))
            }
            _ => Ok(None),
        };
        let text = |field: &str, expression| match evaluate(field, expression)? {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Err(format!("`{field}` is empty for this event")),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
            Some(other) => Err(format!("`{field}` is {other} for this event; it must be a text or a number")),
        };
        let context = match evaluate("input", &self.input)? {
            Some(input) => {
                serde_json::value::to_raw_value(&input).map_err(|error| format!("`input`: {error}"))?
            }
            None => event.data_as_written()?,
        };
        let key = text("idempotency_key", &self.idempotency_key)?;
        let correlation_id = text("correlation_id", &self.correlation_id)?;
        let Trigger { task, priority, reason, tags, .. } = &self.trigger;
        let event = event.event;
        let words = |text: &str| text.chars().take(MAX_WORDS).collect::<String>();
        let mapped = MappedTask {
            namespace: self.trigger.task_namespace().to_owned(),
            name: task.name.clone(),
            version: task.version.clone(),
            context,
            initiator: format!("trigger {}", self.trigger.full_name()),
            source_system: words(event.source()),
            reason: reason
                .clone()
                .unwrap_or_else(|| words(&format!("event {} {}", event.event_type(), event.id()))),
            tags: tags.clone(),
            priority: *priority,
            correlation_id,
            parent_correlation_id: event.text("correlationid").map(words),
            traceparent: event.text("traceparent").filter(|text| text.len() == 55).map(str::to_owned),
        };
        // Both parts told apart, whatever characters they are of.
        let key =
            key.unwrap_or_else(|| format!("{} {} {}", event.source().len(), event.source(), event.id()));
        Ok(Mapped { task: mapped, key })
    }
}

impl SeenEvent<'_> {
    fn variables(&self) -> Result<Variables, String> {
        let mut attributes = self.whole.clone();
        let data = attributes.as_object_mut().and_then(|fields| fields.remove("data"));
        Variables::new(&attributes, &data.unwrap_or_default())
    }

    /// The data without a digit lost; of an event without data, `{}`.
    fn data_as_written(&self) -> Result<Box<RawValue>, String> {
        match self.event.data() {
            EventData::Json(json) => Ok(json.clone()),
            EventData::None => RawValue::from_string("{}".to_owned()).map_err(|error| error.to_string()),
            EventData::Binary(base64) => {
                serde_json::value::to_raw_value(base64).map_err(|error| error.to_string())
            }
        }
    }
}
