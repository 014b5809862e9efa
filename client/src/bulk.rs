//! Bulk operations: one action on many tasks.

use reqwest::Method;
use uuid::Uuid;

use crate::{
    client::Client,
    error::Result,
    list::List,
    types::{BulkFailure, BulkOperation, TaskBulk},
};

impl Client {
    /// Previews an action on many tasks. Nothing changes until its token is confirmed.
    pub async fn preview_bulk(&self, request: &TaskBulk) -> Result<BulkOperation> {
        self.route(Method::POST, &["v1", "tasks", "bulk"]).json(request).send().await
    }

    /// Lets a previewed operation begin, with the token in `confirm` of its preview: once, within ten minutes. Fails with
    /// `confirm_expired`.
    pub async fn confirm_bulk(&self, token: &str) -> Result<BulkOperation> {
        let request = TaskBulk { confirm: Some(token.to_owned()), ..TaskBulk::default() };
        self.preview_bulk(&request).await
    }

    /// The operations that were confirmed, newest first.
    pub fn bulk_operations(&self) -> List<BulkOperation> {
        self.list_at(&["v1", "bulk"])
    }

    /// How far an operation has come. Fails with `no_such_bulk`.
    pub async fn bulk_operation(&self, id: Uuid) -> Result<BulkOperation> {
        self.route(Method::GET, &["v1", "bulk", &id.to_string()]).send().await
    }

    /// Stops an operation. What was done stands.
    pub async fn stop_bulk(&self, id: Uuid) -> Result<BulkOperation> {
        self.route(Method::DELETE, &["v1", "bulk", &id.to_string()]).send().await
    }

    /// The tasks that the action could not be applied to, newest first.
    pub fn bulk_failures(&self, id: Uuid) -> List<BulkFailure> {
        self.list_at(&["v1", "bulk", &id.to_string(), "failures"])
    }
}
