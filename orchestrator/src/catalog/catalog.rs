//! The catalog: publishes templates, and resolves the template of a request to a release.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sqlx::{Row, types::Json};
use tasker_templates::{
    did_you_mean,
    template::{Template, latest},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    release::{Pin, Pins, Release, pin_name},
    store::store_release,
};
use tasker_pool::Pool;

use crate::{database::set::sql, error::Error};

/// The result of publishing a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Publication {
    /// The version is new.
    Published,
    /// The version was already published with the same content.
    Unchanged,
}

/// The catalog with a cache. A stale cache is harmless: every creation passes the catalog version that it was
/// resolved with, and the database rejects an old one.
#[derive(Debug)]
pub struct Catalog {
    pub(super) pool: Pool,
    environment: String,
    /// How long a step may run, if the queue of steps limits that.
    longest_step: Option<Duration>,
    cache: RwLock<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    version: i64,
    /// Releases by requested name, as of `version`.
    resolved: HashMap<TemplateName, Arc<Release>>,
    /// Releases never change.
    releases: HashMap<Uuid, Arc<Release>>,
}

/// How many releases are cached. A template reloaded all day in development creates a few hundred.
const MAX_CACHED_RELEASES: usize = 1000;

/// The template of a request. Without a version, the latest version is used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TemplateName {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
}

impl Catalog {
    pub(crate) fn new(pool: Pool, environment: String, longest_step: Option<Duration>) -> Self {
        Self { pool, environment, longest_step, cache: RwLock::default() }
    }

    /// Refuses a step that the queue cannot keep for as long as it may run.
    fn check_timeouts(&self, template: &Template) -> Result<(), Error> {
        let Some(longest) = self.longest_step.map(|longest| longest.as_secs()) else { return Ok(()) };
        let configured = template.in_environment(&self.environment);
        let Some(step) = configured.steps.iter().find(|step| step.timeout_seconds > longest) else {
            return Ok(());
        };
        let message = format!(
            "of step `{}` is {}, and the queue of this installation allows {longest}: SQS delivers a message again after 12 \
             hours, and the step would start over; split the step, or let it save checkpoints",
            step.name, step.timeout_seconds
        );
        Err(Error::InvalidRequest { field: "timeout_seconds", message })
    }

    /// Publishes a template version. Publishing the same content again changes nothing; other content is rejected.
    pub async fn publish_template(&self, template: &Template) -> Result<Publication, Error> {
        self.check_timeouts(template)?;
        let mut transaction = self.pool.begin().await?;
        let inserted = sqlx::query(sql!(
            "INSERT INTO tasker.templates (template_id, namespace, name, version, definition, published_at)
             VALUES ($1, $2, $3, $4, $5, tasker_f.now()) ON CONFLICT (namespace, name, version) DO NOTHING"
        ))
        .bind(Uuid::now_v7())
        .bind(&template.namespace_name)
        .bind(&template.name)
        .bind(&template.version)
        .bind(Json(template))
        .execute(&mut *transaction)
        .await?;
        if inserted.rows_affected() > 0 {
            bump(&mut transaction).await?;
            transaction.commit().await?;
            return Ok(Publication::Published);
        }
        compare(&mut transaction, template).await
    }

    /// Returns what publishing a template would do.
    ///
    /// # Errors
    /// As for [`Catalog::publish_template`].
    pub(crate) async fn compare_template(&self, template: &Template) -> Result<Publication, Error> {
        self.check_timeouts(template)?;
        compare(&mut *self.pool.acquire().await?, template).await
    }

    /// Returns a published template.
    pub(crate) async fn published(&self, name: &TemplateName) -> Result<Template, Error> {
        let mut transaction = self.pool.begin().await?;
        Ok(find_template(&mut transaction, name).await?.1)
    }

    /// Checks that all handlers of a template are published, or among these.
    ///
    /// # Errors
    /// [`Error::UnknownHandlers`].
    pub(crate) async fn check_handlers(&self, template: &Template, provided: &[String]) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        match self.pin(&mut transaction, template).await {
            Err(Error::UnknownHandlers { mut steps }) => {
                steps.retain(|(_, callable, _)| !provided.contains(callable));
                if steps.is_empty() { Ok(()) } else { Err(Error::UnknownHandlers { steps }) }
            }
            other => other.map(drop),
        }
    }

    /// Checks that PostgreSQL can store a document.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] of this field: a text contains NUL, or a number has too many digits.
    pub(crate) async fn check_storable(
        &self,
        field: &'static str,
        document: &(impl Serialize + Sync),
    ) -> Result<(), Error> {
        let text = serde_json::to_string(document)
            .map_err(|error| Error::Damaged(format!("a document cannot be written: {error}")))?;
        let parsed = sqlx::query("SELECT $1::text::jsonb").bind(text).execute(&self.pool).await;
        match parsed {
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code.starts_with("22")) => {
                let message = "contain what PostgreSQL cannot store: a NUL character in a text, or a number of too many digits";
                Err(Error::InvalidRequest { field, message: message.to_owned() })
            }
            other => Ok(other.map(drop)?),
        }
    }

    /// Returns the release for a requested template, and the catalog version that it was resolved with.
    pub(crate) async fn resolve(&self, name: &TemplateName) -> Result<(Arc<Release>, i64), Error> {
        {
            let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(release) = cache.resolved.get(name) {
                return Ok((Arc::clone(release), cache.version));
            }
        }
        let (version, release) = self.load(name).await?;
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.version < version {
            cache.version = version;
            cache.resolved.clear();
        }
        if cache.version == version {
            cache.resolved.insert(name.clone(), Arc::clone(&release));
        }
        cache.keep(&release);
        Ok((release, version))
    }

    /// Clears the cache of resolved names after the catalog has changed to `version`.
    pub(crate) fn forget(&self, version: i64) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.version <= version {
            cache.resolved.clear();
        }
    }

    /// Checks whether the catalog has changed since it was cached, and clears the resolved names if so. Returns
    /// whether it has.
    pub(crate) async fn refresh(&self) -> Result<bool, Error> {
        let now: i64 = sqlx::query_scalar("SELECT version FROM tasker.catalog").fetch_one(&self.pool).await?;
        let cached = self.cache.read().unwrap_or_else(PoisonError::into_inner).version;
        if now == cached {
            return Ok(false);
        }
        self.forget(now);
        Ok(true)
    }

    /// Returns the releases with these ids, and loads the missing ones.
    pub(crate) async fn releases(
        &self,
        ids: impl Iterator<Item = Uuid> + Send,
    ) -> Result<HashMap<Uuid, Arc<Release>>, Error> {
        let mut found = HashMap::new();
        for id in ids {
            if found.contains_key(&id) {
                continue;
            }
            let cached = {
                let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
                cache.releases.get(&id).cloned()
            };
            let release = match cached {
                Some(release) => release,
                None => self.load_release(id).await?,
            };
            found.insert(id, release);
        }
        Ok(found)
    }

    /// Returns whether all of these releases are cached.
    pub(crate) fn knows(&self, releases: &[Uuid]) -> bool {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        releases.iter().all(|id| cache.releases.contains_key(id))
    }

    async fn load_release(&self, id: Uuid) -> Result<Arc<Release>, Error> {
        let row = sqlx::query(
            "SELECT t.definition, r.pins FROM tasker.releases r
             JOIN tasker.templates t ON t.template_id = r.template_id WHERE r.release_id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?
        .ok_or_else(|| Error::Damaged(format!("there is no release {id}")))?;
        let (Json(template), Json(pins)): (Json<Template>, Json<Pins>) =
            (row.try_get("definition")?, row.try_get("pins")?);
        let release = Release::new(id, &template, &pins)?;
        self.cache.write().unwrap_or_else(PoisonError::into_inner).keep(&release);
        Ok(release)
    }

    /// Resolves a name in one transaction, so that template and handlers come from one catalog version.
    async fn load(&self, name: &TemplateName) -> Result<(i64, Arc<Release>), Error> {
        let mut transaction = self.pool.begin().await?;
        // Also prevents a publication from committing in between.
        let version: i64 = sqlx::query_scalar("SELECT version FROM tasker.catalog FOR SHARE")
            .fetch_one(&mut *transaction)
            .await?;
        let (template_id, template) = find_template(&mut transaction, name).await?;
        let pins = self.pin(&mut transaction, &template).await?;
        let existing: Option<Uuid> =
            sqlx::query_scalar("SELECT release_id FROM tasker.releases WHERE template_id = $1 AND pins = $2")
                .bind(template_id)
                .bind(Json(&pins))
                .fetch_optional(&mut *transaction)
                .await?;
        let release = match existing {
            Some(id) => Release::new(id, &template, &pins)?,
            None => store_release(&mut transaction, template_id, &template, &pins).await?,
        };
        transaction.commit().await?;
        Ok((version, release))
    }

    async fn pin(
        &self,
        transaction: &mut sqlx::PgTransaction<'_>,
        template: &Template,
    ) -> Result<Pins, Error> {
        let rows = sqlx::query(
            "SELECT v.callable, v.version, v.component, v.function, h.version = v.version AS current
             FROM tasker.handler_versions v LEFT JOIN tasker.handlers h USING (callable)
             WHERE v.callable = ANY ($1)",
        )
        .bind(template.steps.iter().map(|step| step.handler.callable.clone()).collect::<Vec<_>>())
        .fetch_all(&mut **transaction)
        .await?;
        let mut known = BTreeMap::new();
        for row in &rows {
            let pin = Pin { component: row.try_get("component")?, function: row.try_get("function")? };
            let (callable, version): (String, i32) = (row.try_get("callable")?, row.try_get("version")?);
            if row.try_get::<Option<bool>, _>("current")? == Some(true) {
                known.insert(callable.clone(), pin.clone());
            }
            known.insert(format!("{callable}@{version}"), pin);
        }
        let mut handlers = BTreeMap::new();
        let mut unknown = Vec::new();
        for step in &template.steps {
            let name = pin_name(step);
            match known.get(&name) {
                Some(pin) => drop(handlers.insert(name, pin.clone())),
                None => unknown.push((step.name.clone(), name)),
            }
        }
        if !unknown.is_empty() {
            let names: Vec<String> =
                sqlx::query_scalar("SELECT callable FROM tasker.handlers ORDER BY callable")
                    .fetch_all(&mut **transaction)
                    .await?;
            let hint = |(step, name): (String, String)| {
                let hint = did_you_mean(&name, &names);
                (step, name, hint)
            };
            return Err(Error::UnknownHandlers { steps: unknown.into_iter().map(hint).collect() });
        }
        Ok(Pins { environment: self.environment.clone(), handlers })
    }
}

/// Compares a template with the published one of the same version.
async fn compare(connection: &mut sqlx::PgConnection, template: &Template) -> Result<Publication, Error> {
    let stored: Option<Json<Template>> = sqlx::query_scalar(
        "SELECT definition FROM tasker.templates WHERE namespace = $1 AND name = $2 AND version = $3",
    )
    .bind(&template.namespace_name)
    .bind(&template.name)
    .bind(&template.version)
    .fetch_optional(connection)
    .await?;
    match stored {
        None => Ok(Publication::Published),
        Some(Json(stored)) if stored == *template => Ok(Publication::Unchanged),
        Some(_) => Err(Error::VersionTaken {
            namespace: template.namespace_name.clone(),
            name: template.name.clone(),
            version: template.version.clone(),
        }),
    }
}

impl Cache {
    fn keep(&mut self, release: &Arc<Release>) {
        if self.releases.len() >= MAX_CACHED_RELEASES {
            self.releases.clear();
        }
        self.releases.insert(release.id, Arc::clone(release));
    }
}

pub(crate) async fn bump(transaction: &mut sqlx::PgTransaction<'_>) -> Result<(), Error> {
    sqlx::query("UPDATE tasker.catalog SET version = version + 1").execute(&mut **transaction).await?;
    Ok(())
}

async fn find_template(
    transaction: &mut sqlx::PgTransaction<'_>,
    wanted: &TemplateName,
) -> Result<(Uuid, Template), Error> {
    let rows =
        sqlx::query("SELECT template_id, version FROM tasker.templates WHERE namespace = $1 AND name = $2")
            .bind(&wanted.namespace)
            .bind(&wanted.name)
            .fetch_all(&mut **transaction)
            .await?;
    let mut versions: Vec<(String, Uuid)> = Vec::with_capacity(rows.len());
    for row in &rows {
        versions.push((row.try_get("version")?, row.try_get("template_id")?));
    }
    let texts = || versions.iter().map(|(version, _)| version.as_str());
    let found = match &wanted.version {
        None => latest(texts()),
        Some(wanted) => texts().position(|version| version == wanted),
    };
    let found = found.map(|index| &versions[index]);
    let Some((_, id)) = found else { return Err(no_such_template(transaction, wanted, &versions).await?) };
    let Json(template): Json<Template> =
        sqlx::query_scalar("SELECT definition FROM tasker.templates WHERE template_id = $1")
            .bind(id)
            .fetch_one(&mut **transaction)
            .await?;
    Ok((*id, template))
}

async fn no_such_template(
    transaction: &mut sqlx::PgTransaction<'_>,
    wanted: &TemplateName,
    versions: &[(String, Uuid)],
) -> Result<Error, Error> {
    let hint = if versions.is_empty() {
        let known: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT namespace || '/' || name FROM tasker.templates ORDER BY 1 LIMIT 20",
        )
        .fetch_all(&mut **transaction)
        .await?;
        did_you_mean(&format!("{}/{}", wanted.namespace, wanted.name), &known)
    } else {
        let mut known: Vec<&str> = versions.iter().map(|(version, _)| version.as_str()).collect();
        known.sort_by_key(|version| semver::Version::parse(version).ok());
        format!("; there are {}", known.join(", "))
    };
    Ok(Error::NoSuchTemplate {
        namespace: wanted.namespace.clone(),
        name: wanted.name.clone(),
        version: wanted.version.clone(),
        hint,
    })
}
