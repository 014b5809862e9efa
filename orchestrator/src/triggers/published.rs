//! Published triggers: publishes, lists, enables, disables and caches them.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, postgres::PgRow, types::Json};
use tasker_pool::Pool;
use tasker_templates::{
    did_you_mean,
    trigger::{CompiledTrigger, Trigger},
};
use tasker_transport::BlobStore;
use utoipa::ToSchema;

use crate::{
    access::scope::Scope,
    catalog::{Catalog, Publication, TemplateName},
    database::set::sql,
    engine::Engine,
    error::Error,
    slice::Slice,
};

/// A published trigger.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TriggerSummary {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The version number. Each new content increments it.
    pub version: i32,
    /// Whether it starts tasks: its file enables it, and no operator has disabled it.
    pub enabled: bool,
    /// When an operator disabled it.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When this content was published.
    pub published_at: DateTime<Utc>,
    /// The trigger as written.
    #[schema(value_type = Object)]
    pub definition: Value,
}

impl TriggerSummary {
    /// Parses the definition.
    ///
    /// # Errors
    /// If this release does not understand it, because another release accepted it.
    pub fn trigger(&self) -> Result<Trigger, serde_json::Error> {
        Trigger::deserialize(&self.definition)
    }
}

/// Compiled triggers, and their version of the catalog.
#[derive(Debug, Default)]
pub(crate) struct TriggerCache(RwLock<Option<(i64, Arc<[Ready]>)>>);

/// A trigger in memory.
#[derive(Debug)]
pub(super) struct Ready {
    /// The compiled trigger, or why it cannot be read (another release accepted it). Which events it matches is then
    /// unknown.
    pub(super) compiled: Result<CompiledTrigger, String>,
    pub(super) version: i32,
    pub(super) enabled: bool,
}

/// Triggers, and the incoming events that start tasks.
pub struct Triggers {
    pub(crate) pool: Pool,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) blobs: BlobStore,
    pub(crate) engine: Arc<Engine>,
    pub(crate) cache: TriggerCache,
}

impl Triggers {
    /// Publishes a trigger. Events are matched against this content from now on.
    ///
    /// # Errors
    /// [`Error::NoSuchTemplate`] and [`Error::UnknownHandlers`] if its task cannot be created.
    pub async fn publish_trigger(&self, trigger: &Trigger) -> Result<Publication, Error> {
        if let Err(faults) = compile(trigger.clone()).await {
            return Err(Error::InvalidTrigger { faults });
        }
        self.catalog.refresh().await?;
        self.catalog
            .resolve(&TemplateName {
                namespace: trigger.task_namespace().to_owned(),
                name: trigger.task.name.clone(),
                version: trigger.task.version.clone(),
            })
            .await?;
        let mut transaction = self.pool.begin().await?;
        let changed = sqlx::query(
            sql!("INSERT INTO tasker.triggers AS t (namespace, name, version, definition, published_at)
             VALUES ($1, $2, 1, $3, tasker_f.now())
             ON CONFLICT (namespace, name) DO UPDATE
                 SET version = t.version + 1, definition = excluded.definition, published_at = excluded.published_at
                 WHERE t.definition <> excluded.definition"),
        )
        .bind(&trigger.namespace)
        .bind(&trigger.name)
        .bind(Json(trigger))
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(Publication::Unchanged);
        }
        bump(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Publication::Published)
    }

    /// Returns what publishing a trigger would do, without looking at its template, which may be published with it.
    ///
    /// # Errors
    /// [`Error::InvalidTrigger`].
    pub(crate) async fn compare_trigger(&self, trigger: &Trigger) -> Result<Publication, Error> {
        if let Err(faults) = compile(trigger.clone()).await {
            return Err(Error::InvalidTrigger { faults });
        }
        let is_there = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM tasker.triggers WHERE namespace = $1 AND name = $2 AND definition = $3)",
        )
        .bind(&trigger.namespace)
        .bind(&trigger.name)
        .bind(Json(trigger));
        let is_there: bool = is_there.fetch_one(&self.pool).await?;
        Ok(if is_there { Publication::Unchanged } else { Publication::Published })
    }

    /// Returns all triggers, sorted by name.
    pub async fn triggers(
        &self,
        scope: &Scope,
        slice: Slice<(String, String)>,
    ) -> Result<Vec<TriggerSummary>, Error> {
        let (namespace, name) = slice.after.clone().unzip();
        let rows = sqlx::query(
            "SELECT * FROM tasker.triggers
             WHERE ($1::text IS NULL OR (namespace, name) > ($1, $2)) AND ($4::text[] IS NULL OR namespace = ANY ($4))
             ORDER BY namespace, name LIMIT $3",
        )
        .bind(namespace)
        .bind(name)
        .bind(slice.sql_limit())
        .bind(scope.sql())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(summary).collect()
    }

    /// Returns a trigger.
    pub async fn trigger(&self, namespace: &str, name: &str) -> Result<TriggerSummary, Error> {
        let row = sqlx::query("SELECT * FROM tasker.triggers WHERE namespace = $1 AND name = $2")
            .bind(namespace)
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        match row {
            Some(row) => summary(&row),
            None => Err(self.no_such_trigger(namespace, name).await?),
        }
    }

    /// Enables or disables a trigger.
    pub async fn enable_trigger(
        &self,
        namespace: &str,
        name: &str,
        enabled: bool,
    ) -> Result<TriggerSummary, Error> {
        let now = self.trigger(namespace, name).await?;
        if enabled && now.definition["enabled"] == false {
            return Err(Error::Refused(format!(
                "the file of trigger `{namespace}/{name}` contains `enabled: false`; change it there and publish it"
            )));
        }
        let mut transaction = self.pool.begin().await?;
        let changed = sqlx::query(sql!(
            "UPDATE tasker.triggers SET disabled_at = CASE WHEN NOT $3 THEN tasker_f.now() END
             WHERE namespace = $1 AND name = $2 AND (disabled_at IS NULL) <> $3"
        ))
        .bind(namespace)
        .bind(name)
        .bind(enabled)
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() > 0 {
            bump(&mut transaction).await?;
        }
        transaction.commit().await?;
        self.trigger(namespace, name).await
    }

    /// Deletes a trigger.
    pub async fn remove_trigger(&self, namespace: &str, name: &str) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        let removed = sqlx::query("DELETE FROM tasker.triggers WHERE namespace = $1 AND name = $2")
            .bind(namespace)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        if removed.rows_affected() == 0 {
            // The connection of the transaction may be the only one.
            drop(transaction);
            return Err(self.no_such_trigger(namespace, name).await?);
        }
        bump(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn no_such_trigger(&self, namespace: &str, name: &str) -> Result<Error, Error> {
        // Only of this namespace: a caller may not see others.
        let known: Vec<String> = sqlx::query_scalar(
            "SELECT namespace || '/' || name FROM tasker.triggers WHERE namespace = $1 ORDER BY 1 LIMIT 20",
        )
        .bind(namespace)
        .fetch_all(&self.pool)
        .await?;
        let hint = if known.is_empty() {
            String::new()
        } else {
            did_you_mean(&format!("{namespace}/{name}"), &known)
        };
        Ok(Error::NoSuchTrigger { namespace: namespace.to_owned(), name: name.to_owned(), hint })
    }

    /// Returns the compiled triggers of this version or a later one.
    pub(super) async fn ready_triggers(&self, version: i64) -> Result<Arc<[Ready]>, Error> {
        {
            let cache = self.cache.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, ready)) = cache.as_ref().filter(|(cached, _)| *cached >= version) {
                return Ok(Arc::clone(ready));
            }
        }
        let mut transaction = self.pool.begin().await?;
        // Prevents a publication from committing in between.
        let version: i64 = sqlx::query_scalar("SELECT triggers_version FROM tasker.catalog FOR SHARE")
            .fetch_one(&mut *transaction)
            .await?;
        let rows = sqlx::query("SELECT * FROM tasker.triggers ORDER BY namespace, name")
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let mut ready = Vec::with_capacity(rows.len());
        for row in &rows {
            let summary = summary(row)?;
            let compiled = match summary.trigger() {
                Ok(trigger) => compile(trigger).await,
                Err(error) => Err(vec![error.to_string()]),
            };
            let compiled = compiled.map_err(|faults| {
                let fault = format!(
                    "trigger `{}/{}` cannot be read: {}; publish it again, then replay this event",
                    summary.namespace,
                    summary.name,
                    faults.join("; ")
                );
                tracing::error!(fault);
                fault
            });
            ready.push(Ready { compiled, version: summary.version, enabled: summary.enabled });
        }
        let ready: Arc<[Ready]> = ready.into();
        let mut cache = self.cache.0.write().unwrap_or_else(PoisonError::into_inner);
        if cache.as_ref().is_none_or(|(cached, _)| *cached < version) {
            *cache = Some((version, Arc::clone(&ready)));
        }
        Ok(ready)
    }
}

/// Compiles a trigger on a blocking thread.
async fn compile(trigger: Trigger) -> Result<CompiledTrigger, Vec<String>> {
    let compiled = tokio::task::spawn_blocking(move || CompiledTrigger::new(trigger)).await;
    match compiled {
        Ok(compiled) => compiled
            .map_err(|faults| faults.into_iter().map(|(place, fault)| format!("{place}: {fault}")).collect()),
        Err(error) => Err(vec![error.to_string()]),
    }
}

async fn bump(transaction: &mut sqlx::PgTransaction<'_>) -> Result<(), Error> {
    sqlx::query("UPDATE tasker.catalog SET triggers_version = triggers_version + 1")
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

fn summary(row: &PgRow) -> Result<TriggerSummary, Error> {
    let Json(definition): Json<Value> = row.try_get("definition")?;
    let disabled_at: Option<DateTime<Utc>> = row.try_get("disabled_at")?;
    Ok(TriggerSummary {
        namespace: row.try_get("namespace")?,
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        enabled: definition["enabled"] != false && disabled_at.is_none(),
        disabled_at,
        published_at: row.try_get("published_at")?,
        definition,
    })
}
