//! The server itself.

use reqwest::Method;

use crate::{
    client::Client,
    error::Result,
    types::{DetailedHealth, Health, Meta},
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

    /// The health of the server, with details.
    pub async fn detailed_health(&self) -> Result<DetailedHealth> {
        self.route(Method::GET, &["health", "detailed"]).send().await
    }
}
