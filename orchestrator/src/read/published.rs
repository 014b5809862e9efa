//! Queries of published templates and handlers, and their API types.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, postgres::PgRow, types::Json};
use tasker_templates::template::Template;
use utoipa::ToSchema;

use super::reader::Reader;
use crate::{access::scope::Scope, catalog::PublishedHandler, error::Error, slice::Slice};

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
    /// Returns published template versions, sorted by name, then by age.
    pub async fn templates(
        &self,
        filter: &TemplateFilter,
        slice: Slice<TemplateKey>,
    ) -> Result<Vec<TemplateSummary>, Error> {
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

    /// Returns a published template version.
    pub async fn template(&self, namespace: &str, name: &str, version: &str) -> Result<Template, Error> {
        let found: Option<Json<Template>> = sqlx::query_scalar(
            "SELECT definition FROM tasker.templates WHERE namespace = $1 AND name = $2 AND version = $3",
        )
        .bind(namespace)
        .bind(name)
        .bind(version)
        .fetch_optional(&self.pool)
        .await?;
        found.map(|Json(template)| template).ok_or_else(|| Error::NoSuchTemplate {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: Some(version.to_owned()),
            hint: String::new(),
        })
    }

    /// Returns the handlers that templates can use, sorted by their callable.
    pub async fn handlers(&self, slice: Slice<String>) -> Result<Vec<HandlerSummary>, Error> {
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
            })
        };
        rows.iter().map(read).collect()
    }
}
