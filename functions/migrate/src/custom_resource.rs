//! A custom resource of CloudFormation: its request, and the response to the URL that the request names.

use serde::Deserialize;
use serde_json::{Value, json};
use tasker_function_lambda::Error;

use crate::deploy::Request;

/// A request of CloudFormation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CustomResource {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
    #[serde(default)]
    resource_properties: Request,
}

impl CustomResource {
    /// Takes the request. None if the stack is being deleted, because that must not delete data.
    pub(crate) fn take_request(&mut self) -> Option<Request> {
        (self.request_type != "Delete")
            .then(|| std::mem::take(&mut self.resource_properties).without_secrets())
    }

    /// Sends the outcome to CloudFormation.
    pub(crate) async fn respond(self, done: &Result<Value, Error>) -> Result<(), Error> {
        let reason = done.as_ref().err().map_or_else(|| "done".to_owned(), ToString::to_string);
        let response = json!({
            "Status": if done.is_ok() { "SUCCESS" } else { "FAILED" },
            "Reason": reason,
            "PhysicalResourceId": self.physical_resource_id.as_deref().unwrap_or("tasker-database"),
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_resource_id,
            "Data": done.as_ref().unwrap_or(&Value::Null),
        });
        let url = self.response_url;
        // The signature of the URL covers an empty content type.
        let put = move || ureq::put(url).header("content-type", "").send(response.to_string());
        tokio::task::spawn_blocking(put).await??;
        Ok(())
    }
}
