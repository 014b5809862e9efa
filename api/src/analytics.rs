//! Analytics: what happened, how fast and how well, and what to do about it.

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tasker_orchestrator::{
    Error, Orchestrator,
    access::Scope,
    analytics::{
        AnalyticsFilter, AnalyticsHealth, Bottlenecks, Costs, ErrorTable, Performance, RetryTable, SortBy,
        StepTable, TaskTable, Throughput, ThroughputInterval,
    },
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::Within,
    extract::parse_query,
    moment::Moment,
    problem::{ApiError, Code},
};

const DEFAULT_HOURS: u32 = 24;
/// As long as days are kept.
const MOST_HOURS: u32 = 3 * 366 * 24;
const DEFAULT_LIMIT: u32 = 50;
const MOST_ROWS: u32 = 1000;
const LEAST_EXECUTIONS: i64 = 5;

/// What an analysis is about.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnalyticsParameters {
    /// The beginning of the period: RFC 3339, or how long ago (`15m`, `2h`, `7d`). Default: `hours` before the end.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// The end of the period. Default: now.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// The length of the period, in hours: 24 by default.
    #[param(minimum = 1, maximum = 26352)]
    hours: Option<u32>,
    /// Only tasks of this namespace.
    namespace: Option<String>,
    /// Only tasks of this template.
    name: Option<String>,
    /// Only tasks of this version of their template.
    version: Option<String>,
    /// The maximum number of rows: 50 by default, at most 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// What is too rare to be a bottleneck.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BottleneckParameters {
    /// Steps and templates with fewer executions or completed tasks are left out: 5 by default.
    #[param(minimum = 1)]
    min_executions: Option<u32>,
}

/// What series are by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThroughputBy {
    /// The template.
    Template,
}

/// How series are made.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThroughputParameters {
    /// The time between two points: `auto` (the default), `1m`, `5m`, `15m`, `1h`, `6h` or `1d`; longer if so fine points are not
    /// kept for so long.
    #[param(inline)]
    interval: Option<ThroughputInterval>,
    /// `template`: a series of each template.
    #[param(inline)]
    by: Option<ThroughputBy>,
}

/// The order of rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SortParameters {
    /// What rows are sorted by, the largest first: `p95` (the default), `mean`, `failures`, `retries`, `cpu` or `wait`.
    #[param(inline)]
    sort: Option<SortBy>,
}

/// A route without parameters of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct None {}

impl AnalyticsParameters {
    fn read(self, scope: Scope) -> Result<AnalyticsFilter, ApiError> {
        let refused = |message: String| Err(ApiError::new(Code::InvalidRequest, message));
        if self.hours.is_some() && self.from.is_some() {
            return refused("`hours` and `from` exclude each other: give one of them".to_owned());
        }
        for (name, number, most) in [("hours", self.hours, MOST_HOURS), ("limit", self.limit, MOST_ROWS)] {
            if let Some(number) = number
                && !(1..=most).contains(&number)
            {
                return refused(format!("`{name}` is {number}; it must be from 1 to {most}"));
            }
        }
        for (name, text) in [("namespace", &self.namespace), ("name", &self.name), ("version", &self.version)]
        {
            if text.as_ref().is_some_and(|text| text.contains('\0')) {
                return refused(format!("`{name}` must have no NUL character"));
            }
        }
        Ok(AnalyticsFilter {
            scope,
            namespace: self.namespace,
            name: self.name,
            version: self.version,
            from: self.from.map(|moment| moment.0),
            to: self.to.map(|moment| moment.0),
            hours: self.hours.unwrap_or(DEFAULT_HOURS),
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
        })
    }
}

/// Reads the parameters of a route: its own, with these names, and those of all.
fn read<T: DeserializeOwned>(
    query: Option<String>,
    own: &[&str],
    within: Within,
) -> Result<(AnalyticsFilter, T), ApiError> {
    let query = query.unwrap_or_default();
    let (of_route, of_all): (Vec<_>, Vec<_>) = query
        .split('&')
        .partition(|parameter| parameter.split('=').next().is_some_and(|name| own.contains(&name)));
    let filter = parse_query::<AnalyticsParameters>(&of_all.join("&"))?.read(within.scope)?;
    Ok((filter, parse_query(&of_route.join("&"))?))
}

fn fresh<T: Serialize>(found: Result<T, Error>) -> Result<Response, ApiError> {
    Ok(Json(found?).into_response())
}

/// Returns how much was done in a period, how fast and how well, beside the period before.
#[utoipa::path(get, path = "/v1/analytics/performance", tag = "analytics", operation_id = "get_performance", params(AnalyticsParameters),
    responses((status = 200, body = Performance)))]
pub(crate) async fn performance(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, None {}) = read(query, &[], within)?;
    fresh(orchestrator.analytics.performance(&filter).await)
}

/// Returns what takes the time: slow steps, slow tasks, what is in use, and what to do about it.
#[utoipa::path(get, path = "/v1/analytics/bottlenecks", tag = "analytics", operation_id = "get_bottlenecks",
    params(AnalyticsParameters, BottleneckParameters), responses((status = 200, body = Bottlenecks)))]
pub(crate) async fn bottlenecks(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, BottleneckParameters { min_executions }) = read(query, &["min_executions"], within)?;
    let least = min_executions.map_or(LEAST_EXECUTIONS, i64::from);
    fresh(orchestrator.analytics.bottlenecks(&filter, least).await)
}

/// Returns the tasks and attempts of a period over time.
#[utoipa::path(get, path = "/v1/analytics/throughput", tag = "analytics", operation_id = "get_throughput",
    params(AnalyticsParameters, ThroughputParameters), responses((status = 200, body = Throughput)))]
pub(crate) async fn throughput(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, ThroughputParameters { interval, by }) = read(query, &["interval", "by"], within)?;
    fresh(orchestrator.analytics.throughput(&filter, interval.unwrap_or_default(), by.is_some()).await)
}

/// Returns the steps that ran in a period.
#[utoipa::path(get, path = "/v1/analytics/steps", tag = "analytics", operation_id = "get_step_statistics",
    params(AnalyticsParameters, SortParameters), responses((status = 200, body = StepTable)))]
pub(crate) async fn steps(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, SortParameters { sort }) = read(query, &["sort"], within)?;
    fresh(orchestrator.analytics.steps(&filter, sort.unwrap_or_default()).await)
}

/// Returns the templates whose tasks were created or ended in a period.
#[utoipa::path(get, path = "/v1/analytics/tasks", tag = "analytics", operation_id = "get_task_statistics",
    params(AnalyticsParameters, SortParameters), responses((status = 200, body = TaskTable)))]
pub(crate) async fn tasks(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, SortParameters { sort }) = read(query, &["sort"], within)?;
    fresh(orchestrator.analytics.tasks(&filter, sort.unwrap_or_default()).await)
}

/// Returns the failures of a period by step and type, the most frequent first.
#[utoipa::path(get, path = "/v1/analytics/errors", tag = "analytics", operation_id = "get_error_statistics",
    params(AnalyticsParameters), responses((status = 200, body = ErrorTable)))]
pub(crate) async fn errors(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, None {}) = read(query, &[], within)?;
    fresh(orchestrator.analytics.errors(&filter).await)
}

/// Returns the steps with retries in a period, those with most first.
#[utoipa::path(get, path = "/v1/analytics/retries", tag = "analytics", operation_id = "get_retry_statistics",
    params(AnalyticsParameters), responses((status = 200, body = RetryTable)))]
pub(crate) async fn retries(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, None {}) = read(query, &[], within)?;
    fresh(orchestrator.analytics.retries(&filter).await)
}

/// Returns what executions used in a period, and what that costs at the configured prices.
#[utoipa::path(get, path = "/v1/analytics/costs", tag = "analytics", operation_id = "get_costs", params(AnalyticsParameters),
    responses((status = 200, body = Costs)))]
pub(crate) async fn costs(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, None {}) = read(query, &[], within)?;
    fresh(orchestrator.analytics.costs(&filter).await)
}

/// Returns the health as a score, and its parts: failures of the period; backlog, stale tasks, dead letters, workers and the database as
/// they are now.
#[utoipa::path(get, path = "/v1/analytics/health", tag = "analytics", operation_id = "get_health_score", params(AnalyticsParameters),
    responses((status = 200, body = AnalyticsHealth)))]
pub(crate) async fn health(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (filter, None {}) = read(query, &[], within)?;
    fresh(orchestrator.analytics.health(&filter).await)
}
