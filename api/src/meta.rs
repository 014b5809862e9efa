//! What this server is, for clients that have not authenticated.

use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{access::Guardian, tasks::AnswerBy};

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
) -> Json<Meta> {
    // A process around the router that ends requests ends streams too, and has no HTTP/2.
    let features = if answer_by.is_none() { &["grpc", "streams"][..] } else { &[] };
    Json(Meta {
        name: "tasker".to_owned(),
        authentication: guardian.mode().to_owned(),
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
    })
}
