//! Totals of rows.

use std::{
    collections::BTreeMap,
    iter::Sum,
    ops::{Add, AddAssign},
};

use tasker_handler::prelude::*;

/// Totals of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sums {
    /// The number of rows.
    pub rows: u64,
    /// The number of pieces.
    pub quantity: u64,
    /// The price of all pieces, in cents.
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

/// Totals by region.
pub type Regions = BTreeMap<String, Sums>;
