//! An API in memory: it records requests, and answers by the routes of `api/openapi.json`.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tasker_mcp::{Api, ApiRequest, ApiResponse, ApiUnreachable};

use crate::samples;

/// The description of the API.
pub(crate) static OPENAPI: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
});

/// The route of a request, as `GET /v1/tasks/{task_id}`. None: there is none.
pub(crate) fn route_of(method: &str, path: &str) -> Option<String> {
    let given: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
    let matches = |template: &str| {
        let expected: Vec<&str> = template.split('/').collect();
        expected.len() == given.len()
            && expected
                .iter()
                .zip(&given)
                .all(|(expected, given)| expected == given || expected.starts_with('{') && !given.is_empty())
    };
    let paths = OPENAPI["paths"].as_object().unwrap();
    // The most literal one wins, as in the router.
    let template =
        paths.keys().filter(|template| matches(template)).min_by_key(|t| t.matches('{').count())?;
    let operation = &paths[template][method.to_ascii_lowercase()];
    operation.is_object().then(|| format!("{method} {template}"))
}

/// The description of a route.
pub(crate) fn operation(route: &str) -> &'static Value {
    let (method, path) = route.split_once(' ').unwrap();
    &OPENAPI["paths"][path][method.to_ascii_lowercase()]
}

/// Routes that change nothing, though they take a body.
const CHECKS: [&str; 2] = ["/v1/templates/validate", "/v1/triggers/test"];

/// An API in memory.
#[derive(Default)]
pub(crate) struct Fake {
    requests: Mutex<Vec<ApiRequest>>,
    /// What routes answer, instead of the samples.
    answers: Mutex<BTreeMap<String, (u16, Value)>>,
    /// The number of steps of the task, if there are more than the samples.
    pub(crate) steps: usize,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn with_steps(steps: usize) -> Arc<Self> {
        Arc::new(Self { steps, ..Self::default() })
    }

    /// Lets a route answer something else.
    pub(crate) fn answer(&self, route: &str, status: u16, body: Value) {
        assert!(operation(route).is_object(), "{route} is not in the API");
        self.answers.lock().unwrap().insert(route.to_owned(), (status, body));
    }

    /// Changes what a route answers.
    pub(crate) fn change(&self, route: &str, change: impl FnOnce(&mut Value)) {
        let (status, mut body) = self.body_of(route);
        change(&mut body);
        self.answer(route, status, body);
    }

    /// Lets the caller have only these permissions.
    pub(crate) fn permit(&self, permissions: &[&str]) {
        let permissions: serde_json::Map<String, Value> =
            permissions.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        self.change("GET /v1/me", |me| me["permissions"] = permissions.into());
    }

    /// All requests so far, except those that ask who calls.
    pub(crate) fn requests(&self) -> Vec<ApiRequest> {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|request| request.path != "/v1/me").cloned().collect()
    }

    /// The requests so far that change something.
    pub(crate) fn changes(&self) -> Vec<ApiRequest> {
        let is_change = |request: &ApiRequest| {
            request.method != http::Method::GET && !CHECKS.contains(&request.path.as_str())
        };
        self.requests().into_iter().filter(is_change).collect()
    }

    fn body_of(&self, route: &str) -> (u16, Value) {
        let answered = self.answers.lock().unwrap().get(route).cloned();
        answered.unwrap_or_else(|| samples::response(route))
    }

    /// A page of a task with many steps.
    fn page_of_steps(&self, path: &str) -> Value {
        let parameter = |name: &str| {
            let query = path.split('?').nth(1).unwrap_or_default();
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        let first: usize = parameter("cursor").unwrap_or(0);
        let limit: usize = parameter("limit").unwrap_or(50).min(200);
        let end = (first + limit).min(self.steps);
        let items: Vec<Value> = (first..end).map(samples::numbered_step).collect();
        let mut page = json!({ "items": items, "applied": { "limit": limit } });
        if end < self.steps {
            page["next_cursor"] = end.to_string().into();
        }
        page
    }
}

#[async_trait]
impl Api for Fake {
    async fn call(&self, request: ApiRequest) -> Result<ApiResponse, ApiUnreachable> {
        let route = route_of(request.method.as_str(), &request.path);
        let (status, body) = match &route {
            None => (404, json!({ "code": "no_such_route", "detail": "there is no such route" })),
            Some(route) if self.steps > 0 && route.ends_with("/workflow_steps") => {
                (200, self.page_of_steps(&request.path))
            }
            Some(route) => self.body_of(route),
        };
        self.requests.lock().unwrap().push(request);
        Ok(ApiResponse { status, body: body.to_string() })
    }
}

/// An API that never answers.
pub(crate) struct Unreachable;

#[async_trait]
impl Api for Unreachable {
    async fn call(&self, _: ApiRequest) -> Result<ApiResponse, ApiUnreachable> {
        Err(ApiUnreachable("http://127.0.0.1:1 refused the connection: start it with `tasker serve`".into()))
    }
}
