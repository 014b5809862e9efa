//! The lines of a task: its steps, with a batch summarized in one line, and the template steps that the task does not
//! have.

use std::collections::HashMap;

use tasker_orchestrator::{read::StepDetail, state::StepState};
use tasker_templates::template::{Graph, StepType, Template};

use super::words::{Facts, Tally};

/// The maximum depth of indentation.
const MAX_INDENT: usize = 10;
/// The maximum number of workers that are shown individually. More are summarized in one line.
const FEW_WORKERS: usize = 4;
/// The maximum number of failed workers that are listed of a summarized batch.
const MAX_FAILED: usize = 10;
/// The maximum number of running and retrying workers that are listed.
const MAX_RUNNING: usize = 3;

/// A line.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) indent: usize,
    pub(super) content: Content<'a>,
}

/// The subject of a line.
#[derive(Debug)]
pub(super) enum Content<'a> {
    Step(&'a StepDetail),
    /// All workers of a batch.
    Batch(&'a str, Vec<&'a StepDetail>),
    /// A line of text about further workers.
    More(String),
    /// A template step that the task does not have, and the reason.
    Absent(&'a str, &'static str),
}

impl Row<'_> {
    pub(super) fn name(&self) -> String {
        match &self.content {
            Content::Step(step) => step.name.clone(),
            Content::Batch(name, workers) => format!("{name} ×{}", workers.len()),
            Content::More(words) => words.clone(),
            Content::Absent(name, _) => (*name).to_owned(),
        }
    }

    /// Returns the width of the name with indentation, in characters.
    pub(super) fn width(&self) -> usize {
        2 * self.indent + self.name().chars().count()
    }

    pub(super) fn facts(&self, paused: bool) -> Facts {
        match &self.content {
            Content::Step(step) => Facts::of_step(step, paused),
            Content::Batch(_, workers) => Facts::of_batch(workers),
            Content::More(_) => Facts::none("…", ""),
            Content::Absent(_, why) => Facts::none("·", why),
        }
    }

    /// Returns the rank for display. A lower rank is shown first.
    pub(super) fn urgency(&self) -> u8 {
        match &self.content {
            Content::Step(step) => urgency(step.state),
            Content::Batch(_, workers) => workers.iter().map(|step| urgency(step.state)).min().unwrap_or(4),
            Content::More(_) => 3,
            Content::Absent(..) => 6,
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

/// Returns the lines of a task: each template step below its dependencies.
pub(super) fn rows<'a>(template: &'a Template, steps: &'a [StepDetail]) -> Vec<Row<'a>> {
    let mut made: HashMap<&str, Vec<&StepDetail>> = HashMap::new();
    for step in steps {
        made.entry(&step.template_step).or_default().push(step);
    }
    // A published template is acyclic.
    let Ok(graph) = Graph::new(template) else { return Vec::new() };
    let depths = graph.depths();
    let mut order: Vec<usize> = (0..template.steps.len()).collect();
    order.sort_by_key(|&index| (depths[index].min(MAX_INDENT), index));
    let mut rows = Vec::new();
    for index in order {
        let (name, indent) = (template.steps[index].name.as_str(), depths[index].min(MAX_INDENT));
        let mut row = |content| rows.push(Row { indent, content });
        match made.remove(name) {
            None => row(Content::Absent(name, why_absent(template, &graph, index, steps))),
            Some(steps) if steps.len() <= FEW_WORKERS => {
                for step in steps {
                    row(Content::Step(step));
                }
            }
            Some(workers) => {
                let notable = notable(&workers);
                row(Content::Batch(name, workers));
                rows.extend(notable.into_iter().map(|content| Row { indent: indent + 1, content }));
            }
        }
    }
    rows
}

/// Returns the workers of a large batch that are listed: failed ones, and some that run or wait.
fn notable<'a>(workers: &[&'a StepDetail]) -> Vec<Content<'a>> {
    let of = |wanted: fn(&StepDetail) -> bool| workers.iter().copied().filter(move |step| wanted(step));
    let mut notable: Vec<Content> = Vec::new();
    let mut add = |some: Vec<&'a StepDetail>, most: usize, words: &str| {
        let more = some.len().saturating_sub(most);
        notable.extend(some.into_iter().take(most).map(Content::Step));
        if more > 0 {
            notable.push(Content::More(format!("{more} more {words}")));
        }
    };
    add(of(|step| step.state == StepState::Error).collect(), MAX_FAILED, "failed");
    let waiting = of(|step| step.state == StepState::WaitingForRetry);
    add(waiting.chain(of(Tally::is_running)).collect(), MAX_RUNNING, "under way");
    notable
}

/// Returns why the task does not have a template step.
fn why_absent(template: &Template, graph: &Graph, index: usize, steps: &[StepDetail]) -> &'static str {
    let state = |index: usize| {
        let name = &template.steps[index].name;
        steps.iter().find(|step| step.template_step == *name).map(|step| step.state)
    };
    let is_open = |state: StepState| !state.is_terminal();
    let before = graph.ancestors(index);
    let mut decisions = before.iter().filter(|&&step| template.steps[step].step_type == StepType::Decision);
    if decisions.any(|&decision| state(decision).is_some_and(is_open)) {
        return "undecided";
    }
    if template.steps[index].step_type == StepType::BatchWorker {
        let cut = before.iter().rfind(|&&step| template.worker_of(step) == Some(index));
        match cut.and_then(|&cut| state(cut)) {
            Some(state) if is_open(state) => return "not yet created",
            Some(_) => return "no workers",
            None => {}
        }
    }
    "not chosen"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tasker_templates::template::parse;

    use super::*;

    const TEMPLATE: &str = "
name: t
version: 1.0.0
steps:
  - { name: cut, type: batchable, handler: { callable: x } }
  - { name: row, type: batch_worker, dependencies: [cut], handler: { callable: x } }
  - { name: sum, dependencies: [row], handler: { callable: x } }
  - { name: choose, type: decision, dependencies: [sum], handler: { callable: x } }
  - { name: left, dependencies: [choose], handler: { callable: x } }
  - { name: right, dependencies: [choose], handler: { callable: x } }
";

    fn step(name: &str, of: &str, state: &str) -> Value {
        json!({ "task_id": "00000000-0000-0000-0000-000000000000", "step_index": 0, "name": name, "state": state,
                "step_type": "standard", "template_step": of, "dependencies": [], "handler": "x", "component": "0",
                "attempt": 1, "max_attempts": 3, "execution": 1, "isolated": state == "error" && name.ends_with('9') })
    }

    /// Returns a task's lines: indented names, state and outcome.
    fn drawn(steps: &[Value]) -> Vec<String> {
        let template = parse(TEMPLATE).expect("the template is right").template;
        let steps: Vec<StepDetail> =
            steps.iter().map(|step| serde_json::from_value(step.clone()).expect("a step")).collect();
        let line = |row: &Row| {
            let facts = row.facts(false);
            let line = format!("{}{} {} {}", "  ".repeat(row.indent), row.name(), facts.state, facts.outcome);
            line.trim_end().to_owned()
        };
        rows(&template, &steps).iter().map(line).collect()
    }

    #[test]
    fn what_the_task_does_not_have_says_why() {
        let mut steps = vec![step("cut", "cut", "in_progress"), step("sum", "sum", "pending")];
        steps.push(step("choose", "choose", "pending"));
        assert_eq!(
            drawn(&steps),
            [
                "cut running",
                "  row not yet created",
                "    sum pending",
                "      choose pending",
                "        left undecided",
                "        right undecided",
            ]
        );
        steps[2]["state"] = json!("complete");
        steps[0]["state"] = json!("resolved_manually");
        steps.push(step("right", "right", "enqueued"));
        assert_eq!(drawn(&steps)[1], "  row no workers");
        assert_eq!(drawn(&steps)[4..], ["        left not chosen", "        right enqueued"]);
    }

    #[test]
    fn many_workers_are_summed_up_and_those_named_that_need_eyes() {
        let states =
            [(98, "complete"), (12, "error"), (1, "waiting_for_retry"), (5, "in_progress"), (4, "pending")];
        let mut steps = vec![step("cut", "cut", "complete")];
        for (count, state) in states {
            for _ in 0..count {
                steps.push(step(&format!("row_{:03}", steps.len()), "row", state));
            }
        }
        let lines = drawn(&steps);
        assert_eq!(
            lines[1],
            "  row ×120 running 98 done, 5 running, 1 waiting for their retry, 4 waiting for their turn, 10 failed, \
             2 isolated"
        );
        assert_eq!(lines[2], "    row_099 isolated");
        assert_eq!(lines[3], "    row_100 error");
        assert_eq!(lines[12..15], ["    2 more failed", "    row_111 retry later", "    row_112 running"]);
        assert_eq!(lines[16], "    3 more under way");
    }
}
