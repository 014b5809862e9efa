//! The names of a release in metrics: texts that cost nothing to copy.

use std::sync::Arc;

use tasker_telemetry::Label;
use tasker_templates::template::Template;

/// The names of a template and its steps. Not its version: each would be a series of its own.
#[derive(Debug)]
pub(crate) struct Names {
    namespace: Arc<str>,
    template: Arc<str>,
    steps: Vec<Arc<str>>,
}

impl Names {
    pub(crate) fn of(template: &Template) -> Self {
        Self {
            namespace: template.namespace_name.as_str().into(),
            template: template.name.as_str().into(),
            steps: template.steps.iter().map(|step| step.name.as_str().into()).collect(),
        }
    }

    pub(crate) fn namespace(&self) -> Label {
        (&self.namespace).into()
    }

    pub(crate) fn of_template(&self) -> [Label; 2] {
        [self.namespace(), (&self.template).into()]
    }

    /// The labels of a step. All workers of a batch share them.
    pub(crate) fn of_step(&self, step: usize) -> [Label; 3] {
        let [namespace, template] = self.of_template();
        let step = self.steps.get(step).map_or(Label::from("unknown"), Label::from);
        [namespace, template, step]
    }
}
