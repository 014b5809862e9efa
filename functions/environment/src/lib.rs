//! What the functions are given by their environment, and the parts that they are put together from. The functions
//! themselves hold no logic: each reads its event, calls a library and answers.
#![forbid(unsafe_code)]

mod batch;
#[cfg(feature = "host")]
mod host;
#[cfg(feature = "orchestrator")]
mod orchestrator;
#[cfg(feature = "host")]
mod secrets;
mod variable;

use tracing_subscriber::EnvFilter;

pub use batch::Batch;
#[cfg(feature = "host")]
pub use host::{LAST_WORDS, StepHost, open_host};
#[cfg(feature = "orchestrator")]
pub use orchestrator::{Credentials, OpenOrchestrator, open_orchestrator};
pub use variable::{VariableError, optional, required};

/// Whatever keeps a function from starting or answering.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// How long a step's message stays its host's without a sign of life; the lease ends a little sooner.
pub const LEASE: std::time::Duration = std::time::Duration::from_secs(30);
/// How long the end of an execution is remembered, against late copies of its message.
pub const SETTLED_FOR: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// After so many receives a message goes to its queue's dead-letter queue, as the deployment's templates set it.
pub const MAX_RECEIVES: u32 = 5;

/// Opens the blob store that the environment names.
#[cfg(any(feature = "host", feature = "orchestrator"))]
fn open_blobs() -> Result<tasker_transport::BlobStore, Error> {
    let url = required("TASKER_BLOBS")?;
    let url =
        url.parse().map_err(|error: url::ParseError| VariableError::unreadable("TASKER_BLOBS", &error))?;
    Ok(tasker_transport::BlobStore::open(&url)?)
}

/// Logs go to standard output, one line each; `RUST_LOG` says which. The platform adds the time.
pub fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
}
