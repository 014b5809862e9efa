//! The wasmtime engine: one per process, configured for short-lived instances of untrusted code.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, WasmBacktraceDetails, WasmFeatures};

use crate::HostError;
use crate::pool::{Reset, pool};

/// The epoch interval: how long one guest can delay others on its thread.
const TICK: Duration = Duration::from_millis(1);

/// The epoch interval while nothing runs. The first tick of an execution may be late by this much.
const IDLE_TICK: Duration = Duration::from_millis(10);

/// The engine of a host for up to `max_concurrent` executions. If the address space of the pool cannot be
/// reserved, falls back to on-demand allocation, which is several times slower.
pub(crate) fn build(max_concurrent: usize, reset: Reset) -> Result<Engine, HostError> {
    let mut config = settings();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(max_concurrent, reset)));
    match Engine::new(&config) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(
                max_concurrent,
                error = format!("{error:#}"),
                "the instance pool could not reserve its address space; instances are allocated on demand, \
                 which is slower. Lower `max_concurrent` or raise the limit on address space"
            );
            let mut config = settings();
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            Engine::new(&config).map_err(HostError::Engine)
        }
    }
}

/// An engine that only compiles, with the same code settings as the running one.
#[cfg(feature = "compiler")]
pub(crate) fn compiler() -> wasmtime::Result<Engine> {
    let mut config = settings();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config)
}

/// An engine that only compiles, for the processors of Lambda and Fargate of one architecture.
#[cfg(feature = "compiler")]
pub(crate) fn compiler_for(architecture: &str) -> wasmtime::Result<Engine> {
    let mut config = settings();
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .target(&format!("{architecture}-unknown-linux-gnu"))?;
    let processor = match architecture {
        "x86_64" => "x86-64-v3",
        _ => "has_lse",
    };
    #[expect(unsafe_code, reason = "wasmtime has no safe way to set target processor features")]
    // SAFETY: the flags can produce code that a processor cannot run. `Component::deserialize` checks each
    // flag against the current processor and rejects such code.
    unsafe {
        config.cranelift_flag_enable(processor);
    }
    Engine::new(&config)
}

/// The settings that compiled code depends on. The instance allocator is not one of them.
fn settings() -> Config {
    let mut config = Config::new();
    #[cfg(feature = "compiler")]
    config.strategy(wasmtime::Strategy::Cranelift).cranelift_opt_level(wasmtime::OptLevel::Speed);
    config
        // Epochs enforce deadlines at about a tenth of the speed; fuel would cost two thirds.
        .epoch_interruption(true)
        .consume_fuel(false)
        .memory_init_cow(true)
        // Without an image, the memory of an interpreter that was frozen is written anew for each execution, which takes ten
        // times as long as the execution itself. Ruby's spans 35 MiB, of which a quarter is not zero.
        .memory_guaranteed_dense_image_size(64 << 20)
        // The difference is the stack for host functions. Overflowing it would abort the process.
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20)
        // Backtraces contain function names. File and line would need debug information, which components
        // should not ship.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(NonZeroUsize::new(20))
        .debug_info(false)
        // Off: no handler needs it, and most vulnerabilities were found in such features.
        .concurrency_support(false)
        // Methods for these features exist only if their cargo feature is enabled, which another crate may
        // do.
        .wasm_features(
            WasmFeatures::CM_ASYNC
                .union(WasmFeatures::CM_MORE_ASYNC_BUILTINS)
                .union(WasmFeatures::CM_ASYNC_STACKFUL)
                .union(WasmFeatures::CM_THREADING)
                .union(WasmFeatures::CM_ERROR_CONTEXT)
                .union(WasmFeatures::CM_GC)
                .union(WasmFeatures::STACK_SWITCHING),
            false,
        )
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .gc_support(false)
        .wasm_threads(false)
        .shared_memory(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false);
    config
}

/// Starts the thread that advances the engine's epoch, which interrupts guests. It ends with the engine.
///
/// `permits` shows whether anything is running: then fewer than `max_concurrent` are available.
pub(crate) fn start_ticker(
    engine: &Engine,
    permits: &Arc<Semaphore>,
    max_concurrent: usize,
) -> Result<(), HostError> {
    let engine = engine.weak();
    let permits = Arc::downgrade(permits);
    std::thread::Builder::new()
        .name("tasker-epoch".to_owned())
        .spawn(move || {
            while let (Some(engine), Some(permits)) = (engine.upgrade(), permits.upgrade()) {
                engine.increment_epoch();
                let idle = permits.available_permits() >= max_concurrent;
                drop((engine, permits));
                std::thread::sleep(if idle { IDLE_TICK } else { TICK });
            }
        })
        .map(drop)
        .map_err(HostError::Ticker)
}
