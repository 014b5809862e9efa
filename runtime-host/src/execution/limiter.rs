//! Limits the sums of all memories and of all tables of one execution.

use tasker_protocol::Limits;
use wasmtime::ResourceLimiter;

/// An exceeded limit. As an error, it stops the guest immediately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    /// Computing time.
    #[error("CPU time")]
    Cpu,
    /// Linear memory.
    #[error("memory")]
    Memory,
    /// Table elements.
    #[error("table elements")]
    Tables,
}

/// Limits the sums over the store's memories and tables. Wasmtime's own limits apply to each one separately.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    memory: u64,
    tables: u64,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, memory: 0, tables: 0 }
    }

    /// The peak memory, in bytes. Memories never shrink.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.memory
    }
}

/// The sum after one part changed from `current` to `desired`. None if it exceeds `limit`.
fn grown(sum: u64, current: usize, desired: usize, limit: u64) -> Option<u64> {
    let sum = sum.checked_sub(current as u64)?.checked_add(desired as u64)?;
    (sum <= limit).then_some(sum)
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The module's own maximum: growth fails inside the guest, as on any host.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        // Our limit stops the guest: if it ignored a failed allocation, it would fail later for no visible
        // reason.
        self.memory = grown(self.memory, current, desired, self.limits.memory_bytes).ok_or(Breach::Memory)?;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.tables =
            grown(self.tables, current, desired, self.limits.table_elements).ok_or(Breach::Tables)?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        Limiter::new(Limits { memory_bytes: 1000, table_elements: 10, ..Limits::default() })
    }

    fn breach(result: wasmtime::Result<bool>) -> Option<Breach> {
        result.err().and_then(|error| error.downcast_ref::<Breach>().copied())
    }

    #[test]
    fn memories_are_limited_in_sum() {
        let mut limiter = limiter();
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert!(limiter.memory_growing(0, 400, None).unwrap());
        assert_eq!(breach(limiter.memory_growing(600, 601, None)), Some(Breach::Memory));
        assert_eq!(limiter.peak_memory(), 1000);
    }

    #[test]
    fn tables_are_limited_in_sum() {
        let mut limiter = limiter();
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert_eq!(breach(limiter.table_growing(0, 1, None)), Some(Breach::Tables));
    }

    #[test]
    fn passing_the_modules_own_maximum_is_no_breach() {
        assert!(!limiter().memory_growing(0, 600, Some(500)).unwrap());
        assert!(!limiter().table_growing(0, 6, Some(5)).unwrap());
    }
}
