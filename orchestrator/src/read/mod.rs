//! Reading what is stored: the shapes that the API answers with, and the queries behind them.

mod catalog;
mod dlq;
mod step;
mod task;

use std::sync::Arc;

use serde_json::value::RawValue;
use tasker_protocol::Payload;
use tasker_transport::BlobStore;
use uuid::Uuid;

pub use catalog::{HandlerSummary, TemplateSummary};
pub use dlq::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness};
pub use step::{AttemptRecord, StepDetail, Transition};
pub use task::{
    ExecutionStatus, HealthStatus, RecommendedAction, StepCounts, TaskDetail, TaskFilter, TaskSummary,
};

use crate::{Orchestrator, error::Error, release::Release};

impl Orchestrator {
    /// Whether the database answers.
    pub async fn check_database(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// The release that a task was created from, or moved to since.
    pub(crate) async fn release_of(&self, task: Uuid) -> Result<Arc<Release>, Error> {
        let id: Uuid = sqlx::query_scalar("SELECT release_id FROM tasker.tasks WHERE task_id = $1")
            .bind(task)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(Error::NoSuchTask(task))?;
        let mut releases = self.catalog.releases([id].into_iter()).await?;
        releases.remove(&id).ok_or_else(|| Error::Damaged(format!("there is no release {id}")))
    }
}

/// The document itself, wherever it lies.
async fn document(blobs: &BlobStore, payload: Payload) -> Result<Box<RawValue>, Error> {
    match blobs.check_out(payload).await? {
        Payload::Inline(json) => Ok(json),
        Payload::Blob(reference) => Err(Error::Damaged(format!("blob {} was not read", reference.key))),
    }
}
