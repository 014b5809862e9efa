//! The actions after an event is stored.

use std::{pin::Pin, sync::atomic::Ordering};

use tasker_protocol::Failure;

use super::ended::Ended;
use crate::{
    dispatch::Unsendable,
    effect::{Effects, ReadyStep},
    engine::Engine,
    error::Error,
};

impl Engine {
    /// Notifies listeners, revokes executions, and sends the ready steps. The sweep sends what could not be sent now.
    pub(crate) async fn follow(&self, effects: Effects) {
        for &(task, state) in effects.tasks.iter().filter(|(_, state)| state.is_at_rest()) {
            self.announce(task, state);
        }
        if effects.has_events {
            self.has_events.store(true, Ordering::Relaxed);
        }
        self.dispatcher.revoke(&effects.revoked).await;
        self.dispatch(effects.ready).await;
    }

    /// Sends the messages of ready steps, and fails steps whose message can never be sent. Logs other errors; the
    /// sweep sends what stays unmarked.
    pub(crate) async fn dispatch(&self, ready: Vec<ReadyStep>) {
        if ready.is_empty() {
            return;
        }
        let count = ready.len();
        let done = match self.dispatcher.dispatch(ready).await {
            Ok(unsendable) if unsendable.is_empty() => return,
            Ok(unsendable) => self.refuse(unsendable).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(%error, steps = count, "steps could not be sent to the hosts; the sweep will send them");
        }
    }

    /// Fails steps whose message can never be sent. Boxed, because this may dispatch further steps recursively.
    fn refuse(
        &self,
        unsendable: Vec<Unsendable>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>> {
        Box::pin(async move {
            let ended = |((task_id, step_index, execution), message): Unsendable| Ended {
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
}
