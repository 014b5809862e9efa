//! The tools that need no server: they check and make texts, and work on the project in the current folder.

use async_trait::async_trait;
use serde_json::Value;
use tasker_mcp::{Arguments, Failure, LocalTool, Workbench};

use super::{local::Local, project, schemas, templates};
use crate::config::ProjectConfig;

/// The project that the tools work on.
pub(super) struct Bench(pub(super) ProjectConfig);

fn all() -> impl Iterator<Item = &'static Local> {
    [templates::TOOLS, schemas::TOOLS, project::TOOLS].into_iter().flatten()
}

#[async_trait]
impl Workbench for Bench {
    fn tools(&self) -> Vec<LocalTool> {
        let listed = |&Local { name, title, description, fields, is_read_only, .. }: &Local| LocalTool {
            name,
            title,
            description,
            fields,
            is_read_only,
        };
        all().map(listed).collect()
    }

    async fn call(&self, tool: &str, arguments: &Arguments) -> Result<Value, Failure> {
        let found = all().find(|local| local.name == tool);
        let local = found.ok_or_else(|| Failure::new("no_such_tool", format!("there is no `{tool}`")))?;
        (local.run)(&self.0, arguments)
            .await
            .map_err(|error| Failure::new("not_possible", format!("{error:#}")))
    }
}
