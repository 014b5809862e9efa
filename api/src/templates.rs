//! Published templates.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tasker_orchestrator::{
    Orchestrator,
    read::{TemplateFilter, TemplateSummary, TemplateVersions},
};
use tasker_templates::{
    Severity,
    template::{Template, parse},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::Within,
    creations::hidden_template,
    extract::{Path, Text},
    page::{List, Page, PageParameters},
    problem::{ApiError, Code, Problem},
};

/// Filters of a list of templates.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Only templates of this namespace.
    namespace: Option<String>,
    /// Only templates with this name.
    name: Option<String>,
    /// Only templates whose `namespace/name` contains this text, in any case.
    q: Option<String>,
    /// `true`: only the version of each template that new tasks use.
    #[serde(default)]
    latest: bool,
}

/// Lists published template versions, sorted by name.
#[utoipa::path(get, path = "/v1/templates", tag = "catalog", operation_id = "list_templates", params(Filters, PageParameters), responses(
    (status = 200, body = Page<TemplateSummary>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<Filters>,
) -> Result<Page<TemplateSummary>, ApiError> {
    let filter = TemplateFilter {
        scope: within.scope,
        namespace: list.filters.namespace.clone(),
        name: list.filters.name.clone(),
        text: list.filters.q.clone(),
        only_latest: list.filters.latest,
    };
    let templates = orchestrator.reader.templates(&filter, list.slice()?).await?;
    Ok(list.page(templates, TemplateSummary::key))
}

/// Whether a template can be published, and what is wrong with it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TemplateVerdict {
    /// Whether it can be published, as far as its text says: handlers are not looked up.
    pub valid: bool,
    /// Its errors and warnings, by their place.
    pub problems: Vec<TemplateProblem>,
}

/// A problem of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateProblem {
    /// A stable code, for programs.
    pub code: String,
    /// `error`, or `warning`: the template can be published.
    pub severity: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The name of the step, if there is one.
    pub step: Option<String>,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Checks a template without publishing it. The body is its file, in YAML (`application/yaml`) or JSON.
#[utoipa::path(post, path = "/v1/templates/validate", tag = "catalog", operation_id = "validate_template",
    request_body(content((String = "application/yaml"), (Object = "application/json"))),
    responses((status = 200, body = TemplateVerdict)))]
pub(crate) async fn validate(
    headers: HeaderMap,
    Text(text): Text,
) -> Result<Json<TemplateVerdict>, ApiError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !["application/yaml", "application/x-yaml", "application/json"].contains(&content_type.as_str()) {
        let message =
            format!("the content type is `{content_type}`; send application/yaml or application/json");
        return Err(ApiError::new(Code::UnsupportedMediaType, message));
    }
    // The other threads also renew leases.
    let parsed = tokio::task::spawn_blocking(move || parse(&text)).await;
    let problems = match parsed.map_err(|error| ApiError::new(Code::Internal, error.to_string()))? {
        Ok(parsed) => parsed.warnings,
        Err(problems) => problems,
    };
    Ok(Json(TemplateVerdict {
        valid: problems.is_publishable(),
        problems: problems
            .0
            .into_iter()
            .map(|problem| TemplateProblem {
                code: problem.code.to_string(),
                severity: match problem.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                }
                .to_owned(),
                line: u32::try_from(problem.position.line).unwrap_or(u32::MAX),
                column: u32::try_from(problem.position.column).unwrap_or(u32::MAX),
                step: problem.step,
                message: problem.message,
            })
            .collect(),
    }))
}

/// Returns the versions of a template, and how many tasks each had in the last 24 hours.
#[utoipa::path(get, path = "/v1/templates/{namespace}/{name}", tag = "catalog", operation_id = "list_template_versions",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = TemplateVersions), (status = 404, body = Problem)))]
pub(crate) async fn versions(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<TemplateVersions>, ApiError> {
    if !within.scope.contains(&namespace) {
        return Err(hidden_template(namespace, name, None).into());
    }
    Ok(Json(orchestrator.reader.template_versions(&namespace, &name).await?))
}

/// Returns the JSON Schema of a template's input. Without one, any input is valid, and the schema is `{}`.
#[utoipa::path(get, path = "/v1/templates/{namespace}/{name}/{version}/schema", tag = "catalog", operation_id = "get_template_schema",
    params(("namespace" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn schema(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name, version)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    if !within.scope.contains(&namespace) {
        return Err(hidden_template(namespace, name, Some(version)).into());
    }
    let template = orchestrator.reader.template(&namespace, &name, &version).await?;
    Ok(Json(template.input_schema.unwrap_or_else(|| Value::Object(Map::new()))))
}

/// Returns a published template version.
#[utoipa::path(get, path = "/v1/templates/{namespace}/{name}/{version}", tag = "catalog", operation_id = "get_template",
    params(("namespace" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name, version)): Path<(String, String, String)>,
) -> Result<Json<Template>, ApiError> {
    if !within.scope.contains(&namespace) {
        return Err(hidden_template(namespace, name, Some(version)).into());
    }
    Ok(Json(orchestrator.reader.template(&namespace, &name, &version).await?))
}
