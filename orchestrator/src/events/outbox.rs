//! The shared state of publishing and delivering events.

use std::{collections::BTreeMap, sync::Arc};

use tasker_pool::Pool;
use tasker_transport::{BlobStore, Outlet};
use tokio::sync::{Notify, broadcast};

use crate::{catalog::Catalog, engine::Engine};

/// The outlets for domain events, by kind of subscription: `webhook`, `queue`.
pub type Outlets = BTreeMap<&'static str, Arc<dyn Outlet>>;

/// Domain events: subscriptions, publishing and delivery.
pub struct Events {
    pub(crate) pool: Pool,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) blobs: BlobStore,
    /// For subscriptions that start a task.
    pub(crate) engine: Arc<Engine>,
    pub(crate) outlets: Outlets,
    pub(crate) told: broadcast::Sender<Arc<str>>,
    pub(crate) deliverable: Notify,
}
