//! Following a task: server-sent events as it moves, until it is at rest.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
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
    read::{LogFilter, LogKey, TransitionKey},
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    access::{Guardian, Within},
    extract::{Path, Query},
    problem::{ApiError, Code, Problem},
    streams::{KEEP_ALIVE, Streams, ended},
    tasks::AnswerBy,
};

/// How many changes are read at once.
const AT_ONCE: u32 = 500;
/// How many events wait for a slow client before reading pauses.
const PENDING: usize = 64;
/// The pause after the database failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Options for following a task.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Whether to send the log lines of ended runs too, which needs `tasks:context_read`.
    #[serde(default)]
    logs: bool,
}

/// Follows a task: server-sent events `snapshot` (the task, first), `task` and `step` (changes, as in its audit), `log`, and
/// `end` when it is at rest (ended, or blocked by failures). With `Last-Event-ID` no change after it is left out, and some
/// may be repeated: `audit_id` and `position` tell. In a Lambda function the stream ends before the function does: go on
/// with `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/stream", tag = "tasks", operation_id = "follow_task", params(("task_id" = Uuid, Path), Parameters,
    ("Last-Event-ID" = Option<i64>, Header, description = "The id of the last event that was received.")),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 404, body = Problem),
    (status = 429, body = Problem, description = "There are too many streams.")))]
#[expect(clippy::too_many_arguments, reason = "one for each part of the request")]
pub(crate) async fn stream(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    Query(Parameters { logs }): Query<Parameters>,
    Extension(guardian): Extension<Guardian>,
    Extension(streams): Extension<Streams>,
    answer_by: Option<Extension<AnswerBy>>,
    headers: HeaderMap,
    Extension(stop): Extension<CancellationToken>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let may_read_documents = within.check_task(&orchestrator, task).await?;
    if logs && !may_read_documents {
        return Err(tasker_orchestrator::Error::Forbidden { permission: Permission::TasksContextRead }.into());
    }
    let last = last_event(&headers)?;
    let place = streams.enter(&within.caller.principal)?;
    // The first snapshot is part of this request, so that its errors are problems.
    let mut following = Following { orchestrator, task, sent: None, logs: logs.then_some((0, 0)) };
    let snapshot = following.snapshot(last).await?;
    let (sender, receiver) = mpsc::channel(PENDING);
    tokio::spawn(async move {
        let followed = async {
            if sender.send(Ok(snapshot)).await.is_ok() {
                following.follow(&sender).await;
            }
        };
        tokio::select! {
            () = followed => {}
            () = ended(guardian, headers, Permission::TasksRead, answer_by, stop) => {}
            () = sender.closed() => {}
        }
        drop(place);
    });
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// The audit record in `Last-Event-ID`.
fn last_event(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else { return Ok(None) };
    match value.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(record) if record >= 0 => Ok(Some(record)),
        _ => {
            let message = "`Last-Event-ID` is not the id of an event of this stream";
            Err(ApiError::new(Code::InvalidRequest, message.to_owned()))
        }
    }
}

/// What a client has been sent of a task.
struct Following {
    orchestrator: Orchestrator,
    task: Uuid,
    /// The last change.
    sent: Option<TransitionKey>,
    /// The last log line, if the client wants them.
    logs: Option<LogKey>,
}

type Client = mpsc::Sender<Result<Event, Infallible>>;

/// The client has gone, or the database is away.
enum Broken {
    Gone,
    Failed(ApiError),
}

impl<E: Into<ApiError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Following {
    /// Returns the task as it is, and goes on after it, or after the last event that the client had.
    async fn snapshot(&mut self, last: Option<i64>) -> Result<Event, ApiError> {
        // Before the task, so that no change after it is left out.
        let record = self.orchestrator.reader.last_record(self.task).await?;
        let mut task = self.orchestrator.reader.task(self.task).await?;
        task.withhold();
        let from = last.unwrap_or(record);
        self.sent = Some(after(from));
        self.logs = self.logs.map(|_| (from, i64::MAX));
        Ok(event("snapshot", &task).id(from.to_string()))
    }

    /// Sends changes until the task is at rest or the client has gone.
    async fn follow(&mut self, client: &Client) {
        let mut watch = self.orchestrator.reader.watch(self.task);
        loop {
            match self.send_changes(client).await {
                Ok(true) | Err(Broken::Gone) => return,
                Ok(false) => {}
                // The client's connection stays: what it has missed follows.
                Err(Broken::Failed(error)) => {
                    tracing::debug!(%error, task = %self.task, "a followed task could not be read; trying again");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            }
            watch.has_more_than(self.sent.map_or(0, |(record, ..)| record)).await;
        }
    }

    /// Sends all changes up to now. Returns whether the task is at rest.
    async fn send_changes(&mut self, client: &Client) -> Result<bool, Broken> {
        // Before the changes: they contain those that led to this state.
        let state = self.orchestrator.reader.task_state(self.task).await?;
        loop {
            let slice = Slice { limit: AT_ONCE, after: self.sent };
            let changes = self.orchestrator.reader.transitions(self.task, None, slice).await?;
            let is_last = changes.len() < AT_ONCE as usize;
            let mut rest = changes.iter().peekable();
            while let Some(change) = rest.next() {
                let name = if change.step_index.is_some() { "step" } else { "task" };
                let mut event = event(name, change);
                // The id stands for a whole record, so that nobody goes on in the middle of one.
                let ends_record = match rest.peek() {
                    Some(next) => next.audit_id != change.audit_id,
                    None => is_last,
                };
                if ends_record {
                    event = event.id(change.audit_id.to_string());
                }
                send(client, event).await?;
                self.sent = Some(change.key());
            }
            self.send_logs(client).await?;
            if is_last {
                break;
            }
        }
        if state.is_at_rest() {
            send(client, event("end", &serde_json::json!({ "task_id": self.task, "status": state }))).await?;
        }
        Ok(state.is_at_rest())
    }

    /// Sends the log lines of the runs whose ends were sent.
    async fn send_logs(&mut self, client: &Client) -> Result<(), Broken> {
        let last = self.sent.map_or(0, |(record, ..)| record);
        while self.logs.is_some_and(|(record, _)| record < last) {
            let slice = Slice { limit: AT_ONCE, after: self.logs };
            let lines = self.orchestrator.reader.logs(self.task, &LogFilter::default(), slice).await?;
            let is_last = lines.len() < AT_ONCE as usize;
            for line in &lines {
                if line.audit_id > last {
                    return Ok(());
                }
                send(client, event("log", line)).await?;
                self.logs = Some(line.key());
            }
            if is_last {
                self.logs = Some((last, i64::MAX));
            }
        }
        Ok(())
    }
}

/// After all changes of a record.
fn after(record: i64) -> TransitionKey {
    (record, i32::MAX, i32::MAX)
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Names and documents of ours always have a JSON form.
    Event::default().event(name).json_data(data).unwrap_or_default()
}

async fn send(client: &Client, event: Event) -> Result<(), Broken> {
    client.send(Ok(event)).await.map_err(|_| Broken::Gone)
}
