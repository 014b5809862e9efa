//! A runtime host on SQS, DynamoDB and S3. It does not connect to the database.

use std::{path::PathBuf, sync::Arc};

use tasker_runtime_host::{Host, HostConfig, WorkerConnections};
use tasker_transport::{
    Queue,
    aws::{DynamoDbKeyValues, SdkConfig, SqsQueue, sdk_config},
};

use super::{
    blobs::open_blobs,
    components::BlobComponents,
    error::AwsError,
    leases::open_leases,
    secrets::ManagedSecrets,
    variable::{optional, required},
};
use crate::timing::{MAX_RECEIVES, Timing};

/// A host and its connections.
pub struct StepHost {
    /// The host.
    pub host: Host,
    /// Its queues, leases and blobs. `steps` is the queue that `TASKER_STEPS_QUEUE` names.
    pub connections: WorkerConnections,
    config: SdkConfig,
    steps_url: String,
    timing: Timing,
}

/// Opens a host from environment variables. It runs up to `max_concurrent` steps at once, from a queue that moves a
/// message to its dead-letter queue after `max_receives` receives.
///
/// # Errors
/// If a variable is missing or unusable, or the host does not start.
pub async fn open_host(max_receives: u32, max_concurrent: usize) -> Result<StepHost, AwsError> {
    let config = sdk_config().await;
    let timing = Timing::sqs();
    let blobs = open_blobs()?;
    let components = BlobComponents::open(blobs.clone())?;
    let defaults = HostConfig::default();
    let host_config = HostConfig {
        name: optional("AWS_LAMBDA_LOG_STREAM_NAME")
            .unwrap_or_else(|| format!("host-{}", std::process::id())),
        cache_dir: optional("TASKER_CACHE_DIR").map_or(defaults.cache_dir, PathBuf::from),
        max_concurrent,
        ..defaults
    };
    let key_values = DynamoDbKeyValues::new(&config, &required("TASKER_KEYVALUE_TABLE")?);
    let host = Host::new(host_config, Arc::new(components), Arc::new(ManagedSecrets::open(&config)?))?
        .with_key_values(Arc::new(key_values));
    let steps_url = required("TASKER_STEPS_QUEUE")?;
    let reports_url = required("TASKER_REPORTS_QUEUE")?;
    let steps = SqsQueue::new(&config, &steps_url, timing.step_visibility);
    let connections = WorkerConnections {
        steps: Arc::new(steps.with_dead_letters(max_receives)),
        reports: Arc::new(SqsQueue::new(&config, &reports_url, timing.report_visibility)),
        leases: Arc::new(open_leases(&config, &timing)?),
        finisher: None,
        blobs,
    };
    Ok(StepHost { host, connections, config, steps_url, timing })
}

impl StepHost {
    /// Returns the queue of steps with this name, in the account and region of the host's own queue. Its messages
    /// move to the dead-letter queue after [`MAX_RECEIVES`] receives.
    pub fn queue_beside(&self, name: &str) -> Arc<dyn Queue> {
        match self.steps_url.rsplit_once('/') {
            Some((account, own)) if own != name => {
                let url = format!("{account}/{name}");
                let queue = SqsQueue::new(&self.config, &url, self.timing.step_visibility);
                Arc::new(queue.with_dead_letters(MAX_RECEIVES))
            }
            _ => self.connections.steps.clone(),
        }
    }
}
