//! Stores a release: its steps and limits, in the form that the SQL functions read.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use sqlx::{postgres::types::PgInterval, types::Json};
use tasker_templates::template::{PublishedEvent, StepType, Template};
use uuid::Uuid;

use super::release::{Pins, Release};
use crate::{database::set::sql, error::Error};

/// Stores a new release, or returns the one that another process stored in the meantime.
pub(crate) async fn store_release(
    transaction: &mut sqlx::PgTransaction<'_>,
    template_id: Uuid,
    template: &Template,
    pins: &Pins,
) -> Result<Arc<Release>, Error> {
    let release = Release::new(Uuid::now_v7(), template, pins)?;
    let limits = release.template.lifecycle_limits();
    let lifecycle = release.template.lifecycle.clone().unwrap_or_default();
    let inserted = sqlx::query(
        sql!("INSERT INTO tasker.releases (release_id, template_id, pins, created_at, max_duration,
             max_waiting_for_dependencies, max_waiting_for_retry, max_steps_in_process, staleness_action,
             fails_on_timeout, buries_on_timeout)
         VALUES ($1, $2, $3, tasker_f.now(), $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (template_id, pins) DO NOTHING"),
    )
    .bind(release.id)
    .bind(template_id)
    .bind(Json(pins))
    .bind(interval(limits.max_duration))
    .bind(interval(limits.max_waiting_for_dependencies))
    .bind(interval(limits.max_waiting_for_retry))
    .bind(interval(limits.max_steps_in_process))
    .bind(lifecycle.staleness_action.as_str())
    .bind(lifecycle.auto_fail_on_timeout)
    .bind(lifecycle.auto_dlq_on_timeout)
    .execute(&mut **transaction)
    .await?;
    if inserted.rows_affected() == 0 {
        let id: Uuid =
            sqlx::query_scalar("SELECT release_id FROM tasker.releases WHERE template_id = $1 AND pins = $2")
                .bind(template_id)
                .bind(Json(pins))
                .fetch_one(&mut **transaction)
                .await?;
        return Release::new(id, template, pins);
    }
    let order = release.graph.order.iter().enumerate();
    let steps: Vec<Value> = order.map(|(place, &step)| stored_step(&release, step, place)).collect();
    sqlx::query(
        "INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order,
             parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms,
             max_backoff_ms, jitter, worker, parallelism, failure_strategy, events)
         SELECT $1, s.step_index, s.name, s.step_type, s.created_with_task, s.creation_order, s.parents, s.children,
             s.deciders, s.context_steps, s.retryable, s.max_attempts, s.backoff, s.backoff_base_ms, s.max_backoff_ms,
             s.jitter, s.worker, s.parallelism, s.failure_strategy, s.events
         FROM jsonb_to_recordset($2) AS s (
             step_index integer, name text, step_type text, created_with_task boolean, creation_order integer,
             parents integer[], children integer[], deciders integer[], context_steps integer[], retryable boolean,
             max_attempts integer, backoff text, backoff_base_ms bigint, max_backoff_ms bigint, jitter boolean,
             worker integer, parallelism integer, failure_strategy text, events jsonb)",
    )
    .bind(release.id)
    .bind(Json(steps))
    .execute(&mut **transaction)
    .await?;
    Ok(release)
}

fn stored_step(release: &Release, index: usize, place: usize) -> Value {
    let step = &release.template.steps[index];
    let deciders = &release.deciders[index];
    let worker = release.worker_of(index);
    // A worker uses the failure strategy of its batchable step.
    let batchable = release.graph.parents[index].iter().find(|&&step| release.worker_of(step) == Some(index));
    let batch = worker.map_or(batchable.copied(), |_| Some(index));
    let batch_config = batch.map(|step| release.template.batch_config_of(step));
    let events: Vec<Value> = step.publishes_events.iter().map(stored_event).collect();
    serde_json::json!({
        "step_index": index,
        "name": step.name,
        "step_type": step.step_type.as_str(),
        "created_with_task": deciders.is_empty() && step.step_type != StepType::BatchWorker,
        "creation_order": place,
        "parents": release.graph.parents[index],
        "children": release.graph.children[index],
        "deciders": deciders,
        "context_steps": release.context_steps(index),
        "retryable": step.retry.retryable,
        "max_attempts": release.steps[index].max_attempts,
        "backoff": step.retry.backoff.as_str(),
        "backoff_base_ms": step.retry.backoff_base_ms,
        "max_backoff_ms": step.retry.max_backoff_ms,
        "jitter": step.retry.jitter,
        "worker": worker,
        "parallelism": batch_config.as_ref().map(|config| config.parallelism),
        "failure_strategy": batch_config.as_ref().map(|config| config.failure_strategy.as_str()),
        "events": if events.is_empty() { Value::Null } else { Value::Array(events) },
    })
}

fn stored_event(event: &PublishedEvent) -> Value {
    serde_json::json!({
        "name": event.name, "condition": event.condition, "delivery_mode": event.delivery_mode,
    })
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
