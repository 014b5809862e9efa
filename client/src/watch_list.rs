//! Watching a list of tasks: its tasks as they come and change.

use futures_util::stream;

use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    document::Document,
    error::{Error, Result},
    items::Items,
    list::List,
    reconnect::Reconnecting,
    types::TaskSummary,
};

/// Tasks of a list that are new or have changed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Changes<T> {
    /// The tasks.
    pub tasks: Vec<T>,
    /// Tasks that have changed and do not match the filters, but may have before.
    #[serde(default)]
    pub unmatched: Vec<Uuid>,
}

/// What happened to a list of tasks.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ListEvent<T = TaskSummary> {
    /// The first tasks of the list.
    Snapshot(Changes<T>),
    /// Every task that has changed since the event before. A task may be told of twice.
    Changes(Changes<T>),
    /// Too much has happened to be told: read the list again.
    Missed,
    /// An event that this version of the client does not know.
    Other {
        /// Its name.
        name: String,
        /// What it says.
        data: Document,
    },
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    /// The tasks of the list as they come and change: an endless stream, which goes on where a connection broke and leaves
    /// nothing out. [`List::limit`] is the length of the snapshot; the list has no cursor. Of a list of
    /// tasks only: [`Client::tasks`](crate::Client::tasks), or as other types `client.list::<Document>("/v1/tasks")`.
    ///
    /// It ends with an error if the server refuses the stream, or if connections break again and again.
    pub fn watch(self) -> Items<ListEvent<T>> {
        let stream = Reconnecting::new(self.request.below("stream"), "the stream of tasks".to_owned());
        Items::new(stream::try_unfold(stream, async |mut stream| {
            Ok(Some((next(&mut stream).await?, stream)))
        }))
    }
}

async fn next<T: DeserializeOwned>(stream: &mut Reconnecting) -> Result<ListEvent<T>> {
    loop {
        let sent = stream.next().await?;
        stream.works();
        let Some(data) = sent.data else { continue };
        let event = match sent.name.as_str() {
            "snapshot" => serde_json::from_str(&data).map(ListEvent::Snapshot),
            "changes" => serde_json::from_str(&data).map(ListEvent::Changes),
            "missed" => Ok(ListEvent::Missed),
            _ => Document::from_text(data).map(|data| ListEvent::Other { name: sent.name.clone(), data }),
        };
        let event = event.map_err(|source| Error::Decode { call: stream.call(), source })?;
        stream.last = sent.id.or(stream.last.take());
        return Ok(event);
    }
}
