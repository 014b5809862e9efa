//! Classification of database errors.

use uuid::Uuid;

use crate::error::Error;

/// Returns whether the error is about the data (the database rejected a value) and not about the database.
pub(crate) fn is_about_data(error: &dyn sqlx::error::DatabaseError) -> bool {
    // Classes 22 (data exception), 23 (integrity constraint violation) and 54 (program limit exceeded) of SQLSTATE.
    error.code().is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
}

/// Converts an exception that an SQL function raised to the error with its message.
pub(crate) fn refusal(error: sqlx::Error, task: Uuid) -> Error {
    match &error {
        sqlx::Error::Database(cause) if cause.code().as_deref() == Some("TK409") => {
            Error::Refused(cause.message().to_owned())
        }
        sqlx::Error::Database(cause) if cause.code().as_deref() == Some("TK404") => Error::NoSuchTask(task),
        _ => error.into(),
    }
}
