//! The memory of one execution: the guest's linear memories and everything that the guest makes the host hold.
//!
//! One sum for both, because both take the same memory of the machine. A guest that could store its data in the
//! host would not be limited by its own memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::breach::Breach;

/// The memory that an execution may use.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
    peak: AtomicU64,
}

/// A part of the budget that is in use. Dropping it returns the bytes.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicU64::new(0), peak: AtomicU64::new(0) })
    }

    /// The largest sum so far, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }

    /// Takes `bytes` from the budget.
    pub(crate) fn hold(self: &Arc<Self>, bytes: u64) -> Result<Held, Breach> {
        self.add(bytes)?;
        Ok(Held { budget: self.clone(), bytes })
    }

    fn add(&self, bytes: u64) -> Result<(), Breach> {
        let sum = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        let before = self.used.fetch_update(Relaxed, Relaxed, sum).map_err(|_| Breach::Memory)?;
        self.peak.fetch_max(before + bytes, Relaxed);
        Ok(())
    }
}

impl Held {
    /// The bytes that it stands for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes `bytes` more from the budget.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Breach> {
        self.budget.add(bytes)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_counts_until_it_is_dropped() {
        let budget = Budget::new(100);
        let mut first = budget.hold(60).unwrap();
        assert_eq!(budget.hold(41).unwrap_err(), Breach::Memory);
        first.grow(40).unwrap();
        assert_eq!(first.grow(1).unwrap_err(), Breach::Memory);
        assert_eq!(first.bytes(), 100);
        drop(first);
        let _second = budget.hold(70).unwrap();
        assert_eq!(budget.peak(), 100);
    }

    #[test]
    fn no_size_overflows_the_sum() {
        let budget = Budget::new(100);
        let _held = budget.hold(1).unwrap();
        assert_eq!(budget.hold(u64::MAX).unwrap_err(), Breach::Memory);
    }
}
