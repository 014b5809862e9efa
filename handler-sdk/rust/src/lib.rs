//! Write Tasker step handlers as plain Rust functions.
//!
//! ```
//! use tasker_handler::prelude::*;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Order {
//!     items: Vec<String>,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! struct Validated {
//!     item_count: usize,
//! }
//!
//! /// Checks that an order can be fulfilled.
//! #[handler]
//! fn validate_order(ctx: &Context, order: Order) -> Result<Validated, Failure> {
//!     if order.items.is_empty() {
//!         return Err(Failure::permanent("EmptyOrder", "the order has no items"));
//!     }
//!     log::info!("attempt {}", ctx.attempt());
//!     Ok(Validated { item_count: order.items.len() })
//! }
//!
//! // The function is unchanged, so an ordinary test can call it.
//! let validated = validate_order(&Context::builder().build(), Order { items: vec!["tea".into()] });
//! assert_eq!(validated.unwrap().item_count, 1);
//! ```
//!
//! A handler crate depends on `serde` (with `derive`) and `schemars` in addition to this crate, because their
//! derive macros refer to them. Build it as a `cdylib` with `cargo build --release --target wasm32-wasip2`;
//! the component contains all handlers of the crate. `?` converts any `std::error::Error` to a retryable
//! failure.
//!
//! [`http`] sends requests, [`key_value`] keeps values between executions, and [`batch`] splits work into
//! slices and combines their results.

pub mod batch;
#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod component;
mod context;
mod date;
mod failure;
pub mod http;
mod json;
pub mod key_value;
mod native_host;
mod outcome;
mod registry;
pub mod testing;

pub use context::Context;
pub use failure::Failure;
pub use log;
pub use outcome::Outcome;
pub use schemars;
pub use schemars::JsonSchema;
pub use serde;
pub use serde_json;
pub use tasker_handler_macros::handler;

/// The names that a file of handlers needs.
pub mod prelude {
    pub use crate::{
        Context, Failure, JsonSchema, Outcome, batch, handler, http, key_value, log, serde_json::json,
    };
    pub use serde::{Deserialize, Serialize};
}

#[doc(hidden)]
pub mod __private {
    pub use inventory;

    pub use crate::registry::{HandlerResult, Registration, answer, input_schema, read_input, result_schema};
}
