//! What happens when an attempt fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens when an attempt fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Whether there are further attempts at all.
    pub retryable: bool,
    /// How many attempts there may be, the first included. 0 still allows the first. `limit` is another name.
    #[schemars(range(min = 0, max = 100))]
    pub max_attempts: u32,
    /// How the waits between attempts grow.
    pub backoff: Backoff,
    /// The first wait, in milliseconds. `initial_delay`, in seconds, is another name.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub backoff_base_ms: u64,
    /// The longest wait, in milliseconds. `max_delay`, in seconds, is another name.
    #[schemars(range(min = 0, max = 86_400_000))]
    pub max_backoff_ms: u64,
    /// Whether each wait is drawn at random between nothing and its formula (full jitter).
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

/// How the waits between attempts grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// No wait.
    None,
    /// The base, twice the base, three times the base ...
    Linear,
    /// The base, doubled each time.
    Exponential,
    /// The base times 1, 1, 2, 3, 5, 8 ...
    Fibonacci,
}

impl Backoff {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Linear => "linear",
            Self::Exponential => "exponential",
            Self::Fibonacci => "fibonacci",
        }
    }
}

/// What differs about the retries of a step in one environment. What is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryOverride {
    /// Whether there are further attempts at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// How many attempts there may be, the first included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_attempts: Option<u32>,
    /// How the waits between attempts grow.
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
    /// Whether each wait is drawn at random.
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
