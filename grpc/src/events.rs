//! Messages out of the server-sent events of a stream.

use bytes::BytesMut;
use futures_util::{Stream, stream};
use http_body_util::BodyExt as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use tonic::{Status, body::Body};

use crate::from_json;

/// The event after which a stream ends by itself.
const END: &str = "end";

/// Reads the messages of a stream until the deadline: the event's name is the field that it fills.
pub(crate) fn messages(
    kind: MessageDescriptor,
    body: Body,
    deadline: Option<Instant>,
) -> impl Stream<Item = Result<DynamicMessage, Status>> + Send + 'static {
    let reading = Reading { kind, body, read: BytesMut::new(), deadline, has_ended: false };
    stream::try_unfold(reading, |mut reading| async move {
        Ok(reading.next().await?.map(|message| (message, reading)))
    })
}

/// A stream as far as it has come.
struct Reading {
    kind: MessageDescriptor,
    body: Body,
    /// What has come of the next event.
    read: BytesMut,
    deadline: Option<Instant>,
    has_ended: bool,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<DynamicMessage>, Status> {
        loop {
            while let Some(event) = next_event(&mut self.read) {
                if let Some(message) = message(&self.kind, &event)? {
                    self.has_ended |= event.name == END;
                    return Ok(Some(message));
                }
            }
            let frame = match self.deadline {
                None => self.body.frame().await,
                Some(deadline) => timeout_at(deadline, self.body.frame())
                    .await
                    .map_err(|_| Status::deadline_exceeded("the deadline of the call is over"))?,
            };
            match frame {
                None if self.has_ended => return Ok(None),
                None => return Err(Status::unavailable("the server has ended the stream: call again")),
                Some(Err(error)) => return Err(Status::unavailable(format!("the stream broke: {error}"))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read.extend_from_slice(&data);
                    }
                }
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;
    use crate::descriptors::DESCRIPTORS;

    async fn read(kind: &str, parts: &[&str]) -> (Vec<DynamicMessage>, Option<Status>) {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let frames: Vec<Result<_, Status>> = parts
            .iter()
            .map(|part| Ok(http_body::Frame::data(bytes::Bytes::copy_from_slice(part.as_bytes()))))
            .collect();
        let body = Body::new(http_body_util::StreamBody::new(stream::iter(frames)));
        let mut stream = Box::pin(messages(pool.get_message_by_name(kind).unwrap(), body, None));
        let mut read = Vec::new();
        loop {
            match futures_util::StreamExt::next(&mut stream).await {
                Some(Ok(message)) => read.push(message),
                Some(Err(status)) => return (read, Some(status)),
                None => return (read, None),
            }
        }
    }

    #[tokio::test]
    async fn events_come_in_any_parts_with_comments_between() {
        let parts = [
            ": hello\n\nevent: domain_ev",
            "ent\ndata: {\"n\":1.50}\n",
            "\nevent: missed\ndata: 7\n\n",
            "event: new\ndata: 1\n\n",
        ];
        let (messages, status) = read("tasker.v1.DomainEventMessage", &parts).await;
        let field = |at: usize, name: &str| messages[at].get_field_by_name(name).unwrap().into_owned();
        assert_eq!(messages.len(), 2, "what is unknown is left out: {messages:?}");
        assert_eq!(field(0, "domain_event_json"), Value::String("{\"n\":1.50}".to_owned()));
        assert_eq!(field(1, "missed"), Value::I64(7));
        // A stream that has no end of its own was cut.
        assert_eq!(status.map(|status| status.code()), Some(tonic::Code::Unavailable));
    }

    #[tokio::test]
    async fn a_stream_is_complete_only_after_its_end() {
        let end = "event: end\ndata: {\"task_id\":\"t\",\"status\":\"complete\"}\nid: 12\n\n";
        let (messages, status) = read("tasker.v1.TaskEvent", &[end]).await;
        assert_eq!(messages[0].get_field_by_name("id").unwrap().as_i64(), Some(12));
        assert!(status.is_none(), "{status:?}");
        let (_, status) = read("tasker.v1.TaskEvent", &[&end[..20]]).await;
        assert_eq!(status.map(|status| status.code()), Some(tonic::Code::Unavailable));
    }
}
