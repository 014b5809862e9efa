//! Classification of database errors, and batches of which the database refuses a member.

use std::ops::Range;

use uuid::Uuid;

use crate::error::Error;

/// Returns whether the error is about the data (the database rejected a value) and not about the database.
pub(crate) fn is_about_data(error: &dyn sqlx::error::DatabaseError) -> bool {
    // Classes 22 (data exception), 23 (integrity constraint violation) and 54 (program limit exceeded) of SQLSTATE.
    error.code().is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
}

/// Whether the error of a batch is due to one of its members: the database rejected a value.
fn concerns_one(error: &Error) -> bool {
    matches!(error, Error::Database(sqlx::Error::Database(error)) if is_about_data(&**error))
}

/// Whether the database or another service is away, or busy, so that the same call may succeed later.
pub(crate) fn is_outage(error: &Error) -> bool {
    match error {
        Error::Database(sqlx::Error::Database(error)) => {
            // Connection, transaction, resources, operator intervention, system errors, and a database in recovery.
            let classes = ["08", "25", "40", "53", "55", "57", "58"];
            error.code().is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
        }
        Error::Database(_) | Error::DatabaseSilent { .. } | Error::FunctionsMissing => true,
        Error::Blob(error) => error.is_transient(0),
        Error::Queue(_) | Error::Stopping | Error::Overloaded | Error::Paused { .. } => true,
        _ => false,
    }
}

/// Whether the database is away, or too slow.
pub(crate) fn is_database_away(error: &Error) -> bool {
    matches!(error, Error::Database(_) | Error::DatabaseSilent { .. }) && is_outage(error)
}

/// The parts of a batch that are still to be stored. A part of which the database refuses a member is halved, so that one
/// bad member never fails the others.
pub(crate) struct Halves(Vec<Range<usize>>);

impl Halves {
    /// One part: a batch of `count` members.
    pub(crate) fn of(count: usize) -> Self {
        Self(Vec::from([Range { start: 0, end: count }]))
    }

    /// Returns the positions to store next.
    pub(crate) fn next(&mut self) -> Option<Range<usize>> {
        self.0.pop().filter(|range| !range.is_empty())
    }

    /// Takes the result of storing these positions. Returns None if the part was halved, and the error of a single member
    /// that the database refuses.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) fn stored<R>(
        &mut self,
        range: &Range<usize>,
        result: Result<R, Error>,
    ) -> Result<Option<Result<R, Error>>, Error> {
        match result {
            Err(error) if concerns_one(&error) => {
                if range.len() == 1 {
                    return Ok(Some(Err(error)));
                }
                tracing::warn!(%error, members = range.len(), "the database rejected a batch; storing its halves");
                let half = range.start + range.len() / 2;
                self.0.extend([half..range.end, range.start..half]);
                Ok(None)
            }
            done => Ok(Some(Ok(done?))),
        }
    }
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
