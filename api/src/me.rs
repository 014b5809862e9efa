//! The caller itself.

use std::collections::BTreeMap;

use axum::Json;
use serde::{Deserialize, Serialize};
use tasker_orchestrator::access::{Principal, Scope};
use utoipa::ToSchema;

use crate::access::Within;

/// Who calls, and what it may do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Who it is.
    pub principal: Principal,
    /// Its permissions, each with the namespaces in which it holds; `null` for all.
    pub permissions: BTreeMap<String, Option<Vec<String>>>,
}

/// Returns who calls, and what it may do. Any caller may ask.
#[utoipa::path(get, path = "/v1/me", tag = "keys", operation_id = "get_me", responses((status = 200, body = Me)))]
pub(crate) async fn show(within: Within) -> Json<Me> {
    let permissions = within.caller.grant.permissions().map(|(permission, scope)| {
        let namespaces = match scope {
            Scope::All => None,
            Scope::Namespaces(names) => Some(names.iter().cloned().collect()),
        };
        (permission.to_string(), namespaces)
    });
    Json(Me { permissions: permissions.collect(), principal: within.caller.principal.clone() })
}
