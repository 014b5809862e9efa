//! Batches requests to create tasks: concurrent requests share a transaction.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    create::{Creation, TaskRequest},
    engine::Engine,
    error::Error,
    intake::{Intake, Place},
    measure,
};

/// The maximum number of creations in one transaction.
const CREATION_BATCH: usize = 128;
/// A request, whom to answer, and its place among the creations that wait.
type PendingCreation = (TaskRequest, Answer);

#[derive(Debug)]
struct Answer {
    sender: oneshot::Sender<Result<Creation, Error>>,
    _place: Place,
}

/// The receiver of requests to create tasks.
#[derive(Debug)]
pub struct PendingCreations(mpsc::UnboundedReceiver<PendingCreation>);

/// The sender of requests to create tasks. The intake bounds them.
#[derive(Debug, Clone)]
pub(crate) struct Creations {
    sender: mpsc::UnboundedSender<PendingCreation>,
    intake: Arc<Intake>,
}

impl Creations {
    /// Creates a pair of sender and receiver.
    pub(crate) fn new(intake: Arc<Intake>) -> (Self, PendingCreations) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender, intake }, PendingCreations(receiver))
    }

    /// Creates a task in the next transaction.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many wait; [`Error::Stopping`] if the receiver has stopped; otherwise the error of the
    /// creation.
    pub(crate) async fn create(&self, request: TaskRequest) -> Result<Creation, Error> {
        let place =
            self.intake.take(1, request.size()).inspect_err(|error| measure::refused_at_once(1, error))?;
        let (sender, answer) = oneshot::channel();
        self.sender.send((request, Answer { sender, _place: place })).map_err(|_| Error::Stopping)?;
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
            let requests = requests.into_iter().map(|request| (request, None)).collect();
            for (created, answer) in engine.create_admitted(requests).await.into_iter().zip(answers) {
                // The caller may have gone; the task stays created.
                let _ = answer.sender.send(created);
            }
        }
    }
}
