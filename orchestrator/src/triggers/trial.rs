//! Trying an event on the published triggers: which match, what they would start, and why the others do not. Starts nothing.

use serde::Serialize;
use serde_json::value::RawValue;
use tasker_cloud_events::CloudEvent;
use tasker_templates::trigger::{CompiledTrigger, Finding, SeenEvent};
use utoipa::ToSchema;

use super::published::Triggers;
use crate::{access::scope::Scope, catalog::TemplateName, error::Error};

/// What the published triggers would do with an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventTrial {
    /// Whether it would start tasks. Otherwise it would become a dead letter.
    pub starts: bool,
    /// The result of each trigger, those that match first.
    pub triggers: Vec<TriggerTrial>,
    /// Triggers that cannot be read, each with the reason: with one of them every event becomes a dead letter.
    pub unreadable: Vec<String>,
}

/// What a trigger would do with an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriggerTrial {
    /// The trigger: `namespace/name`.
    pub trigger: String,
    /// Its version.
    pub version: i32,
    /// Whether it starts tasks at all.
    pub enabled: bool,
    /// Whether its pattern matches the event.
    pub matches: bool,
    /// Each condition of its pattern: `path`, `wanted`, `found`, and whether it `holds`.
    #[schema(value_type = Vec<Object>)]
    pub pattern: Vec<Finding>,
    /// If it matches: the template of the task that it would create.
    pub template: Option<String>,
    /// If it matches: the input of that task.
    #[schema(value_type = Option<Value>)]
    pub input: Option<Box<RawValue>>,
    /// If it matches: what makes a second event the same one.
    pub idempotency_key: Option<String>,
    /// If it matches: why it would start nothing all the same.
    pub problem: Option<String>,
}

impl TriggerTrial {
    fn starts(&self) -> bool {
        self.enabled && self.matches && self.problem.is_none()
    }
}

impl Triggers {
    /// Tries an event on the triggers of these namespaces, or on one of them (`namespace/name`).
    pub async fn try_event(
        &self,
        event: &CloudEvent,
        scope: &Scope,
        only: Option<&str>,
    ) -> Result<EventTrial, Error> {
        let seen =
            SeenEvent::new(event).map_err(|message| Error::InvalidRequest { field: "event", message })?;
        let version: i64 =
            sqlx::query_scalar("SELECT triggers_version FROM tasker.catalog").fetch_one(&self.pool).await?;
        let (mut triggers, mut unreadable) = (Vec::new(), Vec::new());
        for ready in self.ready_triggers(version).await?.iter() {
            let compiled = match &ready.compiled {
                Ok(compiled) => compiled,
                // Which events it matches is unknown. A limited caller does not learn of it.
                Err(fault) => {
                    if ready.enabled && *scope == Scope::All && only.is_none() {
                        unreadable.push(fault.clone());
                    }
                    continue;
                }
            };
            let trigger = compiled.trigger();
            let is_seen = scope.contains(&trigger.namespace) && scope.contains(trigger.task_namespace());
            if !is_seen || only.is_some_and(|only| only != trigger.full_name()) {
                continue;
            }
            triggers.push(self.try_trigger(compiled, &seen, ready.version, ready.enabled).await?);
        }
        triggers.sort_by_key(|trial| !trial.matches);
        let mut concerned = triggers.iter().filter(|trial| trial.matches && trial.enabled).peekable();
        let starts =
            unreadable.is_empty() && concerned.peek().is_some() && concerned.all(TriggerTrial::starts);
        Ok(EventTrial { starts, triggers, unreadable })
    }

    async fn try_trigger(
        &self,
        compiled: &CompiledTrigger,
        event: &SeenEvent<'_>,
        version: i32,
        enabled: bool,
    ) -> Result<TriggerTrial, Error> {
        let trigger = compiled.trigger();
        let mut trial = TriggerTrial {
            trigger: trigger.full_name(),
            version,
            enabled,
            matches: compiled.matches(event),
            pattern: compiled.explain(event),
            template: None,
            input: None,
            idempotency_key: None,
            problem: None,
        };
        if !trial.matches {
            return Ok(trial);
        }
        match compiled.map(event) {
            Err(problem) => trial.problem = Some(problem),
            Ok(mapped) => {
                let task = mapped.task;
                let name = TemplateName { namespace: task.namespace, name: task.name, version: task.version };
                trial.template = Some(format!("{}/{}", name.namespace, name.name));
                trial.problem = match self.catalog.resolve(&name).await {
                    Ok((release, _)) => {
                        release.check_input(&task.context).err().map(|error| error.to_string())
                    }
                    // Without the hint, which may name what the caller may not see.
                    Err(Error::NoSuchTemplate { namespace, name, version, .. }) => Some(
                        Error::NoSuchTemplate { namespace, name, version, hint: String::new() }.to_string(),
                    ),
                    Err(error @ Error::UnknownHandlers { .. }) => Some(error.to_string()),
                    Err(error) => return Err(error),
                };
                trial.input = Some(task.context);
                trial.idempotency_key = Some(mapped.key);
            }
        }
        if trial.problem.is_none() && !enabled {
            trial.problem = Some("the trigger is disabled".to_owned());
        }
        Ok(trial)
    }
}
