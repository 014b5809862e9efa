//! The meaning of a template: names, references, the DAG, and what this version can run.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    graph::Graph,
    model::{Step, StepType, Template},
    parse::did_you_mean,
    problem::{Code, Position, Problems},
};

/// The longest namespace, so that queue names made from it stay legal everywhere.
const MAX_NAMESPACE: usize = 29;

/// Checks what no schema can.
pub(super) fn validate(template: &Template, position: &dyn Fn(&str) -> Position) -> Problems {
    let mut problems = Problems::default();
    check_task(template, position, &mut problems);
    let names = check_names(template, position, &mut problems);
    for (index, step) in template.steps.iter().enumerate() {
        check_step(step, &format!("/steps/{index}"), &names, position, &mut problems);
    }
    check_environments(template, &names, position, &mut problems);
    if problems.is_publishable() {
        check_graph(template, position, &mut problems);
    }
    problems
}

fn check_task(template: &Template, position: &dyn Fn(&str) -> Position, problems: &mut Problems) {
    let length = template.namespace_name.chars().count();
    if length > MAX_NAMESPACE {
        let message = format!("the namespace has {length} characters, at most {MAX_NAMESPACE} are possible");
        problems.error(Code::NamespaceTooLong, position("/namespace_name"), None, message);
    }
    if let Err(error) = semver::Version::parse(&template.version) {
        let message =
            format!("`version` is `{}`, not a semantic version such as 1.0.0: {error}", template.version);
        problems.error(Code::BadValue, position("/version"), None, message);
    }
    if let Some(schema) = &template.input_schema {
        check_schema(schema, "/input_schema", None, position, problems);
    }
    if template.lifecycle.is_some() {
        let message =
            "`lifecycle` is not run by this version; remove it, or keep it for a later one".to_owned();
        problems.error(Code::NotSupported, position("/lifecycle"), None, message);
    }
}

fn check_schema(
    schema: &Value,
    pointer: &str,
    step: Option<&str>,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) {
    if !schema.is_object() {
        let message = "a schema must be a JSON object".to_owned();
        problems.error(Code::SchemaNotObject, position(pointer), step, message);
    } else if let Err(error) = jsonschema::validator_for(schema) {
        let at = position(&format!("{pointer}{}", error.instance_path()));
        problems.error(Code::SchemaNotObject, at, step, format!("not a valid JSON Schema: {error}"));
    }
}

/// The names of all steps and their indexes.
fn check_names<'a>(
    template: &'a Template,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) -> HashMap<&'a str, usize> {
    let mut names = HashMap::new();
    for (index, step) in template.steps.iter().enumerate() {
        if let Some(first) = names.insert(step.name.as_str(), index) {
            let at = position(&format!("/steps/{index}/name"));
            let line = position(&format!("/steps/{first}/name")).line;
            let message = format!("line {line} already has a step of this name");
            problems.error(Code::DuplicateStepName, at, Some(&step.name), message);
        }
    }
    names
}

fn check_step(
    step: &Step,
    pointer: &str,
    names: &HashMap<&str, usize>,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) {
    let name = Some(step.name.as_str());
    if step.handler.callable.trim().is_empty() {
        let at = position(&format!("{pointer}/handler/callable"));
        problems.error(
            Code::EmptyCallable,
            at,
            name,
            "`callable` is empty; name the handler to run".to_owned(),
        );
    }
    for (index, dependency) in step.dependencies.iter().enumerate() {
        let at = position(&format!("{pointer}/dependencies/{index}"));
        if *dependency == step.name {
            problems.error(Code::SelfDependency, at, name, "the step depends on itself".to_owned());
        } else if !names.contains_key(dependency.as_str()) {
            let known: Vec<String> = names.keys().map(|&known| known.to_owned()).collect();
            let message = format!("there is no step `{dependency}`{}", did_you_mean(dependency, &known));
            problems.error(Code::MissingDepRef, at, name, message);
        } else if step.dependencies[..index].contains(dependency) {
            let message = format!("`{dependency}` is named twice");
            problems.warning(Code::BadValue, at, name, message);
        }
    }
    if let Some(schema) = &step.result_schema {
        check_schema(schema, &format!("{pointer}/result_schema"), name, position, problems);
    }
    check_supported(step, pointer, position, problems);
}

/// Refuses what this version would not run as written: a workflow that runs differently from what its author wrote is
/// worse than one that does not run.
fn check_supported(step: &Step, pointer: &str, position: &dyn Fn(&str) -> Position, problems: &mut Problems) {
    let name = Some(step.name.as_str());
    if step.step_type != StepType::Standard {
        let message = format!("this version does not run steps of type `{}`", step.step_type.as_str());
        problems.error(Code::NotSupported, position(&format!("{pointer}/type")), name, message);
    }
    if step.batch_config.is_some() {
        let message = "this version does not run batches".to_owned();
        problems.error(Code::NotSupported, position(&format!("{pointer}/batch_config")), name, message);
    }
    if !step.publishes_events.is_empty() {
        let message = "this version does not publish domain events".to_owned();
        problems.error(Code::NotSupported, position(&format!("{pointer}/publishes_events")), name, message);
    }
}

fn check_environments(
    template: &Template,
    names: &HashMap<&str, usize>,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) {
    for (environment, overrides) in &template.environments {
        for (index, change) in overrides.steps.iter().enumerate() {
            if change.name != "ALL" && !names.contains_key(change.name.as_str()) {
                let at = position(&format!("/environments/{environment}/steps/{index}/name"));
                let known: Vec<String> = names.keys().map(|&known| known.to_owned()).collect();
                let hint = did_you_mean(&change.name, &known);
                let message =
                    format!("environment `{environment}`: there is no step `{}`{hint}", change.name);
                problems.error(Code::MissingDepRef, at, None, message);
            }
        }
    }
}

fn check_graph(template: &Template, position: &dyn Fn(&str) -> Position, problems: &mut Problems) {
    match Graph::new(template) {
        Err(cycle) => {
            let name = |index: &usize| template.steps[*index].name.as_str();
            let first = cycle[0];
            let path: Vec<&str> = cycle.iter().chain([&first]).map(name).collect();
            let at = position(&format!("/steps/{first}/dependencies"));
            let message = format!("steps wait for each other in a circle: {}", path.join(" → "));
            problems.error(Code::CycleDetected, at, Some(name(&first)), message);
        }
        Ok(graph) if template.steps.len() > 1 => {
            for (index, step) in template.steps.iter().enumerate() {
                if graph.parents[index].is_empty() && graph.children[index].is_empty() {
                    let at = position(&format!("/steps/{index}"));
                    let message = "no other step depends on it, and it depends on none".to_owned();
                    problems.warning(Code::OrphanStep, at, Some(&step.name), message);
                }
            }
        }
        Ok(_) => {}
    }
}
