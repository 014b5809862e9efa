//! Queries of stored data, and their API types.

mod discovery;
mod dlq;
mod health;
mod published;
mod reader;
mod step;
mod task;
mod withhold;

pub use discovery::{
    DependencyGraph, EdgeKind, GraphEdge, GraphNode, HandlerDetail, HandlerOverview, HandlerVersionDetail,
    Handlers, HandlersOfNamespace, NamespaceHandlers, StepTemplate,
};
pub use dlq::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness};
pub use published::{HandlerSummary, TemplateFilter, TemplateKey, TemplateSummary};
pub use reader::Reader;
pub use step::{AttemptRecord, StepDetail, Transition, TransitionKey};
pub use task::{
    ExecutionStatus, HealthStatus, RecommendedAction, StepCounts, TaskDetail, TaskFilter, TaskSummary,
};
