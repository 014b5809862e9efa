//! Batches requests to create tasks: concurrent requests share a transaction.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    create::{Creation, TaskRequest},
    engine::Engine,
    error::Error,
};

/// The maximum number of creations in one transaction.
const CREATION_BATCH: usize = 128;
/// How many creations may wait for the next transaction before callers block.
const MAX_PENDING: usize = 10_000;

type PendingCreation = (TaskRequest, oneshot::Sender<Result<Creation, Error>>);

/// The receiver of requests to create tasks.
#[derive(Debug)]
pub struct PendingCreations(mpsc::Receiver<PendingCreation>);

/// The sender of requests to create tasks.
#[derive(Debug, Clone)]
pub(crate) struct Creations(mpsc::Sender<PendingCreation>);

impl Creations {
    /// Creates a pair of sender and receiver.
    pub(crate) fn new() -> (Self, PendingCreations) {
        let (sender, receiver) = mpsc::channel(MAX_PENDING);
        (Self(sender), PendingCreations(receiver))
    }

    /// Creates a task in the next transaction.
    ///
    /// # Errors
    /// [`Error::Stopping`] if the receiver has stopped; otherwise the error of the creation.
    pub(crate) async fn create(&self, request: TaskRequest) -> Result<Creation, Error> {
        let (sender, answer) = oneshot::channel();
        self.0.send((request, sender)).await.map_err(|_| Error::Stopping)?;
        answer.await.map_err(|_| Error::Stopping)?
    }
}

impl PendingCreations {
    /// Creates the requested tasks until `stop` is cancelled.
    pub(crate) async fn run(mut self, engine: &Engine, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(CREATION_BATCH);
        loop {
            tokio::select! {
                biased;
                count = self.0.recv_many(&mut batch, CREATION_BATCH) => if count == 0 { return },
                () = stop.cancelled() => {
                    // Pending requests are still processed; later ones get [`Error::Stopping`].
                    self.0.close();
                    continue;
                }
            }
            let (requests, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            for (created, answer) in engine.create_tasks(requests).await.into_iter().zip(answers) {
                // The caller may have gone; the task stays created.
                let _ = answer.send(created);
            }
        }
    }
}
