//! The parts on AWS, configured by the environment variables that the deployment's templates set: queues in SQS,
//! leases and key-value buckets in DynamoDB, blobs in S3, secrets in Secrets Manager.

#[cfg(any(feature = "host", feature = "orchestrator"))]
mod blobs;
#[cfg(feature = "host")]
mod components;
#[cfg(feature = "orchestrator")]
mod database;
mod error;
#[cfg(feature = "host")]
mod host;
#[cfg(any(feature = "host", feature = "orchestrator"))]
mod leases;
#[cfg(feature = "orchestrator")]
mod orchestrator;
#[cfg(feature = "host")]
mod secrets;
mod variable;
#[cfg(feature = "courier")]
mod webhooks;

#[cfg(feature = "orchestrator")]
pub use database::Credentials;
pub use error::AwsError;
#[cfg(feature = "host")]
pub use host::{StepHost, open_host};
#[cfg(feature = "orchestrator")]
pub use orchestrator::{OpenOrchestrator, open_orchestrator};
pub use variable::{VariableError, optional, parsed, required};
#[cfg(feature = "courier")]
pub use webhooks::open_courier;
