//! Responses without an end: how many there may be, and when they end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Extension, http::HeaderMap};
use tasker_orchestrator::access::{Permission, Principal};
use tasker_telemetry::metrics;
use tokio_util::sync::CancellationToken;

use crate::{
    guardian::Guardian,
    problem::{ApiError, Code},
    tasks::AnswerBy,
};

/// How often a stream without events sends a comment, so that nothing between takes it for dead.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a stream lasts in a process that ends its requests.
const IN_A_FUNCTION: Duration = Duration::from_secs(5);
/// The maximum number of streams of this process. Over HTTP/1.1 each holds a connection.
const MOST: usize = 512;
/// The maximum number of streams of one principal that is known.
const MOST_OF_ONE: usize = 20;

/// The open streams of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// A stream's place among them, which dropping it frees.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    streams: Streams,
    of: String,
}

impl Streams {
    /// Takes a place.
    pub(crate) fn enter(&self, principal: &Principal) -> Result<StreamPlace, ApiError> {
        // Everybody on a server that authenticates nobody is one principal.
        let most = if principal.is_known() { MOST_OF_ONE } else { MOST };
        let of = principal.id.clone().unwrap_or_else(|| principal.name.clone());
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(&of).copied().unwrap_or(0);
        if own >= most || open.values().sum::<usize>() >= MOST {
            let message = format!(
                "there are too many open streams ({own} of yours; {most} are allowed, and {MOST} in all): close one"
            );
            return Err(ApiError::new(Code::TooManyRequests, message));
        }
        open.insert(of.clone(), own + 1);
        count(1);
        Ok(StreamPlace { streams: self.clone(), of })
    }
}

/// Measures a stream that begins or ends.
fn count(streams: i64) {
    if let Some(metrics) = metrics() {
        metrics.streams_open.add(streams, []);
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        count(-1);
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.of);
            }
        }
    }
}

/// Returns when a stream must end: with the server, with the caller's right to it, or before the function around it.
pub(crate) async fn ended(
    guardian: Guardian,
    headers: HeaderMap,
    permission: Permission,
    answer_by: Option<Extension<AnswerBy>>,
    stop: CancellationToken,
) {
    let last_moment = async {
        match answer_by {
            // Each stream occupies a whole function.
            Some(Extension(AnswerBy(until))) => {
                let soon = tokio::time::Instant::now() + IN_A_FUNCTION;
                tokio::time::sleep_until(soon.min(until.into())).await;
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = stop.cancelled_owned() => {}
        () = guardian.refuses(headers, permission) => {}
        () = last_moment => {}
    }
}

#[cfg(test)]
mod tests {
    use tasker_orchestrator::access::PrincipalKind;

    use super::*;

    fn key(id: &str) -> Principal {
        Principal { kind: PrincipalKind::Key, name: "same".to_owned(), id: Some(id.to_owned()) }
    }

    #[test]
    fn each_key_has_so_many_streams_and_a_closed_one_makes_room() {
        let streams = Streams::default();
        let mut places: Vec<_> = (0..MOST_OF_ONE).map(|_| streams.enter(&key("a")).unwrap()).collect();
        assert!(streams.enter(&key("a")).is_err());
        assert!(streams.enter(&key("b")).is_ok());
        places.pop();
        assert!(streams.enter(&key("a")).is_ok());
        drop(places);
        assert!(streams.0.lock().unwrap().is_empty());
    }

    #[test]
    fn all_together_have_so_many() {
        let streams = Streams::default();
        let places: Vec<_> = (0..MOST)
            .map(|number| streams.enter(&key(&(number / MOST_OF_ONE).to_string())).unwrap())
            .collect();
        assert!(streams.enter(&key("another")).is_err());
        drop(places);
        assert!(streams.enter(&key("another")).is_ok());
    }
}
