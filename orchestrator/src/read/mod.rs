//! Queries of stored data, and their API types.

mod branches;
mod changes;
mod context;
mod count;
mod discovery;
mod dlq;
mod feed;
mod filter;
mod graph;
mod health;
mod logs;
mod namespaces;
mod overview;
mod published;
mod reader;
mod search;
mod step;
mod task;
mod timeline;
mod watch;
mod withhold;

pub(crate) use branches::Part;
pub use context::TaskContext;
pub use count::{CountBy, TaskCount, TaskGroup};
pub use discovery::{
    DependencyGraph, EdgeKind, GraphEdge, GraphNode, HandlerDetail, HandlerOverview, HandlerVersionDetail,
    Handlers, HandlersOfNamespace, NamespaceHandlers, StepTemplate,
};
pub use dlq::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness};
pub use feed::{Feed, Follower, Heard, ListChange};
pub use filter::TaskFilter;
pub use graph::{BatchGroup, Blocker, DrawnEdge, DrawnGraph, DrawnNode, GraphAnalysis, GraphKind, GraphMode};
pub use logs::{LogEntry, LogFilter, LogKey};
pub use namespaces::Namespace;
pub use overview::{StepOverview, TaskOverview};
pub use published::{
    HandlerSummary, TemplateFilter, TemplateKey, TemplateSummary, TemplateVersion, TemplateVersions,
};
pub use reader::Reader;
pub use step::{AttemptRecord, StepDetail, StepFilter, Transition, TransitionKey};
pub use task::{ExecutionStatus, HealthStatus, RecommendedAction, StepCounts, TaskDetail, TaskSummary};
pub use timeline::{TimelineEntry, TimelineKey};
pub use watch::Watch;
pub(crate) use watch::Watched;
