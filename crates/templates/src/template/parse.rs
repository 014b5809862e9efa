//! Parses a template: syntax, then the schema of [`Template`], then semantic checks.

use std::sync::LazyLock;

use serde_json::Value;

use super::{model::Template, older::accept_older_names, validate::validate};
use crate::reading::{Code, Form, Node, Problems};

/// A template that can be published, with its warnings.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The template.
    pub template: Template,
    /// The warnings.
    pub warnings: Problems,
}

/// Parses and validates a template in YAML or JSON.
///
/// # Errors
/// Every problem found, with its position.
pub fn parse(text: &str) -> Result<Parsed, Problems> {
    let mut tree = Node::read(text)?;
    accept_older_names(&mut tree);
    read(tree)
}

/// Validates a parsed template in the current format.
pub(super) fn read(tree: Node) -> Result<Parsed, Problems> {
    let document = tree.document();
    let problems = FORM.check(&document);
    if !problems.is_publishable() {
        return Err(problems.sorted());
    }
    let template: Template = match document.to() {
        Ok(template) => template,
        Err(error) => {
            let mut problems = Problems::default();
            problems.error(Code::BadValue, document.position(""), None, error);
            return Err(problems);
        }
    };
    let problems = validate(&template, &|pointer| document.position(pointer)).sorted();
    if problems.is_publishable() { Ok(Parsed { template, warnings: problems }) } else { Err(problems) }
}

/// The JSON Schema of the template format, for editors.
pub fn template_schema() -> Value {
    FORM.schema.clone()
}

pub(super) static FORM: LazyLock<Form> = LazyLock::new(|| Form::of::<Template>("the template"));
