//! The engine and the components that are loaded into it. A host replaces both when memory may be swapped out from now
//! on.
//!
//! The engine's pool gives the memory of one execution to the next and resets it in between. With `PAGEMAP_SCAN` it
//! asks the kernel which pages were touched, and resets only those. The answer leaves out pages that were swapped out:
//! the next execution would read what the one before it wrote there. So the scan is used only where nothing can be
//! swapped out, and an engine that uses it takes no further executions once that has changed.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::PoolingAllocationConfig;

use crate::component::library::Library;
use crate::engine;
use crate::machine::{Machine, Swap};
use crate::pool::Reset;
use crate::shared::{Sandboxes, Shared};
use crate::{ComponentSource, HostConfig, HostError};

/// How often swap is looked for.
const LOOK: Duration = Duration::from_millis(250);

/// What sandboxes are built from.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) config: HostConfig,
    pub(crate) components: Arc<dyn ComponentSource>,
    pub(crate) permits: Arc<Semaphore>,
}

impl Plan {
    pub(crate) fn build(&self, reset: Reset) -> Result<Sandboxes, HostError> {
        let concurrent = self.config.max_concurrent.max(1);
        let engine = engine::build(concurrent, reset)?;
        engine::start_ticker(&engine, &self.permits, concurrent)?;
        let library = Library::new(&engine, reset, &self.config, self.components.clone())?;
        Ok(Sandboxes { engine, library })
    }
}

/// How memory is reset on this machine. Logs the decision.
pub(crate) fn reset_on(machine: &Machine) -> Reset {
    let scans = PoolingAllocationConfig::is_pagemap_scan_available();
    match machine.swap() {
        Swap::Impossible(why) if scans => {
            tracing::info!(
                "sandboxes reset the memory that was touched, because nothing can be swapped out: {why}"
            );
            Reset::Touched
        }
        Swap::Impossible(_) => {
            tracing::info!(
                "sandboxes reset all their memory, because this kernel cannot tell what was touched"
            );
            Reset::All
        }
        Swap::Possible(why) => {
            tracing::info!(
                "sandboxes reset all their memory, which is slower, because it may be swapped out: {why}"
            );
            Reset::All
        }
    }
}

/// Starts the thread that replaces the sandboxes once memory may be swapped out. It ends then, or with the host.
pub(crate) fn watch(shared: &Arc<Shared>, machine: Machine, plan: Plan) -> Result<(), HostError> {
    let shared = Arc::downgrade(shared);
    std::thread::Builder::new()
        .name("tasker-swap".to_owned())
        .spawn(move || look_for_swap(&shared, &machine, &plan))
        .map(drop)
        .map_err(HostError::Ticker)
}

fn look_for_swap(shared: &Weak<Shared>, machine: &Machine, plan: &Plan) {
    loop {
        std::thread::sleep(LOOK);
        let Some(shared) = shared.upgrade() else { return };
        let Swap::Possible(why) = machine.swap() else { continue };
        tracing::warn!("memory may be swapped out from now on: {why}. New sandboxes reset all their memory");
        match plan.build(Reset::All) {
            Ok(sandboxes) => shared.replace_sandboxes(sandboxes),
            Err(error) => {
                tracing::error!(%error, "the engine could not be replaced; this host runs nothing any more");
                shared.close();
            }
        }
        return;
    }
}
