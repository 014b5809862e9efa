//! What `bindgen!` makes of the contract (`handler-sdk/wit`) and of the standard interfaces we answer ourselves.

/// `tasker:handler/handlers`. Parameters borrow, so that a large input is copied once: into the guest.
mod handlers {
    wasmtime::component::bindgen!({
        path: "../handler-sdk/wit",
        world: "tasker:handler/handlers",
        exports: { default: async },
        ownership: Borrowing { duplicate_if_necessary: true },
        require_store_data_send: true,
    });
}

/// `wasi:logging`, for which there is no crate of the wasmtime project.
mod immediate {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "tasker:host/immediate",
        require_store_data_send: true,
    });
}

/// `wasi:config` and `wasi:keyvalue`: the wasmtime project's crates for them answer from memory only.
mod stores {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "tasker:host/stores",
        // A handle that is not the guest's is a fault of the guest, which ends it.
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
