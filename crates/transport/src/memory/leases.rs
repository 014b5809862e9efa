//! Leases in the memory of one process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{Claim, LeaseError, LeaseStore, lease::LOSSES_REMEMBERED};

/// Leases in memory.
#[derive(Debug)]
pub struct MemoryLeases {
    term: Duration,
    settled_for: Duration,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    leases: HashMap<String, Holding>,
    /// When expired leases were last removed.
    swept_at: Option<Instant>,
}

#[derive(Debug)]
struct Holding {
    holder: String,
    expires: Instant,
    settled: bool,
    /// How many holders before this one lost it.
    lost: u32,
}

impl Holding {
    /// Whether it ended without being settled, not long ago: the next holder must learn of it.
    fn is_remembered(&self, now: Instant) -> bool {
        !self.settled && now - self.expires < LOSSES_REMEMBERED
    }
}

impl MemoryLeases {
    /// Leases with this `term`; settled ones are remembered for `settled_for`.
    pub fn new(term: Duration, settled_for: Duration) -> Self {
        Self { term, settled_for, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prolong(&self, leases: &[String], holder: &str, by: Duration, settled: bool) -> Vec<bool> {
        let until = Instant::now() + by;
        let mut held = self.held();
        let mut prolong = |lease: &String| match held.leases.get_mut(lease) {
            Some(holding) if holding.holder == holder && !holding.settled => {
                (holding.expires, holding.settled) = (until, settled);
                true
            }
            Some(_) => false,
            None => {
                let holding = Holding { holder: holder.to_owned(), expires: until, settled, lost: 0 };
                held.leases.insert(lease.clone(), holding);
                true
            }
        };
        leases.iter().map(&mut prolong).collect()
    }
}

#[async_trait]
impl LeaseStore for MemoryLeases {
    async fn acquire(&self, leases: &[String], holder: &str) -> Result<Vec<Claim>, LeaseError> {
        let now = Instant::now();
        let mut held = self.held();
        if held.swept_at.is_none_or(|at| now - at > self.term) {
            held.leases.retain(|_, holding| holding.expires > now || holding.is_remembered(now));
            held.swept_at = Some(now);
        }
        let mut acquire = |lease: &String| match held.leases.get(lease) {
            Some(holding) if holding.expires > now && holding.settled => Claim::Settled,
            Some(holding) if holding.expires > now => Claim::Held,
            before => {
                let lost = before.map_or(0, |before| if before.settled { 0 } else { before.lost + 1 });
                let holding =
                    Holding { holder: holder.to_owned(), expires: now + self.term, settled: false, lost };
                held.leases.insert(lease.clone(), holding);
                Claim::Acquired { lost }
            }
        };
        Ok(leases.iter().map(&mut acquire).collect())
    }

    async fn renew(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        Ok(self.prolong(leases, holder, self.term, false))
    }

    async fn settle(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        self.prolong(leases, holder, self.settled_for, true);
        Ok(())
    }

    async fn revoke(&self, leases: &[String]) -> Result<(), LeaseError> {
        let expires = Instant::now() + self.settled_for;
        let mut held = self.held();
        for lease in leases {
            let nobody = Holding { holder: String::new(), expires, settled: true, lost: 0 };
            held.leases.insert(lease.clone(), nobody);
        }
        Ok(())
    }

    async fn holds(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        let held = self.held();
        // A lease that the store has lost returns to its holder on renewal.
        let holds = |lease: &String| held.leases.get(lease).is_none_or(|holding| holding.holder == holder);
        Ok(leases.iter().map(holds).collect())
    }

    async fn are_settled(&self, leases: &[String], since: Duration) -> Result<Vec<bool>, LeaseError> {
        let latest = Instant::now() + self.settled_for.saturating_sub(since);
        let held = self.held();
        let is_settled = |lease: &String| {
            held.leases.get(lease).is_some_and(|holding| {
                holding.settled && !holding.holder.is_empty() && holding.expires <= latest
            })
        };
        Ok(leases.iter().map(is_settled).collect())
    }

    async fn release(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        let mut held = self.held();
        for lease in leases {
            if held.leases.get(lease).is_some_and(|holding| holding.holder == holder) {
                held.leases.remove(lease);
            }
        }
        Ok(())
    }
}
