//! Messages out of the server-sent events of a stream.

use bytes::BytesMut;
use futures_util::{Stream, stream};
use http_body_util::BodyExt as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value};
use serde_json::value::RawValue;
use tonic::{Status, body::Body};

use crate::from_json;

/// Reads the messages of a stream: the event's name is the field that it fills.
pub(crate) fn messages(
    kind: MessageDescriptor,
    body: Body,
) -> impl Stream<Item = Result<DynamicMessage, Status>> + Send + 'static {
    let state = (kind, body, BytesMut::new());
    stream::try_unfold(state, |(kind, mut body, mut read)| async move {
        loop {
            while let Some(event) = next_event(&mut read) {
                if let Some(message) = message(&kind, &event)? {
                    return Ok(Some((message, (kind, body, read))));
                }
            }
            match body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(Status::unavailable(format!("the stream broke: {error}"))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        read.extend_from_slice(&data);
                    }
                }
            }
        }
    })
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    id: Option<String>,
    name: String,
    data: String,
}

/// Takes a whole event out of what was read.
fn next_event(read: &mut BytesMut) -> Option<Event> {
    let end = read.windows(2).position(|pair| pair == b"\n\n")?;
    let text = read.split_to(end + 2);
    let mut event = Event::default();
    for line in String::from_utf8_lossy(&text).lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut event.name),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => {
                event.data.push('\n');
                event.data.push_str(value);
            }
            // A comment.
            _ => {}
        }
    }
    Some(event)
}

/// Returns none for a comment, and for an event that these services do not know.
fn message(kind: &MessageDescriptor, event: &Event) -> Result<Option<DynamicMessage>, Status> {
    let (name, data) = (&event.name, &event.data);
    if data.is_empty() {
        return Ok(None);
    }
    let broken = |error: String| Status::internal(format!("the event `{name}` cannot be read: {error}"));
    let json: &RawValue = serde_json::from_str(data).map_err(|error| broken(error.to_string()))?;
    // As an object with the event as its only member.
    let name_json = serde_json::to_string(name).map_err(|error| broken(error.to_string()))?;
    let members = format!("{{{name_json}:{}}}", json.get());
    let whole: &RawValue = serde_json::from_str(&members).map_err(|error| broken(error.to_string()))?;
    let mut message = from_json::message(kind.clone(), whole).map_err(|error| broken(error.0))?;
    if message.fields().next().is_none() {
        return Ok(None);
    }
    if let Some(id) = event.id.as_ref().and_then(|id| id.parse().ok()) {
        message.set_field_by_name("id", Value::I64(id));
    }
    Ok(Some(message))
}
