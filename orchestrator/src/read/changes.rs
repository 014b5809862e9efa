//! What has changed in the audit of all tasks since the last reading, without a gap.
//!
//! Records are numbered when they are written and seen when their transaction commits, so a record may appear after one with a
//! higher number. A reading therefore goes back to the last number below which nothing can appear any more: the highest
//! number at some moment, once all transactions of that moment have ended. A transaction that is open for long, in any database of
//! the server, makes readings long, and after 20,000 records a gap.

use std::collections::HashSet;

use sqlx::Row as _;
use tasker_pool::Pool;
use uuid::Uuid;

use crate::error::Error;

/// The maximum number of records of a reading. With more, some are passed over.
const AT_ONCE: usize = 20_000;
/// How far before its first record a reading looks for transactions that were open at its beginning.
const BEFORE: i64 = 10_000;

/// A place in the audit.
#[derive(Debug)]
pub(super) struct Changes {
    /// No record up to this one will appear any more.
    settled: i64,
    /// The highest record at a moment, and the first transaction after that moment.
    mark: (i64, i64),
    /// The records after `settled` that were read.
    read: HashSet<i64>,
    /// Transactions before this one may still have records up to `settled`.
    unsure_before: Option<i64>,
}

/// What a reading found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changed {
    /// The tasks, each once.
    pub(super) tasks: Vec<Uuid>,
    /// Whether records were passed over.
    pub(super) has_gap: bool,
}

/// The audit at a moment.
struct Moment {
    /// Its highest record.
    record: i64,
    /// The oldest transaction that is open, and the first that has not begun.
    oldest: i64,
    next: i64,
}

impl Changes {
    /// Begins at the end of the audit.
    pub(super) async fn begin(pool: &Pool) -> Result<Self, Error> {
        let moment = moment(pool).await?;
        let settled = (moment.record - BEFORE).max(0);
        let read = records(pool, settled).await?.into_iter().map(|(record, _)| record).collect();
        let unsure_before = (settled > 0 && moment.oldest < moment.next).then_some(moment.next);
        Ok(Self { settled, mark: (moment.record, moment.next), read, unsure_before })
    }

    /// The record to go on after, later or elsewhere.
    pub(super) fn settled(&self) -> i64 {
        self.settled
    }

    /// Reads what has appeared since the last reading.
    pub(super) async fn read(&mut self, pool: &Pool) -> Result<Changed, Error> {
        // Before the records: what was committed by then is among them.
        let moment = moment(pool).await?;
        if moment.record < self.settled {
            // Another database, restored from a copy.
            *self = Self::begin(pool).await?;
            return Ok(Changed { tasks: Vec::new(), has_gap: true });
        }
        let found = records(pool, self.settled).await?;
        let mut has_gap = found.len() > AT_ONCE;
        let mut seen = HashSet::new();
        let new = found.iter().filter(|(record, _)| self.read.insert(*record)).map(|(_, task)| *task);
        let tasks = new.filter(|task| seen.insert(*task)).collect();
        if has_gap {
            // A transaction has been open for so long, or so much happens at once.
            self.settled = moment.record;
            self.mark = (moment.record, moment.next);
            self.unsure_before = Some(moment.next);
        } else if moment.oldest >= self.mark.1 {
            self.settled = self.mark.0;
            self.mark = (moment.record, moment.next);
        }
        if !has_gap && self.unsure_before.is_some_and(|next| moment.oldest >= next) {
            // What they have written is nowhere in the readings.
            self.unsure_before = None;
            has_gap = true;
        }
        self.read.retain(|record| *record > self.settled);
        Ok(Changed { tasks, has_gap })
    }
}

/// Returns the tasks with a record after this one.
pub(super) async fn changed_after(pool: &Pool, record: i64) -> Result<Changed, Error> {
    let found = records(pool, record).await?;
    let has_gap = found.len() > AT_ONCE;
    let mut seen = HashSet::new();
    Ok(Changed {
        tasks: found.into_iter().map(|(_, task)| task).filter(|task| seen.insert(*task)).collect(),
        has_gap,
    })
}

async fn moment(pool: &Pool) -> Result<Moment, Error> {
    let row = sqlx::query(
        "SELECT coalesce((SELECT max(audit_id) FROM tasker.audit), 0) AS record,
             pg_snapshot_xmin(now.snapshot)::text::bigint AS oldest, pg_snapshot_xmax(now.snapshot)::text::bigint AS next
         FROM (SELECT pg_current_snapshot() AS snapshot) AS now",
    )
    .fetch_one(pool)
    .await?;
    Ok(Moment { record: row.try_get("record")?, oldest: row.try_get("oldest")?, next: row.try_get("next")? })
}

/// Returns the records after this one with their tasks: the first ones, and one more than are allowed if there are more.
async fn records(pool: &Pool, after: i64) -> Result<Vec<(i64, Uuid)>, Error> {
    let rows = sqlx::query(
        "SELECT audit_id, task_id FROM tasker.audit WHERE audit_id > $1 ORDER BY audit_id LIMIT $2",
    )
    .bind(after)
    .bind(i64::try_from(AT_ONCE + 1).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("audit_id")?, row.try_get("task_id")?))).collect()
}
