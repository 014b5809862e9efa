//! The host: setup and public operations.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tasker_protocol::{Execution, StepDispatch};
use tasker_transport::KeyValueStore;
use tokio::sync::Semaphore;

use crate::capability::http::HttpClient;
use crate::component::library::Library;
#[cfg(feature = "compiler")]
use crate::describe::{self, ComponentDescription};
use crate::execution::pipeline;
use crate::shared::Shared;
use crate::{ComponentError, ComponentSource, ExecutionControl, HostConfig, HostError, SecretSource, engine};

/// Runs handlers. Cheap to clone; clones share one host.
#[derive(Clone)]
pub struct Host {
    shared: Arc<Shared>,
}

impl Host {
    /// Creates the engine, its pool and its cache. Call it once per process: the pool reserves address space.
    pub fn new(
        config: HostConfig,
        components: Arc<dyn ComponentSource>,
        secrets: Arc<dyn SecretSource>,
    ) -> Result<Self, HostError> {
        let concurrent = config.max_concurrent.max(1);
        let engine = engine::build(concurrent)?;
        let permits = Arc::new(Semaphore::new(concurrent));
        engine::start_ticker(&engine, &permits, concurrent)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let library = Library::new(&engine, &config, components)?;
        let http = Arc::new(HttpClient::new(&config)?);
        tracing::info!(host = config.name, concurrent, "host ready");
        let shared = Shared {
            engine,
            library,
            secrets,
            http,
            key_values: OnceLock::new(),
            permits,
            turns: Arc::new(Semaphore::new(threads)),
            #[cfg(feature = "compiler")]
            describing: Semaphore::new(1),
            cancel_grace: Duration::from_millis(config.cancel_grace_ms),
            name: config.name,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Sets the key-value store for `grants.key_value`. Without a store, handlers cannot open buckets. Only
    /// the first call has an effect.
    #[must_use]
    pub fn with_key_values(self, store: Arc<dyn KeyValueStore>) -> Self {
        self.shared.key_values.get_or_init(|| store);
        self
    }

    /// The name of this host.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    #[cfg(feature = "compiler")]
    /// Returns the handlers of a component. Compiles it, checks it against the contract and calls its
    /// `describe` in a sandbox without grants. A component that passes can be published.
    pub async fn describe(&self, wasm: &[u8]) -> Result<ComponentDescription, ComponentError> {
        describe::describe(&self.shared, wasm).await
    }

    /// Loads a component before its first execution.
    pub async fn prepare(&self, digest: &str) -> Result<(), ComponentError> {
        self.shared.library.get(digest).await.map(drop)
    }

    /// Runs one attempt of one step. Never fails itself: every problem becomes an `Ending::Failed`.
    pub async fn execute(&self, dispatch: &StepDispatch, control: &ExecutionControl) -> Execution {
        pipeline::execute(&self.shared, dispatch, control).await
    }
}
