//! Creating tasks one by one: requests made at the same time share a transaction.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    create::{Creation, TaskRequest},
    engine::Engine,
    error::Error,
};

/// How many creations one transaction takes at most.
const CREATION_BATCH: usize = 128;
/// How many creations may wait for the next transaction before callers wait too.
const MAX_PENDING: usize = 10_000;

type PendingCreation = (TaskRequest, oneshot::Sender<Result<Creation, Error>>);

/// Requests to create tasks that nobody has taken yet.
#[derive(Debug)]
pub struct PendingCreations(mpsc::Receiver<PendingCreation>);

/// Where requests to create tasks go.
#[derive(Debug, Clone)]
pub(crate) struct Creations(mpsc::Sender<PendingCreation>);

impl Creations {
    /// Both ends.
    pub(crate) fn new() -> (Self, PendingCreations) {
        let (sender, receiver) = mpsc::channel(MAX_PENDING);
        (Self(sender), PendingCreations(receiver))
    }

    /// Creates a task with the next transaction.
    ///
    /// # Errors
    /// [`Error::Stopping`] if nobody takes requests any more; what creating it returns otherwise.
    pub(crate) async fn create(&self, request: TaskRequest) -> Result<Creation, Error> {
        let (sender, answer) = oneshot::channel();
        self.0.send((request, sender)).await.map_err(|_| Error::Stopping)?;
        answer.await.map_err(|_| Error::Stopping)?
    }
}

impl PendingCreations {
    /// Takes requests until `stop` is cancelled.
    pub(crate) async fn run(mut self, engine: &Engine, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(CREATION_BATCH);
        loop {
            tokio::select! {
                biased;
                count = self.0.recv_many(&mut batch, CREATION_BATCH) => if count == 0 { return },
                () = stop.cancelled() => {
                    // Whoever has asked by now is answered; whoever asks later is told to come back.
                    self.0.close();
                    continue;
                }
            }
            let (requests, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            for (created, answer) in engine.create_tasks(requests).await.into_iter().zip(answers) {
                // A caller who has gone away does not undo what was created.
                let _ = answer.send(created);
            }
        }
    }
}
