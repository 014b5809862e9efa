//! The critical path of a task: what happened at each moment so that it did not end before.
//!
//! It leads back from the step that ended last. Where a step became ready, the path goes on with the step whose end made it
//! ready: the audit names both in one record.

use super::{
    history::{Cause, Histories},
    kind::Micros,
};
use tasker_orchestrator::state::StepState;

/// A part of the path. The next one begins where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leg {
    /// The step. None: nothing happened until an operator acted.
    pub(super) step: Option<usize>,
    pub(super) from: Micros,
    pub(super) to: Micros,
}

/// The path from the creation of the task to its end.
pub(super) fn critical_path(all: &Histories) -> Vec<Leg> {
    let mut legs = Legs { legs: Vec::new(), until: all.end };
    let Some((mut step, active_until)) = last(all) else {
        legs.until(None, 0);
        return legs.legs;
    };
    legs.until(None, active_until);
    // Only what its audit records say up to this one counts: a step may run again later.
    let mut before = i64::MAX;
    loop {
        let stays = &all.steps[step].stays;
        let ready = stays.iter().enumerate().rev().skip_while(|(_, stay)| stay.record >= before);
        let mut ready = ready.filter(|(place, stay)| {
            stay.state == StepState::Enqueued && *place > 0 && stays[place - 1].state == StepState::Pending
        });
        let Some((_, ready)) = ready.next() else {
            legs.until(Some(step), 0);
            break;
        };
        legs.until(Some(step), ready.from);
        match all.cause(step, ready.record) {
            // The record that made the step ready is that of the other's end.
            Cause::Step(other) => (step, before) = (other, ready.record.saturating_add(1)),
            Cause::Operator(Some((other, at))) => {
                legs.until(None, at);
                (step, before) = (other, ready.record);
            }
            Cause::Operator(None) | Cause::Creation => {
                legs.until(None, 0);
                break;
            }
        }
    }
    legs.legs.reverse();
    legs.legs
}

/// Legs from the last to the first.
struct Legs {
    legs: Vec<Leg>,
    until: Micros,
}

impl Legs {
    /// Adds what happened from this time on to where the path is.
    fn until(&mut self, step: Option<usize>, from: Micros) {
        if from < self.until {
            self.legs.push(Leg { step, from, to: self.until });
            self.until = from;
        }
    }
}

/// The step that was active last, and until when. Of several, the one that began first.
fn last(all: &Histories) -> Option<(usize, Micros)> {
    let active = all.steps.iter().enumerate().filter_map(|(position, step)| {
        let mut active = step.counted().iter().filter(|stay| stay.state != StepState::Pending);
        let begun = active.clone().next()?.from;
        Some((active.next_back()?.to, std::cmp::Reverse(begun), position))
    });
    active.max().map(|(until, _, position)| (position, until))
}
