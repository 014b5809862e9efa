//! Incoming events: receives CloudEvents in all HTTP modes, and lists and replays them.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
};
use serde::Deserialize;
use tasker_cloud_events::{CloudEvent, EventError};
use tasker_orchestrator::{
    Orchestrator,
    triggers::{ReceivedEvent, ReceivedFilter, Reception, ReceptionState},
};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Path, Query},
};

/// The maximum page size.
const MAX_LIMIT: u32 = 1000;
/// A longer body is parsed on a thread for blocking work, because the others also renew leases.
const MAX_BYTES_AT_ONCE: usize = 64 << 10;
/// The maximum number of events per request.
const MAX_BATCH: usize = 1000;

/// Filters and page of a list of received events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// Only events in this state: `started`, `unmatched`, `failed`, or `dead` for the last two.
    state: Option<String>,
    /// The number of events, at most 1000.
    limit: Option<u32>,
    /// The last event of the list before, by its `received_id`: returns those that follow it.
    after: Option<Uuid>,
}

/// Receives CloudEvents 1.0: one in binary mode (`ce-` headers), one in JSON
/// (`application/cloudevents+json`), or a batch (`application/cloudevents-batch+json`). Returns the result of
/// each event, in order. Events are identified by source and id; a repeated event starts nothing again. One
/// invalid event rejects the whole batch.
#[utoipa::path(post, path = "/v1/events", tag = "events", request_body = Object, responses(
    (status = 200, body = [Reception]), (status = 400, body = ErrorBody, description = "Not a CloudEvent. The message states the reason."),
    (status = 415, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "Temporarily unavailable. Repeat the request; no event is processed twice.")))]
pub(crate) async fn receive(
    State(orchestrator): State<Orchestrator>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Vec<Reception>>, ApiError> {
    let body = body
        .map_err(|rejection| ApiError::new(rejection.status(), "invalid_request", rejection.body_text()))?;
    let events = if body.len() > MAX_BYTES_AT_ONCE {
        let parsed = tokio::task::spawn_blocking(move || read(&headers, &body)).await;
        parsed.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?
    } else {
        read(&headers, &body)?
    };
    if events.len() > MAX_BATCH {
        let message = format!("the batch has {} events; at most {MAX_BATCH} are allowed", events.len());
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    Ok(Json(orchestrator.triggers.receive_events(events).await?))
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Vec<CloudEvent>, ApiError> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| text(&CONTENT_TYPE, value)).transpose()?;
    let essence =
        content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/cloudevents+json" => Ok(vec![CloudEvent::from_json(utf8(body)?)?]),
        "application/cloudevents-batch+json" => Ok(CloudEvent::batch_from_json(utf8(body)?)?),
        other if other.starts_with("application/cloudevents") => {
            let message =
                format!("events in `{other}` are not supported; send them in JSON or in binary mode");
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", message))
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
            Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_event", message.to_owned()))
        }
    }
}

fn text<'a>(name: &HeaderName, value: &'a HeaderValue) -> Result<&'a str, ApiError> {
    value
        .to_str()
        .map_err(|_| invalid(name, "has characters that are not allowed in headers; percent-encode them"))
}

fn invalid(name: &HeaderName, fault: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_event", format!("the header `{name}` {fault}"))
}

fn utf8(body: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(body).map_err(|error| {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_event", format!("the body is not UTF-8: {error}"))
    })
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
        Self::new(StatusCode::BAD_REQUEST, "invalid_event", error.to_string())
    }
}

/// Lists received events without their content, newest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(ListParameters),
    responses((status = 200, body = [ReceivedEvent]), (status = 400, body = ErrorBody)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<Vec<ReceivedEvent>>, ApiError> {
    let states = match parameters.state.as_deref() {
        None => Vec::new(),
        Some("dead") => vec![ReceptionState::Unmatched, ReceptionState::Failed],
        Some(name) => vec![ReceptionState::from_name(name).ok_or_else(|| no_such_state(name))?],
    };
    let limit = parameters.limit.unwrap_or(100).min(MAX_LIMIT);
    let filter = ReceivedFilter { states };
    Ok(Json(orchestrator.triggers.received_events(&filter, limit, parameters.after).await?))
}

fn no_such_state(name: &str) -> ApiError {
    let known = ReceptionState::ALL.map(ReceptionState::as_str).join(", ");
    let message = format!("`state` is `{name}`; it must be one of {known}, dead");
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message)
}

/// Returns a received event with its content.
#[utoipa::path(get, path = "/v1/events/{received_id}", tag = "events", params(("received_id" = Uuid, Path)),
    responses((status = 200, body = ReceivedEvent), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path(id): Path<Uuid>,
) -> Result<Json<ReceivedEvent>, ApiError> {
    Ok(Json(orchestrator.triggers.received_event(id).await?))
}

/// Processes a dead letter again, with the current triggers.
#[utoipa::path(post, path = "/v1/events/{received_id}/replay", tag = "events",
    params(("received_id" = Uuid, Path)), responses((status = 200, body = Reception), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "It is not a dead letter.")))]
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
