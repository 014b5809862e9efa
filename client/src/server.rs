//! The server itself.

use reqwest::Method;

use crate::{
    client::Client,
    error::Result,
    list::List,
    types::{ConfigurationEntry, DetailedHealth, Health, Host, Meta, QueueDepth},
};

impl Client {
    /// What the server is and can do. Needs no key.
    pub async fn meta(&self) -> Result<Meta> {
        self.route(Method::GET, &["v1", "meta"]).send().await
    }

    /// Whether the server can work: it reaches its database. Needs no key.
    pub async fn health(&self) -> Result<Health> {
        self.route(Method::GET, &["health"]).send().await
    }

    /// The configuration of the server, without its secrets. Needs `system:config_read`.
    pub fn configuration(&self) -> List<ConfigurationEntry> {
        self.list_at(&["v1", "config"])
    }

    /// The processes that run steps, and those of the last day. Needs `workers:read`.
    pub fn workers(&self) -> List<Host> {
        self.list_at(&["v1", "workers"])
    }

    /// How many messages the queues hold. Needs `queues:read`.
    pub fn queues(&self) -> List<QueueDepth> {
        self.list_at(&["v1", "queues"])
    }

    /// The health of the server, with details.
    pub async fn detailed_health(&self) -> Result<DetailedHealth> {
        self.route(Method::GET, &["health", "detailed"]).send().await
    }
}
