//! What all executions of a host share.

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use tasker_transport::KeyValueStore;
use tokio::sync::Semaphore;
use wasmtime::Engine;

use crate::{SecretSource, admission::Admission, capability::http::HttpClient, component::library::Library};

/// An engine with the components that are loaded into it.
pub(crate) struct Sandboxes {
    pub(crate) engine: Engine,
    pub(crate) library: Library,
}

/// State that all executions share.
pub(crate) struct Shared {
    pub(crate) name: String,
    /// Those of new executions; see [`crate::sandboxes`].
    pub(crate) sandboxes: RwLock<Arc<Sandboxes>>,
    pub(crate) secrets: Arc<dyn SecretSource>,
    pub(crate) ceilings: crate::Ceilings,
    pub(crate) http: Arc<HttpClient>,
    pub(crate) key_values: OnceLock<Arc<dyn KeyValueStore>>,
    /// The memory for executions.
    pub(crate) admission: Admission,
    /// One permit per pool slot for executions.
    pub(crate) permits: Arc<Semaphore>,
    /// One permit per thread; see [`crate::execution::meter`].
    pub(crate) turns: Arc<Semaphore>,
    /// The pool slot for `describe`.
    #[cfg(feature = "compiler")]
    pub(crate) describing: Semaphore,
    pub(crate) cancel_grace: Duration,
}

impl Shared {
    /// The engine and the components for a new execution.
    pub(crate) fn sandboxes(&self) -> Arc<Sandboxes> {
        self.sandboxes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether an execution may still start in them.
    pub(crate) fn is_current(&self, sandboxes: &Arc<Sandboxes>) -> bool {
        Arc::ptr_eq(sandboxes, &self.sandboxes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Executions start in these from now on. Running ones end where they are.
    pub(crate) fn replace_sandboxes(&self, sandboxes: Sandboxes) {
        *self.sandboxes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(sandboxes);
    }

    /// No further execution starts.
    pub(crate) fn close(&self) {
        self.permits.close();
        #[cfg(feature = "compiler")]
        self.describing.close();
    }
}
