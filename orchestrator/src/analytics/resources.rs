//! What is open now, and how much of what the system has is in use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row};
use utoipa::ToSchema;

use super::{
    Analytics,
    period::{AnalyticsFilter, push_filter},
};
use crate::{
    access::Scope,
    database::set::sql,
    error::Error,
    hosts::SILENT_AFTER,
    queues::QueueDepth,
    state::{StepState, TaskState},
};

/// How many rows are counted of a kind. More would take long, and say no more.
const MOST: i64 = 100_000;
/// How long nothing happens to a task until it counts as stale.
const STALE_AFTER: &str = "1 hour";

/// What is open, and what is in use. Of what belongs to no namespace, only those see anything who see all namespaces.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ResourceUtilization {
    /// The open tasks by state, at most 100,000 of each.
    pub open_tasks: BTreeMap<String, i64>,
    /// The steps that are enqueued, in progress or waiting for a retry, by state: at most 100,000 together.
    pub open_steps: BTreeMap<String, i64>,
    /// How much waits in the queues.
    pub queues: Vec<QueueDepth>,
    /// The connections of the server that answers, to the database, that are in use.
    pub database_connections_used: Option<u32>,
    /// The most that it may have.
    pub database_connections_max: Option<u32>,
    /// The hosts that are there.
    pub workers_present: Option<i64>,
    /// The hosts that have said nothing for a minute and a half.
    pub workers_silent: Option<i64>,
    /// How many steps the hosts that are there run at once, at most.
    pub worker_capacity: Option<i64>,
    /// How many they ran when they were last heard of.
    pub worker_running: Option<i64>,
}

/// The open tasks of a state.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenTasks {
    pub(super) count: i64,
    /// Those to which nothing has happened for an hour.
    pub(super) stale: i64,
}

/// The hosts of the last day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hosts {
    pub(super) present: i64,
    pub(super) silent: i64,
    pub(super) capacity: i64,
    pub(super) running: i64,
}

/// Whether a filter is about everything: what belongs to no namespace may be shown.
pub(super) fn is_of_all(filter: &AnalyticsFilter) -> bool {
    filter.scope == Scope::All
}

impl Analytics {
    /// Returns the open tasks by state.
    pub(super) async fn open_tasks(
        &self,
        filter: &AnalyticsFilter,
    ) -> Result<BTreeMap<String, OpenTasks>, Error> {
        let open = TaskState::ALL.iter().filter(|state| state.is_stored() && !state.is_terminal());
        let states: Vec<String> = open.map(|state| state.as_str().to_owned()).collect();
        let mut query = QueryBuilder::new("SELECT s.state, c.count, c.stale FROM unnest(");
        query.push_bind(states);
        query.push(sql!(
            "::text[]) AS s (state) CROSS JOIN LATERAL (
                 SELECT count(*) AS count, count(*) FILTER (WHERE counted.last_event_at < tasker_f.now() - interval '"
        ));
        query.push(STALE_AFTER);
        query.push("') AS stale FROM (SELECT t.last_event_at FROM tasker.tasks t WHERE t.state = s.state");
        push_filter(&mut query, filter);
        query.push(" LIMIT ").push_bind(MOST).push(") AS counted) AS c WHERE c.count > 0");
        let rows = query.build().fetch_all(&self.queries).await?;
        rows.iter()
            .map(|row| {
                let open = OpenTasks { count: row.try_get("count")?, stale: row.try_get("stale")? };
                Ok((row.try_get("state")?, open))
            })
            .collect()
    }

    /// Returns the open steps by state, and for how long the oldest enqueued one has waited, in seconds.
    pub(super) async fn open_steps(
        &self,
        filter: &AnalyticsFilter,
    ) -> Result<(BTreeMap<String, i64>, f64), Error> {
        let mut query = QueryBuilder::new(sql!(
            "SELECT state, count(*), extract(epoch FROM tasker_f.now() - min(enqueued_at))::float8 FROM (
                 SELECT s.state, s.enqueued_at FROM tasker.steps s"
        ));
        let is_limited = !is_of_all(filter)
            || filter.namespace.is_some()
            || filter.name.is_some()
            || filter.version.is_some();
        if is_limited {
            query.push(" JOIN tasker.tasks t ON t.task_id = s.task_id");
        }
        query.push(" WHERE s.wake_at IS NOT NULL");
        if is_limited {
            push_filter(&mut query, filter);
        }
        query.push(" LIMIT ").push_bind(MOST).push(") AS counted GROUP BY state");
        let rows: Vec<(String, i64, Option<f64>)> = query.build_query_as().fetch_all(&self.queries).await?;
        let oldest = rows.iter().find(|(state, ..)| state == StepState::Enqueued.as_str());
        let oldest = oldest.and_then(|(_, _, age)| *age).unwrap_or(0.0).max(0.0);
        Ok((rows.into_iter().map(|(state, count, _)| (state, count)).collect(), oldest))
    }

    /// Returns the hosts of the last day.
    pub(super) async fn hosts(&self) -> Result<Hosts, Error> {
        let (present, silent, capacity, running) = sqlx::query_as(sql!(
            "SELECT count(*) FILTER (WHERE is_present), count(*) FILTER (WHERE NOT is_present),
                 coalesce(sum(capacity) FILTER (WHERE is_present), 0), coalesce(sum(running) FILTER (WHERE is_present), 0)
             FROM (SELECT capacity, running, seen_at > tasker_f.now() - interval '1 second' * $1 AS is_present
                   FROM tasker.hosts WHERE NOT has_left) AS h"
        ))
        .bind(SILENT_AFTER.as_secs_f64())
        .fetch_one(&self.queries)
        .await?;
        Ok(Hosts { present, silent, capacity, running })
    }

    pub(super) async fn resources(&self, filter: &AnalyticsFilter) -> Result<ResourceUtilization, Error> {
        let open = self.open_tasks(filter).await?;
        let (open_steps, _) = self.open_steps(filter).await?;
        let mut found = ResourceUtilization {
            open_tasks: open.into_iter().map(|(state, open)| (state, open.count)).collect(),
            open_steps,
            queues: Vec::new(),
            database_connections_used: None,
            database_connections_max: None,
            workers_present: None,
            workers_silent: None,
            worker_capacity: None,
            worker_running: None,
        };
        if is_of_all(filter) {
            // A queue that does not respond is no reason to show nothing else.
            found.queues = self.queues.depths().await.unwrap_or_default();
            let (used, most) = self.pool.usage();
            (found.database_connections_used, found.database_connections_max) = (Some(used), Some(most));
            let hosts = self.hosts().await?;
            (found.workers_present, found.workers_silent) = (Some(hosts.present), Some(hosts.silent));
            (found.worker_capacity, found.worker_running) = (Some(hosts.capacity), Some(hosts.running));
        }
        Ok(found)
    }
}
