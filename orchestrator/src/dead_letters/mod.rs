//! Dead letters: putting a task there by hand, and saying what became of an entry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    database::{refusal::refusal, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
    read::{DlqEntry, DlqFilter},
    text::check_signature,
};

/// What somebody has made of a DLQ entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Looked at, and not done with.
    Pending,
    /// Put right.
    ManuallyResolved,
    /// Not worth another try.
    PermanentlyFailed,
    /// No longer of interest.
    Cancelled,
    /// To be run again: what failed in the task starts anew, what hangs is sent again. The entry is resolved with it.
    Requeue,
}

impl Engine {
    /// Puts a task into the DLQ by hand, unless it has a pending entry. Answers the entry.
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
        let mut entries = self.reader.dlq_entries(&filter, 100, 0).await?.into_iter();
        entries
            .find(|entry| entry.step_index.is_none())
            .ok_or_else(|| Error::Damaged(format!("task {task} got no DLQ entry")))
    }

    /// Says what became of an entry. Answers it.
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
        self.reader.dlq_entries(&filter, 1, 0).await?.pop().ok_or_else(no_such)
    }
}
