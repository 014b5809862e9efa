//! What rows come to.

use std::{
    collections::BTreeMap,
    iter::Sum,
    ops::{Add, AddAssign},
};

use tasker_handler::prelude::*;

/// What rows come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sums {
    /// How many there are.
    pub rows: u64,
    /// How many pieces were ordered.
    pub quantity: u64,
    /// What they cost, in cents.
    pub revenue_cents: u64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.quantity += other.quantity;
        self.revenue_cents += other.revenue_cents;
    }
}

impl Add for Sums {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Add::add)
    }
}

/// What rows come to, by region.
pub type Regions = BTreeMap<String, Sums>;
