//! Dead letters: tasks and steps that need attention.

use reqwest::Method;
use uuid::Uuid;

use crate::{
    client::Client,
    error::Result,
    list::List,
    task::TaskHandle,
    types::{
        DlqAddition, DlqBulkUpdate, DlqBulkUpdated, DlqEntry, DlqStatistics, DlqUpdate, DlqUpdated,
        Investigation, Staleness,
    },
};

impl Client {
    /// The entries, newest first.
    pub fn dlq(&self) -> List<DlqEntry> {
        self.list_at(&["v1", "dlq"])
    }

    /// An entry. Fails with `no_such_dlq_entry`.
    pub async fn dlq_entry(&self, id: Uuid) -> Result<DlqEntry> {
        self.route(Method::GET, &["v1", "dlq", "entry", &id.to_string()]).send().await
    }

    /// Sets the resolution of an entry. Fails with `not_possible` if its state does not allow it.
    pub async fn update_dlq_entry(&self, id: Uuid, update: &DlqUpdate) -> Result<DlqEntry> {
        self.route(Method::PATCH, &["v1", "dlq", "entry", &id.to_string()]).json(update).send().await
    }

    /// Sets the resolution of up to 1,000 entries. Returns the result of each, in order: each stands for itself.
    pub async fn update_dlq_entries(&self, update: &DlqBulkUpdate) -> Result<Vec<DlqUpdated>> {
        let request = self.route(Method::POST, &["v1", "dlq", "bulk"]).json(update);
        Ok(request.send::<DlqBulkUpdated>().await?.items)
    }

    /// The pending entries, the most urgent first. One page.
    pub fn investigation_queue(&self) -> List<Investigation> {
        self.list_at(&["v1", "dlq", "investigation-queue"])
    }

    /// The tasks that have not ended, with the time since their last event. One page.
    pub fn stale_tasks(&self) -> List<Staleness> {
        self.list_at(&["v1", "dlq", "staleness"])
    }

    /// The numbers of entries by reason. One page.
    pub fn dlq_statistics(&self) -> List<DlqStatistics> {
        self.list_at(&["v1", "dlq", "stats"])
    }
}

impl TaskHandle {
    /// The entries of the task.
    pub fn dlq(&self) -> List<DlqEntry> {
        self.client.list_at(&["v1", "dlq", "task", &self.id().to_string()])
    }

    /// Puts the task into the DLQ.
    pub async fn add_to_dlq(&self, addition: &DlqAddition) -> Result<DlqEntry> {
        let request = self.client.route(Method::POST, &["v1", "dlq", "task", &self.id().to_string()]);
        request.json(addition).send().await
    }
}
