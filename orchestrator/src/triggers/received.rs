//! Events that were received, dead letters among them: listed, shown, and taken once more.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{Row, postgres::PgRow};
use tasker_cloud_events::CloudEvent;
use tasker_protocol::Payload;
use utoipa::ToSchema;
use uuid::Uuid;

use super::published::Triggers;
use super::receive::{Reception, ReceptionState, StartedTask, started_tasks};
use crate::{
    database::{columns::payload, set::sql},
    error::Error,
};

/// How many events one sweep forgets at most, of each state.
const FORGOTTEN_AT_ONCE: i32 = 10_000;

/// An event that was received, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReceivedEvent {
    /// The event, by a name made of its source and id.
    pub received_id: Uuid,
    /// Where it comes from.
    pub source: String,
    /// Its name there.
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What came of it.
    pub state: ReceptionState,
    /// The tasks that it started.
    pub tasks: Vec<StartedTask>,
    /// Why it is a dead letter, if it is one.
    pub reason: Option<String>,
    /// When its first copy came.
    pub received_at: DateTime<Utc>,
    /// When it was last taken once more.
    pub replayed_at: Option<DateTime<Utc>>,
    /// The event itself, where one is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub event: Option<Box<RawValue>>,
}

/// Which events a list is about.
#[derive(Debug, Clone, Default)]
pub struct ReceivedFilter {
    /// Only those of which one of these came; all of them when empty.
    pub states: Vec<ReceptionState>,
}

impl Triggers {
    /// Events that were received, the newest first, without their content.
    pub async fn received_events(
        &self,
        filter: &ReceivedFilter,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<ReceivedEvent>, Error> {
        let states = if filter.states.is_empty() { &ReceptionState::ALL[..] } else { &filter.states };
        // Each state is read along the index, so that a few dead letters are found among millions.
        let rows = sqlx::query(
            "SELECT e.received_id, e.source, e.id, e.type, e.state, e.tasks::text AS tasks, e.reason, e.received_at,
                    e.replayed_at
             FROM unnest($1::text[]) AS wanted (state)
             CROSS JOIN LATERAL (
                 SELECT * FROM tasker.received_events r WHERE r.state = wanted.state
                 ORDER BY r.received_at DESC LIMIT $2 + $3) AS e
             ORDER BY e.received_at DESC, e.received_id LIMIT $2 OFFSET $3",
        )
        .bind(states.iter().map(|state| state.as_str()).collect::<Vec<_>>())
        .bind(i64::from(limit))
        .bind(i64::from(offset))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// One event that was received, with its content.
    pub async fn received_event(&self, id: Uuid) -> Result<ReceivedEvent, Error> {
        let row = sqlx::query(
            "SELECT received_id, source, id, type, state, tasks::text AS tasks, reason, received_at, replayed_at,
                    event::text AS event, event_blob::text AS event_blob
             FROM tasker.received_events WHERE received_id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::NoSuchReceivedEvent(id))?;
        let event = payload(row.try_get("event")?, row.try_get("event_blob")?)?;
        let Payload::Inline(event) = self.blobs.check_out(event).await? else {
            return Err(Error::Damaged(format!("the content of event {id} was not read")));
        };
        Ok(ReceivedEvent { event: Some(event), ..read(&row)? })
    }

    /// Takes a dead letter once more, with the triggers as they are now.
    ///
    /// # Errors
    /// [`Error::Refused`] if the event is no dead letter.
    pub async fn replay_event(&self, id: Uuid) -> Result<Reception, Error> {
        let received = self.received_event(id).await?;
        if received.state == ReceptionState::Started {
            return Err(Error::Refused(format!("event {id} is no dead letter: it has started its tasks")));
        }
        let json = received.event.as_ref().map_or("null", |event| event.get());
        let event =
            CloudEvent::from_json(json).map_err(|error| Error::Damaged(format!("event {id}: {error}")))?;
        let recorded = self.receive_again(id, event).await?;
        Ok(Reception {
            received_id: id,
            source: received.source,
            id: received.id,
            state: recorded.state,
            duplicate: false,
            tasks: recorded.tasks,
            reason: recorded.reason,
        })
    }

    /// Deletes events that are past their time.
    pub async fn forget_received_events(&self) -> Result<(), Error> {
        sqlx::query(sql!("SELECT tasker_f.forget_received_events($1)"))
            .bind(FORGOTTEN_AT_ONCE)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn read(row: &PgRow) -> Result<ReceivedEvent, Error> {
    let (state, tasks): (String, String) = (row.try_get("state")?, row.try_get("tasks")?);
    Ok(ReceivedEvent {
        received_id: row.try_get("received_id")?,
        source: row.try_get("source")?,
        id: row.try_get("id")?,
        event_type: row.try_get("type")?,
        state: ReceptionState::from_name(&state)
            .ok_or_else(|| Error::Damaged(format!("an event is in state `{state}`")))?,
        tasks: started_tasks(&tasks)?,
        reason: row.try_get("reason")?,
        received_at: row.try_get("received_at")?,
        replayed_at: row.try_get("replayed_at")?,
        event: None,
    })
}
