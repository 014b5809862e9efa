//! Sends ready steps to hosts, revokes executions, and marks messages as sent.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tasker_telemetry::{Link, metrics};
use tasker_transport::{BlobStore, LeaseStore, Message, Queue, QueueError, execution_lease};
use uuid::Uuid;

use super::{
    message::message,
    sent::Sent,
    traced::{link, trace_sent},
};
use tasker_pool::Pool;

use crate::{
    breakers::Breakers,
    catalog::Catalog,
    database::{columns::arrays, set::sql},
    effect::{Effects, Ready, ReadyStep},
    error::Error,
};

/// A message is marked as sent only if no report has arrived for this long. Most steps end sooner, which saves the
/// write.
const MARK_AFTER: Duration = Duration::from_millis(500);

/// How many messages go to the queue in one call.
const SEND_BATCH: usize = 500;

/// How many messages one call marks as sent.
const MARK_BATCH: usize = 5000;

/// Sends steps to hosts, and revokes executions.
pub(crate) struct Dispatcher {
    pub(crate) pool: Pool,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) steps: Arc<dyn Queue>,
    pub(crate) leases: Arc<dyn LeaseStore>,
    pub(crate) blobs: BlobStore,
    pub(crate) sent: Sent,
    pub(crate) breakers: Arc<Breakers>,
    /// Whether dispatches name the steps that follow.
    pub(crate) continuation: bool,
}

/// An execution whose message can never be sent, and the reason.
pub(crate) type Unsendable = ((Uuid, u32, u32), String);

impl Dispatcher {
    /// Revokes executions, so that hosts stop them. If this fails, they run to their end and their reports are stale.
    pub(crate) async fn revoke(&self, executions: &[(Uuid, u32, u32)]) {
        if executions.is_empty() {
            return;
        }
        let lease = |&(task, step, execution): &(Uuid, u32, u32)| execution_lease(task, step, execution);
        let leases: Vec<String> = executions.iter().map(lease).collect();
        self.sent.remove(executions.iter().map(|&(task, step, _)| (task, step)));
        if let Err(error) = self.leases.revoke(&leases).await {
            tracing::warn!(%error, steps = leases.len(), "executions could not be revoked; their reports will be dropped");
        }
    }

    /// Returns those of these executions that a host ended at least this long ago. If the lease store does not say, none
    /// counts as ended.
    pub(crate) async fn ended(
        &self,
        executions: &[(Uuid, u32, u32)],
        since: Duration,
    ) -> HashSet<(Uuid, u32, u32)> {
        if executions.is_empty() {
            return HashSet::new();
        }
        let lease = |&(task, step, execution): &(Uuid, u32, u32)| execution_lease(task, step, execution);
        let leases: Vec<String> = executions.iter().map(lease).collect();
        match self.leases.are_settled(&leases, since).await {
            Ok(settled) => {
                let ended = executions.iter().zip(settled).filter(|(_, settled)| *settled);
                ended.map(|(execution, _)| *execution).collect()
            }
            Err(error) => {
                tracing::warn!(%error, "leases could not be read; no report counts as lost");
                HashSet::new()
            }
        }
    }

    /// Queries the dispatches of these steps, as far as they are still enqueued.
    pub(crate) async fn query(&self, steps: &[(Uuid, u32)]) -> Result<Ready, Error> {
        let (tasks, steps): (Vec<Uuid>, Vec<i32>) =
            steps.iter().map(|&(task, step)| (task, step.cast_signed())).unzip();
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.dispatches($1, $2)"))
            .bind(tasks)
            .bind(steps)
            .fetch_all(&self.pool)
            .await?;
        Ok(Effects::read(&rows)?.ready)
    }

    /// Sends the messages of steps that became ready. The sweep sends what could not be sent now. Returns the steps
    /// that can never be sent.
    ///
    /// # Errors
    /// Nothing was sent.
    pub(crate) async fn dispatch(&self, ready: Vec<ReadyStep>) -> Result<Vec<Unsendable>, Error> {
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        if let Err(paused) = self.breakers.queue.check() {
            tracing::debug!(%paused, steps = ready.len(), "the queue of steps is away; the sweep will send the steps");
            return Ok(Vec::new());
        }
        let releases = self.catalog.releases(ready.iter().map(|step| step.release_id)).await?;
        let mut batch = Vec::with_capacity(ready.len().min(SEND_BATCH));
        let mut keys = Vec::with_capacity(batch.capacity());
        let (mut unsendable, mut links) = (Vec::new(), Vec::new());
        for step in ready {
            let Some(release) = releases.get(&step.release_id) else { continue };
            let key = (step.task_id, step.step_index, step.execution);
            links.extend(link(step.task_id, step.traceparent.as_deref()));
            // Later executions are rare, and the number of what follows them may have been used.
            let goes_on = self.continuation && step.execution == 1;
            match message(step, release, goes_on, &self.blobs, self.steps.max_body_bytes()).await {
                Ok(message) => {
                    keys.push(key);
                    batch.push(message);
                }
                Err(error @ Error::Damaged(_)) => {
                    unsendable.push((key, error.to_string()));
                }
                // A temporary error must not block the other steps.
                Err(error) => {
                    let (task_id, step_index, execution) = key;
                    tracing::warn!(%error, %task_id, step_index, execution,
                        "a step could not be sent; the sweep will send it");
                }
            }
            if batch.len() == SEND_BATCH {
                let links = std::mem::take(&mut links);
                self.send_steps(std::mem::take(&mut batch), std::mem::take(&mut keys), links).await;
            }
        }
        self.send_steps(batch, keys, links).await;
        Ok(unsendable)
    }

    async fn send_steps(&self, batch: Vec<Message>, keys: Vec<(Uuid, u32, u32)>, links: Vec<Link>) {
        if batch.is_empty() {
            return;
        }
        let Ok(pass) = self.breakers.queue.admit() else { return };
        self.sent.begin(&keys);
        let (began, start) = (Instant::now(), SystemTime::now());
        let sent = self.steps.send(batch).await;
        trace_sent(links, keys.len(), start, sent.as_ref().err());
        pass.ended(matches!(sent, Err(QueueError::Unavailable { .. })));
        if let Some(metrics) = metrics() {
            metrics.dispatch_duration.took(began.elapsed(), []);
            let outcome = if sent.is_ok() { "sent" } else { "failed" };
            metrics.steps_dispatched.add(keys.len() as u64, [outcome.into()]);
        }
        match sent {
            Ok(()) => self.sent.finish(&keys),
            Err(error) => {
                self.sent.remove(keys.iter().map(|(task, step, _)| (*task, *step)));
                let steps = keys.len();
                tracing::warn!(%error, steps, "steps could not be sent to the hosts; the sweep will send them");
            }
        }
    }

    /// Marks messages as sent that left `older_than` ago and have no report since.
    pub(crate) async fn mark_dispatched(&self, older_than: Duration) -> Result<(), Error> {
        let keys = self.sent.take_older_than(older_than);
        for (done, chunk) in keys.chunks(MARK_BATCH).enumerate() {
            let (tasks, steps, executions) = arrays(chunk.iter().copied());
            sqlx::query(sql!("SELECT tasker_f.mark_dispatched($1, $2, $3)"))
                .bind(tasks)
                .bind(steps)
                .bind(executions)
                .execute(&self.pool)
                .await
                .inspect_err(|_| self.sent.put_back(&keys[done * MARK_BATCH..]))?;
        }
        Ok(())
    }

    /// Marks the messages that are due for it.
    pub(crate) async fn mark_dispatched_lazily(&self) -> Result<(), Error> {
        self.mark_dispatched(MARK_AFTER).await
    }
}
