//! Templates: the format, its reader and its checks.

mod document;
mod graph;
mod model;
mod parse;
mod problem;
mod validate;

pub use graph::Graph;
pub use model::{
    Backoff, BatchConfig, DeliveryMode, DomainEvent, Environment, EventCondition, FailureStrategy, Handler,
    HandlerOverride, IdentityStrategy, Lifecycle, LifecycleLimits, PublishedEvent, Retry, RetryOverride,
    StalenessAction, Step, StepLimits, StepOverride, StepType, SystemDependencies, Template,
};
pub(crate) use parse::did_you_mean;
pub use parse::{Parsed, parse, template_schema};
pub use problem::{Code, Position, Problem, Problems, Severity};
