//! The engine: the shared state of all events on tasks. Each event has a folder that adds its methods to [`Engine`].

use std::sync::{Arc, atomic::AtomicBool};

use tasker_pool::Pool;
use tasker_transport::{BlobStore, Queue};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    breakers::Breakers, catalog::Catalog, dispatch::Dispatcher, error::Error, intake::Intake, measure,
    read::Reader, state::TaskState,
};

/// Returns numbers in [0, 1), the jitter of the backoff.
pub type Dice = Box<dyn Fn() -> f64 + Send + Sync>;

/// Creates tasks, applies reports, and applies operators' actions.
pub struct Engine {
    pub(crate) pool: Pool,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) dispatcher: Dispatcher,
    /// The queue of reports, which also carries retry timers.
    pub(crate) reports: Arc<dyn Queue>,
    pub(crate) blobs: BlobStore,
    pub(crate) dice: Dice,
    pub(crate) intake: Arc<Intake>,
    pub(crate) breakers: Arc<Breakers>,
    pub(crate) at_rest: broadcast::Sender<(Uuid, TaskState)>,
    /// Events were written since the last publication. Read by processes that do not listen for notifications.
    pub(crate) has_events: AtomicBool,
}

impl Engine {
    /// Returns tasks as they come to rest in this process. A listener that falls behind misses some and must query
    /// them.
    pub fn tasks_at_rest(&self) -> broadcast::Receiver<(Uuid, TaskState)> {
        self.at_rest.subscribe()
    }

    /// Whether a request of this size to create a task would be admitted now. For callers that have not read it yet.
    ///
    /// # Errors
    /// [`Error::Overloaded`] and [`Error::Paused`] if not.
    pub fn check_creation(&self, bytes: usize) -> Result<(), Error> {
        let away = |paused| Error::Paused { service: "database", paused };
        let checked = self.breakers.database.check().map_err(away).and_then(|()| self.intake.check(bytes));
        checked.inspect_err(|error| measure::refused_at_once(1, error))
    }

    pub(crate) fn announce(&self, task: Uuid, state: TaskState) {
        // This fails without a listener, which is fine.
        let _ = self.at_rest.send((task, state));
    }
}
