//! Tools that send and replay events, switch triggers, and promote handlers.

use http::Method;
use serde_json::{Value, json};

use super::{events::OUTSIDE, fields::CALLABLE};
use crate::{
    api::ApiRequest,
    arguments::{Kind, optional, required},
    call::{Call, send},
    failure::Failure,
    path::path,
    tool::{Hints, Plan, Run, Tool},
    untrusted::{identifier, separate},
};

const CLOUD_EVENT: &str = "application/cloudevents+json";

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "event_send",
        title: "Send an event",
        description: "Sends a CloudEvent 1.0 to Tasker, whose triggers may start tasks. Asks for confirmation first.",
        route: "POST /v1/events",
        permission: Some("events:send"),
        fields: &[required(
            "event",
            Kind::Object,
            "The CloudEvent in JSON: `specversion` 1.0, `id`, `source`, `type`, `data`. An event with the same `source` and \
             `id` as one before starts nothing again.",
        )],
        hints: Hints { is_destructive: false, is_idempotent: true },
        run: Run::Write(|call| Box::pin(event_send(call))),
    },
    Tool {
        name: "event_replay",
        title: "Replay an event",
        description: "Processes an event that is a dead letter again, with the current triggers. Asks for confirmation first.",
        route: "POST /v1/events/{received_id}/replay",
        permission: Some("events:replay"),
        fields: &[required("event", Kind::Uuid, "The `received_id` of the event.")],
        hints: Hints { is_destructive: false, is_idempotent: false },
        run: Run::Write(|call| Box::pin(event_replay(call))),
    },
    Tool {
        name: "trigger_switch",
        title: "Switch a trigger",
        description: "Switches a trigger on or off. Asks for confirmation first.",
        route: "PATCH /v1/triggers/{namespace}/{name}",
        permission: Some("triggers:update"),
        fields: &[
            required("namespace", Kind::Text, "The trigger's namespace."),
            required("name", Kind::Text, "The trigger's name."),
            required("enabled", Kind::Boolean, "Whether it starts tasks from now on."),
        ],
        hints: Hints { is_destructive: true, is_idempotent: true },
        run: Run::Write(|call| Box::pin(trigger_switch(call))),
    },
    Tool {
        name: "handler_promote",
        title: "Promote a handler",
        description: "Changes the version of a handler that new tasks use: to a version, or back to the one before. Asks for \
                      confirmation first.",
        route: "PATCH /v1/callables/{callable}/versions",
        permission: Some("handlers:promote"),
        fields: &[
            CALLABLE,
            required("action", Kind::Choice(&["promote", "roll_back"]), "What to do."),
            optional("version", Kind::Integer(1, 2_147_483_647), "For `promote`: the number of the version."),
        ],
        hints: Hints { is_destructive: true, is_idempotent: false },
        run: Run::Write(|call| Box::pin(handler_promote(call))),
    },
];

async fn event_send(call: &Call<'_>) -> Result<Plan, Failure> {
    let event = call.arguments.get("event").cloned().unwrap_or_default();
    let request = |path| ApiRequest::new(Method::POST, path).with_body(CLOUD_EVENT, event.to_string());
    let mut warnings = Vec::new();
    let mut starting = Value::Null;
    if call.caller.may("triggers:read") {
        match send(call.api, request("/v1/triggers/test")).await {
            Ok(trial) => starting = started_by(&trial),
            Err(failure) if failure.code() == "invalid_event" => return Err(failure),
            Err(_) => warnings.push("Which tasks it starts is known afterwards.".into()),
        }
    } else {
        warnings.push("Which tasks it starts is known afterwards: trying needs triggers:read.".into());
    }
    if starting.as_array().is_some_and(Vec::is_empty) {
        warnings.push("No trigger starts a task for it, so that it becomes a dead letter.".into());
    }
    Ok(Plan {
        what: "Sends an event, which starts the tasks of all triggers that match it.".to_owned(),
        before: Value::Null,
        affected: json!({ "events_sent": 1, "starts": starting }),
        warnings,
        // Source and id identify an event, so that a repetition starts nothing.
        fingerprint: starting,
        request: request("/v1/events"),
        after: Some(json!({ "untrusted": { "event": event } })),
        has_own_key: false,
        shape: |receptions| match receptions {
            Value::Array(items) => {
                json!({ "items": items.into_iter().map(|item| separate(item, OUTSIDE)).collect::<Vec<_>>() })
            }
            other => separate(other, OUTSIDE),
        },
    })
}

/// The triggers that would start a task, as a trial of an event says.
fn started_by(trial: &Value) -> Value {
    let triggers = trial["triggers"].as_array().map_or(&[][..], Vec::as_slice);
    let starts = |trigger: &&Value| {
        trigger["matches"] == true && trigger["enabled"] == true && trigger["problem"].is_null()
    };
    let named = |trigger: &Value| {
        let [name, template] = ["trigger", "template"].map(|field| trigger[field].as_str().map(identifier));
        json!({ "trigger": name, "version": trigger["version"], "template": template })
    };
    // One that cannot be read makes every event a dead letter.
    if trial["starts"] != true {
        return json!([]);
    }
    triggers.iter().filter(starts).map(named).collect()
}

async fn event_replay(call: &Call<'_>) -> Result<Plan, Failure> {
    let id = call.required("event")?;
    let event = call.get(&path(&["v1", "events", id])?).await?;
    Ok(Plan {
        what: "Processes a received event again, with the current triggers.".to_owned(),
        affected: json!({ "received_id": event["received_id"] }),
        fingerprint: json!([event["received_id"], event["state"], event["replayed_at"], event["tasks"]]),
        before: separate(event, OUTSIDE),
        after: None,
        warnings: vec!["It may start tasks, with their side effects.".to_owned()],
        request: ApiRequest::new(Method::POST, path(&["v1", "events", id, "replay"])?),
        has_own_key: false,
        shape: |reception| separate(reception, OUTSIDE),
    })
}

async fn trigger_switch(call: &Call<'_>) -> Result<Plan, Failure> {
    let (namespace, name) = (call.required("namespace")?, call.required("name")?);
    let path = path(&["v1", "triggers", namespace, name])?;
    let trigger = call.get(&path).await?;
    let is_on = call.arguments.is_set("enabled");
    let warning = if is_on {
        "Events that match it start tasks from now on."
    } else {
        "Events that match only this trigger start nothing from now on."
    };
    Ok(Plan {
        what: format!(
            "Switches the trigger {}/{} {}.",
            identifier(namespace),
            identifier(name),
            if is_on { "on" } else { "off" }
        ),
        affected: json!({ "namespace": trigger["namespace"], "name": trigger["name"] }),
        fingerprint: json!([trigger["version"], trigger["enabled"], trigger["disabled_at"]]),
        before: separate(trigger, &["definition"]),
        after: Some(json!({ "enabled": is_on })),
        warnings: vec![warning.to_owned()],
        request: ApiRequest::new(Method::PATCH, path).with_json(&json!({ "enabled": is_on })),
        has_own_key: false,
        shape: |trigger| separate(trigger, &["definition"]),
    })
}

async fn handler_promote(call: &Call<'_>) -> Result<Plan, Failure> {
    let (callable, action) = (call.required("callable")?, call.required("action")?);
    let version = call.arguments.integer("version");
    if (action == "promote") != version.is_some() {
        let detail = "`version` is needed for the action `promote`, and only for it";
        return Err(Failure::invalid_arguments(detail));
    }
    let path = path(&["v1", "callables", callable, "versions"])?;
    let versions = call.get(&format!("{path}?limit=200")).await?;
    let items = versions["items"].as_array().map_or(&[][..], Vec::as_slice);
    let current = items.iter().find(|item| item["is_current"] == true).cloned().unwrap_or_default();
    let mut warnings = vec!["New tasks use that version at once; existing tasks keep theirs.".to_owned()];
    if version.is_some_and(|version| !items.iter().any(|item| item["version"] == version)) {
        warnings.push("There is no such version among the newest, so that this may be refused.".to_owned());
    }
    Ok(Plan {
        what: match version {
            Some(version) => format!("Makes version {version} of {} current.", identifier(callable)),
            None => format!("Makes the version of {} current that was current before.", identifier(callable)),
        },
        affected: json!({ "callable": current["callable"] }),
        fingerprint: json!([
            current["callable"],
            current["version"],
            items.first().map(|item| &item["version"])
        ]),
        before: current,
        after: version.map(|version| json!({ "version": version })),
        warnings,
        request: ApiRequest::new(Method::PATCH, path)
            .with_json(&call.arguments.pick(&["action", "version"]).into()),
        has_own_key: false,
        shape: |version| version,
    })
}
