//! `tasker event list`: lists the domain events of the last day.

use anyhow::Result;
use tasker_api::Page;
use tasker_orchestrator::events::Published;

use crate::{
    client::{Client, query},
    commands::{
        ending::Ending,
        paging::{Paging, more},
    },
    output::{Output, table},
    view::cut,
};

/// The maximum width of a state in the list.
const MAX_STATE: usize = 80;

/// Lists events, newest first.
pub(super) async fn list(client: &Client, paging: Paging, output: &Output) -> Result<Ending> {
    let query = query([("limit", Some(paging.limit())), ("cursor", paging.cursor())]);
    let events: Page<Published> = client.get(&format!("/v1/domain-events?{query}")).await?;
    output.result(&events, || rows(&events.items) + &more(&events))?;
    Ok(Ending::Done)
}

fn rows(events: &[Published]) -> String {
    let row = |event: &Published| {
        let came = match event {
            Published { error: Some(error), .. } => format!("not published: {error}"),
            Published { published_at: None, .. } => "waiting".to_owned(),
            Published { failed_deliveries: failed @ 1.., last_error, .. } => {
                format!(
                    "failed deliveries: {failed}; last error: {}",
                    last_error.as_deref().unwrap_or_default()
                )
            }
            Published { pending_deliveries: pending @ 1.., last_error: Some(error), .. } => {
                format!("pending deliveries: {pending}; last error: {error}")
            }
            Published { pending_deliveries: pending @ 1.., .. } => format!("pending deliveries: {pending}"),
            _ => "arrived".to_owned(),
        };
        vec![
            event.event_id.to_string(),
            event.name.clone(),
            event.at.format("%Y-%m-%d %H:%M:%S").to_string(),
            event.task_id.to_string(),
            cut(&came, MAX_STATE),
        ]
    };
    table(&["EVENT", "NAME", "AT (UTC)", "TASK", "DELIVERY"], &events.iter().map(row).collect::<Vec<_>>())
}
