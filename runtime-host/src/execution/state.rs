//! The data of one store: all host state that a running guest can reach.

use std::sync::Arc;
use std::time::Instant;

use tasker_protocol::{Grants, Limits, RawValue};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::budget::Budget;
use super::control::ExecutionControl;
use super::limiter::Limiter;
use super::meter::Meter;
use crate::SecretSource;
use crate::capability::http::HttpState;
use crate::capability::key_value::KeyValues;
use crate::capability::logs::Logs;
use crate::capability::wasi::{self, StandardInput};

/// The least memory per open host resource. The larger ones have their own counts; a stream, a pollable or a
/// handle is far smaller than this.
const MEMORY_PER_HANDLE: u64 = 2 << 10;

/// The data of a store. Optional parts exist only if the component imports their interface.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    /// Counts what the host holds for the guest.
    pub(crate) budget: Arc<Budget>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) control: ExecutionControl,
    /// When the host stops this run.
    pub(crate) deadline: Instant,
    pub(crate) logs: Logs,
    pub(crate) table: ResourceTable,
    pub(crate) wasi: Option<WasiCtx>,
    /// For a command: its input and captured output.
    pub(crate) command: Option<StandardInput>,
    /// For a component that imports `wasi:config`.
    pub(crate) values: Option<Values>,
    /// For a component that imports `wasi:http`.
    pub(crate) http: Option<HttpState>,
    /// For a component that imports `wasi:keyvalue`.
    pub(crate) key_values: Option<KeyValues>,
}

/// The values behind `wasi:config`.
pub(crate) struct Values {
    pub(crate) namespace: String,
    pub(crate) configuration: Box<RawValue>,
    pub(crate) grants: Grants,
    pub(crate) secrets: Arc<dyn SecretSource>,
}

impl State {
    pub(crate) fn new(
        limits: Limits,
        meter: Arc<Meter>,
        control: ExecutionControl,
        deadline: Instant,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(most_handles(&limits));
        let budget = Budget::new(limits.memory_bytes);
        let logs = Logs::new(limits.log_bytes, budget.clone());
        Self {
            limiter: Limiter::new(limits, budget.clone()),
            budget,
            meter,
            control,
            deadline,
            logs,
            table,
            wasi: None,
            command: None,
            values: None,
            http: None,
            key_values: None,
        }
    }
}

/// How many host resources may be open at once.
pub(crate) fn most_handles(limits: &Limits) -> usize {
    let affordable = usize::try_from(limits.memory_bytes / MEMORY_PER_HANDLE).unwrap_or(usize::MAX);
    affordable.min(limits.handles as usize)
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.get_or_insert_with(|| wasi::context(&self.logs, self.command.as_ref()));
        WasiCtxView { ctx, table: &mut self.table }
    }
}
