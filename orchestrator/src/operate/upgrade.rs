//! Checks whether a task can move to another release of its template: the DAGs must be equal.

use uuid::Uuid;

use crate::{
    catalog::{Release, TemplateName},
    engine::Engine,
    error::Error,
};

impl Engine {
    /// Returns the release of a task, and the release to move it to.
    ///
    /// # Errors
    /// [`Error::Refused`] if the task already has that release or the DAGs differ.
    pub(crate) async fn upgrade_path(
        &self,
        task: Uuid,
        version: Option<&str>,
    ) -> Result<(Uuid, Uuid), Error> {
        let from = self.reader.release_of(task).await?;
        self.catalog.refresh().await?;
        let name = TemplateName {
            namespace: from.template.namespace_name.clone(),
            name: from.template.name.clone(),
            version: Some(version.unwrap_or(&from.template.version).to_owned()),
        };
        let (to, _) = self.catalog.resolve(&name).await?;
        if to.id == from.id {
            return Err(Error::Refused("the task already has that release".to_owned()));
        }
        let differences = differences(&from, &to);
        if differences.is_empty() {
            return Ok((from.id, to.id));
        }
        Err(Error::Refused(format!(
            "version {} cannot replace {}: the DAG differs\n{}",
            to.template.version,
            from.template.version,
            differences.join("\n")
        )))
    }
}

/// Returns the differences between two releases in their steps and dependencies.
fn differences(from: &Release, to: &Release) -> Vec<String> {
    let mut found = Vec::new();
    let (before, after) = (&from.template.steps, &to.template.steps);
    for (index, step) in before.iter().enumerate() {
        match after.get(index) {
            None => found.push(format!("  step `{}` is gone", step.name)),
            Some(other) if other.name != step.name => {
                found.push(format!("  step `{}` is where `{}` was", other.name, step.name));
            }
            Some(other) => {
                if other.step_type != step.step_type {
                    found.push(format!("  step `{}` has another type", step.name));
                }
                if from.graph.parents[index] != to.graph.parents[index] {
                    found.push(format!("  step `{}` has other dependencies", step.name));
                }
                if from.worker_of(index) != to.worker_of(index) {
                    found.push(format!("  step `{}` has another worker", step.name));
                }
            }
        }
    }
    found.extend(after.iter().skip(before.len()).map(|step| format!("  step `{}` is new", step.name)));
    found
}
