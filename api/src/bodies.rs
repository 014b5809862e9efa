//! The room for bodies of requests: how many bytes of them may be in memory at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{Request, State},
    http::{HeaderMap, header::CONTENT_LENGTH},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tasker_orchestrator::Error;
use tasker_telemetry::metrics;
use tokio_stream::StreamExt as _;

use crate::problem::ApiError;

/// The default of [`crate::Doors::max_bodies_bytes`].
pub const MAX_BODIES_BYTES: usize = 512 << 20;

/// The bodies in memory.
#[derive(Debug)]
pub(crate) struct Bodies {
    longest: usize,
    taken: AtomicUsize,
}

/// The part of one request. It is given back when all parts of the request that hold it have ended.
#[derive(Debug)]
pub(crate) struct Share {
    bodies: Arc<Bodies>,
    taken: AtomicUsize,
    was_refused: AtomicBool,
}

impl Bodies {
    pub(crate) fn new(longest: usize) -> Arc<Self> {
        Arc::new(Self { longest, taken: AtomicUsize::new(0) })
    }

    fn take(&self, bytes: usize) -> bool {
        let add = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.longest);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }
}

impl Share {
    /// Takes the room for what has come of a body.
    fn grow(&self, bytes: usize) -> Result<(), Error> {
        if self.bodies.take(bytes) {
            self.taken.fetch_add(bytes, Ordering::Relaxed);
            return Ok(());
        }
        self.was_refused.store(true, Ordering::Relaxed);
        Err(Error::Overloaded)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.bodies.taken.fetch_sub(*self.taken.get_mut(), Ordering::Relaxed);
    }
}

/// The length that a request announces. 0 if it does not.
pub(crate) fn announced(headers: &HeaderMap) -> usize {
    headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

/// Refuses a request for whose body there is no room: before the body is read if its length is announced, else when there is
/// none left. A slow sender holds room only for what it has sent.
pub(crate) async fn bound(State(bodies): State<Arc<Bodies>>, mut request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_call = tasker_grpc::is_call(request.headers());
    let refused = || {
        if let Some(metrics) = metrics() {
            metrics.overloaded.add(1, ["bodies".into()]);
        }
        let error = ApiError::from(Error::Overloaded);
        if is_call {
            tasker_grpc::unavailable(&error.to_string()).map(Body::new)
        } else {
            error.into_response()
        }
    };
    let room = bodies.longest.saturating_sub(bodies.taken.load(Ordering::Relaxed));
    if announced(request.headers()) > room {
        return refused();
    }
    let share = Arc::new(Share { bodies, taken: AtomicUsize::new(0), was_refused: AtomicBool::new(false) });
    // Whoever goes on with the request when its client has gone keeps it.
    request.extensions_mut().insert(Arc::clone(&share));
    let counted = Arc::clone(&share);
    let request = request.map(|body| {
        Body::from_stream(body.into_data_stream().map(move |data| -> Result<Bytes, axum::BoxError> {
            let data = data?;
            counted.grow(data.len())?;
            Ok(data)
        }))
    });
    let response = next.run(request).await;
    if share.was_refused.load(Ordering::Relaxed) { refused() } else { response }
}
