//! Why the action of a bulk operation could not be applied to a task: the code of a problem, and words.

use uuid::Uuid;

use crate::{database::refusal::is_outage, error::Error};

/// Returns the code and the words for an error of a task. None if the database or another service is away, so that the task's
/// turn comes again.
pub(super) fn failure(task: Uuid, error: &Error) -> Option<(&'static str, String)> {
    if is_outage(error) && !has_taken_too_long(error) {
        return None;
    }
    let words = error.to_string();
    Some(match error {
        Error::NoSuchTask(_) => ("no_such_task", words),
        Error::NoSuchStep(_) => ("no_such_step", words),
        // The hint names templates of all namespaces.
        Error::NoSuchTemplate { namespace, name, version, .. } => {
            let version = version.as_ref().map_or(String::new(), |version| format!(" version {version}"));
            ("no_such_template", format!("there is no template `{namespace}/{name}`{version}"))
        }
        Error::Refused(_) => ("not_possible", words),
        Error::InvalidRequest { .. } => ("invalid_request", words),
        // The faults quote the input, which is not for all who may read this.
        Error::InvalidInput(_) => {
            let words = "the task's input with these changes does not fit the template's input_schema; clone the task alone \
                         to see its faults";
            ("invalid_input", words.to_owned())
        }
        _ if has_taken_too_long(error) => {
            ("unavailable", "the database took too long for this task".to_owned())
        }
        _ => {
            tracing::error!(%error, task_id = %task, "a task of a bulk operation failed");
            ("internal", "Tasker failed; its log says why".to_owned())
        }
    })
}

/// Whether the statement was cancelled. The next one for this task would be, too, and the others must not wait for it.
fn has_taken_too_long(error: &Error) -> bool {
    let Error::Database(error) = error else { return false };
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("57014")
}
