//! The project: reading its templates and triggers, building its components, and publishing all of them.

pub(crate) mod build;
pub(crate) mod components;
pub(crate) mod describe;
pub(crate) mod documents;
mod modules;
pub(crate) mod publish;
pub(crate) mod templates;
pub(crate) mod triggers;
pub(crate) mod versions;
