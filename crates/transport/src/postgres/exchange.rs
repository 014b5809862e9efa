//! A host's work on PGMQ and the leases beside it, in one statement each way.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};

use super::{
    leases::{PostgresLeases, claim},
    queue::{PgmqQueue, REPORTS_QUEUE},
    table::{Durability, Read, Table, deleting, delivery, read, receiving, split},
};
use crate::{
    Claim, LeaseError, QueueError, Receipt,
    exchange::{Finished, StepExchange, Taken},
};

/// The exchange of a host on PGMQ.
#[derive(Debug)]
pub struct PgmqExchange {
    steps: Arc<PgmqQueue>,
    leases: Arc<PostgresLeases>,
    take: Arc<str>,
    finish: Arc<str>,
}

impl PgmqExchange {
    /// Takes steps from this queue, a receiver of the steps, and leases from this store in the same database. The database
    /// has waited for the disk before either operation returns.
    pub fn new(steps: Arc<PgmqQueue>, leases: Arc<PostgresLeases>) -> Self {
        let queue = steps.table.name;
        let take = format!(
            "{}, wanted AS (
                SELECT DISTINCT lease FROM received WHERE lease IS NOT NULL
            ), {}
            SELECT r.msg_id, r.read_ct, r.body, NULL::float8, r.lease, t.lost, l.settled
            FROM received r LEFT JOIN taken t USING (lease) LEFT JOIN tasker_lease.leases l USING (lease)
            UNION ALL SELECT NULL, NULL, NULL, milliseconds, NULL, NULL, NULL FROM next",
            receiving(queue, Durability::Disk),
            PostgresLeases::taking("$3", "$4"),
        );
        let finish = format!(
            "WITH sent AS (
                INSERT INTO pgmq.q_{REPORTS_QUEUE} (vt, message)
                SELECT clock_timestamp(), to_jsonb(body) FROM unnest($1::text[]) AS body
            ), settled AS (
                {}
            ), {}
            SELECT pg_notify('{REPORTS_QUEUE}', '')",
            PostgresLeases::prolonging("$2", "$3", "$4", "true"),
            deleting(queue, "$5", "$6", Durability::Disk),
        );
        Self { steps, leases, take: take.into(), finish: finish.into() }
    }
}

#[async_trait]
impl StepExchange for PgmqExchange {
    async fn take(&self, max: usize, wait: Duration, holder: &str) -> Result<Vec<Taken>, QueueError> {
        let taken = self.steps.wait_for(wait, || {
            Box::pin(async move {
                let (table, statement) = (self.steps.table.clone(), Arc::clone(&self.take));
                let (term, owner) = (self.leases.term, holder.to_owned());
                let (returned, leases, releaser) =
                    (table.clone(), Arc::clone(&self.leases), holder.to_owned());
                let read = self.steps.receives.run(
                    async move { take(&table, statement, max, &owner, term).await },
                    |(taken, _): &Read<Taken>| taken.clone(),
                    async move |taken: Vec<Taken>| {
                        let claims = taken.iter().filter_map(|taken| taken.claim.as_ref());
                        let held = claims.filter(|(_, claim)| matches!(claim, Claim::Acquired { .. }));
                        let held: Vec<String> = held.map(|(lease, _)| lease.clone()).collect();
                        let receipts: Vec<Receipt> =
                            taken.into_iter().map(|taken| taken.delivery.receipt).collect();
                        let _ = leases.give_back(&held, &releaser).await;
                        returned.set_visible_in(&receipts, Duration::ZERO).await.map(drop)
                    },
                );
                read.await.unwrap_or_else(|| Ok((Vec::new(), None)))
            })
        });
        Ok(once_each(taken.await?))
    }

    async fn give_back(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        self.leases.give_back(leases, holder).await
    }

    async fn finish(&self, finished: &[Finished<'_>], holder: &str) -> Result<(), QueueError> {
        let reports: Vec<&str> = finished.iter().map(|finished| finished.report).collect();
        let leases: Vec<&str> = finished.iter().map(|finished| finished.lease).collect();
        let (ids, counts) = split(finished.iter().map(|finished| finished.receipt));
        sqlx::query(AssertSqlSafe(Arc::clone(&self.finish)))
            .bind(reports)
            .bind(leases)
            .bind(holder)
            .bind(self.leases.settled_for.as_millis() as i64)
            .bind(ids)
            .bind(counts)
            .execute(&self.steps.table.pool)
            .await
            .map(drop)
            .map_err(|error| self.steps.table.unavailable(error))
    }
}

async fn take(
    table: &Table,
    statement: Arc<str>,
    max: usize,
    holder: &str,
    term: Duration,
) -> Result<Read<Taken>, QueueError> {
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(table.visibility.as_millis() as i64)
        .bind(max as i64)
        .bind(holder)
        .bind(term.as_millis() as i64)
        .fetch_all(&table.pool)
        .await
        .map_err(|error| table.unavailable(error))?;
    let taken = |row: &PgRow| {
        let lease: Option<String> = row.try_get(4)?;
        let claim = claim(row.try_get(5)?, row.try_get(6)?);
        Ok(Taken { delivery: delivery(row)?, claim: lease.map(|lease| (lease, claim)) })
    };
    read(&rows, 3, taken).map_err(|error| table.unavailable(error))
}

/// Of several messages with one lease, the first gets it.
fn once_each(mut taken: Vec<Taken>) -> Vec<Taken> {
    let mut seen = std::collections::HashSet::with_capacity(taken.len());
    for (lease, claim) in taken.iter_mut().filter_map(|taken| taken.claim.as_mut()) {
        if !seen.insert(lease.clone()) {
            *claim = Claim::Held;
        }
    }
    taken
}
