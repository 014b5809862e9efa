//! A bundle: one document with all parts of a publication, for deployments without access to the project's files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tasker_templates::{template::Template, trigger::Trigger};

use super::handlers::ComponentPublication;

/// Components whose bytes are already in the blob store, the templates that use them, and the triggers of these
/// templates.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The components and their handlers.
    pub components: Vec<ComponentPublication>,
    /// Additional names of handlers: from the name to the handler.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// The templates.
    pub templates: Vec<Template>,
    /// The triggers.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// Whether new tasks use the published handler versions.
    pub promote: bool,
}
