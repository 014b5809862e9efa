//! Domain events: subscriptions, the list of recent events, and the event stream.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use serde::Deserialize;
use tasker_orchestrator::{
    Orchestrator,
    events::{Published, Subscription, SubscriptionRequest},
};
use tokio_stream::{
    Stream, StreamExt,
    wrappers::{BroadcastStream, errors::BroadcastStreamRecvError},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use utoipa::IntoParams;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path, Query},
};

/// The size of a list of events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// The number of events, at most 1000.
    limit: Option<u32>,
}

/// Lists the subscriptions.
#[utoipa::path(get, path = "/v1/subscriptions", tag = "events", responses((status = 200, body = [Subscription])))]
pub(crate) async fn subscriptions(
    State(orchestrator): State<Orchestrator>,
) -> Result<Json<Vec<Subscription>>, ApiError> {
    Ok(Json(orchestrator.events.subscriptions().await?))
}

/// Subscribes a webhook, a queue or a new task to events. Only this response contains the secret of a
/// webhook.
#[utoipa::path(post, path = "/v1/subscriptions", tag = "events", request_body = Object, responses(
    (status = 201, body = Subscription), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn subscribe(
    State(orchestrator): State<Orchestrator>,
    Body(request): Body<SubscriptionRequest>,
) -> Result<(StatusCode, Json<Subscription>), ApiError> {
    Ok((StatusCode::CREATED, Json(orchestrator.events.subscribe(request).await?)))
}

/// Deletes a subscription.
#[utoipa::path(delete, path = "/v1/subscriptions/{name}", tag = "events", params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn unsubscribe(
    State(orchestrator): State<Orchestrator>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    orchestrator.events.unsubscribe(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the events of the last day with their delivery state, newest first.
#[utoipa::path(get, path = "/v1/domain-events", tag = "events", params(ListParameters),
    responses((status = 200, body = [Published])))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<Vec<Published>>, ApiError> {
    Ok(Json(orchestrator.events.events(parameters.limit.unwrap_or(100).min(1000)).await?))
}

/// Streams events as they are published: server-sent events, each a CloudEvent in JSON.
#[utoipa::path(get, path = "/v1/domain-events/stream", tag = "events",
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub(crate) async fn stream(
    State(orchestrator): State<Orchestrator>,
    Extension(stop): Extension<CancellationToken>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let told = BroadcastStream::new(orchestrator.events.told_events());
    let heard = Until { told, stopped: Box::pin(stop.cancelled_owned()) };
    let events = heard.map(|told| {
        Ok(match told {
            Ok(event) => Event::default().event("domain_event").data(event),
            // Tell the client that it missed events.
            Err(BroadcastStreamRecvError::Lagged(missed)) => {
                Event::default().event("missed").data(missed.to_string())
            }
        })
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// A stream that ends when the server stops; an endless response would delay that.
struct Until {
    told: BroadcastStream<Arc<str>>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Stream for Until {
    type Item = Result<Arc<str>, BroadcastStreamRecvError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.told).poll_next(context)
    }
}
