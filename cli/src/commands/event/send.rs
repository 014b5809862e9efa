//! `tasker event send`: sends events to the server, and prints the result of each.

use anyhow::Result;
use tasker_orchestrator::triggers::Reception;

use super::{events::Events, reception::word};
use crate::{
    client::{Client, told},
    commands::ending::Ending,
    output::Output,
};

/// Sends events, and prints the result of each.
pub(super) async fn send(client: &Client, events: &Events, output: &Output) -> Result<Ending> {
    let events = events.read()?;
    let body = serde_json::to_string(&events)?;
    let sent = client.post_as("/v1/events", "application/cloudevents-batch+json", body).await?;
    let receptions: Vec<Reception> = sent.map_err(told)?;
    output.result(&receptions, || {
        receptions.iter().map(|reception| word(reception, output)).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ending::Done)
}
