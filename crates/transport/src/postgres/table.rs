//! The table of a PGMQ queue, and the statements on it.
//!
//! They have the effect of PGMQ's functions, which build and plan their statements anew in every call. Consumers of other
//! queues use those functions on the same tables.

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use tasker_pool::Pool;

use crate::{Delivery, Depth, QueueError, Receipt};

/// Whether a statement waits until the disk has its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Yes.
    Disk,
    /// No: a crash of the server may lose the last second. For a queue whose messages its sender can send again, and whose
    /// receiver can get a message twice.
    Memory,
}

/// How many messages are counted, the oldest ones: a count of millions would read all of them.
const MOST_COUNTED: u32 = 100_000;

/// The table of a queue. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) pool: Pool,
    pub(super) name: &'static str,
    pub(super) visibility: Duration,
    statements: Arc<Statements>,
}

/// The texts of the statements, the keys of the connections' caches.
#[derive(Debug)]
struct Statements {
    read: Arc<str>,
    acknowledge_and_read: Arc<str>,
    send: Arc<str>,
    acknowledge: Arc<str>,
    set_visible: Arc<str>,
    backlog: Arc<str>,
    depth: Arc<str>,
}

/// Messages, and the time until the next hidden one is visible if there are none.
pub(super) type Read = (Vec<Delivery>, Option<Duration>);

/// The first CTEs of a statement: `received` are up to `$2` messages, now invisible for `$1` milliseconds; `next` is one row,
/// with the time until the next message is visible if there are none.
fn receiving(queue: &str, durability: Durability) -> String {
    format!(
        "WITH due AS (
            SELECT msg_id FROM pgmq.q_{queue}
            WHERE {} AND vt <= clock_timestamp()
            ORDER BY msg_id LIMIT $2 FOR UPDATE SKIP LOCKED
        ), received AS (
            UPDATE pgmq.q_{queue} q
            SET vt = clock_timestamp() + interval '1 millisecond' * $1, read_ct = q.read_ct + 1,
                last_read_at = clock_timestamp()
            -- Always by the key: the planner knows neither number.
            WHERE q.msg_id = ANY (ARRAY (SELECT msg_id FROM due))
            RETURNING q.msg_id, q.read_ct, q.message #>> '{{}}' AS body
        ), next AS (
            SELECT CASE WHEN NOT EXISTS (SELECT FROM received) THEN (
                SELECT (extract(epoch FROM min(vt) - clock_timestamp()) * 1000)::float8 FROM pgmq.q_{queue}
            ) END AS milliseconds
        )",
        waiting(durability)
    )
}

/// A condition that is true, and lets the transaction not wait for the disk if it need not.
pub(super) fn waiting(durability: Durability) -> &'static str {
    match durability {
        Durability::Disk => "true",
        Durability::Memory => "(SELECT set_config('synchronous_commit', 'off', true)) = 'off'",
    }
}

/// A CTE that deletes the deliveries with the message ids `$ids` and the read counts `$counts`.
pub(super) fn deleting(queue: &str, ids: &str, counts: &str, durability: Durability) -> String {
    format!(
        "deleted AS (
            DELETE FROM pgmq.q_{queue} WHERE {} AND msg_id = ANY (ARRAY ({}))
        )",
        waiting(durability),
        locking(queue, ids, counts)
    )
}

/// A query that locks the deliveries whose receipts are still valid and returns their message ids. Every delivery raises the
/// read count, so the read count identifies it. In one order, so that two statements on the same messages cannot deadlock.
fn locking(queue: &str, ids: &str, counts: &str) -> String {
    format!(
        "SELECT l.msg_id FROM pgmq.q_{queue} l
         WHERE l.msg_id = ANY ({ids}::bigint[])
           AND (l.msg_id, l.read_ct) IN (SELECT * FROM unnest({ids}::bigint[], {counts}::integer[]))
         ORDER BY l.msg_id FOR UPDATE"
    )
}

impl Statements {
    fn new(queue: &str, durability: Durability) -> Self {
        let receiving = receiving(queue, durability);
        let received = "SELECT msg_id, read_ct, body, NULL::float8 FROM received
            UNION ALL SELECT NULL, NULL, NULL, milliseconds FROM next";
        let done = deleting(queue, "$3", "$4", durability);
        Self {
            read: format!("{receiving} {received}").into(),
            acknowledge_and_read: format!("{receiving}, {done} {received}").into(),
            // A jsonb object cannot contain \u0000, so a body is stored as a JSON string.
            send: format!(
                "INSERT INTO pgmq.q_{queue} (vt, message)
                 SELECT clock_timestamp() + interval '1 millisecond' * delay, to_jsonb(body)
                 FROM unnest($1::text[], $2::bigint[]) AS m (body, delay)
                 WHERE {}",
                waiting(durability)
            )
            .into(),
            acknowledge: format!("WITH {} SELECT 1", deleting(queue, "$1", "$2", durability)).into(),
            set_visible: format!(
                "UPDATE pgmq.q_{queue} q SET vt = clock_timestamp() + interval '1 millisecond' * $3
                 WHERE q.msg_id = ANY (ARRAY ({}))
                 RETURNING q.msg_id, q.read_ct",
                locking(queue, "$1", "$2")
            )
            .into(),
            backlog: format!("SELECT count(*) FROM pgmq.q_{queue} WHERE vt <= clock_timestamp()").into(),
            depth: format!(
                "SELECT count(*) FILTER (WHERE vt <= clock_timestamp()), count(*) FILTER (WHERE vt > clock_timestamp() AND read_ct = 0),
                     count(*) FILTER (WHERE vt > clock_timestamp() AND read_ct > 0),
                     (extract(epoch FROM clock_timestamp() - min(enqueued_at) FILTER (WHERE vt <= clock_timestamp())))::float8
                 FROM (SELECT vt, read_ct, enqueued_at FROM pgmq.q_{queue} ORDER BY msg_id LIMIT {MOST_COUNTED}) AS oldest"
            )
            .into(),
        }
    }
}

impl Table {
    pub(super) fn new(pool: Pool, name: &'static str, visibility: Duration, durability: Durability) -> Self {
        let statements = Arc::new(Statements::new(name, durability));
        Self { pool, name, visibility, statements }
    }

    pub(super) fn unavailable(&self, source: sqlx::Error) -> QueueError {
        QueueError::Unavailable { queue: self.name.to_owned(), source: Box::new(source) }
    }

    /// Deletes deliveries, and reads up to `max` messages.
    pub(super) async fn acknowledge_and_read(
        &self,
        done: &[Receipt],
        max: usize,
    ) -> Result<Read, QueueError> {
        let statement =
            if done.is_empty() { &self.statements.read } else { &self.statements.acknowledge_and_read };
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(statement)))
            .bind(self.visibility.as_millis() as i64)
            .bind(max as i64);
        if !done.is_empty() {
            let (ids, counts) = split(done);
            query = query.bind(ids).bind(counts);
        }
        let rows = query.fetch_all(&self.pool).await.map_err(|error| self.unavailable(error))?;
        read(&rows).map_err(|error| self.unavailable(error))
    }

    pub(super) async fn send(&self, bodies: Vec<String>, delays: Vec<i64>) -> Result<(), QueueError> {
        sqlx::query(AssertSqlSafe(Arc::clone(&self.statements.send)))
            .bind(bodies)
            .bind(delays)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.unavailable(error))
    }

    pub(super) async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        let (ids, counts) = split(receipts);
        sqlx::query(AssertSqlSafe(Arc::clone(&self.statements.acknowledge)))
            .bind(ids)
            .bind(counts)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.unavailable(error))
    }

    /// Sets the visibility of deliveries whose receipts are still valid.
    pub(super) async fn set_visible_in(
        &self,
        receipts: &[Receipt],
        delay: Duration,
    ) -> Result<Vec<Receipt>, QueueError> {
        let (ids, counts) = split(receipts);
        let rows = sqlx::query(AssertSqlSafe(Arc::clone(&self.statements.set_visible)))
            .bind(ids)
            .bind(counts)
            .bind(delay.as_millis() as i64)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.unavailable(error))?;
        let receipts = rows.iter().map(|row| Ok(receipt(row.try_get(0)?, row.try_get(1)?)));
        receipts.collect::<Result<_, sqlx::Error>>().map_err(|error| self.unavailable(error))
    }

    pub(super) async fn backlog(&self) -> Result<u64, QueueError> {
        let waiting: i64 = sqlx::query_scalar(AssertSqlSafe(Arc::clone(&self.statements.backlog)))
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.unavailable(error))?;
        Ok(waiting.unsigned_abs())
    }

    pub(super) async fn depth(&self) -> Result<Depth, QueueError> {
        let read = async || {
            let statement = AssertSqlSafe(Arc::clone(&self.statements.depth));
            let row = sqlx::query(statement).fetch_one(&self.pool).await?;
            let oldest: Option<f64> = row.try_get(3)?;
            Ok(Depth {
                ready: row.try_get::<i64, _>(0)?.unsigned_abs(),
                delayed: row.try_get::<i64, _>(1)?.unsigned_abs(),
                in_flight: row.try_get::<i64, _>(2)?.unsigned_abs(),
                oldest: oldest.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()),
            })
        };
        read().await.map_err(|error| self.unavailable(error))
    }
}

/// Splits the rows of a read into messages and the time until the next one, which the last row has.
fn read(rows: &[PgRow]) -> Result<Read, sqlx::Error> {
    let (mut deliveries, mut until_next) = (Vec::with_capacity(rows.len()), None);
    for row in rows {
        if let Some(id) = row.try_get::<Option<i64>, _>(0)? {
            let count: i32 = row.try_get(1)?;
            deliveries.push(Delivery {
                receipt: receipt(id, count),
                receive_count: count.unsigned_abs(),
                body: row.try_get::<Option<String>, _>(2)?.unwrap_or_default(),
            });
        } else {
            let milliseconds: Option<f64> = row.try_get(3)?;
            until_next = milliseconds.map(|wait| Duration::from_millis(wait.max(0.0).ceil() as u64));
        }
    }
    Ok((deliveries, until_next))
}

fn receipt(id: i64, count: i32) -> Receipt {
    Receipt(format!("{id}.{count}"))
}

/// Splits receipts into message ids and read counts. An invalid receipt becomes an id that no message has.
pub(super) fn split<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> (Vec<i64>, Vec<i32>) {
    receipts
        .into_iter()
        .map(|receipt| {
            let (id, count) = receipt.0.split_once('.').unwrap_or_default();
            (id.parse().unwrap_or(-1), count.parse().unwrap_or(-1))
        })
        .unzip()
}
