//! Discovery: namespaces, the templates in each, and one template with its dependency graph. Here a template is called a
//! handler, as in earlier versions of Tasker: it handles tasks.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use tasker_templates::{
    did_you_mean,
    template::{Graph, StepType, Template, latest},
};
use utoipa::ToSchema;

use super::reader::Reader;
use crate::{access::scope::Scope, database::set::sql, error::Error};

/// The names of all templates, by namespace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Handlers {
    /// The namespaces, sorted by name.
    pub namespaces: Vec<NamespaceHandlers>,
    /// The number of namespaces.
    pub total_namespaces: usize,
    /// When this was read.
    pub generated_at: DateTime<Utc>,
}

/// The names of a namespace's templates.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamespaceHandlers {
    /// The namespace.
    pub name: String,
    /// The number of its templates.
    pub handler_count: usize,
    /// Their names, sorted.
    pub handlers: Vec<String>,
}

/// The templates of a namespace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandlersOfNamespace {
    /// The namespace.
    pub namespace: String,
    /// Its templates, sorted by name.
    pub handlers: Vec<HandlerOverview>,
    /// Their number.
    pub total_handlers: usize,
    /// When this was read.
    pub generated_at: DateTime<Utc>,
}

/// A template with its versions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandlerOverview {
    /// Its name.
    pub name: String,
    /// Its versions, oldest first.
    pub versions: Vec<String>,
    /// The version that new tasks use.
    pub latest_version: String,
    /// The description of that version.
    pub description: Option<String>,
    /// The number of its steps.
    pub step_count: usize,
    /// Their names, in the template's order.
    pub step_names: Vec<String>,
}

/// A template with its dependency graph.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandlerDetail {
    /// The template.
    pub handler: HandlerVersionDetail,
    /// What depends on what.
    pub dependency_graph: DependencyGraph,
    /// When this was read.
    pub generated_at: DateTime<Utc>,
}

/// A version of a template.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandlerVersionDetail {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// Namespace, name and version: `namespace.name@version`.
    pub full_name: String,
    /// The description.
    pub description: Option<String>,
    /// All versions of the template, oldest first.
    pub versions: Vec<String>,
    /// JSON Schema of the input.
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<Value>,
    /// The steps, in the template's order.
    pub step_templates: Vec<StepTemplate>,
}

/// A step of a template.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepTemplate {
    /// Its name.
    pub name: String,
    /// Its purpose.
    pub description: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub step_type: StepType,
    /// The callable of its handler.
    pub handler: String,
    /// The steps that it depends on.
    pub depends_on_steps: Vec<String>,
    /// Whether it is retried.
    pub retryable: bool,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The longest time for one attempt, in seconds.
    pub timeout_seconds: u64,
}

/// The dependency graph of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DependencyGraph {
    /// The steps, in the template's order.
    pub nodes: Vec<GraphNode>,
    /// The dependencies.
    pub edges: Vec<GraphEdge>,
    /// The steps, each after all that it depends on.
    pub execution_order: Vec<String>,
    /// The steps of each level: the length of the longest path to them.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    pub levels: BTreeMap<usize, Vec<String>>,
    /// The steps that depend on none.
    pub roots: Vec<String>,
    /// The steps that none depends on.
    pub leaves: Vec<String>,
    /// Always empty: a template with a cycle cannot be published.
    pub cycles: Vec<Vec<String>>,
    /// The number of steps of the widest level.
    pub parallel_branches: usize,
}

/// A step in a dependency graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GraphNode {
    /// The name of the step.
    pub id: String,
    /// The same, for people.
    pub name: String,
    /// The type of the step.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub step_type: StepType,
    /// The callable of its handler.
    pub handler: String,
    /// The length of the longest path to it.
    pub level: usize,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GraphEdge {
    /// The step that must complete first.
    pub from: String,
    /// The step that depends on it.
    pub to: String,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: EdgeKind,
}

/// The kind of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// The step waits for the other.
    Dependency,
    /// The other decides whether the step is created.
    Decision,
    /// The step waits for the other if a decision created it.
    Convergence,
    /// The other splits its work into workers of this step.
    Batch,
}

impl DependencyGraph {
    /// The dependencies of a template.
    pub(super) fn of(template: &Template, graph: &Graph) -> Self {
        let name = |step: usize| template.steps[step].name.clone();
        let names = |steps: &mut dyn Iterator<Item = usize>| steps.map(name).collect::<Vec<_>>();
        let depths = graph.depths();
        let mut levels: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (step, &level) in depths.iter().enumerate() {
            levels.entry(level).or_default().push(name(step));
        }
        let all = || 0..template.steps.len();
        let edges = all().flat_map(|to| graph.parents[to].iter().map(move |&from| (from, to)));
        Self {
            nodes: all()
                .map(|step| GraphNode {
                    id: name(step),
                    name: name(step),
                    step_type: template.steps[step].step_type,
                    handler: template.steps[step].handler.callable.clone(),
                    level: depths[step],
                })
                .collect(),
            edges: edges
                .map(|(from, to)| GraphEdge {
                    from: name(from),
                    to: name(to),
                    kind: match (template.steps[from].step_type, template.steps[to].step_type) {
                        (_, StepType::DeferredConvergence) => EdgeKind::Convergence,
                        (StepType::Decision, _) => EdgeKind::Decision,
                        (StepType::Batchable, StepType::BatchWorker) => EdgeKind::Batch,
                        _ => EdgeKind::Dependency,
                    },
                })
                .collect(),
            execution_order: names(&mut graph.order.iter().copied()),
            roots: names(&mut all().filter(|&step| graph.parents[step].is_empty())),
            leaves: names(&mut all().filter(|&step| graph.children[step].is_empty())),
            cycles: Vec::new(),
            parallel_branches: levels.values().map(Vec::len).max().unwrap_or(0),
            levels,
        }
    }
}

impl Reader {
    /// Returns the names of all templates, by namespace.
    pub async fn handler_names(&self, scope: &Scope) -> Result<Handlers, Error> {
        let rows: Vec<(String, Vec<String>)> = sqlx::query_as(
            "SELECT namespace, array_agg(DISTINCT name ORDER BY name) FROM tasker.templates
             WHERE $1::text[] IS NULL OR namespace = ANY ($1)
             GROUP BY namespace ORDER BY namespace",
        )
        .bind(scope.sql())
        .fetch_all(&self.pool)
        .await?;
        let namespaces: Vec<_> = rows
            .into_iter()
            .map(|(name, handlers)| NamespaceHandlers { name, handler_count: handlers.len(), handlers })
            .collect();
        Ok(Handlers { total_namespaces: namespaces.len(), namespaces, generated_at: self.now().await? })
    }

    /// Returns the templates of a namespace.
    ///
    /// # Errors
    /// [`Error::NoSuchNamespace`] if there are none.
    pub async fn handlers_of(&self, scope: &Scope, namespace: &str) -> Result<HandlersOfNamespace, Error> {
        if !scope.contains(namespace) {
            return Err(self.no_such_namespace(scope, namespace).await?);
        }
        let rows: Vec<(String, Vec<String>)> = sqlx::query_as(
            "SELECT name, array_agg(version ORDER BY published_at, version) FROM tasker.templates
             WHERE namespace = $1 GROUP BY name ORDER BY name",
        )
        .bind(namespace)
        .fetch_all(&self.pool)
        .await?;
        if rows.is_empty() {
            return Err(self.no_such_namespace(scope, namespace).await?);
        }
        let mut latest = Vec::with_capacity(rows.len());
        for (_, versions) in &rows {
            latest.push(latest_of(versions)?);
        }
        let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
        let templates: Vec<Json<Template>> = sqlx::query_scalar(
            "SELECT t.definition FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS wanted (name, version, number)
             JOIN tasker.templates t ON t.namespace = $1 AND t.name = wanted.name AND t.version = wanted.version
             ORDER BY wanted.number",
        )
        .bind(namespace)
        .bind(&names)
        .bind(&latest)
        .fetch_all(&self.pool)
        .await?;
        let mut handlers = Vec::with_capacity(rows.len());
        // Published versions are never deleted, so that there is one for each.
        for (((name, versions), latest_version), Json(template)) in
            rows.into_iter().zip(latest).zip(templates)
        {
            handlers.push(HandlerOverview {
                latest_version,
                description: template.description,
                step_count: template.steps.len(),
                step_names: template.steps.into_iter().map(|step| step.name).collect(),
                name,
                versions,
            });
        }
        let total_handlers = handlers.len();
        let generated_at = self.now().await?;
        Ok(HandlersOfNamespace { namespace: namespace.to_owned(), handlers, total_handlers, generated_at })
    }

    /// Returns a template with its dependency graph: this version, or the one that new tasks use.
    ///
    /// # Errors
    /// [`Error::NoSuchTemplate`], or [`Error::NoSuchNamespace`].
    pub async fn handler(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<HandlerDetail, Error> {
        if !scope.contains(namespace) {
            return Err(self.no_such_namespace(scope, namespace).await?);
        }
        let versions: Vec<String> = sqlx::query_scalar(
            "SELECT version FROM tasker.templates WHERE namespace = $1 AND name = $2 ORDER BY published_at, version",
        )
        .bind(namespace)
        .bind(name)
        .fetch_all(&self.pool)
        .await?;
        if versions.is_empty() {
            let names: Vec<String> = sqlx::query_scalar(
                "SELECT DISTINCT name FROM tasker.templates WHERE namespace = $1 ORDER BY 1",
            )
            .bind(namespace)
            .fetch_all(&self.pool)
            .await?;
            if names.is_empty() {
                return Err(self.no_such_namespace(scope, namespace).await?);
            }
            let hint = did_you_mean(name, &names);
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            return Err(Error::NoSuchTemplate { namespace, name, version: None, hint });
        }
        let version = match version {
            Some(version) => version.to_owned(),
            None => latest_of(&versions)?,
        };
        if !versions.contains(&version) {
            let hint = did_you_mean(&version, &versions);
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            return Err(Error::NoSuchTemplate { namespace, name, version: Some(version), hint });
        }
        let template = self.template(namespace, name, &version).await?;
        let graph = graph_of(&template)?;
        Ok(HandlerDetail {
            dependency_graph: DependencyGraph::of(&template, &graph),
            handler: HandlerVersionDetail {
                full_name: format!("{namespace}.{name}@{version}"),
                description: template.description,
                input_schema: template.input_schema,
                step_templates: template
                    .steps
                    .into_iter()
                    .map(|step| StepTemplate {
                        name: step.name,
                        description: step.description,
                        step_type: step.step_type,
                        handler: step.handler.callable,
                        depends_on_steps: step.dependencies,
                        retryable: step.retry.retryable,
                        max_attempts: step.retry.max_attempts,
                        timeout_seconds: step.timeout_seconds,
                    })
                    .collect(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                version,
                versions,
            },
            generated_at: self.now().await?,
        })
    }

    pub(super) async fn no_such_namespace(&self, scope: &Scope, name: &str) -> Result<Error, Error> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT namespace FROM tasker.templates WHERE $1::text[] IS NULL OR namespace = ANY ($1) ORDER BY 1",
        )
        .bind(scope.sql())
        .fetch_all(&self.pool)
        .await?;
        let hint = if names.is_empty() {
            "; no template is published".to_owned()
        } else {
            did_you_mean(name, &names)
        };
        Ok(Error::NoSuchNamespace { name: name.to_owned(), hint })
    }

    pub(super) async fn now(&self) -> Result<DateTime<Utc>, Error> {
        Ok(sqlx::query_scalar(sql!("SELECT tasker_f.now()")).fetch_one(&self.pool).await?)
    }
}

/// The DAG of a published template.
pub(super) fn graph_of(template: &Template) -> Result<Graph, Error> {
    Graph::new(template)
        .map_err(|_| Error::Damaged(format!("the published template `{}` has a cycle", template.name)))
}

fn latest_of(versions: &[String]) -> Result<String, Error> {
    latest(versions.iter().map(String::as_str))
        .map(|index| versions[index].clone())
        .ok_or_else(|| Error::Damaged(format!("none of {} is a semantic version", versions.join(", "))))
}
