//! A trigger as its author writes it. These types are the format, as with templates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which events start which task, and with what input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The trigger's name, unique in its namespace.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Whose trigger it is.
    #[serde(default = "default_namespace")]
    #[schemars(length(min = 1, max = 255))]
    pub namespace: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it starts anything.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The events that it is for, in EventBridge's pattern language over the event's attributes and `data`.
    #[schemars(extend("type" = "object"))]
    pub pattern: Value,
    /// What to start.
    pub task: TriggeredTask,
    /// CEL: the task's input. Default: the event's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// CEL: two events for which this is equal start one task between them. Default: the event's source and id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// CEL: ties the task to whatever caused it, across systems. Default: a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// From -100 (last) to 100 (first): the order among steps that become ready together.
    #[serde(default)]
    #[schemars(range(min = -100, max = 100))]
    pub priority: i16,
    /// Why the task is started, for people. Default: the event's type and id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Words to find the task by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// The template that a trigger starts tasks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggeredTask {
    /// The template's name.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// The template's namespace. Default: the trigger's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The template's version. Default: the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

fn default_namespace() -> String {
    "default".to_owned()
}

fn yes() -> bool {
    true
}

impl Trigger {
    /// The namespace of the template that it starts.
    pub fn task_namespace(&self) -> &str {
        self.task.namespace.as_deref().unwrap_or(&self.namespace)
    }

    /// What people call it.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}
