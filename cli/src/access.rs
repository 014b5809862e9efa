//! Whom a server lets in.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use tasker_api::{Authentication, ConfigurationEntry, Doors, Front, PublicUrl};

use crate::{
    auth::{AuthMode, networks},
    config::{ProjectConfig, Source},
};

/// Returns whom the API on this address lets in, and to what. `has_keys` says whether `auth.mode = "auto"` finds API keys.
///
/// # Errors
/// It would let everybody in beyond this machine, or a setting of tokens or logins is wrong.
pub(crate) fn doors(project: &ProjectConfig, address: SocketAddr, has_keys: bool) -> Result<Doors> {
    let configuration = configuration(project)?;
    let front = front(project, address)?;
    let has_login = front.login.is_some();
    let doors = |authentication| Doors {
        authentication,
        mcp_writes: project.config.mcp.write,
        max_bodies_bytes: project.config.server.max_bodies_bytes,
        configuration: configuration.clone(),
        front,
    };
    let auth = &project.config.auth;
    let tokens = auth.tokens(&project.config.auth_roles, &project.root)?.map(Arc::new);
    let is_off = match auth.mode {
        AuthMode::Auto => tokens.is_none() && !has_keys && !has_login,
        AuthMode::Off => true,
        AuthMode::Own => false,
    };
    if !is_off {
        return Ok(doors(Authentication::Own(tokens)));
    }
    if !address.ip().is_loopback() {
        if !auth.insecure_no_auth {
            bail!(
                "the API on {address} would let everybody in: create a key with `tasker key create --database --name NAME --role \
                 admin`, or listen on 127.0.0.1, or accept it with --insecure-no-auth (`auth.insecure_no_auth`)"
            );
        }
        tracing::warn!(%address, "the API lets everybody in, also from other machines");
    }
    Ok(doors(Authentication::Off))
}

/// The configuration, for those who may read it through the API.
fn configuration(project: &ProjectConfig) -> Result<Vec<ConfigurationEntry>> {
    let entry = |(key, value, source): (String, toml::Value, Source)| {
        let value = serde_json::to_value(value)?;
        Ok(ConfigurationEntry { key, value, source: source.to_string() })
    };
    project.entries()?.into_iter().map(entry).collect()
}

/// Returns how clients reach the server.
fn front(project: &ProjectConfig, address: SocketAddr) -> Result<Front> {
    let server = &project.config.server;
    let public_url: Option<PublicUrl> = match server.public_url.as_str() {
        // Of a server on loopback, browsers of this machine know the address.
        "" if address.ip().is_loopback() => Some(format!("http://{address}").parse()?),
        "" => None,
        text => Some(text.parse().context("`server.public_url`")?),
    };
    let roles = &project.config.auth_roles;
    let login = project.config.auth.login(roles, &project.root, public_url.as_ref(), &server.secret)?;
    Ok(Front {
        public_url,
        trusted_proxies: networks("server.trusted_proxies", &server.trusted_proxies)?,
        requests_per_second: server.requests_per_second,
        responses_kept: Duration::from_secs(server.analytics_kept_seconds),
        cors_origins: server
            .cors_origins
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, _>>()
            .context("`server.cors_origins`")?,
        login: login.map(Arc::new),
    })
}
