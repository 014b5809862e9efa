//! The tools against the description of the API: routes, permissions, parameters, bodies.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    client::Client,
    fake::{Fake, OPENAPI, operation, route_of},
    samples,
};

fn meta(tool: &rmcp::model::Tool, name: &str) -> Value {
    tool.meta.as_ref().unwrap().get(name).cloned().unwrap_or_default()
}

#[tokio::test]
async fn each_tool_needs_the_permission_of_its_main_route() {
    for tool in Client::of(Fake::new()).await.tools().await {
        let route = meta(&tool, "tasker/route");
        let operation = operation(route.as_str().unwrap());
        assert!(operation.is_object(), "{}: the API has no {route}", tool.name);
        assert_eq!(meta(&tool, "tasker/permission"), operation["x-required-permission"], "{}", tool.name);
    }
}

#[tokio::test]
async fn each_tool_has_a_sample_call() {
    let client = Client::of(Fake::new()).await;
    let listed: BTreeSet<String> = client.names().await.into_iter().collect();
    let sampled: BTreeSet<String> = samples::calls().iter().map(|call| call.0.to_owned()).collect();
    assert_eq!(listed, sampled);
    assert_eq!(listed.len(), 47);
}

#[tokio::test]
async fn each_request_of_a_tool_is_one_that_the_api_describes() {
    for (tool, arguments, change) in samples::calls() {
        let fake = Fake::new();
        let client = Client::of(fake.clone()).await;
        let answered = client.get(tool, arguments.clone()).await;
        if change.is_some() {
            let mut confirmed = arguments;
            confirmed["confirm"] = answered["confirm"].clone();
            client.get(tool, confirmed).await;
        }
        let main = client.tools().await.into_iter().find(|listed| listed.name == tool).unwrap();
        let mut routes = BTreeSet::new();
        for request in fake.requests() {
            let route = route_of(request.method.as_str(), &request.path)
                .unwrap_or_else(|| panic!("{tool} asks {} {}", request.method, request.path));
            check_parameters(tool, &route, &request.path);
            if let Some(body) = &request.body {
                check_body(tool, &route, request.content_type.unwrap(), body);
            }
            routes.insert(route);
        }
        let main = meta(&main, "tasker/route");
        assert!(routes.contains(main.as_str().unwrap()), "{tool} does not ask {main}: {routes:?}");
    }
}

fn check_parameters(tool: &str, route: &str, path: &str) {
    let parameters = operation(route)["parameters"].as_array().cloned().unwrap_or_default();
    let known: BTreeSet<&str> = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    let Some((_, query)) = path.split_once('?') else { return };
    for pair in query.split('&') {
        let name = pair.split('=').next().unwrap();
        assert!(known.contains(name), "{tool}: {route} has no parameter `{name}`, only {known:?}");
    }
}

fn check_body(tool: &str, route: &str, content_type: &str, body: &str) {
    let content = &operation(route)["requestBody"]["content"];
    if content_type.starts_with("application/cloudevents") {
        return;
    }
    let schema = &content[content_type]["schema"];
    assert!(schema.is_object(), "{tool}: {route} takes no {content_type}");
    if content_type == "application/json" {
        let body: Value = serde_json::from_str(body).unwrap();
        let mut known = BTreeSet::new();
        properties(schema, &mut known);
        for name in body.as_object().unwrap().keys() {
            assert!(known.contains(name), "{tool}: the body of {route} has no `{name}`, only {known:?}");
        }
        assert!(
            missing(schema, &body).is_empty(),
            "{tool}: the body of {route} lacks {:?}",
            missing(schema, &body)
        );
    }
}

fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(reference) => &OPENAPI["components"]["schemas"][reference.rsplit('/').next().unwrap()],
        None => schema,
    }
}

/// Collects the names of a schema's properties.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    let schema = resolved(schema);
    names.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    for part in ["allOf", "oneOf"] {
        schema[part].as_array().into_iter().flatten().for_each(|part| properties(part, names));
    }
}

/// The required properties that a value lacks, however deep, by their places.
fn missing(schema: &Value, value: &Value) -> Vec<String> {
    let schema = resolved(schema);
    let mut lacking = Vec::new();
    if let Some(required) = schema["required"].as_array().filter(|_| value.is_object()) {
        lacking.extend(
            required
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| value.get(*name).is_none())
                .map(ToOwned::to_owned),
        );
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        lacking.extend(missing(part, value));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            lacking.extend(missing(property, value).into_iter().map(|below| format!("{name}/{below}")));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        lacking.extend(missing(&schema["items"], item));
    }
    lacking
}

#[tokio::test]
async fn the_samples_have_the_forms_of_the_api() {
    for (path, operations) in OPENAPI["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let route = format!("{} {path}", method.to_uppercase());
            let sampled = std::panic::catch_unwind(|| samples::response(&route));
            let Ok((status, body)) = sampled else { continue };
            let schema = &operation["responses"][status.to_string()]["content"]["application/json"]["schema"];
            assert!(!schema.is_null(), "{route} does not answer {status}");
            assert_eq!(missing(schema, &body), Vec::<String>::new(), "{route}");
        }
    }
}

#[tokio::test]
async fn annotations_say_what_a_tool_does() {
    let changing: BTreeSet<&str> =
        samples::calls().into_iter().filter(|call| call.2.is_some()).map(|call| call.0).collect();
    for tool in Client::of(Fake::new()).await.tools().await {
        let annotations = tool.annotations.clone().unwrap();
        let is_change = changing.contains(&*tool.name);
        assert_eq!(annotations.read_only_hint, Some(!is_change), "{}", tool.name);
        assert_eq!(tool.input_schema["properties"].get("confirm").is_some(), is_change, "{}", tool.name);
        let additive = ["task_submit", "task_clone", "event_send", "event_replay"].contains(&&*tool.name);
        assert_eq!(annotations.destructive_hint, Some(is_change && !additive), "{}", tool.name);
        assert_eq!(tool.input_schema["additionalProperties"], false);
        assert!(tool.title.is_some() && tool.description.is_some());
    }
}

#[tokio::test]
async fn a_tool_whose_route_takes_a_reason_requires_one() {
    for tool in Client::of(Fake::new()).await.tools().await {
        let route = meta(&tool, "tasker/route");
        let route = route.as_str().unwrap();
        if tool.annotations.as_ref().unwrap().read_only_hint == Some(true) {
            continue;
        }
        let mut names = BTreeSet::new();
        properties(&operation(route)["requestBody"]["content"]["application/json"]["schema"], &mut names);
        let parameters = operation(route)["parameters"].as_array().cloned().unwrap_or_default();
        names.extend(parameters.iter().filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned())));
        let requires = tool.input_schema["required"].as_array().unwrap().contains(&json!("reason"));
        assert_eq!(requires, names.contains("reason"), "{}", tool.name);
    }
}
