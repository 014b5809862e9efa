//! Watching tasks: tells who watches when a task's audit has grown. One query for all watched tasks, and none while nobody
//! watches.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::Row as _;
use tasker_pool::Pool;
use tokio::sync::watch;
use uuid::Uuid;

use crate::error::Error;

/// How often the audit is read. Another process may have changed the task.
const INTERVAL: Duration = Duration::from_millis(500);

/// The last audit record of each task that somebody watches.
type LastRecords = HashMap<Uuid, watch::Sender<i64>>;

/// The tasks that somebody watches.
#[derive(Clone)]
pub(crate) struct Watched {
    pool: Pool,
    /// None while nobody reads them.
    tasks: Arc<Mutex<Option<LastRecords>>>,
}

/// A watched task. Watching ends when this is dropped.
pub struct Watch(watch::Receiver<i64>);

impl Watch {
    /// Returns when the task has an audit record after `record`, with the last one.
    pub async fn has_more_than(&mut self, record: i64) -> i64 {
        // The sender is only dropped when nobody watches.
        self.0.wait_for(|last| *last > record).await.map_or(record, |last| *last)
    }
}

impl Watched {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool, tasks: Arc::default() }
    }

    /// Watches a task.
    pub(crate) fn watch(&self, task: Uuid) -> Watch {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.is_none() {
            tokio::spawn(self.clone().read());
        }
        let tasks = tasks.get_or_insert_default();
        Watch(tasks.entry(task).or_insert_with(|| watch::Sender::new(0)).subscribe())
    }

    /// Reads while somebody watches.
    async fn read(self) {
        loop {
            let Some(tasks) = self.still_watched() else { return };
            match last_records(&self.pool, &tasks).await {
                Ok(records) => self.tell(&records),
                // Those who watch go on when the database is back.
                Err(error) => tracing::debug!(%error, "the audit of watched tasks could not be read"),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Forgets the tasks that nobody watches any more. None if there are no others.
    fn still_watched(&self) -> Option<Vec<Uuid>> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = tasks.as_mut()?;
        watched.retain(|_, last| last.receiver_count() > 0);
        if watched.is_empty() {
            *tasks = None;
            return None;
        }
        Some(watched.keys().copied().collect())
    }

    fn tell(&self, records: &[(Uuid, i64)]) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for (task, record) in records {
            if let Some(last) = tasks.as_ref().and_then(|tasks| tasks.get(task)) {
                last.send_if_modified(|last| std::mem::replace(last, *record) < *record);
            }
        }
    }
}

/// Returns the last audit record of each of these tasks.
pub(super) async fn last_records(pool: &Pool, tasks: &[Uuid]) -> Result<Vec<(Uuid, i64)>, Error> {
    let rows = sqlx::query(
        "SELECT wanted.task_id, last.audit_id FROM unnest($1::uuid[]) AS wanted (task_id)
         CROSS JOIN LATERAL (
             SELECT audit_id FROM tasker.audit WHERE task_id = wanted.task_id ORDER BY audit_id DESC LIMIT 1) AS last",
    )
    .bind(tasks)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("task_id")?, row.try_get("audit_id")?))).collect()
}
