//! What can go wrong between a caller and the orchestrator.

use uuid::Uuid;

use tasker_templates::Problems;

use crate::database::set::FUNCTION_SET;

/// Why the orchestrator did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed or could not be reached; the same call may succeed later.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// The database lacks the functions of this build: it was not migrated by it, or nobody used them for a week.
    #[error(
        "the database does not hold the functions of this build ({FUNCTION_SET}); migrate it with this build: `tasker serve` \
         does so when it starts, a deployment on AWS by its function `migrate`"
    )]
    FunctionsMissing,
    /// The database's schema could not be brought up to date.
    #[error("migrating the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database was made by a build of Tasker whose schema this one does not continue.
    #[error(
        "the database's schema comes from another build of Tasker, and this one cannot continue it ({0}); use that build, or \
         another database (the private one of `tasker dev` is `.tasker/postgres` in the project: remove it, and what it \
         holds, to start anew)"
    )]
    ForeignSchema(sqlx::migrate::MigrateError),
    /// Another process has claimed the database.
    #[error(
        "another Tasker works on this database, and one whose queues are in memory (`tasker dev`, `--local`) must have it \
         to itself; stop the other, or use another database"
    )]
    DatabaseInUse,
    /// No such template.
    #[error("there is no template `{namespace}/{name}`{}{hint}", version_suffix(.version.as_deref()))]
    NoSuchTemplate {
        /// The namespace asked for.
        namespace: String,
        /// The name asked for.
        name: String,
        /// The version asked for.
        version: Option<String>,
        /// What there is instead.
        hint: String,
    },
    /// No such task.
    #[error("there is no task {0}")]
    NoSuchTask(Uuid),
    /// The version is published with another content.
    #[error(
        "template `{namespace}/{name}` version {version} is already published with other content; \
         a published version never changes: raise `version`"
    )]
    VersionTaken {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// The version.
        version: String,
    },
    /// The template has faults.
    #[error("{0}")]
    Template(Problems),
    /// Steps name handlers that no published component holds.
    #[error("{}", unknown_handlers(.steps))]
    UnknownHandlers {
        /// Step name, callable, and a hint for each.
        steps: Vec<(String, String, String)>,
    },
    /// The input breaks the template's `input_schema`.
    #[error("the input does not fit the template's input_schema:\n{}", .faults.join("\n"))]
    InvalidInput {
        /// Each fault with its place.
        faults: Vec<String>,
    },
    /// A field of a request is not usable.
    #[error("`{field}` {message}")]
    InvalidRequest {
        /// The field.
        field: &'static str,
        /// What is wrong and what to do.
        message: String,
    },
    /// No such handler.
    #[error("there is no handler `{callable}`{hint}")]
    NoSuchHandler {
        /// The name asked for.
        callable: String,
        /// What there is instead.
        hint: String,
    },
    /// No such DLQ entry.
    #[error("there is no DLQ entry {0}")]
    NoSuchDlqEntry(Uuid),
    /// No such subscription.
    #[error("there is no subscription `{0}`")]
    NoSuchSubscription(String),
    /// A trigger has faults.
    #[error("the trigger has faults:\n{}", .faults.join("\n"))]
    InvalidTrigger {
        /// Each fault with its place.
        faults: Vec<String>,
    },
    /// No such trigger.
    #[error("there is no trigger `{namespace}/{name}`{hint}")]
    NoSuchTrigger {
        /// The namespace asked for.
        namespace: String,
        /// The name asked for.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// No such event was received, or it is forgotten.
    #[error("there is no received event {0}")]
    NoSuchReceivedEvent(Uuid),
    /// There is no such step.
    #[error("{0}")]
    NoSuchStep(String),
    /// A result given by hand does not fit the template.
    #[error("{0}")]
    InvalidResult(String),
    /// What was asked for cannot be done as things stand.
    #[error("{0}")]
    Refused(String),
    /// The orchestrator is stopping.
    #[error("the orchestrator is stopping; try again in a moment")]
    Stopping,
    /// What is stored does not make sense: a fault of Tasker, or of whoever changed its tables.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// A blob could not be written or read.
    #[error(transparent)]
    Blob(#[from] tasker_transport::BlobError),
    /// A queue failed.
    #[error(transparent)]
    Queue(#[from] tasker_transport::QueueError),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // SQLSTATE invalid_schema_name; every other schema is there since the first migration.
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if code.is_some_and(|code| code == "3F000") { Self::FunctionsMissing } else { Self::Database(error) }
    }
}

fn version_suffix(version: Option<&str>) -> String {
    version.map_or(String::new(), |version| format!(" version {version}"))
}

fn unknown_handlers(steps: &[(String, String, String)]) -> String {
    let line = |(step, callable, hint): &(String, String, String)| {
        format!("step `{step}`: no published component holds the handler `{callable}`{hint}")
    };
    let lines: Vec<String> = steps.iter().map(line).collect();
    format!(
        "{}\nBuild and publish its component, or map the name under [handlers] in tasker.toml.",
        lines.join("\n")
    )
}
