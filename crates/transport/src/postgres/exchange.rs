//! A host's work on PGMQ and the leases beside it, in one statement each way.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use tasker_pool::Pool;

use super::{
    leases::{PostgresLeases, claim},
    queue::PgmqQueue,
    table::{Durability, Read, Table, deleting, delivery, read, receiving, split},
};
use crate::{
    Claim, LeaseError, QueueError, Receipt,
    exchange::{Finished, StepExchange, Taken},
};

/// The share of the visibility time by which a statement may be late. A lease ends after nine tenths of that time, and its
/// holder renews it three times in it.
const LATE: u32 = 4;

/// The exchange of a host on PGMQ.
#[derive(Debug)]
pub struct PgmqExchange {
    steps: Arc<PgmqQueue>,
    reports: Arc<PgmqQueue>,
    leases: Arc<PostgresLeases>,
    take: Arc<str>,
    finish: Arc<str>,
    clock: Arc<ServerClock>,
}

/// The server's clock, as this process last saw it.
#[derive(Debug, Default)]
struct ServerClock(Mutex<Option<(Instant, f64)>>);

impl ServerClock {
    /// The server's time now, in seconds since 1970, or a little earlier.
    async fn now(&self, pool: &Pool) -> Result<f64, sqlx::Error> {
        if let Some((at, seconds)) = *self.lock() {
            return Ok(seconds + at.elapsed().as_secs_f64());
        }
        let seconds = sqlx::query_scalar("SELECT extract(epoch FROM clock_timestamp())::float8")
            .fetch_one(pool)
            .await?;
        self.set(seconds);
        Ok(seconds)
    }

    /// Sets it to a time that the server has just returned.
    fn set(&self, seconds: f64) {
        *self.lock() = Some((Instant::now(), seconds));
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, f64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PgmqExchange {
    /// Takes steps from a queue, sends reports to another, and takes leases from this store, all in one database. It has
    /// waited for the disk before either operation returns.
    pub fn new(steps: Arc<PgmqQueue>, reports: Arc<PgmqQueue>, leases: Arc<PostgresLeases>) -> Self {
        let (queue, to) = (steps.table.name, reports.table.name);
        let take = format!(
            "{}, now AS MATERIALIZED (
                SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds
            ), wanted AS (
                SELECT DISTINCT lease FROM received CROSS JOIN now WHERE lease IS NOT NULL AND seconds < $5
            ), {}
            SELECT r.msg_id, r.read_ct, r.body, NULL::float8, CASE WHEN n.seconds < $5 THEN r.lease END, t.lost, l.settled,
                   n.seconds
            FROM received r
            CROSS JOIN now n
            LEFT JOIN taken t USING (lease)
            LEFT JOIN LATERAL (SELECT settled FROM tasker_lease.leases WHERE lease = r.lease OFFSET 0) l ON true
            UNION ALL SELECT NULL, NULL, NULL, milliseconds, NULL, NULL, NULL, seconds FROM next CROSS JOIN now",
            receiving(queue, Durability::Disk),
            PostgresLeases::taking("$3", "$4"),
        );
        let finish = format!(
            "WITH sent AS (
                INSERT INTO pgmq.q_{to} (vt, message)
                SELECT clock_timestamp(), to_jsonb(body) FROM unnest($1::text[]) AS body
            ), settled AS (
                {}
            ), {}
            SELECT 1",
            PostgresLeases::prolonging("$2", "$3", "$4", "true"),
            deleting(queue, "$5", "$6", Durability::Disk),
        );
        Self { steps, reports, leases, take: take.into(), finish: finish.into(), clock: Arc::default() }
    }
}

#[async_trait]
impl StepExchange for PgmqExchange {
    async fn take(&self, max: usize, wait: Duration, holder: &str) -> Result<Vec<Taken>, QueueError> {
        let taken = self.steps.wait_for(wait, || {
            Box::pin(async move {
                let take = Take {
                    table: self.steps.table.clone(),
                    statement: Arc::clone(&self.take),
                    clock: Arc::clone(&self.clock),
                    term: self.leases.term,
                    holder: holder.to_owned(),
                    max,
                };
                let table = &take.table;
                let (returned, leases, releaser) =
                    (table.clone(), Arc::clone(&self.leases), holder.to_owned());
                let read = self.steps.receives.run(
                    async move { take.run().await },
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
            .map_err(|error| self.steps.table.unavailable(error))?;
        self.reports.wake.receivers();
        Ok(())
    }
}

/// One receive with leases.
struct Take {
    table: Table,
    statement: Arc<str>,
    clock: Arc<ServerClock>,
    term: Duration,
    holder: String,
    max: usize,
}

impl Take {
    async fn run(self) -> Result<Read<Taken>, QueueError> {
        let Self { table, statement, clock, term, holder, max } = self;
        // A statement that the server runs late, after an outage, takes no leases: their holders may not have had the time
        // to renew them.
        let now = clock.now(&table.pool).await.map_err(|error| table.unavailable(error))?;
        let latest = now + (table.visibility / LATE).as_secs_f64();
        let rows = sqlx::query(AssertSqlSafe(statement))
            .bind(table.visibility.as_millis() as i64)
            .bind(max as i64)
            .bind(holder)
            .bind(term.as_millis() as i64)
            .bind(latest)
            .fetch_all(&table.pool)
            .await
            .map_err(|error| table.unavailable(error))?;
        let read = || -> Result<Read<Taken>, sqlx::Error> {
            if let Some(row) = rows.last() {
                clock.set(row.try_get(7)?);
            }
            read(&rows, 3, |row: &PgRow| {
                let lease: Option<String> = row.try_get(4)?;
                let claim = claim(row.try_get(5)?, row.try_get(6)?);
                Ok(Taken { delivery: delivery(row)?, claim: lease.map(|lease| (lease, claim)) })
            })
        };
        read().map_err(|error| table.unavailable(error))
    }
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
