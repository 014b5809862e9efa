//! Hosts: which processes run steps, from what they say of themselves.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Row, postgres::PgRow};
use tasker_protocol::HostStatus;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{database::set::sql, engine::Engine, error::Error, read::Reader, slice::Slice, text::printable};

/// How long a host that said nothing is taken for present: three times what lies between two messages.
pub(crate) const SILENT_AFTER: Duration = Duration::from_secs(90);
/// How many hosts are remembered. Of more, nothing is stored.
const MOST: i64 = 10_000;
/// How long a host that is gone is remembered.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// A process that runs steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Host {
    /// The process.
    pub instance: Uuid,
    /// Its name. Several processes may have the same.
    pub name: String,
    /// Whether it is there.
    pub status: HostPresence,
    /// The version of Tasker.
    pub release: String,
    /// The operating system and the processor.
    pub platform: String,
    /// When the process started.
    pub started_at: DateTime<Utc>,
    /// When it was last heard of.
    pub seen_at: DateTime<Utc>,
    /// How many steps it runs at once, at most.
    pub capacity: i32,
    /// How many it ran when it was last heard of.
    pub running: i32,
    /// How many components it had loaded.
    pub components: i32,
    /// Whether it can compile components.
    pub compiles: bool,
    /// The processor time of the process, in milliseconds, where its system tells.
    pub cpu_ms: Option<i64>,
    /// The memory of the process, in bytes, where its system tells.
    pub memory_bytes: Option<i64>,
}

/// Whether a host is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostPresence {
    /// It says so.
    Present,
    /// It has said nothing for a minute and a half, and not that it would leave.
    Silent,
    /// It has ended as it should.
    Left,
}

impl Engine {
    /// Stores what hosts say of themselves.
    pub(crate) async fn note_hosts(&self, hosts: &[HostStatus]) -> Result<(), Error> {
        // What a host says may be anything.
        let now = Utc::now();
        for host in hosts {
            let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
            let large = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            // An older message that arrives later changes nothing: a process that has left does not come back.
            sqlx::query(sql!(
                "INSERT INTO tasker.hosts AS h (instance, name, release, platform, started_at, seen_at, has_left, capacity,
                     running, components, compiles, cpu_ms, memory_bytes)
                 SELECT $1, $2, $3, $4, $5, tasker_f.now(), $6, $7, $8, $9, $10, $11, $12
                 WHERE (SELECT count(*) FROM tasker.hosts) < $13
                     OR EXISTS (SELECT FROM tasker.hosts WHERE instance = $1)
                 ON CONFLICT (instance) DO UPDATE SET seen_at = excluded.seen_at, has_left = excluded.has_left,
                     running = excluded.running, components = excluded.components, cpu_ms = excluded.cpu_ms,
                     memory_bytes = excluded.memory_bytes
                 WHERE NOT h.has_left"
            ))
            .bind(host.instance)
            .bind(printable(&host.host))
            .bind(printable(&host.release))
            .bind(printable(&host.platform))
            .bind(host.started_at.clamp(now - TimeDelta::days(3650), now + TimeDelta::days(1)))
            .bind(host.leaves)
            .bind(number(host.capacity))
            .bind(number(host.running))
            .bind(number(host.components))
            .bind(host.compiles)
            .bind(host.cpu_ms.map(large))
            .bind(host.memory_bytes.map(large))
            .bind(MOST)
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }

    /// Forgets hosts that have been gone for a day.
    pub(crate) async fn forget_hosts(&self) -> Result<(), Error> {
        sqlx::query(sql!(
            "DELETE FROM tasker.hosts WHERE seen_at < tasker_f.now() - interval '1 second' * $1"
        ))
        .bind(REMEMBERED.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl Reader {
    /// Returns the hosts of the last day, sorted by name: those with this name, or all.
    pub async fn hosts(&self, name: Option<&str>, slice: Slice<(String, Uuid)>) -> Result<Vec<Host>, Error> {
        let (after_name, after) = slice.after.clone().unzip();
        let rows = sqlx::query(sql!(
            "SELECT *, CASE WHEN has_left THEN 'left' WHEN seen_at < tasker_f.now() - interval '1 second' * $1 THEN 'silent'
                 ELSE 'present' END AS presence
             FROM tasker.hosts
             WHERE ($2::text IS NULL OR name = $2) AND ($3::uuid IS NULL OR (name, instance) > ($4, $3))
             ORDER BY name, instance LIMIT $5"
        ))
        .bind(SILENT_AFTER.as_secs_f64())
        .bind(name)
        .bind(after)
        .bind(after_name)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(host).collect()
    }
}

fn host(row: &PgRow) -> Result<Host, Error> {
    Ok(Host {
        instance: row.try_get("instance")?,
        name: row.try_get("name")?,
        status: match row.try_get("presence")? {
            "left" => HostPresence::Left,
            "silent" => HostPresence::Silent,
            _ => HostPresence::Present,
        },
        release: row.try_get("release")?,
        platform: row.try_get("platform")?,
        started_at: row.try_get("started_at")?,
        seen_at: row.try_get("seen_at")?,
        capacity: row.try_get("capacity")?,
        running: row.try_get("running")?,
        components: row.try_get("components")?,
        compiles: row.try_get("compiles")?,
        cpu_ms: row.try_get("cpu_ms")?,
        memory_bytes: row.try_get("memory_bytes")?,
    })
}
