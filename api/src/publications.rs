//! Publications: components, templates and triggers.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Request, State},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_orchestrator::{
    Bundle, ComponentPublication, Error, Orchestrator, PublicationReport,
    access::{Permission, Scope},
};
use tasker_templates::{
    Problems,
    template::{Template, parse},
    trigger::{Trigger, parse_trigger},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::Within,
    creations::hidden_template,
    extract::{Body, Path, Query},
    problem::{ApiError, Code, Problem},
};

/// The largest component, in bytes. Those of interpreters have 20 to 40 MB.
const MAX_COMPONENT_BYTES: usize = 64 << 20;
/// What WebAssembly begins with. A handler may be a component, or a program for WASI, which is a module.
const WASM: &[u8] = b"\0asm";

/// A component in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredComponent {
    /// Lower-case hexadecimal SHA-256 of its bytes.
    pub digest: String,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// Stores the bytes of a component, at most 64 MiB. Its handlers can be used when a publication names it. Needs the permission in all
/// namespaces. Not possible on AWS, where components are compiled and signed by `tasker deploy`.
#[utoipa::path(put, path = "/v1/components/{digest}", tag = "catalog", operation_id = "store_component", params(("digest" = String, Path)),
    request_body(content = String, content_type = "application/wasm"),
    responses((status = 200, body = StoredComponent), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn store_component(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(digest): Path<String>,
    request: Request,
) -> Result<Json<StoredComponent>, ApiError> {
    must_have_all(&within)?;
    let read = axum::body::to_bytes(request.into_body(), MAX_COMPONENT_BYTES).await;
    let wasm = read.map_err(|error| {
        let message = format!("the component could not be read, or has more than 64 MiB: {error}");
        ApiError::new(Code::PayloadTooLarge, message)
    })?;
    if !wasm.starts_with(WASM) {
        let message = "the body is not WebAssembly: it does not begin with its magic number".to_owned();
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    let size_bytes = wasm.len() as u64;
    orchestrator.store_component(&digest, wasm).await?;
    Ok(Json(StoredComponent { digest, size_bytes }))
}

/// What to publish. Parts that are published already, with the same content, stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationRequest {
    /// The components, whose bytes are in the blob store, and their handlers.
    #[serde(default)]
    pub components: Vec<ComponentPublication>,
    /// Additional names of handlers: from the name to the handler, or to `<digest>/<handler>`.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// The templates, as in their files.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub templates: Vec<Box<RawValue>>,
    /// The triggers, as in their files.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub triggers: Vec<Box<RawValue>>,
    /// Whether new tasks use the published versions of handlers, which needs `handlers:promote`. A handler that has no version
    /// yet is used in any case.
    #[serde(default)]
    pub promote: bool,
}

/// Options of a publication.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only check it, and return what it would do.
    #[serde(default)]
    dry_run: bool,
}

/// Publishes components, templates and triggers: all, or none if one of them is refused. Components need the permission in all
/// namespaces, templates and triggers in theirs.
#[utoipa::path(post, path = "/v1/publications", tag = "catalog", operation_id = "publish", params(Parameters), request_body = PublicationRequest,
    responses((status = 200, body = PublicationReport), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn publish(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Query(Parameters { dry_run }): Query<Parameters>,
    Body(request): Body<PublicationRequest>,
) -> Result<Json<PublicationReport>, ApiError> {
    if !request.components.is_empty() || !request.aliases.is_empty() {
        must_have_all(&within)?;
    }
    if request.promote {
        within.must(Permission::HandlersPromote)?;
    }
    // Parsing has no end that its length would bound, and other tasks wait for this thread.
    let read = tokio::task::spawn_blocking(move || bundle(request)).await;
    let bundle = read.map_err(|error| ApiError::new(Code::Internal, error.to_string()))??;
    let namespaces = bundle.templates.iter().map(|template| template.namespace_name.as_str());
    let of_triggers =
        bundle.triggers.iter().flat_map(|trigger| [&*trigger.namespace, trigger.task_namespace()]);
    if !namespaces.chain(of_triggers).all(|namespace| within.scope.contains(namespace)) {
        return Err(Error::Forbidden { permission: Permission::TemplatesPublish }.into());
    }
    let reaches_inside =
        |template: &Template| template.steps.iter().any(|step| !step.grants.private_networks.is_empty());
    if within.scope != Scope::All && bundle.templates.iter().any(reaches_inside) {
        let message = "a template with `private_networks` can be published with `templates:publish` in all namespaces only, because \
            its steps reach what is not public";
        return Err(ApiError::new(Code::Forbidden, message.to_owned()));
    }
    let report = if dry_run {
        orchestrator.preview_bundle(&bundle).await
    } else {
        orchestrator.publish_bundle(&bundle).await
    };
    match report {
        // The hint lists templates of all namespaces.
        Err(Error::NoSuchTemplate { namespace, name, version, .. }) if within.scope != Scope::All => {
            Err(hidden_template(namespace, name, version).into())
        }
        other => Ok(Json(other?)),
    }
}

/// Components belong to no namespace: any template can use them.
fn must_have_all(within: &Within) -> Result<(), ApiError> {
    if within.scope == Scope::All {
        return Ok(());
    }
    let message = "components can be published with `templates:publish` in all namespaces only, because every namespace can use \
        them";
    Err(ApiError::new(Code::Forbidden, message.to_owned()))
}

fn bundle(request: PublicationRequest) -> Result<Bundle, ApiError> {
    let PublicationRequest { components, aliases, templates, triggers, promote } = request;
    let templates: Result<Vec<Template>, ApiError> =
        read_all("template", Code::InvalidTemplate, &templates, |text| {
            parse(text).map(|parsed| parsed.template)
        });
    let triggers: Result<Vec<Trigger>, ApiError> =
        read_all("trigger", Code::InvalidTrigger, &triggers, |text| {
            parse_trigger(text).map(|parsed| parsed.compiled.trigger().clone())
        });
    Ok(Bundle { components, aliases, templates: templates?, triggers: triggers?, promote })
}

fn read_all<T>(
    what: &str,
    code: Code,
    documents: &[Box<RawValue>],
    parse: impl Fn(&str) -> Result<T, Problems>,
) -> Result<Vec<T>, ApiError> {
    let read = documents.iter().enumerate().map(|(index, document)| {
        parse(document.get())
            .map_err(|problems| ApiError::new(code, problems.render(&format!("{what} {}", index + 1))))
    });
    read.collect()
}
