//! Queries of stored data, and their API types.

mod catalog;
mod dlq;
mod reader;
mod step;
mod task;

pub use catalog::{HandlerSummary, TemplateSummary};
pub use dlq::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness};
pub use reader::Reader;
pub use step::{AttemptRecord, StepDetail, Transition};
pub use task::{
    ExecutionStatus, HealthStatus, RecommendedAction, StepCounts, TaskDetail, TaskFilter, TaskSummary,
};
