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
