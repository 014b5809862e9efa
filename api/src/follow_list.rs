//! Following a list of tasks: server-sent events as tasks come and change.

use std::convert::Infallible;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Orchestrator, Slice,
    access::Permission,
    read::{Follower, Heard, ListChange, TaskFilter, TaskSummary},
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::parse_query,
    filters::Filters,
    follow::{event, last_event},
    guardian::Guardian,
    problem::{ApiError, Code, Problem},
    streams::{KEEP_ALIVE, Streams, ended},
    tasks::AnswerBy,
};

const DEFAULT_SNAPSHOT: u32 = 50;
const MAX_SNAPSHOT: u32 = 1000;
/// How many events wait for a slow client before it misses some.
const PENDING: usize = 4;

/// What the stream begins with.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FollowParameters {
    /// The number of tasks in the snapshot: 50 by default, at most 1000.
    limit: Option<u32>,
}

/// What a followed list sends.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct TaskChanges {
    /// Tasks of the list that are new or have changed.
    pub tasks: Vec<TaskSummary>,
    /// Tasks that have changed and do not match the filters, but may have before.
    #[serde(default)]
    pub unmatched: Vec<Uuid>,
}

/// Follows the tasks that match filters: server-sent events `snapshot` (the first tasks of the list), `changes` (at most two
/// a second, with every task that has changed since), and `missed` when too much has happened to be sent: read
/// the list again. With `Last-Event-ID` the stream goes on with what has changed since, without a snapshot. In a Lambda function the
/// stream ends after a few seconds: go on with `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/tasks/stream", tag = "tasks", operation_id = "follow_tasks", params(Filters, FollowParameters,
    ("Last-Event-ID" = Option<i64>, Header, description = "The id of the last event that was received.")),
    responses((status = 200, body = String, content_type = "text/event-stream"),
    (status = 422, body = Problem), (status = 429, body = Problem, description = "There are too many streams.")))]
#[expect(clippy::too_many_arguments, reason = "one for each part of the request")]
pub(crate) async fn stream(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
    Extension(guardian): Extension<Guardian>,
    Extension(streams): Extension<Streams>,
    answer_by: Option<Extension<AnswerBy>>,
    headers: HeaderMap,
    Extension(stop): Extension<CancellationToken>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let query = query.unwrap_or_default();
    // The list's filters refuse what they do not know.
    let (of_stream, of_list): (Vec<_>, Vec<_>) =
        query.split('&').partition(|parameter| parameter.split('=').next() == Some("limit"));
    let limit = limit(&parse_query(&of_stream.join("&"))?)?;
    let filter = parse_query::<Filters>(&of_list.join("&"))?.read(within.scope)?;
    let last = last_event(&headers)?;
    let place = streams.enter(&within.caller.principal)?;
    // Before the first event, so that nothing is left out between it and the next.
    let follower = orchestrator.feed.follow(filter.clone()).await?;
    let first = first(&orchestrator, &filter, last, limit, follower.record).await?;
    let (sender, receiver) = mpsc::channel(PENDING);
    let _ = sender.try_send(Ok(first));
    tokio::spawn(async move {
        tokio::select! {
            () = send_changes(follower, &sender) => {}
            () = ended(guardian, headers, Permission::TasksList, answer_by, stop) => {
                let _ = sender.try_send(Ok(Event::default().comment("go on")));
            }
            () = sender.closed() => {}
        }
        drop(place);
    });
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn limit(FollowParameters { limit }: &FollowParameters) -> Result<u32, ApiError> {
    match limit.unwrap_or(DEFAULT_SNAPSHOT) {
        limit @ 1..=MAX_SNAPSHOT => Ok(limit),
        other => {
            let message = format!("`limit` is `{other}`; it must be a number from 1 to {MAX_SNAPSHOT}");
            Err(ApiError::new(Code::InvalidRequest, message))
        }
    }
}

/// The first event: the list as it is, or what has changed since the last event.
async fn first(
    orchestrator: &Orchestrator,
    filter: &TaskFilter,
    last: Option<i64>,
    limit: u32,
    record: i64,
) -> Result<Event, ApiError> {
    if let Some(last) = last {
        let since = orchestrator.feed.since(filter, last).await?;
        // The change ends where those of the follower begin, or later.
        return Ok(changes(&ListChange { record: record.max(last), ..since }));
    }
    let tasks = orchestrator.reader.tasks(filter, Slice::first(limit)).await?;
    let snapshot = TaskChanges { tasks, unmatched: Vec::new() };
    Ok(event("snapshot", &snapshot).id(record.to_string()))
}

/// Sends changes until the client has gone, or nobody tells of them any more.
async fn send_changes(mut follower: Follower, client: &mpsc::Sender<Result<Event, Infallible>>) {
    let mut record = follower.record;
    while let Some(heard) = follower.next().await {
        let event = match heard {
            Heard::Change(change) => {
                record = change.record;
                changes(&change)
            }
            Heard::Missed => missed(record),
        };
        if client.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

fn changes(change: &ListChange) -> Event {
    if change.has_missed {
        return missed(change.record);
    }
    let (tasks, unmatched) = (change.tasks.clone(), change.unmatched.clone());
    event("changes", &TaskChanges { tasks, unmatched }).id(change.record.to_string())
}

fn missed(record: i64) -> Event {
    event("missed", &true).id(record.to_string())
}
