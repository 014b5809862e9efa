//! Leases in a PostgreSQL table.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use tasker_pool::Pool;

use super::table::{Durability, waiting};
use crate::{Claim, LeaseError, LeaseStore, lease::LOSSES_REMEMBERED};

/// Leases in a PostgreSQL table, in a separate schema.
#[derive(Debug)]
pub struct PostgresLeases {
    pool: Pool,
    pub(super) term: Duration,
    pub(super) settled_for: Duration,
}

impl PostgresLeases {
    /// Leases with this `term`; settled ones are remembered for `settled_for`.
    pub fn new(pool: impl Into<Pool>, term: Duration, settled_for: Duration) -> Self {
        Self { pool: pool.into(), term, settled_for }
    }

    /// Deletes expired leases. Returns how many were deleted.
    pub async fn forget_expired(&self) -> Result<u64, LeaseError> {
        // Where the last holder neither released nor settled it, the next one must learn of that.
        sqlx::query(
            "DELETE FROM tasker_lease.leases WHERE expires_at < clock_timestamp()
             AND (settled OR expires_at < clock_timestamp() - interval '1 second' * $1)",
        )
        .bind(LOSSES_REMEMBERED.as_secs() as i64)
        .execute(&self.pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(unavailable)
    }

    /// A statement that extends the holder's leases, or settles them, and returns those that it had. See
    /// [`PostgresLeases::prolong`].
    pub(super) fn prolonging(
        leases: &str,
        holder: &str,
        by_ms: &str,
        settled: &str,
        durability: Durability,
    ) -> String {
        format!(
            "INSERT INTO tasker_lease.leases AS l (lease, holder, expires_at, settled)
             SELECT lease, {holder}, clock_timestamp() + interval '1 millisecond' * {by_ms}, {settled}
             FROM (SELECT DISTINCT lease FROM unnest({leases}::text[]) AS lease) AS given WHERE {} ORDER BY lease
             ON CONFLICT (lease) DO UPDATE SET expires_at = excluded.expires_at, settled = excluded.settled
             WHERE l.holder = excluded.holder AND NOT l.settled
             RETURNING lease",
            waiting(durability)
        )
    }

    /// A statement that takes the free ones of these leases. Returns each of them, and how many holders lost it.
    pub(super) fn taking_of(leases: &str, holder: &str, for_ms: &str) -> String {
        format!(
            "INSERT INTO tasker_lease.leases AS l (lease, holder, expires_at, settled)
             SELECT lease, {holder}, clock_timestamp() + interval '1 millisecond' * {for_ms}, false FROM {leases}
             ORDER BY lease
             ON CONFLICT (lease) DO UPDATE
                 SET holder = excluded.holder, expires_at = excluded.expires_at, settled = false,
                     lost = CASE WHEN l.settled THEN 0 ELSE l.lost + 1 END
             WHERE l.expires_at < clock_timestamp()
             RETURNING lease, lost"
        )
    }

    /// Extends leases that the holder has and that are not settled. Also takes leases that are missing: a
    /// server crash may lose the last writes, and work in progress must be neither stopped nor done twice
    /// because of that.
    async fn prolong(
        &self,
        leases: &[String],
        holder: &str,
        by: Duration,
        settled: bool,
    ) -> Result<Vec<bool>, LeaseError> {
        // Waiting for the disk would cost more than everything else here.
        let statement = Self::prolonging("$1", "$2", "$3", "$4", Durability::Memory);
        let held: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(leases)
            .bind(holder)
            .bind(by.as_millis() as i64)
            .bind(settled)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        Ok(leases.iter().map(|lease| held.contains(lease)).collect())
    }
}

fn unavailable(source: sqlx::Error) -> LeaseError {
    LeaseError(Box::new(source))
}

#[async_trait]
impl LeaseStore for PostgresLeases {
    async fn acquire(&self, leases: &[String], holder: &str) -> Result<Vec<Claim>, LeaseError> {
        // Waiting for the disk would cost more than everything else here. The statement's snapshot shows who holds the leases
        // that the insert could not take.
        let statement = format!(
            "WITH wanted AS (
                SELECT DISTINCT lease FROM unnest($1::text[]) AS lease WHERE {}
             ), taken AS ({})
             SELECT w.lease, t.lost, l.settled
             FROM wanted w LEFT JOIN taken t USING (lease)
             LEFT JOIN LATERAL (SELECT settled FROM tasker_lease.leases WHERE lease = w.lease OFFSET 0) l ON true",
            waiting(Durability::Memory),
            Self::taking_of("wanted", "$2", "$3"),
        );
        let rows: Vec<(String, Option<i32>, Option<bool>)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(leases)
            .bind(holder)
            .bind(self.term.as_millis() as i64)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        let mut claims: HashMap<String, Claim> = HashMap::with_capacity(rows.len());
        for (lease, taken, settled) in rows {
            let claim = match (taken, settled) {
                (Some(lost), _) => Claim::Acquired { lost: lost.unsigned_abs() },
                (None, Some(true)) => Claim::Settled,
                (None, _) => Claim::Held,
            };
            claims.insert(lease, claim);
        }
        // Of duplicates in one batch, the first gets the lease.
        let first = |lease: &String| claims.insert(lease.clone(), Claim::Held).unwrap_or(Claim::Held);
        Ok(leases.iter().map(first).collect())
    }

    async fn renew(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        self.prolong(leases, holder, self.term, false).await
    }

    async fn settle(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        self.prolong(leases, holder, self.settled_for, true).await.map(drop)
    }

    async fn revoke(&self, leases: &[String]) -> Result<(), LeaseError> {
        sqlx::query(
            "INSERT INTO tasker_lease.leases AS l (lease, holder, expires_at, settled)
             SELECT DISTINCT lease, '', clock_timestamp() + interval '1 millisecond' * $2, true
             FROM unnest($1::text[]) AS lease ORDER BY lease
             ON CONFLICT (lease) DO UPDATE
                 SET holder = excluded.holder, expires_at = excluded.expires_at, settled = excluded.settled",
        )
        .bind(leases)
        .bind(self.settled_for.as_millis() as i64)
        .execute(&self.pool)
        .await
        .map_err(unavailable)?;
        Ok(())
    }

    async fn holds(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        let lost: HashSet<String> = sqlx::query_scalar(
            "SELECT lease FROM tasker_lease.leases WHERE lease = ANY ($1) AND holder <> $2",
        )
        .bind(leases)
        .bind(holder)
        .fetch_all(&self.pool)
        .await
        .map_err(unavailable)?
        .into_iter()
        .collect();
        // A lease that the store has lost returns to its holder on renewal.
        Ok(leases.iter().map(|lease| !lost.contains(lease)).collect())
    }

    async fn are_settled(&self, leases: &[String], since: Duration) -> Result<Vec<bool>, LeaseError> {
        let settled: HashSet<String> = sqlx::query_scalar(
            "SELECT lease FROM tasker_lease.leases WHERE lease = ANY ($1) AND settled AND holder <> ''
             AND expires_at <= clock_timestamp() + interval '1 millisecond' * $2",
        )
        .bind(leases)
        .bind(self.settled_for.saturating_sub(since).as_millis() as i64)
        .fetch_all(&self.pool)
        .await
        .map_err(unavailable)?
        .into_iter()
        .collect();
        Ok(leases.iter().map(|lease| settled.contains(lease)).collect())
    }

    async fn release(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        sqlx::query("DELETE FROM tasker_lease.leases WHERE lease = ANY ($1) AND holder = $2")
            .bind(leases)
            .bind(holder)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(unavailable)
    }
}
