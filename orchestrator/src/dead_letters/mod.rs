//! Dead letters: adds a task by hand, and updates the resolution of an entry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    database::{refusal::refusal, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
    read::{DlqEntry, DlqFilter},
    slice::Slice,
    text::check_signature,
};

/// The resolutions of a DLQ entry that an operator can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Still open.
    Pending,
    /// Fixed.
    ManuallyResolved,
    /// Given up.
    PermanentlyFailed,
    /// No longer relevant.
    Cancelled,
    /// Retried: failed steps of the task start again, and enqueued steps are sent again. This resolves the entry.
    Requeue,
}

impl Engine {
    /// Adds a task to the DLQ, unless it has a pending entry. Returns the entry.
    pub async fn add_to_dlq(&self, task: Uuid, actor: &str, note: Option<&str>) -> Result<DlqEntry, Error> {
        check_signature(actor, note)?;
        self.reader.task_state(task).await?;
        sqlx::query(sql!("SELECT tasker_f.bury($1, NULL, 'manual_dlq', $2, $3) FROM tasker_f.lock_task($1)"))
            .bind(task)
            .bind(actor)
            .bind(note)
            .execute(&self.pool)
            .await?;
        let filter = DlqFilter {
            task_id: Some(task),
            resolution_status: Some("pending".to_owned()),
            ..DlqFilter::default()
        };
        let mut entries = self.reader.dlq_entries(&filter, Slice::first(100)).await?.into_iter();
        entries
            .find(|entry| entry.step_index.is_none())
            .ok_or_else(|| Error::Damaged(format!("task {task} got no DLQ entry")))
    }

    /// Updates the resolution of an entry. Returns the entry.
    pub async fn update_dlq_entry(
        &self,
        entry: Uuid,
        resolution: Resolution,
        actor: &str,
        notes: Option<&str>,
    ) -> Result<DlqEntry, Error> {
        check_signature(actor, notes)?;
        let status = match resolution {
            Resolution::Pending => "pending",
            Resolution::ManuallyResolved | Resolution::Requeue => "manually_resolved",
            Resolution::PermanentlyFailed => "permanently_failed",
            Resolution::Cancelled => "cancelled",
        };
        let no_such = || Error::NoSuchDlqEntry(entry);
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.update_dlq_entry($1, $2, $3, $4, $5)"))
            .bind(entry)
            .bind(status)
            .bind(resolution == Resolution::Requeue)
            .bind(actor)
            .bind(notes)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| match refusal(error, entry) {
                Error::NoSuchTask(_) => no_such(),
                other => other,
            })?;
        self.follow(Effects::read(&rows)?).await;
        let filter = DlqFilter { dlq_entry_id: Some(entry), ..DlqFilter::default() };
        self.reader.dlq_entries(&filter, Slice::first(1)).await?.pop().ok_or_else(no_such)
    }
}
