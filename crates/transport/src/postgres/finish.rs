//! The end of a step on PGMQ and the leases beside it, in one statement.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::{
    leases::PostgresLeases,
    queue::PgmqQueue,
    table::{Durability, deleting, split},
};
use crate::{
    QueueError,
    finish::{FinishedStep, Finisher},
};

/// Ends the steps of a PGMQ queue.
#[derive(Debug)]
pub struct PgmqFinisher {
    steps: Arc<PgmqQueue>,
    reports: Arc<PgmqQueue>,
    leases: Arc<PostgresLeases>,
    statement: Arc<str>,
}

impl PgmqFinisher {
    /// Both queues and the leases are in one database. A call returns only after the disk has its changes.
    pub fn new(steps: Arc<PgmqQueue>, reports: Arc<PgmqQueue>, leases: Arc<PostgresLeases>) -> Self {
        let statement = format!(
            "WITH sent AS (
                INSERT INTO pgmq.q_{} (vt, message)
                SELECT clock_timestamp(), to_jsonb(body) FROM unnest($1::text[]) AS body
            ), settled AS (
                {}
            ), {}
            SELECT 1",
            reports.table.name,
            PostgresLeases::prolonging("$2", "$3", "$4", "true", Durability::Disk),
            deleting(steps.table.name, "$5", "$6", Durability::Disk),
        );
        Self { steps, reports, leases, statement: statement.into() }
    }
}

#[async_trait]
impl Finisher for PgmqFinisher {
    async fn finish(&self, steps: &[FinishedStep<'_>], holder: &str) -> Result<(), QueueError> {
        let reports: Vec<&str> = steps.iter().map(|step| step.report).collect();
        let leases: Vec<&str> = steps.iter().map(|step| step.lease).collect();
        let (ids, counts) = split(steps.iter().map(|step| step.receipt));
        sqlx::query(AssertSqlSafe(Arc::clone(&self.statement)))
            .bind(reports)
            .bind(leases)
            .bind(holder)
            .bind(self.leases.settled_for.as_millis() as i64)
            .bind(ids)
            .bind(counts)
            .execute(&self.steps.table.pool)
            .await
            .map_err(|error| self.reports.table.unavailable(error))?;
        self.reports.wake.receivers();
        Ok(())
    }
}
