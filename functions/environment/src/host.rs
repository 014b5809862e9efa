//! A runtime host on SQS, DynamoDB and S3. It is given no way to the database.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use tasker_runtime_host::{
    ComponentSource, ComponentSourceError, Host, HostConfig, PublisherKey, SealedComponent, WorkerConnections,
};
use tasker_transport::{
    BlobError, BlobStore, Queue,
    aws::{DynamoDbKeyValues, DynamoDbLeases, SqsQueue, sdk_config},
};

use crate::{
    Error, LEASE, MAX_RECEIVES, SETTLED_FOR, open_blobs,
    secrets::ManagedSecrets,
    variable::{VariableError, optional, required},
};

/// A host, and what it is connected to.
pub struct StepHost {
    /// The host.
    pub host: Host,
    /// Its queues, leases and blobs; `steps` is the queue that was asked for.
    pub connections: WorkerConnections,
    config: SdkConfig,
    steps_url: String,
}

/// Opens a host that runs up to `max_concurrent` steps of the queue which the variable `steps` names, and which puts a
/// message aside after `max_receives`.
pub async fn open_host(
    steps: &'static str,
    max_receives: u32,
    max_concurrent: usize,
) -> Result<StepHost, Error> {
    let config = sdk_config().await;
    let blobs = open_blobs()?;
    let source = BlobComponents { blobs: blobs.clone(), key: publisher_key()? };
    let defaults = HostConfig::default();
    let host_config = HostConfig {
        name: optional("AWS_LAMBDA_LOG_STREAM_NAME")
            .unwrap_or_else(|| format!("host-{}", std::process::id())),
        cache_dir: optional("TASKER_CACHE_DIR").map_or(defaults.cache_dir, PathBuf::from),
        max_concurrent,
        ..defaults
    };
    let key_values = DynamoDbKeyValues::new(&config, &required("TASKER_KEYVALUE_TABLE")?);
    let host = Host::new(host_config, Arc::new(source), Arc::new(ManagedSecrets::open(&config)?))?
        .with_key_values(Arc::new(key_values));
    let steps_url = required(steps)?;
    let leases = DynamoDbLeases::new(&config, &required("TASKER_LEASES_TABLE")?, LEASE * 9 / 10, SETTLED_FOR);
    let connections = WorkerConnections {
        steps: Arc::new(SqsQueue::new(&config, &steps_url, LEASE).with_dead_letters(max_receives)),
        reports: Arc::new(SqsQueue::new(&config, &required("TASKER_REPORTS_QUEUE")?, LEASE)),
        leases: Arc::new(leases),
        blobs,
    };
    Ok(StepHost { host, connections, config, steps_url })
}

impl StepHost {
    /// The queue of this name beside the host's own: of the same account and region, so its URL differs at the end.
    pub fn queue_beside(&self, name: &str) -> Arc<dyn Queue> {
        match self.steps_url.rsplit_once('/') {
            Some((account, own)) if own != name => {
                let queue = SqsQueue::new(&self.config, &format!("{account}/{name}"), LEASE);
                Arc::new(queue.with_dead_letters(MAX_RECEIVES))
            }
            _ => self.connections.steps.clone(),
        }
    }
}

/// How long before its time is up a function stops what it does, to report and to answer.
pub const LAST_WORDS: Duration = Duration::from_secs(2);

/// The key that publishers sign with, as the environment tells it.
fn publisher_key() -> Result<PublisherKey, VariableError> {
    let name = "TASKER_PUBLISHER_KEY";
    let key = PublisherKey::from_base64(&required(name)?);
    key.ok_or_else(|| {
        VariableError::unreadable(name, &"it must be a public key on P-256, its DER encoding in Base64")
    })
}

/// Components in the blob store, compiled by their publisher.
struct BlobComponents {
    blobs: BlobStore,
    key: PublisherKey,
}

#[async_trait]
impl ComponentSource for BlobComponents {
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        self.blobs.fetch(digest).await
    }

    async fn fetch_compiled(&self, name: &str) -> Result<Option<SealedComponent>, ComponentSourceError> {
        match self.blobs.get_compiled(name).await {
            Ok(bytes) => Ok(Some(SealedComponent { bytes: bytes.into(), key: self.key.clone() })),
            Err(BlobError::Missing { .. }) => Ok(None),
            Err(error) => {
                Err(ComponentSourceError::Unavailable { digest: name.to_owned(), source: error.into() })
            }
        }
    }
}
