//! The account of a task's time: along its critical path, for each step, and in sum.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tasker_orchestrator::state::{StepState, TaskState};
use uuid::Uuid;

use super::{
    history::{Facts, Histories},
    kind::{Kind, Micros, Parts},
    path::{Leg, critical_path},
};

/// Where the time of a task went. Durations and times are microseconds, times since the creation of the task.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) task_id: Uuid,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) status: TaskState,
    pub(crate) created_at: DateTime<Utc>,
    /// Its end. None: it has not ended, and everything is counted up to `duration_us`.
    pub(crate) completed_at: Option<DateTime<Utc>>,
    /// From its creation to its end, or until now.
    pub(crate) duration_us: Micros,
    pub(crate) critical_path: CriticalPath,
    pub(crate) all_steps: Sum,
    /// The steps that took longest, waits for other steps not counted.
    pub(crate) steps: Vec<StepAccount>,
    /// How many steps are not listed.
    pub(crate) omitted_steps: usize,
}

/// What happened at each moment so that the task did not end before.
#[derive(Debug, Serialize)]
pub(crate) struct CriticalPath {
    /// They add up to the duration of the task.
    pub(crate) parts_us: Parts,
    /// The longest parts, in the order in which they happened.
    pub(crate) legs: Vec<PathLeg>,
    /// How many parts are not listed, and their sum.
    pub(crate) omitted_legs: usize,
    pub(crate) omitted_us: Micros,
}

/// A part of the critical path.
#[derive(Debug, Serialize)]
pub(crate) struct PathLeg {
    /// The step. None: nothing happened until an operator acted.
    pub(crate) step: Option<String>,
    pub(crate) from_us: Micros,
    pub(crate) to_us: Micros,
    pub(crate) parts_us: Parts,
}

/// What steps took together, more than the task if they ran at the same time.
#[derive(Debug, Serialize)]
pub(crate) struct Sum {
    pub(crate) count: usize,
    pub(crate) parts_us: Parts,
}

/// Where the time of a step went, from the creation of the task to its own end.
#[derive(Debug, Serialize)]
pub(crate) struct StepAccount {
    pub(crate) step: String,
    pub(crate) step_index: u32,
    /// Its state; the last one that is known.
    pub(crate) state: StepState,
    /// How often it ran.
    pub(crate) runs: usize,
    pub(crate) is_on_critical_path: bool,
    /// From when on nothing was expected of it.
    pub(crate) until_us: Micros,
    /// They add up to `until_us`.
    pub(crate) parts_us: Parts,
    /// What it did at which time, for drawings.
    #[serde(skip)]
    pub(super) spans: Vec<(Kind, Micros, Micros)>,
    /// Its parts of the critical path.
    #[serde(skip)]
    pub(super) critical: Vec<(Micros, Micros)>,
}

/// The task that facts are about.
pub(crate) type Subject = (Uuid, [String; 3], TaskState, Option<DateTime<Utc>>);

/// Explains a task, with at most `limit` steps and parts of its path.
pub(crate) fn explain(subject: Subject, facts: &Facts, limit: usize) -> Explanation {
    let all = Histories::of(facts);
    let legs = critical_path(&all);
    let mut steps: Vec<StepAccount> = (0..all.steps.len()).map(|step| account(&all, step)).collect();
    for leg in &legs {
        if let Some(step) = leg.step {
            steps[step].is_on_critical_path = true;
            steps[step].critical.push((leg.from, leg.to));
        }
    }
    let mut sum = Parts::default();
    for step in &steps {
        sum.add_all(&step.parts_us);
    }
    let count = steps.len();
    let path = path(&all, &legs, limit);
    let took = |step: &StepAccount| step.until_us - step.parts_us.of(Kind::Dependencies);
    steps.sort_by_key(|step| (std::cmp::Reverse(took(step)), step.step_index));
    steps.truncate(limit);
    let (task_id, [namespace, name, version], status, completed_at) = subject;
    Explanation {
        task_id,
        namespace,
        name,
        version,
        status,
        created_at: facts.created_at,
        completed_at,
        duration_us: all.end,
        critical_path: path,
        all_steps: Sum { count, parts_us: sum },
        omitted_steps: count - steps.len(),
        steps,
    }
}

fn account(all: &Histories, step: usize) -> StepAccount {
    let history = &all.steps[step];
    let (mut parts_us, mut spans) = (Parts::default(), Vec::new());
    for (place, stay) in history.counted().iter().enumerate() {
        let mut from = stay.from;
        for (kind, time) in all.spent(step, place, stay.from, stay.to) {
            parts_us.add(kind, time);
            if time > 0 {
                spans.push((kind, from, from + time));
            }
            from += time;
        }
    }
    StepAccount {
        step: history.name.clone(),
        step_index: history.index,
        state: history.stays.last().map_or(StepState::Pending, |stay| stay.state),
        runs: history.stays.iter().filter(|stay| stay.state == StepState::InProgress).count(),
        is_on_critical_path: false,
        until_us: history.until(),
        parts_us,
        spans,
        critical: Vec::new(),
    }
}

fn path(all: &Histories, legs: &[Leg], limit: usize) -> CriticalPath {
    let (mut parts, mut listed) = (Parts::default(), Vec::with_capacity(legs.len()));
    for leg in legs {
        let parts_us = spent(all, leg);
        parts.add_all(&parts_us);
        let step = leg.step.map(|step| all.steps[step].name.clone());
        listed.push(PathLeg { step, from_us: leg.from, to_us: leg.to, parts_us });
    }
    let count = listed.len();
    listed.sort_by_key(|leg| std::cmp::Reverse(leg.to_us - leg.from_us));
    let omitted = listed.split_off(count.min(limit));
    listed.sort_by_key(|leg| leg.from_us);
    CriticalPath {
        parts_us: parts,
        legs: listed,
        omitted_legs: omitted.len(),
        omitted_us: omitted.iter().map(|leg| leg.to_us - leg.from_us).sum(),
    }
}

/// What the time of a leg went into.
fn spent(all: &Histories, leg: &Leg) -> Parts {
    let mut parts = Parts::default();
    let Some(step) = leg.step else {
        parts.add(Kind::People, leg.to - leg.from);
        return parts;
    };
    let stays = &all.steps[step].stays;
    // The stays follow each other in time, and a leg touches few of them.
    let first = stays.partition_point(|stay| stay.to <= leg.from);
    let touched = stays[first..].iter().take_while(|stay| stay.from < leg.to).count();
    for place in first..first + touched {
        for (kind, time) in all.spent(step, place, leg.from, leg.to) {
            parts.add(kind, time);
        }
    }
    parts
}

#[cfg(test)]
mod tests;
