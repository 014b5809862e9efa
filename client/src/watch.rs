//! Watching a task: its changes as they happen, over as many connections as it takes.

use std::collections::HashSet;

use futures_util::stream;
use reqwest::Method;
use uuid::Uuid;

use crate::{
    document::Document,
    error::{Error, Result},
    items::Items,
    reconnect::Reconnecting,
    sse::Sent,
    state::TaskState,
    task::TaskHandle,
    types::{LogEntry, TaskDetail, Transition},
};

/// What happened to a task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TaskEvent {
    /// The task as it is, without its input: first, after a connection broke, and when the task was paused, resumed or upgraded.
    Snapshot(Box<TaskDetail>),
    /// The task changed its state.
    Task(Box<Transition>),
    /// A step changed its state.
    Step(Box<Transition>),
    /// A handler logged a line.
    Log(Box<LogEntry>),
    /// The task is at rest. The last event.
    End {
        /// The task.
        task_id: Uuid,
        /// Its state.
        status: TaskState,
    },
    /// An event that this version of the client does not know.
    Other {
        /// Its name.
        name: String,
        /// What it says.
        data: Document,
    },
}

impl TaskHandle {
    /// What happens to the task until it is at rest: a stream of events, which goes on where a connection broke. No change is
    /// left out or told twice, except those before the first snapshot, which are in it.
    ///
    /// It ends with an error if the task cannot be read, or if connections break again and again.
    pub fn watch(&self) -> Items<TaskEvent> {
        Watch::of(self, false)
    }

    /// As [`TaskHandle::watch`], with the log lines of ended runs. Needs `tasks:context_read`.
    pub fn watch_with_logs(&self) -> Items<TaskEvent> {
        Watch::of(self, true)
    }
}

/// What came of a stream, over all its connections.
struct Watch {
    stream: Reconnecting,
    /// The events since its last id: those without an id of their own may come again.
    since: HashSet<String>,
    is_at_end: bool,
}

impl Watch {
    fn of(task: &TaskHandle, logs: bool) -> Items<TaskEvent> {
        let request = task.route(Method::GET, &["stream"]);
        let request = if logs { request.query("logs", true) } else { request };
        let stream = Reconnecting::new(request, format!("the stream of task {}", task.id()));
        let watch = Self { stream, since: HashSet::new(), is_at_end: false };
        Items::new(stream::try_unfold(watch, async |mut watch| {
            Ok(watch.next().await?.map(|event| (event, watch)))
        }))
    }

    /// The next event that has not been told. None at the end.
    async fn next(&mut self) -> Result<Option<TaskEvent>> {
        while !self.is_at_end {
            let sent = self.stream.next().await?;
            if let Some(event) = self.take(sent)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Reads an event. None if it was told before, or is a comment.
    fn take(&mut self, sent: Sent) -> Result<Option<TaskEvent>> {
        // A snapshot comes on every connection; what follows it, if only a comment, shows that this one works.
        if sent.name != "snapshot" {
            self.stream.works();
        }
        let Some(data) = sent.data else { return Ok(None) };
        let event = if self.since.contains(&data) { None } else { Some(self.read(&sent.name, &data)?) };
        self.is_at_end = sent.name == "end";
        self.since.insert(data);
        // A snapshot repeats the id that was gone on from.
        if sent.id.is_some() && sent.id != self.stream.last {
            self.stream.last = sent.id;
            self.since.clear();
        }
        Ok(event)
    }

    fn read(&self, name: &str, data: &str) -> Result<TaskEvent> {
        #[derive(serde::Deserialize)]
        struct End {
            task_id: Uuid,
            status: TaskState,
        }
        let event = match name {
            "snapshot" => serde_json::from_str(data).map(TaskEvent::Snapshot),
            "task" => serde_json::from_str(data).map(TaskEvent::Task),
            "step" => serde_json::from_str(data).map(TaskEvent::Step),
            "log" => serde_json::from_str(data).map(TaskEvent::Log),
            "end" => {
                serde_json::from_str(data).map(|End { task_id, status }| TaskEvent::End { task_id, status })
            }
            _ => Document::from_text(data).map(|data| TaskEvent::Other { name: name.to_owned(), data }),
        };
        event.map_err(|source| Error::Decode { call: self.stream.call(), source })
    }
}
