//! What several unit tests need.

use tasker_protocol::{Grants, HandlerReference, Limits, Payload, RawValue, StepDispatch, VERSION};

/// A step of this handler, without input.
pub(crate) fn dispatch(handler: HandlerReference) -> StepDispatch {
    let null = || RawValue::NULL.to_owned();
    StepDispatch {
        version: VERSION,
        task_id: uuid::Uuid::nil(),
        step_index: 0,
        execution: 1,
        template_step: 0,
        batch: None,
        attempt: 1,
        max_attempts: 1,
        step_name: "step".to_owned(),
        namespace: "tests".to_owned(),
        task_name: "testing".to_owned(),
        task_version: "1.0.0".to_owned(),
        release_id: uuid::Uuid::nil(),
        correlation_id: "c".to_owned(),
        handler,
        input: Payload::Inline(null()),
        configuration: null(),
        dependency_results: Vec::new(),
        cursor: None,
        checkpoint: None,
        limits: Limits::default(),
        grants: Grants::default(),
        traceparent: None,
        sent_at: None,
        next: Vec::new(),
    }
}
