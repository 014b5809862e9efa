//! Templates: the format, its parser and its validation.

mod graph;
mod import;
mod model;
mod older;
mod parse;
mod reference;
mod validate;
mod version;

pub use graph::Graph;
pub use import::{Imported, import};
pub use model::{
    Backoff, BatchConfig, DeliveryMode, DomainEvent, Environment, EventCondition, FailureStrategy, Handler,
    HandlerOverride, IdentityStrategy, Lifecycle, LifecycleLimits, PublishedEvent, Retry, RetryOverride,
    SearchAttribute, StalenessAction, Step, StepLimits, StepOverride, StepType, SystemDependencies, Template,
    Written,
};
pub use older::Change;
pub use parse::{Parsed, parse, template_schema};
pub use reference::reference;
pub use version::latest;
