//! Tools about what happened: how fast and how well, what takes the time, what fails.

use serde_json::Value;

use crate::{
    answer::fits,
    arguments::{Field, Kind, optional},
    call::Call,
    failure::Failure,
    tool::{READS, Run, Tool},
    untrusted::separate,
};

/// What an analysis is about.
const HOURS: Field =
    optional("hours", Kind::Integer(1, 26352), "The length of the period, in hours: 24 by default.");
const NAMESPACE: Field = optional("namespace", Kind::Text, "The namespace of templates.");
const NAME: Field = optional("name", Kind::Text, "The name of a template.");
const VERSION: Field = optional("version", Kind::Text, "A version of the template.");
/// So many rows fit into an answer.
const LIMIT: Field =
    optional("limit", Kind::Integer(1, 15), "The maximum number of rows of each table: 10 by default.");
const DEFAULT_LIMIT: &str = "10";

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "analytics_performance",
        title: "Performance",
        description: "Returns how many tasks and steps ran in a period, how fast and how well, beside the period before.",
        route: "GET /v1/analytics/performance",
        permission: Some("system:analytics_read"),
        fields: &[HOURS, NAMESPACE, NAME, VERSION],
        hints: READS,
        run: Run::Read(|call| Box::pin(performance(call))),
    },
    Tool {
        name: "analytics_bottlenecks",
        title: "Bottlenecks",
        description: "Returns the slowest steps and templates of a period, what is in use, and recommendations with their numbers.",
        route: "GET /v1/analytics/bottlenecks",
        permission: Some("system:analytics_read"),
        fields: &[
            HOURS,
            NAMESPACE,
            NAME,
            VERSION,
            optional(
                "min_executions",
                Kind::Integer(1, 1_000_000),
                "Steps with fewer executions are left out: 5 by default.",
            ),
            LIMIT,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(bottlenecks(call))),
    },
    Tool {
        name: "analytics_errors",
        title: "Errors",
        description: "Returns the failures of a period by step and type, the most frequent first, with sample tasks.",
        route: "GET /v1/analytics/errors",
        permission: Some("system:analytics_read"),
        fields: &[HOURS, NAMESPACE, NAME, VERSION, LIMIT],
        hints: READS,
        run: Run::Read(|call| Box::pin(errors(call))),
    },
];

async fn performance(call: &Call<'_>) -> Result<Value, Failure> {
    let query = call.query(&["hours", "namespace", "name", "version"]);
    let mut found = call.get(&format!("/v1/analytics/performance{}", query.as_str())).await?;
    found["next"] =
        "Call analytics_bottlenecks for what takes the time, analytics_errors for what fails.".into();
    Ok(found)
}

async fn bottlenecks(call: &Call<'_>) -> Result<Value, Failure> {
    let mut found =
        limited(call, "bottlenecks", &["hours", "namespace", "name", "version", "min_executions"]).await?;
    found["next"] = "Call task_list with the template's `namespace` and `name` for tasks to look at.".into();
    shorten(&mut found, &["slow_steps", "slow_tasks", "recommendations"]);
    Ok(found)
}

async fn errors(call: &Call<'_>) -> Result<Value, Failure> {
    let mut found = limited(call, "errors", &["hours", "namespace", "name", "version"]).await?;
    if let Some(items) = found["items"].as_array_mut() {
        // Handlers choose the types.
        for item in items {
            *item = separate(item.take(), &[]);
        }
    }
    found["next"] = "Call step_inspect with one of the `sample_tasks` and the `step`.".into();
    shorten(&mut found, &["items"]);
    Ok(found)
}

/// Removes the last rows of the longest table until the answer fits.
fn shorten(found: &mut Value, tables: &[&str]) {
    let rows = |found: &Value, table: &str| found[table].as_array().map_or(0, Vec::len);
    let mut is_cut = false;
    while !fits(found)
        && let Some(longest) = tables.iter().max_by_key(|table| rows(found, table))
        && found[longest].as_array_mut().and_then(Vec::pop).is_some()
    {
        is_cut = true;
    }
    if is_cut {
        found["truncated"] = true.into();
    }
}

async fn limited(call: &Call<'_>, what: &str, names: &[&str]) -> Result<Value, Failure> {
    let mut query = call.query(names);
    match call.arguments.get("limit") {
        Some(Value::Number(limit)) => query.add("limit", &limit.to_string()),
        _ => query.add("limit", DEFAULT_LIMIT),
    }
    call.get(&format!("/v1/analytics/{what}{}", query.as_str())).await
}
