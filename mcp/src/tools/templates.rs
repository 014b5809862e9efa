//! Tools about templates.

use serde_json::{Value, json};

use super::fields::{NAME, NAMESPACE, VERSION};
use crate::{
    api::ApiRequest,
    arguments::{Kind, optional, required},
    call::{Call, send},
    failure::Failure,
    list::{CURSOR, LIMIT, List},
    mermaid,
    path::path,
    tool::{READS, Run, Tool},
    untrusted::separate,
};

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "template_list_remote",
        title: "List templates",
        description: "Lists the published template versions, sorted by name.",
        route: "GET /v1/templates",
        permission: Some("templates:read"),
        fields: &[
            optional("namespace", Kind::Text, "Only this namespace."),
            optional("name", Kind::Text, "Only this name."),
            LIMIT,
            CURSOR,
        ],
        hints: READS,
        run: Run::Read(|call| Box::pin(template_list(call))),
    },
    Tool {
        name: "template_inspect_remote",
        title: "Inspect a template",
        description: "Returns a published template version: its steps, their handlers, retries and limits.",
        route: "GET /v1/templates/{namespace}/{name}/{version}",
        permission: Some("templates:read"),
        fields: &[NAMESPACE, NAME, VERSION],
        hints: READS,
        run: Run::Read(|call| Box::pin(template_inspect(call))),
    },
    Tool {
        name: "template_visualize_remote",
        title: "Draw a template",
        description: "Draws the steps of a template version as a Mermaid flowchart, with their order.",
        route: "GET /v1/templates/{namespace}/{name}/{version}/graph",
        permission: Some("templates:read"),
        fields: &[NAMESPACE, NAME, VERSION],
        hints: READS,
        run: Run::Read(|call| Box::pin(template_graph(call))),
    },
    Tool {
        name: "template_validate_remote",
        title: "Check a template",
        description: "Checks the text of a template file, in YAML or JSON, without publishing it.",
        route: "POST /v1/templates/validate",
        permission: Some("templates:validate"),
        fields: &[required("template", Kind::Text, "The text of the template file.")],
        hints: READS,
        run: Run::Read(|call| Box::pin(template_validate(call))),
    },
];

async fn template_list(call: &Call<'_>) -> Result<Value, Failure> {
    let shape = |item| separate(item, &["description"]);
    let next = "Call template_inspect_remote or template_visualize_remote with namespace, name and version.";
    List::new("/v1/templates".into(), call.query(&["namespace", "name"]), shape, next).read(call).await
}

fn template_path(call: &Call<'_>, further: &[&str]) -> Result<String, Failure> {
    let mut segments = vec!["v1", "templates"];
    for name in ["namespace", "name", "version"] {
        segments.push(call.required(name)?);
    }
    segments.extend(further);
    path(&segments)
}

async fn template_inspect(call: &Call<'_>) -> Result<Value, Failure> {
    let template = call.get(&template_path(call, &[])?).await?;
    Ok(json!({
        "untrusted": { "template": template },
        "next": "Call template_visualize_remote for the order of its steps.",
    }))
}

async fn template_graph(call: &Call<'_>) -> Result<Value, Failure> {
    let graph = call.get(&template_path(call, &["graph"])?).await?;
    let drawing = mermaid::draw(&graph);
    let analysis = &graph["analysis"];
    Ok(json!({
        "mermaid": drawing.text, "steps": drawing.steps, "truncated": drawing.is_cut,
        "parallel_branches": analysis["parallel_branches"],
        "longest_chain": mermaid::names(&analysis["critical_path"]),
        "roots": mermaid::names(&analysis["roots"]), "leaves": mermaid::names(&analysis["leaves"]),
        "next": "Call template_inspect_remote for the handlers, retries and limits of its steps.",
    }))
}

async fn template_validate(call: &Call<'_>) -> Result<Value, Failure> {
    let text = call.required("template")?.to_owned();
    let request =
        ApiRequest::new(http::Method::POST, "/v1/templates/validate").with_body("application/yaml", text);
    let mut verdict = send(call.api, request).await?;
    let problems: Vec<Value> = match verdict["problems"].take() {
        Value::Array(problems) => {
            problems.into_iter().map(|problem| separate(problem, &["message", "step"])).collect()
        }
        _ => Vec::new(),
    };
    let count = problems.len();
    // The first are the most useful: later ones often follow from them.
    let problems: Vec<Value> = problems.into_iter().take(50).collect();
    Ok(
        json!({ "valid": verdict["valid"], "count": count, "truncated": count > problems.len(), "problems": problems }),
    )
}
