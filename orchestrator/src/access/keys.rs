//! API keys: creates, lists, revokes, rotates and verifies them. Only a hash of each is stored.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgTransaction, Row, postgres::PgRow};
use tasker_pool::Pool;
use utoipa::ToSchema;

use super::{
    caller::{Caller, Principal, PrincipalKind},
    grant::Grant,
    kept::Kept,
    key::Key,
};
use crate::{
    database::set::sql,
    error::Error,
    slice::Slice,
    text::{check_identifier, check_name},
};

/// The maximum number of roles, permissions or namespaces of a key, which each verification reads.
const MAX_RIGHTS: usize = 100;
/// How long a key is valid by default.
const DEFAULT_LIFE: TimeDelta = TimeDelta::days(90);
/// How long a key is valid at most, unless it does not expire.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(366);
/// How long a rotated key stays valid at most.
const LONGEST_OVERLAP: TimeDelta = TimeDelta::days(30);

/// A request for a key.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Its name, which the audit shows: letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// Its roles: `viewer`, `auditor`, `submitter`, `operator`, `publisher`, `admin`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Its permissions beside those of its roles: `tasks:read`, `tasks:*`, `tasks:read@shop`.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// The namespaces that it is limited to. None: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
    /// When it expires, at most in 366 days. None: in 90 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it never expires.
    #[serde(default)]
    pub no_expiry: bool,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// What names it: the first 8 characters after `tsk_`.
    pub key_id: String,
    /// Its name.
    pub name: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its permissions beside those of its roles.
    pub permissions: Vec<String>,
    /// The namespaces that it is limited to. None: all.
    pub namespaces: Option<Vec<String>>,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it expires. None: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the hour.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A created key. Nothing returns its secret again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// Its text, to send as `X-API-Key` or `Authorization: Bearer`.
    pub secret: String,
}

/// The API keys of a database.
#[derive(Debug)]
pub struct Keys {
    pool: Pool,
    /// Shared with sessions, which end with their keys.
    pub(super) kept: Arc<Kept>,
}

impl Keys {
    /// The keys of this database.
    pub fn new(pool: Pool) -> Self {
        Self { pool, kept: Arc::default() }
    }

    /// Whether there is any key, also one that has ended: the end of the last must not let everybody in.
    pub async fn is_any(&self) -> Result<bool, Error> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM tasker.api_keys)").fetch_one(&self.pool).await?)
    }

    /// Returns the caller that a key stands for. None if it is unknown, revoked or expired.
    pub async fn verify(&self, text: &str) -> Result<Option<Arc<Caller>>, Error> {
        let Some(key) = Key::read(text) else { return Ok(None) };
        let digest = key.digest();
        self.kept.or_look_up(digest.clone(), self.look_up(key.id(), &digest)).await
    }

    async fn look_up(&self, id: &str, digest: &[u8]) -> Result<Option<Caller>, Error> {
        // By the hash, which nobody can guess part by part, whatever the time of the comparison tells.
        let row = sqlx::query(sql!(
            "SELECT name, roles, permissions, namespaces, expires_at,
                    last_used_at IS NULL OR last_used_at < tasker_f.now() - interval '1 hour' AS is_new_use
             FROM tasker.api_keys
             WHERE key_id = $1 AND digest = $2 AND revoked_at IS NULL
               AND (expires_at IS NULL OR expires_at > tasker_f.now())"
        ))
        .bind(id)
        .bind(digest)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.try_get("is_new_use")? {
            let used = sql!("UPDATE tasker.api_keys SET last_used_at = tasker_f.now() WHERE key_id = $1");
            if let Err(error) = sqlx::query(used).bind(id).execute(&self.pool).await {
                tracing::warn!(key = id, %error, "the use of an API key could not be recorded");
            }
        }
        let (roles, permissions): (Vec<String>, Vec<String>) =
            (row.try_get("roles")?, row.try_get("permissions")?);
        let namespaces: Option<Vec<String>> = row.try_get("namespaces")?;
        // A later release may know others.
        let grant = match Grant::read(&roles, &permissions, namespaces.as_deref()) {
            Ok(grant) => grant,
            Err(error) => {
                tracing::error!(key = id, %error, "an API key grants nothing, because this build does not know all of it");
                Grant::default()
            }
        };
        let principal =
            Principal { kind: PrincipalKind::Key, name: row.try_get("name")?, id: Some(id.to_owned()) };
        Ok(Some(Caller { principal, grant, expires_at: row.try_get("expires_at")? }))
    }

    /// Creates a key.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`], or [`Error::Forbidden`] if it would have more than its creator.
    pub async fn create(&self, request: &NewKey, creator: &Caller) -> Result<CreatedKey, Error> {
        check_identifier("name", &request.name)?;
        let namespaces = request.namespaces.as_deref().unwrap_or_default();
        for (field, texts) in
            [("roles", &request.roles[..]), ("permissions", &request.permissions), ("namespaces", namespaces)]
        {
            if texts.len() > MAX_RIGHTS {
                let message = format!("has {} entries; at most {MAX_RIGHTS} are allowed", texts.len());
                return Err(Error::InvalidRequest { field, message });
            }
            texts.iter().try_for_each(|text| check_name(field, text))?;
        }
        let invalid = |field, message: String| Error::InvalidRequest { field, message };
        let grant = Grant::read(&request.roles, &request.permissions, request.namespaces.as_deref())
            .map_err(|error| invalid(error.field, format!("cannot be given: {error}")))?;
        if grant.permissions().next().is_none() {
            return Err(invalid("roles", "give the key no permission: name roles or permissions".to_owned()));
        }
        if let Some(more) = grant.exceeds(&creator.grant) {
            return Err(Error::Forbidden { permission: more });
        }
        let mut transaction = self.pool.begin().await?;
        let now = now(&mut transaction).await?;
        // No key outlives the one that makes it.
        let latest = creator.expires_at;
        let expires_at = match (request.no_expiry, request.expires_at) {
            (true, Some(_)) => {
                return Err(invalid("no_expiry", "and `expires_at` exclude each other".to_owned()));
            }
            (true, None) => None,
            (false, None) => Some(latest.map_or(now + DEFAULT_LIFE, |latest| latest.min(now + DEFAULT_LIFE))),
            (false, Some(at)) if at > now && at <= now + LONGEST_LIFE => Some(at),
            (false, Some(_)) => {
                return Err(invalid("expires_at", "must be a time within the next 366 days".to_owned()));
            }
        };
        if latest.is_some_and(|latest| expires_at.is_none_or(|at| at > latest)) {
            let message = "must not be later than that of the key that makes the new one".to_owned();
            return Err(invalid("expires_at", message));
        }
        let created = insert(&mut transaction, request, creator, now, expires_at).await?;
        transaction.commit().await?;
        Ok(created)
    }

    /// Returns keys, newest first, by the time of their creation and their id.
    pub async fn list(&self, slice: Slice<(DateTime<Utc>, String)>) -> Result<Vec<ApiKey>, Error> {
        let (at, id) = slice.after.clone().unzip();
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {KEY} FROM tasker.api_keys
             WHERE $1::timestamptz IS NULL OR (created_at, key_id) < ($1, $2)
             ORDER BY created_at DESC, key_id DESC LIMIT $3"
        )))
        .bind(at)
        .bind(id)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Returns a key.
    pub async fn key(&self, id: &str) -> Result<ApiKey, Error> {
        let row =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {KEY} FROM tasker.api_keys WHERE key_id = $1")))
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        row.as_ref().map_or_else(|| Err(Error::NoSuchKey(id.to_owned())), read)
    }

    /// Revokes a key, for good. Other processes refuse it within two seconds.
    pub async fn revoke(&self, id: &str) -> Result<ApiKey, Error> {
        sqlx::query(sql!(
            "UPDATE tasker.api_keys SET revoked_at = tasker_f.now() WHERE key_id = $1 AND revoked_at IS NULL"
        ))
        .bind(id)
        .execute(&self.pool)
        .await?;
        self.kept.forget();
        self.key(id).await
    }

    /// Creates a successor with the same rights and as long a life, and lets the key expire after the overlap.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::Refused`] if it is not valid any more, or [`Error::Forbidden`] if it has more than the
    /// creator.
    pub async fn rotate(&self, id: &str, overlap: Duration, creator: &Caller) -> Result<CreatedKey, Error> {
        let overlap = TimeDelta::from_std(overlap).unwrap_or(TimeDelta::MAX);
        if overlap > LONGEST_OVERLAP {
            let message = "must be at most 30 days".to_owned();
            return Err(Error::InvalidRequest { field: "overlap_seconds", message });
        }
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {KEY}, extract(epoch FROM life)::bigint AS life FROM tasker.api_keys WHERE key_id = $1 FOR UPDATE"
        )))
        .bind(id)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| Error::NoSuchKey(id.to_owned()))?;
        let old = read(&row)?;
        let life: Option<i64> = row.try_get("life")?;
        let now = now(&mut transaction).await?;
        if old.revoked_at.is_some() || old.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::Refused(format!("key {id} is revoked or has expired; create another")));
        }
        let successor = NewKey {
            name: old.name,
            roles: old.roles,
            permissions: old.permissions,
            namespaces: old.namespaces,
            ..NewKey::default()
        };
        let grant = Grant::read(&successor.roles, &successor.permissions, successor.namespaces.as_deref());
        let grant = grant.map_err(|error| Error::Refused(format!("key {id} cannot be rotated: {error}")))?;
        if let Some(more) = grant.exceeds(&creator.grant) {
            return Err(Error::Forbidden { permission: more });
        }
        let expires_at = life.map(|seconds| now + TimeDelta::seconds(seconds));
        // No key makes another live longer than itself, but its own successor.
        let expires_at = match creator.expires_at {
            Some(latest) if creator.principal.id.as_deref() != Some(id) => {
                Some(expires_at.map_or(latest, |at| at.min(latest)))
            }
            _ => expires_at,
        };
        let created = insert(&mut transaction, &successor, creator, now, expires_at).await?;
        sqlx::query("UPDATE tasker.api_keys SET expires_at = least(expires_at, $2) WHERE key_id = $1")
            .bind(id)
            .bind(now + overlap)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.kept.forget();
        Ok(created)
    }
}

async fn now(transaction: &mut PgTransaction<'_>) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar(sql!("SELECT tasker_f.now()")).fetch_one(&mut **transaction).await?)
}

async fn insert(
    transaction: &mut PgTransaction<'_>,
    request: &NewKey,
    creator: &Caller,
    now: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<CreatedKey, Error> {
    let key = Key::random();
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "INSERT INTO tasker.api_keys (key_id, digest, name, roles, permissions, namespaces, created_by, created_at,
                                      expires_at, life)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9 - $8) RETURNING {KEY}"
    )))
    .bind(key.id())
    .bind(key.digest())
    .bind(&request.name)
    .bind(&request.roles)
    .bind(&request.permissions)
    .bind(&request.namespaces)
    .bind(creator.actor(None))
    .bind(now)
    .bind(expires_at)
    .fetch_one(&mut **transaction)
    .await?;
    Ok(CreatedKey { key: read(&row)?, secret: key.into_text() })
}

const KEY: &str = "key_id, name, roles, permissions, namespaces, created_by, created_at, expires_at, last_used_at, revoked_at";

fn read(row: &PgRow) -> Result<ApiKey, Error> {
    Ok(ApiKey {
        key_id: row.try_get("key_id")?,
        name: row.try_get("name")?,
        roles: row.try_get("roles")?,
        permissions: row.try_get("permissions")?,
        namespaces: row.try_get("namespaces")?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        last_used_at: row.try_get("last_used_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}
