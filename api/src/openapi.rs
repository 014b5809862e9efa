//! The routes of the API, and the OpenAPI document that they are described in.

use std::sync::LazyLock;

use axum::{http::header::CONTENT_TYPE, response::IntoResponse};
use tasker_orchestrator::{Orchestrator, access::Permission};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, ContentBuilder, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access::{Authorized as _, BEARER, SESSION},
    analytics, bulk, callables, configuration, creations, dlq, documents, domain_events, events, follow,
    follow_list, graphs,
    guardian::API_KEY,
    handlers, health, keys, logs, me, meta, metrics, namespaces, problem,
    problem::PROBLEM_JSON,
    publications, queues,
    response_cache::kept,
    sessions,
    site::SESSION_COOKIE,
    steps, tasks, templates, timeline, trail, triggers, workers,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tasker", description = "Workflows whose steps are WebAssembly components."),
    components(schemas(problem::Problem, follow_list::TaskChanges)),
    modifiers(&Schemes)
)]
struct Document;

/// How callers authenticate.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            API_KEY,
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))),
        );
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            SESSION_COOKIE,
            "`tasker_session` on a loopback server without TLS. What changes something needs `X-Tasker-Request: 1` too.",
        )));
        components.add_security_scheme(SESSION, cookie);
        components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// All routes, each with its permission; those at the end need none. What is here is in the document, and the other way round.
pub(crate) fn routes() -> OpenApiRouter<Orchestrator> {
    OpenApiRouter::with_openapi(Document::openapi())
        .authorized(routes!(creations::create), Permission::TasksCreate)
        .authorized(routes!(creations::validate), Permission::TasksCreate)
        .authorized(routes!(creations::create_batch), Permission::TasksCreate)
        .authorized(routes!(creations::clone), Permission::TasksCreate)
        .authorized(routes!(tasks::list), Permission::TasksList)
        .authorized(routes!(tasks::count), Permission::TasksList)
        .authorized(routes!(tasks::show), Permission::TasksRead)
        .authorized(routes!(tasks::overview), Permission::TasksRead)
        .authorized(routes!(tasks::operate), Permission::TasksOperate)
        .authorized(routes!(tasks::cancel), Permission::TasksCancel)
        .authorized(routes!(tasks::audit), Permission::TasksRead)
        .authorized(routes!(bulk::operate), Permission::TasksList)
        .authorized(routes!(bulk::list), Permission::TasksList)
        .authorized(routes!(bulk::show), Permission::TasksList)
        .authorized(routes!(bulk::stop), Permission::TasksList)
        .authorized(routes!(bulk::failures), Permission::TasksList)
        .authorized(routes!(graphs::of_task), Permission::TasksRead)
        .authorized(routes!(follow::stream), Permission::TasksRead)
        .authorized(routes!(follow_list::stream), Permission::TasksList)
        .authorized(routes!(timeline::list), Permission::StepsRead)
        .authorized(routes!(logs::of_task), Permission::TasksContextRead)
        .authorized(routes!(documents::context), Permission::TasksContextRead)
        .authorized(routes!(documents::input), Permission::TasksContextRead)
        .authorized(routes!(steps::list), Permission::StepsRead)
        .authorized(routes!(steps::show), Permission::StepsRead)
        .authorized(routes!(steps::operate), Permission::StepsResolve)
        .authorized(routes!(steps::audit), Permission::StepsRead)
        .authorized(routes!(steps::attempts), Permission::StepsRead)
        .authorized(routes!(steps::attempt), Permission::StepsRead)
        .authorized(routes!(logs::of_step), Permission::TasksContextRead)
        .authorized(routes!(documents::result), Permission::TasksContextRead)
        .authorized(routes!(namespaces::list), Permission::SystemHandlersRead)
        .authorized(routes!(namespaces::show), Permission::SystemHandlersRead)
        .authorized(routes!(handlers::list), Permission::SystemHandlersRead)
        .authorized(routes!(handlers::of_namespace), Permission::SystemHandlersRead)
        .authorized(routes!(handlers::show), Permission::SystemHandlersRead)
        .authorized(routes!(templates::list), Permission::TemplatesRead)
        .authorized(routes!(templates::versions), Permission::TemplatesRead)
        .authorized(routes!(templates::schema), Permission::TemplatesRead)
        .authorized(routes!(templates::show), Permission::TemplatesRead)
        .authorized(routes!(graphs::of_template), Permission::TemplatesRead)
        .authorized(routes!(templates::validate), Permission::TemplatesValidate)
        .authorized(routes!(publications::store_component), Permission::TemplatesPublish)
        .authorized(routes!(publications::publish), Permission::TemplatesPublish)
        .authorized(routes!(callables::list), Permission::CallablesRead)
        .authorized(routes!(callables::versions), Permission::CallablesRead)
        .authorized(routes!(callables::operate), Permission::HandlersPromote)
        .authorized(routes!(domain_events::list), Permission::EventsRead)
        .authorized(routes!(domain_events::stream), Permission::EventsRead)
        .authorized(routes!(domain_events::subscriptions), Permission::EventsRead)
        .authorized(routes!(domain_events::subscribe), Permission::EventsSubscribe)
        .authorized(routes!(domain_events::subscription), Permission::EventsRead)
        .authorized(routes!(domain_events::deliveries), Permission::EventsRead)
        .authorized(routes!(domain_events::retry), Permission::EventsSubscribe)
        .authorized(routes!(domain_events::unsubscribe), Permission::EventsSubscribe)
        .authorized(routes!(events::list), Permission::EventsRead)
        .authorized(routes!(events::receive), Permission::EventsSend)
        .authorized(routes!(events::show), Permission::EventsRead)
        .authorized(routes!(events::replay_many), Permission::EventsReplay)
        .authorized(routes!(events::replay), Permission::EventsReplay)
        .authorized(routes!(triggers::list), Permission::TriggersRead)
        .authorized(routes!(triggers::test), Permission::TriggersRead)
        .authorized(routes!(triggers::show), Permission::TriggersRead)
        .authorized(routes!(triggers::switch), Permission::TriggersUpdate)
        .authorized(routes!(triggers::remove), Permission::TriggersUpdate)
        .authorized(routes!(dlq::list), Permission::DlqRead)
        .authorized(routes!(dlq::of_task), Permission::DlqRead)
        .authorized(routes!(dlq::add), Permission::DlqUpdate)
        .authorized(routes!(dlq::show), Permission::DlqRead)
        .authorized(routes!(dlq::update), Permission::DlqUpdate)
        .authorized(routes!(dlq::update_many), Permission::DlqUpdate)
        .authorized(routes!(dlq::statistics), Permission::DlqStats)
        .authorized(routes!(dlq::investigation_queue), Permission::DlqRead)
        .authorized(routes!(dlq::staleness), Permission::DlqRead)
        .authorized(routes!(keys::list), Permission::KeysRead)
        .authorized(routes!(keys::create), Permission::KeysCreate)
        .authorized(routes!(keys::show), Permission::KeysRead)
        .authorized(routes!(keys::revoke), Permission::KeysRevoke)
        .authorized(routes!(keys::rotate), Permission::KeysCreate)
        .authorized(routes!(sessions::list), Permission::KeysRead)
        .authorized(routes!(sessions::end), Permission::KeysRevoke)
        .for_any_caller(routes!(sessions::end_own))
        .authorized(routes!(health::detailed), Permission::SystemHealthRead)
        .authorized(routes!(configuration::list), Permission::SystemConfigRead)
        .authorized(routes!(workers::list), Permission::WorkersRead)
        .authorized(routes!(queues::list), Permission::QueuesRead)
        .authorized(kept(routes!(analytics::performance)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::bottlenecks)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::throughput)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::steps)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::tasks)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::errors)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::retries)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::costs)), Permission::SystemAnalyticsRead)
        .authorized(kept(routes!(analytics::health)), Permission::SystemAnalyticsRead)
        .authorized(routes!(metrics::show), Permission::MetricsRead)
        .authorized(routes!(trail::list), Permission::AuditRead)
        .for_any_caller(routes!(me::show))
        .routes(routes!(sessions::begin))
        .routes(routes!(meta::show))
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// The OpenAPI document.
pub fn document() -> openapi::OpenApi {
    let mut document = routes().into_openapi();
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        operations.into_iter().flatten().for_each(describe_problems);
    }
    document
}

/// Adds the problems that any request can have, where the operation does not describe its own, and the content type of all.
fn describe_problems(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        // OpenAPI requires a description, and generators insist on it.
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let description = match status.as_str() {
                status if status < "400" => "Success.",
                "404" => "It does not exist, or is outside the caller's namespaces.",
                "409" => "The current state does not allow it.",
                _ => "Refused: see the problem.",
            };
            description.clone_into(&mut response.description);
        }
    }
    let problems = operation.responses.responses.iter_mut().filter(|(status, _)| status.as_str() >= "400");
    for (_, response) in problems {
        if let RefOr::T(response) = response
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert(PROBLEM_JSON.to_owned(), content);
        }
    }
    let common: &[(u16, &str)] = match operation.request_body {
        Some(_) => &[
            (400, "The request is invalid."),
            (413, "The body is too large."),
            (415, "The content type is not supported."),
            (500, "Tasker failed."),
            (503, "Temporarily unavailable. Repeat the request."),
        ],
        None => &[
            (400, "The request is invalid."),
            (500, "Tasker failed."),
            (503, "Temporarily unavailable. Repeat the request."),
        ],
    };
    let guarded: &[(u16, &str)] = match operation.security {
        Some(_) => &[
            (401, "The credentials are missing or not valid."),
            (403, "The caller lacks a permission."),
            (429, "There are too many requests of this kind. See `Retry-After`."),
        ],
        None => &[],
    };
    for (status, description) in common.iter().chain(guarded) {
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| {
            let problem = Ref::from_schema_name("Problem");
            let content = ContentBuilder::new().schema(Some(problem)).build();
            ResponseBuilder::new().description(*description).content(PROBLEM_JSON, content).build().into()
        });
    }
}

/// The document as JSON, made once.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&document()).unwrap_or_else(|_| "{}".to_owned()));

pub(crate) async fn serve() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
