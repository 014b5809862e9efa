//! Measures the actions of operators.

use tasker_telemetry::metrics;

use crate::{effect::Effects, engine::Engine};

/// What an operator acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Task,
    Step,
}

/// The actions that change no state.
const WITHOUT_CHANGE: [&str; 2] = ["set_tags", "set_priority"];

impl Engine {
    /// Measures an action that was applied, and the tasks that it ended.
    pub(crate) async fn measure_action(&self, target: Target, action: &'static str, effects: &Effects) {
        let Some(metrics) = metrics() else { return };
        let target = match target {
            Target::Task => "task",
            Target::Step => "step",
        };
        metrics.operator_actions.add(1, [target.into(), action.into()]);
        if !WITHOUT_CHANGE.contains(&action) {
            let ended = effects.tasks.iter().filter(|(_, state)| state.is_terminal());
            self.measure_rest(ended.map(|&(task, state)| (task, state, None)).collect::<Vec<_>>()).await;
        }
    }
}
