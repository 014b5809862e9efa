//! `tasker event watch`: prints domain events as they are published.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    client::Client,
    commands::{ending::Ending, stop::stop_signal},
    output::{Output, Style, print, printable},
    view::cut,
};

/// The maximum width of an event's data in the output.
const MAX_DATA: usize = 80;

/// What is shown of an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Shown {
    #[serde(rename = "type")]
    event_type: String,
    time: String,
    source: String,
    subject: String,
    data: Option<Box<RawValue>>,
}

/// Prints events until Ctrl-C: all, or those with the name `wanted`, or with this prefix if it ends with `*`.
pub(super) async fn watch(client: &Client, wanted: Option<&str>, output: &Output) -> Result<Ending> {
    let stop = stop_signal()?;
    let mut events = client.listen("/v1/domain-events/stream").await?;
    output.say(&output.style(Style::Faint, "watching events; Ctrl-C stops"));
    let matches = |name: &str| match wanted.map(|wanted| (wanted, wanted.strip_suffix('*'))) {
        None => true,
        Some((_, Some(beginning))) => name.starts_with(beginning),
        Some((wanted, None)) => name == wanted,
    };
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return Ok(Ending::Done),
            event = events.recv() => event,
        };
        let Some((kind, event)) = event else { bail!("the server has ended the connection") };
        if kind == "missed" {
            eprintln!(
                "warning: {event} events were missed, because they arrived faster than they could be sent"
            );
            continue;
        }
        let read: Shown = serde_json::from_str(&event).unwrap_or_default();
        if matches(&read.event_type) {
            if output.json {
                print(&event);
            } else {
                print(&printable(&line(&read, output)));
            }
        }
    }
}

/// Formats an event as one line.
fn line(event: &Shown, output: &Output) -> String {
    let time = event.time.split_once('T').map_or("", |(_, time)| time.get(..8).unwrap_or_default());
    let data = match &event.data {
        Some(data) => cut(data.get(), MAX_DATA),
        None => "(too large to be shown here)".to_owned(),
    };
    format!(
        "{}  {}  {}  {data}",
        output.style(Style::Faint, time),
        output.style(Style::Strong, &event.event_type),
        output.style(Style::Faint, &format!("{} {}", event.source, event.subject)),
    )
}
