//! Batches: cutting work into slices, doing one slice step by step, and adding up what the slices came to.
//!
//! A `batchable` step says how the work is cut. A `batch_worker` step then runs once for each slice, and saves how far
//! it has come, so that no attempt starts from the beginning. The step that depends on the workers adds up.
//!
//! ```
//! use tasker_handler::prelude::*;
//! # #[derive(Deserialize, JsonSchema)] struct Import { rows: u64 }
//! # fn store(rows: std::ops::Range<u64>) -> Result<batch::Counts, Failure> {
//! #     let count = rows.end - rows.start;
//! #     Ok(batch::Counts { processed: count, succeeded: count, ..Default::default() })
//! # }
//!
//! /// Cuts an import into slices of 1,000 rows. No rows, no slices: one worker then runs with nothing to do.
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
//! /// Adds up what the workers have imported.
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

use crate::{Context, Failure, Outcome, context::read};

/// A slice of the work: from `start` up to `end`, which belongs to the next slice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// The first item.
    pub start: u64,
    /// The first item after it.
    pub end: u64,
}

impl Range {
    /// How many items there are.
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether there are none.
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

/// Cuts this many items into slices of `size`; the last has what remains. A size of 0 counts as 1.
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

/// Cuts this many items into a slice for each worker, none empty and none more than one item larger than another. With
/// fewer items than workers, there are fewer slices.
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

/// What a batch worker is told of its batch, beside its own cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// Its place in the batch, and how the batch is configured.
    pub metadata: Metadata,
    /// There was nothing to do: the worker stands for the whole batch, so that what depends on it can run.
    pub is_no_op: bool,
}

/// A worker's place in its batch, and how the template's `batch_config` configures that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Metadata {
    /// The batchable step that cut the work.
    pub batch_step: String,
    /// Which of the workers it is, counting from 1.
    pub worker_number: u32,
    /// How many workers the batch has.
    pub total_workers: u32,
    /// How many items one worker takes.
    pub batch_size: u64,
    /// The field by which items are ordered.
    pub cursor_field: String,
    /// What a failed worker means for the others: `continue_on_failure`, `fail_fast` or `isolate`.
    pub failure_strategy: String,
}

/// How far a worker has come: what it saves with a checkpoint, and goes on from. `C` is whatever tells the place: a
/// number, an id, a page token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress<T, C = u64> {
    /// Where to go on.
    pub cursor: C,
    /// How many items are done.
    pub items_processed: u64,
    /// What they have come to.
    pub accumulated: T,
}

impl<T: Default + DeserializeOwned> Progress<T> {
    /// Where the previous run stopped, or the beginning of the worker's slice, or 0 where there is none. For slices that
    /// are no [`Range`]s there is [`Progress::resume_or`].
    ///
    /// # Errors
    /// A permanent `InvalidCheckpoint` or `InvalidCursor` that says where it does not fit.
    pub fn resume(ctx: &Context) -> Result<Self, Failure> {
        if let Some(progress) = ctx.checkpoint()? {
            return Ok(progress);
        }
        let start = ctx.cursor::<Range>()?.unwrap_or_default().start;
        Ok(Self { cursor: start, items_processed: 0, accumulated: T::default() })
    }
}

impl<T: Default + DeserializeOwned, C: DeserializeOwned> Progress<T, C> {
    /// Where the previous run stopped, or `start`.
    ///
    /// # Errors
    /// A permanent `InvalidCheckpoint` that says where it does not fit.
    pub fn resume_or(ctx: &Context, start: C) -> Result<Self, Failure> {
        let progress = ctx.checkpoint()?;
        Ok(progress.unwrap_or_else(|| Self { cursor: start, items_processed: 0, accumulated: T::default() }))
    }
}

impl<T, C> Progress<T, C> {
    /// So many more items are done; go on at `cursor`.
    pub fn advance(&mut self, cursor: C, items: u64) {
        self.cursor = cursor;
        self.items_processed += items;
    }
}

impl<T: Serialize, C: Serialize> Progress<T, C> {
    /// Saves it and runs the handler again, as the same attempt.
    ///
    /// # Errors
    /// A permanent `ResultNotSerializable`.
    pub fn checkpoint<R>(&self) -> Result<Outcome<R>, Failure> {
        Outcome::checkpoint(self)
    }
}

/// What became of the items of a slice, or of all slices together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counts {
    /// How many were looked at.
    pub processed: u64,
    /// How many went well.
    pub succeeded: u64,
    /// How many did not.
    pub failed: u64,
    /// How many were not meant.
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

/// Makes one table of the workers' tables: what stands under the same key is added up.
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
    /// For a batch worker, what batch it belongs to.
    pub fn batch(&self) -> Option<Batch> {
        let metadata = self.attribute("batch_metadata").unwrap_or_else(|failure| {
            log::warn!("{}", failure.message());
            None
        })?;
        Some(Batch { metadata, is_no_op: self.is_no_op() })
    }

    /// For a batch worker, its slice of the work, where slices are [`Range`]s. Empty if there is nothing to do.
    ///
    /// # Errors
    /// A permanent `MissingCursor` in any other step, or `InvalidCursor` if the slice is something else.
    pub fn slice(&self) -> Result<Range, Failure> {
        match self.cursor()? {
            Some(range) => Ok(range),
            None if self.is_no_op() => Ok(Range::default()),
            None => {
                let message = format!(
                    "`{}` has no slice of work: only workers of a batch have one; give the step `type: batch_worker` \
                     in the template, and let it depend on a `batchable` one",
                    self.step_name()
                );
                Err(Failure::permanent("MissingCursor", message))
            }
        }
    }

    fn is_no_op(&self) -> bool {
        matches!(self.attribute("is_no_op"), Ok(Some(true)))
    }

    /// The results of a batch's workers with their numbers, in order: those of the steps called `<worker>_` and a
    /// number, of which this one depends on. A worker that was isolated has none.
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

/// The number of this worker, if the step is one.
fn worker_number(step: &str, worker: &str) -> Option<u32> {
    let digits = step.strip_prefix(worker)?.strip_prefix('_')?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}
