//! Creating tasks: one, many, or a copy of another.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_orchestrator::{Creation, Error, Orchestrator, TaskCopy, TaskRequest, access::Scope};
use tasker_templates::canonical;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::{Body, Path, Query},
    problem::{ApiError, Code, Problem},
    trace_context::traceparent,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The maximum number of tasks in one request.
const MAX_BATCH: usize = 1000;
/// How many of them are created in one transaction.
const PER_TRANSACTION: usize = 100;

/// A created task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedTask {
    /// The task, a UUIDv7.
    pub task_id: Uuid,
}

/// What a request that was sent before returns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnDuplicate {
    /// The error `duplicate_task`, with the id of the task.
    #[default]
    Refuse,
    /// The task.
    Return,
}

/// Options for creating a task.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateParameters {
    /// What a request that was sent before returns: `refuse` (409, the default) or `return` (200).
    #[serde(default)]
    #[param(inline)]
    on_duplicate: OnDuplicate,
}

/// Creates a task. The header `Idempotency-Key` stands for the field `idempotency_key`.
#[utoipa::path(post, path = "/v1/tasks", tag = "tasks", operation_id = "create_task", params(CreateParameters), request_body = TaskRequest, responses(
    (status = 201, body = CreatedTask), (status = 404, body = Problem),
    (status = 200, body = CreatedTask, description = "With `on_duplicate=return`: the same request has already created the task."),
    (status = 409, body = Problem, description = "The same request has already created a task. The problem contains its id."),
    (status = 422, body = Problem, description = "The input does not match the template's input_schema, or another input had this idempotency key."),
    (status = 503, body = Problem, description = "Too many tasks wait to be created, or the database is away. Nothing was created. See `Retry-After`.")))]
pub(crate) async fn create(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Query(parameters): Query<CreateParameters>,
    headers: HeaderMap,
    Body(mut request): Body<TaskRequest>,
) -> Result<Response, ApiError> {
    take_key(&headers, &mut request)?;
    if request.traceparent.is_none() {
        request.traceparent = traceparent(&headers).map(str::to_owned);
    }
    let given = admit(&within, &mut request)?;
    let created = orchestrator.create_task(request).await;
    match made(&orchestrator, &within, created, given).await {
        Ok(task) => Ok(at(StatusCode::CREATED, task)),
        Err(refused) => match refused.duplicate_of() {
            Some(task) if parameters.on_duplicate == OnDuplicate::Return => Ok(at(StatusCode::OK, task)),
            _ => Err(refused),
        },
    }
}

/// What a task would be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedTask {
    /// The namespace of its template.
    pub namespace: String,
    /// The name of its template.
    pub name: String,
    /// The version of its template.
    pub version: String,
}

/// Checks a request to create a task, and creates none. Whether an equal request has created one is not checked.
#[utoipa::path(post, path = "/v1/tasks/validate", tag = "tasks", operation_id = "validate_task", request_body = TaskRequest, responses(
    (status = 200, body = CheckedTask), (status = 404, body = Problem),
    (status = 422, body = Problem, description = "The input does not match the template's input_schema.")))]
pub(crate) async fn validate(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Body(mut request): Body<TaskRequest>,
) -> Result<Json<CheckedTask>, ApiError> {
    admit(&within, &mut request)?;
    let version = match orchestrator.engine.check_request(&request).await {
        // The hint lists templates of all namespaces.
        Err(Error::NoSuchTemplate { namespace, name, version, .. }) if within.scope != Scope::All => {
            return Err(hidden_template(namespace, name, version).into());
        }
        checked => checked?,
    };
    Ok(Json(CheckedTask { namespace: request.namespace, name: request.name, version }))
}

fn at(status: StatusCode, task_id: Uuid) -> Response {
    (status, [(LOCATION, format!("/v1/tasks/{task_id}"))], Json(CreatedTask { task_id })).into_response()
}

/// Takes the idempotency key of the header.
fn take_key(headers: &HeaderMap, request: &mut TaskRequest) -> Result<(), ApiError> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(()) };
    let misfit = |message: &str| ApiError::new(Code::InvalidRequest, message.to_owned());
    let key =
        key.to_str().map_err(|_| misfit("`Idempotency-Key` has characters other than visible ASCII"))?;
    if request.idempotency_key.as_deref().is_some_and(|other| other != key) {
        return Err(misfit("`Idempotency-Key` and `idempotency_key` differ: send one of them"));
    }
    request.idempotency_key = Some(key.to_owned());
    Ok(())
}

/// Checks that the caller may create this task, and signs the request. Returns the input to compare, should another request
/// have its key.
fn admit(within: &Within, request: &mut TaskRequest) -> Result<Option<Box<RawValue>>, ApiError> {
    if !within.scope.contains(&request.namespace) {
        let (namespace, name) = (request.namespace.clone(), request.name.clone());
        return Err(hidden_template(namespace, name, request.version.clone()).into());
    }
    if within.caller.principal.is_known() {
        request.initiator = Some(within.caller.actor(request.initiator.as_deref()));
    }
    // Whether an input equals that of another task says something of it.
    let may_compare = request.idempotency_key.is_some() && within.may_read_documents(&request.namespace);
    Ok(may_compare.then(|| request.context.clone()))
}

/// Returns the created task.
async fn made(
    orchestrator: &Orchestrator,
    within: &Within,
    created: Result<Creation, Error>,
    given: Option<Box<RawValue>>,
) -> Result<Uuid, ApiError> {
    match (created, given) {
        (Ok(Creation::Created(task)), _) => Ok(task),
        (Ok(Creation::Duplicate(task)), Some(given))
            if !has_input(orchestrator, task, given.get()).await? =>
        {
            Err(ApiError::key_reused(task))
        }
        (Ok(Creation::Duplicate(task)), _) => Err(ApiError::duplicate(task)),
        // The hint lists templates of all namespaces.
        (Err(Error::NoSuchTemplate { namespace, name, version, .. }), _) if within.scope != Scope::All => {
            Err(hidden_template(namespace, name, version).into())
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// A template that does not exist for the caller.
pub(crate) fn hidden_template(namespace: String, name: String, version: Option<String>) -> Error {
    Error::NoSuchTemplate { namespace, name, version, hint: String::new() }
}

/// Whether a task has this input, however it is written.
async fn has_input(orchestrator: &Orchestrator, task: Uuid, input: &str) -> Result<bool, ApiError> {
    let there = orchestrator.reader.task(task).await?;
    let there = there.context.as_deref().map_or("null", RawValue::get);
    Ok(matches!((canonical(there), canonical(input)), (Ok(there), Ok(given)) if there == given))
}

/// Requests to create tasks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskBatch {
    /// The requests, at most 1,000. Each stands for itself: an invalid one does not concern the others.
    #[schema(value_type = Vec<TaskRequest>)]
    pub tasks: Vec<Box<RawValue>>,
}

/// The results of a batch of requests.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedTasks {
    /// The result of each request, in order.
    pub items: Vec<CreatedItem>,
}

/// The result of one request of a batch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedItem {
    /// The status that the request alone would have had.
    pub status: u16,
    /// The created task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Uuid>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl From<Result<Uuid, ApiError>> for CreatedItem {
    fn from(made: Result<Uuid, ApiError>) -> Self {
        match made {
            Ok(task) => Self { status: StatusCode::CREATED.as_u16(), task_id: Some(task), problem: None },
            Err(refused) => {
                let problem = Problem::from(refused);
                Self { status: problem.status, task_id: None, problem: Some(problem) }
            }
        }
    }
}

/// Creates many tasks, 100 in a transaction. Returns the result of each, in order.
#[utoipa::path(post, path = "/v1/tasks/batch", tag = "tasks", operation_id = "create_tasks", request_body = TaskBatch,
    responses((status = 200, body = CreatedTasks),
    (status = 503, body = Problem, description = "Too many tasks wait to be created, or the database is away. Nothing was created. See `Retry-After`.")))]
pub(crate) async fn create_batch(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Body(TaskBatch { tasks }): Body<TaskBatch>,
) -> Result<Json<CreatedTasks>, ApiError> {
    if tasks.len() > MAX_BATCH {
        let message = format!("the batch has {} tasks; at most {MAX_BATCH} are allowed", tasks.len());
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    let bytes = tasks.iter().map(|task| task.get().len()).sum();
    let place = orchestrator.engine.take_place(tasks.len(), bytes)?;
    let mut items = Vec::with_capacity(tasks.len());
    for chunk in tasks.chunks(PER_TRANSACTION) {
        let (mut requests, mut admitted) = (Vec::new(), Vec::new());
        for text in chunk {
            let read = serde_json::from_str::<TaskRequest>(text.get()).map_err(|error| {
                ApiError::new(Code::InvalidRequest, format!("the request cannot be read: {error}"))
            });
            admitted.push(match read {
                Ok(mut request) => admit(&within, &mut request).inspect(|_| requests.push(request)),
                Err(refused) => Err(refused),
            });
        }
        let mut created = orchestrator.engine.create_in(&place, requests).await.into_iter();
        for admitted in admitted {
            items.push(CreatedItem::from(match admitted {
                Ok(given) => match created.next() {
                    Some(created) => made(&orchestrator, &within, created, given).await,
                    None => Err(ApiError::new(Code::Internal, "a request has no result".to_owned())),
                },
                Err(refused) => Err(refused),
            }));
        }
    }
    Ok(Json(CreatedTasks { items }))
}

/// Creates a task with the input of another, with the tag `rerun-of:` and its id. `Idempotency-Key` makes it safe to repeat.
#[utoipa::path(post, path = "/v1/tasks/{task_id}/clone", tag = "tasks", operation_id = "clone_task", params(("task_id" = Uuid, Path)),
    request_body = TaskCopy, responses((status = 201, body = CreatedTask), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "The same request has already created a task. The problem contains its id."),
    (status = 422, body = Problem, description = "The input does not match the template's input_schema.")))]
pub(crate) async fn clone(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    headers: HeaderMap,
    Body(copy): Body<TaskCopy>,
) -> Result<Response, ApiError> {
    let may_read_documents = within.check_task(&orchestrator, task).await?;
    let mut request = copy.of(orchestrator.reader.task(task).await?)?;
    take_key(&headers, &mut request)?;
    // Otherwise the template may take it for the same request as that of the task.
    request.idempotency_key.get_or_insert_with(|| Uuid::now_v7().to_string());
    let given = admit(&within, &mut request)?;
    let created = orchestrator.create_task(request).await;
    if !may_read_documents && matches!(created, Err(Error::InvalidInput(_))) {
        // The faults quote the input.
        let message = "the task's input with these changes does not fit the template's input_schema; the faults are only for \
                       those with `tasks:context_read`";
        return Err(ApiError::new(Code::InvalidInput, message.to_owned()));
    }
    made(&orchestrator, &within, created, given).await.map(|task| at(StatusCode::CREATED, task))
}
