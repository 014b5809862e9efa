//! What is wrong with a template: a code for programs, and for people where it is and what to do.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// One fault of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// What kind of fault.
    pub code: Code,
    /// Whether the template can be published nevertheless.
    pub severity: Severity,
    /// What is wrong and what to do, for a person.
    pub message: String,
    /// Where.
    pub position: Position,
    /// In which step, if in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// Whether a fault keeps a template from being published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but it is hardly meant.
    Warning,
}

/// A place in a file. Lines and columns count from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The text is neither YAML nor JSON.
    Syntax,
    /// A value is not of the type, range or form that its field takes, or a required field is missing.
    BadValue,
    /// No such field.
    UnknownField,
    /// Two steps have one name.
    DuplicateStepName,
    /// A step depends on itself.
    SelfDependency,
    /// A step depends on a step that is not there.
    MissingDepRef,
    /// A step has no handler.
    EmptyCallable,
    /// A namespace is longer than 29 characters.
    NamespaceTooLong,
    /// A schema is not a JSON object, or not a valid JSON Schema.
    SchemaNotObject,
    /// A step has no connection to the other steps.
    OrphanStep,
    /// Steps depend on each other in a circle.
    CycleDetected,
    /// A field that has no effect.
    NoEffect,
    /// No published component holds the handler.
    UnknownHandler,
    /// A batchable step names no worker, or one that is none.
    BadWorkerTemplate,
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// All faults of one template, in the order of their places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Whether the template can be published.
    pub fn is_publishable(&self) -> bool {
        self.0.iter().all(|problem| problem.severity == Severity::Warning)
    }

    /// One line for each problem, as compilers write them: `file:line:column: error CODE in step x: message`.
    pub fn render(&self, file: &str) -> String {
        let line = |problem: &Problem| {
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let step = problem.step.as_ref().map_or(String::new(), |step| format!(" in step `{step}`"));
            let Position { line, column } = problem.position;
            format!("{file}:{line}:{column}: {severity} {}{step}: {}", problem.code, problem.message)
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn error(&mut self, code: Code, position: Position, step: Option<&str>, message: String) {
        self.push(code, Severity::Error, position, step, message);
    }

    pub(crate) fn warning(&mut self, code: Code, position: Position, step: Option<&str>, message: String) {
        self.push(code, Severity::Warning, position, step, message);
    }

    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        position: Position,
        step: Option<&str>,
        message: String,
    ) {
        self.0.push(Problem { code, severity, message, position, step: step.map(str::to_owned) });
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by_key(|problem| problem.position);
        self
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render("template"))
    }
}

impl std::error::Error for Problems {}
