//! What the events on tasks work with. Each event has a folder, which adds to [`Engine`] what it does.

use std::sync::{Arc, atomic::AtomicBool};

use tasker_transport::{BlobStore, Queue};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{catalog::Catalog, database::pool::Pool, dispatch::Dispatcher, read::Reader, state::TaskState};

/// Numbers in [0, 1) that spread the waits between attempts.
pub type Dice = Box<dyn Fn() -> f64 + Send + Sync>;

/// Creates tasks, applies reports, and does what operators ask for.
pub struct Engine {
    pub(crate) pool: Pool,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) dispatcher: Dispatcher,
    /// For the timers of retries.
    pub(crate) reports: Arc<dyn Queue>,
    pub(crate) blobs: BlobStore,
    pub(crate) dice: Dice,
    pub(crate) at_rest: broadcast::Sender<(Uuid, TaskState)>,
    /// Events were written since they were last published, by a process that is not listening for them.
    pub(crate) has_events: AtomicBool,
}

impl Engine {
    /// Tasks as they come to rest in this process. A listener that falls behind misses some and must look itself.
    pub fn tasks_at_rest(&self) -> broadcast::Receiver<(Uuid, TaskState)> {
        self.at_rest.subscribe()
    }

    pub(crate) fn announce(&self, task: Uuid, state: TaskState) {
        // Without a listener there is nobody to tell.
        let _ = self.at_rest.send((task, state));
    }
}
