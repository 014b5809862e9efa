//! What is wrong with values that have the right type.

use std::{fmt::Display, net::SocketAddr, path::Path, str::FromStr};

use sqlx::postgres::PgConnectOptions;
use tasker_api::{PageOrigin, PublicUrl};
use tasker_protocol::granted_network;

use super::{ProjectConfig, Source};
use crate::{
    auth::{AuthMode, SHORTEST_SECRET, networks},
    parts::blobs_url,
};

/// The faults of values, each with its key.
pub(super) fn check(project: &ProjectConfig) -> Vec<(&'static str, String)> {
    let config = &project.config;
    let mut faults = Faults(Vec::new());
    of_server(project, &mut faults);
    of_auth(project, &mut faults);
    of_database(&config.database.url, &mut faults);
    for (key, number) in [
        ("server.max_bodies_bytes", config.server.max_bodies_bytes as u64),
        ("database.max_connections", config.database.max_connections.into()),
        ("orchestrator.report_loops", config.orchestrator.report_loops as u64),
        ("worker.max_concurrent", config.worker.max_concurrent as u64),
        ("worker.lease_seconds", config.worker.lease_seconds),
    ] {
        if number == 0 {
            faults.add(key, "it is 0: write at least 1");
        }
    }
    for text in &config.orchestrator.webhook_networks {
        if granted_network(text).is_none() {
            faults.add(
                "orchestrator.webhook_networks",
                format!("`{text}` is no network: write an address, or a network such as 10.1.0.0/16"),
            );
        }
    }
    faults.result("blobs.url", blobs_url(project));
    of_telemetry(project, &mut faults);
    of_files(project, &mut faults);
    faults.0
}

fn of_address(key: &'static str, text: &str, faults: &mut Faults) {
    let port = text.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    if !matches!(port, Some(Ok(_))) {
        faults.add(key, format!("`{text}` is no address with a port, such as 127.0.0.1:8080"));
    }
}

fn of_telemetry(project: &ProjectConfig, faults: &mut Faults) {
    let telemetry = &project.config.telemetry;
    if !telemetry.metrics_listen.is_empty() {
        of_address("telemetry.metrics_listen", &telemetry.metrics_listen, faults);
    }
    let endpoint = &telemetry.otlp_endpoint;
    if !endpoint.is_empty() && !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        faults
            .add("telemetry.otlp_endpoint", "it is not the URL of a collector: write http://127.0.0.1:4318");
    }
}

fn of_database(url: &str, faults: &mut Faults) {
    if url.is_empty() {
        return;
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        faults.parse::<PgConnectOptions>("database.url", "a URL of PostgreSQL", url, false);
    } else {
        faults
            .add("database.url", "it is no URL of PostgreSQL: write postgres://user:password@host/database");
    }
}

struct Faults(Vec<(&'static str, String)>);

impl Faults {
    fn add(&mut self, key: &'static str, detail: impl Into<String>) {
        self.0.push((key, detail.into()));
    }

    fn result<T>(&mut self, key: &'static str, result: anyhow::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(key, format!("{error:#}"))).ok()
    }

    fn parse<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        what: &str,
        text: &str,
        is_shown: bool,
    ) -> Option<T> {
        let parsed = text.parse();
        // A URL of a database holds a password.
        let shown = if is_shown { format!("`{text}`") } else { "it".to_owned() };
        parsed.map_err(|error| self.add(key, format!("{shown} is not {what}: {error}"))).ok()
    }
}

fn of_server(project: &ProjectConfig, faults: &mut Faults) {
    let server = &project.config.server;
    of_address("server.listen", &server.listen, faults);
    faults.result("server.url", server.clone().complete_url());
    faults.result("server.trusted_proxies", networks("server.trusted_proxies", &server.trusted_proxies));
    for origin in &server.cors_origins {
        faults.parse::<PageOrigin>("server.cors_origins", "an origin", origin, true);
    }
    if !server.secret.is_empty() && server.secret.len() < SHORTEST_SECRET {
        faults.add(
            "server.secret",
            format!("it is too short: write at least {SHORTEST_SECRET} random characters, or leave it out"),
        );
    }
}

fn of_auth(project: &ProjectConfig, faults: &mut Faults) {
    let (config, auth) = (&project.config, &project.config.auth);
    let address: Option<SocketAddr> = config.server.listen.parse().ok();
    let is_here = address.is_none_or(|address| address.ip().is_loopback());
    if auth.mode == AuthMode::Off && !is_here && !auth.insecure_no_auth {
        faults.add(
            "auth.mode",
            format!(
                "it is `off`, so the API on {} would let everybody in: write `own`, listen on 127.0.0.1, or accept it with \
                 `auth.insecure_no_auth`",
                config.server.listen
            ),
        );
    }
    faults.result("auth.jwt_issuer", auth.tokens(&config.auth_roles, &project.root));
    let public_url = match config.server.public_url.as_str() {
        "" => address.filter(|_| is_here).and_then(|address| format!("http://{address}").parse().ok()),
        url => match faults.parse::<PublicUrl>("server.public_url", "a URL of this server", url, true) {
            Some(url) => Some(url),
            // Said once.
            None => return,
        },
    };
    // The check of its own key reports a short one.
    faults.result("auth.oidc_issuer", auth.login(&config.auth_roles, &project.root, public_url.as_ref(), ""));
}

/// Files and folders that are named, not those of the defaults.
fn of_files(project: &ProjectConfig, faults: &mut Faults) {
    let configured = &project.config.project;
    let is_named = |key: &str| project.source(key) != Source::Default;
    let missing = |path: &Path| format!("there is no {}", project.path(path).display());
    if is_named("project.components") {
        for component in &configured.components {
            if let Err(fault) = component.recipe(&project.root) {
                faults.add("project.components", fault);
            }
        }
    }
    if is_named("project.templates") && !project.path(&configured.templates).is_dir() {
        faults.add("project.templates", format!("{}: make the folder", missing(&configured.templates)));
    }
}
