//! `tasker event replay`: matches dead letters against the current triggers.

use anyhow::Result;
use serde_json::Value;
use tasker_api::{EventReplay, EventsReplayed};
use tasker_orchestrator::triggers::Reception;
use uuid::Uuid;

use super::reception::word;
use crate::{
    client::{Client, told},
    commands::ending::Ending,
    output::Output,
};

/// How many dead letters a request replays.
const AT_ONCE: u32 = 100;

/// Which dead letters.
#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// The ids of the received events.
    #[arg(required_unless_present_any = ["all", "state"])]
    ids: Vec<Uuid>,
    /// All dead letters, the newest first.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// All that no trigger matched, or whose matching trigger failed.
    #[arg(long, value_parser = ["unmatched", "failed"], conflicts_with = "ids")]
    state: Option<String>,
    /// At most so many, the newest.
    #[arg(long, value_name = "NUMBER", conflicts_with = "ids")]
    max: Option<u32>,
}

/// Replays dead letters, and prints the result of each.
pub(super) async fn replay(client: &Client, arguments: Replay, output: &Output) -> Result<Ending> {
    let Replay { ids, state, max, .. } = arguments;
    let mut receptions = Vec::new();
    if ids.is_empty() {
        receptions = many(client, state, max, output).await?;
    }
    for id in ids {
        let path = format!("/v1/events/{id}/replay");
        let reception: Reception = client.post(&path, &Value::Null).await?.map_err(told)?;
        output.say(&word(&reception, output));
        receptions.push(reception);
    }
    output.result(&receptions, || {
        if receptions.is_empty() { "there are no dead letters" } else { "" }.to_owned()
    })?;
    Ok(Ending::Done)
}

async fn many(
    client: &Client,
    state: Option<String>,
    max: Option<u32>,
    output: &Output,
) -> Result<Vec<Reception>> {
    let mut left = max.unwrap_or(u32::MAX);
    let mut receptions: Vec<Reception> = Vec::new();
    while left > 0 {
        // What stays a dead letter is not replayed again.
        let before = receptions.last().map(|last| last.received_id);
        let some = EventReplay { state: state.iter().cloned().collect(), max: left.min(AT_ONCE), before };
        let replayed: EventsReplayed = client.post("/v1/events/replay", &some).await?.map_err(told)?;
        let count = u32::try_from(replayed.items.len()).unwrap_or(u32::MAX);
        for reception in &replayed.items {
            output.say(&word(reception, output));
        }
        receptions.extend(replayed.items);
        if count < some.max {
            break;
        }
        left = left.saturating_sub(count);
    }
    Ok(receptions)
}
