//! The table of tools, by what they are about.

mod change_events;
mod change_steps;
mod change_tasks;
mod dead_letters;
mod events;
mod steps;
mod system;
mod tasks;
mod templates;

use crate::{
    arguments::{Field, Kind, optional, required},
    tool::Tool,
};

/// All tools, in the order in which they are listed.
pub(crate) fn all() -> impl Iterator<Item = &'static Tool> {
    [
        system::TOOLS,
        tasks::TOOLS,
        steps::TOOLS,
        dead_letters::TOOLS,
        templates::TOOLS,
        events::TOOLS,
        change_tasks::TOOLS,
        change_steps::TOOLS,
        change_events::TOOLS,
    ]
    .into_iter()
    .flatten()
}

const TASK: Field = required("task", Kind::Uuid, "The id of the task.");
const STEP: Field = required("step", Kind::Text, "The step, by name or number.");
const NAMESPACE: Field = required("namespace", Kind::Text, "The template's namespace.");
const NAME: Field = required("name", Kind::Text, "The template's name.");
const VERSION: Field = required("version", Kind::Text, "The template's version, such as 1.0.0.");
const CALLABLE: Field = required("callable", Kind::Text, "The name that templates use for the handler.");
const REASON: Field = required("reason", Kind::Text, "Why, for the audit.");
const DOCUMENTS: Field = optional(
    "documents",
    Kind::Boolean,
    "Whether to return documents too (inputs, results, failures), cut to fit.",
);
