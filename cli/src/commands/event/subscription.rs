//! `tasker event subscription`: a subscription and its deliveries that have not arrived.

use anyhow::Result;
use serde_json::Value;
use tasker_api::Page;
use tasker_client::types::EventDeliveryState;
use tasker_orchestrator::events::Subscription;

use super::subscriptions::rows;
use crate::{
    client::{Client, query, segment, told},
    commands::{
        ending::Ending,
        paging::{Paging, more},
    },
    output::{Output, table},
    view::cut,
};

/// The maximum width of an error in the list.
const MAX_ERROR: usize = 80;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show a subscription.
    Show {
        /// The name of the subscription.
        name: String,
    },
    /// List the deliveries that have not arrived: pending ones and those that were given up, the newest event first.
    Deliveries {
        /// The name of the subscription.
        name: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Try a delivery again, also one that was given up.
    Retry {
        /// The name of the subscription.
        name: String,
        /// The event, as `deliveries` names it.
        event_id: i64,
    },
}

pub(super) async fn run(client: &Client, command: Command, output: &Output) -> Result<Ending> {
    match command {
        Command::Show { name } => {
            let found: Subscription = client.get(&path(&name)).await?;
            output.result(&found, || rows(std::slice::from_ref(&found)))?;
        }
        Command::Deliveries { name, paging } => {
            let query = query([("limit", Some(paging.limit())), ("cursor", paging.cursor())]);
            let path = format!("{}/deliveries?{query}", path(&name));
            let found: Page<EventDeliveryState> = client.get(&path).await?;
            output.result(&found, || deliveries(&found.items) + &more(&found))?;
        }
        Command::Retry { name, event_id } => {
            let path = format!("{}/deliveries/{event_id}/retry", path(&name));
            let now: EventDeliveryState = client.post(&path, &Value::Null).await?.map_err(told)?;
            output.result(&now, || format!("event {event_id} is delivered again"))?;
        }
    }
    Ok(Ending::Done)
}

fn path(name: &str) -> String {
    format!("/v1/subscriptions/{}", segment(name))
}

fn deliveries(all: &[EventDeliveryState]) -> String {
    let row = |one: &EventDeliveryState| {
        let next = one.next_attempt_at.map(|next| next.format("%Y-%m-%d %H:%M:%S").to_string());
        vec![
            one.event_id.to_string(),
            one.attempts.to_string(),
            next.unwrap_or_else(|| "given up".to_owned()),
            cut(one.last_error.as_deref().unwrap_or_default(), MAX_ERROR),
        ]
    };
    table(&["EVENT", "TRIES", "NEXT (UTC)", "LAST ERROR"], &all.iter().map(row).collect::<Vec<_>>())
}
