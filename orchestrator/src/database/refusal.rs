//! What it means when the database refuses something.

use uuid::Uuid;

use crate::error::Error;

/// Whether the database refused what it was given, rather than failed.
pub(crate) fn is_about_data(error: &dyn sqlx::error::DatabaseError) -> bool {
    // Classes 22 (data exception), 23 (integrity constraint violation) and 54 (program limit exceeded) of SQLSTATE.
    error.code().is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
}

/// What the database refuses, in its own words.
pub(crate) fn refusal(error: sqlx::Error, task: Uuid) -> Error {
    match &error {
        sqlx::Error::Database(cause) if cause.code().as_deref() == Some("TK409") => {
            Error::Refused(cause.message().to_owned())
        }
        sqlx::Error::Database(cause) if cause.code().as_deref() == Some("TK404") => Error::NoSuchTask(task),
        _ => error.into(),
    }
}
