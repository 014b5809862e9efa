//! The stays of each step in its states, from the audit of its task.
//!
//! Times of the database order everything. Times of hosts, whose clocks may differ, are moved into the stays that the database
//! knows, so that no time counts twice or not at all.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use tasker_orchestrator::{
    read::{TimelineEntry, Transition},
    state::StepState,
};

use super::kind::{Kind, Micros};

/// What is known about a task.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) created_at: DateTime<Utc>,
    /// Its end, or now.
    pub(crate) end: DateTime<Utc>,
    /// The changes of its steps, in order.
    pub(crate) changes: Vec<Transition>,
    /// Its runs.
    pub(crate) runs: Vec<TimelineEntry>,
    /// The steps that failed and whose batch goes on without them.
    pub(crate) isolated: HashSet<u32>,
    /// The steps that there are, if a rerun may have removed some: those that decisions and batches had created.
    pub(crate) present: Option<HashSet<u32>>,
}

/// A stay of a step in a state.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub(super) state: StepState,
    pub(super) from: Micros,
    pub(super) to: Micros,
    /// The audit record that it began with. 0: the creation of the task.
    pub(super) record: i64,
    /// Of a run that ended: the computing time.
    pub(super) computed: Option<Micros>,
    /// Of a run: its host was lost.
    pub(super) is_lost: bool,
    /// Of a run: it has ended.
    pub(super) is_over: bool,
}

/// A step with its stays, in order, from the creation of the task.
#[derive(Debug)]
pub(super) struct History {
    pub(super) index: u32,
    pub(super) name: String,
    pub(super) stays: Vec<Stay>,
    /// Whether its last stay is its end: nothing is expected of it.
    pub(super) is_over: bool,
}

/// The steps of a task.
#[derive(Debug, Default)]
pub(super) struct Histories {
    pub(super) steps: Vec<History>,
    pub(super) end: Micros,
    /// The step whose change each audit record is about.
    owners: HashMap<i64, usize>,
    /// When steps came to rest: the audit record, the time, the step. In the order of the records.
    rests: Vec<(i64, Micros, usize)>,
    /// When an operator made steps run again, and by which audit records.
    resets: Vec<(Micros, i64)>,
    /// The first audit record about a step: that of the task's creation, unless the task began with no step that was ready.
    first: i64,
}

/// Why a step became ready.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause {
    /// The task was created.
    Creation,
    /// Another step ended.
    Step(usize),
    /// An operator did something, after this step had come to rest at this time.
    Operator(Option<(usize, Micros)>),
}

/// Whether a step in this state expects nothing.
pub(super) fn is_rest(state: StepState) -> bool {
    matches!(
        state,
        StepState::Complete | StepState::ResolvedManually | StepState::Cancelled | StepState::Error
    )
}

/// Whether the time at which a step enters this state is of its host.
fn is_of_host(state: StepState) -> bool {
    matches!(
        state,
        StepState::InProgress
            | StepState::EnqueuedForOrchestration
            | StepState::EnqueuedAsErrorForOrchestration
    )
}

/// A change of a step.
struct Change<'a> {
    of: &'a Transition,
    from: StepState,
    to: StepState,
    at: Micros,
}

/// Whether a step that had begun is to run again.
pub(crate) fn is_reset(change: &Transition) -> bool {
    let pending = StepState::Pending.as_str();
    change.to_state == pending && change.from_state != pending
}

impl Histories {
    pub(super) fn of(facts: &Facts) -> Self {
        let since = |at: DateTime<Utc>| (at - facts.created_at).num_microseconds().unwrap_or(0).max(0);
        let mut changes: BTreeMap<u32, Vec<Change<'_>>> = BTreeMap::new();
        let mut end = since(facts.end);
        for of in &facts.changes {
            let states = (StepState::from_name(&of.from_state), StepState::from_name(&of.to_state));
            if let (Some(step), (Some(from), Some(to))) = (of.step_index, states) {
                let at = since(of.at);
                if !is_of_host(to) {
                    end = end.max(at);
                }
                changes.entry(step).or_default().push(Change { of, from, to, at });
            }
        }
        // A step is ready after those that it depends on.
        let ready = |changes: &[Change<'_>]| {
            changes
                .iter()
                .find(|change| change.to == StepState::Enqueued)
                .map_or(i64::MAX, |it| it.of.audit_id)
        };
        let mut ordered: Vec<(u32, Vec<Change<'_>>)> = changes.into_iter().collect();
        ordered.sort_by_key(|(index, changes)| (ready(changes), *index));
        let runs: HashMap<(i64, u32), &TimelineEntry> =
            facts.runs.iter().filter_map(|run| Some(((run.audit_id?, run.step_index), run))).collect();
        let first =
            facts.changes.iter().filter(|change| change.step_index.is_some()).map(|change| change.audit_id);
        let resets = facts.changes.iter().filter(|change| change.step_index.is_some() && is_reset(change));
        let mut resets: Vec<(Micros, i64)> =
            resets.map(|change| (since(change.at), change.audit_id)).collect();
        resets.sort_unstable();
        let mut all = Self { end, resets, first: first.min().unwrap_or(0), ..Self::default() };
        for (position, (_, changes)) in ordered.iter().enumerate() {
            let own = changes.iter().filter(|change| change.from != StepState::Pending);
            all.owners.extend(own.map(|change| (change.of.audit_id, position)));
        }
        for (index, changes) in &ordered {
            let mut stays = all.stays(*index, changes, &runs);
            let is_gone = facts.present.as_ref().is_some_and(|present| !present.contains(index));
            if is_gone && let Some(last) = stays.last_mut() {
                let removed = all.reset_after(last);
                last.to = removed.from;
                stays.push(removed);
            }
            let last = stays.last().map(|stay| stay.state);
            let is_isolated = facts.isolated.contains(index);
            let is_over = is_gone
                || last.is_some_and(|state| is_rest(state) && (state != StepState::Error || is_isolated));
            // A step that was removed may have left its place to another.
            let name = changes.last().and_then(|change| change.of.step.clone());
            let name = name.unwrap_or_else(|| index.to_string());
            all.steps.push(History { index: *index, name, stays, is_over });
        }
        let rests = all.steps.iter().enumerate().flat_map(|(position, step)| {
            let rests = step.stays.iter().filter(|stay| is_rest(stay.state));
            rests.map(move |stay| (stay.record, stay.from, position))
        });
        all.rests = rests.collect();
        all.rests.sort_unstable();
        all
    }

    /// The stays of a step that follow from its changes.
    fn stays(
        &self,
        index: u32,
        changes: &[Change<'_>],
        runs: &HashMap<(i64, u32), &TimelineEntry>,
    ) -> Vec<Stay> {
        // The latest time at which each change can have happened: that of the next one that the database dates.
        let mut latest = vec![self.end; changes.len()];
        let mut next = self.end;
        for (place, change) in changes.iter().enumerate().rev() {
            if !is_of_host(change.to) {
                next = next.min(change.at);
            }
            latest[place] = next;
        }
        let mut stays: Vec<Stay> = Vec::with_capacity(changes.len() + 1);
        let stay = |state, from, record| Stay {
            state,
            from,
            to: self.end,
            record,
            computed: None,
            is_lost: false,
            is_over: false,
        };
        stays.extend(changes.first().map(|change| stay(change.from, 0, 0)));
        for (place, change) in changes.iter().enumerate() {
            if let Some(last) = stays.last_mut()
                && change.from == StepState::Pending
                && last.state != StepState::Pending
            {
                // A rerun removed the step, and it was created again. No record of its own says so.
                let removed = self.reset_after(last);
                last.to = removed.from;
                stays.push(removed);
            }
            let Some(last) = stays.last_mut() else { break };
            let mut at = change.at.min(latest[place]).max(last.from);
            if let Some(begun) = self.continued(change, changes.get(place + 1)) {
                at = begun.clamp(last.from, at);
            }
            last.to = at;
            if last.state == StepState::InProgress {
                last.is_over = true;
                let run = runs.get(&(change.of.audit_id, index));
                last.computed = run.and_then(|run| run.cpu_us);
                last.is_lost = run.is_some_and(|run| run.error_type.as_deref() == Some("LeaseLost"));
            }
            stays.push(stay(change.to, at, change.of.audit_id));
        }
        stays
    }

    /// The stay of a step that was removed after this one: by the first rerun since.
    fn reset_after(&self, last: &Stay) -> Stay {
        let next = self.resets.partition_point(|(_, record)| *record <= last.record);
        let (from, record) = self.resets.get(next).copied().unwrap_or((last.from, last.record));
        let from = from.max(last.from);
        Stay {
            state: StepState::Pending,
            from,
            to: self.end,
            record,
            computed: None,
            is_lost: false,
            is_over: false,
        }
    }

    /// When a host went on with this step, if that was before it became ready: the report of the step before was under way.
    fn continued(&self, change: &Change<'_>, next: Option<&Change<'_>>) -> Option<Micros> {
        let start = next.filter(|next| {
            (change.from, change.to) == (StepState::Pending, StepState::Enqueued)
                && next.to == StepState::InProgress
                && next.of.actor == change.of.actor
                && next.at < change.at
        })?;
        let before = self.steps.get(*self.owners.get(&change.of.audit_id)?)?;
        let ended = before.stays.iter().find(|stay| {
            stay.record == change.of.audit_id && stay.state == StepState::EnqueuedForOrchestration
        })?;
        Some(start.at.max(ended.from))
    }

    /// Why the step at this position was made ready by this audit record.
    pub(super) fn cause(&self, step: usize, record: i64) -> Cause {
        match self.owners.get(&record) {
            Some(owner) if *owner != step => return Cause::Step(*owner),
            _ => {}
        }
        let before = self.rests.partition_point(|(rest, ..)| *rest < record);
        match before.checked_sub(1).map(|last| self.rests[last]) {
            Some((_, at, step)) => Cause::Operator(Some((step, at))),
            None if record <= self.first => Cause::Creation,
            None => Cause::Operator(None),
        }
    }

    /// What the time of a stay from `from` to `to` goes into, as parts of it that follow each other.
    pub(super) fn spent(&self, step: usize, place: usize, from: Micros, to: Micros) -> Vec<(Kind, Micros)> {
        let (history, stay) = (&self.steps[step], &self.steps[step].stays[place]);
        let (from, to) = (from.max(stay.from), to.min(stay.to));
        let time = (to - from).max(0);
        match stay.state {
            StepState::Pending => {
                let next = history.stays.get(place + 1).filter(|next| next.state == StepState::Enqueued);
                let held = match next.map(|next| self.cause(step, next.record)) {
                    Some(Cause::Operator(rest)) => (to - rest.map_or(from, |(_, at)| at).max(from)).max(0),
                    _ => 0,
                };
                vec![(Kind::Dependencies, time - held), (Kind::People, held)]
            }
            StepState::Enqueued => vec![(Kind::Queue, time)],
            StepState::InProgress if !stay.is_over => vec![(Kind::Running, time)],
            StepState::InProgress if stay.is_lost => vec![(Kind::Lost, time)],
            StepState::InProgress => {
                let computed = stay.computed.unwrap_or(0).clamp(0, time);
                vec![(Kind::Computing, computed), (Kind::Waiting, time - computed)]
            }
            StepState::EnqueuedForOrchestration | StepState::EnqueuedAsErrorForOrchestration => {
                vec![(Kind::Report, time)]
            }
            StepState::WaitingForRetry => vec![(Kind::Retry, time)],
            StepState::Complete | StepState::ResolvedManually | StepState::Cancelled | StepState::Error => {
                vec![(Kind::People, time)]
            }
        }
    }
}

impl History {
    /// The stays that count: not the last one of a step that is over.
    pub(super) fn counted(&self) -> &[Stay] {
        &self.stays[..self.stays.len() - usize::from(self.is_over)]
    }

    /// Since when nothing is expected of it, or the end of the task.
    pub(super) fn until(&self) -> Micros {
        self.counted().last().map_or(0, |stay| stay.to)
    }
}
