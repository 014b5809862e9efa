//! The data of one store: all host state that a running guest can reach.

use std::sync::Arc;
use std::time::Instant;

use tasker_protocol::{Grants, Limits, RawValue};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::control::ExecutionControl;
use super::limiter::Limiter;
use super::meter::Meter;
use crate::SecretSource;
use crate::capability::http::HttpState;
use crate::capability::key_value::KeyValues;
use crate::capability::logs::Logs;
use crate::capability::wasi::{self, StandardInput};

/// The data of a store. Optional parts exist only if the component imports their interface.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
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
        table.set_max_capacity(limits.handles as usize);
        Self {
            limiter: Limiter::new(limits),
            meter,
            control,
            deadline,
            logs: Logs::new(limits.log_bytes),
            table,
            wasi: None,
            command: None,
            values: None,
            http: None,
            key_values: None,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.get_or_insert_with(|| wasi::context(&self.logs, self.command.as_ref()));
        WasiCtxView { ctx, table: &mut self.table }
    }
}
