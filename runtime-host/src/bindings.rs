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

/// `wasi:config` and `wasi:logging`, for which there is no crate of the wasmtime project that suits us.
mod capabilities {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "tasker:host/capabilities",
        require_store_data_send: true,
    });
}

/// `wasi:keyvalue`. A handle that is not the guest's is a fault of the guest, which ends it.
mod key_values {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "tasker:host/key-values",
        imports: { default: async | trappable },
        with: {
            "wasi:keyvalue/store.bucket": crate::capability::key_value::Bucket,
            "wasi:keyvalue/atomics.cas": crate::capability::key_value::Cas,
        },
        require_store_data_send: true,
    });
}

pub(crate) use capabilities::wasi::{config::store as config, logging::logging};
pub(crate) use handlers::tasker::handler::{execution, step_values};
pub(crate) use handlers::{Handlers, HandlersPre};
pub(crate) use key_values::wasi::keyvalue as key_value;
