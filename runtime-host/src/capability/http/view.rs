//! Where the engine finds the state behind a guest's requests.

use tasker_protocol::Grants;
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::requests::HttpState;
use crate::execution::state::State;

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let logs = &self.logs;
        let http = self.http.get_or_insert_with(|| HttpState::with(None, Grants::default(), logs.clone(), 0));
        WasiHttpCtxView { ctx: &mut http.context, table: &mut self.table, hooks: &mut http.hooks }
    }
}
