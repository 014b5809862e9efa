//! The text about the result of a received event.

use tasker_orchestrator::triggers::{Reception, ReceptionState};

use crate::output::{Output, Style};

/// Returns one line about the result, and one per started task.
pub(super) fn word(reception: &Reception, output: &Output) -> String {
    let Reception { source, id, state, duplicate, tasks, reason, received_id } = reception;
    let event = output.style(Style::Strong, &format!("{source} {id}"));
    let before = if *duplicate { " was received before and" } else { "" };
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
