//! Whom a server lets in.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use tasker_api::Authentication;
use tasker_orchestrator::access::Keys;

use crate::config::{AuthMode, ProjectConfig};

/// Returns how the API on this address authenticates its callers. `auto` is what `auth.mode = "auto"` stands for.
///
/// # Errors
/// It would let everybody in beyond this machine.
pub(crate) fn authentication(
    project: &ProjectConfig,
    address: SocketAddr,
    auto: Authentication,
) -> Result<Authentication> {
    let authentication = match project.config.auth.mode {
        AuthMode::Auto => auto,
        AuthMode::Off => Authentication::Off,
        AuthMode::Own => Authentication::Keys,
    };
    let is_open = authentication == Authentication::Off && !address.ip().is_loopback();
    if is_open && !project.config.auth.insecure_no_auth {
        bail!(
            "the API on {address} would let everybody in: create a key with `tasker key create --database --name NAME --role \
             admin`, or listen on 127.0.0.1, or accept it with --insecure-no-auth (`auth.insecure_no_auth`)"
        );
    }
    if is_open {
        tracing::warn!(%address, "the API lets everybody in, also from other machines");
    }
    Ok(authentication)
}

/// API keys where there are any, and nothing otherwise.
pub(crate) async fn keys_if_any(keys: &Keys) -> Result<Authentication> {
    Ok(if keys.is_any().await? { Authentication::Keys } else { Authentication::Off })
}
