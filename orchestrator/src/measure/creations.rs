//! Measures the creation of tasks.

use std::{sync::Arc, time::Duration};

use tasker_telemetry::metrics;

use crate::{catalog::Release, error::Error};

/// Measures a batch of requests that took this time, with the errors of those that created no task.
pub(crate) fn creations<'a>(count: usize, errors: impl Iterator<Item = &'a Error>, took: Duration) {
    let Some(metrics) = metrics() else { return };
    metrics.task_create_batch_size.record(count as f64, []);
    metrics.task_create_duration.took(took, []);
    for error in errors {
        metrics.tasks_rejected.add(1, [reason(error).into()]);
    }
}

/// Measures requests that were refused at once, without an attempt to create their tasks.
pub(crate) fn refused_at_once(count: usize, error: &Error) {
    let Some(metrics) = metrics() else { return };
    metrics.tasks_rejected.add(count as u64, [reason(error).into()]);
    if matches!(error, Error::Overloaded) {
        metrics.overloaded.add(1, ["creations".into()]);
    }
}

/// Measures a task that was created, by an event or by a request, or found.
pub(crate) fn creation(release: &Arc<Release>, is_new: bool, is_by_event: bool) {
    let Some(metrics) = metrics() else { return };
    let [namespace, template] = release.names.of_template();
    if is_new {
        let origin = if is_by_event { "event" } else { "request" };
        metrics.tasks_created.add(1, [namespace, template, origin.into()]);
    } else {
        metrics.tasks_duplicate.add(1, [namespace, template]);
    }
}

/// Why a request created no task.
fn reason(error: &Error) -> &'static str {
    match error {
        Error::InvalidInput(_) => "invalid_input",
        Error::InvalidRequest { .. } => "invalid_request",
        Error::NoSuchTemplate { .. } | Error::NoSuchNamespace { .. } => "no_such_template",
        Error::Overloaded => "overloaded",
        Error::Paused { .. } => "paused",
        Error::Database(_) | Error::DatabaseSilent { .. } => "database",
        Error::Blob(_) => "blob_store",
        _ => "other",
    }
}
