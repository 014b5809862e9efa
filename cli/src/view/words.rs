//! The text about a step or a batch: mark, state, times, attempts and outcome.

use chrono::{DateTime, TimeDelta, Utc};
use tasker_orchestrator::{read::StepDetail, state::StepState};
use tasker_protocol::Failure;

use crate::output::Style;

/// The maximum width of a result or failure beside a step, in characters.
const MAX_OUTCOME: usize = 72;
/// The maximum width of a cursor beside a worker, in characters.
const MAX_CURSOR: usize = 32;

/// The columns beside a name.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) mark: (&'static str, Style),
    pub(super) state: String,
    pub(super) time: String,
    pub(super) attempts: String,
    pub(super) outcome: String,
    /// Whether the task has the step.
    pub(super) is_there: bool,
}

impl Facts {
    pub(super) fn of_step(step: &StepDetail, paused: bool) -> Self {
        Self {
            mark: mark(step.state, step.isolated),
            state: state_words(step).to_owned(),
            time: time_of(step).map_or(String::new(), duration),
            attempts: attempts(step.attempt),
            outcome: outcome(step, paused),
            is_there: true,
        }
    }

    pub(super) fn of_batch(workers: &[&StepDetail]) -> Self {
        let tally = Tally::of(workers);
        let (state, words) = tally.overall();
        let started = workers.iter().filter_map(|step| step.started_at).min();
        // An active batch has not ended, even if some workers have.
        let ended =
            if tally.is_over() { workers.iter().filter_map(|step| step.finished_at).max() } else { None };
        Self {
            mark: mark(state, tally.failed == 0 && tally.isolated > 0),
            state: words.to_owned(),
            time: started.map_or(String::new(), |at| duration(ended.unwrap_or_else(Utc::now) - at)),
            attempts: String::new(),
            outcome: tally.words(),
            is_there: true,
        }
    }

    pub(super) fn none(mark: &'static str, state: &str) -> Self {
        Self {
            mark: (mark, Style::Faint),
            state: state.to_owned(),
            time: String::new(),
            attempts: String::new(),
            outcome: String::new(),
            is_there: false,
        }
    }
}

/// The number of a batch's workers by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    done: usize,
    running: usize,
    retrying: usize,
    failed: usize,
    isolated: usize,
    cancelled: usize,
    waiting: usize,
}

impl Tally {
    fn of(workers: &[&StepDetail]) -> Self {
        let mut tally = Self::default();
        for step in workers {
            let count = match step.state {
                StepState::Complete | StepState::ResolvedManually => &mut tally.done,
                StepState::Error if step.isolated => &mut tally.isolated,
                StepState::Error => &mut tally.failed,
                StepState::WaitingForRetry => &mut tally.retrying,
                StepState::Cancelled => &mut tally.cancelled,
                StepState::Pending => &mut tally.waiting,
                _ => &mut tally.running,
            };
            *count += 1;
        }
        tally
    }

    pub(super) fn is_running(step: &StepDetail) -> bool {
        matches!(
            step.state,
            StepState::Enqueued
                | StepState::InProgress
                | StepState::EnqueuedForOrchestration
                | StepState::EnqueuedAsErrorForOrchestration
        )
    }

    fn is_over(self) -> bool {
        self.running + self.retrying + self.waiting == 0
    }

    /// Returns the state and text of the whole batch.
    fn overall(self) -> (StepState, &'static str) {
        match self {
            Self { failed: 1.., .. } if self.is_over() => (StepState::Error, "error"),
            Self { running: 1.., .. } => (StepState::InProgress, "running"),
            Self { retrying: 1.., .. } => (StepState::WaitingForRetry, "retry later"),
            Self { waiting: 1.., .. } => (StepState::Pending, "pending"),
            Self { isolated: 1.., .. } => (StepState::Error, "complete"),
            Self { done: 0, .. } => (StepState::Cancelled, "cancelled"),
            _ => (StepState::Complete, "complete"),
        }
    }

    /// Formats the counts: `98 done, 10 running, 2 failed`.
    fn words(self) -> String {
        let counts = [
            (self.done, "done"),
            (self.running, "running"),
            (self.retrying, "waiting for their retry"),
            (self.waiting, "waiting for their turn"),
            (self.failed, "failed"),
            (self.isolated, "isolated"),
            (self.cancelled, "cancelled"),
        ];
        let words = counts.iter().filter(|(count, _)| *count > 0).map(|(count, of)| format!("{count} {of}"));
        words.collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn mark(state: StepState, isolated: bool) -> (&'static str, Style) {
    match state {
        StepState::Pending => ("○", Style::Faint),
        StepState::Enqueued => ("◌", Style::Active),
        StepState::InProgress
        | StepState::EnqueuedForOrchestration
        | StepState::EnqueuedAsErrorForOrchestration => ("●", Style::Active),
        StepState::WaitingForRetry => ("↻", Style::Waiting),
        StepState::Complete | StepState::ResolvedManually => ("✓", Style::Good),
        StepState::Error if isolated => ("✗", Style::Waiting),
        StepState::Error => ("✗", Style::Bad),
        StepState::Cancelled => ("–", Style::Faint),
    }
}

/// Returns a step's state in one or two words.
pub(crate) fn state_words(step: &StepDetail) -> &'static str {
    match step.state {
        StepState::Error if step.isolated => "isolated",
        StepState::WaitingForRetry => "retry later",
        StepState::ResolvedManually => "resolved",
        StepState::InProgress => "running",
        other => other.as_str(),
    }
}

/// Returns the duration of the current or last attempt.
pub(crate) fn time_of(step: &StepDetail) -> Option<TimeDelta> {
    step.started_at.map(|started| step.finished_at.unwrap_or_else(Utc::now) - started)
}

fn attempts(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => "1 attempt".to_owned(),
        attempts => format!("{attempts} attempts"),
    }
}

/// Returns the failure of the last failed attempt, in one line.
pub(crate) fn failure_of(step: &StepDetail) -> Option<String> {
    let failure: Failure = serde_json::from_str(step.last_failure.as_ref()?.get()).ok()?;
    Some(format!("{}: {}", failure.error_type, failure.message.lines().next()?))
}

fn outcome(step: &StepDetail, paused: bool) -> String {
    let failure = || failure_of(step).map(|text| cut(&text, MAX_OUTCOME));
    let checkpoint = || (step.checkpoints > 0).then(|| format!("checkpoint {}", step.checkpoints));
    let cursor = || step.cursor.as_ref().map(|cursor| cut(cursor.get(), MAX_CURSOR));
    let parts = match step.state {
        StepState::Error => [cursor(), checkpoint(), failure()],
        StepState::WaitingForRetry => {
            let next = step.next_retry_at.map(|at| {
                if paused { "next when resumed".to_owned() } else { format!("next {}", until(at)) }
            });
            [next, checkpoint(), failure()]
        }
        StepState::Enqueued | StepState::InProgress => [cursor(), checkpoint(), step.progress.clone()],
        _ => [None, None, step.result.as_ref().map(|result| cut(result.get(), MAX_OUTCOME))],
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Shortens a text to one line of at most `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let line = text.replace(['\n', '\r'], " ");
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most - 1).chain(['…']).collect()
}

/// Formats a duration: `412 µs`, `3.07 ms`, `1.25 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn duration(duration: TimeDelta) -> String {
    let microseconds = duration.num_microseconds().unwrap_or(i64::MAX).max(0);
    let value = microseconds as f64;
    let seconds = microseconds / 1_000_000;
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..10_000 => format!("{:.2} ms", value / 1e3),
        10_000..100_000 => format!("{:.1} ms", value / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", value / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", value / 1e6),
        _ => match seconds {
            ..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
            3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
            _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
        },
    }
}

/// Formats the time since: `12 s ago`.
pub(crate) fn since(at: DateTime<Utc>) -> String {
    match (Utc::now() - at).num_seconds().max(0) {
        seconds @ ..60 => format!("{seconds} s ago"),
        seconds => format!("{} ago", duration(TimeDelta::seconds(seconds))),
    }
}

/// Formats the time until: `in 12 s`, or `now`.
pub(super) fn until(at: DateTime<Utc>) -> String {
    let left = at - Utc::now();
    if left <= TimeDelta::zero() { "now".to_owned() } else { format!("in {}", duration(left)) }
}
