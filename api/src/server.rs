//! The HTTP server: a bounded number of connections, and a bounded time for clients that send slowly.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tower::Layer as _;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::trail::Peer;

/// The maximum number of open connections. Further ones wait until one is closed. Half of the files that a process may
/// usually open.
const MAX_CONNECTIONS: usize = 512;
/// How long a client may take to send a request's head, and may keep an unused connection open.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
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
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
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
                let service = TowerToHyperService::new(Extension(Peer(address.ip())).layer(router.clone()));
                let served = connections.watch(http.serve_connection(TokioIo::new(stream), service));
                tokio::spawn(async move {
                    if let Err(error) = served.await {
                        tracing::debug!(%error, "a connection ended");
                    }
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
