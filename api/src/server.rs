//! The HTTP server: a bounded number of connections, and a bounded time for clients that send slowly.

use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Extension, Router, http::Request, middleware::AddExtension};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tower::{Layer as _, ServiceExt as _};
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::trail::Peer;

/// The maximum number of open connections. Further ones wait until one is closed. Half of the files that a process may
/// usually open.
const MAX_CONNECTIONS: usize = 768;
/// How long a client may take to send a request's head, and may keep an unused connection open.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How an HTTP/2 connection begins, without encryption.
const HTTP2: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The pause between looks at a connection whose first bytes have not all come.
const LOOK_PAUSE: Duration = Duration::from_millis(10);
/// The maximum number of requests at once on an HTTP/2 connection.
const MAX_HTTP2_REQUESTS: u32 = 128;
/// The maximum size of the headers of an HTTP/2 request, in bytes.
const MAX_HTTP2_HEADERS: u32 = 32 << 10;
/// How long an HTTP/2 connection without a new request is kept open. Then requests that run are finished, and a client connects
/// again for the next.
const HTTP2_IDLE: Duration = Duration::from_secs(300);
/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say so.
const HTTP2_PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// How long a client may pause while it sends a request's body.
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// How long running requests may continue when the server stops. A client may wait up to a minute for a task; a stopping
/// process does not.
const LAST_REQUESTS: Duration = Duration::from_secs(2);
/// The pause after a connection could not be accepted, for example because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until `stop` is cancelled, then finishes running requests.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let router = router.layer(RequestBodyTimeoutLayer::new(BODY_PAUSE));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = GracefulShutdown::new();
    let protocols = Arc::new(Protocols::new());
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                // Send small responses at once.
                let _ = stream.set_nodelay(true);
                let router = Extension(Peer(address.ip())).layer(router.clone());
                let (protocols, watcher, stop) =
                    (Arc::clone(&protocols), connections.watcher(), stop.clone());
                tokio::spawn(async move {
                    protocols.serve(stream, router, watcher, &stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_REQUESTS, connections.shutdown()).await;
}

/// The routes, with the address of the client.
type PeerRouter = AddExtension<Router, Peer>;

/// The settings of HTTP/1.1 and HTTP/2, which clients choose by how they begin.
struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    fn new() -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        let (interval, timeout) = HTTP2_PING;
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_HTTP2_REQUESTS)
            .max_header_list_size(MAX_HTTP2_HEADERS)
            .keep_alive_interval(interval)
            .keep_alive_timeout(timeout);
        Self { http1, http2 }
    }

    /// Serves a connection until it ends.
    async fn serve(&self, stream: TcpStream, router: PeerRouter, watcher: Watcher, stop: &CancellationToken) {
        let begun = tokio::select! {
            begun = tokio::time::timeout(HEAD_TIMEOUT, is_http2(&stream)) => begun,
            () = stop.cancelled() => return,
        };
        let ended = match begun {
            Ok(Ok(true)) => {
                let ended = self.serve_http2(stream, router, stop).await;
                // The server's end waited for this.
                drop(watcher);
                ended
            }
            Ok(Ok(false)) => {
                let service = TowerToHyperService::new(router);
                watcher.watch(self.http1.serve_connection(TokioIo::new(stream), service)).await
            }
            Ok(Err(error)) => return tracing::debug!(%error, "a connection ended"),
            Err(_) => return tracing::debug!("a connection ended without a request"),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
    }

    /// Serves an HTTP/2 connection until it ends: then, or when it is idle or the server stops, requests that run are finished.
    async fn serve_http2(
        &self,
        stream: TcpStream,
        router: PeerRouter,
        stop: &CancellationToken,
    ) -> Result<(), hyper::Error> {
        let last = Arc::new(Mutex::new(Instant::now()));
        let begun = Arc::clone(&last);
        let service = TowerToHyperService::new(router.map_request(move |request: Request<Incoming>| {
            *begun.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            request
        }));
        let mut connection = pin!(self.http2.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = stop.cancelled() => {}
            () = idle(&last) => {}
        }
        connection.as_mut().graceful_shutdown();
        connection.await
    }
}

/// Returns when no request has come for a while.
async fn idle(last: &Mutex<Instant>) {
    loop {
        let end = *last.lock().unwrap_or_else(PoisonError::into_inner) + HTTP2_IDLE;
        if Instant::now() >= end {
            return;
        }
        tokio::time::sleep_until(end).await;
    }
}

/// Looks at how a connection begins, and leaves it to be read.
async fn is_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; HTTP2.len()];
    loop {
        let count = stream.peek(&mut start).await?;
        let is_whole = count == HTTP2.len();
        if count == 0 || is_whole || !HTTP2.starts_with(&start[..count]) {
            return Ok(is_whole && start == *HTTP2);
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}
