//! Reading what is stored: the shapes that the API answers with, and the queries behind them.

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
