//! Received events, including dead letters: lists, returns and replays them.

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
    slice::Slice,
};

/// The maximum number of events that one sweep deletes, per state.
const FORGOTTEN_AT_ONCE: i32 = 10_000;

/// A received event and its result.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReceivedEvent {
    /// The id of the event, derived from its source and id.
    pub received_id: Uuid,
    /// The source of the event.
    pub source: String,
    /// The id of the event at its source.
    pub id: String,
    /// The type of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The state.
    pub state: ReceptionState,
    /// The tasks that it started.
    pub tasks: Vec<StartedTask>,
    /// Why it is a dead letter, if it is one.
    pub reason: Option<String>,
    /// When its first copy was received.
    pub received_at: DateTime<Utc>,
    /// When it was last replayed.
    pub replayed_at: Option<DateTime<Utc>>,
    /// The event itself, only in responses about one event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub event: Option<Box<RawValue>>,
}

/// A filter for received events.
#[derive(Debug, Clone, Default)]
pub struct ReceivedFilter {
    /// Only events in one of these states; all if empty.
    pub states: Vec<ReceptionState>,
}

impl Triggers {
    /// Returns received events without their content, newest first, by the time of their reception and their id.
    pub async fn received_events(
        &self,
        filter: &ReceivedFilter,
        slice: Slice<(DateTime<Utc>, Uuid)>,
    ) -> Result<Vec<ReceivedEvent>, Error> {
        let states = if filter.states.is_empty() { &ReceptionState::ALL[..] } else { &filter.states };
        // Each state uses the index, so that a few dead letters are found among millions of events.
        let rows = sqlx::query(
            "SELECT e.received_id, e.source, e.id, e.type, e.state, e.tasks::text AS tasks, e.reason, e.received_at,
                    e.replayed_at
             FROM (SELECT DISTINCT unnest($1::text[])) AS wanted (state)
             CROSS JOIN LATERAL (
                 SELECT * FROM tasker.received_events r WHERE r.state = wanted.state
                   AND ($3::uuid IS NULL OR (r.received_at, r.received_id) < ($4, $3))
                 ORDER BY r.received_at DESC, r.received_id DESC LIMIT $2) AS e
             ORDER BY e.received_at DESC, e.received_id DESC LIMIT $2",
        )
        .bind(states.iter().map(|state| state.as_str()).collect::<Vec<_>>())
        .bind(slice.sql_limit())
        .bind(slice.after.map(|(_, id)| id))
        .bind(slice.after.map(|(at, _)| at))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Returns a received event with its content.
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

    /// Processes a dead letter again, with the current triggers.
    ///
    /// # Errors
    /// [`Error::Refused`] if the event is not a dead letter.
    pub async fn replay_event(&self, id: Uuid) -> Result<Reception, Error> {
        let received = self.received_event(id).await?;
        if received.state == ReceptionState::Started {
            return Err(Error::Refused(format!("event {id} is not a dead letter: it started its tasks")));
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

    /// Deletes expired events.
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
