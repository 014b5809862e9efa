//! Domain events: subscriptions, the list of recent events, and the event stream.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use tasker_orchestrator::{
    Orchestrator,
    access::Permission,
    events::{EventDeliveryState, Published, Subscription, SubscriptionRequest},
};
use tokio_stream::{
    Stream, StreamExt,
    wrappers::{BroadcastStream, errors::BroadcastStreamRecvError},
};
use tokio_util::sync::CancellationToken;

use crate::{
    access::Within,
    extract::{Body, Path},
    guardian::Guardian,
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Problem},
    streams::{KEEP_ALIVE, Streams, ended},
    tasks::AnswerBy,
};

/// Lists the subscriptions, sorted by name.
#[utoipa::path(get, path = "/v1/subscriptions", tag = "events", operation_id = "list_subscriptions", params(PageParameters), responses(
    (status = 200, body = Page<Subscription>)))]
pub(crate) async fn subscriptions(
    State(orchestrator): State<Orchestrator>,
    list: List<NoFilters>,
) -> Result<Page<Subscription>, ApiError> {
    let subscriptions = orchestrator.events.subscriptions(list.slice()?).await?;
    Ok(list.page(subscriptions, |subscription| subscription.name.clone()))
}

/// Subscribes a webhook, a queue or a new task to events, which hold documents: this needs `tasks:context_read` too. Only this response contains the secret of a
/// webhook.
#[utoipa::path(post, path = "/v1/subscriptions", tag = "events", operation_id = "subscribe", request_body = SubscriptionRequest, responses(
    (status = 201, body = Subscription), (status = 409, body = Problem)))]
pub(crate) async fn subscribe(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Body(request): Body<SubscriptionRequest>,
) -> Result<(StatusCode, Json<Subscription>), ApiError> {
    within.must_read_all_documents()?;
    Ok((StatusCode::CREATED, Json(orchestrator.events.subscribe(request).await?)))
}

/// Deletes a subscription.
#[utoipa::path(delete, path = "/v1/subscriptions/{name}", tag = "events", operation_id = "unsubscribe", params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn unsubscribe(
    State(orchestrator): State<Orchestrator>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    orchestrator.events.unsubscribe(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns a subscription, without its secret.
#[utoipa::path(get, path = "/v1/subscriptions/{name}", tag = "events", operation_id = "get_subscription", params(("name" = String, Path)),
    responses((status = 200, body = Subscription), (status = 404, body = Problem)))]
pub(crate) async fn subscription(
    State(orchestrator): State<Orchestrator>,
    Path(name): Path<String>,
) -> Result<Json<Subscription>, ApiError> {
    Ok(Json(orchestrator.events.subscription(&name).await?))
}

/// Lists the deliveries of a subscription that have not arrived, with the newest event first: those on their way, and those that
/// were given up.
#[utoipa::path(get, path = "/v1/subscriptions/{name}/deliveries", tag = "events", operation_id = "list_deliveries",
    params(("name" = String, Path), PageParameters),
    responses((status = 200, body = Page<EventDeliveryState>), (status = 404, body = Problem)))]
pub(crate) async fn deliveries(
    State(orchestrator): State<Orchestrator>,
    Path(name): Path<String>,
    list: List<NoFilters>,
) -> Result<Page<EventDeliveryState>, ApiError> {
    let deliveries = orchestrator.events.deliveries(&name, list.slice()?).await?;
    Ok(list.page(deliveries, |delivery| delivery.event_id))
}

/// Tries a delivery again at once, with all its attempts: one that waits, or that was given up.
#[utoipa::path(post, path = "/v1/subscriptions/{name}/deliveries/{event_id}/retry", tag = "events", operation_id = "retry_delivery",
    params(("name" = String, Path), ("event_id" = i64, Path)),
    responses((status = 200, body = EventDeliveryState), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "The event has arrived.")))]
pub(crate) async fn retry(
    State(orchestrator): State<Orchestrator>,
    Path((name, event)): Path<(String, i64)>,
) -> Result<Json<EventDeliveryState>, ApiError> {
    Ok(Json(orchestrator.events.retry_delivery(&name, event).await?))
}

/// Lists the events of the last day with their delivery state, newest first.
#[utoipa::path(get, path = "/v1/domain-events", tag = "events", operation_id = "list_domain_events", params(PageParameters),
    responses((status = 200, body = Page<Published>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<NoFilters>,
) -> Result<Page<Published>, ApiError> {
    let mut events = orchestrator.events.events(list.slice()?).await?;
    if !within.may_read_all_documents() {
        // It quotes what does not fit a schema.
        for event in &mut events {
            event.error = event.error.take().map(|_| "withheld".to_owned());
        }
    }
    Ok(list.page(events, |event| event.event_id))
}

/// Streams events as they are published: server-sent events, each a CloudEvent in JSON. Events hold documents, so this
/// needs `tasks:context_read` too. The stream ends when the caller's key does.
#[utoipa::path(get, path = "/v1/domain-events/stream", tag = "events", operation_id = "follow_domain_events",
    responses((status = 200, body = String, content_type = "text/event-stream"),
    (status = 429, body = Problem, description = "There are too many streams.")))]
pub(crate) async fn stream(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Extension(guardian): Extension<Guardian>,
    Extension(streams): Extension<Streams>,
    answer_by: Option<Extension<AnswerBy>>,
    headers: HeaderMap,
    Extension(stop): Extension<CancellationToken>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    within.must_read_all_documents()?;
    let place = streams.enter(&within.caller.principal)?;
    let ended = async move {
        ended(guardian, headers, Permission::EventsRead, answer_by, stop).await;
        drop(place);
    };
    let told = BroadcastStream::new(orchestrator.events.told_events());
    let heard = Until { told, ended: Box::pin(ended) };
    let events = heard.map(|told| {
        Ok(match told {
            Ok(event) => Event::default().event("domain_event").data(event),
            // Tell the client that it missed events.
            Err(BroadcastStreamRecvError::Lagged(missed)) => {
                Event::default().event("missed").data(missed.to_string())
            }
        })
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// A stream that ends with the server, which an endless response would delay, or with the caller's right to it.
struct Until {
    told: BroadcastStream<Arc<str>>,
    ended: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Stream for Until {
    type Item = Result<Arc<str>, BroadcastStreamRecvError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.told).poll_next(context)
    }
}
