//! Filters of lists of tasks.

use serde::{Deserialize, Serialize};
use tasker_orchestrator::{access::Scope, read::TaskFilter, state::TaskState};
use utoipa::{IntoParams, ToSchema};

use crate::{
    moment::Moment,
    problem::{ApiError, Code},
};

/// The maximum number of values of a filter that may be repeated, and the maximum length of a value, in bytes.
const MOST_VALUES: usize = 50;
const LONGEST_TEXT: usize = 4096;

/// The order of a list of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// The newest first.
    Desc,
    /// The oldest first.
    Asc,
}

/// Filters of a list of tasks.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(as = TaskFilters)]
pub(crate) struct Filters {
    /// Only tasks in this state. Repeat it for several.
    #[serde(default)]
    state: Vec<String>,
    /// Only tasks that have not ended (`true`), or that have (`false`).
    open: Option<bool>,
    /// Only tasks of this namespace.
    namespace: Option<String>,
    /// Only tasks of this template.
    name: Option<String>,
    /// Only tasks of this version of their template.
    version: Option<String>,
    /// Only tasks of this initiator.
    initiator: Option<String>,
    /// Only tasks of this source system.
    source_system: Option<String>,
    /// Only tasks with this correlation id, if their request gave it.
    correlation_id: Option<String>,
    /// Only tasks with this parent correlation id.
    parent_correlation_id: Option<String>,
    /// Only tasks with this tag. Repeat it for tasks that have all of several.
    #[serde(default)]
    tag: Vec<String>,
    /// Only tasks with one of these tags.
    #[serde(default)]
    tag_any: Vec<String>,
    /// Only tasks with this value of a search attribute of their template: `order_id=DE-1001`. Repeat it for several that all hold.
    #[serde(default)]
    attribute: Vec<String>,
    /// Only tasks that this text finds: the beginning of a task's id (four digits or more), a part of a template's name, or a
    /// whole tag, correlation id, initiator, source system or search attribute.
    q: Option<String>,
    /// Only tasks created at this time or later: RFC 3339, or how long ago (`15m`, `2h`, `7d`).
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    created_after: Option<Moment>,
    /// Only tasks created before this time.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    created_before: Option<Moment>,
    /// Only tasks that ended at this time or later.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    ended_after: Option<Moment>,
    /// Only tasks that ended before this time.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    ended_before: Option<Moment>,
    /// Only tasks that are paused (`true`), or that are not.
    paused: Option<bool>,
    /// Only tasks that have or had a DLQ entry (`true`), or that have not.
    has_dlq_entry: Option<bool>,
    /// Only tasks in which the step with this name has failed for good.
    failed_step: Option<String>,
    /// Only tasks in which a step's last failure has this type.
    error_type: Option<String>,
    /// `desc`, the newest first and the default, or `asc`.
    #[param(inline)]
    order: Option<Order>,
}

impl Filters {
    pub(crate) fn read(&self, scope: Scope) -> Result<TaskFilter, ApiError> {
        let refused = |message: String| ApiError::new(Code::InvalidRequest, message);
        let mut states = Vec::new();
        for name in &self.state {
            states.push(TaskState::from_name(name).ok_or_else(|| no_such_state(name))?);
        }
        if let Some(open) = self.open {
            if !states.is_empty() {
                let message = "`open` and `state` exclude each other: give one of them";
                return Err(refused(message.to_owned()));
            }
            states.extend(TaskState::ALL.iter().copied().filter(|state| state.is_terminal() != open));
        }
        let mut attributes = Vec::new();
        for attribute in &self.attribute {
            let Some((name, value)) = attribute.split_once('=') else {
                return Err(refused(format!(
                    "`attribute` is `{attribute}`; it must be a name and a value: `order_id=DE-1001`"
                )));
            };
            attributes.push((name.to_owned(), value.to_owned()));
        }
        self.check_texts()?;
        self.check_breadth(&states)?;
        let time = |moment: Option<Moment>| moment.map(|moment| moment.0);
        Ok(TaskFilter {
            scope,
            states,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
            initiator: self.initiator.clone(),
            source_system: self.source_system.clone(),
            correlation_id: self.correlation_id.clone(),
            parent_correlation_id: self.parent_correlation_id.clone(),
            tags: self.tag.clone(),
            any_tags: self.tag_any.clone(),
            attributes,
            created_after: time(self.created_after),
            created_before: time(self.created_before),
            ended_after: time(self.ended_after),
            ended_before: time(self.ended_before),
            paused: self.paused,
            has_dlq_entry: self.has_dlq_entry,
            failed_step: self.failed_step.clone(),
            error_type: self.error_type.clone(),
            text: self.q.clone(),
            oldest_first: self.order == Some(Order::Asc),
            ..TaskFilter::default()
        })
    }

    /// Refuses what no task can have, and more values than anybody asks for.
    fn check_texts(&self) -> Result<(), ApiError> {
        let one = [
            ("namespace", &self.namespace),
            ("name", &self.name),
            ("version", &self.version),
            ("initiator", &self.initiator),
            ("source_system", &self.source_system),
            ("correlation_id", &self.correlation_id),
            ("parent_correlation_id", &self.parent_correlation_id),
            ("q", &self.q),
            ("failed_step", &self.failed_step),
            ("error_type", &self.error_type),
        ];
        let several = [("tag", &self.tag), ("tag_any", &self.tag_any), ("attribute", &self.attribute)];
        let refused = |message: String| Err(ApiError::new(Code::InvalidRequest, message));
        if let Some((name, _)) = several.iter().find(|(_, values)| values.len() > MOST_VALUES) {
            return refused(format!("`{name}` has more than {MOST_VALUES} values"));
        }
        let one = one.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let several =
            several.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        for (name, text) in one.chain(several) {
            if text.contains('\0') || text.len() > LONGEST_TEXT {
                return refused(format!(
                    "`{name}` must have at most {LONGEST_TEXT} bytes, and no NUL character"
                ));
            }
        }
        Ok(())
    }

    /// Whether they ask for an order.
    pub(crate) fn have_order(&self) -> bool {
        self.order.is_some()
    }

    /// Refuses filters for which no index is, if nothing else limits the tasks that are read: a rare one would read the whole
    /// history.
    fn check_breadth(&self, states: &[TaskState]) -> Result<(), ApiError> {
        let narrowing = [
            ("ended_after", self.ended_after.is_some()),
            ("ended_before", self.ended_before.is_some()),
            ("paused", self.paused.is_some()),
            ("has_dlq_entry", self.has_dlq_entry.is_some()),
            ("failed_step", self.failed_step.is_some()),
            ("error_type", self.error_type.is_some()),
        ];
        let Some((name, _)) = narrowing.into_iter().find(|(_, is_there)| *is_there) else { return Ok(()) };
        let is_open = !states.is_empty() && states.iter().all(|state| !state.is_terminal());
        let has_label = !self.attribute.is_empty()
            || self.correlation_id.is_some()
            || self.parent_correlation_id.is_some();
        if is_open || has_label || self.created_after.is_some() {
            return Ok(());
        }
        let message = format!(
            "`{name}` alone would read the whole history: add `open=true`, `created_after`, an attribute or a correlation id"
        );
        Err(ApiError::new(Code::QueryTooBroad, message))
    }
}

pub(crate) fn no_such_state(name: &str) -> ApiError {
    let known: Vec<&str> = TaskState::ALL.iter().map(|state| state.as_str()).collect();
    let message = format!("`state` is `{name}`; it must be one of {}", known.join(", "));
    ApiError::new(Code::InvalidRequest, message)
}
