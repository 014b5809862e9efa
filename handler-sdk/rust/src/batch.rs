//! Batches: splits work into slices, processes a slice step by step, and combines the results.
//!
//! A `batchable` step splits the work. A `batch_worker` step then runs once per slice and saves checkpoints,
//! so that no attempt starts over. The step that depends on the workers combines their results.
//!
//! ```
//! use tasker_handler::prelude::*;
//! # #[derive(Deserialize, JsonSchema)] struct Import { rows: u64 }
//! # fn store(rows: std::ops::Range<u64>) -> Result<batch::Counts, Failure> {
//! #     let count = rows.end - rows.start;
//! #     Ok(batch::Counts { processed: count, succeeded: count, ..Default::default() })
//! # }
//!
//! /// Splits an import into slices of 1,000 rows. Without rows, one placeholder worker runs.
//! #[handler]
//! fn plan_import(_ctx: &Context, import: Import) -> Result<Outcome<u64>, Failure> {
//!     Outcome::batch(batch::ranges(import.rows, 1000), import.rows)
//! }
//!
//! /// Imports one slice, 250 rows at a time.
//! #[handler]
//! fn import_rows(ctx: &Context) -> Result<Outcome<batch::Counts>, Failure> {
//!     let slice = ctx.slice()?;
//!     let mut progress: batch::Progress<batch::Counts> = batch::Progress::resume(ctx)?;
//!     let end = slice.end.min(progress.cursor + 250);
//!     progress.accumulated += store(progress.cursor..end)?;
//!     progress.advance(end, end - progress.cursor);
//!     if end < slice.end {
//!         // Runs again from here, as the same attempt.
//!         return progress.checkpoint();
//!     }
//!     Ok(Outcome::Complete(progress.accumulated))
//! }
//!
//! /// Adds up the workers' results.
//! #[handler]
//! fn sum_up(ctx: &Context) -> Result<batch::Counts, Failure> {
//!     Ok(ctx.worker_results::<batch::Counts>("import_rows")?.into_iter().map(|(_, counts)| counts).sum())
//! }
//!
//! let worker = |number| {
//!     Context::builder().batch_worker(number, 2).cursor(batch::Range { start: 1000, end: 1200 }).build()
//! };
//! let Ok(Outcome::Complete(counts)) = import_rows(&worker(2)) else { panic!("one run is enough") };
//! let ctx = Context::builder().dependency("import_rows_001", &counts).dependency("import_rows_002", &counts).build();
//! assert_eq!(sum_up(&ctx).unwrap().processed, 400);
//! ```

use std::{
    collections::BTreeMap,
    iter::Sum,
    ops::{self, Add, AddAssign},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Context, Failure, Outcome, json::read};

/// A slice of the work: from `start` (inclusive) to `end` (exclusive).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// The first item.
    pub start: u64,
    /// The item after the last.
    pub end: u64,
}

impl Range {
    /// The number of items.
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether there are no items.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl From<Range> for ops::Range<u64> {
    fn from(range: Range) -> Self {
        range.start..range.end
    }
}

impl From<ops::Range<u64>> for Range {
    fn from(range: ops::Range<u64>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// Splits `total` items into slices of `size`; the last one has the remainder. A size of 0 counts as 1.
pub fn ranges(total: u64, size: u64) -> Vec<Range> {
    let size = size.max(1);
    let mut ranges = Vec::new();
    let mut start = 0;
    while start < total {
        let end = total.min(start.saturating_add(size));
        ranges.push(Range { start, end });
        start = end;
    }
    ranges
}

/// Splits `total` items evenly among `workers`. No slice is empty, and their sizes differ by at most one. If
/// there are fewer items than workers, there are fewer slices.
pub fn split(total: u64, workers: u32) -> Vec<Range> {
    let workers = u64::from(workers.max(1)).min(total);
    let mut ranges = Vec::new();
    let mut start = 0;
    for worker in 0..workers {
        let larger = u64::from(worker < total % workers);
        let end = start + total / workers + larger;
        ranges.push(Range { start, end });
        start = end;
    }
    ranges
}

/// The batch of a worker, as seen by that worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// The worker's position and the batch configuration.
    pub metadata: Metadata,
    /// The batch is empty. This placeholder worker lets the dependent steps run.
    pub is_no_op: bool,
}

/// A worker's position in its batch, and the template's `batch_config`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Metadata {
    /// The name of the batchable step.
    pub batch_step: String,
    /// The number of this worker, from 1.
    pub worker_number: u32,
    /// The number of workers in the batch.
    pub total_workers: u32,
    /// The number of items per worker.
    pub batch_size: u64,
    /// The field that orders the items.
    pub cursor_field: String,
    /// What happens to the other workers when one fails for good: `continue_on_failure`, `fail_fast` or
    /// `isolate`.
    pub failure_strategy: String,
}

/// The progress of a worker, saved with a checkpoint. `C` is the type of the position: a number, an id, a
/// page token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress<T, C = u64> {
    /// The position to continue from.
    pub cursor: C,
    /// The number of processed items.
    pub items_processed: u64,
    /// The accumulated result.
    pub accumulated: T,
}

impl<T: Default + DeserializeOwned> Progress<T> {
    /// The progress of the previous run, else the start of the worker's slice, else 0. For slices other than
    /// [`Range`]s, use [`Progress::resume_or`].
    ///
    /// # Errors
    /// A permanent `InvalidCheckpoint` or `InvalidCursor`; the message contains the position of the error.
    pub fn resume(ctx: &Context) -> Result<Self, Failure> {
        if let Some(progress) = ctx.checkpoint()? {
            return Ok(progress);
        }
        let start = ctx.cursor::<Range>()?.unwrap_or_default().start;
        Ok(Self { cursor: start, items_processed: 0, accumulated: T::default() })
    }
}

impl<T: Default + DeserializeOwned, C: DeserializeOwned> Progress<T, C> {
    /// The progress of the previous run, else `start`.
    ///
    /// # Errors
    /// A permanent `InvalidCheckpoint`; the message contains the position of the error.
    pub fn resume_or(ctx: &Context, start: C) -> Result<Self, Failure> {
        let progress = ctx.checkpoint()?;
        Ok(progress.unwrap_or_else(|| Self { cursor: start, items_processed: 0, accumulated: T::default() }))
    }
}

impl<T, C> Progress<T, C> {
    /// Records `items` more processed items and the position to continue from.
    pub fn advance(&mut self, cursor: C, items: u64) {
        self.cursor = cursor;
        self.items_processed += items;
    }
}

impl<T: Serialize, C: Serialize> Progress<T, C> {
    /// Saves the progress and runs the handler again as the same attempt.
    ///
    /// # Errors
    /// A permanent `ResultNotSerializable`.
    pub fn checkpoint<R>(&self) -> Result<Outcome<R>, Failure> {
        Outcome::checkpoint(self)
    }
}

/// Item counts of a slice or of all slices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counts {
    /// Processed items.
    pub processed: u64,
    /// Successful items.
    pub succeeded: u64,
    /// Failed items.
    pub failed: u64,
    /// Skipped items.
    pub skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.processed += other.processed;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Add for Counts {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

/// Merges the workers' tables; values with the same key are added.
pub fn merge<K: Ord, V: AddAssign>(tables: impl IntoIterator<Item = BTreeMap<K, V>>) -> BTreeMap<K, V> {
    let mut merged = BTreeMap::new();
    for (key, value) in tables.into_iter().flatten() {
        match merged.get_mut(&key) {
            Some(sum) => *sum += value,
            None => drop(merged.insert(key, value)),
        }
    }
    merged
}

impl Context {
    /// The batch of a batch worker; None in other steps.
    pub fn batch(&self) -> Option<Batch> {
        let metadata = self.attribute("batch_metadata").unwrap_or_else(|failure| {
            log::warn!("{}", failure.message());
            None
        })?;
        Some(Batch { metadata, is_no_op: self.is_no_op() })
    }

    /// The slice of a batch worker, for slices that are [`Range`]s. Empty if the batch is empty.
    ///
    /// # Errors
    /// A permanent `MissingCursor` in other steps, or `InvalidCursor` if the cursor is not a [`Range`].
    pub fn slice(&self) -> Result<Range, Failure> {
        match self.cursor()? {
            Some(range) => Ok(range),
            None if self.is_no_op() => Ok(Range::default()),
            None => {
                let message = format!(
                    "`{}` has no slice of work: only workers of a batch have one; give the step `type: batch_worker` \
                     in the template, and let it depend on a `batchable` step",
                    self.step_name()
                );
                Err(Failure::permanent("MissingCursor", message))
            }
        }
    }

    fn is_no_op(&self) -> bool {
        matches!(self.attribute("is_no_op"), Ok(Some(true)))
    }

    /// The results of a batch's workers, with their numbers, in order: of the dependencies named
    /// `<worker>_<number>`. An isolated worker has no result.
    ///
    /// # Errors
    /// A permanent `InvalidDependencyResult` that names the worker whose result is not a `T`.
    pub fn worker_results<T: DeserializeOwned>(&self, worker: &str) -> Result<Vec<(u32, T)>, Failure> {
        let mut results = Vec::new();
        for (name, result) in &self.facts.dependencies {
            if let Some(number) = worker_number(name, worker) {
                let result = read(result, "InvalidDependencyResult", &format!("the result of `{name}`"))?;
                let place = results.partition_point(|(other, _)| *other < number);
                results.insert(place, (number, result));
            }
        }
        Ok(results)
    }
}

/// The number of a worker; None if the step is not a worker of this name.
fn worker_number(step: &str, worker: &str) -> Option<u32> {
    let digits = step.strip_prefix(worker)?.strip_prefix('_')?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}
