//! Requests that may be repeated: with an idempotency key a request acts once, and each repetition gets the first response.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use tasker_pool::Pool;

use crate::{database::set::sql, error::Error};

/// How long a request counts as being worked on. The process that did may have died.
const WORKED_ON_SECONDS: i32 = 120;
/// How long responses are kept, in hours.
const KEPT_HOURS: i32 = 24;
/// How many old ones one call deletes.
const AT_ONCE: i64 = 10_000;

/// The requests with an idempotency key.
#[derive(Debug)]
pub struct Repeatable {
    pool: Pool,
}

/// A request with an idempotency key.
#[derive(Debug, Clone)]
pub struct RepeatableRequest {
    /// Who sends it: keys of different principals are different.
    pub principal: String,
    /// Its idempotency key.
    pub key: String,
    /// A hash of everything else in it.
    pub hash: Vec<u8>,
}

/// A request that is being worked on. Another one may take it over after two minutes.
#[derive(Debug, Clone)]
pub struct BegunRequest {
    request: RepeatableRequest,
    at: DateTime<Utc>,
}

/// What is to be done with a request.
#[derive(Debug, Clone)]
pub enum Repetition {
    /// Work on it: it is the first, or the one before has failed on the way.
    First(BegunRequest),
    /// Return this status and body again.
    Again(u16, String),
    /// The first one is being worked on.
    InProgress,
    /// Another request had this key.
    Another,
}

impl Repeatable {
    /// The requests in this database.
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Notes that a request is being worked on, unless it was sent before.
    pub async fn begin(&self, request: &RepeatableRequest) -> Result<Repetition, Error> {
        let begun = sqlx::query(sql!(
            "INSERT INTO tasker.repeatable_requests AS known (principal, key, request_hash, at)
             VALUES ($1, $2, $3, tasker_f.now())
             ON CONFLICT (principal, key) DO UPDATE SET request_hash = excluded.request_hash, at = excluded.at, status = NULL,
                 body = NULL
             WHERE known.at <= tasker_f.now() - $5 * interval '1 hour'
                OR known.request_hash = excluded.request_hash AND known.status IS NULL
                   AND known.at <= tasker_f.now() - $4 * interval '1 second'
             RETURNING at"
        ))
        .bind(&request.principal)
        .bind(&request.key)
        .bind(&request.hash)
        .bind(WORKED_ON_SECONDS)
        .bind(KEPT_HOURS)
        .fetch_optional(&self.pool)
        .await?;
        if let Some(begun) = begun {
            let at = begun.try_get("at")?;
            return Ok(Repetition::First(BegunRequest { request: request.clone(), at }));
        }
        let known = sqlx::query(
            "SELECT request_hash, status, body FROM tasker.repeatable_requests WHERE principal = $1 AND key = $2",
        )
        .bind(&request.principal)
        .bind(&request.key)
        .fetch_optional(&self.pool)
        .await?;
        // It was forgotten in between: the client repeats it once more.
        let Some(known) = known else { return Ok(Repetition::InProgress) };
        if known.try_get::<Vec<u8>, _>("request_hash")? != request.hash {
            return Ok(Repetition::Another);
        }
        let status: Option<i16> = known.try_get("status")?;
        let body: Option<String> = known.try_get("body")?;
        Ok(status.map_or(Repetition::InProgress, |status| {
            Repetition::Again(status.unsigned_abs(), body.unwrap_or_default())
        }))
    }

    /// Keeps the response of a request that was begun.
    pub async fn end(&self, begun: &BegunRequest, status: u16, body: &str) -> Result<(), Error> {
        sqlx::query(
            "UPDATE tasker.repeatable_requests SET status = $4, body = $5
             WHERE principal = $1 AND key = $2 AND at = $3 AND status IS NULL",
        )
        .bind(&begun.request.principal)
        .bind(&begun.request.key)
        .bind(begun.at)
        .bind(status.cast_signed())
        .bind(body)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets a request that was begun and did nothing, so that it can be repeated.
    pub async fn forget_request(&self, begun: &BegunRequest) -> Result<(), Error> {
        sqlx::query(
            "DELETE FROM tasker.repeatable_requests WHERE principal = $1 AND key = $2 AND at = $3 AND status IS NULL",
        )
        .bind(&begun.request.principal)
        .bind(&begun.request.key)
        .bind(begun.at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Deletes some of the responses that are too old.
    pub async fn forget(&self) -> Result<(), Error> {
        sqlx::query(sql!(
            "DELETE FROM tasker.repeatable_requests WHERE (principal, key) IN (
                 SELECT principal, key FROM tasker.repeatable_requests WHERE at < tasker_f.now() - $1 * interval '1 hour'
                 ORDER BY at LIMIT $2)"
        ))
        .bind(KEPT_HOURS)
        .bind(AT_ONCE)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
