//! Limits the sums of all memories and of all tables of one execution.

use std::sync::Arc;

use tasker_protocol::Limits;
use wasmtime::ResourceLimiter;

use super::breach::Breach;
use super::budget::{Budget, Held};

/// Limits the sums over the store's memories and tables. Wasmtime's own limits apply to each one separately.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    budget: Arc<Budget>,
    /// All linear memories. They never shrink. None before the first one.
    memory: Option<Held>,
    tables: u64,
}

impl Limiter {
    pub(crate) fn new(limits: Limits, budget: Arc<Budget>) -> Self {
        Self { limits, budget, memory: None, tables: 0 }
    }
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
        let more = (desired as u64).checked_sub(current as u64).ok_or(Breach::Memory)?;
        match &mut self.memory {
            Some(memory) => memory.grow(more)?,
            none => *none = Some(self.budget.hold(more)?),
        }
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
        let more = (desired as u64).checked_sub(current as u64).ok_or(Breach::Tables)?;
        let sum = self.tables.checked_add(more).filter(|sum| *sum <= self.limits.table_elements);
        self.tables = sum.ok_or(Breach::Tables)?;
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
        let limits = Limits { memory_bytes: 1000, table_elements: 10, ..Limits::default() };
        Limiter::new(limits, Budget::new(limits.memory_bytes))
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
        assert_eq!(limiter.budget.peak(), 1000);
    }

    #[test]
    fn what_the_host_holds_leaves_less_for_the_memories() {
        let mut limiter = limiter();
        let held = limiter.budget.hold(500).unwrap();
        assert_eq!(breach(limiter.memory_growing(0, 501, None)), Some(Breach::Memory));
        drop(held);
        assert!(limiter.memory_growing(0, 501, None).unwrap());
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
