//! Serves MCP over the standard streams, or any pair of streams.

use rmcp::ServiceExt;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::server::Server;

/// Why a connection failed.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The client did not open the connection as the protocol asks.
    #[error("the MCP client did not open the connection: {0}")]
    Opening(String),
    /// The server's task ended abnormally.
    #[error("the MCP server ended abnormally: {0}")]
    Ended(String),
}

/// Serves on standard input and output until the client closes them or `stop` is cancelled. Nothing else may write to
/// standard output meanwhile.
///
/// # Errors
/// [`ServeError`]
pub async fn serve_stdio(server: Server, stop: CancellationToken) -> Result<(), ServeError> {
    let (reader, writer) = rmcp::transport::stdio();
    serve(server, reader, writer, stop).await
}

/// Serves on a pair of streams until the client closes them or `stop` is cancelled.
///
/// # Errors
/// [`ServeError`]
pub async fn serve<R, W>(
    server: Server,
    reader: R,
    writer: W,
    stop: CancellationToken,
) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let opened = tokio::select! {
        opened = server.serve_with_ct((reader, writer), stop.clone()) => opened,
        () = stop.cancelled() => return Ok(()),
    };
    let running = match opened {
        Ok(running) => running,
        Err(_) if stop.is_cancelled() => return Ok(()),
        Err(error) => return Err(ServeError::Opening(error.to_string())),
    };
    running.waiting().await.map_err(|error| ServeError::Ended(error.to_string()))?;
    Ok(())
}
