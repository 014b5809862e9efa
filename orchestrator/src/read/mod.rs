//! Queries of stored data, and their API types.

mod context;
mod count;
mod discovery;
mod dlq;
mod graph;
mod health;
mod logs;
mod published;
mod reader;
mod step;
mod task;
mod timeline;
mod watch;
mod withhold;

pub use context::TaskContext;
pub use count::{CountBy, TaskCount, TaskGroup};
pub use discovery::{
    DependencyGraph, EdgeKind, GraphEdge, GraphNode, HandlerDetail, HandlerOverview, HandlerVersionDetail,
    Handlers, HandlersOfNamespace, NamespaceHandlers, StepTemplate,
};
pub use dlq::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness};
pub use graph::{BatchGroup, Blocker, DrawnEdge, DrawnGraph, DrawnNode, GraphAnalysis, GraphKind, GraphMode};
pub use logs::{LogEntry, LogFilter, LogKey};
pub use published::{HandlerSummary, TemplateFilter, TemplateKey, TemplateSummary};
pub use reader::Reader;
pub use step::{AttemptRecord, StepDetail, Transition, TransitionKey};
pub use task::{
    ExecutionStatus, HealthStatus, RecommendedAction, StepCounts, TaskDetail, TaskFilter, TaskSummary,
};
pub use timeline::{TimelineEntry, TimelineKey};
pub use watch::Watch;
pub(crate) use watch::Watched;
