//! Retry settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Retries of a step whose attempt fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Whether a failed step is retried.
    pub retryable: bool,
    /// The maximum number of attempts, including the first. 0 also allows the first. Alias: `limit`.
    #[schemars(range(min = 0, max = 100))]
    pub max_attempts: u32,
    /// How the wait between attempts grows.
    pub backoff: Backoff,
    /// The first wait, in milliseconds. Alias: `initial_delay`, in seconds.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub backoff_base_ms: u64,
    /// The longest wait, in milliseconds. Alias: `max_delay`, in seconds.
    #[schemars(range(min = 0, max = 86_400_000))]
    pub max_backoff_ms: u64,
    /// Whether each wait is a random value between 0 and the backoff (full jitter).
    pub jitter: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            retryable: true,
            max_attempts: 3,
            backoff: Backoff::Exponential,
            backoff_base_ms: 1000,
            max_backoff_ms: 30_000,
            jitter: true,
        }
    }
}

/// How the wait between attempts grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// No wait.
    None,
    /// The base, twice the base, three times the base, and so on.
    Linear,
    /// The base, doubled each time.
    Exponential,
    /// The base times 1, 1, 2, 3, 5, 8 and so on.
    Fibonacci,
}

impl Backoff {
    /// The name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Linear => "linear",
            Self::Exponential => "exponential",
            Self::Fibonacci => "fibonacci",
        }
    }
}

/// Retry settings for one environment. Absent fields keep the step's value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryOverride {
    /// Whether a failed step is retried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// The maximum number of attempts, including the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_attempts: Option<u32>,
    /// How the wait between attempts grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// The first wait, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub backoff_base_ms: Option<u64>,
    /// The longest wait, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86_400_000))]
    pub max_backoff_ms: Option<u64>,
    /// Whether each wait is a random value between 0 and the backoff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<bool>,
}

impl RetryOverride {
    pub(super) fn apply(&self, retry: &mut Retry) {
        retry.retryable = self.retryable.unwrap_or(retry.retryable);
        retry.max_attempts = self.max_attempts.unwrap_or(retry.max_attempts);
        retry.backoff = self.backoff.unwrap_or(retry.backoff);
        retry.backoff_base_ms = self.backoff_base_ms.unwrap_or(retry.backoff_base_ms);
        retry.max_backoff_ms = self.max_backoff_ms.unwrap_or(retry.max_backoff_ms);
        retry.jitter = self.jitter.unwrap_or(retry.jitter);
    }
}
