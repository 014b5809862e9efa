//! Assembles the parts of Tasker from configuration, for the command line and the Lambda functions: an orchestrator,
//! a runtime host, and the queues and leases between them.
//!
//! [`memory`] serves one process, [`postgres`] several processes over one database, and [`aws`] the Lambda functions.
//! [`timing`] contains every time that these parts must agree on. Each cargo feature adds parts, so that a program
//! builds only what it uses.
#![forbid(unsafe_code)]

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "host")]
mod host;
pub mod memory;
#[cfg(all(feature = "orchestrator", feature = "postgres"))]
mod orchestrator;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod timing;
mod transport;

#[cfg(feature = "host")]
pub use host::{WorkerSettings, open_host, start_worker};
#[cfg(all(feature = "orchestrator", feature = "postgres"))]
pub use orchestrator::{Claim, RunningOrchestrator};
pub use timing::Timing;
pub use transport::Transport;
