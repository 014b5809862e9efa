//! Queries of stored data, and their API types.

mod dlq;
mod health;
mod published;
mod reader;
mod step;
mod task;

pub use dlq::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness};
pub use published::{HandlerSummary, TemplateSummary};
pub use reader::Reader;
pub use step::{AttemptRecord, StepDetail, Transition};
pub use task::{
    ExecutionStatus, HealthStatus, RecommendedAction, StepCounts, TaskDetail, TaskFilter, TaskSummary,
};
