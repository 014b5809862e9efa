//! `tasker event watch`: prints domain events as they are published.

use anyhow::Result;
use serde::Deserialize;
use serde_json::value::RawValue;
use tasker_client::DomainEvent;

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
    let mut events = client.patient().streams().watch_events();
    let matches = |name: &str| match wanted.map(|wanted| (wanted, wanted.strip_suffix('*'))) {
        None => true,
        Some((_, Some(beginning))) => name.starts_with(beginning),
        Some((wanted, None)) => name == wanted,
    };
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return Ok(Ending::Done),
            event = events.next() => event,
        };
        let Some(event) = event else { return Ok(Ending::Done) };
        match event.map_err(|error| client.failure(error))? {
            DomainEvent::Event(event) => {
                let read: Shown = event.parse().unwrap_or_default();
                if matches(&read.event_type) {
                    print(&if output.json {
                        event.get().to_owned()
                    } else {
                        printable(&line(&read, output))
                    });
                }
            }
            DomainEvent::Connected => {
                output.say(&output.style(Style::Faint, "watching events; Ctrl-C stops"));
            }
            DomainEvent::Missed(Some(count)) => eprintln!(
                "warning: {count} events were missed, because they arrived faster than they could be sent"
            ),
            DomainEvent::Missed(None) => eprintln!(
                "warning: the server has ended the connection; events until the next one are missed, `tasker event list` \
                 shows them"
            ),
            _ => {}
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
