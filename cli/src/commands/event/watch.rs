//! `tasker event watch`: prints domain events as they are published.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::{
    client::Client,
    commands::{ending::Ending, stop::stop_signal},
    output::{Output, Style, print, printable},
    view::cut,
};

/// The maximum width of an event's data in the output.
const MAX_DATA: usize = 80;

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
        let read: Value = serde_json::from_str(&event).unwrap_or_default();
        if matches(read["type"].as_str().unwrap_or_default()) {
            if output.json {
                print(&event);
            } else {
                print(&printable(&line(&read, output)));
            }
        }
    }
}

/// Formats an event as one line.
fn line(event: &Value, output: &Output) -> String {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let time = text("time").split_once('T').map_or("", |(_, time)| time.get(..8).unwrap_or_default());
    let data = match event.get("data") {
        Some(data) => cut(&data.to_string(), MAX_DATA),
        None => "(too large to be shown here)".to_owned(),
    };
    format!(
        "{}  {}  {}  {data}",
        output.style(Style::Faint, time),
        output.style(Style::Strong, text("type")),
        output.style(Style::Faint, &format!("{} {}", text("source"), text("subject"))),
    )
}
