//! What the contract looks like in Rust, generated from WIT.

#![allow(clippy::pedantic, missing_docs, unreachable_pub, unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../wit", "wit"],
    world: "tasker:rust-sdk/sdk",
    generate_all,
    pub_export_macro: true,
});

pub(crate) use self::{tasker::handler::execution, wasi::config::store};
