//! The providers in the memory of one process: queue and leases for `tasker dev`, where orchestrator and host share it,
//! and buckets for trying a handler out.

mod key_value;
mod leases;
mod queue;

pub use key_value::MemoryKeyValues;
pub use leases::MemoryLeases;
pub use queue::MemoryQueue;
