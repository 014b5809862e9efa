//! A request to create a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_cloud_events::{MAX_DEPTH, is_too_deep};
use utoipa::ToSchema;

use crate::{
    catalog::TemplateName,
    error::Error,
    text::{check_name, check_priority, check_tags, check_text},
};

/// A request to create a task.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRequest {
    /// The template's name.
    pub name: String,
    /// The template's namespace.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// The template's version. Default: the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The input.
    #[serde(default = "empty_object")]
    #[schema(value_type = Value)]
    pub context: Box<RawValue>,
    /// Who requests the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
    /// The system that the request comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// The reason for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Tags to find the task by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// From -100 (last) to 100 (first): the order of steps that become ready together.
    #[serde(default)]
    #[schemars(range(min = -100, max = 100))]
    #[schema(minimum = -100, maximum = 100)]
    pub priority: i16,
    /// Links the task to its cause, across systems. Default: a new id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The correlation id of the cause's own cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_correlation_id: Option<String>,
    /// Requests with the same key create one task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// W3C trace context for the task's steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

fn default_namespace() -> String {
    "default".to_owned()
}

fn empty_object() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl TaskRequest {
    /// Returns a request for the latest version of a template in the default namespace.
    pub fn new(name: &str, context: Box<RawValue>) -> Self {
        Self {
            name: name.to_owned(),
            namespace: default_namespace(),
            version: None,
            context,
            initiator: None,
            source_system: None,
            reason: None,
            tags: Vec::new(),
            priority: 0,
            correlation_id: None,
            parent_correlation_id: None,
            idempotency_key: None,
            traceparent: None,
        }
    }

    /// The approximate size in memory, in bytes.
    pub(crate) fn size(&self) -> usize {
        let tags: usize = self.tags.iter().map(|tag| tag.len() + size_of::<String>()).sum();
        let texts = [&self.initiator, &self.source_system, &self.reason, &self.idempotency_key];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + self.context.get().len() + tags + texts
    }

    pub(crate) fn template_name(&self) -> TemplateName {
        TemplateName {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let invalid =
            |field, message: &str| Err(Error::InvalidRequest { field, message: message.to_owned() });
        check_priority(self.priority)?;
        if is_too_deep(self.context.get()) {
            return invalid("context", &format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        check_name("name", &self.name)?;
        check_name("namespace", &self.namespace)?;
        let names = [
            ("version", &self.version),
            ("initiator", &self.initiator),
            ("correlation_id", &self.correlation_id),
            ("parent_correlation_id", &self.parent_correlation_id),
            ("traceparent", &self.traceparent),
        ];
        for (field, name) in names.into_iter().filter_map(|(field, name)| Some((field, name.as_ref()?))) {
            check_name(field, name)?;
        }
        let texts = [
            // The source of an event, which may be a long URI.
            ("source_system", &self.source_system),
            ("reason", &self.reason),
            ("idempotency_key", &self.idempotency_key),
        ];
        for (field, text) in texts.into_iter().filter_map(|(field, text)| Some((field, text.as_ref()?))) {
            check_text(field, text)?;
        }
        check_tags(&self.tags)
    }
}
