//! The trigger format. As with templates, these types are its only definition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A rule that starts a task for matching events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The name of the trigger, unique in its namespace.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// The namespace of the trigger.
    #[serde(default = "default_namespace")]
    #[schemars(length(min = 1, max = 255))]
    pub namespace: String,
    /// The purpose of the trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the trigger is active.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The events that the trigger matches: an EventBridge pattern over the event's attributes and `data`.
    #[schemars(extend("type" = "object"))]
    pub pattern: Value,
    /// The template to start.
    pub task: TriggeredTask,
    /// The input of the task, a CEL expression. Default: the event's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// A CEL expression. Events with equal values start only one task. Default: the event's source and id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// A CEL expression for the id that correlates the task with its cause across systems. Default: a new id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The order among steps that become ready together, from -100 (last) to 100 (first).
    #[serde(default)]
    #[schemars(range(min = -100, max = 100))]
    pub priority: i16,
    /// Why the task is started, for people. Default: the event's type and id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Tags to find the task by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// The template of the tasks that a trigger starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggeredTask {
    /// The name of the template.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// The namespace of the template. Default: the trigger's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The version of the template. Default: the latest.
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
    /// The namespace of the template to start.
    pub fn task_namespace(&self) -> &str {
        self.task.namespace.as_deref().unwrap_or(&self.namespace)
    }

    /// `<namespace>/<name>`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}
