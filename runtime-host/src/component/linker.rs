//! Links a component's imports and determines which capabilities it uses.

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::ComponentError;
use crate::bindings::{Handlers, HandlersPre, config, key_value, logging};
use crate::capability::http::interface;
use crate::execution::state::State;

/// The interfaces that the host links, by prefix. Without a version, wasmtime matches compatible versions.
/// All other imports are reported as missing.
const OFFERED: [&str; 12] = [
    "tasker:handler/",
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:io/",
    // Present but empty: toolchains import them even if the handler does not use them.
    "wasi:filesystem/",
    "wasi:sockets/",
    "wasi:config/store",
    "wasi:logging/logging",
    "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/batch@0.2.0-draft2",
];

/// Linked only for components that import it.
const HTTP: &str = "wasi:http/";

/// One linker per set of capabilities.
pub(crate) struct Linkers {
    plain: Linker<State>,
    http: Linker<State>,
}

/// The capabilities that a component imports. An execution prepares only these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Imports {
    /// `wasi:http`.
    pub(crate) http: bool,
    /// `wasi:config/store`.
    pub(crate) config: bool,
    /// `wasi:keyvalue`.
    pub(crate) key_value: bool,
}

/// A component that is ready to instantiate: imports resolved and exports type-checked.
pub(crate) enum Program {
    /// Exports the contract.
    Handlers(HandlersPre<State>),
    /// A plain WASI command.
    Command(CommandPre<State>),
}

impl Linkers {
    pub(crate) fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut plain = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut plain)?;
        Handlers::add_to_linker::<_, HasSelf<State>>(&mut plain, |state| state)?;
        config::add_to_linker::<_, HasSelf<State>>(&mut plain, |state| state)?;
        logging::add_to_linker::<_, HasSelf<State>>(&mut plain, |state| state)?;
        // Linking grants nothing: opening a bucket requires a grant.
        key_value::store::add_to_linker::<_, HasSelf<State>>(&mut plain, |state| state)?;
        key_value::atomics::add_to_linker::<_, HasSelf<State>>(&mut plain, |state| state)?;
        key_value::batch::add_to_linker::<_, HasSelf<State>>(&mut plain, |state| state)?;
        let mut http = plain.clone();
        // Linking grants nothing: a request needs a grant, and passes the policy in `capability::http`.
        interface::add_to_linker(&mut http)?;
        Ok(Self { plain, http })
    }

    /// Links a component.
    pub(crate) fn link(&self, component: &Component) -> Result<(Program, Imports), ComponentError> {
        let engine = component.engine();
        let ty = component.component_type();
        let mut imports = Imports::default();
        let mut missing = Vec::new();
        for (name, _) in ty.imports(engine) {
            if name.starts_with(HTTP) {
                imports.http = true;
            } else if !OFFERED.iter().any(|offered| name.starts_with(offered)) {
                missing.push(format!("`{name}`"));
            }
            imports.config |= name.starts_with("wasi:config/store");
            imports.key_value |= name.starts_with("wasi:keyvalue/");
        }
        if !missing.is_empty() {
            return Err(ComponentError::MissingImports { imports: missing });
        }
        let linker = if imports.http { &self.http } else { &self.plain };
        let pre = linker.instantiate_pre(component).map_err(ComponentError::WrongWorld)?;
        let exports = |prefix: &str| ty.exports(engine).any(|(name, _)| name.starts_with(prefix));
        let program = if exports("tasker:handler/step-handler") {
            Program::Handlers(HandlersPre::new(pre).map_err(ComponentError::WrongWorld)?)
        } else if exports("wasi:cli/run") {
            Program::Command(CommandPre::new(pre).map_err(ComponentError::WrongWorld)?)
        } else {
            return Err(ComponentError::NoHandlers);
        };
        Ok((program, imports))
    }
}
