//! Everything that one publication consists of, in one document: for publishing where there are no files, as on deploy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tasker_templates::{template::Template, trigger::Trigger};

use super::handlers::ComponentPublication;

/// Components, whose bytes lie in the blob store already, the templates that use them, and the triggers that start those.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What the components hold.
    pub components: Vec<ComponentPublication>,
    /// Further names for handlers.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// The templates.
    pub templates: Vec<Template>,
    /// The triggers.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// Whether tasks created from now on get the handlers.
    pub promote: bool,
}
