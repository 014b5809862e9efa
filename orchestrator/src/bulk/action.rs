//! The actions of bulk operations: their permissions, their arguments, and the tasks that they cannot be applied to.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    access::Permission,
    create::TaskCopy,
    error::Error,
    operate::TaskAction,
    text::{check_name, check_tags},
};

macro_rules! actions {
    ($($name:ident $text:literal $doc:literal)*) => {
        /// An action on many tasks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum BulkAction { $(#[doc = $doc] $name,)* }

        impl BulkAction {
            /// All actions.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

actions! {
    Cancel "cancel" "Cancel them."
    Pause "pause" "Stop enqueuing steps until they are resumed."
    Resume "resume" "Continue paused ones."
    Redrive "redrive" "Run their failed steps again, with their attempts reset."
    GiveUp "give_up" "End those that are blocked by failures in `error`."
    ResolveManually "resolve_manually" "Declare those done that are blocked by failures."
    Rerun "rerun" "Reset the step `step` and all steps after it, and run them again."
    Upgrade "upgrade" "Move them to the template version `version`, by default to the current handlers of their own."
    SetTags "set_tags" "Replace their tags by `tags`."
    Clone "clone" "Create a task with the input of each, changed by `context`, and with `version`."
}

/// The arguments of an action.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkArguments {
    /// Of `rerun`: the step, by name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Of `upgrade` and `clone`: the template version. Default: that of each task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of `set_tags`: the new tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Of `clone`: changes of the inputs, a JSON Merge Patch (RFC 7396).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub context: Option<Box<RawValue>>,
}

/// What an action does with one task.
pub(super) enum Act {
    Cancel,
    Operate(TaskAction),
    Copy(TaskCopy),
}

impl BulkAction {
    /// The action with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }

    /// The permission that the action on a single task needs.
    pub fn permission(self) -> Permission {
        match self {
            Self::Cancel => Permission::TasksCancel,
            Self::Clone => Permission::TasksCreate,
            _ => Permission::TasksOperate,
        }
    }

    /// Why the state of a row of `tasker.tasks` does not allow the action, in SQL; NULL if it does. The actions themselves
    /// decide when their turn comes.
    pub(super) fn impossible(self) -> &'static str {
        match self {
            Self::Cancel => "CASE WHEN tasker_f.is_terminal(state) THEN 'already_ended' END",
            Self::Pause => {
                "CASE WHEN tasker_f.is_terminal(state) THEN 'already_ended'
                      WHEN paused_at IS NOT NULL THEN 'already_paused' END"
            }
            Self::Resume => "CASE WHEN paused_at IS NULL THEN 'not_paused' END",
            Self::Redrive => {
                "CASE WHEN state NOT IN ('error', 'blocked_by_failures') THEN 'no_failed_steps' END"
            }
            Self::GiveUp | Self::ResolveManually => {
                "CASE WHEN state <> 'blocked_by_failures' THEN 'not_blocked' END"
            }
            Self::Rerun => "CASE WHEN state = 'cancelled' THEN 'cancelled' END",
            Self::Upgrade => {
                "CASE WHEN tasker_f.is_terminal(state) THEN 'already_ended'
                      WHEN steps_running > 0 THEN 'steps_running' END"
            }
            Self::SetTags | Self::Clone => "NULL",
        }
    }

    /// Checks that the arguments are those of the action.
    pub(super) fn check(self, arguments: &BulkArguments) -> Result<(), Error> {
        let BulkArguments { step, version, tags, context } = arguments;
        let invalid = |message: String| Err(Error::InvalidRequest { field: "arguments", message });
        if self == Self::Rerun && step.is_none() {
            return invalid("of `rerun` need `step`, the name or number of a step".to_owned());
        }
        if self == Self::SetTags && tags.is_none() {
            return invalid("of `set_tags` need `tags`, the new tags".to_owned());
        }
        check_tags(tags.as_deref().unwrap_or_default())?;
        for (name, is_there, may_be) in [
            ("step", step.is_some(), self == Self::Rerun),
            ("version", version.is_some(), matches!(self, Self::Upgrade | Self::Clone)),
            ("tags", tags.is_some(), self == Self::SetTags),
            ("context", context.is_some(), self == Self::Clone),
        ] {
            if is_there && !may_be {
                return invalid(format!("contain `{name}`, which `{self}` does not take"));
            }
        }
        [step, version].into_iter().flatten().try_for_each(|text| check_name("arguments", text))
    }

    /// Returns what to do with each task.
    pub(super) fn act(self, arguments: &BulkArguments, reason: &str) -> Act {
        let BulkArguments { step, version, tags, context } = arguments.clone();
        Act::Operate(match self {
            Self::Cancel => return Act::Cancel,
            Self::Clone => {
                return Act::Copy(TaskCopy { context, version, reason: Some(reason.to_owned()) });
            }
            Self::Pause => TaskAction::Pause,
            Self::Resume => TaskAction::Resume,
            Self::Redrive => TaskAction::Redrive,
            Self::GiveUp => TaskAction::GiveUp,
            Self::ResolveManually => TaskAction::ResolveManually,
            Self::Rerun => TaskAction::Rerun { step: step.unwrap_or_default() },
            Self::Upgrade => TaskAction::Upgrade { version },
            Self::SetTags => TaskAction::SetTags { tags: tags.unwrap_or_default() },
        })
    }
}

impl fmt::Display for BulkAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
