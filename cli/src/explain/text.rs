//! The account of a task's time as text.

use chrono::TimeDelta;
use tasker_orchestrator::state::StepState;

use super::{
    account::{Explanation, PathLeg, StepAccount},
    kind::{Kind, Micros, Parts},
};
use crate::{
    output::{Output, Style, table},
    view::duration,
};

/// The columns of the steps, each with what it adds up.
const COLUMNS: [(&str, &[Kind]); 6] = [
    ("QUEUE", &[Kind::Queue]),
    ("COMPUTES", &[Kind::Computing]),
    ("WAITS", &[Kind::Waiting, Kind::Running, Kind::Lost]),
    ("REPORT", &[Kind::Report]),
    ("RETRY", &[Kind::Retry]),
    ("PEOPLE", &[Kind::People]),
];

/// Formats an account.
pub(crate) fn text(explained: &Explanation, output: &Output) -> String {
    let Explanation { task_id, namespace, name, version, status, duration_us, .. } = explained;
    let so_far = if explained.completed_at.is_some() { "in" } else { "for" };
    let title = format!("task {task_id} {namespace}/{name} {version}");
    let mut parts = vec![
        format!("{} {status} {so_far} {}", output.style(Style::Strong, &title), time(*duration_us)),
        sums(explained),
        path(explained),
    ];
    if !explained.steps.is_empty() {
        parts.push(steps(explained));
    }
    parts.join("\n\n")
}

fn time(micros: Micros) -> String {
    duration(TimeDelta::microseconds(micros))
}

fn some(micros: Micros) -> String {
    if micros == 0 { String::new() } else { time(micros) }
}

fn sums(explained: &Explanation) -> String {
    let (path, all) = (&explained.critical_path.parts_us, &explained.all_steps.parts_us);
    let share = |part: Micros| match path.sum() {
        0 => String::new(),
        whole => format!("{:.0} %", part as f64 * 100.0 / whole as f64),
    };
    let there = Kind::ALL.into_iter().filter(|kind| path.of(*kind) + all.of(*kind) > 0);
    let mut rows: Vec<Vec<String>> = there
        .map(|kind| {
            let part = path.of(kind);
            let share = if part > 0 { share(part) } else { String::new() };
            vec![kind.words().to_owned(), some(part), share, some(all.of(kind))]
        })
        .collect();
    rows.push(vec!["together".to_owned(), time(path.sum()), String::new(), time(all.sum())]);
    table(&["TIME", "CRITICAL PATH", "", "ALL STEPS"], &rows)
}

/// The parts that are not zero: `queue and sandbox 3.07 ms, handler computes 1.25 s`.
fn words(parts: &Parts) -> String {
    let there = Kind::ALL.into_iter().filter(|kind| parts.of(*kind) > 0);
    there.map(|kind| format!("{} {}", kind.words(), time(parts.of(kind)))).collect::<Vec<_>>().join(", ")
}

fn path(explained: &Explanation) -> String {
    let path = &explained.critical_path;
    let row = |leg: &PathLeg| {
        vec![
            format!("+{}", time(leg.from_us)),
            leg.step.clone().unwrap_or_else(|| "–".to_owned()),
            time(leg.to_us - leg.from_us),
            words(&leg.parts_us),
        ]
    };
    let rows: Vec<_> = path.legs.iter().map(row).collect();
    let more = match path.omitted_legs {
        0 => String::new(),
        more => format!("\n{more} shorter parts are not listed: {}", time(path.omitted_us)),
    };
    table(&["AT", "CRITICAL PATH", "TOOK", "OF WHICH"], &rows) + &more
}

fn steps(explained: &Explanation) -> String {
    let row = |step: &StepAccount| {
        let mark = if step.is_on_critical_path { "*" } else { "" };
        let state = if step.state == StepState::Pending { "reset" } else { step.state.as_str() };
        let took = step.until_us - step.parts_us.of(Kind::Dependencies);
        let mut row =
            vec![format!("{}{mark}", step.step), state.to_owned(), step.runs.to_string(), time(took)];
        row.extend(
            COLUMNS.iter().map(|(_, kinds)| some(kinds.iter().map(|kind| step.parts_us.of(*kind)).sum())),
        );
        row
    };
    let rows: Vec<_> = explained.steps.iter().map(row).collect();
    let columns = COLUMNS.iter().map(|(name, _)| *name);
    let head: Vec<&str> = ["STEP", "STATE", "RUNS", "TOOK"].into_iter().chain(columns).collect();
    let more = match explained.omitted_steps {
        0 => String::new(),
        more => format!("\n{more} more took less; --limit lists them"),
    };
    table(&head, &rows) + "\n* on the critical path" + &more
}
