//! The trail of access: who changed what through the API, and who was refused.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, postgres::PgRow};
use tasker_pool::Pool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    caller::{Principal, PrincipalKind},
    permission::Permission,
};
use crate::{database::set::sql, error::Error, slice::Slice};

/// How long records are kept, in days.
const KEPT_DAYS: i32 = 400;
/// How many old records one call deletes.
const AT_ONCE: i64 = 10_000;
/// The maximum length of a text that a client chooses, in characters.
const LONGEST: usize = 1000;

/// A request that changed something, or that was refused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Access {
    /// The record: higher ones are later.
    pub access_id: i64,
    /// When the request was answered.
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    #[schema(inline)]
    /// What was requested, and how it ended.
    pub request: AccessRequest,
}

/// A request, and how it ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccessRequest {
    /// The id of the request, as in its response.
    pub request_id: Option<Uuid>,
    /// Who sent it. None if its credentials were not valid.
    pub principal: Option<Principal>,
    /// Whom the principal acted for, as the request says.
    pub on_behalf_of: Option<String>,
    /// The permission that it needs.
    pub permission: String,
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// How it ended.
    pub outcome: AccessOutcome,
    /// The status of the response.
    pub status: u16,
    /// The reason that it gave.
    pub reason: Option<String>,
    /// The address of the client, or of the proxy before the server.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// The program that sent it, as it says.
    pub user_agent: Option<String>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessOutcome {
    /// It did what was asked.
    Ok,
    /// The credentials are not valid, or lack a permission.
    Denied,
    /// It was invalid, or not possible, or Tasker failed.
    Failed,
}

impl AccessOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Ok, Self::Denied, Self::Failed].into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// A filter for the trail.
#[derive(Debug, Clone, Default)]
pub struct AccessFilter {
    /// Only requests of principals with this name.
    pub principal: Option<String>,
    /// Only requests that need this permission.
    pub permission: Option<Permission>,
    /// Only requests that ended so.
    pub outcome: Option<AccessOutcome>,
    /// Only requests at this time or later.
    pub after: Option<DateTime<Utc>>,
    /// Only requests before this time.
    pub before: Option<DateTime<Utc>>,
}

/// The trail of access.
#[derive(Debug)]
pub struct Trail {
    pool: Pool,
}

/// In the place of a principal that is not known.
const NOBODY: &str = "nobody";

impl Trail {
    /// The trail in this database.
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Records a request.
    pub async fn record(&self, request: &AccessRequest) -> Result<(), Error> {
        let principal = request.principal.as_ref();
        sqlx::query(sql!(
            "INSERT INTO tasker.access_audit (at, request_id, principal_kind, principal, principal_id, on_behalf_of, permission,
                 method, path, outcome, status, reason, address, user_agent)
             VALUES (tasker_f.now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::inet, $13)"
        ))
        .bind(request.request_id)
        .bind(principal.map_or(NOBODY, |principal| principal.kind.as_str()))
        .bind(principal.map_or(NOBODY, |principal| principal.name.as_str()))
        .bind(principal.and_then(|principal| principal.id.as_deref()))
        .bind(request.on_behalf_of.as_deref().map(shortened))
        .bind(&request.permission)
        .bind(&request.method)
        .bind(shortened(&request.path))
        .bind(request.outcome.as_str())
        .bind(request.status.cast_signed())
        .bind(request.reason.as_deref().map(shortened))
        .bind(request.address.map(|address| address.to_string()))
        .bind(request.user_agent.as_deref().map(shortened))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Returns the trail, newest first.
    pub async fn list(&self, filter: &AccessFilter, slice: Slice<i64>) -> Result<Vec<Access>, Error> {
        let mut query = QueryBuilder::new(
            "SELECT access_id, at, request_id, principal_kind, principal, principal_id, on_behalf_of, permission, method, path,
                 outcome, status, reason, host(address) AS address, user_agent
             FROM tasker.access_audit WHERE true",
        );
        if let Some(principal) = &filter.principal {
            query.push(" AND principal = ").push_bind(principal);
        }
        if let Some(permission) = filter.permission {
            query.push(" AND permission = ").push_bind(permission.as_str());
        }
        if let Some(outcome) = filter.outcome {
            query.push(" AND outcome = ").push_bind(outcome.as_str());
        }
        if let Some(after) = filter.after {
            query.push(" AND at >= ").push_bind(after);
        }
        if let Some(before) = filter.before {
            query.push(" AND at < ").push_bind(before);
        }
        if let Some(after) = slice.after {
            query.push(" AND access_id < ").push_bind(after);
        }
        query.push(" ORDER BY access_id DESC LIMIT ").push_bind(slice.sql_limit());
        query.build().fetch_all(&self.pool).await?.iter().map(access).collect()
    }

    /// Deletes some of the records that are too old.
    pub async fn forget(&self) -> Result<(), Error> {
        sqlx::query(sql!(
            "DELETE FROM tasker.access_audit WHERE access_id IN (
                 SELECT access_id FROM tasker.access_audit WHERE at < tasker_f.now() - $1 * interval '1 day' ORDER BY at LIMIT $2)"
        ))
        .bind(KEPT_DAYS)
        .bind(AT_ONCE)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn access(row: &PgRow) -> Result<Access, Error> {
    let kind: String = row.try_get("principal_kind")?;
    let outcome: String = row.try_get("outcome")?;
    let principal = match PrincipalKind::from_name(&kind) {
        Some(kind) => {
            Some(Principal { kind, name: row.try_get("principal")?, id: row.try_get("principal_id")? })
        }
        None => None,
    };
    let address: Option<String> = row.try_get("address")?;
    Ok(Access {
        access_id: row.try_get("access_id")?,
        at: row.try_get("at")?,
        request: AccessRequest {
            request_id: row.try_get("request_id")?,
            principal,
            on_behalf_of: row.try_get("on_behalf_of")?,
            permission: row.try_get("permission")?,
            method: row.try_get("method")?,
            path: row.try_get("path")?,
            outcome: AccessOutcome::from_name(&outcome)
                .ok_or_else(|| Error::Damaged(format!("outcome {outcome} of an access")))?,
            status: row.try_get::<i16, _>("status")?.unsigned_abs(),
            reason: row.try_get("reason")?,
            address: address.and_then(|address| address.parse().ok()),
            user_agent: row.try_get("user_agent")?,
        },
    })
}

/// What is stored of a text: neither NUL, which PostgreSQL cannot store, nor more than its maximum length.
fn shortened(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(LONGEST).collect()
}
