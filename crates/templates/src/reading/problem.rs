//! Problems in a template: a code for programs, and a position and an explanation for people.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::hint::did_you_mean;

/// The maximum number of problems that a message lists.
const MAX_TOLD: usize = 50;
/// The longest message, in characters. Messages quote values.
const MAX_MESSAGE: usize = 1000;

/// One problem in a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// The kind of problem.
    pub code: Code,
    /// Whether the template can still be published.
    pub severity: Severity,
    /// What is wrong and how to fix it, for people.
    pub message: String,
    /// The position in the file.
    pub position: Position,
    /// The name of the affected step, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// Whether a problem prevents publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The template cannot be published.
    Error,
    /// The template can be published but probably contains a mistake.
    Warning,
}

/// A position in a file. Lines and columns count from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The text is neither YAML nor JSON.
    Syntax,
    /// A value has the wrong type, range or form, or a required field is missing.
    BadValue,
    /// The field does not exist.
    UnknownField,
    /// Two steps have the same name.
    DuplicateStepName,
    /// A step depends on itself.
    SelfDependency,
    /// A step depends on a step that does not exist.
    MissingDepRef,
    /// A step has no handler.
    EmptyCallable,
    /// A namespace is longer than 29 characters.
    NamespaceTooLong,
    /// A schema is not a JSON object, or not a valid JSON Schema.
    SchemaNotObject,
    /// A step is not connected to any other step.
    OrphanStep,
    /// The dependencies of steps form a cycle.
    CycleDetected,
    /// The field has no effect.
    NoEffect,
    /// No published component contains the handler.
    UnknownHandler,
    /// A batchable step has no worker, or its worker is not a suitable `batch_worker` step.
    BadWorkerTemplate,
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// All problems of one template, in the order of their positions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Whether the template can be published.
    pub fn is_publishable(&self) -> bool {
        self.0.iter().all(|problem| problem.severity == Severity::Warning)
    }

    /// A hint for an unknown name. Empty if there are already more problems than a message lists: the options may be many.
    pub(crate) fn hint(&self, given: &str, options: impl FnOnce() -> Vec<String>) -> String {
        if self.0.len() < MAX_TOLD { did_you_mean(given, &options()) } else { String::new() }
    }

    /// Formats one line per problem, like a compiler: `file:line:column: error CODE in step x: message`. Of more than
    /// [`MAX_TOLD`] problems, the first ones, errors before warnings.
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
        let more = self.0.len().saturating_sub(MAX_TOLD);
        let mut told: Vec<&Problem> = self.0.iter().collect();
        if more > 0 {
            told.sort_by_key(|problem| problem.severity == Severity::Warning);
        }
        let mut lines: Vec<String> = told.into_iter().take(MAX_TOLD).map(line).collect();
        if more > 0 {
            lines.push(format!("{file}: and {more} more"));
        }
        lines.join("\n")
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
        mut message: String,
    ) {
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
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
