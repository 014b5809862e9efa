//! Sending ready steps to the hosts, and remembering which messages have left.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use tasker_protocol::{Failure, Payload, StepDispatch, VERSION, encode};
use tasker_transport::{Message, execution_lease};
use uuid::Uuid;

use crate::database::functions::sql;
use crate::{
    Orchestrator,
    effect::{Effects, ReadyStep},
    error::Error,
    release::{Release, step_name},
    report::Ended,
};

/// A message is marked as sent in the database only if its step has not been heard of for this long: most steps are
/// done sooner, and then the mark would be a write for nothing.
const MARK_AFTER: Duration = Duration::from_millis(500);

/// Payloads shorter than this stay in a message that is too long: references are no shorter.
const SMALL_PAYLOAD: usize = 1 << 10;

/// How many messages go to the queue in one call.
const SEND_BATCH: usize = 500;

/// How many messages one call marks as sent.
const MARK_BATCH: usize = 5000;

/// Messages on their way, and messages that have left and are not yet marked so.
#[derive(Debug, Default)]
pub(crate) struct Sent(Mutex<HashMap<(Uuid, u32), Sending>>);

#[derive(Debug)]
struct Sending {
    execution: u32,
    /// When it had left. Until then it must not be marked: sending may take long, and fail.
    left: Option<Instant>,
}

impl Sending {
    fn is_older_than(&self, age: Duration, now: Instant) -> bool {
        self.left.is_some_and(|left| now.duration_since(left) >= age)
    }
}

impl Sent {
    /// To be called before they are sent: a report may be back before the queue has answered.
    fn begin(&self, steps: &[(Uuid, u32, u32)]) {
        let mut sent = self.lock();
        sent.extend(
            steps.iter().map(|&(task, step, execution)| ((task, step), Sending { execution, left: None })),
        );
    }

    /// They have left; those of them that were not heard of meanwhile are to be marked.
    fn finish(&self, steps: &[(Uuid, u32, u32)]) {
        let now = Instant::now();
        let mut sent = self.lock();
        for &(task, step, execution) in steps {
            if let Some(sending) =
                sent.get_mut(&(task, step)).filter(|sending| sending.execution == execution)
            {
                sending.left = Some(now);
            }
        }
    }

    /// Marking did not work: they are still to be marked, unless another execution's message is on its way.
    fn put_back(&self, steps: &[(Uuid, u32, u32)]) {
        let now = Instant::now();
        let mut sent = self.lock();
        for &(task, step, execution) in steps {
            sent.entry((task, step)).or_insert(Sending { execution, left: Some(now) });
        }
    }

    /// A step has been heard of.
    pub(crate) fn remove(&self, steps: impl Iterator<Item = (Uuid, u32)>) {
        let mut sent = self.lock();
        for step in steps {
            sent.remove(&step);
        }
    }

    /// Whether one is still to be marked so long after it has left.
    pub(crate) fn any_older_than(&self, age: Duration) -> bool {
        let now = Instant::now();
        self.lock().values().any(|sending| sending.is_older_than(age, now))
    }

    fn take_older_than(&self, age: Duration) -> Vec<(Uuid, u32, u32)> {
        let now = Instant::now();
        self.lock()
            .extract_if(|_, sending| sending.is_older_than(age, now))
            .map(|((task, step), sending)| (task, step, sending.execution))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Uuid, u32), Sending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Orchestrator {
    /// Does what follows from an event once it is stored: tells who waits, stops what no longer counts, sends what is
    /// ready. What cannot be sent now is found by the sweep.
    pub(crate) async fn follow(&self, effects: Effects) {
        for &(task, state) in effects.tasks.iter().filter(|(_, state)| state.is_at_rest()) {
            self.announce(task, state);
        }
        if effects.has_events {
            self.has_events.store(true, Ordering::Relaxed);
        }
        self.revoke(&effects.revoked).await;
        self.dispatch(effects.ready).await;
    }

    /// Tells hosts that executions are not wanted any more. Should it fail, they run to their end for nothing.
    pub(crate) async fn revoke(&self, executions: &[(Uuid, u32, u32)]) {
        if executions.is_empty() {
            return;
        }
        let lease = |&(task, step, execution): &(Uuid, u32, u32)| execution_lease(task, step, execution);
        let leases: Vec<String> = executions.iter().map(lease).collect();
        self.sent.remove(executions.iter().map(|&(task, step, _)| (task, step)));
        if let Err(error) = self.leases.revoke(&leases).await {
            tracing::warn!(%error, steps = leases.len(), "hosts could not be told that steps are not wanted any more");
        }
    }

    /// Sends the messages of steps that became ready. What cannot be sent stays unmarked, and the sweep sends it: so
    /// a failure here is told, and not returned.
    pub(crate) async fn dispatch(&self, ready: Vec<ReadyStep>) {
        if ready.is_empty() {
            return;
        }
        let count = ready.len();
        if let Err(error) = self.try_dispatch(ready).await {
            tracing::warn!(%error, steps = count, "steps could not be sent to the hosts; the sweep will send them");
        }
    }

    async fn try_dispatch(&self, ready: Vec<ReadyStep>) -> Result<(), Error> {
        let releases = self.catalog.releases(ready.iter().map(|step| step.release_id)).await?;
        let mut batch = Vec::with_capacity(ready.len().min(SEND_BATCH));
        let mut keys = Vec::with_capacity(batch.capacity());
        let mut unsendable = Vec::new();
        for step in ready {
            let Some(release) = releases.get(&step.release_id) else { continue };
            let key = (step.task_id, step.step_index, step.execution);
            match self.message(step, release).await {
                Ok(message) => {
                    keys.push(key);
                    batch.push(message);
                }
                Err(error @ Error::Damaged(_)) => {
                    unsendable.push((key, error.to_string()));
                }
                // Not now; the others must not wait for it.
                Err(error) => tracing::warn!(%error, "a step could not be sent; the sweep will send it"),
            }
            if batch.len() == SEND_BATCH {
                self.send_steps(std::mem::take(&mut batch), std::mem::take(&mut keys)).await;
            }
        }
        self.send_steps(batch, keys).await;
        self.refuse(unsendable).await
    }

    /// Fails steps whose message can never be sent. Boxed: what follows from a failure may be steps to dispatch.
    fn refuse(
        &self,
        unsendable: Vec<((Uuid, u32, u32), String)>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>> {
        Box::pin(async move {
            let ended = |((task_id, step_index, execution), message): ((Uuid, u32, u32), String)| Ended {
                task_id,
                step_index,
                execution,
                release_id: None,
                event: "not_sendable",
                actor: "orchestrator".to_owned(),
                reason: Some(message.clone()),
                run: None,
                outcome: Err(Failure::of_host("NotDispatchable", message, false)),
            };
            let ended: Vec<Ended> = unsendable.into_iter().map(ended).collect();
            self.end_attempts(&ended).await.map(drop)
        })
    }

    async fn send_steps(&self, batch: Vec<Message>, keys: Vec<(Uuid, u32, u32)>) {
        if batch.is_empty() {
            return;
        }
        self.sent.begin(&keys);
        match self.steps.send(batch).await {
            Ok(()) => self.sent.finish(&keys),
            Err(error) => {
                self.sent.remove(keys.iter().map(|(task, step, _)| (*task, *step)));
                let steps = keys.len();
                tracing::warn!(%error, steps, "steps could not be sent to the hosts; the sweep will send them");
            }
        }
    }

    async fn message(&self, step: ReadyStep, release: &Release) -> Result<Message, Error> {
        let Some(fixed) = release.steps.get(step.template_step) else {
            return Err(Error::Damaged(format!("release {} has no step {}", release.id, step.template_step)));
        };
        let mut dispatch = StepDispatch {
            version: VERSION,
            task_id: step.task_id,
            step_index: step.step_index,
            execution: step.execution,
            attempt: step.attempt,
            release_id: release.id,
            template_step: step.template_step as u32,
            max_attempts: fixed.max_attempts,
            step_name: step_name(&fixed.name, step.worker.as_ref().map(|worker| worker.number)),
            namespace: release.template.namespace_name.clone(),
            task_name: release.template.name.clone(),
            task_version: release.template.version.clone(),
            correlation_id: step.correlation_id,
            handler: fixed.handler.clone(),
            input: step.input,
            configuration: fixed.configuration.clone(),
            dependency_results: step.dependency_results,
            batch: release.batch_slice(step.template_step, step.worker.as_ref())?,
            cursor: step.worker.and_then(|worker| worker.cursor),
            checkpoint: step.checkpoint,
            limits: fixed.limits,
            grants: fixed.grants.clone(),
            deadline: None,
            traceparent: step.traceparent,
        };
        let mut body = encode(&dispatch);
        let limit = self.steps.max_body_bytes();
        if body.len() > limit {
            self.check_in_payloads(&mut dispatch).await?;
            body = encode(&dispatch);
        }
        let body = self.blobs.check_in_message(body, limit).await?;
        let work = Some(Duration::from_millis(dispatch.limits.wall_ms));
        Ok(Message { body, delay: Duration::ZERO, group: Some(dispatch.namespace), work })
    }

    async fn check_in_payloads(&self, dispatch: &mut StepDispatch) -> Result<(), Error> {
        let results = dispatch.dependency_results.iter_mut().map(|dependency| &mut dependency.result);
        for payload in results.chain([&mut dispatch.input]).chain(&mut dispatch.checkpoint) {
            let taken = std::mem::replace(payload, Payload::null());
            *payload = self.blobs.check_in(taken, SMALL_PAYLOAD).await?;
        }
        Ok(())
    }

    /// Marks the messages that have left a while ago and were not answered since.
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

    /// Marks what is due to be marked.
    pub(crate) async fn mark_dispatched_lazily(&self) -> Result<(), Error> {
        self.mark_dispatched(MARK_AFTER).await
    }
}

/// Executions as the arrays that the SQL functions take.
pub(crate) fn arrays(keys: impl Iterator<Item = (Uuid, u32, u32)>) -> (Vec<Uuid>, Vec<i32>, Vec<i32>) {
    let (mut tasks, mut steps, mut executions) = (Vec::new(), Vec::new(), Vec::new());
    for (task, step, execution) in keys {
        tasks.push(task);
        steps.push(step as i32);
        executions.push(execution as i32);
    }
    (tasks, steps, executions)
}
