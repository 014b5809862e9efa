//! Queries of published templates and handlers, and their API types.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, postgres::PgRow, types::Json};
use tasker_templates::template::{Template, latest};
use utoipa::ToSchema;

use super::{filter::first_id, reader::Reader};
use crate::{access::scope::Scope, catalog::PublishedHandler, error::Error, slice::Slice};

/// The version that new tasks use, where a version is expected.
const LATEST: &str = "latest";
/// How many templates are named that use a handler.
const MOST_USERS: i32 = 100;
/// How many tasks of a template are counted.
const MOST_TASKS: i64 = 10_000;

/// A published template version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TemplateSummary {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The template's description.
    pub description: Option<String>,
    /// The number of its steps.
    pub steps: usize,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

/// The versions of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateVersions {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The version that new tasks use.
    pub latest_version: String,
    /// Its versions, the one that was published last first.
    pub versions: Vec<TemplateVersion>,
    /// Whether more than 10,000 tasks were created in the last 24 hours. Only the newest were counted.
    pub capped: bool,
}

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateVersion {
    /// The version.
    pub version: String,
    /// Its description.
    pub description: Option<String>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// The number of its tasks created in the last 24 hours.
    pub tasks_24h: i64,
}

/// A handler that templates can use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandlerSummary {
    /// The name that templates use.
    pub callable: String,
    /// The current version.
    pub version: i32,
    /// The component that contains it: the SHA-256 of its bytes.
    pub component: String,
    /// Its name in that component.
    pub function: String,
    /// The handler's description.
    pub description: String,
    /// JSON Schema of its input.
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<Value>,
    /// JSON Schema of its result.
    #[schema(value_type = Option<Object>)]
    pub result_schema: Option<Value>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// The templates with a step that uses it, in any version, as `namespace/name`; at most 100. Only those that the caller may read.
    #[serde(default)]
    pub templates: Vec<String>,
}

/// A filter for template versions.
#[derive(Debug, Clone, Default)]
pub struct TemplateFilter {
    /// Only templates of these namespaces.
    pub scope: Scope,
    /// Only templates of this namespace.
    pub namespace: Option<String>,
    /// Only templates with this name.
    pub name: Option<String>,
    /// Only templates whose namespace or name contains this text, in any case.
    pub text: Option<String>,
    /// Only the version of each template that new tasks use.
    pub only_latest: bool,
}

/// The place of a template version in their list: namespace, name, time of publication, version.
pub type TemplateKey = (String, String, DateTime<Utc>, String);

impl TemplateSummary {
    /// Its place in the list.
    pub fn key(&self) -> TemplateKey {
        (self.namespace.clone(), self.name.clone(), self.published_at, self.version.clone())
    }
}

impl Reader {
    /// Returns the latest versions of templates, sorted by name.
    async fn latest_templates(
        &self,
        filter: &TemplateFilter,
        slice: Slice<TemplateKey>,
    ) -> Result<Vec<TemplateSummary>, Error> {
        // Which version is the latest is a comparison of numbers in their texts. Those of one template are read together.
        let all =
            self.templates(&TemplateFilter { only_latest: false, ..filter.clone() }, Slice::all()).await?;
        let of_name = |one: &TemplateSummary, other: &TemplateSummary| {
            (&one.namespace, &one.name) == (&other.namespace, &other.name)
        };
        let latest = all.chunk_by(of_name).filter_map(|versions| {
            latest(versions.iter().map(|template| template.version.as_str()))
                .map(|index| versions[index].clone())
        });
        let Some((namespace, name, ..)) = slice.after else {
            return Ok(latest.take(slice.limit as usize).collect());
        };
        // By its place, because the database has an order of its own.
        let rest = latest.skip_while(|template| (&template.namespace, &template.name) != (&namespace, &name));
        Ok(rest.skip(1).take(slice.limit as usize).collect())
    }

    /// Returns published template versions, sorted by name, then by age.
    pub async fn templates(
        &self,
        filter: &TemplateFilter,
        slice: Slice<TemplateKey>,
    ) -> Result<Vec<TemplateSummary>, Error> {
        if filter.only_latest {
            return Box::pin(self.latest_templates(filter, slice)).await;
        }
        let (namespace, name, published_at, version) = slice.after.clone().map_or_else(
            || (None, None, None, None),
            |(namespace, name, at, version)| (Some(namespace), Some(name), Some(at), Some(version)),
        );
        let rows = sqlx::query(
            "SELECT namespace, name, version, definition->>'description' AS description,
                 jsonb_array_length(definition->'steps') AS steps, published_at
             FROM tasker.templates
             WHERE ($1::text IS NULL OR (namespace, name, published_at, version) > ($1, $2, $3, $4))
               AND ($5::text IS NULL OR namespace = $5) AND ($6::text IS NULL OR name = $6)
               AND ($8::text[] IS NULL OR namespace = ANY ($8))
               AND ($9::text IS NULL OR strpos(lower(namespace || '/' || name), lower($9)) > 0)
             ORDER BY namespace, name, published_at, version LIMIT $7",
        )
        .bind(namespace)
        .bind(name)
        .bind(published_at)
        .bind(version)
        .bind(&filter.namespace)
        .bind(&filter.name)
        .bind(slice.sql_limit())
        .bind(filter.scope.sql())
        .bind(&filter.text)
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(TemplateSummary {
                namespace: row.try_get("namespace")?,
                name: row.try_get("name")?,
                version: row.try_get("version")?,
                description: row.try_get("description")?,
                steps: row.try_get::<Option<i32>, _>("steps")?.unwrap_or(0).unsigned_abs() as usize,
                published_at: row.try_get("published_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Returns the versions of a template.
    ///
    /// # Errors
    /// [`Error::NoSuchTemplate`].
    pub async fn template_versions(&self, namespace: &str, name: &str) -> Result<TemplateVersions, Error> {
        let rows = sqlx::query(
            "SELECT v.version, v.definition->>'description' AS description, v.published_at,
                 coalesce(c.tasks, 0) AS tasks, coalesce(sum(c.tasks) OVER (), 0)::bigint AS all_tasks
             FROM tasker.templates v
             LEFT JOIN (
                 SELECT version, count(*) AS tasks
                 FROM (SELECT version FROM tasker.tasks WHERE namespace = $1 AND name = $2 AND task_id >= $3
                       ORDER BY task_id DESC LIMIT $4) AS newest
                 GROUP BY version) AS c USING (version)
             WHERE v.namespace = $1 AND v.name = $2 ORDER BY v.published_at DESC, v.version",
        )
        .bind(namespace)
        .bind(name)
        .bind(first_id(self.now().await? - TimeDelta::days(1)))
        .bind(MOST_TASKS + 1)
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok::<_, Error>(TemplateVersion {
                version: row.try_get("version")?,
                description: row.try_get("description")?,
                published_at: row.try_get("published_at")?,
                tasks_24h: row.try_get("tasks")?,
            })
        };
        let versions = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let Some(latest) = latest(versions.iter().map(|version| version.version.as_str())) else {
            let (namespace, name, hint) = (namespace.to_owned(), name.to_owned(), String::new());
            return Err(Error::NoSuchTemplate { namespace, name, version: None, hint });
        };
        Ok(TemplateVersions {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            latest_version: versions[latest].version.clone(),
            capped: rows
                .first()
                .is_some_and(|row| row.try_get::<i64, _>("all_tasks").is_ok_and(|all| all > MOST_TASKS)),
            versions,
        })
    }

    /// Returns a published template version. `latest` is the version that new tasks use.
    pub async fn template(&self, namespace: &str, name: &str, version: &str) -> Result<Template, Error> {
        let found: Option<Json<Template>> = sqlx::query_scalar(
            "SELECT definition FROM tasker.templates WHERE namespace = $1 AND name = $2 AND version = $3",
        )
        .bind(namespace)
        .bind(name)
        .bind(version)
        .fetch_optional(&self.pool)
        .await?;
        if found.is_none() && version == LATEST {
            let version = self.template_versions(namespace, name).await?.latest_version;
            return Box::pin(self.template(namespace, name, &version)).await;
        }
        found.map(|Json(template)| template).ok_or_else(|| Error::NoSuchTemplate {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: Some(version.to_owned()),
            hint: String::new(),
        })
    }

    /// Returns the handlers that templates can use, sorted by their callable, with the templates of this scope that use them.
    pub async fn handlers(
        &self,
        slice: Slice<String>,
        templates: Option<&Scope>,
    ) -> Result<Vec<HandlerSummary>, Error> {
        let rows = sqlx::query(
            "SELECT h.callable, h.version, v.component, v.function, v.published_at, c.handlers
             FROM tasker.handlers h
             JOIN tasker.handler_versions v ON v.callable = h.callable AND v.version = h.version
             JOIN tasker.components c ON c.digest = v.component
             WHERE $1::text IS NULL OR h.callable > $1 ORDER BY h.callable LIMIT $2",
        )
        .bind(&slice.after)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            let function: String = row.try_get("function")?;
            let Json(held): Json<Vec<PublishedHandler>> = row.try_get("handlers")?;
            let described = held.into_iter().find(|handler| handler.name == function);
            let (description, input_schema, result_schema) = described
                .map(|handler| (handler.description, handler.input_schema, handler.result_schema))
                .unwrap_or_default();
            Ok(HandlerSummary {
                callable: row.try_get("callable")?,
                version: row.try_get("version")?,
                component: row.try_get("component")?,
                function,
                description,
                input_schema,
                result_schema,
                published_at: row.try_get("published_at")?,
                templates: Vec::new(),
            })
        };
        let mut handlers = rows.iter().map(read).collect::<Result<Vec<HandlerSummary>, Error>>()?;
        if let Some(scope) = templates {
            let callables: Vec<String> = handlers.iter().map(|handler| handler.callable.clone()).collect();
            let mut users = self.users_of(&callables, scope).await?;
            for handler in &mut handlers {
                handler.templates = users.remove(&handler.callable).unwrap_or_default();
            }
        }
        Ok(handlers)
    }

    /// Returns the templates of this scope with steps that use these callables.
    async fn users_of(
        &self,
        callables: &[String],
        scope: &Scope,
    ) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let rows = sqlx::query(
            "SELECT callable, (array_agg(template ORDER BY template))[1:$3] AS templates
             FROM (SELECT DISTINCT step->'handler'->>'callable' AS callable, t.namespace || '/' || t.name AS template
                   FROM tasker.templates t CROSS JOIN jsonb_array_elements(t.definition->'steps') AS step
                   WHERE step->'handler'->>'callable' = ANY ($1) AND ($2::text[] IS NULL OR t.namespace = ANY ($2))) AS used
             GROUP BY callable",
        )
        .bind(callables)
        .bind(scope.sql())
        .bind(MOST_USERS)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok((row.try_get("callable")?, row.try_get("templates")?))).collect()
    }
}
