//! Incoming events: receives CloudEvents in all HTTP modes, and lists and replays them.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE},
};
use serde::{Deserialize, Serialize};
use tasker_cloud_events::{CloudEvent, EventError};
use tasker_orchestrator::{
    Error, Orchestrator, Slice,
    triggers::{ReceivedEvent, ReceivedFilter, Reception, ReceptionState},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::{Body, Path},
    page::{List, Page, PageParameters},
    problem::{ApiError, Code, Problem},
};

/// A longer body is parsed on a thread for blocking work, because the others also renew leases.
const MAX_BYTES_AT_ONCE: usize = 64 << 10;
/// The maximum number of events per request.
const MAX_BATCH: usize = 1000;
/// The maximum number of dead letters that are processed again at once.
const MOST_REPLAYED: u32 = 1000;

/// Filters of a list of received events.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Only events in this state: `started`, `unmatched`, `failed`, or `dead` for the last two. Repeat it for several.
    #[serde(default)]
    state: Vec<String>,
}

/// Receives CloudEvents 1.0: one in binary mode (`ce-` headers), one in JSON
/// (`application/cloudevents+json`), or a batch (`application/cloudevents-batch+json`). Returns the result of
/// each event, in order. Events are identified by source and id; a repeated event starts nothing again. One
/// invalid event rejects the whole batch.
#[utoipa::path(post, path = "/v1/events", tag = "events", operation_id = "send_events", request_body = Object, responses(
    (status = 200, body = [Reception]), (status = 400, body = Problem, description = "Not a CloudEvent. The message states the reason."),
    (status = 503, body = Problem, description = "Temporarily unavailable. Repeat the request; no event is processed twice.")))]
pub(crate) async fn receive(
    State(orchestrator): State<Orchestrator>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Vec<Reception>>, ApiError> {
    let body = body?;
    let events = if body.len() > MAX_BYTES_AT_ONCE {
        let parsed = tokio::task::spawn_blocking(move || read(&headers, &body)).await;
        parsed.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?
    } else {
        read(&headers, &body)?
    };
    if events.len() > MAX_BATCH {
        let message = format!("the batch has {} events; at most {MAX_BATCH} are allowed", events.len());
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    Ok(Json(orchestrator.triggers.receive_events(events).await?))
}

pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Vec<CloudEvent>, ApiError> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| text(&CONTENT_TYPE, value)).transpose()?;
    let essence =
        content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/cloudevents+json" => Ok(vec![CloudEvent::from_json(utf8(body)?)?]),
        "application/cloudevents-batch+json" => Ok(CloudEvent::batch_from_json(utf8(body)?)?),
        other if other.starts_with("application/cloudevents") => {
            let message =
                format!("events in `{other}` are not supported; send them in JSON or in binary mode");
            Err(ApiError::new(Code::UnsupportedMediaType, message))
        }
        _ if headers.contains_key("ce-specversion") || headers.contains_key("ce-id") => {
            let mut attributes = Vec::new();
            for (name, value) in headers {
                if let Some(attribute) = name.as_str().strip_prefix("ce-") {
                    attributes.push((
                        attribute.to_owned(),
                        decode(text(name, value)?).map_err(|fault| invalid(name, fault))?,
                    ));
                }
            }
            Ok(vec![CloudEvent::from_parts(attributes, content_type, body)?])
        }
        _ => {
            let message = "this is not a CloudEvent: send one with `ce-` headers (`ce-specversion: 1.0`, `ce-id`, `ce-source`, \
                           `ce-type`), or in JSON as `application/cloudevents+json`, or several as \
                           `application/cloudevents-batch+json`";
            Err(ApiError::new(Code::InvalidEvent, message.to_owned()))
        }
    }
}

fn text<'a>(name: &HeaderName, value: &'a HeaderValue) -> Result<&'a str, ApiError> {
    value
        .to_str()
        .map_err(|_| invalid(name, "has characters that are not allowed in headers; percent-encode them"))
}

fn invalid(name: &HeaderName, fault: &str) -> ApiError {
    ApiError::new(Code::InvalidEvent, format!("the header `{name}` {fault}"))
}

fn utf8(body: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(body)
        .map_err(|error| ApiError::new(Code::InvalidEvent, format!("the body is not UTF-8: {error}")))
}

/// Decodes a header's value to an attribute: removes quotes, then decodes `%` sequences once.
fn decode(value: &str) -> Result<String, &'static str> {
    let unquoted = match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => {
            let mut text = String::with_capacity(inner.len());
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                text.extend(if character == '\\' { characters.next() } else { Some(character) });
            }
            text
        }
        None => value.to_owned(),
    };
    let hexadecimal = |digit: u8| char::from(digit).to_digit(16);
    let mut bytes = Vec::with_capacity(unquoted.len());
    let mut rest = unquoted.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = after;
                }
                _ => bytes.push(byte),
            },
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 after decoding")
}

impl From<EventError> for ApiError {
    fn from(error: EventError) -> Self {
        Self::new(Code::InvalidEvent, error.to_string())
    }
}

/// Lists received events without their content, newest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", operation_id = "list_events", params(Filters, PageParameters),
    responses((status = 200, body = Page<ReceivedEvent>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<Filters>,
) -> Result<Page<ReceivedEvent>, ApiError> {
    let mut states = Vec::new();
    for name in &list.filters.state {
        match name.as_str() {
            "dead" => states.extend([ReceptionState::Unmatched, ReceptionState::Failed]),
            name => states.push(ReceptionState::from_name(name).ok_or_else(|| no_such_state(name))?),
        }
    }
    let filter = ReceivedFilter { states };
    let mut events = orchestrator.triggers.received_events(&filter, list.slice()?).await?;
    if !within.may_read_all_documents() {
        events.iter_mut().for_each(withhold);
    }
    Ok(list.page(events, |event| (event.received_at, event.received_id)))
}

/// Removes the content of an event, and the reason of its result, which may quote the content.
fn withhold(event: &mut ReceivedEvent) {
    event.event = None;
    event.reason = event.reason.take().map(|_| "withheld".to_owned());
}

fn no_such_state(name: &str) -> ApiError {
    let known = ReceptionState::ALL.map(ReceptionState::as_str).join(", ");
    let message = format!("`state` is `{name}`; it must be one of {known}, dead");
    ApiError::new(Code::InvalidRequest, message)
}

/// Returns a received event with its content.
#[utoipa::path(get, path = "/v1/events/{received_id}", tag = "events", operation_id = "get_event", params(("received_id" = Uuid, Path)),
    responses((status = 200, body = ReceivedEvent), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(id): Path<Uuid>,
) -> Result<Json<ReceivedEvent>, ApiError> {
    let mut event = orchestrator.triggers.received_event(id).await?;
    if !within.may_read_all_documents() {
        withhold(&mut event);
    }
    Ok(Json(event))
}

/// Which dead letters to process again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventReplay {
    /// Those in these states: `unmatched`, `failed`. Default: both.
    #[serde(default)]
    pub state: Vec<String>,
    /// At most so many, up to 1000, the newest first.
    #[serde(default = "most_replayed")]
    pub max: u32,
    /// Only those received before this one: the last of the replay before, to go on with older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Uuid>,
}

fn most_replayed() -> u32 {
    MOST_REPLAYED
}

/// The results of a replay.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventsReplayed {
    /// The result of each, the newest first.
    pub items: Vec<Reception>,
}

/// Processes dead letters again, with the current triggers.
#[utoipa::path(post, path = "/v1/events/replay", tag = "events", operation_id = "replay_events", request_body = EventReplay,
    responses((status = 200, body = EventsReplayed), (status = 404, body = Problem)))]
pub(crate) async fn replay_many(
    State(orchestrator): State<Orchestrator>,
    Body(EventReplay { state, max, before }): Body<EventReplay>,
) -> Result<Json<EventsReplayed>, ApiError> {
    if !(1..=MOST_REPLAYED).contains(&max) {
        let message = format!("`max` is {max}; it must be a number from 1 to {MOST_REPLAYED}");
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    let mut states = Vec::new();
    for name in &state {
        states.push(match ReceptionState::from_name(name) {
            Some(state @ (ReceptionState::Unmatched | ReceptionState::Failed)) => state,
            _ => {
                let message = format!("`state` is `{name}`; dead letters are `unmatched` or `failed`");
                return Err(ApiError::new(Code::InvalidRequest, message));
            }
        });
    }
    if states.is_empty() {
        states.extend([ReceptionState::Unmatched, ReceptionState::Failed]);
    }
    let after = match before {
        Some(id) => Some((orchestrator.triggers.received_event(id).await?.received_at, id)),
        None => None,
    };
    let slice = Slice { limit: max, after };
    let events = orchestrator.triggers.received_events(&ReceivedFilter { states }, slice).await?;
    let mut items = Vec::with_capacity(events.len());
    for event in events {
        match orchestrator.triggers.replay_event(event.received_id).await {
            Ok(replayed) => items.push(replayed),
            // Somebody else has replayed it in the meantime, or it is too old.
            Err(Error::Refused(_) | Error::NoSuchReceivedEvent(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(EventsReplayed { items }))
}

/// Processes a dead letter again, with the current triggers.
#[utoipa::path(post, path = "/v1/events/{received_id}/replay", tag = "events", operation_id = "replay_event",
    params(("received_id" = Uuid, Path)), responses((status = 200, body = Reception), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "It is not a dead letter.")))]
pub(crate) async fn replay(
    State(orchestrator): State<Orchestrator>,
    Path(id): Path<Uuid>,
) -> Result<Json<Reception>, ApiError> {
    Ok(Json(orchestrator.triggers.replay_event(id).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_decoded_once_and_quotes_taken_off() {
        for (value, expected) in [
            ("plain", "plain"),
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%2541", "%41"),
            (r#""a \"quoted\" %22 one""#, r#"a "quoted" " one"#),
        ] {
            assert_eq!(decode(value).as_deref(), Ok(expected), "{value}");
        }
        assert!(decode("%ff").is_err());
    }
}
