//! Tools about the server itself: the connection, its health, its handlers, and who did what.

use serde_json::{Value, json};

use super::fields::CALLABLE;
use crate::{
    api::ApiRequest,
    arguments::{Kind, optional},
    call::Call,
    failure::Failure,
    list::{CURSOR, LIMIT, List},
    path::path,
    tool::{READS, Run, Tool},
    untrusted::separate,
};

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "connection_status",
        title: "Connection status",
        description: "Says whether the Tasker server answers, who calls, and with which permissions.",
        route: "GET /v1/meta",
        permission: None,
        fields: &[],
        hints: READS,
        run: Run::Read(|call| Box::pin(connection_status(call))),
    },
    Tool {
        name: "system_health",
        title: "System health",
        description: "Returns the health of the server: its version, and the number of open steps by state.",
        route: "GET /health/detailed",
        permission: Some("system:health_read"),
        fields: &[],
        hints: READS,
        run: Run::Read(|call| Box::pin(async { call.get("/health/detailed").await })),
    },
    Tool {
        name: "system_config",
        title: "Configuration",
        description: "Returns the configuration of the server with the source of each value, without secrets.",
        route: "GET /v1/config",
        permission: Some("system:config_read"),
        fields: &[],
        hints: READS,
        run: Run::Read(|call| Box::pin(system_config(call))),
    },
    Tool {
        name: "worker_list",
        title: "List workers",
        description: "Lists the processes that run steps, and those of the last day: whether each is there, and how much it does.",
        route: "GET /v1/workers",
        permission: Some("workers:read"),
        fields: &[optional("name", Kind::Text, "The name of a worker."), LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(worker_list(call))),
    },
    Tool {
        name: "queue_list",
        title: "List queues",
        description: "Returns how many messages wait, are delayed or in flight in each queue, and the age of the oldest.",
        route: "GET /v1/queues",
        permission: Some("queues:read"),
        fields: &[],
        hints: READS,
        run: Run::Read(|call| Box::pin(queue_list(call))),
    },
    Tool {
        name: "namespace_list",
        title: "List namespaces",
        description: "Lists the namespaces of templates, with the numbers of their templates and tasks.",
        route: "GET /v1/namespaces",
        permission: Some("system:handlers_read"),
        fields: &[LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(namespace_list(call))),
    },
    Tool {
        name: "handler_list",
        title: "List handlers",
        description: "Lists the handlers that templates can use, with the schemas of their inputs and results.",
        route: "GET /v1/callables",
        permission: Some("callables:read"),
        fields: &[LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(handler_list(call))),
    },
    Tool {
        name: "handler_versions",
        title: "Versions of a handler",
        description: "Lists the versions of a handler, newest first, and which one new tasks use.",
        route: "GET /v1/callables/{callable}/versions",
        permission: Some("callables:read"),
        fields: &[CALLABLE, LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(handler_versions(call))),
    },
    Tool {
        name: "access_audit",
        title: "Who did what",
        description: "Lists the requests that changed something or were refused, newest first.",
        route: "GET /v1/audit",
        permission: Some("audit:read"),
        fields: &[
            optional("principal", Kind::Text, "The name of a caller."),
            optional("permission", Kind::Text, "The permission that the requests needed."),
            optional("outcome", Kind::Choice(&["ok", "denied", "failed"]), "How they ended."),
            optional("after", Kind::Text, "A time (RFC 3339), or a past duration such as 2h."),
            optional("before", Kind::Text, "A time (RFC 3339), or a past duration such as 2h."),
            LIMIT,
            CURSOR,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(access_audit(call))),
    },
];

async fn connection_status(call: &Call<'_>) -> Result<Value, Failure> {
    let server = call.get("/v1/meta").await?;
    let ready = call.api.call(ApiRequest::get("/health/ready")).await?;
    let (caller, problem) = match call.get("/v1/me").await {
        Ok(caller) => (caller, Value::Null),
        Err(failure) => (Value::Null, failure.into_value()),
    };
    Ok(json!({
        "server": server, "is_ready": ready.status == 200, "caller": caller, "caller_problem": problem,
        "next": "Call task_list to see the newest tasks.",
    }))
}

async fn system_config(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "A value is changed in the file or the variable that `source` names; the server reads them when it starts.";
    List::new("/v1/config".into(), call.query(&[]), |entry| entry, next).read(call).await
}

async fn worker_list(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "Without a worker that is `present`, steps wait in the queue: call queue_list.";
    let shape = |worker| separate(worker, &["name", "platform", "release"]);
    List::new("/v1/workers".into(), call.query(&["name"]), shape, next).read(call).await
}

async fn queue_list(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "If `ready` of `steps` grows, there are too few workers: call worker_list.";
    List::new("/v1/queues".into(), call.query(&[]), |queue| queue, next).read(call).await
}

async fn namespace_list(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "Call template_list_remote with a `namespace` for its templates.";
    List::new("/v1/namespaces".into(), call.query(&[]), |namespace| namespace, next).read(call).await
}

async fn handler_list(call: &Call<'_>) -> Result<Value, Failure> {
    let shape = |item| separate(item, &["description", "input_schema", "result_schema"]);
    let next = "Call handler_versions with a `callable` for its versions.";
    List::new("/v1/callables".into(), call.query(&[]), shape, next).read(call).await
}

async fn handler_versions(call: &Call<'_>) -> Result<Value, Failure> {
    let path = path(&["v1", "callables", call.required("callable")?, "versions"])?;
    let next = "New tasks use the version with `is_current`; existing tasks keep theirs.";
    List::new(path, call.query(&[]), |item| item, next).read(call).await
}

async fn access_audit(call: &Call<'_>) -> Result<Value, Failure> {
    let query = call.query(&["principal", "permission", "outcome", "after", "before"]);
    let shape = |item| separate(item, &["path", "reason", "on_behalf_of", "user_agent"]);
    let next = "Narrow the list with `principal`, `permission`, `outcome`, `after` or `before`.";
    List::new("/v1/audit".into(), query, shape, next).read(call).await
}
