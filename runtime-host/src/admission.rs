//! Admits executions by memory: the sum of their limits stays within what the host has for handlers.
//!
//! A limit is what an execution may use, not what it uses. Counting limits keeps the promise that a handler may use
//! its limit, whatever the others do.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit in which memory is given out.
const UNIT: u64 = 1 << 20;

/// The least and the most that the host keeps for itself, its compiled components and the kernel's buffers.
const RESERVES: (u64, u64) = (32 << 20, 1 << 30);

/// The memory for handlers.
pub(crate) struct Admission {
    units: u32,
    free: Arc<Semaphore>,
}

/// The memory of one execution. Dropping it returns the memory.
pub(crate) struct Admitted {
    _units: OwnedSemaphorePermit,
}

impl Admission {
    /// Gives out `total` bytes.
    pub(crate) fn new(total: u64) -> Self {
        let units = u32::try_from(total / UNIT).unwrap_or(u32::MAX).max(1);
        Self { units, free: Arc::new(Semaphore::new(units as usize)) }
    }

    /// The bytes that all executions together may use.
    pub(crate) fn total(&self) -> u64 {
        u64::from(self.units) * UNIT
    }

    /// The bytes that no execution has.
    pub(crate) fn free(&self) -> u64 {
        self.free.available_permits() as u64 * UNIT
    }

    /// Whether an execution with this limit can ever run.
    pub(crate) fn fits(&self, limit: u64) -> bool {
        limit.div_ceil(UNIT) <= u64::from(self.units)
    }

    /// Admits an execution with this limit, if there is room now.
    pub(crate) fn try_admit(&self, limit: u64) -> Option<Admitted> {
        let units = self.free.clone().try_acquire_many_owned(units(limit)).ok()?;
        Some(Admitted { _units: units })
    }

    /// Waits for room for an execution with this limit, in the order of arrival. The limit must fit. None if the host
    /// is shutting down.
    pub(crate) async fn admit(&self, limit: u64) -> Option<Admitted> {
        let units = self.free.clone().acquire_many_owned(units(limit)).await.ok()?;
        Some(Admitted { _units: units })
    }
}

fn units(limit: u64) -> u32 {
    u32::try_from(limit.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// What a process with this memory has for handlers, in bytes. Without a known size there is no limit.
pub(crate) fn for_handlers(memory: Option<u64>) -> u64 {
    let Some(memory) = memory else { return u64::MAX };
    let (least, most) = RESERVES;
    memory.saturating_sub((memory / 8).clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_keeps_an_eighth_within_bounds() {
        for (memory, expected) in [
            (Some(128 << 20), 96 << 20),
            (Some(2 << 30), (2 << 30) - (256 << 20)),
            (Some(64 << 30), 63 << 30),
            (Some(1 << 20), 0),
            (None, u64::MAX),
        ] {
            assert_eq!(for_handlers(memory), expected, "{memory:?}");
        }
    }

    #[tokio::test]
    async fn the_sum_of_limits_stays_within_the_total() {
        let admission = Admission::new((10 << 20) + 1);
        assert_eq!((admission.total(), admission.free()), (10 << 20, 10 << 20));
        assert!(admission.fits(10 << 20) && !admission.fits((10 << 20) + 1));
        let first = admission.try_admit((5 << 20) + 1).unwrap();
        assert!(admission.try_admit(5 << 20).is_none());
        let second = admission.try_admit(4 << 20).unwrap();
        assert_eq!(admission.free(), 0);
        drop((first, second));
        assert_eq!(admission.free(), 10 << 20);
    }
}
