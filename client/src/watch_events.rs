//! Watching the events that Tasker publishes.

use futures_util::stream;
use reqwest::Method;
use tokio::time;

use crate::{
    client::Client,
    connection::Connection,
    document::Document,
    error::{Error, Result},
    items::Items,
    pause,
};

/// What is heard of the published events.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DomainEvent {
    /// The server listens: what is published from now on is heard. First, and after a connection ended.
    Connected,
    /// An event: a CloudEvent 1.0.
    Event(Document),
    /// Events were left out: this many, or nobody knows how many, because a connection ended.
    /// [`Client::domain_events`] lists those of the last day.
    Missed(Option<u64>),
}

impl Client {
    /// The events as they are published: an endless stream, which goes on where a connection broke, but does not hear what is
    /// published in between. Needs `events:read` and `tasks:context_read`.
    ///
    /// It ends with an error if the server refuses the stream or cannot be reached.
    pub fn watch_events(&self) -> Items<DomainEvent> {
        let watch = Watch { client: self.clone(), connection: None };
        Items::new(stream::try_unfold(watch, async |mut watch| Ok(Some((watch.next().await?, watch)))))
    }
}

struct Watch {
    client: Client,
    connection: Option<Connection>,
}

impl Watch {
    async fn next(&mut self) -> Result<DomainEvent> {
        loop {
            let Some(connection) = &mut self.connection else {
                self.connection = Some(open(&self.client).await?);
                return Ok(DomainEvent::Connected);
            };
            let Some(sent) = connection.next().await else {
                self.connection = None;
                // So that nobody who closes each connection at once is asked without a pause.
                time::sleep(pause::backoff(1)).await;
                return Ok(DomainEvent::Missed(None));
            };
            let Some(data) = sent.data else { continue };
            if sent.name == "missed" {
                return Ok(DomainEvent::Missed(data.parse().ok()));
            }
            let call = "the stream of events".to_owned();
            return Document::from_text(data)
                .map(DomainEvent::Event)
                .map_err(|source| Error::Decode { call, source });
        }
    }
}

/// Connects. Repeated like other requests.
async fn open(client: &Client) -> Result<Connection> {
    let mut attempt = 0;
    loop {
        let request = client.route(Method::GET, &["v1", "domain-events", "stream"]);
        match Connection::open(request).await {
            Err(error) if attempt < client.settings.retries && pause::may_pass(&error) => {
                tracing::debug!(%error, "the events cannot be followed; trying again");
                attempt += 1;
                time::sleep(pause::backoff(attempt)).await;
            }
            answer => return answer,
        }
    }
}
