//! Receives events: matches each against the triggers, starts its tasks, and records the result.
//!
//! A batch costs three round trips: the lookup of repeated events, the creation of all tasks, and the record. Tasks
//! are created first. If the record fails, the next copy of the event maps to the same identities.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sqlx::{Row, postgres::PgRow};
use tasker_cloud_events::CloudEvent;
use tasker_protocol::{Payload, raw_json};
use tasker_telemetry::metrics;
use tasker_templates::trigger::{MappedTask, SeenEvent};
use tasker_transport::INLINE_PAYLOAD;
use utoipa::ToSchema;
use uuid::Uuid;

use super::published::{Ready, Triggers};
use crate::{
    create::{Creation, TaskRequest},
    database::{
        columns::columns,
        refusal::Halves,
        set::{composite, sql},
    },
    error::Error,
};

/// The maximum number of events per batch.
const BATCH: usize = 100;
/// The maximum length of a reason, in characters.
const MAX_REASON: usize = 2000;

/// The result of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reception {
    /// The id of the event, derived from its source and id.
    pub received_id: Uuid,
    /// The source of the event.
    pub source: String,
    /// The id of the event at its source.
    pub id: String,
    /// The result.
    pub state: ReceptionState,
    /// Whether the event was received before. Then this is the recorded result.
    pub duplicate: bool,
    /// The tasks that it started.
    pub tasks: Vec<StartedTask>,
    /// Why it is a dead letter, if it is one.
    pub reason: Option<String>,
}

/// The state of a received event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceptionState {
    /// The event started tasks.
    Started,
    /// No trigger matched: a dead letter.
    Unmatched,
    /// A matching trigger could not start its task: a dead letter. Other triggers may have started theirs.
    Failed,
}

impl ReceptionState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Started, Self::Unmatched, Self::Failed];

    /// The name of the state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Unmatched => "unmatched",
            Self::Failed => "failed",
        }
    }

    /// Returns the state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A task that this event, or an earlier event with the same key, started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartedTask {
    /// The trigger: `namespace/name`.
    pub trigger: String,
    /// The trigger's version.
    pub version: i32,
    /// The task.
    pub task_id: Uuid,
}

/// The tasks that the triggers request for one event.
#[derive(Debug, Default)]
struct Plan {
    wanted: Vec<Wanted>,
    /// Why matching triggers could not map the event.
    failures: Vec<String>,
    /// Matching triggers that are disabled.
    disabled: Vec<String>,
}

#[derive(Debug)]
struct Wanted {
    trigger: String,
    version: i32,
    identity: Vec<u8>,
    request: TaskRequest,
}

/// The result to record for an event.
#[derive(Debug)]
struct EventResult {
    state: ReceptionState,
    tasks: Vec<StartedTask>,
    reason: Option<String>,
}

/// The recorded result of an event.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    pub(super) is_new: bool,
    pub(super) state: ReceptionState,
    pub(super) tasks: Vec<StartedTask>,
    pub(super) reason: Option<String>,
}

/// Returns the id of an event: always the same for the same source and id.
pub(super) fn received_id(source: &str, id: &str) -> Uuid {
    let mut hash = Sha256::new();
    for part in [source, id] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Returns the identity for a trigger and a key. Unlike the identity of other requests it does not contain the
/// template's version, so that an old event starts no task of a new version.
fn identity(trigger: &str, key: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in ["trigger", trigger, key] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_vec()
}

impl Triggers {
    /// Receives events, and returns their results in order. A repeated event starts nothing.
    ///
    /// # Errors
    /// If events cannot be received now. Send them again; nothing is lost or done twice.
    pub async fn receive_events(&self, events: Vec<CloudEvent>) -> Result<Vec<Reception>, Error> {
        let mut receptions = Vec::with_capacity(events.len());
        let mut events = events.into_iter();
        loop {
            let batch: Vec<CloudEvent> = events.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(receptions);
            }
            receptions.extend(self.receive_batch(batch).await?);
        }
    }

    async fn receive_batch(&self, events: Vec<CloudEvent>) -> Result<Vec<Reception>, Error> {
        let ids: Vec<Uuid> = events.iter().map(|event| received_id(event.source(), event.id())).collect();
        let (version, mut known) = self.recall(&ids).await?;
        // The first of several copies in a batch represents all.
        let mut first = HashSet::new();
        let new: Vec<(Uuid, CloudEvent)> = ids
            .iter()
            .zip(&events)
            .filter(|(id, _)| !known.contains_key(*id) && first.insert(**id))
            .map(|(id, event)| (*id, event.clone()))
            .collect();
        if !new.is_empty() {
            let outcomes = self.start_tasks(&new, version).await?;
            known.extend(self.record(&new, &outcomes).await?);
        }
        if let Some(metrics) = metrics() {
            let repeated = ids.len() - new.len();
            metrics.events_received.add(repeated as u64, ["repeated".into()]);
            for (id, _) in &new {
                let state = known.get(id).map_or("unknown", |recorded| recorded.state.as_str());
                metrics.events_received.add(1, [state.into()]);
            }
        }
        let mut told = HashSet::new();
        let reception = |(id, event): (&Uuid, &CloudEvent)| {
            let recorded = known
                .get(id)
                .ok_or_else(|| Error::Damaged(format!("the record of event {id} is gone")))?
                .clone();
            Ok(Reception {
                received_id: *id,
                source: event.source().to_owned(),
                id: event.id().to_owned(),
                state: recorded.state,
                duplicate: !(recorded.is_new && told.insert(*id)),
                tasks: recorded.tasks,
                reason: recorded.reason,
            })
        };
        ids.iter().zip(&events).map(reception).collect()
    }

    /// Processes a dead letter again, with the current triggers.
    pub(super) async fn receive_again(&self, id: Uuid, event: CloudEvent) -> Result<Recorded, Error> {
        let (version, _) = self.recall(&[id]).await?;
        let event = [(id, event)];
        let outcomes = self.start_tasks(&event, version).await?;
        let mut recorded = self.store(&event, &outcomes, true).await?;
        recorded.remove(&id).ok_or(Error::NoSuchReceivedEvent(id))
    }

    /// Returns the version of the triggers, and the recorded results of repeated events.
    async fn recall(&self, ids: &[Uuid]) -> Result<(i64, BTreeMap<Uuid, Recorded>), Error> {
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.recall_events($1)"))
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        let Some(row) = rows.first() else {
            return Err(Error::Damaged("the catalog has no version".to_owned()));
        };
        let version = row.try_get("triggers_version")?;
        let mut known = BTreeMap::new();
        for row in &rows {
            if let Some(id) = row.try_get::<Option<Uuid>, _>("received_id")? {
                known.insert(id, recorded(row, false)?);
            }
        }
        Ok((version, known))
    }

    /// Creates the tasks that the triggers request for these events.
    async fn start_tasks(
        &self,
        events: &[(Uuid, CloudEvent)],
        version: i64,
    ) -> Result<Vec<EventResult>, Error> {
        let triggers = self.ready_triggers(version).await?;
        let any = !triggers.is_empty();
        let seen: Vec<CloudEvent> = events.iter().map(|(_, event)| event.clone()).collect();
        // Patterns and expressions run on a blocking thread.
        let plans =
            tokio::task::spawn_blocking(move || seen.iter().map(|event| plan(event, &triggers)).collect());
        let plans: Vec<Plan> = plans.await.map_err(|_| Error::Stopping)?;
        let mut requests = Vec::new();
        let mut asked = Vec::with_capacity(plans.len());
        for plan in plans {
            let mut tasks = Vec::with_capacity(plan.wanted.len());
            for Wanted { trigger, version, identity, request } in plan.wanted {
                requests.push((request, Some(identity)));
                tasks.push((trigger, version));
            }
            asked.push((tasks, plan.failures, plan.disabled));
        }
        let created =
            if requests.is_empty() { Vec::new() } else { self.engine.create_identified(requests).await };
        let mut created = created.into_iter();
        let mut outcomes = Vec::with_capacity(asked.len());
        for (wanted, mut failures, disabled) in asked {
            let mut tasks = Vec::with_capacity(wanted.len());
            for ((trigger, version), created) in wanted.into_iter().zip(created.by_ref()) {
                match created {
                    Ok(Creation::Created(task_id) | Creation::Duplicate(task_id)) => {
                        tasks.push(StartedTask { trigger, version, task_id });
                    }
                    Err(error) if is_lasting(&error) => {
                        failures.push(format!("trigger `{trigger}`: {error}"));
                    }
                    Err(error) => return Err(error),
                }
            }
            outcomes.push(outcome(tasks, &failures, &disabled, any));
        }
        Ok(outcomes)
    }

    async fn record(
        &self,
        events: &[(Uuid, CloudEvent)],
        outcomes: &[EventResult],
    ) -> Result<BTreeMap<Uuid, Recorded>, Error> {
        for ((id, event), outcome) in events.iter().zip(outcomes) {
            if let Some(reason) = &outcome.reason {
                tracing::warn!(%id, source = event.source(), event = event.event_type(), reason,
                    "an event became a dead letter");
            }
        }
        self.store(events, outcomes, false).await
    }

    /// Stores the results of events. An event that the database cannot store becomes a dead letter without its data, and
    /// the others are not affected.
    async fn store(
        &self,
        events: &[(Uuid, CloudEvent)],
        outcomes: &[EventResult],
        replay: bool,
    ) -> Result<BTreeMap<Uuid, Recorded>, Error> {
        let mut recorded = BTreeMap::new();
        let mut halves = Halves::of(events.len());
        while let Some(range) = halves.next() {
            let stored = self.store_batch(&events[range.clone()], &outcomes[range.clone()], replay).await;
            let Some(stored) = halves.stored(&range, stored)? else { continue };
            recorded.extend(match stored {
                Ok(stored) => stored,
                Err(error) => {
                    let ((id, event), outcome) = (&events[range.start], &outcomes[range.start]);
                    let reason = format!("the database cannot store its data: {error}");
                    tracing::warn!(%id, reason, "an event became a dead letter");
                    let failed = EventResult {
                        state: ReceptionState::Failed,
                        tasks: outcome.tasks.clone(),
                        reason: Some(reason),
                    };
                    let event = event.clone().with_data(RawValue::NULL.to_owned());
                    self.store_batch(&[(*id, event)], &[failed], replay).await?
                }
            });
        }
        Ok(recorded)
    }

    async fn store_batch(
        &self,
        events: &[(Uuid, CloudEvent)],
        outcomes: &[EventResult],
        replay: bool,
    ) -> Result<BTreeMap<Uuid, Recorded>, Error> {
        let mut receptions = Vec::with_capacity(events.len());
        for ((id, event), outcome) in events.iter().zip(outcomes) {
            let json =
                raw_json(event.to_json()).map_err(|error| Error::Damaged(format!("an event: {error}")))?;
            let (inline, blob) = columns(&self.blobs.check_in(Payload::Inline(json), INLINE_PAYLOAD).await?);
            let tasks =
                serde_json::to_string(&outcome.tasks).map_err(|error| Error::Damaged(error.to_string()))?;
            receptions.push(StoredReception {
                received_id: *id,
                source: event.source().to_owned(),
                id: event.id().to_owned(),
                event_type: event.event_type().to_owned(),
                event: inline,
                event_blob: blob,
                state: outcome.state.as_str().to_owned(),
                tasks,
                reason: outcome.reason.clone(),
            });
        }
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.record_events($1, $2)"))
            .bind(receptions)
            .bind(replay)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("received_id")?, recorded(row, row.try_get("is_new")?)?)))
            .collect()
    }
}

/// `tasker_f.reception`: the result of an event for the database, with the fields in that type's order.
struct StoredReception {
    received_id: Uuid,
    source: String,
    id: String,
    event_type: String,
    event: Option<String>,
    event_blob: Option<String>,
    state: String,
    tasks: String,
    reason: Option<String>,
}

composite!(StoredReception, "tasker_f.reception", { received_id, source, id, event_type, event, event_blob, state, tasks, reason });

fn recorded(row: &PgRow, is_new: bool) -> Result<Recorded, Error> {
    let state: String = row.try_get("state")?;
    let tasks: String = row.try_get("tasks")?;
    Ok(Recorded {
        is_new,
        state: ReceptionState::from_name(&state)
            .ok_or_else(|| Error::Damaged(format!("an event is in state `{state}`")))?,
        tasks: started_tasks(&tasks)?,
        reason: row.try_get("reason")?,
    })
}

pub(super) fn started_tasks(json: &str) -> Result<Vec<StartedTask>, Error> {
    serde_json::from_str(json).map_err(|error| Error::Damaged(format!("the tasks of an event: {error}")))
}

/// Matches an event against the triggers. Errors affect only this event.
fn plan(event: &CloudEvent, triggers: &Arc<[Ready]>) -> Plan {
    let mut plan = Plan::default();
    let seen = match SeenEvent::new(event) {
        Ok(seen) => seen,
        Err(error) => {
            plan.failures.push(error);
            return plan;
        }
    };
    for ready in triggers.iter() {
        let compiled = match &ready.compiled {
            Ok(compiled) if compiled.matches(&seen) => compiled,
            Ok(_) => continue,
            // It may match this event: the failure is recorded, and the other triggers still apply.
            Err(fault) => {
                plan.failures.extend(ready.enabled.then(|| fault.clone()));
                continue;
            }
        };
        let trigger = compiled.trigger().full_name();
        if !ready.enabled {
            plan.disabled.push(trigger);
            continue;
        }
        match compiled.map(&seen) {
            Ok(mapped) => plan.wanted.push(Wanted {
                identity: identity(&trigger, &mapped.key),
                version: ready.version,
                request: request(mapped.task),
                trigger,
            }),
            Err(error) => plan.failures.push(format!("trigger `{trigger}`: {error}")),
        }
    }
    plan
}

fn outcome(tasks: Vec<StartedTask>, failures: &[String], disabled: &[String], any: bool) -> EventResult {
    let (state, reason) = if !failures.is_empty() {
        (ReceptionState::Failed, Some(failures.join("\n")))
    } else if !tasks.is_empty() {
        (ReceptionState::Started, None)
    } else if !disabled.is_empty() {
        (ReceptionState::Unmatched, Some(format!("only disabled triggers match it: {}", disabled.join(", "))))
    } else {
        let reason = if any { "no trigger's pattern matches it" } else { "there are no triggers" };
        (ReceptionState::Unmatched, Some(reason.to_owned()))
    };
    // The event may contain characters that a text column cannot store.
    let fit = |reason: String| reason.replace('\0', "\u{fffd}").chars().take(MAX_REASON).collect();
    EventResult { state, tasks, reason: reason.map(fit) }
}

/// Builds the request for a mapped task.
fn request(task: MappedTask) -> TaskRequest {
    TaskRequest {
        namespace: task.namespace,
        version: task.version,
        initiator: Some(task.initiator),
        source_system: Some(task.source_system),
        reason: Some(task.reason),
        tags: task.tags,
        priority: task.priority,
        correlation_id: task.correlation_id,
        parent_correlation_id: task.parent_correlation_id,
        traceparent: task.traceparent,
        ..TaskRequest::new(&task.name, task.context)
    }
}

/// Whether the same request would be rejected again, so that the event is a dead letter until something changes.
fn is_lasting(error: &Error) -> bool {
    matches!(
        error,
        Error::NoSuchTemplate { .. }
            | Error::UnknownHandlers { .. }
            | Error::InvalidInput(_)
            | Error::InvalidRequest { .. }
            | Error::Template(_)
    )
}
