//! Tools that need no server: they work on texts, and on the files of a project on the caller's own machine.

use std::sync::Arc;

use async_trait::async_trait;
use rmcp::model::{Tool as Listed, ToolAnnotations};
use serde_json::{Map, Value};

use crate::{
    arguments::{self, Arguments, Field},
    failure::Failure,
};

/// A tool of a workbench.
#[derive(Debug, Clone, Copy)]
pub struct LocalTool {
    /// What clients call it by. No tool of the API has the same name.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does, and when to call it.
    pub description: &'static str,
    /// The arguments that it takes.
    pub fields: &'static [Field],
    /// Whether it changes nothing, not even on this machine, and runs nothing.
    pub is_read_only: bool,
}

/// Where such tools come from.
#[async_trait]
pub trait Workbench: Send + Sync {
    /// The tools.
    fn tools(&self) -> Vec<LocalTool>;

    /// Calls a tool of [`Workbench::tools`]. The arguments fit its fields.
    ///
    /// # Errors
    /// Why the tool did not do what it was asked.
    async fn call(&self, tool: &str, arguments: &Arguments) -> Result<Value, Failure>;
}

impl LocalTool {
    /// The tool as clients see it.
    pub(crate) fn listed(&self) -> Listed {
        let mut listed = Listed::new(self.name, self.description, Arc::new(arguments::schema(self.fields)));
        listed.title = Some(self.title.to_owned());
        let annotations = ToolAnnotations::with_title(self.title)
            .read_only(self.is_read_only)
            // What is not read-only runs commands of the project, which may do anything.
            .destructive(!self.is_read_only)
            .idempotent(self.is_read_only)
            .open_world(!self.is_read_only);
        listed.annotations = Some(annotations);
        listed
    }
}

/// Calls a tool. None: the workbench has no such tool.
pub(crate) async fn call(
    workbench: &dyn Workbench,
    name: &str,
    given: &Map<String, Value>,
) -> Option<Result<Value, Failure>> {
    let tool = workbench.tools().into_iter().find(|tool| tool.name == name)?;
    Some(match Arguments::check(given.clone(), tool.fields) {
        Ok(arguments) => workbench.call(name, &arguments).await,
        Err(refused) => Err(refused),
    })
}
