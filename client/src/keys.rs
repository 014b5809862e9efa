//! API keys, and who did what.

use reqwest::Method;
use uuid::Uuid;

use crate::{
    client::Client,
    error::Result,
    list::List,
    types::{Access, ApiKey, CreatedKey, KeyRotation, Me, NewKey, Session},
};

impl Client {
    /// Who the caller is, and what it may do.
    pub async fn me(&self) -> Result<Me> {
        self.route(Method::GET, &["v1", "me"]).send().await
    }

    /// The API keys, without their secrets.
    pub fn keys(&self) -> List<ApiKey> {
        self.list_at(&["v1", "keys"])
    }

    /// An API key by its id, the first 8 characters after `tsk_`. Fails with `no_such_key`.
    pub async fn key(&self, id: &str) -> Result<ApiKey> {
        self.route(Method::GET, &["v1", "keys", id]).send().await
    }

    /// Creates an API key. The response is the only one with its secret. It is not repeated on its own.
    pub async fn create_key(&self, key: &NewKey) -> Result<CreatedKey> {
        self.route(Method::POST, &["v1", "keys"]).json(key).send().await
    }

    /// Creates a successor of an API key, which stays valid for a while. It is not repeated on its own.
    pub async fn rotate_key(&self, id: &str, rotation: &KeyRotation) -> Result<CreatedKey> {
        self.route(Method::POST, &["v1", "keys", id, "rotate"]).json(rotation).send().await
    }

    /// Revokes an API key.
    pub async fn revoke_key(&self, id: &str) -> Result<ApiKey> {
        self.route(Method::DELETE, &["v1", "keys", id]).send().await
    }

    /// The sessions of browsers that have not ended, newest first.
    pub fn sessions(&self) -> List<Session> {
        self.list_at(&["v1", "sessions"])
    }

    /// Ends a session of a browser. Fails with `no_such_session`.
    pub async fn end_session(&self, id: Uuid) -> Result<Session> {
        self.route(Method::DELETE, &["v1", "sessions", &id.to_string()]).send().await
    }

    /// The requests that changed something or were refused, newest first.
    pub fn audit(&self) -> List<Access> {
        self.list_at(&["v1", "audit"])
    }
}
