//! What all executions of a host share.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tasker_transport::KeyValueStore;
use tokio::sync::Semaphore;
use wasmtime::Engine;

use crate::{SecretSource, capability::http::HttpClient, component::library::Library};

/// State that all executions share.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) engine: Engine,
    pub(crate) library: Library,
    pub(crate) secrets: Arc<dyn SecretSource>,
    pub(crate) http: Arc<HttpClient>,
    pub(crate) key_values: OnceLock<Arc<dyn KeyValueStore>>,
    /// One permit per pool slot for executions.
    pub(crate) permits: Arc<Semaphore>,
    /// One permit per thread; see [`crate::execution::meter`].
    pub(crate) turns: Arc<Semaphore>,
    /// The pool slot for `describe`.
    #[cfg(feature = "compiler")]
    pub(crate) describing: Semaphore,
    pub(crate) cancel_grace: Duration,
}
