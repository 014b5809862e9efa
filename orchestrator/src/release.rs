//! A release: a template version with its handlers pinned, worked out once and never changed.

use std::{collections::BTreeMap, sync::Arc};

use jsonschema::Validator;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use tasker_protocol::{Grants, HandlerReference, Limits};
use uuid::Uuid;

use crate::{
    error::Error,
    template::{Graph, Step, Template},
};

/// What a release fixes beside the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pins {
    /// The environment whose overrides apply.
    pub(crate) environment: String,
    /// The component and function of each callable.
    pub(crate) handlers: BTreeMap<String, Pin>,
}

/// The code behind a callable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub(crate) component: String,
    pub(crate) function: String,
}

/// A release, ready to create tasks from and to dispatch steps of.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) id: Uuid,
    pub(crate) template: Template,
    pub(crate) graph: Graph,
    pub(crate) steps: Vec<ReleaseStep>,
    pub(crate) input_schema: Option<Validator>,
}

/// The part of a step's message that is the same in every task.
#[derive(Debug)]
pub(crate) struct ReleaseStep {
    pub(crate) name: String,
    pub(crate) handler: HandlerReference,
    pub(crate) configuration: Box<RawValue>,
    pub(crate) limits: Limits,
    pub(crate) grants: Grants,
    pub(crate) max_attempts: u32,
    pub(crate) result_schema: Option<Validator>,
}

impl Release {
    /// Works a release out from what is stored of it.
    pub(crate) fn new(id: Uuid, template: &Template, pins: &Pins) -> Result<Arc<Self>, Error> {
        let template = template.in_environment(&pins.environment);
        let graph = Graph::new(&template)
            .map_err(|_| Error::Damaged(format!("release {id} has a cycle among its steps")))?;
        let steps =
            template.steps.iter().map(|step| ReleaseStep::new(id, step, pins)).collect::<Result<_, _>>()?;
        let input_schema = template.input_schema.as_ref().map(validator).transpose()?;
        Ok(Arc::new(Self { id, template, graph, steps, input_schema }))
    }

    /// The steps whose results a step is given.
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
            .get(callable)
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
        })
    }
}

fn validator(schema: &Value) -> Result<Validator, Error> {
    jsonschema::validator_for(schema).map_err(|error| Error::Damaged(format!("a published schema: {error}")))
}

/// What breaks a schema, one line for each fault, with its place in the document.
pub(crate) fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let line = |error: jsonschema::ValidationError<'_>| {
        let path = error.instance_path().to_string();
        let place = if path.is_empty() { "(top)" } else { &path };
        format!("  {place}: {error}")
    };
    validator.iter_errors(value).map(line).collect()
}
