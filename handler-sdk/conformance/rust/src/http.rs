//! Requests.

use std::collections::BTreeMap;

use tasker_handler::{
    prelude::*,
    serde_json::{Value, json},
};

/// A request, and what to return of the response.
#[derive(Deserialize, JsonSchema)]
struct Wanted {
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    json: Option<Value>,
    /// Whether an error status is a failure.
    #[serde(default)]
    check: bool,
    /// `json`, `text` or `size`.
    body: String,
    /// The header to return.
    header: Option<String>,
}

/// Sends the request of its input.
#[handler]
fn request(_ctx: &Context, input: Wanted) -> Result<Value, Failure> {
    let mut request = http::Request::new(&input.method, &input.url);
    for (name, value) in &input.headers {
        request = request.header(name, value);
    }
    if let Some(body) = &input.json {
        request = request.json(body)?;
    }
    let mut response = request.send()?;
    if input.check {
        response = response.error_for_status()?;
    }
    let body = match input.body.as_str() {
        "json" => response.json()?,
        "text" => json!(String::from_utf8_lossy(&response.body)),
        _ => json!(response.body.len()),
    };
    let header = input.header.and_then(|name| response.header(&name).map(str::to_owned));
    Ok(json!({ "status": response.status, "header": header, "body": body }))
}
