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
    access::Within,
    extract::{Path, Query},
    guardian::Guardian,
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

/// Follows a task: server-sent events `snapshot` (the task: first, and when it was paused, resumed or upgraded), `task` and
/// `step` (changes, as in its audit), `log` (before the change that ends the run), and `end` when it is at rest (ended, or
/// blocked by failures). With `Last-Event-ID` no change after it is left out, and some
/// may be repeated: `audit_id`, `position` and `step_index` tell. In a Lambda function the stream ends after a few seconds: go on with
/// `Last-Event-ID`.
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
    let mut following =
        Following { orchestrator, task, sent: after(0), logs: logs.then_some((0, 0)), may_read_documents };
    let snapshot = following.begin(last).await?;
    let (sender, receiver) = mpsc::channel(PENDING);
    // There is room: it is the first.
    let _ = sender.try_send(Ok(snapshot));
    tokio::spawn(async move {
        tokio::select! {
            () = following.follow(&sender) => {}
            () = ended(guardian, headers, Permission::TasksRead, answer_by, stop) => {
                // A client that gets nothing but a snapshot again and again may take the connection for broken.
                let _ = sender.try_send(Ok(Event::default().comment("go on")));
            }
            () = sender.closed() => {}
        }
        drop(place);
    });
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// The audit record in `Last-Event-ID`.
pub(crate) fn last_event(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
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
    sent: TransitionKey,
    /// The last log line, if the client wants them.
    logs: Option<LogKey>,
    may_read_documents: bool,
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
    /// Returns the task as it is. What follows are the changes after it, or after the last event that the client had.
    async fn begin(&mut self, last: Option<i64>) -> Result<Event, ApiError> {
        // Before the task, so that no change after it is left out.
        let record = self.orchestrator.reader.last_record(self.task).await?;
        // The id of an event of another task may be higher.
        let from = last.map_or(record, |last| last.min(record));
        self.sent = after(from);
        self.logs = self.logs.map(|_| (from, i64::MAX));
        self.snapshot(from).await
    }

    async fn snapshot(&self, record: i64) -> Result<Event, ApiError> {
        let mut task = self.orchestrator.reader.task_without_input(self.task).await?;
        if !self.may_read_documents {
            task.withhold();
        }
        Ok(event("snapshot", &task).id(record.to_string()))
    }

    /// Sends changes until the task is at rest or the client has gone.
    async fn follow(&mut self, client: &Client) {
        let mut watch = self.orchestrator.reader.watch(self.task);
        let mut record = self.sent.0;
        loop {
            let before = self.sent;
            match self.send_changes(client, record).await {
                Ok(true) | Err(Broken::Gone) => return,
                // They may have brought the task to rest after its state was read.
                Ok(false) if self.sent != before => continue,
                Ok(false) => {}
                // The client's connection stays: what it has missed follows.
                Err(Broken::Failed(error)) => {
                    tracing::debug!(%error, task_id = %self.task, "a followed task could not be read; trying again");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            }
            record = watch.has_more_than(self.sent.0).await;
        }
    }

    /// Sends all changes up to now, at least those of records up to `record`. Returns whether the task is at rest.
    async fn send_changes(&mut self, client: &Client, record: i64) -> Result<bool, Broken> {
        // Before the changes: they contain those that led to this state.
        let state = self.orchestrator.reader.task_state(self.task).await?;
        loop {
            let slice = Slice { limit: AT_ONCE, after: Some(self.sent) };
            let changes = self.orchestrator.reader.transitions(self.task, None, slice).await?;
            let is_last = changes.len() < AT_ONCE as usize;
            // Before the ids of these changes, so that a client that goes on after one of them has the lines up to it.
            if let Some(last) = changes.last() {
                self.send_logs(client, last.audit_id).await?;
            }
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
                self.sent = change.key();
            }
            if is_last {
                break;
            }
        }
        // A record without a change of state: paused, resumed, upgraded.
        if self.sent.0 < record {
            self.sent = after(record);
            send(client, self.snapshot(record).await?).await?;
        }
        if state.is_at_rest() {
            send(client, event("end", &serde_json::json!({ "task_id": self.task, "status": state }))).await?;
        }
        Ok(state.is_at_rest())
    }

    /// Sends the log lines of the records up to this one.
    async fn send_logs(&mut self, client: &Client, last: i64) -> Result<(), Broken> {
        while self.logs.is_some_and(|sent| sent < (last, i64::MAX)) {
            let slice = Slice { limit: AT_ONCE, after: self.logs };
            let lines = self.orchestrator.reader.logs(self.task, &LogFilter::default(), slice).await?;
            for line in &lines {
                if line.audit_id > last {
                    self.logs = Some((last, i64::MAX));
                    return Ok(());
                }
                send(client, event("log", line)).await?;
                self.logs = Some(line.key());
            }
            if lines.len() < AT_ONCE as usize {
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

pub(crate) fn event(name: &str, data: &impl Serialize) -> Event {
    // Names and documents of ours always have a JSON form.
    Event::default().event(name).json_data(data).unwrap_or_default()
}

async fn send(client: &Client, event: Event) -> Result<(), Broken> {
    client.send(Ok(event)).await.map_err(|_| Broken::Gone)
}
