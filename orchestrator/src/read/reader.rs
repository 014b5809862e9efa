//! The shared state and helpers of queries.

use std::sync::Arc;

use serde_json::value::RawValue;
use tasker_pool::Pool;
use tasker_protocol::Payload;
use tasker_transport::BlobStore;
use uuid::Uuid;

use super::watch::{Watch, Watched, last_records};
use crate::{
    catalog::{Catalog, Release},
    error::Error,
};

/// Runs queries. Changes no data.
pub struct Reader {
    pub(crate) pool: Pool,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) blobs: BlobStore,
    pub(crate) watched: Watched,
}

impl Reader {
    /// Watches the audit of a task.
    pub fn watch(&self, task: Uuid) -> Watch {
        self.watched.watch(task)
    }

    /// Returns the last audit record of a task.
    ///
    /// # Errors
    /// [`Error::NoSuchTask`]: each task has one.
    pub async fn last_record(&self, task: Uuid) -> Result<i64, Error> {
        let records = last_records(&self.pool, &[task]).await?;
        records.first().map(|(_, record)| *record).ok_or(Error::NoSuchTask(task))
    }

    /// Returns the current release of a task.
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

/// Returns a document, read from the blob store if needed.
pub(super) async fn document(blobs: &BlobStore, payload: Payload) -> Result<Box<RawValue>, Error> {
    match blobs.check_out(payload).await? {
        Payload::Inline(json) => Ok(json),
        Payload::Blob(reference) => Err(Error::Damaged(format!("blob {} was not read", reference.key))),
    }
}
