//! Credentials that may change while a process runs.

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;

/// A source of credentials, for a database whose password may be rotated.
#[async_trait]
pub trait Login: Send + Sync {
    /// Returns the current credentials, after the database rejected the previous ones.
    async fn renewed(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>>;
}
