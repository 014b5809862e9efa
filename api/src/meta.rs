//! What this server is, for clients that have not authenticated.

use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    grpc::SpeaksGrpc,
    guardian::Guardian,
    login::{BEGIN, Logins},
    tasks::AnswerBy,
};

/// What a server is and can do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Meta {
    /// `tasker`.
    pub name: String,
    /// How callers are authenticated: `off`, `own` (API keys, sessions, tokens), `gateway`.
    pub authentication: String,
    /// How one logs in, beside sending credentials with each request: `key`, with an API key at `/v1/session`; `oidc`, at an
    /// identity provider by `/auth/login`.
    #[serde(default)]
    pub logins: Vec<String>,
    /// Where a browser begins its login at the identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_url: Option<String>,
    /// What not every server has: `grpc`, and `streams` that stay open.
    pub features: Vec<String>,
}

/// Returns what this server is and can do. Anybody may ask.
#[utoipa::path(get, path = "/v1/meta", tag = "health", operation_id = "get_meta", responses((status = 200, body = Meta)))]
pub(crate) async fn show(
    Extension(guardian): Extension<Guardian>,
    Extension(logins): Extension<Logins>,
    answer_by: Option<Extension<AnswerBy>>,
    speaks_grpc: Option<Extension<SpeaksGrpc>>,
) -> Json<Meta> {
    // A process around the router that ends requests ends streams too.
    let features = [("grpc", speaks_grpc.is_some()), ("streams", answer_by.is_none())];
    let has_logins = guardian.has_logins();
    let logins = [
        ("key", has_logins && guardian.site().cookies().is_ok()),
        ("oidc", has_logins && logins.has_provider()),
    ];
    let those = |all: &[(&str, bool)]| {
        all.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()).collect()
    };
    Json(Meta {
        name: "tasker".to_owned(),
        authentication: guardian.mode().to_owned(),
        login_url: guardian.site().public_url.as_ref().filter(|_| logins[1].1).map(|url| url.to(BEGIN)),
        logins: those(&logins),
        features: those(&features),
    })
}
