//! A compiled trigger: matches events and maps them to tasks.

use serde_json::{Value, value::RawValue};
use tasker_cloud_events::{CloudEvent, EventData};

use super::{
    expression::{Expression, Variables},
    model::Trigger,
    pattern::{Finding, Pattern},
};
use crate::{numbers::with_long_integers_as_text, text::cut_name};

/// The longest reason of a task that comes from an event, in bytes; longer ones are cut.
const MAX_WORDS: usize = 1000;

/// A trigger with its compiled pattern and expressions.
#[derive(Debug)]
pub struct CompiledTrigger {
    trigger: Trigger,
    pattern: Pattern,
    input: Option<Expression>,
    idempotency_key: Option<Expression>,
    correlation_id: Option<Expression>,
}

/// An event in the form that patterns and expressions use.
#[derive(Debug)]
pub struct SeenEvent<'a> {
    event: &'a CloudEvent,
    /// The attributes by name, and `data`.
    whole: Value,
}

impl<'a> SeenEvent<'a> {
    /// Parses the event's data.
    pub fn new(event: &'a CloudEvent) -> Result<Self, String> {
        let mut whole: serde_json::Map<String, Value> =
            event.attributes().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        match event.data() {
            EventData::None => {}
            EventData::Json(json) => {
                let data = serde_json::from_str(json.get())
                    .map_err(|error| format!("the event's data cannot be parsed: {error}"))?;
                whole.insert("data".to_owned(), data);
            }
            EventData::Binary(base64) => {
                whole.insert("data".to_owned(), Value::from(base64.as_str()));
            }
        }
        Ok(Self { event, whole: Value::Object(whole) })
    }
}

/// The result of mapping an event.
#[derive(Debug)]
pub struct Mapped {
    /// The task to create.
    pub task: MappedTask,
    /// The idempotency key. Events with equal keys start one task.
    pub key: String,
}

/// A task that a trigger creates.
#[derive(Debug)]
pub struct MappedTask {
    /// The namespace of the template.
    pub namespace: String,
    /// The name of the template.
    pub name: String,
    /// The version of the template. If absent, the latest.
    pub version: Option<String>,
    /// The input of the task.
    pub context: Box<RawValue>,
    /// The trigger that creates the task.
    pub initiator: String,
    /// The source of the event.
    pub source_system: String,
    /// The reason, for people.
    pub reason: String,
    /// Tags to find the task by.
    pub tags: Vec<String>,
    /// The priority, from -100 (last) to 100 (first).
    pub priority: i16,
    /// The id that correlates the task with its cause. If absent, the task's id.
    pub correlation_id: Option<String>,
    /// The correlation id in the event.
    pub parent_correlation_id: Option<String>,
    /// The W3C trace context in the event.
    pub traceparent: Option<String>,
}

impl CompiledTrigger {
    /// Compiles a trigger.
    ///
    /// # Errors
    /// Every problem, as a JSON pointer into the trigger and a message.
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

    /// Whether the trigger's pattern matches the event.
    pub fn matches(&self, event: &SeenEvent<'_>) -> bool {
        self.pattern.matches(&event.whole)
    }

    /// Explains for each condition of the pattern whether the event satisfies it.
    pub fn explain(&self, event: &SeenEvent<'_>) -> Vec<Finding> {
        self.pattern.explain(&event.whole)
    }

    /// Maps an event to a task.
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
            Some(other) => {
                Err(format!("`{field}` is {other} for this event; it must be a string or a number"))
            }
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
        let words = |text: &str| text[..text.floor_char_boundary(MAX_WORDS)].to_owned();
        let mapped = MappedTask {
            namespace: self.trigger.task_namespace().to_owned(),
            name: task.name.clone(),
            version: task.version.clone(),
            context,
            initiator: cut_name(&format!("trigger {}", self.trigger.full_name())).to_owned(),
            source_system: words(event.source()),
            reason: reason
                .clone()
                .unwrap_or_else(|| words(&format!("event {} {}", event.event_type(), event.id()))),
            tags: tags.clone(),
            priority: *priority,
            correlation_id,
            parent_correlation_id: event.text("correlationid").map(|id| cut_name(id).to_owned()),
            traceparent: event.text("traceparent").filter(|text| text.len() == 55).map(str::to_owned),
        };
        // The length separates source and id unambiguously.
        let key =
            key.unwrap_or_else(|| format!("{} {} {}", event.source().len(), event.source(), event.id()));
        Ok(Mapped { task: mapped, key })
    }
}

impl SeenEvent<'_> {
    fn variables(&self) -> Result<Variables, String> {
        let mut attributes = self.whole.clone();
        let mut data = attributes.as_object_mut().and_then(|fields| fields.remove("data"));
        if let EventData::Json(json) = self.event.data() {
            // CEL has no longer integers, and a key without its last digits would be the key of another event.
            data = Some(with_long_integers_as_text(json.get()).map_err(|error| error.to_string())?);
        }
        Variables::new(&attributes, &data.unwrap_or_default())
    }

    /// The data as it was written, with every digit; `{}` for an event without data.
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
