//! The statement of each action on a task, to be run on any connection.

use sqlx::{Postgres, postgres::PgArguments, query, query::Query};
use uuid::Uuid;

use crate::database::set::sql;

/// The statement of an action whose step and releases are known. Its rows are effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    /// Cancels the task.
    Cancel,
    /// An action that needs no more than its name.
    Operate(&'static str),
    /// Reruns the task from this step.
    Rerun(i32),
    /// Moves the task from one release to another.
    Upgrade { from: Uuid, to: Uuid },
    /// Replaces the tags of the task, and their labels.
    SetTags { tags: Vec<String>, labels: Vec<String> },
    /// Sets the priority of the task.
    SetPriority(i16),
}

impl Statement {
    /// The name of the action.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Operate(action) => action,
            Self::Rerun(_) => "rerun",
            Self::Upgrade { .. } => "upgrade",
            Self::SetTags { .. } => "set_tags",
            Self::SetPriority(_) => "set_priority",
        }
    }

    /// Returns the statement for a task.
    pub(crate) fn query<'q>(
        self,
        task: Uuid,
        actor: &'q str,
        reason: Option<&'q str>,
    ) -> Query<'q, Postgres, PgArguments> {
        let statement = match self {
            Self::Cancel => query(sql!("SELECT * FROM tasker_f.cancel_task($1, $2, $3)")).bind(task),
            Self::Operate(action) => {
                query(sql!("SELECT * FROM tasker_f.operate_task($1, $2, $3, $4)")).bind(task).bind(action)
            }
            Self::Rerun(step) => {
                query(sql!("SELECT * FROM tasker_f.rerun_task($1, $2, $3, $4)")).bind(task).bind(step)
            }
            Self::Upgrade { from, to } => {
                let upgrade = query(sql!("SELECT * FROM tasker_f.upgrade_task($1, $2, $3, $4, $5)"));
                upgrade.bind(task).bind(from).bind(to)
            }
            Self::SetTags { tags, labels } => {
                let set = query(sql!("SELECT * FROM tasker_f.set_tags($1, $2, $3, $4, $5)"));
                set.bind(task).bind(tags).bind(labels)
            }
            Self::SetPriority(priority) => {
                query(sql!("SELECT * FROM tasker_f.set_priority($1, $2, $3, $4)")).bind(task).bind(priority)
            }
        };
        statement.bind(actor).bind(reason)
    }
}
