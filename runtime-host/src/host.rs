//! The host: setup and public operations.

use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;

use tasker_protocol::{Execution, Limits, StepDispatch};
use tasker_telemetry::SpanKind;
use tasker_transport::KeyValueStore;
use tokio::sync::Semaphore;

use crate::admission::{Admission, Admitted, for_handlers};
use crate::capability::http::HttpClient;
#[cfg(feature = "compiler")]
use crate::describe::{self, ComponentDescription};
use crate::execution::pipeline;
use crate::execution::traced::Traced;
use crate::machine::Machine;
use crate::pool::Reset;
use crate::sandboxes::{self, Plan};
use crate::shared::Shared;
use crate::{ComponentError, ComponentSource, ExecutionControl, HostConfig, HostError, SecretSource};

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
        Self::on(Machine::here(), config, components, secrets)
    }

    fn on(
        machine: Machine,
        config: HostConfig,
        components: Arc<dyn ComponentSource>,
        secrets: Arc<dyn SecretSource>,
    ) -> Result<Self, HostError> {
        let concurrent = config.max_concurrent.max(1);
        let permits = Arc::new(Semaphore::new(concurrent));
        let reset = sandboxes::reset_on(&machine);
        let plan = Plan { config: config.clone(), components, permits: permits.clone() };
        let sandboxes = plan.build(reset)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let http = Arc::new(HttpClient::new(&config)?);
        let memory = config.max_memory_bytes.unwrap_or_else(|| for_handlers(machine.memory()));
        let admission = Admission::new(memory);
        tracing::info!(host = config.name, concurrent, memory = admission.total(), "host ready");
        let shared = Shared {
            sandboxes: RwLock::new(Arc::new(sandboxes)),
            secrets,
            http,
            key_values: OnceLock::new(),
            admission,
            permits,
            turns: Arc::new(Semaphore::new(threads)),
            #[cfg(feature = "compiler")]
            describing: Semaphore::new(1),
            ceilings: config.ceilings,
            cancel_grace: Duration::from_millis(config.cancel_grace_ms),
            name: config.name,
        };
        let shared = Arc::new(shared);
        if reset == Reset::Touched {
            sandboxes::watch(&shared, machine, plan)?;
        }
        Ok(Self { shared })
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
        self.shared.sandboxes().library.get_for_step(digest).await.map(drop)
    }

    /// The same, for a step, and traced with it.
    pub(crate) async fn prepare_for(&self, dispatch: &StepDispatch) -> Result<(), ComponentError> {
        let component = &dispatch.handler.component;
        let calls = if self.has_loaded(component) {
            None
        } else {
            Traced::of(dispatch).and_then(|traced| traced.calls())
        };
        let call = calls.and_then(|calls| calls.begin(SpanKind::Internal, "compile"));
        let prepared = self.prepare(component).await;
        if let Some(call) = call {
            let error = prepared.as_ref().err().map(ToString::to_string);
            call.ended(vec![("tasker.component", component.as_str().into())], error);
        }
        prepared
    }

    /// How many components are loaded.
    pub(crate) fn loaded_components(&self) -> usize {
        self.shared.sandboxes().library.count()
    }

    /// Whether a component is loaded, so that an execution starts at once.
    pub(crate) fn has_loaded(&self, digest: &str) -> bool {
        self.shared.sandboxes().library.loaded(digest).is_some()
    }

    /// Runs one attempt of one step. Never fails itself: every problem becomes an `Ending::Failed`.
    pub async fn execute(&self, dispatch: &StepDispatch, control: &ExecutionControl) -> Execution {
        pipeline::execute(&self.shared, dispatch, control, None).await
    }

    /// The same, with memory that was taken before.
    pub(crate) async fn execute_admitted(
        &self,
        dispatch: &StepDispatch,
        control: &ExecutionControl,
        admitted: Option<Admitted>,
    ) -> Execution {
        pipeline::execute(&self.shared, dispatch, control, admitted).await
    }

    /// Returns the limits that an execution with these limits gets here.
    pub(crate) fn limits(&self, asked: Limits) -> Limits {
        self.shared.ceilings.lower(asked)
    }

    /// The memory for executions.
    pub(crate) fn admission(&self) -> &Admission {
        &self.shared.admission
    }
}

#[cfg(all(test, feature = "compiler"))]
mod tests {
    use tasker_protocol::{Ending, HandlerReference};

    use super::*;
    use crate::{ComponentSourceError, NoSecrets, testing::dispatch};

    /// A command that does nothing.
    const COMMAND: &str = r#"(component
        (core module $m (func (export "run") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $run (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $run)))"#;

    const NO_SWAP: &str = "Filename\tType\tSize\tUsed\tPriority\n";

    /// A command that writes to a hundred pages of an image, each far from the next. It fails if it finds anything there, or
    /// if the image is not as it was.
    const SCATTERED: &str = r#"(component
        (core module $m
            (memory 64)
            (data (i32.const 0) "first")
            (data (i32.const 4100000) "last")
            (func (export "run") (result i32)
                (local $at i32)
                (loop $pages
                    (local.set $at (i32.add (local.get $at) (i32.const 28672)))
                    (if (i32.load (local.get $at)) (then (return (i32.const 1))))
                    (i32.store (local.get $at) (i32.const -1))
                    (br_if $pages (i32.lt_u (local.get $at) (i32.const 2867200))))
                (i32.ne (i32.load (i32.const 0)) (i32.const 0x73726966))))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $run (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $run)))"#;

    struct OneCommand(&'static str);

    #[async_trait::async_trait]
    impl ComponentSource for OneCommand {
        async fn fetch(&self, _: &str) -> Result<Vec<u8>, ComponentSourceError> {
            Ok(wat::parse_str(self.0).unwrap())
        }
    }

    fn command(text: &str) -> StepDispatch {
        let component = tasker_transport::sha256_hex(&wat::parse_str(text).unwrap());
        dispatch(HandlerReference { callable: "command".to_owned(), component, function: "run".to_owned() })
    }

    /// A host on a machine without swap, which this folder describes.
    fn without_swap(root: &std::path::Path, command: &'static str) -> Host {
        std::fs::create_dir_all(root.join("proc")).unwrap();
        std::fs::write(root.join("proc/swaps"), NO_SWAP).unwrap();
        let config = HostConfig { cache_dir: root.join("cache"), max_concurrent: 2, ..HostConfig::default() };
        Host::on(Machine::under(root), config, Arc::new(OneCommand(command)), Arc::new(NoSecrets)).unwrap()
    }

    /// The page faults of this thread so far.
    fn page_faults() -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        // The tenth field; the second is a name in parentheses.
        status.rsplit(')').next().unwrap().split_whitespace().nth(7).unwrap().parse().unwrap()
    }

    /// Executions run on the thread of this test.
    #[tokio::test]
    async fn a_large_component_touches_its_pages_without_faults_and_finds_them_as_they_were() {
        let root = tempfile::tempdir().unwrap();
        let host = without_swap(root.path(), SCATTERED);
        let run = async || {
            let execution = host.execute(&command(SCATTERED), &ExecutionControl::new()).await;
            assert!(matches!(execution.ending, Ending::Complete(_)), "{:?}", execution.ending);
        };
        for _ in 0..20 {
            run().await;
        }
        let before = page_faults();
        for _ in 0..20 {
            run().await;
        }
        let faults = page_faults() - before;
        if wasmtime::PoolingAllocationConfig::is_pagemap_scan_available() {
            assert!(faults < 20 * 20, "{faults} page faults in 20 executions that touch 100 pages each");
        }
    }

    #[tokio::test]
    async fn a_host_stops_scanning_once_its_memory_may_be_swapped_out() {
        let root = tempfile::tempdir().unwrap();
        let host = without_swap(root.path(), COMMAND);
        let swaps = root.path().join("proc/swaps");
        let run = async || {
            let execution = host.execute(&command(COMMAND), &ExecutionControl::new()).await;
            assert!(matches!(execution.ending, Ending::Complete(_)), "{:?}", execution.ending);
        };
        run().await;
        let before = host.shared.sandboxes();
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(host.shared.is_current(&before), "no swap, no change");

        std::fs::write(&swaps, format!("{NO_SWAP}/swapfile\tfile\t1024\t0\t-2\n")).unwrap();
        assert_eq!(sandboxes::reset_on(&Machine::under(root.path())), Reset::All);
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if !host.shared.is_current(&before) {
                break;
            }
        }
        let scans = wasmtime::PoolingAllocationConfig::is_pagemap_scan_available();
        assert_eq!(host.shared.is_current(&before), !scans, "the sandboxes are replaced if they scan");
        let now = host.shared.sandboxes();
        assert_eq!(now.library.loaded(&command(COMMAND).handler.component).is_some(), !scans);
        run().await;
        assert!(now.library.loaded(&command(COMMAND).handler.component).is_some(), "it ran in the new ones");
    }
}
