//! An open stream of server-sent events.

use std::time::Duration;

use reqwest::Response;
use tokio::time;

use crate::{
    error::Result,
    request::Request,
    sse::{Parser, Sent},
};

/// The server sends a comment every 15 seconds: a stream without a byte for so long is dead.
const SILENCE: Duration = Duration::from_secs(45);

pub(crate) struct Connection {
    response: Response,
    parser: Parser,
}

impl Connection {
    pub(crate) async fn open(request: Request) -> Result<Self> {
        let response = request.header("accept", "text/event-stream").open().await?;
        Ok(Self { response, parser: Parser::default() })
    }

    /// The next event. None once the connection has ended, in whatever way.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some(sent) = self.parser.next() {
                return Some(sent);
            }
            let chunk = time::timeout(SILENCE, self.response.chunk()).await;
            self.parser.feed(&chunk.ok()?.ok()??);
        }
    }
}
