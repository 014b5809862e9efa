//! The errors that the orchestrator returns to its callers.

use uuid::Uuid;

use tasker_templates::{Problems, Violations};

use crate::{access::permission::Permission, database::set::FUNCTION_SET, state::TaskState};

/// Why the orchestrator did not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed or could not be reached; the same call may succeed later.
    #[error("database: {}", database_words(.0))]
    Database(sqlx::Error),
    /// The database did not respond in time.
    #[error("the database at {host}:{port} does not respond")]
    DatabaseSilent {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// The database lacks the functions of this build: this build has not migrated it, or no process used them for a
    /// week.
    #[error(
        "the database does not contain the functions of this build ({FUNCTION_SET}); migrate it with this build: `tasker serve` \
         migrates when it starts, a deployment on AWS by its function `migrate`"
    )]
    FunctionsMissing,
    /// The database's schema could not be brought up to date.
    #[error("migrating the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The schema was created by a build of Tasker that this one cannot continue.
    #[error(
        "the database's schema comes from another build of Tasker, and this one cannot continue it ({0}); use that build, or \
         another database (the private one of `tasker dev` is `.tasker/postgres` in the project: remove it with its \
         data to start again)"
    )]
    ForeignSchema(sqlx::migrate::MigrateError),
    /// Another process holds a claim on the database.
    #[error(
        "another Tasker uses this database, and a process whose queues are in memory (`tasker dev`, `--local`) must have it \
         to itself; stop the other, or use another database"
    )]
    DatabaseInUse,
    /// The caller lacks a permission.
    #[error("this needs the permission `{permission}`, which the caller does not have")]
    Forbidden {
        /// The permission.
        permission: Permission,
    },
    /// The API key does not exist.
    #[error("there is no API key {0}")]
    NoSuchKey(String),
    /// The session does not exist.
    #[error("there is no session {0}")]
    NoSuchSession(Uuid),
    /// No published template is in the namespace.
    #[error("there is no namespace `{name}`{hint}")]
    NoSuchNamespace {
        /// The requested name.
        name: String,
        /// The existing namespaces, to append to the message.
        hint: String,
    },
    /// The template does not exist.
    #[error("there is no template `{namespace}/{name}`{}{hint}", version_suffix(.version.as_deref()))]
    NoSuchTemplate {
        /// The requested namespace.
        namespace: String,
        /// The requested name.
        name: String,
        /// The requested version.
        version: Option<String>,
        /// The existing templates, to append to the message.
        hint: String,
    },
    /// The task is not in the state that the caller expected.
    #[error("the task is {found}, not {expected}")]
    UnexpectedState {
        /// The state that the caller expected.
        expected: TaskState,
        /// The state of the task.
        found: TaskState,
    },
    /// The task does not exist.
    #[error("there is no task {0}")]
    NoSuchTask(Uuid),
    /// The version is already published with other content.
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
    /// The template is invalid.
    #[error("{0}")]
    Template(Problems),
    /// Steps name handlers that no published component contains.
    #[error("{}", unknown_handlers(.steps))]
    UnknownHandlers {
        /// Step name, callable, and hint of each.
        steps: Vec<(String, String, String)>,
    },
    /// The bytes of components are not in the blob store.
    #[error("these components are not in the blob store: {}; store them first", .0.join(", "))]
    UnknownComponents(Vec<String>),
    /// The input does not match the template's `input_schema`.
    #[error("the input does not fit the template's input_schema:\n{}", .0.lines().join("\n"))]
    InvalidInput(Violations),
    /// A field of a request is invalid.
    #[error("`{field}` {message}")]
    InvalidRequest {
        /// The field.
        field: &'static str,
        /// What is wrong and how to correct it.
        message: String,
    },
    /// The handler does not exist.
    #[error("there is no handler `{callable}`{hint}")]
    NoSuchHandler {
        /// The requested name.
        callable: String,
        /// The existing handlers, to append to the message.
        hint: String,
    },
    /// The DLQ entry does not exist.
    #[error("there is no DLQ entry {0}")]
    NoSuchDlqEntry(Uuid),
    /// The subscription does not exist.
    #[error("there is no subscription `{0}`")]
    NoSuchSubscription(String),
    /// A trigger is invalid.
    #[error("the trigger has faults:\n{}", .faults.join("\n"))]
    InvalidTrigger {
        /// Each fault with its location.
        faults: Vec<String>,
    },
    /// The trigger does not exist.
    #[error("there is no trigger `{namespace}/{name}`{hint}")]
    NoSuchTrigger {
        /// The requested namespace.
        namespace: String,
        /// The requested name.
        name: String,
        /// The existing triggers, to append to the message.
        hint: String,
    },
    /// No such event was received, or it has expired.
    #[error("there is no received event {0}")]
    NoSuchReceivedEvent(Uuid),
    /// The bulk operation does not exist.
    #[error("there is no bulk operation {0}")]
    NoSuchBulk(Uuid),
    /// A token confirms nothing: it is unknown, of another caller, used, or too old.
    #[error(
        "the token confirms nothing: it was used, is older than ten minutes, or belongs to another caller; ask for a new preview \
         and confirm that"
    )]
    ConfirmExpired,
    /// The step does not exist.
    #[error("{0}")]
    NoSuchStep(String),
    /// A result given by an operator does not match the template.
    #[error("{0}")]
    InvalidResult(String),
    /// The current state does not allow the operation.
    #[error("{0}")]
    Refused(String),
    /// The orchestrator is stopping.
    #[error("the orchestrator is stopping; try again in a moment")]
    Stopping,
    /// As many creations wait as may, or they wait for too long.
    #[error("too many tasks wait to be created; try again in a moment")]
    Overloaded,
    /// A service was away several times in sequence, so that it is not tried for a while.
    #[error("the {service} is away: {paused}")]
    Paused {
        /// The service.
        service: &'static str,
        /// Until when.
        paused: tasker_transport::Paused,
    },
    /// Stored data is inconsistent: a fault of Tasker, or the tables were changed by hand.
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
        // SQLSTATE invalid_schema_name. All other schemas exist since the first migration.
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if code.is_some_and(|code| code == "3F000") { Self::FunctionsMissing } else { Self::Database(error) }
    }
}

fn database_words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => {
            "no connection became free, and none could be opened, in time: PostgreSQL cannot be reached, or has too much to do"
                .to_owned()
        }
        other => other.to_string(),
    }
}

fn version_suffix(version: Option<&str>) -> String {
    version.map_or(String::new(), |version| format!(" version {version}"))
}

fn unknown_handlers(steps: &[(String, String, String)]) -> String {
    let line = |(step, callable, hint): &(String, String, String)| {
        format!("step `{step}`: no published component contains the handler `{callable}`{hint}")
    };
    let lines: Vec<String> = steps.iter().map(line).collect();
    format!(
        "{}\nBuild and publish its component, or map the name under [handlers] in tasker.toml.",
        lines.join("\n")
    )
}
