//! Templates: the format, its reader and its checks.

mod document;
mod form;
mod graph;
mod import;
mod model;
mod older;
mod parse;
mod problem;
mod reference;
mod validate;
mod yaml;

pub(crate) use document::{Node, escape};
pub(crate) use form::{Form, did_you_mean};
pub use graph::Graph;
pub use import::{Imported, import};
pub use model::{
    Backoff, BatchConfig, DeliveryMode, DomainEvent, Environment, EventCondition, FailureStrategy, Handler,
    HandlerOverride, IdentityStrategy, Lifecycle, LifecycleLimits, PublishedEvent, Retry, RetryOverride,
    StalenessAction, Step, StepLimits, StepOverride, StepType, SystemDependencies, Template,
};
pub use older::Change;
pub use parse::{Parsed, parse, template_schema};
pub use problem::{Code, Position, Problem, Problems, Severity};
pub use reference::reference;
