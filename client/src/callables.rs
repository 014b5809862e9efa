//! Callables: what the steps of templates run.

use reqwest::Method;

use crate::{
    client::Client,
    error::Result,
    list::List,
    types::{CallableOperation, HandlerSummary, HandlerVersion},
};

impl Client {
    /// The callables that templates can use.
    pub fn callables(&self) -> List<HandlerSummary> {
        self.list_at(&["v1", "callables"])
    }

    /// The published versions of a callable.
    pub fn callable_versions(&self, callable: &str) -> List<HandlerVersion> {
        self.list_at(&["v1", "callables", callable, "versions"])
    }

    /// Changes the current version of a callable, which new tasks use. Returns the current version.
    pub async fn operate_on_callable(
        &self,
        callable: &str,
        operation: &CallableOperation,
    ) -> Result<HandlerVersion> {
        let request = self.route(Method::PATCH, &["v1", "callables", callable, "versions"]);
        request.json(operation).send().await
    }
}
