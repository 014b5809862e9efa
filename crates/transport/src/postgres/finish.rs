//! The end of a step on PGMQ and the leases beside it, in one statement.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::{
    leases::PostgresLeases,
    queue::PgmqQueue,
    table::{Durability, deleting, split},
};
use crate::{
    Claim, QueueError,
    finish::{FinishedStep, Finisher},
};

/// Ends the steps of a PGMQ queue.
#[derive(Debug)]
pub struct PgmqFinisher {
    steps: Arc<PgmqQueue>,
    reports: Arc<PgmqQueue>,
    leases: Arc<PostgresLeases>,
    /// Without and with leases to take: an empty part of a statement costs nearly as much as a full one.
    ending: Arc<str>,
    going_on: Arc<str>,
}

impl PgmqFinisher {
    /// Both queues and the leases are in one database. A call returns only after the disk has its changes.
    pub fn new(steps: Arc<PgmqQueue>, reports: Arc<PgmqQueue>, leases: Arc<PostgresLeases>) -> Self {
        let ending = format!(
            "WITH sent AS (
                INSERT INTO pgmq.q_{} (vt, message)
                SELECT clock_timestamp(), to_jsonb(body) FROM unnest($1::text[]) AS body
            ), settled AS (
                {}
            ), {}",
            reports.table.name,
            PostgresLeases::prolonging("$2", "$3", "$4", "true", Durability::Disk),
            deleting(steps.table.name, "$5", "$6", Durability::Disk),
        );
        let next = PostgresLeases::taking_of("unnest($7::text[]) AS lease", "$3", "$8");
        let going_on = format!("{ending}, taken AS ({next}) SELECT lease, lost FROM taken");
        let ending = format!("{ending} SELECT ''::text, 0 WHERE false");
        Self { steps, reports, leases, ending: ending.into(), going_on: going_on.into() }
    }
}

#[async_trait]
impl Finisher for PgmqFinisher {
    async fn finish(&self, steps: &[FinishedStep<'_>], holder: &str) -> Result<Vec<Claim>, QueueError> {
        let reports: Vec<&str> = steps.iter().map(|step| step.report).collect();
        let leases: Vec<&str> = steps.iter().map(|step| step.lease).collect();
        let next: Vec<&str> = steps.iter().filter_map(|step| step.next).collect();
        let (ids, counts) = split(steps.iter().filter_map(|step| step.receipt));
        let statement = if next.is_empty() { &self.ending } else { &self.going_on };
        let mut query = sqlx::query_as(AssertSqlSafe(Arc::clone(statement)))
            .bind(reports)
            .bind(leases)
            .bind(holder)
            .bind(self.leases.settled_for.as_millis() as i64)
            .bind(ids)
            .bind(counts);
        if !next.is_empty() {
            query = query.bind(&next).bind(self.leases.term.as_millis() as i64);
        }
        let taken: Vec<(String, i32)> = query
            .fetch_all(&self.steps.table.pool)
            .await
            .map_err(|error| self.reports.table.unavailable(error))?;
        self.reports.wake.receivers();
        let taken: HashMap<String, u32> =
            taken.into_iter().map(|(lease, lost)| (lease, lost.unsigned_abs())).collect();
        let claim = |lease| taken.get(lease).map_or(Claim::Held, |&lost| Claim::Acquired { lost });
        Ok(next.into_iter().map(claim).collect())
    }
}
