//! The outcome of a received event, in words.

use tasker_orchestrator::triggers::{Reception, ReceptionState};

use crate::output::{Output, Style};

/// The outcome: one line, and one more for each task that the event started.
pub(super) fn word(reception: &Reception, output: &Output) -> String {
    let Reception { source, id, state, duplicate, tasks, reason, received_id } = reception;
    let event = output.style(Style::Strong, &format!("{source} {id}"));
    let before = if *duplicate { " had come before, and" } else { "" };
    let mut lines = Vec::new();
    match state {
        ReceptionState::Started => lines.push(format!("{event}{before} started")),
        _ => {
            let reason = reason.as_deref().unwrap_or_default().replace('\n', "\n  ");
            lines.push(format!("{event}{before} is the dead letter {received_id}: {reason}"));
        }
    }
    lines.extend(tasks.iter().map(|task| format!("  task {} by trigger {}", task.task_id, task.trigger)));
    lines.join("\n")
}
