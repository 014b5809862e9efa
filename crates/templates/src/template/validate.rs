//! Semantic checks of a template: names, references, the DAG, batches and decisions.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    graph::Graph,
    model::{Step, StepType, Template},
};
use crate::{
    reading::{Code, Position, Problems, did_you_mean},
    text::{identifier_fault, name_fault},
};

/// The longest namespace. Keeps queue names derived from it valid with every provider.
const MAX_NAMESPACE: usize = 29;

/// The maximum number of values that tasks are found by.
const MAX_SEARCH_ATTRIBUTES: usize = 8;

/// The maximum number of decisions in a chain.
const MAX_DECISION_DEPTH: usize = 20;

/// Runs all checks that a schema cannot express.
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
    let names =
        [("/name", "name", &template.name), ("/namespace_name", "namespace_name", &template.namespace_name)];
    for (pointer, field, name) in names {
        if let Some(fault) = identifier_fault(name) {
            problems.error(Code::BadValue, position(pointer), None, format!("`{field}` {fault}"));
        }
    }
    let length = template.namespace_name.chars().count();
    if length > MAX_NAMESPACE {
        let message = format!("the namespace has {length} characters; at most {MAX_NAMESPACE} are allowed");
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
    check_search_attributes(template, position, problems);
    for (index, event) in template.domain_events.iter().enumerate() {
        if let Some(schema) = &event.schema {
            check_schema(schema, &format!("/domain_events/{index}/schema"), None, position, problems);
        }
    }
}

fn check_search_attributes(
    template: &Template,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) {
    let attributes = &template.search_attributes;
    if attributes.len() > MAX_SEARCH_ATTRIBUTES {
        let message = format!("there are {}; at most {MAX_SEARCH_ATTRIBUTES} are allowed", attributes.len());
        problems.error(Code::BadValue, position("/search_attributes"), None, message);
    }
    for (index, attribute) in attributes.iter().enumerate() {
        let mut error = |field: &str, message: String| {
            let at = position(&format!("/search_attributes/{index}/{field}"));
            problems.error(Code::BadValue, at, None, message);
        };
        let is_plain = |name: &str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !is_plain(&attribute.name) || !(1..=63).contains(&attribute.name.len()) {
            error("name", "a name has 1 to 63 lower-case letters, digits and underscores".to_owned());
        }
        if attributes[..index].iter().any(|other| other.name == attribute.name) {
            error("name", format!("there are two attributes `{}`", attribute.name));
        }
        if !attribute.path.starts_with('/') {
            error("path", format!("`{}` is not a JSON Pointer such as `/order/id`", attribute.path));
        }
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

/// The names of all steps with their indexes.
fn check_names<'a>(
    template: &'a Template,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) -> HashMap<&'a str, usize> {
    let mut names = HashMap::new();
    for (index, step) in template.steps.iter().enumerate() {
        if let Some(fault) = identifier_fault(&step.name) {
            let at = position(&format!("/steps/{index}/name"));
            problems.error(Code::BadValue, at, None, format!("`name` {fault}"));
        }
        if let Some(first) = names.insert(step.name.as_str(), index) {
            let at = position(&format!("/steps/{index}/name"));
            let line = position(&format!("/steps/{first}/name")).line;
            let message = format!("line {line} already has a step of this name");
            problems.error(Code::DuplicateStepName, at, Some(&step.name), message);
        }
    }
    names
}

/// The names of the steps in the order of the template.
fn in_order(names: &HashMap<&str, usize>) -> Vec<String> {
    let mut order: Vec<(usize, &str)> = names.iter().map(|(name, index)| (*index, *name)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, name)| name.to_owned()).collect()
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
    } else if let Some(fault) = name_fault(&step.handler.callable) {
        let at = position(&format!("{pointer}/handler/callable"));
        problems.error(Code::BadValue, at, name, format!("`callable` {fault}"));
    }
    for (index, dependency) in step.dependencies.iter().enumerate() {
        let at = position(&format!("{pointer}/dependencies/{index}"));
        if *dependency == step.name {
            problems.error(Code::SelfDependency, at, name, "the step depends on itself".to_owned());
        } else if !names.contains_key(dependency.as_str()) {
            let hint = problems.hint(dependency, || in_order(names));
            let message = format!("there is no step `{dependency}`{hint}");
            problems.error(Code::MissingDepRef, at, name, message);
        } else if step.dependencies[..index].contains(dependency) {
            let message = format!("`{dependency}` is named twice");
            problems.warning(Code::BadValue, at, name, message);
        }
    }
    if let Some(schema) = &step.result_schema {
        check_schema(schema, &format!("{pointer}/result_schema"), name, position, problems);
    }
    if step.lifecycle.is_some() {
        let message =
            "`lifecycle` has no effect on a single step; use `timeout_seconds` and `retry`".to_owned();
        problems.warning(Code::NoEffect, position(&format!("{pointer}/lifecycle")), name, message);
    }
    for fault in step.grants.faults() {
        let at = position(&format!("{pointer}/grants/{}/{}", fault.field, fault.index));
        problems.error(Code::BadValue, at, name, fault.message);
    }
    for (index, event) in step.publishes_events.iter().enumerate() {
        if let Some(schema) = &event.schema {
            let pointer = format!("{pointer}/publishes_events/{index}/schema");
            check_schema(schema, &pointer, name, position, problems);
        }
    }
    let Some(config) = &step.batch_config else { return };
    let at = |field: &str| position(&format!("{pointer}/batch_config{field}"));
    match (step.step_type, &config.worker_template) {
        (StepType::Batchable, _) => {}
        (StepType::BatchWorker, Some(named)) if *named != step.name => {
            let message =
                format!("a batch worker is its own `worker_template`, but this one names `{named}`");
            problems.error(Code::BadWorkerTemplate, at("/worker_template"), name, message);
        }
        (StepType::BatchWorker, _) => {}
        (other, _) => {
            let message = format!(
                "`batch_config` is for steps of type `batchable` or `batch_worker`; this one is `{}`",
                other.as_str()
            );
            problems.error(Code::BadWorkerTemplate, at(""), name, message);
        }
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
                let hint = problems.hint(&change.name, || in_order(names));
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
            let message = format!("the dependencies form a cycle: {}", path.join(" → "));
            problems.error(Code::CycleDetected, at, Some(name(&first)), message);
        }
        Ok(graph) => {
            check_batches(template, &graph, position, problems);
            check_decisions(template, &graph, position, problems);
            check_orphans(template, &graph, position, problems);
        }
    }
}

/// Checks that every batchable step has one worker and that every worker depends on its batchable step only.
fn check_batches(
    template: &Template,
    graph: &Graph,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) {
    let mut batchable_of: HashMap<usize, usize> = HashMap::new();
    for (index, step) in
        template.steps.iter().enumerate().filter(|(_, step)| step.step_type == StepType::Batchable)
    {
        let mut fault = |message: String| {
            let at = position(&format!("/steps/{index}/batch_config/worker_template"));
            problems.error(Code::BadWorkerTemplate, at, Some(&step.name), message);
        };
        let named = step.batch_config.as_ref().and_then(|config| config.worker_template.as_ref());
        match (template.worker_of(index), named) {
            (None, Some(named)) => {
                let workers: Vec<String> = template
                    .steps
                    .iter()
                    .filter(|step| step.step_type == StepType::BatchWorker)
                    .map(|step| step.name.clone())
                    .collect();
                let hint = did_you_mean(named, &workers);
                fault(format!("`{named}` is not a step of type `batch_worker`{hint}"));
            }
            (None, None) => fault(
                "name the step of type `batch_worker` to create workers from in `batch_config.worker_template`"
                    .to_owned(),
            ),
            (Some(worker), _) if !graph.parents[worker].contains(&index) => fault(format!(
                "its worker `{}` does not depend on it; add `{}` to the worker's dependencies",
                template.steps[worker].name, step.name
            )),
            (Some(worker), _) => {
                if step.batch_config.is_some() && template.steps[worker].batch_config.is_some() {
                    let worker = &template.steps[worker].name;
                    fault(format!("its worker `{worker}` has a `batch_config` too; remove one of them"));
                }
                if let Some(other) = batchable_of.insert(worker, index) {
                    let other = &template.steps[other].name;
                    fault(format!("`{}` is already the worker of `{other}`", template.steps[worker].name));
                }
            }
        }
    }
    for (index, step) in
        template.steps.iter().enumerate().filter(|(_, step)| step.step_type == StepType::BatchWorker)
    {
        let mut fault = |message: String| {
            let at = position(&format!("/steps/{index}"));
            problems.error(Code::BadWorkerTemplate, at, Some(&step.name), message);
        };
        let Some(&batchable) = batchable_of.get(&index) else {
            fault("no batchable step has it as its worker".to_owned());
            continue;
        };
        let before = graph.ancestors(batchable);
        let others =
            graph.parents[index].iter().filter(|&parent| *parent != batchable && !before.contains(parent));
        for &other in others {
            fault(format!(
                "a batch worker may only depend on its batchable step; let `{}` depend on `{}` instead",
                template.steps[batchable].name, template.steps[other].name
            ));
        }
    }
}

/// Checks that every decision has dependents and that chains of decisions are not too long.
fn check_decisions(
    template: &Template,
    graph: &Graph,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) {
    let mut depths = vec![0_usize; template.steps.len()];
    for &index in &graph.order {
        let step = &template.steps[index];
        let is_decision = step.step_type == StepType::Decision;
        let before = graph.parents[index].iter().map(|&parent| depths[parent]).max().unwrap_or(0);
        depths[index] = before + usize::from(is_decision);
        if is_decision && depths[index] > MAX_DECISION_DEPTH {
            let at = position(&format!("/steps/{index}"));
            let message =
                format!("{} decisions follow each other; at most {MAX_DECISION_DEPTH} can", depths[index]);
            problems.error(Code::BadValue, at, Some(&step.name), message);
        }
        if is_decision && graph.children[index].is_empty() {
            let at = position(&format!("/steps/{index}"));
            let message = "no step depends on the decision, so it has nothing to choose from".to_owned();
            problems.warning(Code::OrphanStep, at, Some(&step.name), message);
        }
    }
}

fn check_orphans(
    template: &Template,
    graph: &Graph,
    position: &dyn Fn(&str) -> Position,
    problems: &mut Problems,
) {
    if template.steps.len() < 2 {
        return;
    }
    for (index, step) in template.steps.iter().enumerate() {
        if graph.parents[index].is_empty() && graph.children[index].is_empty() {
            let at = position(&format!("/steps/{index}"));
            let message = "no other step depends on it, and it depends on none".to_owned();
            problems.warning(Code::OrphanStep, at, Some(&step.name), message);
        }
    }
}
