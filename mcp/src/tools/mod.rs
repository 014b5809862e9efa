//! The table of tools, by what they are about.

mod analytics;
mod change_events;
mod change_steps;
mod change_tasks;
mod dead_letters;
mod events;
mod fields;
mod steps;
mod system;
mod tasks;
mod templates;

use crate::tool::Tool;

/// All tools, in the order in which they are listed.
pub(crate) fn all() -> impl Iterator<Item = &'static Tool> {
    [
        system::TOOLS,
        tasks::TOOLS,
        steps::TOOLS,
        dead_letters::TOOLS,
        templates::TOOLS,
        events::TOOLS,
        analytics::TOOLS,
        change_tasks::TOOLS,
        change_steps::TOOLS,
        change_events::TOOLS,
    ]
    .into_iter()
    .flatten()
}
