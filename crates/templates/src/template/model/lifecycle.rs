//! How long a task may take, and what happens then.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a task may take, and what happens then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lifecycle {
    /// From creation to end. Default 1440.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 43_200))]
    pub max_duration_minutes: Option<u32>,
    /// Since anything last happened, in `waiting_for_dependencies`. Default 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_waiting_for_dependencies_minutes: Option<u32>,
    /// Since anything last happened, in `waiting_for_retry`. Default 30, or twice the longest wait that the steps may
    /// have between attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_waiting_for_retry_minutes: Option<u32>,
    /// Since anything last happened, in `steps_in_process`. Default 30, or twice the longest `timeout_seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_steps_in_process_minutes: Option<u32>,
    /// What happens to a task that has stood in one state for longer than that.
    pub staleness_action: StalenessAction,
    /// Whether a task past any of these limits ends in `error`.
    pub auto_fail_on_timeout: bool,
    /// Whether a task past `max_duration_minutes` gets a DLQ entry.
    pub auto_dlq_on_timeout: bool,
}

/// How long a task may stand, with the defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifecycleLimits {
    /// From creation to end.
    pub max_duration: Duration,
    /// In `waiting_for_dependencies`.
    pub max_waiting_for_dependencies: Duration,
    /// In `waiting_for_retry`.
    pub max_waiting_for_retry: Duration,
    /// In `steps_in_process`.
    pub max_steps_in_process: Duration,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            max_duration_minutes: None,
            max_waiting_for_dependencies_minutes: None,
            max_waiting_for_retry_minutes: None,
            max_steps_in_process_minutes: None,
            staleness_action: StalenessAction::Dlq,
            auto_fail_on_timeout: false,
            auto_dlq_on_timeout: true,
        }
    }
}

/// What happens to a stale task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StalenessAction {
    /// It gets a DLQ entry, and goes on.
    #[default]
    Dlq,
    /// It gets a DLQ entry, and ends in `error`.
    Error,
    /// Nothing.
    None,
}

impl StalenessAction {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dlq => "dlq",
            Self::Error => "error",
            Self::None => "none",
        }
    }
}
