//! When a server on a pair of streams ends.

use std::time::Duration;

use tasker_mcp::{ServeError, Server, serve};
use tokio::{io::AsyncWriteExt, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{client::SETTINGS, fake::Fake};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn it_ends_when_it_is_stopped_before_and_after_a_client_came() {
    for has_client in [false, true] {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (reader, writer) = tokio::io::split(theirs);
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(Server::new(Fake::new(), &SETTINGS), reader, writer, stop.clone()));
        let client = if has_client { Some(rmcp::ServiceExt::serve((), ours).await.unwrap()) } else { None };
        stop.cancel();
        timeout(SOON, server).await.unwrap().unwrap().unwrap();
        drop(client);
    }
}

#[tokio::test]
async fn it_ends_when_the_client_goes() {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (reader, writer) = tokio::io::split(theirs);
    let server =
        tokio::spawn(serve(Server::new(Fake::new(), &SETTINGS), reader, writer, CancellationToken::new()));
    let client = rmcp::ServiceExt::serve((), ours).await.unwrap();
    client.cancel().await.unwrap();
    timeout(SOON, server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn it_refuses_who_does_not_speak_the_protocol() {
    let (mut ours, theirs) = tokio::io::duplex(1 << 16);
    let (reader, writer) = tokio::io::split(theirs);
    let server =
        tokio::spawn(serve(Server::new(Fake::new(), &SETTINGS), reader, writer, CancellationToken::new()));
    ours.write_all(b"hello\n").await.unwrap();
    drop(ours);
    let ended = timeout(SOON, server).await.unwrap().unwrap();
    assert!(matches!(ended, Err(ServeError::Opening(_))), "{ended:?}");
}
