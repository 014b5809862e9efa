//! The in-memory providers: queue and leases for `tasker dev`, where orchestrator and host share one process,
//! and buckets to try out a handler.

mod key_value;
mod leases;
mod queue;

pub use key_value::MemoryKeyValues;
pub use leases::MemoryLeases;
pub use queue::MemoryQueue;
