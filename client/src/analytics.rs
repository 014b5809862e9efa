//! What happened, how fast and how well.

use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::{
    client::Client,
    error::Result,
    moment::Moment,
    types::{
        AnalyticsHealth, Bottlenecks, Costs, ErrorTable, Performance, RetryTable, StepTable, TaskTable,
        Throughput,
    },
};

/// What an analysis is about: the last 24 hours of all templates, unless narrowed. Needs `system:analytics_read`.
#[derive(Debug, Clone)]
pub struct Analytics {
    client: Client,
    parameters: Vec<(&'static str, String)>,
}

impl Client {
    /// What happened, how fast and how well.
    pub fn analytics(&self) -> Analytics {
        Analytics { client: self.clone(), parameters: Vec::new() }
    }
}

impl Analytics {
    fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.parameters.push((name, value.to_string()));
        self
    }

    /// The last so many hours.
    #[must_use]
    pub fn hours(self, hours: u32) -> Self {
        self.with("hours", &hours)
    }

    /// From this time on; not with [`Analytics::hours`].
    #[must_use]
    pub fn from(self, moment: impl Into<Moment>) -> Self {
        self.with("from", &Into::<Moment>::into(moment))
    }

    /// Until this time.
    #[must_use]
    pub fn to(self, moment: impl Into<Moment>) -> Self {
        self.with("to", &Into::<Moment>::into(moment))
    }

    /// Only templates of this namespace.
    #[must_use]
    pub fn namespace(self, namespace: &str) -> Self {
        self.with("namespace", &namespace)
    }

    /// Only templates with this name.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.with("name", &name)
    }

    /// Only this version.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        self.with("version", &version)
    }

    /// At most so many rows.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        self.with("limit", &limit)
    }

    async fn get<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        let mut request = self.client.route(Method::GET, &["v1", "analytics", what]);
        for (name, value) in &self.parameters {
            request = request.query(name, value);
        }
        request.send().await
    }

    /// How much was done, how fast and how well, beside the period before.
    pub async fn performance(&self) -> Result<Performance> {
        self.get("performance").await
    }

    /// What takes the time, and what to do about it. Steps with fewer executions than `least` are left out.
    pub async fn bottlenecks(&self, least: u32) -> Result<Bottlenecks> {
        self.clone().with("min_executions", &least).get("bottlenecks").await
    }

    /// The tasks and attempts over time: one series, or one of each template. `interval` is `auto`, `1m`, `5m`, `15m`, `1h`, `6h`
    /// or `1d`.
    pub async fn throughput(&self, interval: &str, by_template: bool) -> Result<Throughput> {
        let mut asked = self.clone().with("interval", &interval);
        if by_template {
            asked = asked.with("by", &"template");
        }
        asked.get("throughput").await
    }

    /// The steps that ran, sorted by `p95`, `mean`, `failures`, `retries`, `cpu` or `wait`.
    pub async fn steps(&self, sort: &str) -> Result<StepTable> {
        self.clone().with("sort", &sort).get("steps").await
    }

    /// The templates whose tasks were created or ended, sorted as steps.
    pub async fn tasks(&self, sort: &str) -> Result<TaskTable> {
        self.clone().with("sort", &sort).get("tasks").await
    }

    /// The failures by step and type, the most frequent first.
    pub async fn errors(&self) -> Result<ErrorTable> {
        self.get("errors").await
    }

    /// The steps with retries, those with most first.
    pub async fn retries(&self) -> Result<RetryTable> {
        self.get("retries").await
    }

    /// What executions used, and what that costs at the server's prices.
    pub async fn costs(&self) -> Result<Costs> {
        self.get("costs").await
    }

    /// The health as a score, and its parts.
    pub async fn health(&self) -> Result<AnalyticsHealth> {
        self.get("health").await
    }
}
