//! `tasker event replay`: matches dead letters against the current triggers.

use anyhow::Result;
use serde_json::Value;
use tasker_orchestrator::triggers::{ReceivedEvent, Reception};
use uuid::Uuid;

use super::reception::word;
use crate::{
    client::{Client, told},
    commands::ending::Ending,
    output::Output,
};

/// Replays the dead letters with these ids, or all if there are no ids.
pub(super) async fn replay(client: &Client, ids: Vec<Uuid>, output: &Output) -> Result<Ending> {
    let ids = if ids.is_empty() {
        let dead: Vec<ReceivedEvent> = client.all("/v1/events?state=dead").await?;
        // Oldest first.
        dead.into_iter().rev().map(|event| event.received_id).collect()
    } else {
        ids
    };
    let mut receptions = Vec::new();
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
