//! Handlers: publishes components, and sets the current version of a handler. A task keeps the versions that it was
//! created with.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, types::Json};
use tasker_templates::{did_you_mean, identifier_fault};
use utoipa::ToSchema;

use super::catalog::{Catalog, bump};
use crate::{database::set::sql, error::Error, slice::Slice};

/// A handler of a component, as the component describes it.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema, ToSchema)]
pub struct PublishedHandler {
    /// Its name.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<Value>,
    /// JSON Schema of its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result_schema: Option<Value>,
}

/// A component to publish.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ComponentPublication {
    /// Lower-case hexadecimal SHA-256 of its bytes.
    pub digest: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its handlers.
    pub handlers: Vec<PublishedHandler>,
}

/// A published version of a callable.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandlerVersion {
    /// The name that templates use.
    pub callable: String,
    /// The version number, from 1.
    pub version: i32,
    /// The component that contains it: the SHA-256 of its bytes.
    pub component: String,
    /// Its name in that component.
    pub function: String,
    /// Whether new tasks use it.
    pub is_current: bool,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

impl Catalog {
    /// Publishes components. Each handler becomes a new version of its callable, unless this version already exists.
    /// `aliases` maps additional callables to handler names, or to `<digest>/<handler>`. A handler whose name is in several
    /// components has only the callables that `aliases` gives it. With `promote`, new tasks use the new versions.
    ///
    /// # Errors
    /// Handlers of the same name, of which one has no alias.
    pub async fn publish_components(
        &self,
        components: &[ComponentPublication],
        aliases: &BTreeMap<String, String>,
        promote: bool,
    ) -> Result<(), Error> {
        let callables = checked_callables(components, aliases)?;
        let mut transaction = self.publishing().await?;
        for component in components {
            sqlx::query(sql!(
                "INSERT INTO tasker.components (digest, size_bytes, handlers, published_at)
                 VALUES ($1, $2, $3, tasker_f.now()) ON CONFLICT (digest) DO NOTHING"
            ))
            .bind(&component.digest)
            .bind(component.size_bytes as i64)
            .bind(Json(&component.handlers))
            .execute(&mut *transaction)
            .await?;
        }
        let mut changed = false;
        for (callable, digest, function) in callables {
            let version: i32 = sqlx::query_scalar(
                sql!("WITH known AS (
                     SELECT version FROM tasker.handler_versions
                     WHERE callable = $1 AND component = $2 AND function = $3
                 ), added AS (
                     INSERT INTO tasker.handler_versions (callable, version, component, function, published_at)
                     SELECT $1, coalesce((SELECT max(version) FROM tasker.handler_versions WHERE callable = $1), 0) + 1,
                            $2, $3, tasker_f.now()
                     WHERE NOT EXISTS (SELECT 1 FROM known)
                     RETURNING version
                 ) SELECT version FROM known UNION ALL SELECT version FROM added"),
            )
            .bind(callable)
            .bind(digest)
            .bind(function)
            .fetch_one(&mut *transaction)
            .await?;
            changed |= set_current(&mut transaction, callable, version, promote).await?;
        }
        if changed {
            bump(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Starts a publication's transaction and locks the catalog: versions get numbers without gaps, and publications
    /// cannot deadlock.
    async fn publishing(&self) -> Result<sqlx::PgTransaction<'static>, Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT 1 FROM tasker.catalog FOR UPDATE").execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// Makes a version of a handler current: new tasks use it.
    pub async fn promote_handler(&self, callable: &str, version: i32) -> Result<(), Error> {
        let known = self.handler_versions(callable, Slice::all()).await?;
        if !known.iter().any(|known| known.version == version) {
            let known: Vec<String> = known.iter().map(|known| known.version.to_string()).collect();
            let message =
                format!("handler `{callable}` has no version {version}; it has {}", known.join(", "));
            return Err(Error::Refused(message));
        }
        let mut transaction = self.publishing().await?;
        if set_current(&mut transaction, callable, version, true).await? {
            bump(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Makes the version current that was current before the last promotion. Returns it.
    pub async fn roll_back_handler(&self, callable: &str) -> Result<i32, Error> {
        self.handler_versions(callable, Slice::all()).await?;
        let mut transaction = self.publishing().await?;
        let back: Option<i32> = sqlx::query_scalar(
            sql!("UPDATE tasker.handlers SET version = previous_version, previous_version = version, promoted_at = tasker_f.now()
             WHERE callable = $1 AND previous_version IS NOT NULL RETURNING version"),
        )
        .bind(callable)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(version) = back else {
            let message = format!("handler `{callable}` has no earlier version to roll back to");
            return Err(Error::Refused(message));
        };
        bump(&mut transaction).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// Returns the versions of a handler, newest first.
    pub async fn handler_versions(
        &self,
        callable: &str,
        slice: Slice<i32>,
    ) -> Result<Vec<HandlerVersion>, Error> {
        let rows = sqlx::query(
            "SELECT v.*, coalesce(h.version = v.version, false) AS is_current
             FROM tasker.handler_versions v LEFT JOIN tasker.handlers h USING (callable)
             WHERE v.callable = $1 AND ($2::integer IS NULL OR v.version < $2) ORDER BY v.version DESC LIMIT $3",
        )
        .bind(callable)
        .bind(slice.after)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        if rows.is_empty() && slice.after.is_none() {
            let names: Vec<String> =
                sqlx::query_scalar("SELECT callable FROM tasker.handlers ORDER BY callable")
                    .fetch_all(&self.pool)
                    .await?;
            return Err(Error::NoSuchHandler {
                callable: callable.to_owned(),
                hint: did_you_mean(callable, &names),
            });
        }
        let read = |row: &sqlx::postgres::PgRow| {
            Ok(HandlerVersion {
                callable: row.try_get("callable")?,
                version: row.try_get("version")?,
                component: row.try_get("component")?,
                function: row.try_get("function")?,
                is_current: row.try_get("is_current")?,
                published_at: row.try_get("published_at")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Returns the names by which templates can use the handlers of these components.
///
/// # Errors
/// As for [`Catalog::publish_components`].
pub(crate) fn callable_names(
    components: &[ComponentPublication],
    aliases: &BTreeMap<String, String>,
) -> Result<Vec<String>, Error> {
    let callables = checked_callables(components, aliases)?;
    Ok(callables.into_iter().map(|(callable, ..)| callable.to_owned()).collect())
}

/// As [`callables`], if their names are allowed.
fn checked_callables<'a>(
    components: &'a [ComponentPublication],
    aliases: &'a BTreeMap<String, String>,
) -> Result<Vec<(&'a str, &'a str, &'a str)>, Error> {
    let callables = callables(components, aliases)?;
    for (callable, _, function) in &callables {
        // An alias may be a callable of an earlier version of Tasker.
        if callable == function
            && let Some(fault) = identifier_fault(function)
        {
            return Err(Error::Refused(format!("the name of the handler `{function}` {fault}")));
        }
    }
    Ok(callables)
}

/// Returns the callables of these components: each with the digest of its component and its name there.
fn callables<'a>(
    components: &'a [ComponentPublication],
    aliases: &'a BTreeMap<String, String>,
) -> Result<Vec<(&'a str, &'a str, &'a str)>, Error> {
    let held: Vec<(&str, &str)> = components
        .iter()
        .flat_map(|component| {
            component.handlers.iter().map(|handler| (component.digest.as_str(), handler.name.as_str()))
        })
        .collect();
    let mut found = Vec::new();
    for (alias, target) in aliases {
        let is_meant = |&&(digest, function): &&(&str, &str)| {
            function == target || target.split_once('/') == Some((digest, function))
        };
        found
            .extend(held.iter().find(is_meant).map(|&(digest, function)| (alias.as_str(), digest, function)));
    }
    for &(digest, function) in &held {
        match held.iter().find(|(other, name)| *name == function && *other != digest) {
            None => found.push((function, digest, function)),
            Some((other, _)) if !found.iter().any(|&(_, of, named)| (of, named) == (digest, function)) => {
                let message = format!(
                    "the components {} and {} both contain a handler `{function}`, and the first has no other name for it",
                    digest.get(..12).unwrap_or(digest),
                    other.get(..12).unwrap_or(other)
                );
                return Err(Error::Refused(message));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// Makes a version current if `promote` is set or no version is current. Returns whether anything changed.
async fn set_current(
    transaction: &mut sqlx::PgTransaction<'_>,
    callable: &str,
    version: i32,
    promote: bool,
) -> Result<bool, Error> {
    let done = sqlx::query(sql!(
        "INSERT INTO tasker.handlers AS h (callable, version, promoted_at) VALUES ($1, $2, tasker_f.now())
         ON CONFLICT (callable) DO UPDATE SET version = excluded.version, previous_version = h.version,
             promoted_at = excluded.promoted_at
         WHERE $3 AND h.version <> excluded.version"
    ))
    .bind(callable)
    .bind(version)
    .bind(promote)
    .execute(&mut **transaction)
    .await?;
    Ok(done.rows_affected() > 0)
}
