//! The actions after an event is stored.

use std::{pin::Pin, sync::atomic::Ordering};

use tasker_protocol::Failure;

use super::ended::Ended;
use crate::{
    dispatch::Unsendable,
    effect::{Effects, Ready, ReadyStep},
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
    pub(crate) async fn dispatch(&self, mut ready: Ready) {
        while ready.len() > 0 {
            let (steps, later) = (ready.steps.len(), ready.later);
            if let Err(error) = self.send(ready.steps).await {
                tracing::warn!(%error, steps, "steps could not be sent to the hosts; the sweep will send them");
            }
            if later.is_empty() {
                return;
            }
            ready = match self.dispatcher.query(&later).await {
                Ok(ready) => ready,
                Err(error) => {
                    let steps = later.len();
                    return tracing::warn!(%error, steps, "steps could not be queried; the sweep will send them");
                }
            };
        }
    }

    async fn send(&self, steps: Vec<ReadyStep>) -> Result<(), Error> {
        let unsendable = self.dispatcher.dispatch(steps).await?;
        if unsendable.is_empty() { Ok(()) } else { self.refuse(unsendable).await }
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
                continues: false,
                after: None,
                outcome: Err(Failure::of_host("NotDispatchable", message, false)),
                release: None,
            };
            let ended: Vec<Ended> = unsendable.into_iter().map(ended).collect();
            self.end_attempts(&ended).await.map(drop)
        })
    }
}
