//! Documents that a caller may not read: inputs, results, checkpoints, the details of failures, logs.

use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use super::{
    dlq::DlqEntry,
    overview::TaskOverview,
    step::{AttemptRecord, StepDetail},
    task::TaskDetail,
};

impl TaskDetail {
    /// Removes the input.
    pub fn withhold(&mut self) {
        self.context = None;
        self.withheld = vec!["context".to_owned()];
    }
}

impl StepDetail {
    /// Removes the result, the cursor, the checkpoints, and the details of the last failure.
    pub fn withhold(&mut self) {
        self.result = None;
        self.cursor = None;
        self.checkpoint = None;
        self.checkpoint_history = None;
        self.progress = None;
        self.last_failure = self.last_failure.as_deref().map(without_details);
        self.withheld =
            ["result", "cursor", "checkpoint", "checkpoint_history", "progress", "last_failure.details"]
                .map(str::to_owned)
                .to_vec();
    }
}

impl AttemptRecord {
    /// Removes the logs, and the details of the failure.
    pub fn withhold(&mut self) {
        let mut detail: Value = serde_json::from_str(self.detail.get()).unwrap_or_default();
        if let Some(detail) = detail.as_object_mut() {
            detail.remove("logs");
            if let Some(failure) = detail.get_mut("failure") {
                remove_details(failure);
            }
            detail.insert("withheld".to_owned(), Value::from(vec!["logs", "failure.details"]));
        }
        self.detail = raw(&detail);
    }
}

impl DlqEntry {
    /// Removes the snapshot.
    pub fn withhold(&mut self) {
        self.snapshot = None;
        self.withheld = vec!["snapshot".to_owned()];
    }
}

impl TaskOverview {
    /// Removes the DLQ entries.
    pub fn withhold_dlq(&mut self) {
        self.dlq_entries.clear();
        self.withheld = vec!["dlq_entries".to_owned()];
    }
}

fn without_details(failure: &RawValue) -> Box<RawValue> {
    let mut failure: Value = serde_json::from_str(failure.get()).unwrap_or_default();
    remove_details(&mut failure);
    raw(&failure)
}

/// Removes the details of a failure, and a message that quotes the result.
fn remove_details(failure: &mut Value) {
    let Some(failure) = failure.as_object_mut() else { return };
    failure.remove("details");
    if failure.get("error_type").is_some_and(|kind| kind == "InvalidResult") {
        failure.insert("message".to_owned(), Value::from("the result does not fit the step's result_schema"));
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_record_of_an_attempt_keeps_what_is_no_document() {
        let detail = json!({
            "usage": { "wall_us": 7 }, "logs": [{ "message": "secret" }],
            "failure": { "error_type": "Declined", "message": "no", "details": "secret" },
        });
        let mut record = AttemptRecord {
            audit_id: 1,
            attempt: 1,
            at: chrono::Utc::now(),
            actor: "host".into(),
            detail: raw(&detail),
        };
        record.withhold();
        let left: Value = serde_json::from_str(record.detail.get()).unwrap();
        assert_eq!(
            left,
            json!({
                "usage": { "wall_us": 7 }, "failure": { "error_type": "Declined", "message": "no" },
                "withheld": ["logs", "failure.details"],
            })
        );
    }

    #[test]
    fn a_message_that_quotes_the_result_is_withheld() {
        let failure = raw(
            &json!({ "error_type": "InvalidResult", "message": "/: \"secret\" is not", "details": "secret" }),
        );
        assert!(!without_details(&failure).get().contains("secret"));
    }
}
