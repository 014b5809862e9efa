//! A task as people see it: its DAG with states, times, attempts and results.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tasker_orchestrator::{read::StepDetail, state::StepState};

use crate::output::{Output, Style};

/// The widest result that is shown beside a step, in characters.
const MAX_RESULT: usize = 72;
/// How many levels of the DAG are told apart by indentation.
const MAX_INDENT: usize = 10;
/// How many steps are drawn of a larger task: a terminal's worth.
const MAX_STEPS: usize = 40;

/// A task, as far as it is drawn. The API tells more.
#[derive(Debug, Clone)]
pub(crate) struct TaskView {
    task: Value,
    steps: Vec<StepDetail>,
}

impl TaskView {
    pub(crate) fn new(task: Value, steps: Vec<StepDetail>) -> Self {
        Self { task, steps }
    }

    /// The state of the task.
    pub(crate) fn status(&self) -> &str {
        self.task["status"].as_str().unwrap_or("unknown")
    }

    /// Whether nothing more will happen by itself.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(
            self.status(),
            "complete" | "error" | "cancelled" | "resolved_manually" | "blocked_by_failures"
        )
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.status() == "complete"
    }

    /// As JSON: the task with its steps.
    pub(crate) fn json(&self) -> Value {
        let mut task = self.task.clone();
        task["workflow_steps"] = serde_json::to_value(&self.steps).unwrap_or_default();
        task
    }

    /// As lines: a title, then the steps, each below those that it depends on, indented by how deep it stands.
    pub(crate) fn lines(&self, output: &Output) -> Vec<String> {
        let mut lines = vec![self.title(output)];
        let depths: Vec<usize> = depths(&self.steps).into_iter().map(|depth| depth.min(MAX_INDENT)).collect();
        let width = |(step, depth): (&StepDetail, &usize)| step.name.chars().count() + 2 * depth;
        let name_width = self.steps.iter().zip(&depths).map(width).max().unwrap_or(0);
        let mut order: Vec<usize> = (0..self.steps.len()).collect();
        if order.len() > MAX_STEPS {
            // What needs eyes first: failures, what waits, what runs.
            order.sort_by_key(|&index| urgency(self.steps[index].state));
            lines.push(format!("  the {MAX_STEPS} of its {} steps that say most:", order.len()));
            order.truncate(MAX_STEPS);
        }
        order.sort_by_key(|&index| (depths[index], index));
        for index in order {
            let step = &self.steps[index];
            let indent = "  ".repeat(depths[index]);
            let (mark, style) = mark(step.state);
            let name = format!("{indent}{:<width$}", step.name, width = name_width - indent.len());
            let facts = [
                format!("{:<11}", state_words(step)),
                format!("{:>9}", time_of(step)),
                format!("{:<10}", attempts_of(step)),
            ];
            let line = format!("  {} {name}  {}", output.style(style, mark), facts.join("  "));
            let line = format!("{line}  {}", output.style(Style::Faint, &outcome_of(step)));
            lines.push(line.trim_end().to_owned());
        }
        lines
    }

    fn title(&self, output: &Output) -> String {
        let text = |key: &str| self.task[key].as_str().unwrap_or_default();
        let style = match self.status() {
            "complete" | "resolved_manually" => Style::Good,
            "error" | "blocked_by_failures" | "cancelled" => Style::Bad,
            _ => Style::Active,
        };
        let time = |key: &str| DateTime::parse_from_rfc3339(text(key)).ok().map(|time| time.to_utc());
        let took = time("created_at").map_or(String::new(), |created| {
            let end = time("completed_at").unwrap_or_else(Utc::now);
            format!(" in {}", duration(end - created))
        });
        let name = format!("{}/{}", text("namespace"), text("name"));
        format!(
            "{} {} {}{}",
            output.style(Style::Strong, &name),
            output.style(Style::Faint, text("task_id")),
            output.style(style, self.status()),
            if self.is_at_rest() { took } else { String::new() },
        )
    }
}

/// For each step, the length of the longest path to it.
fn depths(steps: &[StepDetail]) -> Vec<usize> {
    let index: HashMap<&str, usize> =
        steps.iter().enumerate().map(|(index, step)| (step.name.as_str(), index)).collect();
    let mut depths = vec![0; steps.len()];
    // Dependencies may stand after their dependents, so until nothing moves; a DAG settles.
    loop {
        let mut settled = true;
        for (step, of_step) in steps.iter().enumerate() {
            let parents = of_step.dependencies.iter().filter_map(|name| index.get(name.as_str()));
            let depth = parents.map(|&parent| depths[parent] + 1).max().unwrap_or(0);
            settled &= depths[step] == depth;
            depths[step] = depth;
        }
        if settled {
            return depths;
        }
    }
}

fn urgency(state: StepState) -> u8 {
    match state {
        StepState::Error => 0,
        StepState::WaitingForRetry => 1,
        StepState::InProgress
        | StepState::EnqueuedForOrchestration
        | StepState::EnqueuedAsErrorForOrchestration => 2,
        StepState::Enqueued => 3,
        StepState::Complete | StepState::ResolvedManually | StepState::Cancelled => 4,
        StepState::Pending => 5,
    }
}

fn mark(state: StepState) -> (&'static str, Style) {
    match state {
        StepState::Pending => ("○", Style::Faint),
        StepState::Enqueued => ("◌", Style::Active),
        StepState::InProgress
        | StepState::EnqueuedForOrchestration
        | StepState::EnqueuedAsErrorForOrchestration => ("●", Style::Active),
        StepState::WaitingForRetry => ("↻", Style::Waiting),
        StepState::Complete | StepState::ResolvedManually => ("✓", Style::Good),
        StepState::Error => ("✗", Style::Bad),
        StepState::Cancelled => ("–", Style::Faint),
    }
}

fn state_words(step: &StepDetail) -> &'static str {
    match step.state {
        StepState::WaitingForRetry => "retry later",
        StepState::ResolvedManually => "resolved",
        StepState::InProgress => "running",
        other => other.as_str(),
    }
}

fn time_of(step: &StepDetail) -> String {
    match (step.started_at, step.finished_at) {
        (Some(started), Some(finished)) => duration(finished - started),
        (Some(started), None) => duration(Utc::now() - started),
        _ => String::new(),
    }
}

fn attempts_of(step: &StepDetail) -> String {
    match step.attempt {
        0 => String::new(),
        1 => "1 attempt".to_owned(),
        attempts => format!("{attempts} attempts"),
    }
}

fn outcome_of(step: &StepDetail) -> String {
    let failure = || {
        let failure: Value = serde_json::from_str(step.last_failure.as_ref()?.get()).ok()?;
        let message = failure["message"].as_str()?.lines().next()?.to_owned();
        Some(format!("{}: {message}", failure["error_type"].as_str()?))
    };
    match step.state {
        StepState::Error | StepState::WaitingForRetry => {
            let next = step.next_retry_at.map_or(String::new(), |at| {
                format!("next in {} · ", duration((at - Utc::now()).max(chrono::TimeDelta::zero())))
            });
            format!("{next}{}", failure().unwrap_or_default())
        }
        StepState::InProgress => step.progress.clone().unwrap_or_default(),
        _ => step.result.as_ref().map_or(String::new(), |result| cut(result.get())),
    }
}

fn cut(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    if line.chars().count() <= MAX_RESULT {
        return line;
    }
    line.chars().take(MAX_RESULT - 1).chain(['…']).collect()
}

/// A duration with three significant digits: `412 µs`, `3.07 ms`, `1.25 s`, `2 min 5 s`.
pub(crate) fn duration(duration: chrono::TimeDelta) -> String {
    let microseconds = duration.num_microseconds().unwrap_or(i64::MAX).max(0);
    let value = microseconds as f64;
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..10_000 => format!("{:.2} ms", value / 1e3),
        10_000..100_000 => format!("{:.1} ms", value / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", value / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", value / 1e6),
        _ => format!("{} min {} s", microseconds / 60_000_000, microseconds / 1_000_000 % 60),
    }
}

/// Draws a task again and again in one place.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    drawn: usize,
}

impl Screen {
    /// Draws lines over those drawn before.
    pub(crate) fn draw(&mut self, lines: &[String]) {
        use std::io::Write;
        let mut text = String::new();
        if self.drawn > 0 {
            text.push_str(&format!("\x1b[{}F\x1b[J", self.drawn));
        }
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
        self.drawn = lines.len();
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(text.as_bytes());
        let _ = stdout.flush();
    }
}
