//! Counts what the audit says, for analytics: each record once, in one process at a time.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tasker_pool::Pool;

use super::Analytics;
use crate::{database::set::sql, error::Error};

/// How many records one transaction counts.
const AT_ONCE: i64 = 100_000;
/// A tick that is behind goes on for this long, so that whoever called it goes on with other work.
const LONGEST: Duration = Duration::from_secs(20);

/// How long a recount waits for open transactions and other processes, each time.
const WAIT: Duration = Duration::from_millis(100);

/// What a tick counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Folded {
    /// The records, by their numbers.
    pub records: i64,
    /// Whether there are more. They may have to wait for open transactions.
    pub is_behind: bool,
}

impl Analytics {
    /// Counts the records that can be counted, if nobody else does at this moment, and if it is enabled.
    ///
    /// # Errors
    /// The database failed. What was counted before is stored.
    pub async fn fold(&self) -> Result<Folded, Error> {
        let mut folded = Folded::default();
        if !self.settings.enabled {
            return Ok(folded);
        }
        let began = Instant::now();
        loop {
            let Folded { records, is_behind } = self.fold_once(AT_ONCE).await?;
            folded = Folded { records: folded.records + records, is_behind };
            if records == 0 || !is_behind || began.elapsed() > LONGEST {
                return Ok(folded);
            }
        }
    }

    /// Counts at most so many records, in one transaction.
    ///
    /// # Errors
    /// The database failed, and nothing was counted.
    pub async fn fold_once(&self, most: i64) -> Result<Folded, Error> {
        fold(&self.pool, most).await
    }
}

async fn fold(pool: &Pool, most: i64) -> Result<Folded, Error> {
    let counted: Option<(i64, bool)> =
        sqlx::query_as(sql!("SELECT records, is_behind FROM tasker_f.fold($1)"))
            .bind(most)
            .fetch_optional(pool)
            .await?;
    // Another process may be at it.
    let (records, is_behind) = counted.unwrap_or((0, true));
    Ok(Folded { records, is_behind })
}

/// Counts the history again from the beginning of the day of a time on (UTC). Returns that time, and calls `told` after each
/// transaction with how many records it counted. If it ends early, the servers of the database go on.
///
/// # Errors
/// The database failed.
pub async fn recount(
    pool: &Pool,
    from: DateTime<Utc>,
    mut told: impl FnMut(i64),
) -> Result<DateTime<Utc>, Error> {
    let counts_from = forget(pool, from).await?;
    loop {
        let Folded { records, is_behind } = fold(pool, AT_ONCE).await?;
        told(records);
        if !is_behind {
            return Ok(counts_from);
        }
        if records == 0 {
            tokio::time::sleep(WAIT).await;
        }
    }
}

/// Forgets what was counted from the beginning of the day of a time on (UTC), so that it is counted again. Returns that time.
///
/// # Errors
/// The database failed, and nothing has changed.
pub async fn forget(pool: &Pool, from: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar(sql!("SELECT tasker_f.rebuild_analytics($1)")).bind(from).fetch_one(pool).await?)
}
