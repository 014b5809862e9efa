//! Runs step handlers, which are untrusted WebAssembly components. Every execution gets a new sandbox that is
//! destroyed afterwards and can access only what its step is granted.
//!
//! [`Host::execute`] takes a `StepDispatch` and returns an `Execution`. It uses neither a queue nor a
//! database. `handler-sdk/wit` defines the handler interface; a plain WASI command is also a handler.

mod about;
mod admission;
mod bindings;
mod capability;
mod ceilings;
mod component;
mod config;
#[cfg(feature = "compiler")]
mod describe;
mod engine;
mod error;
mod execution;
mod host;
mod machine;
mod pool;
mod resident;
mod sandboxes;
mod secrets;
mod shared;
mod source;
#[cfg(test)]
mod testing;
mod worker;

pub use ceilings::Ceilings;
#[cfg(feature = "compiler")]
pub use component::compiler::{compile_command, compile_for};
#[cfg(feature = "compiler")]
pub use component::seal::CompiledComponent;
pub use component::seal::{PublisherKey, compiled_name};
pub use config::HostConfig;
#[cfg(feature = "compiler")]
pub use describe::{ComponentDescription, ComponentKind, HandlerDescription};
pub use error::{CacheError, CompileError, ComponentError, ComponentSourceError, HostError};
pub use execution::control::ExecutionControl;
pub use host::Host;
pub use secrets::{EnvironmentSecrets, NoSecrets, SecretSource, SecretUnavailable};
pub use source::{ComponentSource, FolderSource, SealedComponent};
pub use worker::{Worker, WorkerConnections};
