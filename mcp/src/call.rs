//! One call of a tool: who calls, with which arguments, and the way to the API.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    api::{Api, ApiRequest},
    arguments::Arguments,
    failure::Failure,
    path::{Query, path},
};

/// Who calls, and what it may do: `/v1/me`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    pub(crate) principal: Value,
    permissions: Map<String, Value>,
}

impl Caller {
    /// Asks the API.
    pub(crate) async fn ask(api: &dyn Api) -> Result<Self, Failure> {
        let mut me = send(api, ApiRequest::get("/v1/me")).await?;
        let permissions = match me["permissions"].take() {
            Value::Object(permissions) => permissions,
            _ => Map::new(),
        };
        Ok(Self { principal: me["principal"].take(), permissions })
    }

    /// Whether the caller has a permission, at least in one namespace.
    pub(crate) fn may(&self, permission: &str) -> bool {
        match self.permissions.get(permission) {
            Some(Value::Array(namespaces)) => !namespaces.is_empty(),
            Some(_) => true,
            None => false,
        }
    }
}

/// One call of a tool.
pub(crate) struct Call<'a> {
    pub(crate) api: &'a dyn Api,
    pub(crate) caller: &'a Caller,
    pub(crate) arguments: &'a Arguments,
    pub(crate) now: DateTime<Utc>,
}

impl Call<'_> {
    /// A required text among the arguments.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        let missing = || Failure::invalid_arguments(format!("`{name}` is missing"));
        self.arguments.text(name).ok_or_else(missing)
    }

    /// The path `/v1/tasks/{task}` and further segments.
    pub(crate) fn task_path(&self, further: &[&str]) -> Result<String, Failure> {
        let mut segments = vec!["v1", "tasks", self.required("task")?];
        segments.extend(further);
        path(&segments)
    }

    /// The path of the step `step` and further segments.
    pub(crate) fn step_path(&self, further: &[&str]) -> Result<String, Failure> {
        let mut segments = vec!["workflow_steps", self.required("step")?];
        segments.extend(further);
        self.task_path(&segments)
    }

    /// A query with the named arguments, as far as they are there. A list repeats its parameter.
    pub(crate) fn query(&self, names: &[&str]) -> Query {
        let mut query = Query::default();
        for name in names {
            match self.arguments.get(name) {
                Some(Value::Array(values)) => {
                    values.iter().filter_map(Value::as_str).for_each(|value| query.add(name, value));
                }
                Some(Value::String(text)) => query.add(name, text),
                Some(Value::Null) | None => {}
                Some(other) => query.add(name, &other.to_string()),
            }
        }
        query
    }

    /// Reads a path. A response that is no success is an error.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        send(self.api, ApiRequest::get(path)).await
    }
}

/// Sends a request. A response that is no success is an error.
pub(crate) async fn send(api: &dyn Api, request: ApiRequest) -> Result<Value, Failure> {
    let response = api.call(request).await?;
    if !(200..300).contains(&response.status) {
        return Err(Failure::of_response(&response));
    }
    if response.body.is_empty() {
        return Ok(Value::Null);
    }
    let not_json = |_| {
        Failure::new(
            "unexpected_response",
            "the server answered something other than JSON; is it a Tasker server?",
        )
    };
    serde_json::from_str(&response.body).map_err(not_json)
}
