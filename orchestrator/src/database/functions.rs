//! Installs this build's set of SQL functions, and drops sets that no process uses.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, raw_sql};
use tasker_pool::Pool;

use super::set::{FUNCTION_SET, sql};
use crate::error::Error;

/// The SQL of all functions and types of the set.
const SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/functions.sql"));
/// How often a process records that it uses its set. An unused set is dropped after a week.
const RECORD_INTERVAL: Duration = Duration::from_secs(6 * 3600);
/// The key of the advisory lock under which a set is installed.
const INSTALLATION: i64 = 0x7461_736b_5f66;

/// Installs this build's functions if they are missing, and records that they are in use.
///
/// # Errors
/// The database failed, or the role may not create schemas.
pub(crate) async fn install(connection: &mut PgConnection) -> Result<(), Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(INSTALLATION).execute(&mut *transaction).await?;
    let is_there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)")
        .bind(FUNCTION_SET)
        .fetch_one(&mut *transaction)
        .await?;
    if !is_there {
        // Functions call each other in any order, so their bodies are checked at run time (and all of them by a
        // test).
        raw_sql("SET LOCAL check_function_bodies = off").execute(&mut *transaction).await?;
        raw_sql(sql!("CREATE SCHEMA tasker_f")).execute(&mut *transaction).await?;
        raw_sql(SOURCE).execute(&mut *transaction).await?;
        raw_sql(sql!("SELECT tasker_f.grant_functions()")).execute(&mut *transaction).await?;
    }
    sqlx::query(sql!(
        "INSERT INTO tasker.function_sets (name, installed_at, last_used_at) VALUES ($1, tasker_f.now(), clock_timestamp())
         ON CONFLICT (name) DO UPDATE SET last_used_at = excluded.last_used_at"
    ))
    .bind(FUNCTION_SET)
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// Keeps this process's set in use, and drops unused sets.
#[derive(Debug, Default)]
pub(crate) struct FunctionSetUse(Mutex<Option<Instant>>);

impl FunctionSetUse {
    /// Records the use, unless this process did so within [`RECORD_INTERVAL`]. A failure is logged, because nothing else
    /// may wait for it; the next call tries again.
    pub(crate) async fn note(&self, pool: &Pool) {
        let is_due = |noted: &Option<Instant>| noted.is_none_or(|at| at.elapsed() >= RECORD_INTERVAL);
        if is_due(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
            && let Err(error) = self.record(pool).await
        {
            tracing::warn!(%error, "the use of this build's functions could not be recorded; trying again");
        }
    }

    async fn record(&self, pool: &Pool) -> Result<(), Error> {
        let retired: Vec<String> =
            sqlx::query_scalar(sql!("SELECT tasker_f.retire_function_sets()")).fetch_one(pool).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if !retired.is_empty() {
            tracing::info!(?retired, "dropped function sets that no process has used for a week");
        }
        Ok(())
    }
}
