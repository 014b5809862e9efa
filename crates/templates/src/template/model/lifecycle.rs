//! Time limits of tasks, and what happens when they are exceeded.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Time limits of a task, and what happens when they are exceeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lifecycle {
    /// The longest time from creation to end. Default 1440.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 43_200))]
    pub max_duration_minutes: Option<u32>,
    /// The longest time in `waiting_for_dependencies` without any change. Default 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_waiting_for_dependencies_minutes: Option<u32>,
    /// The longest time in `waiting_for_retry` without any change. Default 30, or twice the longest wait that
    /// the steps may have between attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_waiting_for_retry_minutes: Option<u32>,
    /// The longest time in `steps_in_process` without any change. Default 30, or twice the longest
    /// `timeout_seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_steps_in_process_minutes: Option<u32>,
    /// What happens to a task that stays in one state for longer than its limit.
    pub staleness_action: StalenessAction,
    /// Whether a task that exceeds any of these limits ends in `error`.
    pub auto_fail_on_timeout: bool,
    /// Whether a task that exceeds `max_duration_minutes` gets a DLQ entry.
    pub auto_dlq_on_timeout: bool,
}

/// The time limits of a task, with defaults applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifecycleLimits {
    /// From creation to end.
    pub max_duration: Duration,
    /// In `waiting_for_dependencies`, since the last change.
    pub max_waiting_for_dependencies: Duration,
    /// In `waiting_for_retry`, since the last change.
    pub max_waiting_for_retry: Duration,
    /// In `steps_in_process`, since the last change.
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
    /// It gets a DLQ entry and continues.
    #[default]
    Dlq,
    /// It gets a DLQ entry and ends in `error`.
    Error,
    /// Nothing.
    None,
}

impl StalenessAction {
    /// The name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dlq => "dlq",
            Self::Error => "error",
            Self::None => "none",
        }
    }
}
