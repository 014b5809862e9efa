//! `tasker event test --published`: what the triggers of a server would do with events.

use anyhow::Result;
use tasker_client::types::{EventTrial, TriggerTrial};

use super::events::Events;
use crate::{
    client::{Client, told},
    commands::ending::Ending,
    output::{Output, Style},
};

/// Asks a server about each event.
pub(super) async fn run(client: &Client, events: &Events, output: &Output) -> Result<Ending> {
    let mut trials = Vec::new();
    for event in events.read()? {
        let body = serde_json::to_string(&event)?;
        let tried = client.post_as("/v1/triggers/test", "application/cloudevents+json", body).await?;
        let trial: EventTrial = tried.map_err(told)?;
        trials.push((format!("{} {}", event.source(), event.id()), trial));
    }
    let as_json: Vec<&EventTrial> = trials.iter().map(|(_, trial)| trial).collect();
    output.result(&as_json, || {
        trials.iter().map(|(event, trial)| words(event, trial, output)).collect::<Vec<_>>().join("\n\n")
    })?;
    let all_start = trials.iter().all(|(_, trial)| trial.starts);
    Ok(if all_start { Ending::Done } else { Ending::TaskDidNotComplete })
}

fn words(event: &str, trial: &EventTrial, output: &Output) -> String {
    let title = if trial.starts {
        output.style(Style::Good, "would start tasks")
    } else {
        output.style(Style::Bad, "would become a dead letter")
    };
    let mut lines = vec![format!("{} {title}", output.style(Style::Strong, event))];
    lines.extend(trial.triggers.iter().map(|one| format!("  {}", line(one))));
    lines.extend(trial.unreadable.iter().map(|reason| format!("  cannot be read: {reason}")));
    lines.join("\n")
}

fn line(trial: &TriggerTrial) -> String {
    let about = match trial {
        TriggerTrial { matches: false, .. } => "does not match".to_owned(),
        TriggerTrial { enabled: false, .. } => "matches, and is disabled".to_owned(),
        TriggerTrial { problem: Some(problem), .. } => format!("matches, and would start nothing: {problem}"),
        TriggerTrial { template, .. } => {
            format!("would start a task of {}", template.as_deref().unwrap_or_default())
        }
    };
    format!("{}: {about}", trial.trigger)
}
