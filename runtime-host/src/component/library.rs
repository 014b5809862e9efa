//! The loaded components. Each is compiled and loaded once, however many executions need it at the same time.

use std::collections::HashMap;
#[cfg(feature = "compiler")]
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
#[cfg(feature = "compiler")]
use std::time::Duration;
use std::time::Instant;

use tasker_telemetry::metrics;
use tokio::sync::OnceCell;
#[cfg(feature = "compiler")]
use tokio::sync::Semaphore;
use wasmtime::Engine;

use super::cache::Cache;
use super::linker::{Imports, Linkers, Program};
use super::seal::{Verified, compiled_name};
use crate::pool::{self, Reset};
use crate::resident::Resident;
use crate::source::is_digest;
use crate::{CompileError, ComponentError, ComponentSource, ComponentSourceError, HostConfig, HostError};

/// A loaded component.
pub(crate) struct Loaded {
    /// The program to instantiate.
    pub(crate) program: Program,
    /// The capabilities that it imports.
    pub(crate) imports: Imports,
    /// The number of core module instances in it.
    pub(crate) core_instances: u32,
    /// For a large component whose touched pages are reset: keeps them resident.
    pub(crate) resident: Option<Resident>,
}

/// The slot of one component, empty until it is loaded.
#[derive(Default)]
struct Slot {
    loaded: OnceCell<Arc<Loaded>>,
    last_used: AtomicU64,
}

/// The compiler settings.
#[cfg(feature = "compiler")]
struct CompilerSettings {
    program: Option<PathBuf>,
    timeout: Duration,
    max_bytes: usize,
    /// Only one compilation at a time: each uses all cores and hundreds of megabytes.
    turn: Semaphore,
}

/// The loaded components and the means to load more.
pub(crate) struct Library {
    engine: Engine,
    reset: Reset,
    linkers: Linkers,
    cache: Arc<Cache>,
    source: Arc<dyn ComponentSource>,
    slots: RwLock<HashMap<String, Arc<Slot>>>,
    /// Counts uses, to find the least recently used slot.
    clock: AtomicU64,
    #[cfg(feature = "compiler")]
    compiler: CompilerSettings,
    max_loaded: usize,
}

impl Library {
    pub(crate) fn new(
        engine: &Engine,
        reset: Reset,
        config: &HostConfig,
        source: Arc<dyn ComponentSource>,
    ) -> Result<Self, HostError> {
        Ok(Self {
            engine: engine.clone(),
            reset,
            linkers: Linkers::new(engine).map_err(HostError::Engine)?,
            cache: Arc::new(Cache::open(&config.cache_dir, engine)?),
            source,
            slots: RwLock::default(),
            clock: AtomicU64::new(0),
            #[cfg(feature = "compiler")]
            compiler: CompilerSettings {
                program: config.compiler.clone(),
                timeout: Duration::from_secs(config.compile_timeout_seconds),
                max_bytes: config.max_component_bytes,
                turn: Semaphore::new(1),
            },
            max_loaded: config.max_loaded_components.max(1),
        })
    }

    /// Returns the component if it is loaded.
    pub(crate) fn loaded(&self, digest: &str) -> Option<Arc<Loaded>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(digest)?;
        slot.last_used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        slot.loaded.get().cloned()
    }

    /// How many components are loaded.
    pub(crate) fn count(&self) -> usize {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.values().filter(|slot| slot.loaded.get().is_some()).count()
    }

    /// Returns the component from memory, from disk or from its source.
    pub(crate) async fn get(&self, digest: &str) -> Result<Arc<Loaded>, ComponentError> {
        let slot = self.slot(digest);
        slot.loaded.get_or_try_init(|| self.load(digest, None)).await.cloned()
    }

    /// The same, for a step, and measured.
    pub(crate) async fn get_for_step(&self, digest: &str) -> Result<Arc<Loaded>, ComponentError> {
        let Some(metrics) = metrics() else { return self.get(digest).await };
        let (was_loaded, began) = (self.loaded(digest).is_some(), Instant::now());
        let loaded = self.get(digest).await;
        metrics.host_component_cache.add(1, [if was_loaded { "hit" } else { "miss" }.into()]);
        if !was_loaded && loaded.is_ok() {
            metrics.host_component_load.took(began.elapsed(), []);
        }
        loaded
    }

    /// The slot of a component, marked as used now.
    fn slot(&self, digest: &str) -> Arc<Slot> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let known = self.slots.read().unwrap_or_else(PoisonError::into_inner).get(digest).cloned();
        let slot = known.unwrap_or_else(|| self.new_slot(digest));
        slot.last_used.store(now, Ordering::Relaxed);
        slot
    }

    fn new_slot(&self, digest: &str) -> Arc<Slot> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= self.max_loaded
            && !slots.contains_key(digest)
            && let Some(oldest) = slots
                .iter()
                .min_by_key(|(_, slot)| slot.last_used.load(Ordering::Relaxed))
                .map(|(digest, _)| digest.clone())
        {
            slots.remove(&oldest);
        }
        slots.entry(digest.to_owned()).or_default().clone()
    }

    async fn load(&self, digest: &str, wasm: Option<&[u8]>) -> Result<Arc<Loaded>, ComponentError> {
        if !is_digest(digest) {
            return Err(ComponentSourceError::NotFound { digest: digest.to_owned() }.into());
        }
        let verified = match self.cached(digest).await? {
            Some(verified) => verified,
            None => self.obtain(digest, wasm).await?,
        };
        let engine = self.engine.clone();
        let (component, core_instances) = blocking(move || {
            let component = verified.load(&engine)?;
            // Do this now, so that the first execution need not.
            component.initialize_copy_on_write_image().map_err(ComponentError::Load)?;
            Ok::<_, ComponentError>((component, verified.core_instances()))
        })
        .await??;
        let (program, imports) = self.linkers.link(&component)?;
        // Without a pool, each execution has memory of its own, and nothing stays.
        let is_pooled = self.engine.pooling_allocator_metrics().is_some();
        let is_kept = is_pooled && self.reset == Reset::Touched && pool::is_large(&component);
        let resident = is_kept.then(|| Resident::new(self.reset.kept_of_memory()));
        Ok(Arc::new(Loaded { program, imports, core_instances, resident }))
    }

    async fn cached(&self, digest: &str) -> Result<Option<Verified>, ComponentError> {
        let (cache, digest) = (self.cache.clone(), digest.to_owned());
        blocking(move || cache.read(&digest)).await
    }

    /// Fetches or compiles a component and adds it to the cache.
    async fn obtain(&self, digest: &str, wasm: Option<&[u8]>) -> Result<Verified, ComponentError> {
        let (cache, name) = (self.cache.clone(), digest.to_owned());
        let _lock = blocking(move || cache.lock(&name)).await??;
        // Another process may have compiled it meanwhile.
        if let Some(verified) = self.cached(digest).await? {
            return Ok(verified);
        }
        let verified = match self.published(digest).await? {
            Some(verified) => verified,
            None => self.compile(digest, wasm).await?,
        };
        let (cache, digest) = (self.cache.clone(), digest.to_owned());
        blocking(move || cache.write(&digest, &verified).map(|()| verified)).await?.map_err(Into::into)
    }

    /// The precompiled form from the component's publisher, for this architecture.
    async fn published(&self, digest: &str) -> Result<Option<Verified>, ComponentError> {
        let name = compiled_name(digest, std::env::consts::ARCH);
        let Some(sealed) = self.source.fetch_compiled(&name).await? else { return Ok(None) };
        match sealed.key.open(&name, &sealed.bytes) {
            Some(verified) => Ok(Some(verified)),
            None => Err(ComponentError::BrokenSeal { name }),
        }
    }
}

#[cfg(not(feature = "compiler"))]
impl Library {
    #[expect(clippy::unused_self, reason = "a host with a compiler needs it")]
    fn compile(
        &self,
        digest: &str,
        _: Option<&[u8]>,
    ) -> std::future::Ready<Result<Verified, ComponentError>> {
        let name = compiled_name(digest, std::env::consts::ARCH);
        std::future::ready(Err(ComponentError::NotCompiled { name }))
    }
}

#[cfg(feature = "compiler")]
impl Library {
    /// Adds the component with these bytes. Returns its digest.
    pub(crate) async fn add(&self, wasm: &[u8]) -> Result<(String, Arc<Loaded>), ComponentError> {
        self.check_size(wasm)?;
        let digest = tasker_transport::sha256_hex(wasm);
        let slot = self.slot(&digest);
        let loaded = slot.loaded.get_or_try_init(|| self.load(&digest, Some(wasm))).await?.clone();
        Ok((digest, loaded))
    }

    async fn compile(&self, digest: &str, wasm: Option<&[u8]>) -> Result<Verified, ComponentError> {
        let wasm = match wasm {
            Some(wasm) => wasm.to_vec(),
            None => self.fetch(digest).await?,
        };
        let _turn = self.compiler.turn.acquire().await.map_err(|_| ComponentError::ShuttingDown)?;
        let (program, folder) = (self.compiler.program.as_deref(), self.cache.folder());
        let compiled =
            super::compiler::compile(&self.engine, wasm, program, folder, self.compiler.timeout).await?;
        Ok(Verified::compiled_here(compiled))
    }

    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentError> {
        let wasm = self.source.fetch(digest).await?;
        self.check_size(&wasm)?;
        let found = tasker_transport::sha256_hex(&wasm);
        if found != digest {
            return Err(ComponentError::DigestMismatch { expected: digest.to_owned(), found });
        }
        Ok(wasm)
    }

    fn check_size(&self, wasm: &[u8]) -> Result<(), ComponentError> {
        if wasm.len() > self.compiler.max_bytes {
            return Err(ComponentError::TooLarge { size: wasm.len(), limit: self.compiler.max_bytes });
        }
        Ok(())
    }
}

/// Runs `work` on a blocking thread, so that handlers keep running.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ComponentError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        if error.is_panic() {
            CompileError::Invalid("the compiler crashed on it".to_owned()).into()
        } else {
            ComponentError::ShuttingDown
        }
    })
}
