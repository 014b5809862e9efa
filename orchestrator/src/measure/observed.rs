//! What is read for metrics.

use std::collections::BTreeMap;

use sqlx::{FromRow, PgConnection, Row as _, postgres::PgRow};
use tasker_telemetry::{Label, Metrics};
use tasker_transport::{Breaker, Condition};

use crate::{
    analytics,
    database::set::sql,
    engine::Engine,
    error::Error,
    hosts::SILENT_AFTER,
    queues::QueueDepth,
    state::{StepState, TaskState},
};

/// How many rows are counted of a kind. More would take long, and say no more.
const MOST: i64 = 100_000;

/// What this process holds.
pub(super) fn process(metrics: &Metrics, engine: &Engine) {
    let breakers = &engine.breakers;
    let state = |breaker: &Breaker| number(breaker.condition());
    let webhooks = breakers.webhooks.not_closed().into_iter().map(|(_, condition)| number(condition));
    metrics.breaker_state.replace([
        (["database".into()], state(&breakers.database)),
        (["queue".into()], state(&breakers.queue)),
        (["blob_store".into()], state(&breakers.blobs)),
        (["webhook".into()], webhooks.fold(0.0, f64::max)),
    ]);
    metrics.creations_waiting.replace([([], engine.intake.state().tasks as f64)]);
    let (used, max) = engine.pool.usage();
    metrics.db_connections_used.replace([([], f64::from(used))]);
    metrics.db_connections_max.replace([([], f64::from(max))]);
}

fn number(condition: Condition) -> f64 {
    match condition {
        Condition::Closed => 0.0,
        Condition::HalfOpen => 1.0,
        Condition::Open => 2.0,
    }
}

/// The tasks of a state.
struct OpenTasks {
    state: String,
    count: i64,
    oldest_seconds: Option<f64>,
}

impl FromRow<'_, PgRow> for OpenTasks {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            state: row.try_get("state")?,
            count: row.try_get("count")?,
            oldest_seconds: row.try_get("oldest_seconds")?,
        })
    }
}

/// What the database holds.
pub(super) async fn database(metrics: &Metrics, connection: &mut PgConnection) -> Result<(), Error> {
    let open = TaskState::ALL.iter().filter(|state| state.is_stored() && !state.is_terminal());
    let states: Vec<&str> = open.map(|state| state.as_str()).collect();
    let tasks: Vec<OpenTasks> = sqlx::query_as(sql!(
        "SELECT s.state, c.count, extract(epoch FROM tasker_f.now() - o.created_at)::float8 AS oldest_seconds
         FROM unnest($1::text[]) AS s (state)
         CROSS JOIN LATERAL (
             SELECT count(*) FROM (SELECT FROM tasker.tasks t WHERE t.state = s.state LIMIT $2) AS counted) AS c
         LEFT JOIN LATERAL (
             SELECT created_at FROM tasker.tasks t WHERE t.state = s.state ORDER BY t.task_id LIMIT 1) AS o ON true"
    ))
    .bind(states)
    .bind(MOST)
    .fetch_all(&mut *connection)
    .await?;
    let oldest =
        |tasks: &OpenTasks| Some(([Label::from(tasks.state.clone())], tasks.oldest_seconds?.max(0.0)));
    metrics.oldest_open_task.replace(tasks.iter().filter_map(oldest).collect::<Vec<_>>());
    metrics.tasks_open.replace(tasks.into_iter().map(|tasks| ([tasks.state.into()], tasks.count as f64)));

    let steps: Vec<(String, i64)> = sqlx::query_as(
        "SELECT state, count(*) FROM (
             SELECT state FROM tasker.steps WHERE wake_at IS NOT NULL LIMIT $1) AS counted GROUP BY state",
    )
    .bind(MOST)
    .fetch_all(&mut *connection)
    .await?;
    let open = [StepState::Enqueued, StepState::InProgress, StepState::WaitingForRetry];
    metrics.steps_open.replace(with_zeros(open.map(StepState::as_str), steps));

    let letters: Vec<(String, i64)> = sqlx::query_as(
        "SELECT dlq_reason, count(*) FROM (
             SELECT dlq_reason FROM tasker.dlq WHERE resolution_status = 'pending' LIMIT $1) AS counted GROUP BY dlq_reason",
    )
    .bind(MOST)
    .fetch_all(&mut *connection)
    .await?;
    metrics.dlq_pending.replace(with_zeros([], letters));
    let oldest: Option<f64> = sqlx::query_scalar(sql!(
        "SELECT extract(epoch FROM tasker_f.now() - min(created_at))::float8 FROM tasker.dlq
         WHERE resolution_status = 'pending'"
    ))
    .fetch_one(&mut *connection)
    .await?;
    metrics.dlq_oldest.replace([([], oldest.unwrap_or(0.0).max(0.0))]);

    let deliveries: Vec<(String, i64)> = sqlx::query_as(
        "SELECT s.kind, count(*) FROM (
             SELECT subscription_id FROM tasker.deliveries WHERE next_attempt_at IS NOT NULL LIMIT $1) AS d
         JOIN tasker.subscriptions s USING (subscription_id) GROUP BY s.kind",
    )
    .bind(MOST)
    .fetch_all(&mut *connection)
    .await?;
    metrics.deliveries_pending.replace(with_zeros([], deliveries));

    let hosts: Vec<(String, i64)> = sqlx::query_as(sql!(
        "SELECT CASE WHEN seen_at > tasker_f.now() - interval '1 second' * $1 THEN 'present' ELSE 'silent' END, count(*)
         FROM tasker.hosts WHERE NOT has_left GROUP BY 1"
    ))
    .bind(SILENT_AFTER.as_secs_f64())
    .fetch_all(&mut *connection)
    .await?;
    metrics.hosts.replace(with_zeros(["present", "silent"], hosts));
    Ok(())
}

/// How far analytics has counted.
pub(super) async fn counting(metrics: &Metrics, connection: &mut PgConnection) -> Result<(), Error> {
    let (now, counted) = analytics::counted(connection).await?;
    metrics.rollup_lag.replace([([], (now - counted).as_seconds_f64())]);
    Ok(())
}

/// The counts by label, and zero for those of these labels that nothing has.
fn with_zeros<const N: usize>(
    labels: [&'static str; N],
    counts: Vec<(String, i64)>,
) -> impl Iterator<Item = ([Label; 1], f64)> {
    let mut all: BTreeMap<String, i64> = labels.into_iter().map(|label| (label.to_owned(), 0)).collect();
    all.extend(counts);
    all.into_iter().map(|(label, count)| ([label.into()], count as f64))
}

/// What the queues hold.
pub(super) fn queues(metrics: &Metrics, depths: &[QueueDepth]) {
    let label = |text: &str| Label::from(text.to_owned());
    metrics.queue_depth.replace(depths.iter().flat_map(|depth| {
        [("ready", depth.ready), ("delayed", depth.delayed), ("in_flight", depth.in_flight)]
            .map(|(state, count)| ([label(&depth.name), state.into()], count as f64))
    }));
    metrics
        .queue_oldest
        .replace(depths.iter().filter_map(|depth| Some(([label(&depth.name)], depth.oldest_seconds?))));
}
