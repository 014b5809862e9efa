//! A bulk operation, its failures, and their rows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{Row as _, postgres::PgRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    action::{BulkAction, BulkArguments},
    stored_filter,
};
use crate::{
    access::{Principal, Scope},
    database::columns::raw,
    error::Error,
    read::{TaskFilter, TaskSummary},
};

/// An action on many tasks: a preview of it, or how far it has come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkOperation {
    /// The operation, a UUIDv7. The audit of each task names it.
    pub bulk_id: Uuid,
    /// Its state.
    pub state: BulkState,
    /// The action.
    pub action: BulkAction,
    /// The arguments of the action.
    pub arguments: BulkArguments,
    /// The reason.
    pub reason: Option<String>,
    /// Who asked for it.
    pub actor: String,
    /// The filter of its tasks, as it was understood. None if they were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub filter: Option<Box<RawValue>>,
    /// The number of its tasks at the time of the preview.
    pub matching: BulkMatching,
    /// The number of tasks that the action was applied to.
    pub done: i64,
    /// The number of tasks that it could not be applied to.
    pub failed: i64,
    /// When it was previewed. Tasks that were created later are not concerned.
    pub created_at: DateTime<Utc>,
    /// When it was confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was complete, or stopped.
    pub ended_at: Option<DateTime<Utc>>,
    /// In a preview: the newest of the tasks, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<TaskSummary>,
    /// In a preview: how many of the tasks the action cannot be applied to in their present state, by reason; and how many of
    /// the named ones do not exist, as `no_such_task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impossible: Option<BTreeMap<String, i64>>,
    /// In a preview: the token that confirms it, once, within ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// The number of tasks of a bulk operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkMatching {
    /// Their number, at most `max`.
    pub count: i64,
    /// Whether more tasks match. The operation concerns the newest.
    pub capped: bool,
}

/// The state of a bulk operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkState {
    /// Nothing is changed until it is confirmed.
    Previewed,
    /// It was confirmed. Its tasks are worked on one after the other.
    Running,
    /// It was stopped. What was done stands.
    Stopped,
    /// All of its tasks were worked on.
    Complete,
}

/// A task that the action of a bulk operation could not be applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkFailure {
    /// The task.
    pub task_id: Uuid,
    /// Why: a code, as in problems.
    pub code: String,
    /// Why, in words.
    pub message: String,
}

/// What a worker needs of an operation.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) shown: BulkOperation,
    pub(super) principal: Principal,
    /// What its tasks must still match.
    pub(super) filter: TaskFilter,
    /// The last task that was worked on.
    pub(super) last_task: Option<Uuid>,
}

impl BulkState {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "previewed" => Some(Self::Previewed),
            "running" => Some(Self::Running),
            "stopped" => Some(Self::Stopped),
            "complete" => Some(Self::Complete),
            _ => None,
        }
    }
}

/// The columns that [`operation`] reads, without the tasks.
pub(super) const SHOWN: &str =
    "bulk_id, state, action, arguments::text AS arguments, reason, actor, filter::text AS filter,
    matching, is_capped, done, failed, created_at, confirmed_at, ended_at";

/// The further columns that [`stored`] reads.
pub(super) const STORED: &str = "principal::text AS principal, namespaces, last_task";

/// Reads an operation for its users.
pub(super) fn operation(row: &PgRow) -> Result<BulkOperation, Error> {
    let (state, action): (String, String) = (row.try_get("state")?, row.try_get("action")?);
    let damaged = |what: &str| Error::Damaged(format!("bulk operation: {what}"));
    let arguments: String = row.try_get("arguments")?;
    let filter: Option<String> = row.try_get("filter")?;
    Ok(BulkOperation {
        bulk_id: row.try_get("bulk_id")?,
        state: BulkState::from_name(&state).ok_or_else(|| damaged(&state))?,
        action: BulkAction::from_name(&action).ok_or_else(|| damaged(&action))?,
        arguments: serde_json::from_str(&arguments).map_err(|error| damaged(&error.to_string()))?,
        reason: row.try_get("reason")?,
        actor: row.try_get("actor")?,
        filter: filter.as_deref().map(raw).transpose()?,
        matching: BulkMatching { count: row.try_get("matching")?, capped: row.try_get("is_capped")? },
        done: row.try_get("done")?,
        failed: row.try_get("failed")?,
        created_at: row.try_get("created_at")?,
        confirmed_at: row.try_get("confirmed_at")?,
        ended_at: row.try_get("ended_at")?,
        sample: Vec::new(),
        impossible: None,
        confirm: None,
    })
}

/// Reads an operation to work on it.
pub(super) fn stored(row: &PgRow) -> Result<Stored, Error> {
    let principal: String = row.try_get("principal")?;
    let filter: Option<String> = row.try_get("filter")?;
    let shown = operation(row)?;
    Ok(Stored {
        principal: serde_json::from_str(&principal).map_err(|error| Error::Damaged(error.to_string()))?,
        filter: stored_filter::read(filter.as_deref().unwrap_or("{}"), scope(row)?)?,
        last_task: row.try_get("last_task")?,
        shown,
    })
}

/// Reads the namespaces that an operation is limited to.
pub(super) fn scope(row: &PgRow) -> Result<Scope, Error> {
    let namespaces: Option<Vec<String>> = row.try_get("namespaces")?;
    Ok(namespaces.map_or(Scope::All, |names| Scope::Namespaces(names.into_iter().collect())))
}
