//! What this server is, for clients that have not authenticated.

use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{access::Guardian, grpc::SpeaksGrpc, tasks::AnswerBy};

/// What a server is and can do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Meta {
    /// `tasker`.
    pub name: String,
    /// How callers are authenticated: `off`, `own` (API keys), `gateway`.
    pub authentication: String,
    /// What not every server has: `grpc`, and `streams` that stay open.
    pub features: Vec<String>,
}

/// Returns what this server is and can do. Anybody may ask.
#[utoipa::path(get, path = "/v1/meta", tag = "health", operation_id = "get_meta", responses((status = 200, body = Meta)))]
pub(crate) async fn show(
    Extension(guardian): Extension<Guardian>,
    answer_by: Option<Extension<AnswerBy>>,
    speaks_grpc: Option<Extension<SpeaksGrpc>>,
) -> Json<Meta> {
    // A process around the router that ends requests ends streams too.
    let features = [("grpc", speaks_grpc.is_some()), ("streams", answer_by.is_none())];
    Json(Meta {
        name: "tasker".to_owned(),
        authentication: guardian.mode().to_owned(),
        features: features.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()).collect(),
    })
}
