//! Tasker's REST API: parses a request, calls the orchestrator, and returns JSON.
//!
//! Each route names the permission that it needs. [`Authentication`] says who the caller is.
#![forbid(unsafe_code)]

mod access;
mod analytics;
mod bodies;
mod bulk;
mod caching;
mod callables;
mod compression;
mod configuration;
mod cors;
mod creations;
mod dlq;
mod documents;
mod domain_events;
mod etag;
mod events;
mod extract;
mod filters;
mod follow;
mod follow_list;
mod gateway;
mod graphs;
mod grpc;
mod guard;
mod guardian;
mod handlers;
mod health;
mod keys;
mod login;
mod logs;
mod mcp;
mod me;
mod measure;
mod meta;
mod metrics;
mod moment;
mod namespaces;
mod openapi;
mod pace;
mod page;
mod per_minute;
mod problem;
mod proxies;
mod publications;
mod queues;
mod repetition;
mod request_id;
mod response_cache;
mod roles;
mod seal;
mod server;
mod sessions;
mod site;
mod steps;
mod streams;
mod tasks;
mod templates;
mod timeline;
mod tokens;
mod trace_context;
mod traced;
mod trail;
mod triggers;
mod workers;

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router, extract::DefaultBodyLimit, middleware, routing::get};
use bodies::{Bodies, bound};
use configuration::Configuration;
use guard::Known;
use guardian::Guardian;
use ipnet::IpNet;
use login::Logins;
use proxies::see_through;
use response_cache::ResponseCache;
use site::{Cookies, Site};
use streams::Streams;
use tasker_orchestrator::Orchestrator;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

pub use bodies::MAX_BODIES_BYTES;
pub use callables::CallableOperation;
pub use configuration::ConfigurationEntry;
pub use cors::{BadOrigin, PageOrigin};
pub use creations::{CheckedTask, CreatedItem, CreatedTask, CreatedTasks, TaskBatch};
pub use dlq::{DlqAddition, DlqBulkUpdate, DlqBulkUpdated, DlqUpdate, DlqUpdated};
pub use events::{EventReplay, EventsReplayed};
pub use follow_list::TaskChanges;
pub use gateway::{Gateway, GatewayClaims, GatewayError};
pub use guardian::Authentication;
pub use health::{DetailedHealth, Health, HealthCheck};
pub use keys::KeyRotation;
pub use login::{CALLBACK, Login};
pub use me::Me;
pub use meta::Meta;
pub use metrics::serve_metrics;
pub use moment::duration;
pub use openapi::document as openapi_document;
pub use page::Page;
pub use problem::{Fault, PROBLEM_JSON, Problem};
pub use publications::{PublicationRequest, StoredComponent};
pub use sessions::KeyLogin;
pub use site::{BadPublicUrl, PublicUrl};
pub use steps::{StepActionName, StepOperation};
pub use tasker_orchestrator::TaskCopy;
pub use tasks::{AnswerBy, CancelledTask, OperatedTask, TaskOperation};
pub use templates::{TemplateProblem, TemplateVerdict};
pub use tokens::Tokens;
pub use trail::Peer;
pub use triggers::TriggerSwitch;

/// The largest request body of a server, in bytes.
const MAX_BODY_BYTES: usize = 8 << 20;

/// How long responses of analytics are returned again, unless a configuration says otherwise.
pub const RESPONSES_KEPT: Duration = Duration::from_secs(10);

/// Who is let in, and to what.
#[derive(Debug, Clone)]
pub struct Doors {
    /// How callers are authenticated.
    pub authentication: Authentication,
    /// Whether the MCP server offers tools that change something, to those who may.
    pub mcp_writes: bool,
    /// The maximum size of all bodies of requests in memory, in bytes. Further requests get 503.
    pub max_bodies_bytes: usize,
    /// The configuration of the process, for those who may read it.
    pub configuration: Vec<ConfigurationEntry>,
    /// How clients reach the server, and how often.
    pub front: Front,
}

/// How clients reach a server, and how often.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// The URL that they reach it by, if that is not its own address.
    pub public_url: Option<PublicUrl>,
    /// The proxies before it, whose `X-Forwarded-For` names the client.
    pub trusted_proxies: Vec<IpNet>,
    /// How many requests each principal may send in a second. 0: any number.
    pub requests_per_second: u32,
    /// How long responses of analytics are returned again. Zero: they are not kept.
    pub responses_kept: Duration,
    /// Logins at an identity provider.
    pub login: Option<Arc<Login>>,
    /// Whose pages of other sites may use the API.
    pub cors_origins: Vec<PageOrigin>,
}

impl From<Authentication> for Doors {
    fn from(authentication: Authentication) -> Self {
        Self {
            authentication,
            mcp_writes: false,
            max_bodies_bytes: MAX_BODIES_BYTES,
            configuration: Vec::new(),
            front: Front::default(),
        }
    }
}

/// The routes of the API. Streaming responses end when `stop` is cancelled.
pub fn router(orchestrator: Orchestrator, doors: impl Into<Doors>, stop: CancellationToken) -> Router {
    router_with_bodies(orchestrator, doors, stop, MAX_BODY_BYTES)
}

/// As [`router`], with another limit on the bodies of requests, in bytes.
pub fn router_with_bodies(
    orchestrator: Orchestrator,
    doors: impl Into<Doors>,
    stop: CancellationToken,
    max_body_bytes: usize,
) -> Router {
    let doors = doors.into();
    // A gateway or a function URL is reached by TLS only.
    let site = Site::new(doors.front.public_url.clone(), Some(Cookies::Secure));
    let guardian = guardian(&orchestrator, &doors, site);
    let bodies = Bodies::new(doors.max_bodies_bytes);
    routes(orchestrator, doors, guardian, stop, max_body_bytes)
        .layer(middleware::from_fn_with_state(bodies, bound))
        .layer(middleware::from_fn(request_id::identify))
}

fn guardian(orchestrator: &Orchestrator, doors: &Doors, site: Site) -> Guardian {
    Guardian::new(orchestrator, doors.authentication.clone(), site, doors.front.requests_per_second)
}

/// The routes, without the id of a request, which is the outermost layer.
fn routes(
    orchestrator: Orchestrator,
    Doors { mcp_writes, configuration, front, .. }: Doors,
    guardian: Guardian,
    stop: CancellationToken,
    max_body_bytes: usize,
) -> Router {
    let routes = openapi::routes()
        .split_for_parts()
        .0
        .route("/openapi.json", get(openapi::serve))
        .merge(tasker_console::router())
        .merge(login::routes())
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(middleware::from_fn(measure::measure))
        .layer(middleware::from_fn(etag::tag))
        .layer(middleware::from_fn(caching::limit))
        .layer(compression::layer())
        .layer(middleware::from_fn(guard::refuse_nul))
        .layer(DefaultBodyLimit::max(max_body_bytes))
        .layer(Extension(stop))
        .layer(Extension(guardian.clone()))
        .layer(Extension(Streams::default()))
        .layer(Extension(ResponseCache::new(front.responses_kept)))
        .layer(Extension(Configuration(configuration.into())))
        .layer(Extension(Logins::new(front.login)))
        .with_state(orchestrator);
    // Before routing, because it sends another request to the same path.
    let checked = middleware::from_fn_with_state(routes.clone(), etag::check).layer(routes);
    let routes = Router::new().fallback_service(checked);
    let routes = mcp::with_mcp(routes, guardian, mcp_writes);
    if front.cors_origins.is_empty() { routes } else { routes.layer(cors::layer(&front.cors_origins)) }
}

/// Serves the API, with its gRPC services, until `stop` is cancelled, then finishes running requests. On loopback, accepts only requests to names of
/// this machine and to `hosts`.
///
/// # Errors
/// The listener has no address.
pub async fn serve(
    listener: TcpListener,
    orchestrator: Orchestrator,
    doors: Doors,
    mut hosts: Vec<String>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    if let Authentication::Own(Some(tokens)) = &doors.authentication {
        let (tokens, stop) = (Arc::clone(tokens), stop.clone());
        tokio::spawn(async move { tokens.run(stop).await });
    }
    let is_loopback = listener.local_addr()?.ip().is_loopback();
    let Front { public_url, trusted_proxies, cors_origins, .. } = doors.front.clone();
    hosts.extend(public_url.as_ref().map(|url| url.host().to_owned()));
    let site = Site::new(public_url, is_loopback.then_some(Cookies::Local));
    let guardian = guardian(&orchestrator, &doors, site);
    let bodies = Bodies::new(doors.max_bodies_bytes);
    let mut router = routes(orchestrator, doors, guardian.clone(), stop.clone(), MAX_BODY_BYTES);
    router = grpc::with_grpc(router, guardian, stop.clone());
    router = router.layer(middleware::from_fn_with_state(bodies, bound));
    if is_loopback {
        router = router.layer(middleware::from_fn_with_state(
            Arc::new(Known { hosts, origins: cors_origins }),
            guard::refuse_foreign_pages,
        ));
    }
    if !trusted_proxies.is_empty() {
        router =
            router.layer(middleware::from_fn_with_state(Arc::<[IpNet]>::from(trusted_proxies), see_through));
    }
    server::serve(listener, router.layer(middleware::from_fn(request_id::identify)), stop).await;
    Ok(())
}
