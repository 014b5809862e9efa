//! A task for the terminal: its DAG with states, times, attempts and results.

use std::collections::BTreeMap;

use chrono::Utc;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use tasker_orchestrator::{
    read::{StepDetail, TaskSummary},
    state::StepState,
};
use tasker_templates::template::Template;

use super::{
    rows::{Row, rows},
    words::{Facts, duration, since},
};
use crate::output::{Output, Style};

/// The maximum number of lines for a large task: about one terminal page.
const MAX_LINES: usize = 40;

/// The data of a task that is drawn.
#[derive(Debug, Clone)]
pub(crate) struct TaskView {
    task: TaskSummary,
    /// The task as the API writes it.
    written: BTreeMap<String, Box<RawValue>>,
    steps: Vec<StepDetail>,
    template: Template,
}

impl TaskView {
    pub(crate) fn new(
        task: TaskSummary,
        written: BTreeMap<String, Box<RawValue>>,
        steps: Vec<StepDetail>,
        template: Template,
    ) -> Self {
        Self { task, written, steps, template }
    }

    /// The state of the task.
    pub(crate) fn status(&self) -> &str {
        self.task.status.as_str()
    }

    /// Whether the task is at rest: it changes only if an operator acts.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(
            self.status(),
            "complete" | "error" | "cancelled" | "resolved_manually" | "blocked_by_failures"
        )
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.status() == "complete"
    }

    /// Returns the current template, to pass to the next read. It changes only if the task is upgraded.
    pub(crate) fn template(self) -> Template {
        self.template
    }

    /// Returns the task as lines: a title, then the steps, each below its dependencies and indented by its depth.
    pub(crate) fn lines(&self, output: &Output) -> Vec<String> {
        let mut lines = vec![self.title(output)];
        let mut rows = rows(&self.template, &self.steps);
        if rows.len() > MAX_LINES {
            // The most urgent lines: failures, waiting steps, running steps.
            lines.push(format!("  the {MAX_LINES} most urgent of its {} lines:", rows.len()));
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by_key(|&index| rows[index].urgency());
            let mut shown = vec![false; rows.len()];
            order[..MAX_LINES].iter().for_each(|&index| shown[index] = true);
            let mut shown = shown.into_iter();
            rows.retain(|_| shown.next().unwrap_or(false));
        }
        let width = rows.iter().map(Row::width).max().unwrap_or(0);
        let paused = self.task.paused_at.is_some();
        let facts: Vec<(&Row, Facts)> = rows.iter().map(|row| (row, row.facts(paused))).collect();
        lines.extend(facts.iter().map(|(row, facts)| line(row, facts, width, output)));
        lines.extend(self.hints().iter().map(|hint| output.style(Style::Faint, hint)));
        lines
    }

    /// Returns hints for a task that does not continue without an operator.
    fn hints(&self) -> Vec<String> {
        let failed = self.steps.iter().find(|step| step.state == StepState::Error && !step.isolated);
        let task = self.task.task_id;
        match failed {
            Some(failed) if self.status() == "blocked_by_failures" => vec![
                format!("  tasker step show {task} {}   shows why it failed", failed.name),
                format!("  tasker task redrive {task}   retries the failed steps"),
            ],
            _ => Vec::new(),
        }
    }

    fn title(&self, output: &Output) -> String {
        let style = match self.status() {
            "complete" | "resolved_manually" => Style::Good,
            "error" | "blocked_by_failures" | "cancelled" => Style::Bad,
            _ => Style::Active,
        };
        let took = if self.is_at_rest() {
            let end = self.task.completed_at.unwrap_or_else(Utc::now);
            format!(" in {}", duration(end - self.task.created_at))
        } else {
            String::new()
        };
        let paused = self.task.paused_at.map_or(String::new(), |at| {
            format!(" {}", output.style(Style::Waiting, &format!("paused {}", since(at))))
        });
        let name = format!("{}/{}", self.task.namespace, self.task.name);
        format!(
            "{} {} {}{took}{paused}",
            output.style(Style::Strong, &name),
            output.style(Style::Faint, &self.task.task_id.to_string()),
            output.style(style, self.status()),
        )
    }
}

/// The task with its steps.
impl Serialize for TaskView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut task = serializer.serialize_map(None)?;
        for (key, value) in &self.written {
            task.serialize_entry(key, value)?;
        }
        task.serialize_entry("workflow_steps", &self.steps)?;
        task.end()
    }
}

fn line(row: &Row, facts: &Facts, width: usize, output: &Output) -> String {
    let (mark, style) = facts.mark;
    let name = format!("{}{}", "  ".repeat(row.indent), row.name());
    let name = format!("{name:<width$}");
    // Missing steps are also shown faint.
    let name = if facts.is_there { name } else { output.style(Style::Faint, &name) };
    let line = format!(
        "  {} {name}  {:<11}  {:>9}  {:<10}  {}",
        output.style(style, mark),
        facts.state,
        facts.time,
        facts.attempts,
        output.style(Style::Faint, &facts.outcome)
    );
    line.trim_end().to_owned()
}
