//! Tools that list received events and triggers.

use serde_json::Value;

use crate::{
    arguments::{Kind, optional},
    call::Call,
    failure::Failure,
    list::{CURSOR, LIMIT, List},
    tool::{READS, Run, Tool},
    untrusted::separate,
};

/// The fields of a received event that its sender wrote.
pub(super) const OUTSIDE: &[&str] = &["id", "source", "type", "reason", "event"];

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "event_list",
        title: "List received events",
        description: "Lists the events that were received, newest first, with the tasks that they started.",
        route: "GET /v1/events",
        permission: Some("events:read"),
        fields: &[
            optional(
                "state",
                Kind::Texts,
                "States: started, unmatched, failed, dead. Several mean: any of them.",
            ),
            LIMIT,
            CURSOR,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(event_list(call))),
    },
    Tool {
        name: "trigger_list",
        title: "List triggers",
        description: "Lists the triggers, sorted by name: which events start which tasks, and whether they are on.",
        route: "GET /v1/triggers",
        permission: Some("triggers:read"),
        fields: &[LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(trigger_list(call))),
    },
];

async fn event_list(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "Narrow the list with `state`; call task_inspect for a task that an event started.";
    let shape = |event| separate(event, OUTSIDE);
    List::new("/v1/events".into(), call.query(&["state"]), shape, next).read(call).await
}

async fn trigger_list(call: &Call<'_>) -> Result<Value, Failure> {
    let next = "A trigger starts tasks only if it is `enabled`.";
    let shape = |trigger| separate(trigger, &["definition"]);
    List::new("/v1/triggers".into(), call.query(&[]), shape, next).read(call).await
}
