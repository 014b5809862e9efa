//! Which tasks a list or a count is of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::{access::scope::Scope, labels, state::TaskState};

/// A filter for tasks. All conditions must hold. What bulk operations store of it has no scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskFilter {
    /// Only tasks of these namespaces.
    #[serde(skip)]
    pub scope: Scope,
    /// Only these tasks.
    #[serde(skip)]
    pub ids: Option<Vec<Uuid>>,
    /// Only tasks of this namespace.
    pub namespace: Option<String>,
    /// Only tasks of templates with this name.
    pub name: Option<String>,
    /// Only tasks of this version of their template.
    pub version: Option<String>,
    /// Only tasks in one of these states; all if empty.
    pub states: Vec<TaskState>,
    /// Only tasks requested by this initiator.
    pub initiator: Option<String>,
    /// Only tasks requested from this system.
    pub source_system: Option<String>,
    /// Only tasks with this correlation id, if their request gave it.
    pub correlation_id: Option<String>,
    /// Only tasks with this correlation id of their cause's cause.
    pub parent_correlation_id: Option<String>,
    /// Only tasks with all of these tags.
    pub tags: Vec<String>,
    /// Only tasks with one of these tags; all if empty.
    pub any_tags: Vec<String>,
    /// Only tasks with all of these values of search attributes, by name.
    pub attributes: Vec<(String, String)>,
    /// Only tasks created at this time or later, to the millisecond.
    pub created_after: Option<DateTime<Utc>>,
    /// Only tasks created before this time.
    pub created_before: Option<DateTime<Utc>>,
    /// Only tasks that ended at this time or later.
    pub ended_after: Option<DateTime<Utc>>,
    /// Only tasks that ended before this time.
    pub ended_before: Option<DateTime<Utc>>,
    /// Only tasks that are paused, or that are not.
    pub paused: Option<bool>,
    /// Only tasks that have or had a DLQ entry, or that have not.
    pub has_dlq_entry: Option<bool>,
    /// Only tasks in which this step has failed for good.
    pub failed_step: Option<String>,
    /// Only tasks in which a step's last failure has this type.
    pub error_type: Option<String>,
    /// Only tasks that this text finds: the beginning of an id, a part of a template's name, or a whole label.
    pub text: Option<String>,
    /// The oldest first.
    pub oldest_first: bool,
}

impl TaskFilter {
    /// The labels that all tasks have.
    pub(super) fn labels(&self) -> Vec<String> {
        let mut all: Vec<String> = self.tags.iter().map(|tag| labels::tag(tag)).collect();
        all.extend(self.correlation_id.as_deref().map(labels::correlation_id));
        all.extend(self.parent_correlation_id.as_deref().map(labels::parent_correlation_id));
        all.extend(self.initiator.as_deref().map(labels::initiator));
        all.extend(self.source_system.as_deref().map(labels::source_system));
        all.extend(self.attributes.iter().map(|(name, value)| labels::attribute(name, value)));
        all
    }

    /// Labels of which all tasks have one, if there are any.
    pub(super) fn any_labels(&self) -> Vec<String> {
        self.any_tags.iter().map(|tag| labels::tag(tag)).collect()
    }

    /// The filter without the conditions that a task may meet at one time and not at another. None if it has no such.
    pub(super) fn without_what_changes(&self) -> Option<Self> {
        let always = Self {
            version: None,
            states: Vec::new(),
            tags: Vec::new(),
            any_tags: Vec::new(),
            text: None,
            ended_after: None,
            ended_before: None,
            paused: None,
            has_dlq_entry: None,
            failed_step: None,
            error_type: None,
            ..self.clone()
        };
        (always != *self).then_some(always)
    }

    /// Adds its conditions on `tasker.tasks t`, but for its text.
    pub(super) fn push_to(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(namespaces) = self.scope.sql() {
            query.push(" AND namespace = ANY (").push_bind(namespaces).push(")");
        }
        for (column, wanted) in
            [("namespace", &self.namespace), ("name", &self.name), ("version", &self.version)]
        {
            if let Some(wanted) = wanted {
                query.push(format!(" AND {column} = ")).push_bind(wanted.clone());
            }
        }
        match self.states[..] {
            [] => {}
            [state] => drop(query.push(" AND state = ").push_bind(state.as_str())),
            ref states => {
                let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
                query.push(" AND state = ANY (").push_bind(names).push(")");
            }
        }
        let labels = self.labels();
        if !labels.is_empty() {
            query.push(" AND labels <> '{}' AND labels @> ").push_bind(labels);
        }
        let any = self.any_labels();
        if !any.is_empty() {
            query.push(" AND labels <> '{}' AND labels && ").push_bind(any);
        }
        if let Some(after) = self.created_after {
            query.push(" AND task_id >= ").push_bind(first_id(after));
        }
        if let Some(before) = self.created_before {
            query.push(" AND task_id < ").push_bind(first_id(before));
        }
        if let Some(ids) = &self.ids {
            query.push(" AND task_id = ANY (").push_bind(ids.clone()).push(")");
        }
        for (comparison, time) in [(">=", self.ended_after), ("<", self.ended_before)] {
            if let Some(time) = time {
                query.push(format!(" AND completed_at {comparison} ")).push_bind(time);
            }
        }
        if let Some(paused) = self.paused {
            query.push(if paused { " AND paused_at IS NOT NULL" } else { " AND paused_at IS NULL" });
        }
        if let Some(has_entry) = self.has_dlq_entry {
            query.push(" AND has_dlq_entry = ").push_bind(has_entry);
        }
        if let Some(step) = &self.failed_step {
            query
                .push(
                    " AND EXISTS (SELECT 1 FROM tasker.steps s JOIN tasker.release_steps d
                         ON d.release_id = t.release_id AND d.step_index = s.template_step
                         WHERE s.task_id = t.task_id AND s.state = 'error' AND d.name = ",
                )
                .push_bind(step.clone())
                .push(")");
        }
        if let Some(error_type) = &self.error_type {
            query
                .push(
                    " AND EXISTS (SELECT 1 FROM tasker.steps s
                         WHERE s.task_id = t.task_id AND s.last_failure ->> 'error_type' = ",
                )
                .push_bind(error_type.clone())
                .push(")");
        }
    }
}

/// The lowest UUIDv7 of this time: the key that all indexes end in stands for the time of creation.
pub(super) fn first_id(time: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(time.timestamp_millis()).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(milliseconds) << 80)
}
