//! A stream of server-sent events over as many connections as it takes.

use tokio::time;

use crate::{
    connection::Connection,
    error::{Error, Result},
    pause,
    request::Request,
    sse::Sent,
};

/// A stream that goes on where a connection broke.
pub(crate) struct Reconnecting {
    request: Request,
    /// What is followed, for errors.
    call: String,
    connection: Option<Connection>,
    /// The last id, from which the server goes on.
    pub(crate) last: Option<String>,
    /// The connections in sequence that brought nothing.
    failures: u32,
}

impl Reconnecting {
    pub(crate) fn new(request: Request, call: String) -> Self {
        Self { request, call, connection: None, last: None, failures: 0 }
    }

    /// What is followed, for errors.
    pub(crate) fn call(&self) -> String {
        self.call.clone()
    }

    /// Notes that this connection brought something new.
    pub(crate) fn works(&mut self) {
        self.failures = 0;
    }

    /// The next event, of this connection or of a later one.
    ///
    /// # Errors
    /// There is no hope, or connections break again and again.
    pub(crate) async fn next(&mut self) -> Result<Sent> {
        loop {
            match self.receive().await {
                Ok(Some(sent)) => return Ok(sent),
                Ok(None) => self.pause(None).await?,
                Err(error) => self.pause(Some(error)).await?,
            }
        }
    }

    /// The next event of the connection. None at the end of the connection.
    async fn receive(&mut self) -> Result<Option<Sent>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let request = self.request.clone();
                let request = match &self.last {
                    Some(last) => request.header("last-event-id", last),
                    None => request,
                };
                none.insert(Connection::open(request).await?)
            }
        };
        Ok(connection.next().await)
    }

    /// Waits before the next connection, unless there is no hope.
    async fn pause(&mut self, error: Option<Error>) -> Result<()> {
        self.connection = None;
        self.failures += 1;
        let is_enough = self.failures > self.request.retries();
        match error {
            Some(error) if is_enough || !pause::may_pass(&error) => Err(error),
            None if is_enough => Err(Error::Transport {
                call: self.call.clone(),
                request_id: None,
                source: "it breaks again and again: does a proxy on the way cut it?".into(),
            }),
            _ => {
                time::sleep(pause::backoff(self.failures)).await;
                Ok(())
            }
        }
    }
}
