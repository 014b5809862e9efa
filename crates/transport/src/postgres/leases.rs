//! Leases in a table of PostgreSQL.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::PgPool;

use crate::{Claim, LeaseError, LeaseStore};

/// Leases in a table of PostgreSQL, in a schema of their own.
#[derive(Debug)]
pub struct PostgresLeases {
    pool: PgPool,
    term: Duration,
    settled_for: Duration,
}

impl PostgresLeases {
    /// Leases of one `term`; settled ones are remembered for `settled_for`.
    pub fn new(pool: PgPool, term: Duration, settled_for: Duration) -> Self {
        Self { pool, term, settled_for }
    }

    /// Forgets leases that have expired. Answers how many there were.
    pub async fn forget_expired(&self) -> Result<u64, LeaseError> {
        sqlx::query("DELETE FROM tasker_lease.leases WHERE expires_at < clock_timestamp()")
            .execute(&self.pool)
            .await
            .map(|done| done.rows_affected())
            .map_err(unavailable)
    }

    /// Prolongs what is the holder's and not settled, and takes what the table has lost: the last moments before a
    /// crash of the server may be missing, and work that goes on must not be stopped or done twice for that.
    async fn prolong(
        &self,
        leases: &[String],
        holder: &str,
        by: Duration,
        settled: bool,
    ) -> Result<Vec<bool>, LeaseError> {
        let held: Vec<String> = sqlx::query_scalar(
            "INSERT INTO tasker_lease.leases AS l (lease, holder, expires_at, settled)
             SELECT lease, $2, clock_timestamp() + interval '1 millisecond' * $3, $4
             FROM (SELECT DISTINCT lease FROM unnest($1::text[]) AS lease) AS given
             WHERE set_config('synchronous_commit', 'off', true) = 'off' ORDER BY lease
             ON CONFLICT (lease) DO UPDATE SET expires_at = excluded.expires_at, settled = excluded.settled
             WHERE l.holder = excluded.holder AND NOT l.settled
             RETURNING lease",
        )
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
        // The table as it was shows who has the leases that the insertion could not take.
        let rows: Vec<(String, bool, Option<bool>)> = sqlx::query_as(
            "WITH wanted AS (
                SELECT DISTINCT lease FROM unnest($1::text[]) AS lease
                -- Waiting for the disk would cost more than everything else here.
                WHERE set_config('synchronous_commit', 'off', true) = 'off'
             ), taken AS (
                INSERT INTO tasker_lease.leases AS l (lease, holder, expires_at, settled)
                SELECT lease, $2, clock_timestamp() + interval '1 millisecond' * $3, false FROM wanted ORDER BY lease
                ON CONFLICT (lease) DO UPDATE
                    SET holder = excluded.holder, expires_at = excluded.expires_at, settled = false
                WHERE l.expires_at < clock_timestamp()
                RETURNING lease)
             SELECT w.lease, t.lease IS NOT NULL, l.settled
             FROM wanted w LEFT JOIN taken t USING (lease) LEFT JOIN tasker_lease.leases l USING (lease)",
        )
        .bind(leases)
        .bind(holder)
        .bind(self.term.as_millis() as i64)
        .fetch_all(&self.pool)
        .await
        .map_err(unavailable)?;
        let mut claims: HashMap<String, Claim> = HashMap::with_capacity(rows.len());
        for (lease, taken, settled) in rows {
            let claim = match (taken, settled) {
                (true, _) => Claim::Acquired,
                (false, Some(true)) => Claim::Settled,
                (false, _) => Claim::Held,
            };
            claims.insert(lease, claim);
        }
        // Of two copies in one batch the first gets the lease.
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
        // One that was forgotten is the holder's again when it is renewed.
        Ok(leases.iter().map(|lease| !lost.contains(lease)).collect())
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
