//! Queues, leases and an outlet for events in PostgreSQL: PGMQ, woken by `LISTEN`, with polling behind it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{PgPool, Row, postgres::PgListener};
use tokio::sync::Notify;

use crate::{
    Claim, Delivery, DeliveryError, LeaseError, LeaseStore, Message, OutgoingEvent, Outlet, Queue,
    QueueError, Receipt, receives::Receives,
};

/// The queue of steps to run.
pub const STEPS_QUEUE: &str = "tasker_steps";
/// The queue of reports to the orchestrator.
pub const REPORTS_QUEUE: &str = "tasker_reports";

/// How long to wait for a notification before looking anyway: one may be lost with its connection.
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

    /// A queue to receive from: keeps one connection listening for arrivals.
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

    /// How long until the next hidden message becomes visible.
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

    /// Moves the visibility of deliveries that are still the receiver's: the read count tells, because every
    /// delivery raises it.
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

/// Message ids and read counts of receipts; one that is not ours becomes an id that no message has.
fn split(receipts: &[Receipt]) -> (Vec<i64>, Vec<i32>) {
    receipts
        .iter()
        .map(|receipt| {
            let (id, count) = receipt.0.split_once('.').unwrap_or_default();
            (id.parse().unwrap_or(-1), count.parse().unwrap_or(-1))
        })
        .unzip()
}

/// Wakes the receiver whenever a message arrives, and reconnects for as long as it takes.
async fn listen(pool: PgPool, name: &'static str, arrived: Arc<Notify>) {
    loop {
        if let Err(error) = listen_once(&pool, name, &arrived).await {
            tracing::warn!(queue = name, %error, "lost the connection that listens for messages; polling meanwhile");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn listen_once(pool: &PgPool, name: &str, arrived: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(name).await?;
    // What arrived while nobody listened.
    arrived.notify_one();
    loop {
        listener.recv().await?;
        arrived.notify_one();
    }
}

#[async_trait]
impl Queue for PgmqQueue {
    fn max_body_bytes(&self) -> usize {
        // PostgreSQL takes far more; larger rows cost more than a blob.
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
        // One call per distinct delay, because PGMQ's batch has one; nearly always there is one. A body is stored as
        // a JSON string: as an object it would lose what jsonb cannot hold, such as \u0000.
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
        // Others wait for a notification, and an update of the table sends none by itself.
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(self.table.name)
            .execute(&self.table.pool)
            .await
            .map(drop)
            .map_err(|error| self.table.unavailable(error))
    }
}

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

/// Takes events to queues of PGMQ, for whoever reads PostgreSQL: target `{"queue": "order_events"}`. The queue is made
/// when it is subscribed.
#[derive(Debug, Clone)]
pub struct PgmqOutlet {
    pool: PgPool,
}

impl PgmqOutlet {
    /// An outlet to queues of this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl Outlet for PgmqOutlet {
    async fn prepare(&self, target: &serde_json::Value) -> Result<serde_json::Value, DeliveryError> {
        let queue = event_queue(target)?;
        sqlx::query("SELECT pgmq.create($1)")
            .bind(&queue)
            .execute(&self.pool)
            .await
            .map_err(|error| DeliveryError(format!("queue `{queue}` could not be made: {error}")))?;
        Ok(target.clone())
    }

    async fn deliver(&self, target: &serde_json::Value, event: &OutgoingEvent) -> Result<(), DeliveryError> {
        let queue = event_queue(target)?;
        sqlx::query("SELECT pgmq.send($1, $2::jsonb)")
            .bind(&queue)
            .bind(&event.body)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| DeliveryError(format!("queue `{queue}`: {error}")))
    }
}

/// The name in a target. Tasker's own queues are nobody else's.
fn event_queue(target: &serde_json::Value) -> Result<String, DeliveryError> {
    let named =
        target.as_object().filter(|target| target.len() == 1).and_then(|target| target["queue"].as_str());
    let valid = |name: &&str| {
        (1..=40).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !name.starts_with("tasker_")
    };
    named.filter(valid).map(str::to_owned).ok_or_else(|| {
        DeliveryError(
            "the target of a queue is {queue}: up to 40 lower-case letters, digits and underscores, not beginning with \
             `tasker_`"
                .to_owned(),
        )
    })
}
