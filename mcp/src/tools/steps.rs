//! Tools that look into steps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    fields::{STEP, TASK},
    tasks::OUTSIDE_OF_STEP,
};
use crate::{
    arguments::{Kind, optional},
    call::Call,
    failure::Failure,
    list::{CURSOR, LIMIT, List},
    tool::{READS, Run, Tool},
    untrusted::separate,
};

/// The most pages of attempts that are looked through.
const PAGES: usize = 5;
/// The most differences that are returned.
const DIFFERENCES: usize = 100;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "step_inspect",
        title: "Inspect a step",
        description: "Returns a step with its result, last failure, checkpoint and progress, cut to fit.",
        route: "GET /v1/tasks/{task_id}/workflow_steps/{step}",
        permission: Some("steps:read"),
        fields: &[TASK, STEP],
        hints: READS,
        run: Run::Read(|call| Box::pin(step_inspect(call))),
    },
    Tool {
        name: "step_audit",
        title: "State changes of a step",
        description: "Lists the state changes of a step, in order, with who caused them.",
        route: "GET /v1/tasks/{task_id}/workflow_steps/{step}/audit",
        permission: Some("steps:read"),
        fields: &[TASK, STEP, LIMIT, CURSOR],
        hints: READS,
        run: Run::Read(|call| Box::pin(step_audit(call))),
    },
    Tool {
        name: "step_diff",
        title: "Compare two attempts of a step",
        description: "Says what differs between two finished attempts of a step: host, usage, failure, logs.",
        route: "GET /v1/tasks/{task_id}/workflow_steps/{step}/attempts",
        permission: Some("steps:read"),
        fields: &[
            TASK,
            STEP,
            optional("first", Kind::Integer(1, 1_000_000), "An attempt. Default: the last but one."),
            optional("second", Kind::Integer(1, 1_000_000), "Another attempt. Default: the last."),
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(step_diff(call))),
    },
];

async fn step_inspect(call: &Call<'_>) -> Result<Value, Failure> {
    let step = call.get(&call.step_path(&[])?).await?;
    Ok(json!({
        "step": separate(step, OUTSIDE_OF_STEP),
        "next": "Call task_logs with `step` for its log lines, step_diff to compare two attempts.",
    }))
}

async fn step_audit(call: &Call<'_>) -> Result<Value, Failure> {
    let shape = |change| separate(change, &["actor", "reason"]);
    let next = "Call step_inspect for the step as it is now.";
    List::new(call.step_path(&["audit"])?, call.query(&[]), shape, next).read(call).await
}

async fn step_diff(call: &Call<'_>) -> Result<Value, Failure> {
    let records = attempts(call).await?;
    let asked = |name: &str| call.arguments.integer(name);
    let mut numbers = records.keys().rev().copied();
    let last = numbers.next().unwrap_or_default();
    let second = asked("second").unwrap_or(last);
    let before = records.range(..second).next_back().map(|(number, _)| *number);
    let first = asked("first").or(before).unwrap_or_default();
    let record = |number: i64| {
        let missing = || {
            let known: Vec<String> = records.keys().map(ToString::to_string).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Failure::new(
                "no_such_attempt",
                format!("there are not two such finished attempts; finished: {known}"),
            )
        };
        records.get(&number).ok_or_else(missing)
    };
    let (of_first, of_second) = (record(first)?, record(second)?);
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    flatten(of_first, String::new(), &mut left);
    flatten(of_second, String::new(), &mut right);
    let mut pointers: Vec<&String> = left.keys().chain(right.keys()).collect();
    pointers.sort_unstable();
    pointers.dedup();
    let equal = pointers.iter().filter(|pointer| left.get(**pointer) == right.get(**pointer)).count();
    let differences: Vec<Value> = pointers
        .into_iter()
        .filter(|pointer| left.get(*pointer) != right.get(*pointer))
        .take(DIFFERENCES)
        .map(|pointer| json!({ "place": pointer, "first": left.get(pointer), "second": right.get(pointer) }))
        .collect();
    Ok(json!({
        "first": first, "second": second, "equal_fields": equal,
        "untrusted": { "differences": differences },
        "next": "Places are JSON Pointers into the records of the attempts. Call task_logs with `step` and `attempt` for \
                 all lines of one.",
    }))
}

/// The last record of each finished attempt, by its number, without what differs always.
async fn attempts(call: &Call<'_>) -> Result<BTreeMap<i64, Value>, Failure> {
    let mut records = BTreeMap::new();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        let mut query = crate::path::Query::default();
        query.add("limit", "200");
        if let Some(cursor) = &cursor {
            query.add("cursor", cursor);
        }
        let path = format!("{}{}", call.step_path(&["attempts"])?, query.as_str());
        let mut page = call.get(&path).await?;
        if let Value::Array(items) = page["items"].take() {
            for item in items {
                let number = item["attempt"].as_i64().unwrap_or_default();
                records.insert(number, crate::untrusted::without(item, &["audit_id", "attempt", "at"]));
            }
        }
        cursor = page["next_cursor"].as_str().map(ToOwned::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(records)
}

/// Collects the leaves of a value by their JSON Pointers.
fn flatten(value: &Value, pointer: String, leaves: &mut BTreeMap<String, Value>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, value) in object {
                flatten(value, format!("{pointer}/{}", escaped(name)), leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                flatten(value, format!("{pointer}/{index}"), leaves);
            }
        }
        leaf => {
            leaves.insert(pointer, leaf.clone());
        }
    }
}
