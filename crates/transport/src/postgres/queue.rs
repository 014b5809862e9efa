//! A PGMQ queue. `LISTEN` wakes the receiver; polling covers lost notifications.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::{PgPool, Row, postgres::PgListener};
use tokio::sync::Notify;

use crate::{Delivery, Message, Queue, QueueError, Receipt, receives::Receives};

/// The queue of steps to run.
pub const STEPS_QUEUE: &str = "tasker_steps";
/// The queue of reports to the orchestrator.
pub const REPORTS_QUEUE: &str = "tasker_reports";

/// The polling interval. A notification may be lost with its connection.
const POLL: Duration = Duration::from_secs(1);

/// A PGMQ queue.
#[derive(Debug)]
pub struct PgmqQueue {
    table: Table,
    arrived: Arc<Notify>,
    listener: Option<tokio::task::JoinHandle<()>>,
    receives: Receives,
}

impl PgmqQueue {
    /// A queue to send to.
    pub fn sender(pool: PgPool, name: &'static str, visibility: Duration) -> Self {
        let table = Table { pool, name, visibility };
        Self { table, arrived: Arc::default(), listener: None, receives: Receives::default() }
    }

    /// A queue to receive from. Keeps one connection open for `LISTEN`.
    pub fn receiver(pool: PgPool, name: &'static str, visibility: Duration) -> Self {
        let arrived: Arc<Notify> = Arc::default();
        let listener = tokio::spawn(listen(pool.clone(), name, Arc::clone(&arrived)));
        let table = Table { pool, name, visibility };
        Self { table, arrived, listener: Some(listener), receives: Receives::default() }
    }
}

/// The table of a queue.
#[derive(Debug, Clone)]
struct Table {
    pool: PgPool,
    name: &'static str,
    visibility: Duration,
}

impl Table {
    fn unavailable(&self, source: sqlx::Error) -> QueueError {
        QueueError::Unavailable { queue: self.name.to_owned(), source: Box::new(source) }
    }

    async fn read(&self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        let rows = sqlx::query("SELECT msg_id, read_ct, message #>> '{}' AS body FROM pgmq.read($1, $2, $3)")
            .bind(self.name)
            .bind(self.visibility.as_secs().max(1) as i32)
            .bind(max as i32)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.unavailable(error))?;
        rows.iter()
            .map(|row| {
                let (id, count): (i64, i32) = (row.try_get("msg_id")?, row.try_get("read_ct")?);
                Ok(Delivery {
                    body: row.try_get::<Option<String>, _>("body")?.unwrap_or_default(),
                    receipt: Receipt(format!("{id}.{count}")),
                    receive_count: count.unsigned_abs(),
                })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|error| self.unavailable(error))
    }

    /// The time until the next hidden message becomes visible.
    async fn until_next(&self) -> Result<Option<Duration>, QueueError> {
        let milliseconds: Option<f64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT (extract(epoch FROM min(vt) - clock_timestamp()) * 1000)::float8 FROM pgmq.q_{}",
            self.name
        )))
        .fetch_one(&self.pool)
        .await
        .map_err(|error| self.unavailable(error))?;
        Ok(milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.max(0.0).ceil() as u64)))
    }

    /// Sets the visibility of deliveries whose receipts are still valid. Every delivery raises the read
    /// count, so the read count identifies it.
    async fn set_visible_in(
        &self,
        receipts: &[Receipt],
        delay: Duration,
    ) -> Result<Vec<Receipt>, QueueError> {
        let (ids, counts) = split(receipts);
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE pgmq.q_{} q SET vt = clock_timestamp() + interval '1 millisecond' * $3 \
             FROM unnest($1::bigint[], $2::integer[]) AS r (msg_id, read_ct) \
             WHERE q.msg_id = r.msg_id AND q.read_ct = r.read_ct \
             RETURNING q.msg_id, q.read_ct",
            self.name
        )))
        .bind(ids)
        .bind(counts)
        .bind(delay.as_millis() as i64)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.unavailable(error))?;
        rows.iter()
            .map(|row| {
                let (id, count): (i64, i32) = (row.try_get(0)?, row.try_get(1)?);
                Ok(Receipt(format!("{id}.{count}")))
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|error| self.unavailable(error))
    }
}

impl Drop for PgmqQueue {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

/// Splits receipts into message ids and read counts. An invalid receipt becomes an id that no message has.
fn split(receipts: &[Receipt]) -> (Vec<i64>, Vec<i32>) {
    receipts
        .iter()
        .map(|receipt| {
            let (id, count) = receipt.0.split_once('.').unwrap_or_default();
            (id.parse().unwrap_or(-1), count.parse().unwrap_or(-1))
        })
        .unzip()
}

/// Wakes the receiver when a message arrives. Reconnects after errors.
async fn listen(pool: PgPool, name: &'static str, arrived: Arc<Notify>) {
    loop {
        if let Err(error) = listen_once(&pool, name, &arrived).await {
            tracing::warn!(queue = name, %error, "lost the LISTEN connection; polling until it is back");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn listen_once(pool: &PgPool, name: &str, arrived: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(name).await?;
    // Messages may have arrived before `LISTEN`.
    arrived.notify_one();
    loop {
        listener.recv().await?;
        arrived.notify_one();
    }
}

#[async_trait]
impl Queue for PgmqQueue {
    fn max_body_bytes(&self) -> usize {
        // PostgreSQL accepts far more, but larger rows cost more than a blob.
        256 << 10
    }

    fn visibility(&self) -> Duration {
        self.table.visibility
    }

    async fn backlog(&self) -> Result<u64, QueueError> {
        let waiting: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT count(*) FROM pgmq.q_{} WHERE vt <= clock_timestamp()",
            self.table.name
        )))
        .fetch_one(&self.table.pool)
        .await
        .map_err(|error| self.table.unavailable(error))?;
        Ok(waiting.unsigned_abs())
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let limit = self.max_body_bytes();
        if let Some(long) = messages.iter().find(|message| message.body.len() > limit) {
            return Err(QueueError::TooLong {
                queue: self.table.name.to_owned(),
                size: long.body.len(),
                limit,
            });
        }
        let (bodies, delays): (Vec<String>, Vec<i64>) =
            messages.into_iter().map(|message| (message.body, message.delay.as_millis() as i64)).unzip();
        // PGMQ takes one delay per batch, so this is one call per distinct delay, usually one. Bodies are
        // stored as JSON strings, because a jsonb object cannot contain \u0000.
        sqlx::query(
            "WITH sent AS (
                SELECT count(*) AS sent FROM (
                    SELECT array_agg(to_jsonb(body)) AS bodies, delay
                    FROM unnest($2::text[], $3::bigint[]) AS m (body, delay) GROUP BY delay) AS b
                CROSS JOIN LATERAL pgmq.send_batch(
                    $1, b.bodies, clock_timestamp() + interval '1 millisecond' * b.delay) AS send)
            SELECT pg_notify($1, '') FROM sent",
        )
        .bind(self.table.name)
        .bind(bodies)
        .bind(delays)
        .execute(&self.table.pool)
        .await
        .map(drop)
        .map_err(|error| self.table.unavailable(error))
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let give_up = tokio::time::Instant::now() + wait;
        loop {
            let arrived = self.arrived.notified();
            let (reader, owner) = (self.table.clone(), self.table.clone());
            let deliveries = self.receives.run(
                async move { reader.read(max).await },
                async move |receipts: Vec<Receipt>| {
                    owner.set_visible_in(&receipts, Duration::ZERO).await.map(drop)
                },
            );
            let deliveries = deliveries.await.unwrap_or_else(|| Ok(Vec::new()))?;
            let now = tokio::time::Instant::now();
            if !deliveries.is_empty() || now >= give_up {
                return Ok(deliveries);
            }
            let next = self.table.until_next().await?.unwrap_or(POLL).clamp(Duration::from_millis(1), POLL);
            let _ = tokio::time::timeout_at((now + next).min(give_up), arrived).await;
        }
    }

    async fn end_receiving(&self) {
        self.receives.end().await;
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        self.table.set_visible_in(receipts, self.table.visibility).await
    }

    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        let (ids, counts) = split(receipts);
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "DELETE FROM pgmq.q_{} q USING unnest($1::bigint[], $2::integer[]) AS r (msg_id, read_ct) \
             WHERE q.msg_id = r.msg_id AND q.read_ct = r.read_ct",
            self.table.name
        )))
        .bind(ids)
        .bind(counts)
        .execute(&self.table.pool)
        .await
        .map(drop)
        .map_err(|error| self.table.unavailable(error))
    }

    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError> {
        self.table.set_visible_in(receipts, delay).await?;
        // Wakes waiting receivers: an update of the table sends no notification.
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(self.table.name)
            .execute(&self.table.pool)
            .await
            .map(drop)
            .map_err(|error| self.table.unavailable(error))
    }
}
