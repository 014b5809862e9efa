//! Triggers: which events start which tasks.

use reqwest::Method;
use serde::Serialize;

use crate::{
    client::Client,
    error::Result,
    events::EVENT,
    list::List,
    types::{EventTrial, TriggerSummary, TriggerSwitch},
};

impl Client {
    /// The published triggers.
    pub fn triggers(&self) -> List<TriggerSummary> {
        self.list_at(&["v1", "triggers"])
    }

    /// A published trigger. Fails with `no_such_trigger`.
    pub async fn trigger(&self, namespace: &str, name: &str) -> Result<TriggerSummary> {
        self.route(Method::GET, &["v1", "triggers", namespace, name]).send().await
    }

    /// Activates or deactivates a trigger.
    pub async fn switch_trigger(&self, namespace: &str, name: &str, enabled: bool) -> Result<TriggerSummary> {
        let request = self.route(Method::PATCH, &["v1", "triggers", namespace, name]);
        request.json(&TriggerSwitch { enabled }).send().await
    }

    /// Removes a trigger.
    pub async fn remove_trigger(&self, namespace: &str, name: &str) -> Result<()> {
        self.route(Method::DELETE, &["v1", "triggers", namespace, name]).send().await
    }

    /// Tries a CloudEvent on all published triggers, or on this one (`namespace/name`): which match, what they would start, and
    /// why the others do not. Starts nothing. The event may have 64 KiB.
    pub async fn test_triggers(
        &self,
        event: &(impl Serialize + ?Sized),
        trigger: Option<&str>,
    ) -> Result<EventTrial> {
        let request = self.route(Method::POST, &["v1", "triggers", "test"]).json_as(EVENT, event);
        match trigger {
            Some(trigger) => request.query("trigger", trigger),
            None => request,
        }
        .send()
        .await
    }
}
