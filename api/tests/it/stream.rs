//! Streams of server-sent events.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http_body_util::BodyExt;
use serde_json::Value;

/// An event of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// An open stream.
pub(crate) struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    pub(crate) fn of(response: Response) -> Self {
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event, or none at the end.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((event, rest)) =
                self.text.split_once("\n\n").map(|(one, rest)| (one.to_owned(), rest.to_owned()))
            {
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(|value| value.trim().to_owned())
                };
                let told = field("event:").map(|name| Told {
                    name,
                    id: field("id:"),
                    data: serde_json::from_str(&field("data:").unwrap()).unwrap(),
                });
                self.text = rest;
                match told {
                    Some(told) => return Some(told),
                    // A comment.
                    None => continue,
                }
            }
            let frame = tokio::time::timeout(Duration::from_secs(30), self.body.frame());
            let frame = frame.await.expect("the stream stands still")?.unwrap();
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    pub(crate) async fn rest(mut self) -> Vec<Told> {
        let mut told = Vec::new();
        while let Some(next) = self.next().await {
            told.push(next);
        }
        told
    }
}
