//! Runs step handlers, which are WebAssembly components that nobody trusts: each execution in a sandbox of its
//! own, made for it and destroyed after it, with nothing in reach that its step was not granted.
//!
//! [`Host::execute`] takes a `StepDispatch` and answers an `Execution`. It knows no queue and no database.
//! What a handler is, is said in `handler-sdk/wit`; a plain WASI command is one too.

mod bindings;
mod capability;
mod component;
mod config;
#[cfg(feature = "compiler")]
mod describe;
mod engine;
mod error;
mod execution;
mod host;
mod secrets;
mod source;
mod worker;

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
