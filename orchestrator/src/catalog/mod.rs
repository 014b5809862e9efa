//! The catalog: published templates and handlers, and releases, which fix both for a task.

mod bundle;
#[expect(clippy::module_inception, reason = "the part and its folder have one name")]
mod catalog;
mod handlers;
mod release;
mod store;

pub use bundle::Bundle;
pub(crate) use catalog::TemplateName;
pub use catalog::{Catalog, Publication};
pub(crate) use handlers::callable_names;
pub use handlers::{ComponentPublication, HandlerVersion, PublishedHandler};
pub use release::step_name;
pub(crate) use release::{Release, ReleaseStep, deciders};
