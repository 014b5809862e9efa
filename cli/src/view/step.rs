//! A step for the terminal: its state, its failure, its attempts with their logs, and its history.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tasker_orchestrator::{
    read::{AttemptRecord, StepDetail, Transition},
    state::StepState,
};
use tasker_protocol::{Failure, FailureOrigin, LogLine, RawValue, Usage};

use super::words::{duration, mark, since, state_words, time_of, until};
use crate::{
    json::indented,
    output::{Output, Style, table},
};

/// A step with its attempts and transitions.
#[derive(Debug, Serialize)]
pub(crate) struct StepView {
    #[serde(flatten)]
    pub(crate) step: StepDetail,
    pub(crate) attempts: Vec<AttemptRecord>,
    /// All its transitions, if requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) transitions: Vec<Transition>,
}

/// The stored record of an execution.
#[derive(Debug, serde::Deserialize)]
struct Detail {
    #[serde(default)]
    usage: Usage,
    #[serde(default)]
    logs: Vec<LogLine>,
    failure: Option<Failure>,
}

impl StepView {
    pub(crate) fn lines(&self, output: &Output) -> Vec<String> {
        let step = &self.step;
        let (mark, style) = mark(step.state, step.isolated);
        let name = output.style(Style::Strong, &step.name);
        let mut lines =
            vec![format!("{} {name} {}", output.style(style, mark), output.style(style, state_words(step)))];
        for (key, value) in self.facts() {
            let mut parts = value.lines();
            let first = parts.next().unwrap_or_default();
            lines.push(format!("  {} {first}", output.style(Style::Faint, &format!("{key:<12}"))));
            lines.extend(parts.map(|part| format!("  {:<12} {part}", "")));
        }
        // An attempt with checkpoints has several executions.
        let as_many = |(index, record): (usize, &AttemptRecord)| record.attempt as usize == index + 1;
        let one_each = self.attempts.iter().enumerate().all(as_many);
        for (index, record) in self.attempts.iter().enumerate() {
            let run = if one_each { String::new() } else { format!("run {}, ", index + 1) };
            lines.push(String::new());
            lines.extend(run_lines(&format!("{run}attempt {}", record.attempt), record, output));
        }
        if !self.transitions.is_empty() {
            lines.push(String::new());
            lines.push(history(&self.transitions));
        }
        lines
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let step = &self.step;
        let mut facts = vec![
            ("handler", format!("{} ({})", step.handler, step.component.get(..12).unwrap_or_default())),
            ("type", step.step_type.as_str().to_owned()),
        ];
        let mut fact = |key, value: Option<String>| facts.extend(value.map(|value| (key, value)));
        fact("after", (!step.dependencies.is_empty()).then(|| step.dependencies.join(", ")));
        fact("attempt", Some(format!("{} of {}", step.attempt, step.max_attempts.max(1))));
        let retry = |at: DateTime<Utc>| format!("{}, at {}", until(at), clock(at));
        fact("next attempt", step.next_retry_at.map(retry));
        let is_over = step.finished_at.is_some();
        fact(
            "enqueued",
            step.enqueued_at.filter(|_| !is_over).map(|at| format!("{}, {}", clock(at), since(at))),
        );
        fact("started", step.started_at.map(|at| format!("{}, {}", clock(at), since(at))));
        fact(if is_over { "took" } else { "for" }, time_of(step).map(duration));
        fact("host", step.host.clone());
        fact("progress", step.progress.clone().filter(|_| step.state == StepState::InProgress));
        fact("cursor", step.cursor.as_deref().map(pretty));
        fact("checkpoints", (step.checkpoints > 0).then(|| step.checkpoints.to_string()));
        fact("saved", step.checkpoint.as_deref().map(pretty));
        fact("isolated", step.isolated.then(|| "its batch continues without it".to_owned()));
        let failure = step.last_failure.as_deref().filter(|_| step.state != StepState::Complete);
        let failure = failure.and_then(|failure| serde_json::from_str::<Failure>(failure.get()).ok());
        fact("failure", failure.map(|failure| failure_words(&failure)));
        fact("result", step.result.as_deref().map(pretty));
        facts
    }
}

fn run_lines(title: &str, record: &AttemptRecord, output: &Output) -> Vec<String> {
    let Ok(Detail { usage, logs, failure }) = serde_json::from_str(record.detail.get()) else {
        return vec![record.detail.get().to_owned()];
    };
    let facts = format!(
        "{} on {}, {} of which {} computing, {} KiB",
        clock(record.at),
        record.actor,
        duration(chrono::TimeDelta::microseconds(usage.wall_us as i64)),
        duration(chrono::TimeDelta::microseconds(usage.cpu_us as i64)),
        usage.peak_memory_bytes / 1024
    );
    let mut lines =
        vec![format!("{}  {}", output.style(Style::Strong, title), output.style(Style::Faint, &facts))];
    for line in &logs {
        let level = serde_json::to_value(line.level).unwrap_or_default();
        let prefix = format!(
            "{} {} {}",
            line.at.format("%H:%M:%S%.3f"),
            level.as_str().unwrap_or_default(),
            line.target
        );
        lines.push(format!("  {}  {}", output.style(Style::Faint, &prefix), line.message));
    }
    if usage.dropped_log_bytes > 0 {
        let dropped = format!("  {} bytes of logs more than its limit were dropped", usage.dropped_log_bytes);
        lines.push(output.style(Style::Faint, &dropped));
    }
    match failure {
        Some(failure) => {
            lines.extend(
                failure_words(&failure).lines().map(|line| format!("  {}", output.style(Style::Bad, line))),
            );
        }
        None => lines.push(format!("  {}", output.style(Style::Good, "completed"))),
    }
    lines
}

fn failure_words(failure: &Failure) -> String {
    let kind = if failure.retryable { "retryable" } else { "permanent" };
    let origin = match failure.origin {
        FailureOrigin::Handler => "from the handler",
        FailureOrigin::Crash => "a crash",
        FailureOrigin::Limit => "a limit",
        FailureOrigin::Host => "detected by Tasker",
    };
    let details =
        failure.details.as_deref().map_or(String::new(), |details| format!("\n{}", pretty(details)));
    format!("{} ({kind}, {origin})\n{}{details}", failure.error_type, failure.message)
}

fn history(transitions: &[Transition]) -> String {
    let row = |change: &Transition| {
        vec![
            change.at.format("%H:%M:%S%.3f").to_string(),
            format!("{} → {}", change.from_state, change.to_state),
            change.event.clone(),
            change.actor.clone(),
            change.reason.clone().unwrap_or_default(),
        ]
    };
    table(
        &["AT (UTC)", "CHANGE", "BY EVENT", "OF", "REASON"],
        &transitions.iter().map(row).collect::<Vec<_>>(),
    )
}

/// Formats JSON on one line if it is short, otherwise on several. Numbers keep their original text.
fn pretty(json: &RawValue) -> String {
    let text = json.get();
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    indented(text)
}

fn clock(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
