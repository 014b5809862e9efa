//! A release: a template version with fixed handler versions. It is computed once and never changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use tasker_protocol::{Grants, HandlerReference, Limits, NextStep};
use tasker_templates::{
    Validator,
    layout::Layout,
    template::{Graph, Step, StepType, Template},
    violations,
};
use uuid::Uuid;

use crate::{error::Error, measure::Names};

/// How many steps may follow the dispatched one in the same visit of a host.
const MAX_FOLLOWING: usize = 7;
/// How many bytes of configuration they may add to its message.
const MAX_FOLLOWING_BYTES: usize = 16 << 10;

/// The parts of a release beside the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pins {
    /// The environment whose overrides apply.
    pub(crate) environment: String,
    /// The component and function of each callable. The key is the callable, with the version if the step requests
    /// one: `charge_card` or `charge_card@3`.
    pub(crate) handlers: BTreeMap<String, Pin>,
}

/// The code of a callable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub(crate) component: String,
    pub(crate) function: String,
}

/// A release, prepared for creating tasks and dispatching steps.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) id: Uuid,
    pub(crate) template: Template,
    pub(crate) graph: Graph,
    pub(crate) steps: Vec<ReleaseStep>,
    /// For each step, the decisions before it. Only these can create the step.
    pub(crate) deciders: Vec<Vec<usize>>,
    pub(crate) input_schema: Option<Validator>,
    /// The drawing of the graph, made when it is first asked for.
    pub(crate) layout: OnceLock<Layout>,
    /// What metrics name it.
    pub(crate) names: Names,
}

/// The part of a step's message that is equal in all tasks.
#[derive(Debug)]
pub(crate) struct ReleaseStep {
    pub(crate) name: String,
    pub(crate) handler: HandlerReference,
    pub(crate) configuration: Box<RawValue>,
    pub(crate) limits: Limits,
    pub(crate) grants: Grants,
    /// At least 1: a step always has its first attempt.
    pub(crate) max_attempts: u32,
    pub(crate) result_schema: Option<Validator>,
    /// The steps that may follow in the same visit of a host: each becomes ready by the one before alone, and needs nothing
    /// else.
    pub(crate) following: Vec<Arc<NextStep>>,
}

impl Release {
    /// Computes a release from its stored form.
    pub(crate) fn new(id: Uuid, template: &Template, pins: &Pins) -> Result<Arc<Self>, Error> {
        let template = template.in_environment(&pins.environment);
        let graph = Graph::new(&template)
            .map_err(|_| Error::Damaged(format!("release {id} has a cycle among its steps")))?;
        let steps =
            template.steps.iter().map(|step| ReleaseStep::new(id, step, pins)).collect::<Result<_, _>>()?;
        let input_schema = template.input_schema.as_ref().map(validator).transpose()?;
        let deciders = deciders(&template, &graph);
        let names = Names::of(&template);
        let mut release =
            Self { id, template, graph, steps, deciders, input_schema, layout: OnceLock::new(), names };
        let next: Vec<_> = (0..release.steps.len()).map(|step| Arc::new(release.next_step(step))).collect();
        let following: Vec<_> = (0..next.len()).map(|step| release.following(step, &next)).collect();
        for (step, following) in release.steps.iter_mut().zip(following) {
            step.following = following;
        }
        Ok(Arc::new(release))
    }

    /// Checks the input of a task.
    ///
    /// # Errors
    /// [`Error::InvalidInput`], or [`Error::InvalidRequest`] if it cannot be read.
    pub(crate) fn check_input(&self, input: &RawValue) -> Result<(), Error> {
        let Some(schema) = &self.input_schema else { return Ok(()) };
        let input = serde_json::from_str::<Value>(input.get()).map_err(|error| Error::InvalidRequest {
            field: "context",
            message: format!("cannot be read: {error}"),
        })?;
        let violations = violations(schema, &input);
        if violations.is_empty() { Ok(()) } else { Err(Error::InvalidInput(violations)) }
    }

    /// Returns the step with this name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.name == name)
    }

    /// Returns the template of a batchable step's workers.
    pub(crate) fn worker_of(&self, step: usize) -> Option<usize> {
        self.template.worker_of(step)
    }

    /// Returns a named step that could never run, and the dependency that no decision creates; none if all can run.
    pub(crate) fn never_ready(&self, decision: usize, named: &[usize]) -> Option<(usize, usize)> {
        let kind = |step: usize| self.template.steps[step].step_type;
        // Present for certain: steps that no decision creates, and the steps that led to this decision. Which
        // dependencies of a deferred convergence were created is unknown.
        let mut present: Vec<bool> = self.deciders.iter().map(Vec::is_empty).collect();
        let mut leading = vec![decision];
        while let Some(step) = leading.pop() {
            present[step] = true;
            if kind(step) != StepType::DeferredConvergence {
                leading.extend(self.graph.parents[step].iter().filter(|&&parent| !present[parent]));
            }
        }
        for &step in &self.graph.order {
            let parents = &self.graph.parents[step];
            let follows = match kind(step) {
                StepType::DeferredConvergence => parents.iter().any(|&parent| {
                    kind(parent) != StepType::Decision && !self.deciders[parent].is_empty() && present[parent]
                }),
                _ => {
                    !parents.iter().any(|&parent| kind(parent) == StepType::Decision)
                        && parents.iter().all(|&parent| present[parent])
                }
            };
            present[step] |= follows || named.contains(&step);
        }
        let missing = |&step: &usize| {
            let needs_all = kind(step) != StepType::DeferredConvergence;
            let missing = self.graph.parents[step].iter().find(|&&parent| needs_all && !present[parent]);
            Some((step, *missing?))
        };
        named.iter().find_map(missing)
    }

    /// Computes [`ReleaseStep::following`]. `next` are all steps.
    fn following(&self, step: usize, next: &[Arc<NextStep>]) -> Vec<Arc<NextStep>> {
        let (mut following, mut bytes) = (Vec::new(), 0);
        let mut last = step;
        while let Some(step) = self.successor(last) {
            bytes += self.steps[step].configuration.get().len();
            if following.len() == MAX_FOLLOWING || bytes > MAX_FOLLOWING_BYTES {
                break;
            }
            following.push(Arc::clone(&next[step]));
            last = step;
        }
        following
    }

    fn next_step(&self, step: usize) -> NextStep {
        let fixed = &self.steps[step];
        NextStep {
            step_index: step as u32,
            max_attempts: fixed.max_attempts,
            step_name: fixed.name.clone(),
            handler: fixed.handler.clone(),
            configuration: fixed.configuration.clone(),
            limits: fixed.limits,
            grants: fixed.grants.clone(),
        }
    }

    /// Returns the only step that follows this one, if a host may run it before the result of this one is stored.
    fn successor(&self, step: usize) -> Option<usize> {
        let &[next] = self.graph.children[step].as_slice() else { return None };
        let (this, that) = (&self.template.steps[step], &self.template.steps[next]);
        let is_alone = self.graph.parents[next] == [step] && self.context_steps(next) == [step];
        let kinds = this.step_type == StepType::Standard
            && matches!(that.step_type, StepType::Standard | StepType::Decision);
        // Only the orchestrator checks results. The next step must not run on one that fails this step.
        (is_alone && kinds && that.may_continue && this.result_schema.is_none()).then_some(next)
    }

    /// Returns the steps whose results a step receives.
    pub(crate) fn context_steps(&self, step: usize) -> Vec<usize> {
        if self.template.steps[step].ancestors {
            self.graph.ancestors(step)
        } else {
            self.graph.parents[step].clone()
        }
    }
}

impl ReleaseStep {
    fn new(release: Uuid, step: &Step, pins: &Pins) -> Result<Self, Error> {
        let callable = &step.handler.callable;
        let pin = pins
            .handlers
            .get(&pin_name(step))
            .ok_or_else(|| Error::Damaged(format!("release {release} has no pin for `{callable}`")))?;
        let configuration = serde_json::value::to_raw_value(&step.handler.initialization)
            .map_err(|error| Error::Damaged(error.to_string()))?;
        Ok(Self {
            name: step.name.clone(),
            handler: HandlerReference {
                callable: callable.clone(),
                component: pin.component.clone(),
                function: pin.function.clone(),
            },
            configuration,
            limits: step.limits.complete(step.timeout_seconds),
            grants: step.grants.clone(),
            max_attempts: step.retry.max_attempts.max(1),
            result_schema: step.result_schema.as_ref().map(validator).transpose()?,
            following: Vec::new(),
        })
    }
}

/// For each step, the decisions before it. Only these can create the step.
pub(crate) fn deciders(template: &Template, graph: &Graph) -> Vec<Vec<usize>> {
    let mut deciders: Vec<Vec<usize>> = vec![Vec::new(); template.steps.len()];
    for &step in &graph.order {
        let mut of_step = BTreeSet::new();
        for &parent in &graph.parents[step] {
            of_step.extend(&deciders[parent]);
            if template.steps[parent].step_type == StepType::Decision {
                of_step.insert(parent);
            }
        }
        deciders[step] = of_step.into_iter().collect();
    }
    deciders
}

/// Returns the key of a step's code in [`Pins`].
pub(crate) fn pin_name(step: &Step) -> String {
    let callable = &step.handler.callable;
    step.handler.version.map_or_else(|| callable.clone(), |version| format!("{callable}@{version}"))
}

/// Returns the name of a step. Batch workers are numbered with at least three digits: `process_rows_007`.
pub fn step_name(template_step: &str, worker_number: Option<u32>) -> String {
    worker_number.map_or_else(|| template_step.to_owned(), |number| format!("{template_step}_{number:03}"))
}

fn validator(schema: &Value) -> Result<Validator, Error> {
    tasker_templates::validator(schema)
        .map_err(|error| Error::Damaged(format!("a published schema: {error}")))
}
