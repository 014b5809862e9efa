//! Bindings generated from the contract (`handler-sdk/wit`) and from the standard interfaces that the host
//! implements.

/// `tasker:handler/handlers`. Parameters are borrowed, so a large input is copied only once: into the guest.
mod handlers {
    wasmtime::component::bindgen!({
        path: "../handler-sdk/wit",
        world: "tasker:handler/handlers",
        exports: { default: async },
        ownership: Borrowing { duplicate_if_necessary: true },
        require_store_data_send: true,
    });
}

/// `wasi:logging`, for which the wasmtime project has no crate.
mod immediate {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "tasker:host/immediate",
        // A guest without memory left traps.
        imports: { default: trappable },
        require_store_data_send: true,
    });
}

/// `wasi:config` and `wasi:keyvalue`. The wasmtime project's crates for them serve values from memory only.
mod stores {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "tasker:host/stores",
        // A guest that passes an invalid handle traps.
        imports: { default: async | trappable },
        with: {
            "wasi:keyvalue/store.bucket": crate::capability::key_value::Bucket,
            "wasi:keyvalue/atomics.cas": crate::capability::key_value::Cas,
        },
        require_store_data_send: true,
    });
}

pub(crate) use handlers::tasker::handler::{execution, step_values};
pub(crate) use handlers::{Handlers, HandlersPre};
pub(crate) use immediate::wasi::logging::logging;
pub(crate) use stores::wasi::{config::store as config, keyvalue as key_value};
